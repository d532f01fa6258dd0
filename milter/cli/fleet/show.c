/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"

/* What is told, and whether there was anything. */
struct shown_policies {
	bool json;
	bool asked; /* the store */
	size_t policies;
};

static void
print_shared(const json_t *row, struct shown_policies *shown)
{
	char state[CLI_DAEMON_TEXT_SIZE], fault[CLI_DAEMON_TEXT_SIZE];
	bool rejected;

	cli_daemon_text(row, "counts", state);
	cli_daemon_text(row, "fault", fault);
	rejected = strcmp(state, "rejected") == 0;
	shown->asked = strcmp(state, "unknown") != 0;
	shown->policies += json_is_object(json_object_get(row, "policy"));
	if (shown->json) {
		cli_print_row(row);
		return;
	}
	printf("in the store: %s%s%s\n", state, rejected ? ": " : "",
	    rejected ? fault : "");
	if (json_is_object(json_object_get(row, "policy")))
		cli_print_policy(row, true);
}

static void
print_shown_row(void *arg, const json_t *row)
{
	const char *kind = json_string_value(json_object_get(row, "kind"));
	struct shown_policies *shown = arg;

	if (kind != NULL && strcmp(kind, "shared-policy") == 0) {
		print_shared(row, shown);
		return;
	}
	shown->policies++;
	if (shown->json) {
		cli_print_row(row);
		return;
	}
	puts("here:");
	cli_print_policy(row, true);
}

int
cli_fleet_show(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	struct json_request request = {.ask = JSON_ASK_FLEET_SHOW};
	struct shown_policies shown = {.json = options->json};
	struct err err;

	if (domain_normalise(options->words.items[0], request.domain, &err) !=
	    0)
		return cli_fail(EX_USAGE, "%s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	if (cli_daemon_ask(settings, &request, print_shown_row, &shown, &err) !=
	    CLI_DAEMON_ANSWERED)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	if (!shown.asked)
		return cli_fail(EX_UNAVAILABLE, "the store does not answer");
	return shown.policies > 0
		   ? 0
		   : cli_fail(1, "no policy of %s is shared or kept",
			 request.domain);
}
