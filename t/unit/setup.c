/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/cli/setup/setup_plan.h"
#include "milter/cli/setup/setup_text.h"
#include "t/unit/tap.h"

enum { TEXT_SIZE = 4096 };

/* --- postern.conf --- */

static const struct conf_row {
	const char *before, *keyword, *value, *after;
} confs[] = {
    {"", "Socket", "unix:/a", "Socket unix:/a\n"},
    {"UMask 007\n", "Socket", "unix:/a", "UMask 007\nSocket unix:/a\n"},
    {"UMask 007", "Socket", "unix:/a", "UMask 007\nSocket unix:/a\n"},
    {"#Socket  x\n#UMask 007\n", "Socket", "unix:/a",
	"#Socket  x\nSocket unix:/a\n#UMask 007\n"},
    {"#Socket  x\nSocket\tunix:/b\nUMask 1\n", "Socket", "unix:/a",
	"#Socket  x\nSocket unix:/a\nUMask 1\n"},
    {"  socket unix:/b\n", "Socket", "unix:/a", "Socket unix:/a\n"},
    {"Socket unix:/b", "Socket", "unix:/a", "Socket unix:/a\n"},
    {"#SocketX 1\nProbe yes\n", "ProbeFamilies", "ipv4",
	"#SocketX 1\nProbe yes\nProbeFamilies ipv4\n"},
    {"# Socket is where\n", "Socket", "unix:/a",
	"# Socket is where\nSocket unix:/a\n"},
    {"A 1\nProbeSource 1\nB 1\n", "ProbeSource", NULL, "A 1\nB 1\n"},
    {"A 1\n", "ProbeSource", NULL, "A 1\n"},
};

static void
a_keyword_takes_the_place_it_has_in_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(confs); i++) {
		const struct conf_row *row = &confs[i];
		char *made =
		    setup_conf_set(row->before, row->keyword, row->value);
		char *again;

		ROW_TEXT(row->before, made, row->after);
		ROW(row->before,
		    setup_conf_has(made, row->keyword) == (row->value != NULL));
		again = setup_conf_set(made, row->keyword, row->value);
		ROW_TEXT(row->before, again, made);
		free(again);
		free(made);
	}
}

static void
a_keyword_is_a_whole_word_at_the_begin_of_a_line(void **state)
{
	(void)state;
	assert_false(setup_conf_has("#Probe yes\n", "Probe"));
	assert_false(setup_conf_has("ProbeHelo a\n", "Probe"));
	assert_false(setup_conf_has("LogWhy Probe\n", "Probe"));
	assert_true(setup_conf_has("A 1\r\nProbe yes\r\n", "Probe"));
	assert_true(setup_conf_has("Probe\n", "Probe"));
}

/* --- units --- */

#define STRICT "[Service]\nProtectSystem=strict\n"

static const struct unit_row {
	const char *text, *path;
	bool may;
} units[] = {
    {"", "/q/postern", true},
    {"ProtectSystem=full\n", "/q/postern", true},
    {STRICT, "/q/postern", false},
    {STRICT "ReadWritePaths=/q/postern\n", "/q/postern", true},
    {STRICT "ReadWritePaths=-/q/postern\n", "/q/postern", true},
    {STRICT "ReadWritePaths=/a /q/\n", "/q/postern", true},
    {STRICT "ReadWritePaths=/\n", "/q/postern", true},
    {STRICT "ReadWritePaths=/q/post\n", "/q/postern", false},
    {STRICT "#ReadWritePaths=/q\n", "/q/postern", false},
    {STRICT "ReadWritePaths=/q\nReadWritePaths=\n", "/q/postern", false},
    {STRICT "ReadWritePaths=\nReadWritePaths = /q\n", "/q/postern", true},
    {STRICT "[Service]\nProtectSystem=no\n", "/q/postern", true},
    {"ProtectSystem=no\n" STRICT, "/q/postern", false},
};

static void
a_unit_tells_where_its_service_may_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(units); i++)
		ROW(units[i].text, setup_unit_may_write(units[i].text,
				       units[i].path) == units[i].may);
}

static void
a_list_of_a_unit_has_words_until_it_is_taken_back(void **state)
{
	static const char text[] =
	    "Before=a.service postfix@-.service\nAfter=c.service\n";

	(void)state;
	assert_true(setup_unit_has(text, "Before", "postfix@-.service"));
	assert_false(setup_unit_has(text, "Before", "postfix@.service"));
	assert_false(setup_unit_has(text, "After", "a.service"));
	assert_false(setup_unit_has(
	    "Before=a.service\nBefore=\n", "Before", "a.service"));
}

/* --- Sendmail --- */

static const struct mc_row {
	const char *before, *after; /* NULL: it is not clear */
} mcs[] = {
    {"OSTYPE(`linux')\nMAILER(`smtp')\n",
	"OSTYPE(`linux')\nNEW\nMAILER(`smtp')\n"},
    {"INPUT_MAIL_FILTER(`a', `S=x')\nMAILER_DEFINITIONS\nMAILER(`smtp')\n",
	"INPUT_MAIL_FILTER(`a', `S=x')\nNEW\nMAILER_DEFINITIONS\n"
	"MAILER(`smtp')\n"},
    {"dnl MAILER(`local')\n  MAILER(`smtp')\n",
	"dnl MAILER(`local')\nNEW\n  MAILER(`smtp')\n"},
    {"MAILER(`smtp')\nINPUT_MAIL_FILTER(`a', `S=x')\n", NULL},
    {"MAILER(`smtp')\nMAIL_FILTER(`a', `S=x')\n", NULL},
    {"include(`others.mc')\n", NULL},
    {"", NULL},
};

static void
a_filter_goes_behind_filters_and_before_mailers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mcs); i++) {
		char *made = setup_mc_insert(mcs[i].before, "NEW\n");

		ROW(mcs[i].before, (made == NULL) == (mcs[i].after == NULL));
		if (made != NULL)
			ROW_TEXT(mcs[i].before, made, mcs[i].after);
		free(made);
	}
}

#define OURS "Xpostern, S=unix:/a, T=R:30s\n"

static const struct cf_row {
	const char *before, *after;
	bool adds;
} cfs[] = {
    {"DSx\n", "DSx\nO InputMailFilters=postern\n" OURS, true},
    {"# by a\nDSx\n", OURS "# by b\n\nDSx\nO InputMailFilters=postern\n", true},
    {"O InputMailFilters=a\nXa, S=x\n",
	"O InputMailFilters=a,postern\nXa, S=x\n" OURS, true},
    {"O InputMailFilters=a, b\nO Milter.macros.helo=x\n",
	"O InputMailFilters=a, b, postern\nO Milter.macros.helo=x\n" OURS,
	true},
    /* the first of all filters */
    {"DSx\n", "DSx\nO InputMailFilters=postern\nO Milter.macros.helo=x\n" OURS,
	true},
    {"O InputMailFilters=a\n",
	"O InputMailFilters=a,postern\nO Milter.macros.helo=x\n" OURS, false},
    {"DSx\n", "O Milter.macros.helo=x\nDSx\nO InputMailFilters=postern\n" OURS,
	false},
    /* without the filter, or without the list, it is never asked */
    {"DSx\n", "DSx\nO InputMailFilters=postern\n", false},
    {"DSx\n", "DSx\n" OURS, false},
    {"DSx\n", "DSx\n", false},
    /* something else is gone or new */
    {"DSx\nDMy\n", "DSx\nO InputMailFilters=postern\n" OURS, false},
    {"DSx\n", "DSx\nDMy\nO InputMailFilters=postern\n" OURS, false},
    /* the list of others is not what it was */
    {"O InputMailFilters=a\n", "O InputMailFilters=postern\n" OURS, false},
    {"O InputMailFilters=a\n", "O InputMailFilters=postern,a\n" OURS, false},
    {"O InputMailFilters=a\n", "O InputMailFilters=a,postern,b\n" OURS, false},
    {"O InputMailFilters=a,b\n", "O InputMailFilters=b,a,postern\n" OURS,
	false},
};

static void
a_sendmail_cf_has_our_filter_more_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cfs); i++)
		ROW(cfs[i].after, setup_cf_adds(cfs[i].before, cfs[i].after,
				      "postern") == cfs[i].adds);
}

static void
comments_of_a_sendmail_cf_are_nothing(void **state)
{
	(void)state;
	assert_true(setup_cf_same("# a\nDSx\n\nDMy\n", "DSx\n#b\nDMy\n"));
	assert_false(setup_cf_same("DSx\nDMy\n", "DSx\n"));
	assert_false(setup_cf_same("DSx\n", "DSx\nDMy\n"));
	assert_false(setup_cf_same("DSx\n", "DSxy\n"));
}

/* --- what differs --- */

static void
note_line(void *arg, char sign, const char *line, size_t length)
{
	char *out = arg;
	size_t used = strlen(out);

	snprintf(
	    out + used, TEXT_SIZE - used, "%c%.*s|", sign, (int)length, line);
}

static const struct diff_row {
	const char *before, *after, *said;
} diffs[] = {
    {"", "", ""},
    {"a\n", "a\n", " a|"},
    {"", "a\nb\n", "+a|+b|"},
    {"a\nb\n", "", "-a|-b|"},
    {"a\nb\nc\n", "a\nx\nc\n", " a|-b|+x| c|"},
    {"a\nb\nc\nd\ne\n", "a\nx\nc\ny\ne\n", " a|-b|+x| c|-d|+y| e|"},
    {"a\nb\n", "b\na\n", "-a| b|+a|"},
    {"\n\nb\n", "\nb\n\n", " |-| b|+|"},
    {"a", "a\n", "-a|+a|"},
    {"a\nb", "a\nb\nc", " a|-b|+b|+c|"},
};

static void
lines_that_differ_are_told_between_those_that_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(diffs); i++) {
		char said[TEXT_SIZE] = "";

		setup_diff(diffs[i].before, diffs[i].after, note_line, said);
		ROW_TEXT(diffs[i].before, said, diffs[i].said);
	}
}

struct tally {
	size_t both, before, after;
};

static void
count_line(void *arg, char sign, const char *line, size_t length)
{
	struct tally *tally = arg;

	(void)line;
	(void)length;
	tally->both += sign == ' ';
	tally->before += sign == '-';
	tally->after += sign == '+';
}

/* More than any table holds: every line is told all the same. */
static void
texts_without_bound_are_told_whole(void **state)
{
	enum { LINES = 3000 };
	struct tally tally = {.both = 0};
	char *a = xcalloc(1, 4 * LINES + 1), *b = xcalloc(1, 4 * LINES + 1);

	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		memcpy(a + 4 * i, "aaa\n", 4);
		memcpy(b + 4 * i, "bbb\n", 4);
	}
	setup_diff(a, b, count_line, &tally);
	assert_int_equal(tally.both, 0);
	assert_int_equal(tally.before, LINES);
	assert_int_equal(tally.after, LINES);
	free(a);
	free(b);
}

/* --- the plan --- */

static void
a_file_that_stays_the_same_is_no_step(void **state)
{
	struct setup_plan plan = {.count = 0};

	(void)state;
	setup_plan_file(&plan, "/a", "x\n", "x\n", "why");
	assert_int_equal(plan.count, 0);
	setup_plan_file(&plan, "/a", NULL, "x\n", "why");
	setup_plan_file(&plan, "/b", "x\n", "y\n", "why");
	assert_int_equal(plan.count, 2);
	assert_null(plan.steps[0].before);
	setup_plan_fini(&plan);
}

static void
a_plan_that_is_blocked_has_no_steps_and_gets_none(void **state)
{
	struct setup_plan plan = {.count = 0};

	(void)state;
	setup_plan_folder(&plan, "/a", "u", "g", 0750, "why");
	setup_plan_note(&plan, true, "%s", "by hand");
	setup_plan_block(&plan);
	setup_plan_file(&plan, "/b", "x\n", "y\n", "why");
	setup_plan_folder(&plan, "/c", "u", "g", 0750, "why");
	setup_plan_member(&plan, "u", "g", "why");
	setup_plan_run(&plan, SETUP_RESTART, "why");
	assert_int_equal(plan.count, 0);
	assert_true(setup_plan_must(&plan));
	setup_plan_fini(&plan);
}

static void
a_note_that_may_wait_leaves_nothing_undone(void **state)
{
	struct setup_plan plan = {.count = 0};

	(void)state;
	setup_plan_note(&plan, false, "for your information");
	assert_false(setup_plan_must(&plan));
	setup_plan_fini(&plan);
}

static void
a_command_is_read_as_it_is_written(void **state)
{
	enum setup_command command;

	(void)state;
	for (int i = 0; i < SETUP_COMMANDS; i++) {
		const char *text = setup_command_text((enum setup_command)i);

		assert_int_equal(setup_command_parse(text, &command), 0);
		assert_int_equal(command, i);
		assert_non_null(setup_command_argv(command)[0]);
	}
	assert_int_equal(setup_command_parse("rm -rf /", &command), -1);
	assert_int_equal(setup_command_parse("", &command), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_keyword_takes_the_place_it_has_in_the_file),
	    cmocka_unit_test(a_keyword_is_a_whole_word_at_the_begin_of_a_line),
	    cmocka_unit_test(a_unit_tells_where_its_service_may_write),
	    cmocka_unit_test(a_list_of_a_unit_has_words_until_it_is_taken_back),
	    cmocka_unit_test(a_filter_goes_behind_filters_and_before_mailers),
	    cmocka_unit_test(
		a_sendmail_cf_has_our_filter_more_and_nothing_else),
	    cmocka_unit_test(comments_of_a_sendmail_cf_are_nothing),
	    cmocka_unit_test(
		lines_that_differ_are_told_between_those_that_do_not),
	    cmocka_unit_test(texts_without_bound_are_told_whole),
	    cmocka_unit_test(a_file_that_stays_the_same_is_no_step),
	    cmocka_unit_test(a_plan_that_is_blocked_has_no_steps_and_gets_none),
	    cmocka_unit_test(a_note_that_may_wait_leaves_nothing_undone),
	    cmocka_unit_test(a_command_is_read_as_it_is_written),
	};

	return RUN_TESTS(tests);
}
