/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "t/unit/tap.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 300, MAX = 1 << 20 };

static char *
capture(const char *script, int ms, size_t max, struct err *err)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	return process_capture(argv, clock_mono_ms() + ms, max, err);
}

static void
expect_failure(const char *script, int ms, size_t max, enum err_kind kind,
    const char *text)
{
	struct err err = {.text = ""};
	int64_t begun_ms = clock_mono_ms();

	assert_null(capture(script, ms, max, &err));
	assert_int_equal(err.kind, kind);
	ROW_TEXT(script, err.text, text);
	assert_true(clock_mono_ms() - begun_ms < LONG_MS / 2);
}

static void
output_comes_whole(void **state)
{
	char *text =
	    capture("echo a; echo noise >&2; printf b", LONG_MS, MAX, NULL);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "a\nb");
	free(text);
	text = capture("yes 0123456 | head -n 10000", LONG_MS, MAX, NULL);
	assert_non_null(text);
	assert_int_equal(strlen(text), 80000);
	free(text);
}

static void
input_is_empty(void **state)
{
	char *text = capture("cat; echo end", LONG_MS, MAX, NULL);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "end\n");
	free(text);
}

static void
arguments_meet_no_shell(void **state)
{
	const char *const argv[] = {"printf", "%s", "$(id); *", NULL};
	char *text =
	    process_capture(argv, clock_mono_ms() + LONG_MS, MAX, NULL);

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "$(id); *");
	free(text);
}

/* The command ignores SIGPIPE; a child that did too would not end behind a
 * closed pipe. */
static void
sigpipe_is_not_ignored(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	expect_failure("kill -PIPE $$; echo alive", LONG_MS, MAX, ERR_LOCAL,
	    "sh: exit status 141");
}

static void
failures_are_told(void **state)
{
	const char *const argv[] = {"no-such-program", NULL};
	struct err err;

	(void)state;
	expect_failure("exit 3", LONG_MS, MAX, ERR_LOCAL, "sh: exit status 3");
	expect_failure(
	    "kill -9 $$", LONG_MS, MAX, ERR_LOCAL, "sh: exit status 137");
	expect_failure(
	    "echo 12345", LONG_MS, 4, ERR_DATA, "sh: too much output");
	assert_null(
	    process_capture(argv, clock_mono_ms() + LONG_MS, MAX, &err));
	assert_string_equal(
	    err.text, "no-such-program: No such file or directory");
}

static void
deadline_ends_it(void **state)
{
	(void)state;
	expect_failure(
	    "exec sleep 100", SHORT_MS, MAX, ERR_TEMP, "sh: no end in time");
	expect_failure("while :; do echo x; sleep 0.01; done", SHORT_MS, MAX,
	    ERR_TEMP, "sh: no end in time");
	/* output at an end, but not the program */
	expect_failure("exec >&-; exec sleep 100", SHORT_MS, MAX, ERR_LOCAL,
	    "sh: exit status 137");
}

int
main(void)
{
	const struct CMUnitTest process[] = {
	    cmocka_unit_test(output_comes_whole),
	    cmocka_unit_test(input_is_empty),
	    cmocka_unit_test(arguments_meet_no_shell),
	    cmocka_unit_test(sigpipe_is_not_ignored),
	    cmocka_unit_test(failures_are_told),
	    cmocka_unit_test(deadline_ends_it),
	};

	return RUN_TESTS(process);
}
