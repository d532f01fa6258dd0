/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/judge/enforce.h"
#include "common/judge/judge.h"
#include "milter/cli/check/json.h"
#include "milter/cli/check/text.h"
#include "milter/cli/cli.h"
#include "milter/cli/engine.h"
#include "milter/conf/settings_engine.h"
#include "milter/view/json_facts.h"

/* What the options say beside the file. */
struct retrial {
	const struct cli_options *options;
	struct settings *settings;
	struct x509_store *roots; /* of -c, or NULL */
	enum result worst;
	size_t count;
};

/* The terms of the file, of the configuration that was named, or of the level
 * alone. */
static struct judge_terms
terms_of(const struct retrial *retrial, struct facts_file *file, time_t at)
{
	const struct cli_options *options = retrial->options;
	struct judge_terms terms;

	facts_file_judge_at(file, at);
	terms = file->terms;
	if (options->conf_file != NULL) {
		terms = settings_terms(retrial->settings,
		    file->facts->next_hop.host, false, LEVEL_AUTO, at);
		terms.requiretls = file->terms.requiretls;
		terms.store = retrial->roots;
	}
	if (options->level_given) {
		terms.list = NULL;
		terms.rule = NULL;
		terms.encrypt = false;
		terms.level = options->level;
	}
	return terms;
}

/* "learnt 2026-03-01T12:00:00Z, judged for 2026-04-01T12:00:00Z" */
static void
print_judged(const struct facts_file *file, time_t at, char *out, size_t size)
{
	char then[CLOCK_PRINT_SIZE], now[CLOCK_PRINT_SIZE];

	clock_print(file->judged_s, then);
	clock_print(at, now);
	if (at == file->judged_s)
		snprintf(out, size, "learnt at %s", then);
	else
		snprintf(out, size, "learnt at %s, judged for %s", then, now);
}

static void
show_retrial(const struct retrial *retrial, const struct facts_file *file,
    const struct judge_terms *terms, const struct check *check)
{
	const struct cli_options *options = retrial->options;
	char judged[3 * CLOCK_PRINT_SIZE];
	struct cli_view view = {.settings = retrial->settings,
	    .rules = terms->list,
	    .level = terms->level,
	    .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
	    .verbose = options->verbose,
	    .judged = judged};

	if (options->json) {
		cli_json_check(
		    stdout, retrial->settings, check, file->asked, NULL);
		return;
	}
	print_judged(file, check->judged_s, judged, sizeof(judged));
	if (retrial->count > 0)
		putchar('\n');
	cli_text_check(stdout, &view, check, file->asked);
}

static void
judge_file(struct retrial *retrial, struct facts_file *file)
{
	time_t at =
	    retrial->options->at_given ? retrial->options->at : file->judged_s;
	struct judge_terms terms = terms_of(retrial, file, at);
	AUTO(verdict)
	struct verdict *verdict = judge(file->facts, &terms, at);
	AUTO(enforcement)
	struct enforcement *e = enforce(file->facts, &terms, at);
	struct check check = {.domain = file->facts->domain,
	    .verdict = verdict,
	    .facts = file->facts,
	    .enforcement = e,
	    .ms = file->ms,
	    .judged_s = at};

	/* what is said of dates goes by the clock */
	clock_shift(at - clock_wall_s());
	show_retrial(retrial, file, &terms, &check);
	if (retrial->count++ == 0 ||
	    result_is_worse(verdict->result, retrial->worst))
		retrial->worst = verdict->result;
}

/* Objects stand one behind the other. */
static int
judge_text(struct retrial *retrial, const char *name, const char *text)
{
	const char *rest = text;
	struct err err;

	while (rest[strspn(rest, " \t\r\n")] != '\0' || retrial->count == 0) {
		size_t used;
		AUTO(facts_file)
		struct facts_file *file =
		    facts_file_read(rest, strlen(rest), &used, &err);

		if (file == NULL)
			return cli_fail(EX_DATAERR, "%s: %s", name, err.text);
		judge_file(retrial, file);
		rest += used;
	}
	return cli_exit_status(retrial->worst);
}

int
cli_judge(const struct cli_options *options)
{
	const char *name =
	    options->words.count == 0 ? "-" : options->words.items[0];
	AUTO(settings) struct settings *settings = cli_load_settings(options);
	AUTO(x509_store) struct x509_store *roots = NULL;
	struct retrial retrial = {.options = options, .settings = settings};
	size_t length;
	struct err err;
	char *text;
	int status = 0;

	if (settings == NULL)
		return EX_CONFIG;
	if (options->conf_file != NULL)
		status = cli_load_roots(settings, &roots);
	if (status != 0)
		return status;
	retrial.roots = roots;
	text = cli_read_file(name, LIMIT_FACTS_OCTETS, &length, &err);
	if (text == NULL)
		return cli_fail(err.kind == ERR_DATA ? EX_DATAERR : EX_NOINPUT,
		    "%s", err.text);
	status = strlen(text) == length
		     ? judge_text(&retrial, name, text)
		     : cli_fail(EX_DATAERR, "%s: there is a NUL in it", name);
	free(text);
	return status;
}
