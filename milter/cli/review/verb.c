/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/form.h"
#include "milter/cli/log/source.h"
#include "milter/cli/output.h"
#include "milter/cli/print.h"
#include "milter/cli/progress.h"
#include "milter/cli/review/report.h"

enum { MEGABYTE = 1000 * 1000 };

/* A review while it is read. */
struct reading {
	struct review review;
	struct cli_progress progress;
	bool stopped;
};

static void
take_reviewed(void *arg, const char *line)
{
	struct reading *reading = arg;

	review_line(&reading->review, line);
}

static bool
step_reading(void *arg, size_t octets)
{
	struct reading *reading = arg;

	return cli_progress_step(&reading->progress, octets);
}

/* What was read until Ctrl-C is told. */
static int
read_all(const struct cli_options *options, struct reading *reading)
{
	struct cli_log log = {.files = &options->logs,
	    .program = reading->review.options.program,
	    .deadline_ms = INT64_MAX,
	    .each = take_reviewed,
	    .go_on = step_reading,
	    .arg = reading,
	    .all_rotated = true,
	    .since = options->since,
	    .until = options->until};
	struct err err;
	int rc;

	cli_progress_begin(
	    &reading->progress, "reading", "MB", MEGABYTE, cli_log_size(&log));
	rc = cli_log_read(&log, &err);
	reading->stopped = cli_progress_end(&reading->progress);
	if (reading->stopped) {
		cli_fail(0, "stopped: this is what was read until then");
		return 0;
	}
	if (log.passed_over.text[0] != '\0')
		cli_fail(0, "%s", log.passed_over.text);
	return rc == 0
		   ? 0
		   : cli_fail(err.kind == ERR_DATA ? EX_DATAERR : EX_NOINPUT,
			 "%s", err.text);
}

static int
write_review(const struct cli_options *options, const struct review *review,
    const struct settings *settings)
{
	AUTO(sheet) struct sheet *sheet = review_sheet(review, settings);
	struct cli_output output;
	int status = cli_output_open(&output, options->output);

	if (status != 0)
		return status;
	cli_form_write(sheet, cli_form_of(options), output.out);
	return cli_output_close(&output, 0);
}

static int
review_log(const struct cli_options *options, const struct settings *settings,
    const char *domain)
{
	struct review_options wanted = {.program = settings->syslog_name,
	    .socket = settings->socket,
	    .domain = domain,
	    .now = clock_wall_s(),
	    .since = options->since,
	    .until = options->until};
	struct reading reading = {.stopped = false};
	int status;

	review_init(&reading.review, &wanted);
	status = read_all(options, &reading);
	review_end(&reading.review);
	if (status == 0)
		status = write_review(options, &reading.review, settings);
	review_fini(&reading.review);
	return status;
}

int
cli_review(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	char domain[LIMIT_DOMAIN_SIZE];
	struct err err;

	if (cli_form_of(options) == FORM_NONE ||
	    cli_form_of(options) == FORM_NDJSON)
		return cli_form_wrong(options);
	if (options->domain != NULL &&
	    domain_normalise(options->domain, domain, &err) != 0)
		return cli_fail(EX_USAGE, "--domain: %s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	return review_log(
	    options, settings, options->domain == NULL ? NULL : domain);
}
