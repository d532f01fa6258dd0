/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/output.h"
#include "milter/cli/progress.h"
#include "milter/cli/tlsrpt/inbox.h"
#include "milter/cli/tlsrpt/views.h"

enum { MEGABYTE = 1000 * 1000 };

/* Exit statuses of what was read. */
enum {
	NOTHING_FAILED,
	FAILED_UNENFORCED, /* or something was not readable */
	FAILED_ENFORCED,
	NO_REPORT,
};

/* "2026-11-28" as the second that it begins with; 0: not given. */
static int
parse_report_day(const char *text, time_t *out)
{
	enum { DAY_LENGTH = 10 };
	struct tm tm = {.tm_isdst = 0};
	const char *end;
	int day;

	*out = 0;
	if (text == NULL)
		return 0;
	end = strptime(text, "%Y-%m-%d", &tm);
	if (end == NULL || *end != '\0' || strlen(text) != DAY_LENGTH)
		return -1;
	day = tm.tm_mday;
	*out = timegm(&tm);
	return *out > 0 && tm.tm_mday == day ? 0 : -1;
}

static int
parse_form(const struct cli_options *options, enum view_form *out)
{
	static const char *const words[] = {[VIEW_TEXT] = "text",
	    [VIEW_JSON] = "json",
	    [VIEW_CSV] = "csv",
	    [VIEW_HTML] = "html"};
	const char *word = options->format;

	if (options->raw) {
		*out = VIEW_RAW;
		return word == NULL ? 0 : -1;
	}
	*out = options->json ? VIEW_JSON : VIEW_TEXT;
	if (word == NULL)
		return 0;
	for (int i = VIEW_TEXT; i <= VIEW_HTML; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum view_form)i;
			return !options->json || i == VIEW_JSON ? 0 : -1;
		}
	return -1;
}

/* What the command line asks for: 0, or the exit status of what is wrong. */
static int
read_wishes(const struct cli_options *options, struct reading_options *wanted,
    struct view *view, char domain[LIMIT_DOMAIN_SIZE])
{
	struct err err;

	memset(wanted, 0, sizeof(*wanted));
	if (parse_report_day(options->from, &wanted->from) != 0)
		return cli_fail(EX_USAGE, "--from: no day as 2026-01-31");
	if (parse_report_day(options->to, &wanted->to) != 0)
		return cli_fail(EX_USAGE, "--to: no day as 2026-01-31");
	if (wanted->to != 0)
		wanted->to += CLOCK_DAY_S - 1;
	if (parse_form(options, &view->form) != 0)
		return cli_fail(EX_USAGE,
		    options->raw    ? "--raw is a form of its own"
		    : options->json ? "--json is --format json"
				    : "--format: text, json, csv or html");
	if (options->all && options->auth == NULL)
		return cli_fail(EX_USAGE, "--all goes with --auth");
	if (options->domain != NULL &&
	    domain_normalise(options->domain, domain, &err) != 0)
		return cli_fail(EX_USAGE, "--domain: %s", err.text);
	wanted->domain = options->domain == NULL ? NULL : domain;
	wanted->authserv_id = options->auth;
	wanted->all = options->all;
	view->domain = wanted->domain;
	view->failures = options->failures;
	return 0;
}

/* What is printed as it is read. */
struct read_run {
	struct view view;
	struct cli_progress progress;
};

static void
show_report(void *arg, const struct tlsrpt_report *report)
{
	struct read_run *run = arg;

	cli_progress_erase(&run->progress);
	view_report(&run->view, report);
}

static bool
step_read_run(void *arg, size_t octets)
{
	struct read_run *run = arg;

	return cli_progress_step(&run->progress, octets);
}

static int
exit_of_reading(const struct reading *reading)
{
	if (reading->totals.report_count == 0)
		return NO_REPORT;
	if (reading->totals.failed_enforced)
		return FAILED_ENFORCED;
	return reading->totals.failed_else || reading->failed || reading->full
		   ? FAILED_UNENFORCED
		   : NOTHING_FAILED;
}

static uint64_t
size_of_paths(const struct cli_list *paths)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < paths->count; i++)
		octets += inbox_size(paths->items[i]);
	return octets;
}

/* All that can be read is, and then it is told what cannot. */
static int
read_paths(const struct cli_list *paths, struct reading *reading,
    struct cli_progress *progress)
{
	int status = 0;

	cli_progress_begin(progress, "reading", "MB", MEGABYTE,
	    isatty(STDERR_FILENO) == 1 ? size_of_paths(paths) : 0);
	for (size_t i = 0; i < paths->count && !reading->stopped; i++) {
		struct err err;

		if (inbox_read(reading, paths->items[i], &err) != 0)
			status = cli_fail(EX_NOINPUT, "%s", err.text);
	}
	if (cli_progress_end(progress))
		cli_fail(0, "stopped: this is what was read until then");
	reading_end(reading);
	return status != 0 ? status : exit_of_reading(reading);
}

int
cli_tlsrpt_read(const struct cli_options *options)
{
	struct reading_options wanted;
	struct read_run run = {.view = {.printed = 0}};
	char domain[LIMIT_DOMAIN_SIZE];
	struct cli_output output;
	struct reading reading;
	int status = read_wishes(options, &wanted, &run.view, domain), closed;

	if (status != 0)
		return status;
	status = cli_output_open(&output, options->output);
	if (status != 0)
		return status;
	run.view.out = output.out;
	wanted.step = step_read_run;
	wanted.step_arg = &run;
	reading_init(&reading, &wanted, show_report, &run);
	view_begin(&run.view);
	status = read_paths(&options->words, &reading, &run.progress);
	view_end(&run.view, &reading);
	reading_fini(&reading);
	closed = cli_output_close(&output, 0);
	return closed != 0 ? closed : status;
}
