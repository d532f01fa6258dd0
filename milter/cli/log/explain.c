/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/proto/domain.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/cli/log/logfile.h"
#include "milter/cli/log/source.h"
#include "milter/cli/log/story_view.h"
#include "milter/cli/publish/own.h"
#include "milter/conf/settings.h"

enum { JOURNAL_MS = 60 * 1000 };

/* --- the verb --- */

/* Who takes the lines, and whether one was of use. */
struct reader {
	logfile_line *each;
	void *arg;
	const char *program;
	const bool *found; /* what came until the deadline will do */
};

/* What a journal gave until its deadline is better than nothing. */
static int
read_logs(const struct reader *reader, const struct cli_list *files)
{
	struct cli_log log = {.files = files,
	    .program = reader->program,
	    .each = reader->each,
	    .arg = reader->arg};
	struct err err;
	int rc;

	log.deadline_ms =
	    cli_log_is_there(&log) ? INT64_MAX : clock_mono_ms() + JOURNAL_MS;
	rc = cli_log_read(&log, &err);
	if (log.passed_over.text[0] != '\0')
		cli_fail(0, "%s", log.passed_over.text);
	if (rc == 0)
		return 0;
	if (err.kind == ERR_TEMP && *reader->found)
		return cli_fail(0, "%s", err.text);
	return cli_fail(
	    err.kind == ERR_DATA ? EX_DATAERR : EX_NOINPUT, "%s", err.text);
}

/* The worst of the domains. */
static int
story_exit_status(const struct story_check *checks, size_t count)
{
	enum result worst = RESULT_SKIP;

	for (size_t i = 0; i < count; i++)
		for (int j = 0; j < RESULTS; j++)
			if (strcmp(checks[i].result,
				result_text((enum result)j)) == 0 &&
			    result_is_worse((enum result)j, worst))
				worst = (enum result)j;
	return cli_exit_status(worst);
}

static int
end_story_answer(int status)
{
	return ferror(stdout) || fflush(stdout) != 0
		   ? cli_fail(EX_IOERR, "cannot write the answer")
		   : status;
}

/* 1 to 32 letters, digits, "-", "_" and ".", as tag and log have it. */
static bool
is_queue_id(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < LOGLINE_ID_SIZE &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
			    "xyz0123456789-_.") == length;
}

/* --- a message --- */

static void
take_story_line(void *arg, const char *line)
{
	story_line(arg, line);
}

static int
explain_story(const struct cli_options *options, struct story *story,
    const struct settings *settings)
{
	struct reader reader = {
	    take_story_line, story, story->program, &story->seen};
	int status = read_logs(&reader, &options->logs);

	if (status != 0)
		return status;
	if (!story->seen)
		return cli_fail(
		    EX_NOINPUT, "no line of the log is about %s", story->id);
	if (options->json)
		status = cli_print_json(cli_story_json(story, settings));
	else
		cli_story_print(story, settings);
	return end_story_answer(
	    status != 0 ? status
			: story_exit_status(story->checks, story->check_count));
}

static int
explain_id(const struct cli_options *options, const char *id)
{
	struct settings *settings;
	struct story story;
	int status;

	if (options->since_given)
		return cli_fail(EX_USAGE, "--since goes with --domain");
	if (!is_queue_id(id))
		return cli_fail(EX_USAGE, "this is no queue id");
	if (strcmp(id, "NOQUEUE") == 0)
		return cli_fail(EX_USAGE,
		    "NOQUEUE stands for many messages: ask for the domain by "
		    "--domain");
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	story_init(&story, id, settings->syslog_name, settings->socket);
	status = explain_story(options, &story, settings);
	story_fini(&story);
	settings_free(settings);
	return status;
}

/* --- a domain --- */

static void
take_refusal_line(void *arg, const char *line)
{
	refusals_line(arg, line);
}

static int
explain_refusals(const struct cli_options *options, struct refusals *refusals,
    const struct settings *settings)
{
	bool found = false;
	struct reader reader = {
	    take_refusal_line, refusals, refusals->program, &found};
	int status = read_logs(&reader, &options->logs);

	if (status != 0)
		return status;
	if (refusals->count == 0 && refusals->check_count == 0)
		return cli_fail(EX_NOINPUT,
		    "no line of the log is about a recipient in %s that was "
		    "refused",
		    refusals->domain);
	if (options->json)
		status = cli_print_json(cli_refusals_json(refusals, settings));
	else
		cli_refusals_print(refusals, settings);
	return end_story_answer(
	    status != 0
		? status
		: story_exit_status(refusals->checks, refusals->check_count));
}

static int
explain_domain(const struct cli_options *options)
{
	char domain[LIMIT_DOMAIN_SIZE];
	struct refusals refusals;
	struct settings *settings;
	struct err err;
	int status;

	if (domain_normalise(options->domain, domain, &err) != 0)
		return cli_fail(EX_USAGE, "--domain: %s", err.text);
	settings = cli_load_settings(options);
	if (settings == NULL)
		return EX_CONFIG;
	refusals_init(&refusals, domain, settings->syslog_name);
	refusals.since_given = options->since_given;
	refusals.since = options->since;
	refusals.now = clock_wall_s();
	status = explain_refusals(options, &refusals, settings);
	refusals_fini(&refusals);
	settings_free(settings);
	return status;
}

int
cli_explain(const struct cli_options *options)
{
	bool id = options->words.count == 1;

	if (id == (options->domain != NULL))
		return cli_fail(
		    EX_USAGE, "one queue id is wanted, or --domain");
	return id ? explain_id(options, options->words.items[0])
		  : explain_domain(options);
}
