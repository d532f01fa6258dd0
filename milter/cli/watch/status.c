/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/output.h"
#include "milter/cli/print.h"
#include "milter/cli/watch/watch.h"
#include "milter/view/sheet.h"

enum { MINUTE_S = 60, HOUR_S = 3600, LINE_SIZE = 300 };

static const char *
uptime_text(int64_t uptime_s, char out[40])
{
	if (uptime_s >= CLOCK_DAY_S)
		snprintf(out, 40, "%" PRId64 " d %" PRId64 " h",
		    uptime_s / CLOCK_DAY_S, uptime_s % CLOCK_DAY_S / HOUR_S);
	else
		snprintf(out, 40, "%" PRId64 " h %" PRId64 " min",
		    uptime_s / HOUR_S, uptime_s % HOUR_S / MINUTE_S);
	return out;
}

/* What comes from the daemon's answer is cleaned once more. */
static void
put_clean_cell(struct sheet *sheet, const char *text)
{
	char clean[LIMIT_DOMAIN_SIZE];

	text_escape(clean, sizeof(clean), text, strlen(text));
	sheet_cell(sheet, clean);
}

static void
put_state_row(
    struct sheet *sheet, const char *what, const char *state, const char *good)
{
	sheet_cell(sheet, what);
	put_clean_cell(sheet, state);
	sheet_cell(sheet, good == NULL || strcmp(state, good) == 0 ||
				  strcmp(state, "unknown") == 0
			      ? ""
			      : "look here");
}

static void
put_state_table(const struct watch *watch, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"what", "what", SHEET_WORDS}, {"state", "state", SHEET_WORDS},
	    {"attention", "", SHEET_WORDS}};
	char uptime[40];

	sheet_section(sheet, "state", "State");
	sheet_table(sheet, "states", "Now", SHEET_PLAIN, columns, 3);
	put_state_row(sheet, "posternd", watch_text(watch, "version"), NULL);
	put_state_row(sheet, "runs for",
	    uptime_text(watch_number(watch, "uptime"), uptime), NULL);
	put_state_row(
	    sheet, "resolver", watch_text(watch, "resolver"), "validating");
	put_state_row(sheet, "port 25", watch_text(watch, "port25"), "open");
	put_state_row(sheet, "policy store", watch_text(watch, "store"), "ok");
	if (watch_number(watch, "rules.expiring") > 0)
		put_state_row(sheet, "rules per destination",
		    "some end within a week", "none");
	if (watch_number(watch, "rules.expired") > 0)
		put_state_row(sheet, "rules per destination",
		    "some are past their last day", "none");
}

static void
put_figure(struct sheet *sheet, const char *what, int64_t number)
{
	sheet_cell(sheet, what);
	sheet_number(sheet, (uint64_t)number);
}

static void
put_figures(const struct watch *watch, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"what", "what", SHEET_WORDS}, {"count", "count", SHEET_NUMBER}};
	static const char *const results[] = {
	    "fail", "temperror", "softfail", "none", "pass", "skip"};
	char path[40];

	sheet_section(sheet, "figures", "Since the start");
	sheet_table(sheet, "results", "Domains of messages by result",
	    SHEET_BARS, columns, 2);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		snprintf(path, sizeof(path), "results.%s", results[i]);
		put_figure(sheet, results[i], watch_number(watch, path));
	}
	sheet_table(sheet, "counts", "Work", SHEET_PLAIN, columns, 2);
	put_figure(sheet, "messages", watch_number(watch, "messages.ended"));
	put_figure(sheet, "deferred or rejected at RCPT",
	    watch_number(watch, "messages.refused_rcpts.defer") +
		watch_number(watch, "messages.refused_rcpts.reject"));
	put_figure(sheet, "held", watch_number(watch, "messages.actions.hold"));
	put_figure(
	    sheet, "verdicts at hand", watch_number(watch, "cache.hits"));
	put_figure(sheet, "checks made", watch_number(watch, "cache.misses"));
	put_figure(
	    sheet, "checks running", watch_number(watch, "checks.running"));
	put_figure(
	    sheet, "checks waiting", watch_number(watch, "checks.waiting"));
	put_figure(
	    sheet, "connections to mail hosts", watch_number(watch, "probes"));
	put_figure(
	    sheet, "fetches of policies", watch_number(watch, "fetches.made"));
	put_figure(
	    sheet, "of them failed", watch_number(watch, "fetches.failed"));
}

static void
put_failing(const struct watch *watch, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"messages", "msgs", SHEET_NUMBER},
	    {"result", "result", SHEET_WORDS},
	    {"reason", "reason", SHEET_WORDS}, {"mx", "host", SHEET_BELOW},
	    {"first", "first", SHEET_BELOW}, {"last", "last", SHEET_BELOW}};

	sheet_section(sheet, "failing", "Domains that fail now");
	if (watch_rows(watch) == 0)
		sheet_note(sheet, "None of those that mail went to.");
	sheet_table(sheet, "domains", "By messages", SHEET_PLAIN, columns, 7);
	for (size_t i = 0; i < watch_rows(watch); i++) {
		put_clean_cell(sheet, watch_cell(watch, i, "domain"));
		sheet_number(sheet, (uint64_t)watch_messages(watch, i));
		put_clean_cell(sheet, watch_cell(watch, i, "result"));
		put_clean_cell(sheet, watch_cell(watch, i, "reason"));
		put_clean_cell(sheet, watch_cell(watch, i, "mx"));
		put_clean_cell(sheet, watch_cell(watch, i, "first"));
		put_clean_cell(sheet, watch_cell(watch, i, "last"));
	}
}

static struct sheet *
status_sheet(const struct watch *watch, const struct settings *settings,
    const struct cli_options *options)
{
	char title[LINE_SIZE], at[CLI_TIME_SIZE];
	struct sheet *sheet;

	snprintf(title, sizeof(title), "Postern at %s, %s",
	    settings->authserv_id == NULL ? "this host" : settings->authserv_id,
	    cli_time(options->at, at));
	sheet = sheet_new(title);
	put_state_table(watch, sheet);
	put_figures(watch, sheet);
	if (!options->no_domains)
		put_failing(watch, sheet);
	return sheet;
}

static int
write_status(const struct watch *watch, const struct settings *settings,
    const struct cli_options *options)
{
	AUTO(sheet)
	struct sheet *sheet = status_sheet(watch, settings, options);
	struct cli_output output;
	int status = cli_output_open(&output, options->html);

	if (status != 0)
		return status;
	if (options->html != NULL)
		sheet_html(sheet, output.out);
	else if (options->json)
		sheet_print_json(sheet, output.out);
	else
		sheet_text(sheet, output.out, cli_print_width());
	return cli_output_close(&output, 0);
}

int
cli_status(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	struct watch watch;
	struct err err;
	int status;

	if (settings == NULL)
		return EX_CONFIG;
	if (watch_ask(&watch, settings, !options->no_domains, &err) !=
	    CLI_DAEMON_ANSWERED)
		status = cli_fail(EX_UNAVAILABLE, "%s", err.text);
	else
		status = write_status(&watch, settings, options);
	watch_fini(&watch);
	return status;
}
