/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/message_scan.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* begin, count times line, end. */
static const char *
scan_many(const char *begin, const char *line, size_t count, const char *end)
{
	size_t size = strlen(begin) + count * strlen(line) + strlen(end);
	char *text = xmalloc(size + 1), *at = stpcpy(text, begin);
	const char *why;

	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, line);
	stpcpy(at, end);
	/* without the NUL, so that a read past it is seen */
	at = xmemdup(text, size);
	why = message_scan(at, size);
	free(text);
	free(at);
	return why;
}

#define PART "Subject: x\n\n--a\n"

static const struct {
	const char *id, *begin, *line;
	size_t most; /* how many such lines may be */
} rows[] = {
    {"parts", "Subject: x\n\n", "--a\n", LIMIT_MESSAGE_DASHES},
    {"parts with CR", "Subject: x\n\n", "--a\r\n\r\n", LIMIT_MESSAGE_DASHES},
    {"header", "", "a: b\n", LIMIT_MESSAGE_HEADER},
    {"header without colon", "", "a\n", LIMIT_MESSAGE_HEADER},
    {"header that goes on", "a: b\n", " c\n", LIMIT_MESSAGE_HEADER - 1},
    {"fields of a part", PART, "a: b\n", LIMIT_MESSAGE_FIELDS - 1},
    {"space before the colon", PART, "a  : b\n", LIMIT_MESSAGE_FIELDS - 1},
    {"no ASCII", PART, "\xff: b\n", LIMIT_MESSAGE_FIELDS - 1},
    {"a tab before the colon", PART, "a\t: b\n", LIMIT_MESSAGE_FIELDS - 1},
};

static void
the_most_may_be_parsed_and_one_more_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].id, scan_many(rows[i].begin, rows[i].line,
				    rows[i].most, "\n") == NULL);
		ROW(rows[i].id, scan_many(rows[i].begin, rows[i].line,
				    rows[i].most + 1, "\n") != NULL);
	}
}

/* LIMIT_MESSAGE_FIELD_OCTETS, on one line or on many */
static void
what_is_inside_of_fields_is_bounded(void **state)
{
	enum { MANY = LIMIT_MESSAGE_FIELD_OCTETS / 4 };
	static const char type[] = PART "Content-Type: a/b";

	(void)state;
	assert_null(scan_many(type, ";a=b", MANY - 32, "\n\n"));
	assert_string_equal(
	    scan_many(type, ";a=b", MANY, "\n\n"), "over 1 MiB of fields");
	assert_string_equal(
	    scan_many(type, ";\n a=b", MANY, "\n\n"), "over 1 MiB of fields");
	assert_string_equal(
	    scan_many("To: a@b", ",a@b", MANY, "\n\n"), "over 1 MiB of fields");
}

/* LIMIT_MESSAGE_COLONS: groups of addresses in each other, which a parser may
 * follow until it has no stack */
static void
what_nests_inside_of_a_field_is_bounded(void **state)
{
	enum { MANY = LIMIT_MESSAGE_COLONS };

	(void)state;
	assert_null(scan_many("From: ", "a:", MANY - 1, "\n\n"));
	assert_non_null(scan_many("From: ", "a:", MANY, "\n\n"));
	assert_non_null(scan_many(PART "Cc: x", "\n a:", MANY, "\n\n"));
	assert_non_null(scan_many("Cc: x\nTo :", "a:", MANY, "\n\n"));
	assert_null(scan_many(PART, "To: a:b:c:d\n", MANY, "\n"));
}

/* A report may be large, and written in many ways. */
static void
what_is_no_field_may_be_large(void **state)
{
	(void)state;
	assert_null(scan_many(
	    PART "\n", "QUJDREVGR0hJSktMTU5PUFFSU1RVVg==\n", 200000, "\n"));
	assert_null(
	    scan_many(PART "\n{\n", "  \"a\": \"b\",\n", 200000, "}\n"));
	assert_null(
	    scan_many(PART "\n{\"a\":", "\"0123456789\",", 200000, "1}\n"));
	assert_null(
	    scan_many("Subject: x\n\n", "a line of words\n", 100000, ""));
}

static void
nothing_may_be_parsed(void **state)
{
	(void)state;
	assert_null(message_scan("", 0));
	assert_null(message_scan("-", 1));
	assert_null(message_scan("\n", 1));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_most_may_be_parsed_and_one_more_not),
	    cmocka_unit_test(what_is_inside_of_fields_is_bounded),
	    cmocka_unit_test(what_nests_inside_of_a_field_is_bounded),
	    cmocka_unit_test(what_is_no_field_may_be_large),
	    cmocka_unit_test(nothing_may_be_parsed),
	};

	return RUN_TESTS(tests);
}
