/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"

/* What is told, and what came of it. */
struct fleet_sight {
	bool json;
	bool up;
};

static void
print_figures(const json_t *row, const char *const keys[])
{
	for (size_t i = 0; keys[i] != NULL; i++)
		printf("%s%s %lld", i == 0 ? "  " : ", ", keys[i],
		    (long long)cli_daemon_number(row, keys[i]));
	putchar('\n');
}

/* One whose settings differ judges otherwise. */
static void
print_fleet_hosts(const json_t *row)
{
	const json_t *hosts = json_object_get(row, "hosts");
	char name[CLI_DAEMON_TEXT_SIZE], version[CLI_DAEMON_TEXT_SIZE];
	char digest[CLI_DAEMON_TEXT_SIZE], seen[CLI_DAEMON_TEXT_SIZE];

	if (!json_is_array(hosts)) {
		puts("  hosts are not known: no list is to be had");
		return;
	}
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const json_t *host = json_array_get(hosts, i);

		printf("  %-32s %-10s %.8s%s  seen %s\n",
		    cli_daemon_text(host, "host", name),
		    cli_daemon_text(host, "version", version),
		    cli_daemon_text(host, "digest", digest),
		    json_is_true(json_object_get(host, "same")) ? " " : "*",
		    cli_daemon_text(host, "seen", seen));
	}
	if (cli_daemon_number(row, "unsigned") > 0)
		printf("  and %lld that nobody with the key has written\n",
		    (long long)cli_daemon_number(row, "unsigned"));
}

static void
print_fleet_row(void *arg, const json_t *row)
{
	static const char *const requests[] = {
	    "hits", "misses", "timeouts", "errors", "rested", NULL};
	static const char *const values[] = {
	    "rejected", "forged", "dropped", NULL};
	char state[CLI_DAEMON_TEXT_SIZE], store[CLI_DAEMON_TEXT_SIZE];
	long long rest = (long long)cli_daemon_number(row, "rest");
	struct fleet_sight *sight = arg;

	cli_daemon_text(row, "state", state);
	sight->up = strcmp(state, "up") == 0;
	if (sight->json) {
		cli_print_row(row);
		return;
	}
	printf("store %s: %s, ", state, cli_daemon_text(row, "store", store));
	if (sight->up)
		printf("for %lld s, answers in %lld us\n",
		    (long long)cli_daemon_number(row, "up"),
		    (long long)cli_daemon_number(row, "mean_us"));
	else if (strcmp(state, "denied") == 0 && rest == 0)
		puts("what it allows is used");
	else
		printf("tried again in %lld s\n", rest);
	print_figures(row, requests);
	print_figures(row, values);
	print_fleet_hosts(row);
}

int
cli_fleet_status(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct json_request request = {.ask = JSON_ASK_FLEET_STATUS};
	struct fleet_sight sight = {.json = options->json};
	struct err err;

	if (settings == NULL)
		return EX_CONFIG;
	if (cli_daemon_ask(settings, &request, print_fleet_row, &sight, &err) !=
	    CLI_DAEMON_ANSWERED)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	if (fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return sight.up ? 0 : EX_UNAVAILABLE;
}
