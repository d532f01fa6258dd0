/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/text.h"
#include "milter/cli/check/json.h"
#include "milter/cli/check/survey.h"
#include "milter/cli/check/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/conf/settings_engine.h"
#include "milter/view/json_facts.h"
#include "milter/view/json_put.h"

enum { JOBS_MAX = 256 }; /* a survey has more */

int
cli_exit_status(enum result worst)
{
	switch (worst) {
	case RESULT_PASS:
		return 0;
	case RESULT_NONE:
	case RESULT_SOFTFAIL:
		return 1;
	case RESULT_FAIL:
		return 2;
	case RESULT_TEMPERROR:
	case RESULT_SKIP:
		break;
	}
	return 3;
}

static void
print_check_text(
    void *arg, FILE *out, const struct check *check, const char *asked)
{
	cli_text_check(out, arg, check, asked);
}

/* Each with a blank line behind it, where there are several. */
static void
print_texts(void *arg, FILE *out, const struct check *check, const char *asked)
{
	cli_text_check(out, arg, check, asked);
	fputc('\n', out);
}

static void
print_check_line(
    void *arg, FILE *out, const struct check *check, const char *asked)
{
	cli_text_line(out, arg, check, asked);
}

static json_t *
facts_of_check(
    const struct cli_view *view, const struct check *check, const char *asked)
{
	struct judge_terms terms =
	    settings_terms(view->settings, check->facts->next_hop.host,
		view->rules == NULL, view->level, check->judged_s);
	char shown[LIMIT_RAW_DOMAIN_SIZE];
	struct facts_told told = {.terms = &terms,
	    .judged_s = check->judged_s,
	    .ms = check->ms,
	    .asked = shown};

	text_escape(shown, sizeof(shown), asked, strlen(asked));
	terms.store = view->roots;
	return json_facts(check->facts, &told);
}

static void
print_check_json(
    void *arg, FILE *out, const struct check *check, const char *asked)
{
	const struct cli_view *view = arg;

	cli_json_check(out, view->settings, check, asked,
	    view->roots == NULL ? NULL : facts_of_check(view, check, asked));
}

static void
print_check_facts(
    void *arg, FILE *out, const struct check *check, const char *asked)
{
	json_print(out, facts_of_check(arg, check, asked));
}

/* How many of which result, to whoever looks on. */
static void
tell_tally(const struct cli_tally *tally)
{
	const char *separator = ":";

	fprintf(stderr, "%zu checked", tally->count);
	for (int i = 0; i < CLI_SURVEY_RESULTS; i++) {
		if (tally->of[i] == 0)
			continue;
		fprintf(stderr, "%s %zu %s", separator, tally->of[i],
		    result_text((enum result)i));
		separator = ",";
	}
	fputc('\n', stderr);
}

static int
check_all(struct cli_engine *cli, const struct cli_options *options, FILE *file)
{
	struct rule_list *rules =
	    options->level_given ? NULL : cli->settings->destinations;
	struct engine_query like = {.level = options->level,
	    .rules = rules,
	    .dns_only = options->dns_only};
	AUTO(x509_store) struct x509_store *roots = NULL;
	struct cli_view view = {.settings = cli->settings,
	    .rules = rules,
	    .level = options->level,
	    .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
	    .verbose = options->verbose};
	struct cli_survey survey = {.cli = cli,
	    .like = &like,
	    .words = &options->words,
	    .file = file,
	    .jobs = options->jobs,
	    .ordered = file == NULL && !options->json,
	    .progress = isatty(STDERR_FILENO) && !options->json,
	    .print = options->json               ? print_check_json
		     : options->facts            ? print_check_facts
		     : file != NULL              ? print_check_line
		     : options->words.count == 1 ? print_check_text
						 : print_texts,
	    .arg = &view};
	struct cli_tally tally;
	int status = 0;

	if (options->facts)
		status = cli_load_roots(cli->settings, &roots);
	view.roots = roots;
	if (status == 0)
		status = cli_survey_run(&survey, &tally);
	if (status != 0)
		return status;
	if (tally.stopped)
		cli_fail(0, "stopped: this is what was checked until then");
	if (tally.count == 0)
		return cli_fail(
		    EX_NOINPUT, "no destination in %s", options->file);
	if (file != NULL && !options->json && !options->facts)
		tell_tally(&tally);
	return cli_exit_status(tally.worst);
}

int
cli_check(const struct cli_options *options)
{
	struct cli_engine cli;
	FILE *file = NULL;
	int status;

	if (options->cached)
		return cli_check_cached(options);
	if (options->words.count == 0 && options->file == NULL)
		return cli_fail(EX_USAGE, "check wants a domain, or --file");
	if (options->jobs > JOBS_MAX)
		return cli_fail(EX_USAGE, "--jobs: a number from 1 to 256");
	for (size_t i = 0; i < options->words.count; i++) {
		status = cli_engine_takes(options->words.items[i]);
		if (status != 0)
			return status;
	}
	if (options->file != NULL)
		file = strcmp(options->file, "-") == 0
			   ? stdin
			   : fopen(options->file, "re");
	if (options->file != NULL && file == NULL)
		return cli_fail(
		    EX_NOINPUT, "%s: %s", options->file, strerror(errno));
	status = cli_engine_open(&cli, options, true);
	if (status == 0)
		status = check_all(&cli, options, file);
	cli_engine_close(&cli);
	if (file != NULL && file != stdin)
		fclose(file);
	return status;
}
