/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/text.h"

#include <string.h>

#include "common/base/err.h"
#include "t/unit/tap.h"

static void
text_never_passes_the_end_of_its_array(void **state)
{
	char array[8], guard = 'g';
	struct text text;

	(void)state;
	text_init(&text, array, sizeof(array));
	text_add(&text, "1234");
	text_addf(&text, "%d", 567);
	assert_string_equal(array, "1234567");
	assert_false(text.cut);
	text_add(&text, "8");
	assert_true(text.cut);
	text_addf(&text, "%s", "more");
	assert_string_equal(array, "1234567");
	assert_int_equal(text.len, 7);
	assert_int_equal(guard, 'g');
	assert_false(text_copy(array, sizeof(array), "12345678"));
	assert_string_equal(array, "1234567");
}

static void
letters_and_digits_are_those_of_ascii(void **state)
{
	static const char no[] = {
	    '\0', '/', ':', '@', '[', '`', '{', '_', '-', (char)0xe4};

	(void)state;
	for (const char *yes = "azAZ09"; *yes != '\0'; yes++)
		assert_true(text_is_alnum(*yes));
	for (size_t i = 0; i < sizeof(no); i++)
		assert_false(text_is_alnum(no[i]));
}

static void
clean_text_keeps_to_the_grammar_of_a_log_value(void **state)
{
	static const struct {
		const char *id, *in;
		size_t length;
		const char *out;
	} rows[] = {
	    {"plain", "abc-1.2", 7, "abc-1.2"},
	    {"allowed", "._:/@+-[]~,%", 12, "._:/@+-[]~,%"},
	    {"space", "a  b\tc", 6, "a_b_c"},
	    {"newline", "a\r\nb", 4, "a_b"},
	    {"equals and quote", "a=\"b\"", 5, "a??b?"},
	    {"nul", "a\0b", 3, "a?b"},
	    {"high", "\xc3\xbc", 2, "??"},
	    {"escape", "\033[31m", 5, "?[31m"},
	    {"cut", "0123456789abcdefXYZ", 19, "0123456789abcde"},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		text_clean(out, sizeof(out), rows[i].in, rows[i].length);
		ROW_TEXT(rows[i].id, out, rows[i].out);
	}
}

static void
what_was_typed_is_shown_escaped(void **state)
{
	static const struct {
		const char *id, *in;
		size_t length;
		const char *out;
	} rows[] = {
	    {"plain", "a b=\"c\" \\", 9, "a b=\"c\" \\"},
	    {"high", "m\xc3\xbcx", 4, "m\\xc3\\xbcx"},
	    {"control", "\033[\x7f", 3, "\\x1b[\\x7f"},
	    {"nul", "a\0b", 3, "a\\x00b"},
	    {"cut", "0123456789abcdefXYZ", 19, "0123456789abcde"},
	    {"cut to whole ones", "0123456789ab\xc3", 13, "0123456789ab"},
	    {"none", "", 0, ""},
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		text_escape(out, sizeof(out), rows[i].in, rows[i].length);
		ROW_TEXT(rows[i].id, out, rows[i].out);
	}
}

static void
what_is_not_printable_becomes_a_question_mark(void **state)
{
	char all[] = "a\tb\r\nc\x7f\xc3\xbc ~", some[sizeof(all)], none[] = "";

	(void)state;
	memcpy(some, all, sizeof(all));
	text_printable(all, "");
	assert_string_equal(all, "a?b??c??? ~");
	text_printable(some, "\r\n");
	assert_string_equal(some, "a?b\r\nc??? ~");
	text_printable(none, "\n");
	assert_string_equal(none, "");
}

static void
hex_is_read_and_written(void **state)
{
	uint8_t octets[3];
	char hex[7], small[5];

	(void)state;
	assert_int_equal(text_unhex(octets, sizeof(octets), "0aF f10"), 3);
	text_hex(hex, sizeof(hex), octets, 3);
	assert_string_equal(hex, "0aff10");
	text_hex(small, sizeof(small), octets, 3);
	assert_string_equal(small, "0aff");
	assert_int_equal(text_unhex(octets, sizeof(octets), "abc"), -1);
	assert_int_equal(text_unhex(octets, sizeof(octets), "zz"), -1);
	assert_int_equal(text_unhex(octets, sizeof(octets), "00112233"), -1);
	assert_int_equal(text_unhex(octets, sizeof(octets), ""), 0);
}

static void
numbers_are_digits_within_a_maximum(void **state)
{
	uint32_t value = 7;

	(void)state;
	assert_int_equal(text_uint("4294967295", UINT32_MAX, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(text_uint("4294967296", UINT32_MAX, &value), -1);
	assert_int_equal(text_uint("11", 10, &value), -1);
	assert_int_equal(text_uint("", 10, &value), -1);
	assert_int_equal(text_uint("-1", 10, &value), -1);
	assert_int_equal(text_uint("1 ", 10, &value), -1);
	assert_int_equal(
	    text_uint("99999999999999999999999", UINT32_MAX, &value), -1);
	assert_int_equal(value, UINT32_MAX);
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *in;
		int rc, ms;
	} rows[] = {
	    {"250ms", 0, 250},
	    {"20s", 0, 20000},
	    {"20", 0, 20000},
	    {"5m", 0, 300000},
	    {"1h", 0, 3600000},
	    {"1d", 0, 86400000},
	    {"", -1, 0},
	    {"s", -1, 0},
	    {"1 s", -1, 0},
	    {"1w", -1, 0},
	    {"-1s", -1, 0},
	    {"2d", -1, 0},
	    {"99999999999999999999s", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int ms = 0;

		ROW(rows[i].in,
		    text_duration_ms(rows[i].in, 86400000, &ms) == rows[i].rc);
		ROW(rows[i].in, ms == rows[i].ms);
	}
}

static void
trim_and_lower_are_ascii(void **state)
{
	char spaced[] = " \t A B \r\n", mixed[] = "AbC\xc4";

	(void)state;
	assert_string_equal(text_trim(spaced), "A B");
	text_lower(mixed);
	assert_string_equal(mixed, "abc\xc4");
}

static void
an_error_is_cut_and_may_be_nobodys(void **state)
{
	char longer[512];
	struct err err;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(err_set(NULL, ERR_TEMP, "%s", longer), -1);
	assert_int_equal(err_set(&err, ERR_DATA, "%s", longer), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
numbers_are_added_in_decimal(void **state)
{
	char out[40], small[4];
	struct text text;

	(void)state;
	text_init(&text, out, sizeof(out));
	text_add_uint(&text, 0);
	text_add(&text, " ");
	text_add_uint(&text, 1090);
	text_add(&text, " ");
	text_add_uint(&text, UINT64_MAX);
	assert_string_equal(out, "0 1090 18446744073709551615");
	text_init(&text, small, sizeof(small));
	text_add_uint(&text, 12345);
	assert_string_equal(small, "123");
	assert_true(text.cut);
}

int
main(void)
{
	const struct CMUnitTest text[] = {
	    cmocka_unit_test(numbers_are_added_in_decimal),
	    cmocka_unit_test(text_never_passes_the_end_of_its_array),
	    cmocka_unit_test(clean_text_keeps_to_the_grammar_of_a_log_value),
	    cmocka_unit_test(what_was_typed_is_shown_escaped),
	    cmocka_unit_test(letters_and_digits_are_those_of_ascii),
	    cmocka_unit_test(what_is_not_printable_becomes_a_question_mark),
	    cmocka_unit_test(hex_is_read_and_written),
	    cmocka_unit_test(numbers_are_digits_within_a_maximum),
	    cmocka_unit_test(durations_have_units),
	    cmocka_unit_test(trim_and_lower_are_ascii),
	    cmocka_unit_test(an_error_is_cut_and_may_be_nobodys),
	};

	return RUN_TESTS(text);
}
