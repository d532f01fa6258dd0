/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/postfix_list.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

enum { TEXT_SIZE = 400 };

/* The milter at an index, which must be there. */
static struct postfix_milter
nth_milter(const char *list, int index)
{
	struct postfix_milter milter;

	for (int i = 0; i <= index; i++)
		ROW(list,
		    postfix_list_next(&list, &milter) == POSTFIX_LIST_MILTER);
	return milter;
}

/* As Postfix's mystrtokq() and extpar() cut them. */
static const struct split_row {
	const char *list;
	int count; /* -1: broken */
	int index;
	const char *address;
} splits[] = {
    {"", 0, 0, NULL},
    {" ,\t, ", 0, 0, NULL},
    {"unix:/a", 1, 0, "unix:/a"},
    {"unix:/a,unix:/b", 2, 1, "unix:/b"},
    {"unix:/a\n\tinet:h:1", 2, 1, "inet:h:1"},
    {"{ unix:/a }", 1, 0, "unix:/a"},
    {"{unix:/a,command_timeout=5s},inet:[::1]:2", 2, 1, "inet:[::1]:2"},
    {"{ unix:/a, { default_action = accept } } unix:/b", 2, 0, "unix:/a"},
    {"${a?{unix:/a b}:{c d}}, unix:/b", 2, 0, "${a?{unix:/a b}:{c d}}"},
    {"$own_milters unix:/b", 2, 1, "unix:/b"},
    {"unix:/a}, unix:/b", 2, 0, "unix:/a}"},
    {"{ unix:/a", -1, 0, NULL},
    {"unix:/b, { unix:/a, x=y", -1, 0, NULL},
    {"{ unix:/a }x", -1, 0, NULL},
    {"{}", -1, 0, NULL},
    {"{ , }", -1, 0, NULL},
};

static void
lists_are_cut_as_postfix_cuts_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(splits); i++) {
		const struct split_row *row = &splits[i];
		struct postfix_milter milter;

		ROW(row->list, postfix_list_count(row->list) == row->count);
		if (row->address == NULL)
			continue;
		milter = nth_milter(row->list, row->index);
		ROW(row->list, postfix_word_is(&milter.address, row->address));
	}
}

static const struct attribute_row {
	const char *list;
	const char *name;
	enum postfix_attribute is;
	const char *value;
} attributes[] = {
    {"unix:/a", "command_timeout", POSTFIX_ATTRIBUTE_ABSENT, NULL},
    {"{ unix:/a }", "command_timeout", POSTFIX_ATTRIBUTE_ABSENT, NULL},
    {"{ unix:/a, command_timeout=5s }", "command_timeout",
	POSTFIX_ATTRIBUTE_SET, "5s"},
    {"{unix:/a default_action=accept command_timeout=5s}", "default_action",
	POSTFIX_ATTRIBUTE_SET, "accept"},
    {"{ unix:/a, { command_timeout = 5s } }", "command_timeout",
	POSTFIX_ATTRIBUTE_SET, "5s"},
    {"{ unix:/a, command_timeout=1s, command_timeout=9s }", "command_timeout",
	POSTFIX_ATTRIBUTE_SET, "9s"},
    {"{ unix:/a, command_timeout = 5s }", "command_timeout",
	POSTFIX_ATTRIBUTE_UNKNOWN, NULL},
    {"{ unix:/a, colour=red }", "command_timeout", POSTFIX_ATTRIBUTE_UNKNOWN,
	NULL},
    {"{ unix:/a, =x }", "command_timeout", POSTFIX_ATTRIBUTE_UNKNOWN, NULL},
    {"{ unix:/a, { command_timeout=5s }x }", "command_timeout",
	POSTFIX_ATTRIBUTE_UNKNOWN, NULL},
};

static void
a_milter_has_settings_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(attributes); i++) {
		const struct attribute_row *row = &attributes[i];
		struct postfix_milter milter = nth_milter(row->list, 0);
		struct postfix_word value = {"", 0};

		ROW(row->list, postfix_list_attribute(
				   &milter, row->name, &value) == row->is);
		if (row->value != NULL)
			ROW(row->list, postfix_word_is(&value, row->value));
	}
}

static void
expect_text(const char *list, char *got, const char *wanted)
{
	ROW(list, (got == NULL) == (wanted == NULL));
	if (got != NULL)
		ROW_TEXT(list, got, wanted);
	free(got);
}

static const struct set_row {
	const char *list;
	int index;
	const char *wanted;
} sets[] = {
    {"unix:/a, unix:/b", 1, "unix:/a, { unix:/b, command_timeout=9s }"},
    {"unix:/a,\tunix:/b $more", 0,
	"{ unix:/a, command_timeout=9s },\tunix:/b $more"},
    {"{ unix:/a, command_timeout=1s, default_action=accept } ${b?{c d}}", 0,
	"{ unix:/a, default_action=accept, command_timeout=9s } ${b?{c d}}"},
    {"{unix:/a,{ command_timeout = 1s },protocol=6}", 0,
	"{ unix:/a, protocol=6, command_timeout=9s }"},
    {"unix:/b, }x", 1, NULL},
    {"${b?{c d}}", 0, NULL},
};

static void
one_setting_changes_and_all_else_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct postfix_milter milter =
		    nth_milter(sets[i].list, sets[i].index);

		expect_text(sets[i].list,
		    postfix_list_set(
			sets[i].list, &milter, "command_timeout", "9s"),
		    sets[i].wanted);
	}
}

static void
an_address_changes_and_all_else_stays(void **state)
{
	const char *list = "unix:/a, { unix:/b, protocol=6 } $c";
	struct postfix_milter milter = nth_milter(list, 1);

	(void)state;
	expect_text(list, postfix_list_move(list, &milter, "unix:p/m.sock"),
	    "unix:/a, { unix:p/m.sock, protocol=6 } $c");
}

static void
a_milter_is_added_at_the_end(void **state)
{
	char long_list[2 * TEXT_SIZE] = "";
	char wanted[2 * TEXT_SIZE + 10];

	(void)state;
	expect_text("", postfix_list_add("", "unix:/b"), "unix:/b");
	expect_text(" ,", postfix_list_add(" ,", "unix:/b"), "unix:/b");
	expect_text("$a", postfix_list_add("$a", "unix:/b"), "$a, unix:/b");
	memset(long_list, 'a', TEXT_SIZE);
	snprintf(wanted, sizeof(wanted), "%s, unix:/b", long_list);
	expect_text("a list is not cut", postfix_list_add(long_list, "unix:/b"),
	    wanted);
}

static const struct dense_row {
	const char *list;
	const char *wanted; /* NULL: it has no such form */
} denses[] = {
    {"", ""},
    {"unix:/a, unix:/b", "unix:/a,unix:/b"},
    {"{ unix:/a, command_timeout=5s }\tunix:/b",
	"{unix:/a,command_timeout=5s},unix:/b"},
    {"{ unix:/a, { command_timeout = 5s } }", "{unix:/a,command_timeout=5s}"},
    {"$a ${b}", "$a,${b}"},
    {"${a?{b c}}", NULL},
    {"{ unix:/a, { protocol = 6 x } }", NULL},
    {"{ unix:/a", NULL},
};

static void
a_list_is_written_without_white_space(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(denses); i++)
		expect_text(denses[i].list, postfix_list_dense(denses[i].list),
		    denses[i].wanted);
}

static const struct time_row {
	const char *text;
	int ms;
} times[] = {
    {"30", 30000},
    {"30s", 30000},
    {"5m", 300000},
    {"1h", 3600000},
    {"1d", 86400000},
    {"1w", 604800000},
    {"0", -1},
    {"", -1},
    {"s", -1},
    {"5ms", -1},
    {"-1", -1},
    {"1.5s", -1},
    {"5x", -1},
    {"4294967297", -1},
    {"99999999999999999999", -1},
    {"52w", -1},
    {"21474836469w", -1},
};

static void
times_are_read_as_postfix_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct postfix_word word = {
		    times[i].text, strlen(times[i].text)};

		ROW(times[i].text, postfix_time_ms(&word) == times[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_are_cut_as_postfix_cuts_them),
	    cmocka_unit_test(a_milter_has_settings_of_its_own),
	    cmocka_unit_test(one_setting_changes_and_all_else_stays),
	    cmocka_unit_test(an_address_changes_and_all_else_stays),
	    cmocka_unit_test(a_milter_is_added_at_the_end),
	    cmocka_unit_test(a_list_is_written_without_white_space),
	    cmocka_unit_test(times_are_read_as_postfix_reads_them),
	};

	return RUN_TESTS(tests);
}
