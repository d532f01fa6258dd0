/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "milter/cli.h"
#include "milter/cli_engine.h"
#include "milter/cli_json.h"
#include "milter/cli_text.h"

enum { GRACE_MS = 2000 };

/* What was asked for, as typed and as it is safe to print. */
struct question {
	struct engine_wait *wait;
	char asked[LIMIT_DOMAIN_SIZE];
};

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
	cli_text_check(stdout, settings,
	    options->level_given ? NULL : settings->destinations, check,
	    question->asked, colour);
	return ferror(stdout) ? -1 : 0;
}

static void
ask_all(struct cli_engine *cli, const struct cli_options *options,
    struct question *questions)
{
	struct engine_query like = {.level = options->level,
	    .rules = options->level_given ? NULL : cli->settings->destinations,
	    .dns_only = options->dns_only};

	for (size_t i = 0; i < options->words.count; i++) {
		const char *word = options->words.items[i];

		text_clean(questions[i].asked, sizeof(questions[i].asked), word,
		    strlen(word));
		questions[i].wait = cli_engine_ask(cli, &like, word);
	}
}

static int
check_all(struct cli_engine *cli, const struct cli_options *options)
{
	size_t count = options->words.count;
	struct question *questions = xcalloc(count, sizeof(*questions));
	enum result worst = RESULT_SKIP;
	int64_t rounds = (int64_t)(count / CLI_CHECKS_AT_ONCE) + 1;
	int64_t deadline_ms =
	    clock_mono_ms() + rounds * cli->check_timeout_ms + GRACE_MS;
	int rc = 0;

	ask_all(cli, options, questions);
	for (size_t i = 0; i < count; i++) {
		if (rc == 0 && i > 0 && !options->json)
			putchar('\n');
		if (rc == 0)
			rc = answer(options, cli->settings, &questions[i],
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
	struct cli_engine cli;
	int status;

	if (options->words.count == 0)
		return cli_fail(EX_USAGE, "check wants a domain");
	status = cli_engine_open(&cli, options, true);
	if (status == 0)
		status = check_all(&cli, options);
	cli_engine_close(&cli);
	return status;
}
