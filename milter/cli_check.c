/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/engine.h"
#include "common/io/https.h"
#include "common/proto/domain.h"
#include "milter/cli.h"
#include "milter/cli_json.h"
#include "milter/cli_text.h"
#include "milter/settings.h"

/* A person waits for a few answers: few threads do. */
enum { CHECKS_AT_ONCE = 16, GRACE_MS = 2000 };

/* What was asked for, as typed and as it is safe to print. */
struct question {
	struct engine_wait *wait;
	char asked[LIMIT_DOMAIN_SIZE];
};

static struct settings *
load_settings(const char *file)
{
	struct conf_faults faults = {.count = 0};
	struct settings *settings = settings_load(file, NULL, 0, &faults);

	for (size_t i = 0; i < faults.count; i++)
		cli_fail(EX_CONFIG, "%s", faults.texts[i]);
	conf_faults_fini(&faults);
	return settings;
}

static struct engine *
start_engine(struct engine_options *options)
{
	struct engine *engine;
	struct err err;

	options->max_checks = CHECKS_AT_ONCE;
	options->max_queue = UINT_MAX;
	options->keep_facts = true;
	options->store_read_only = true;
	if (https_global_init(&err) != 0 ||
	    (engine = engine_new(options, &err)) == NULL) {
		cli_fail(EX_UNAVAILABLE, "%s", err.text);
		return NULL;
	}
	if (engine_self_test(
		engine, clock_mono_ms() + options->dns.timeout_ms, &err) == 0)
		return engine;
	cli_fail(EX_UNAVAILABLE, "%s", err.text);
	engine_free(engine);
	return NULL;
}

static struct engine_wait *
ask(struct engine *engine, const struct cli_options *options, const char *asked)
{
	struct engine_query query = {.domain = asked,
	    .port = 25,
	    .level = options->level,
	    .dns_only = options->dns_only};
	char domain[4 * LIMIT_DOMAIN_SIZE];

	if (strchr(asked, '@') != NULL) {
		if (domain_of_address(asked, domain, sizeof(domain), NULL) != 0)
			domain[0] = '\0';
		query.domain = domain;
	}
	return engine_start(engine, &query);
}

static int
exit_status(enum result worst)
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

static int
answer(const struct cli_options *options, const struct settings *settings,
    struct question *question, int64_t deadline_ms, enum result *worst)
{
	const struct check *check = engine_await(question->wait, deadline_ms);
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	if (check == NULL) {
		cli_fail(3, "%s: no verdict in time", question->asked);
		*worst = RESULT_TEMPERROR > *worst ? RESULT_TEMPERROR : *worst;
		return 0;
	}
	if (check->verdict->result > *worst)
		*worst = check->verdict->result;
	if (options->json)
		return cli_json_check(stdout, settings, check, question->asked);
	cli_text_check(stdout, settings, check, question->asked, colour);
	return ferror(stdout) ? -1 : 0;
}

static int
check_all(const struct cli_options *options, const struct settings *settings,
    struct engine *engine, int64_t timeout_ms)
{
	size_t count = options->words.count;
	struct question *questions = xcalloc(count, sizeof(*questions));
	enum result worst = RESULT_SKIP;
	int64_t rounds = (int64_t)(count / CHECKS_AT_ONCE) + 1;
	int64_t deadline_ms = clock_mono_ms() + rounds * timeout_ms + GRACE_MS;
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		const char *word = options->words.items[i];

		text_clean(questions[i].asked, sizeof(questions[i].asked), word,
		    strlen(word));
		questions[i].wait = ask(engine, options, word);
	}
	for (size_t i = 0; i < count; i++) {
		if (rc == 0 && i > 0 && !options->json)
			putchar('\n');
		if (rc == 0)
			rc = answer(options, settings, &questions[i],
			    deadline_ms, &worst);
		engine_wait_free(questions[i].wait);
	}
	free(questions);
	if (rc != 0 || fflush(stdout) != 0)
		return cli_fail(EX_IOERR, "cannot write the answer");
	return exit_status(worst);
}

int
cli_check(const struct cli_options *options)
{
	AUTO(settings) struct settings *settings = NULL;
	AUTO(engine) struct engine *engine = NULL;
	struct engine_options wanted;

	if (options->words.count == 0)
		return cli_fail(EX_USAGE, "check wants a domain");
	settings = load_settings(options->conf_file);
	if (settings == NULL)
		return EX_CONFIG;
	settings_engine_options(settings, &wanted);
	engine = start_engine(&wanted);
	if (engine == NULL)
		return EX_UNAVAILABLE;
	return check_all(options, settings, engine, wanted.check_timeout_ms);
}
