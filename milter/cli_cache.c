/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/io/store.h"
#include "common/judge/reasons.h"
#include "common/proto/domain.h"
#include "common/proto/sts_policy.h"
#include "milter/cli.h"
#include "milter/cli_engine.h"

enum { TIME_SIZE = 32 };

/* RFC 3339, in UTC; "" for a time that nobody can print. */
static void
print_time(time_t at, char out[TIME_SIZE])
{
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

static const char *
failure_text(const struct store_policy *row)
{
	if (row->failed_s == 0)
		return "";
	return reason_text(
	    policy_fetch_reason((enum policy_fetch)row->failed_how));
}

static json_t *
policy_json(const struct store_policy *row)
{
	AUTO(sts_policy)
	struct sts_policy *policy =
	    sts_policy_parse(row->body, row->length, NULL);
	json_t *mx = json_array();
	char fetched[TIME_SIZE], expires[TIME_SIZE];

	for (size_t i = 0; policy != NULL && i < policy->mx_count; i++)
		json_array_append_new(mx, json_string(policy->mx[i]));
	print_time(row->fetched_s, fetched);
	print_time(row->expires_s, expires);
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:b}", "id", row->id,
	    "mode", policy == NULL ? "" : sts_mode_text(policy->mode), "mx", mx,
	    "fetched", fetched, "expires", expires, "expired",
	    clock_wall_s() >= row->expires_s);
}

static json_t *
failure_json(const struct store_policy *row)
{
	char at[TIME_SIZE];

	if (row->failed_s == 0)
		return json_null();
	print_time(row->failed_s, at);
	return json_pack("{s:s, s:s, s:s, s:s}", "id", row->failed_id, "at", at,
	    "reason", failure_text(row), "detail", row->failed_detail);
}

static void
print_json(const struct store_policy *row)
{
	json_t *object = json_pack("{s:i, s:s, s:o, s:o}", "schema", 1,
	    "domain", row->domain, "policy",
	    row->body == NULL ? json_null() : policy_json(row), "failed",
	    failure_json(row));

	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* One line a domain: what is kept until when, and what went wrong since. */
static void
print_line(const struct store_policy *row)
{
	AUTO(sts_policy) struct sts_policy *policy = NULL;
	char expires[TIME_SIZE] = "";
	const char *failure = failure_text(row);

	if (row->body != NULL) {
		policy = sts_policy_parse(row->body, row->length, NULL);
		print_time(row->expires_s, expires);
	}
	printf("%-32s %-8s %-20s%s%s\n", row->domain,
	    policy == NULL ? "-" : sts_mode_text(policy->mode), expires,
	    failure[0] == '\0' ? "" : " ", failure);
}

static void
list_row(void *arg, const struct store_policy *row)
{
	const struct cli_options *options = arg;

	if (options->json)
		print_json(row);
	else
		print_line(row);
}

/* The body is text of a stranger: only what a policy may hold is shown. */
static void
print_body(const struct store_policy *row)
{
	for (size_t i = 0; i < row->length; i++) {
		char c = row->body[i];

		if (c != '\r')
			putchar((c >= ' ' && c <= '~') || c == '\n' ? c : '?');
	}
}

static void
show_row(const struct cli_options *options, const struct store_policy *row)
{
	char fetched[TIME_SIZE], failed[TIME_SIZE];

	if (options->json) {
		print_json(row);
		return;
	}
	print_line(row);
	if (row->failed_s != 0) {
		print_time(row->failed_s, failed);
		printf("failed %s for id %s: %s\n", failed, row->failed_id,
		    row->failed_detail);
	}
	if (row->body != NULL) {
		print_time(row->fetched_s, fetched);
		printf("fetched %s for id %s\n\n", fetched, row->id);
		print_body(row);
	}
}

static struct store *
open_store(const struct cli_options *options, int *status)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct store *store;
	struct err err;

	*status = EX_CONFIG;
	if (settings == NULL)
		return NULL;
	if (settings->store_path == NULL) {
		cli_fail(EX_CONFIG, "Store none: nothing is kept");
		return NULL;
	}
	store = store_open(settings->store_path, true, NULL, &err);
	if (store == NULL)
		*status = cli_fail(EX_NOINPUT, "%s", err.text);
	return store;
}

int
cli_cache_list(const struct cli_options *options)
{
	AUTO(store) struct store *store = NULL;
	struct cli_options copy = *options;
	struct err err;
	int status;

	store = open_store(options, &status);
	if (store == NULL)
		return status;
	if (store_each_policy(store, list_row, &copy, &err) < 0)
		return cli_fail(EX_NOINPUT, "%s", err.text);
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return 0;
}

int
cli_cache_show(const struct cli_options *options)
{
	AUTO(store) struct store *store = NULL;
	char domain[LIMIT_DOMAIN_SIZE];
	struct store_policy row;
	struct err err;
	int status, found;

	if (domain_normalise(options->words.items[0], domain, &err) != 0)
		return cli_fail(EX_USAGE, "%s", err.text);
	store = open_store(options, &status);
	if (store == NULL)
		return status;
	found = store_get_policy(store, domain, &row, &err);
	if (found < 0)
		return cli_fail(EX_NOINPUT, "%s", err.text);
	if (found == 0)
		return cli_fail(1, "nothing is kept of %s", domain);
	show_row(options, &row);
	store_policy_fini(&row);
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return 0;
}
