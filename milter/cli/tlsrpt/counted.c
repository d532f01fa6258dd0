/* SPDX-License-Identifier: BSD-2-Clause */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/daemon.h"
#include "milter/cli/engine.h"
#include "milter/view/json_tlsrpt.h"

/* What posternd is asked, by the options; false, and the exit status in
 * *status. */
static bool
read_question(const struct cli_options *options, const char *domain,
    struct json_request *request, int *status)
{
	struct err err;

	if (options->day != NULL) {
		if (json_tlsrpt_day_of(options->day) < 0) {
			*status = cli_fail(EX_USAGE,
			    "--day: \"%s\" is no day, as 2026-01-31 is",
			    options->day);
			return false;
		}
		text_copy(request->day, sizeof(request->day), options->day);
	}
	if (domain != NULL &&
	    domain_normalise(domain, request->domain, &err) != 0) {
		*status = cli_fail(EX_USAGE, "%s", err.text);
		return false;
	}
	return true;
}

/* One question, and what became of it. */
static int
ask_daemon(const struct cli_options *options,
    const struct json_request *request, cli_daemon_row *row, void *arg)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct err err;

	if (settings == NULL)
		return EX_CONFIG;
	switch (cli_daemon_ask(settings, request, row, arg, &err)) {
	case CLI_DAEMON_ANSWERED:
		return 0;
	case CLI_DAEMON_NONE:
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	case CLI_DAEMON_FAILED:
		break;
	}
	return cli_fail(3, "%s", err.text);
}

/* How rows are told, and what there was. */
struct telling {
	bool json;
	size_t rows;
	bool failures;
};

static void
print_counted_row(void *arg, const json_t *row)
{
	struct telling *telling = arg;
	char day[CLI_DAEMON_TEXT_SIZE], domain[CLI_DAEMON_TEXT_SIZE];
	char state[CLI_DAEMON_TEXT_SIZE];
	long long failures = (long long)cli_daemon_number(row, "failures");

	telling->failures |= failures > 0;
	if (telling->json) {
		telling->rows++;
		cli_print_row(row);
		return;
	}
	if (telling->rows++ == 0)
		printf("%-10s  %-36s %9s %9s  %s\n", "DAY", "DOMAIN",
		    "SESSIONS", "FAILED", "STATE");
	printf("%-10s  %-36s %9lld %9lld  %s\n",
	    cli_daemon_text(row, "day", day),
	    cli_daemon_text(row, "domain", domain),
	    (long long)cli_daemon_number(row, "sessions"), failures,
	    cli_daemon_text(row, "state", state));
}

int
cli_tlsrpt_list(const struct cli_options *options)
{
	struct json_request request = {.ask = JSON_ASK_TLSRPT_LIST};
	struct telling telling = {.json = options->json};
	const char *domain =
	    options->words.count == 0 ? NULL : options->words.items[0];
	int status;

	if (!read_question(options, domain, &request, &status))
		return status;
	status = ask_daemon(options, &request, print_counted_row, &telling);
	if (status != 0)
		return status;
	if (telling.rows == 0)
		cli_fail(0, "no session was counted");
	return telling.rows == 0 ? 1 : telling.failures ? 2 : 0;
}

static void
print_counted_report(void *arg, const json_t *row)
{
	struct telling *telling = arg;
	const json_t *report = json_object_get(row, "report");
	char *text;

	telling->rows++;
	if (telling->json) {
		cli_print_row(row);
		return;
	}
	text = json_dumps(report, JSON_INDENT(2));
	if (text != NULL)
		puts(text);
	free(text);
	if (json_is_true(json_object_get(row, "open")))
		fprintf(stderr, "The day is not over: this is the report as it "
				"stands.\n");
}

int
cli_tlsrpt_show(const struct cli_options *options)
{
	struct json_request request = {.ask = JSON_ASK_TLSRPT_SHOW};
	struct telling telling = {.json = options->json};
	int status;

	if (!read_question(options, options->words.items[0], &request, &status))
		return status;
	status = ask_daemon(options, &request, print_counted_report, &telling);
	if (status == 0 && telling.rows == 0)
		return cli_fail(
		    1, "no session with %s was counted", request.domain);
	return status;
}

/* --- sending --- */

enum {
	LOOK_MS = 500,            /* between two looks at what became of it */
	PATIENCE_MS = 180 * 1000, /* two tries of a minute, and some */
};

/* What there is to send, and what became of it. */
struct outcome_count {
	bool json, told;
	size_t rows, sent, waiting;
};

static void
count_report(void *arg, const json_t *row)
{
	struct outcome_count *count = arg;
	char day[CLI_DAEMON_TEXT_SIZE], domain[CLI_DAEMON_TEXT_SIZE];
	char state[CLI_DAEMON_TEXT_SIZE];

	cli_daemon_text(row, "state", state);
	if (strcmp(state, "open") == 0)
		return;
	count->rows++;
	count->sent += strcmp(state, "sent") == 0;
	count->waiting +=
	    strcmp(state, "due") == 0 || strcmp(state, "sending") == 0;
	if (!count->told)
		return;
	if (count->json)
		cli_print_row(row);
	else
		printf("%s  %-36s  %s\n", cli_daemon_text(row, "day", day),
		    cli_daemon_text(row, "domain", domain), state);
}

/* Each report of days that are over; told: as they are. */
static int
look_at_reports(const struct cli_options *options, struct json_request like,
    bool told, struct outcome_count *count)
{
	*count = (struct outcome_count){.json = options->json, .told = told};
	like.ask = JSON_ASK_TLSRPT_LIST;
	like.again = false;
	return ask_daemon(options, &like, count_report, count);
}

static void
ignore_row(void *arg, const json_t *row)
{
	(void)arg;
	(void)row;
}

/* Until nothing is due any more: 0, or the exit status. */
static int
await_reports(
    const struct cli_options *options, const struct json_request *request)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	struct outcome_count count;
	int status;

	do {
		poll(NULL, 0, LOOK_MS);
		status = look_at_reports(options, *request, false, &count);
	} while (
	    status == 0 && count.waiting > 0 && clock_left_ms(deadline_ms) > 0);
	return status;
}

int
cli_tlsrpt_send(const struct cli_options *options)
{
	struct json_request request = {
	    .ask = JSON_ASK_TLSRPT_SEND, .again = options->again};
	const char *domain =
	    options->words.count == 0 ? NULL : options->words.items[0];
	struct outcome_count count;
	int status;

	if (!read_question(options, domain, &request, &status))
		return status;
	if (!options->dry_run)
		status = ask_daemon(options, &request, ignore_row, NULL);
	else
		status = 0;
	if (status == 0 && !options->dry_run)
		status = await_reports(options, &request);
	if (status == 0)
		status = look_at_reports(options, request, true, &count);
	if (status != 0)
		return status;
	if (count.rows == 0)
		return cli_fail(1, "no day that is over has a report");
	return count.sent == count.rows ? 0 : 1;
}
