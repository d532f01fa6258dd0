/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/text.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"

/* The verdicts of one domain. */
struct answer {
	bool json;
	size_t count;
	enum result worst; /* of them */
};

static enum result
read_result(const char *word)
{
	for (int i = 0; i < RESULTS; i++)
		if (strcmp(result_text((enum result)i), word) == 0)
			return (enum result)i;
	return RESULT_TEMPERROR;
}

static void
print_cached_verdict(const json_t *row)
{
	static const char *const keys[] = {
	    "hop", "rule", "mx", "mode", "depth", "detail", "action"};
	char text[CLI_DAEMON_TEXT_SIZE], policy[CLI_DAEMON_TEXT_SIZE];
	char level[CLI_DAEMON_TEXT_SIZE], reason[CLI_DAEMON_TEXT_SIZE];

	printf("%s\n", cli_daemon_text(row, "domain", text));
	printf("  %-10s  %s, policy %s, level %s, reason %s\n", "verdict",
	    cli_daemon_text(row, "result", text),
	    cli_daemon_text(row, "policy", policy),
	    cli_daemon_text(row, "level", level),
	    cli_daemon_text(row, "reason", reason));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (cli_daemon_text(row, keys[i], text)[0] != '\0')
			printf("  %-10s  %s\n", keys[i], text);
	printf("  %-10s  %lld s left\n", "ttl",
	    (long long)cli_daemon_number(row, "ttl"));
}

static void
take_verdict(void *arg, const json_t *row)
{
	struct answer *answer = arg;
	char word[CLI_DAEMON_TEXT_SIZE];
	enum result result = read_result(cli_daemon_text(row, "result", word));

	if (answer->count++ == 0 || result_is_worse(result, answer->worst))
		answer->worst = result;
	if (answer->json)
		cli_print_row(row);
	else
		print_cached_verdict(row);
}

/* A domain, or that of an address. */
static int
read_domain_word(const char *word, char domain[LIMIT_DOMAIN_SIZE])
{
	char part[4 * LIMIT_DOMAIN_SIZE], clean[LIMIT_DOMAIN_SIZE];
	struct err err;

	if (strchr(word, '@') == NULL)
		text_copy(part, sizeof(part), word);
	else if (domain_of_address(word, part, sizeof(part), &err) != 0)
		part[0] = '\0';
	if (domain_normalise(part, domain, &err) == 0)
		return 0;
	text_clean(clean, sizeof(clean), word, strlen(word));
	return cli_fail(
	    EX_USAGE, "%s: no domain, and posternd knows no other", clean);
}

static void
tell_unknown(const struct cli_options *options, const char *domain)
{
	if (options->json) {
		fprintf(
		    stderr, "postern: %s: not known to the daemon\n", domain);
		printf("{\"schema\":1,\"domain\":\"%s\",\"known\":false}\n",
		    domain);
	} else {
		cli_fail(3, "%s: not known to the daemon", domain);
	}
}

int
cli_check_cached(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct json_request request = {.ask = JSON_ASK_CHECK};
	enum result worst = RESULT_SKIP;
	struct err err;
	int status;

	if (settings == NULL)
		return EX_CONFIG;
	if (options->dns_only || options->level_given || options->facts ||
	    options->file != NULL)
		return cli_fail(EX_USAGE,
		    "--cached goes with no --depth, --level, --facts or "
		    "--file");
	if (options->words.count == 0)
		return cli_fail(EX_USAGE, "check wants a domain");
	for (size_t i = 0; i < options->words.count; i++) {
		struct answer answer = {
		    .json = options->json, .worst = RESULT_TEMPERROR};

		status =
		    read_domain_word(options->words.items[i], request.domain);
		if (status != 0)
			return status;
		if (cli_daemon_ask(settings, &request, take_verdict, &answer,
			&err) != CLI_DAEMON_ANSWERED)
			return cli_fail(EX_UNAVAILABLE, "%s", err.text);
		if (answer.count == 0)
			tell_unknown(options, request.domain);
		if (result_is_worse(answer.worst, worst))
			worst = answer.worst;
	}
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return cli_exit_status(worst);
}
