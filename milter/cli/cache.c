/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"
#include "milter/view/json_check.h"

/* How what is kept is told, and how much of it there was. */
struct listing {
	bool json;
	bool whole; /* of one domain: all that there is to tell */
	size_t rows;
};

/* A line for each that is there. */
static void
print_more(const json_t *row, const char *const keys[])
{
	char text[CLI_DAEMON_TEXT_SIZE];

	for (size_t i = 0; keys[i] != NULL; i++)
		if (cli_daemon_text(row, keys[i], text)[0] != '\0')
			printf("  %-10s %s\n", keys[i], text);
}

static void
print_kept_verdict(const json_t *row, bool whole)
{
	static const char *const more[] = {
	    "action", "hop", "mx", "mode", "depth", "rule", "detail", NULL};
	char domain[CLI_DAEMON_TEXT_SIZE], result[CLI_DAEMON_TEXT_SIZE];
	char policy[CLI_DAEMON_TEXT_SIZE], reason[CLI_DAEMON_TEXT_SIZE];
	char level[CLI_DAEMON_TEXT_SIZE];

	printf("verdict %-32s %-9s %s %s %s %llds\n",
	    cli_daemon_text(row, "domain", domain),
	    cli_daemon_text(row, "result", result),
	    cli_daemon_text(row, "policy", policy),
	    cli_daemon_text(row, "level", level),
	    cli_daemon_text(row, "reason", reason),
	    (long long)cli_daemon_number(row, "ttl"));
	if (whole)
		print_more(row, more);
}

/* The body is text of a stranger, and of more than one line. */
static void
print_body(const json_t *policy)
{
	const char *body = json_string_value(json_object_get(policy, "body"));
	char *shown;

	if (body == NULL)
		return;
	shown = xstrdup(body);
	text_printable(shown, "\r\n");
	putchar('\n');
	for (const char *c = shown; *c != '\0'; c++)
		if (*c != '\r')
			putchar(*c);
	free(shown);
}

/* What is kept until when, and what went wrong since. */
void
cli_print_policy(const json_t *row, bool whole)
{
	static const char *const kept[] = {"id", "fetched", "source", NULL};
	static const char *const failure[] = {"id", "at", "detail", NULL};
	const json_t *policy = json_object_get(row, "policy");
	const json_t *failed = json_object_get(row, "failed");
	char domain[CLI_DAEMON_TEXT_SIZE], mode[CLI_DAEMON_TEXT_SIZE];
	char expires[CLI_DAEMON_TEXT_SIZE], why[CLI_DAEMON_TEXT_SIZE];

	cli_daemon_text(policy, "mode", mode);
	cli_daemon_text(failed, "reason", why);
	printf("policy  %-32s %-9s %-20s%s%s\n",
	    cli_daemon_text(row, "domain", domain),
	    mode[0] == '\0' ? "-" : mode,
	    cli_daemon_text(policy, "expires", expires),
	    why[0] == '\0' ? "" : " ", why);
	if (!whole)
		return;
	print_more(policy, kept);
	if (why[0] != '\0') {
		printf("  failed     %s\n", why);
		print_more(failed, failure);
	}
	print_body(policy);
}

static void
print_cache_row(void *arg, const json_t *row)
{
	const char *kind = json_string_value(json_object_get(row, "kind"));
	struct listing *listing = arg;

	listing->rows++;
	if (listing->json)
		cli_print_row(row);
	else if (kind != NULL && strcmp(kind, "verdict") == 0)
		print_kept_verdict(row, listing->whole);
	else
		cli_print_policy(row, listing->whole);
}

/* --- without a daemon: what its store keeps --- */

static void
print_stored(void *arg, const struct store_policy *row)
{
	const struct listing *listing = arg;
	json_t *object = json_policy(row, listing->whole);

	print_cache_row(arg, object);
	json_decref(object);
}

static int
read_store(const struct settings *settings, const char *domain,
    struct listing *listing)
{
	AUTO(store) struct store *store = NULL;
	struct store_policy row;
	struct err err;
	int found;

	if (settings->store_path == NULL)
		return cli_fail(EX_CONFIG, "Store none: nothing is kept");
	store = store_open(settings->store_path, true, NULL, &err);
	if (store == NULL)
		return cli_fail(EX_NOINPUT, "%s", err.text);
	if (domain[0] == '\0') {
		found = store_each_policy(store, print_stored, listing, &err);
	} else {
		found = store_get_policy(store, domain, &row, &err);
		if (found == 1) {
			print_stored(listing, &row);
			store_policy_fini(&row);
		}
	}
	return found < 0 ? cli_fail(EX_NOINPUT, "%s", err.text) : 0;
}

/* --- verbs --- */

static int
tell_from_daemon(const struct settings *settings,
    const struct json_request *request, struct listing *listing)
{
	struct err err;

	switch (
	    cli_daemon_ask(settings, request, print_cache_row, listing, &err)) {
	case CLI_DAEMON_ANSWERED:
		return 0;
	case CLI_DAEMON_FAILED:
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	case CLI_DAEMON_NONE:
		break;
	}
	cli_fail(0, "%s; this is what its store keeps", err.text);
	return read_store(settings, request->domain, listing);
}

static int
flush_answer(int status)
{
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return status;
}

int
cli_cache_list(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct json_request request = {.ask = JSON_ASK_LIST};
	struct listing listing = {.json = options->json};

	int status;

	if (settings == NULL)
		return EX_CONFIG;
	status = tell_from_daemon(settings, &request, &listing);
	if (status == 0 && listing.rows == 0)
		cli_fail(0, "nothing is kept");
	return flush_answer(status);
}

int
cli_cache_show(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	struct json_request request = {.ask = JSON_ASK_SHOW};
	struct listing listing = {.json = options->json, .whole = true};
	struct err err;
	int status;

	if (domain_normalise(options->words.items[0], request.domain, &err) !=
	    0)
		return cli_fail(EX_USAGE, "%s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	status = tell_from_daemon(settings, &request, &listing);
	if (status == 0 && listing.rows == 0)
		status = cli_fail(1, "nothing is kept of %s", request.domain);
	return flush_answer(status);
}

static void
print_flushed(void *arg, const json_t *row)
{
	const struct cli_options *options = arg;

	if (options->json)
		cli_print_row(row);
	else
		printf("forgotten: verdicts %lld, probes %lld, policies %lld\n",
		    (long long)cli_daemon_number(row, "verdicts"),
		    (long long)cli_daemon_number(row, "probes"),
		    (long long)cli_daemon_number(row, "policies"));
}

/* Without the fleet: this host alone, and its policy goes. */
static enum json_ask
kind_of_flush(const struct cli_options *options)
{
	if (options->forget)
		return JSON_ASK_FLEET_FORGET;
	return options->fleet ? JSON_ASK_FLEET_FLUSH : JSON_ASK_FLUSH;
}

int
cli_cache_flush(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	struct json_request request = {.ask = kind_of_flush(options)};
	struct cli_options copy = *options;
	struct err err;

	if (options->forget && (!options->fleet || options->words.count == 0))
		return cli_fail(
		    EX_USAGE, "--forget needs --fleet and a domain");

	if (options->words.count > 0 &&
	    domain_normalise(options->words.items[0], request.domain, &err) !=
		0)
		return cli_fail(EX_USAGE, "%s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	if (cli_daemon_ask(settings, &request, print_flushed, &copy, &err) ==
	    CLI_DAEMON_ANSWERED)
		return flush_answer(0);
	return flush_answer(cli_fail(EX_UNAVAILABLE,
	    "%s; only posternd forgets what it keeps", err.text));
}
