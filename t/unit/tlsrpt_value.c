/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_parse.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define QUIRK(number) (UINT32_C(1) << (number))

static void
a_time_has_a_date_and_may_have_a_zone(void **state)
{
	static const struct {
		const char *text;
		long long at; /* -1: it is none */
		bool zoned;
	} rows[] = {
	    {"2026-11-28T00:00:00Z", 1795824000, true},
	    {"2026-11-28T00:00:00z", 1795824000, true},
	    {"2026-11-28T00:00:00", 1795824000, false},
	    {"2026-11-28 00:00:00Z", 1795824000, true},
	    {"2026-11-28T00:00:00.250Z", 1795824000, true},
	    {"2026-11-28T00:00:00.Z", 1795824000, true},
	    {"2026-11-28T02:30:00+02:30", 1795824000, true},
	    {"2026-11-27T22:30:00-0130", 1795824000, true},
	    {"2026-11-28T23:59:00+23:59", 1795824000, true},
	    {"2026-11-28T09:09:00+09:09", 1795824000, true},
	    {"1970-01-01T00:00:00Z", 0, true},
	    {"1970-01-01T00:01:00+00:01", 0, true},
	    {"1970-01-01T00:00:00+00:01", -1, false},
	    {"1969-12-31T23:59:59Z", -1, false},
	    {"9999-12-31T23:59:59Z", 253402300799, true},
	    {"10000-01-01T00:00:00Z", -1, false},
	    {"2026-11-28T00:00:00+24:00", -1, false},
	    {"2026-11-28T00:00:00+00:60", -1, false},
	    {"2026-11-28T00:00:00+2:00", -1, false},
	    {"2026-11-28T00:00:00+02:0", -1, false},
	    {"2026-11-28T00:00:00+02", -1, false},
	    {"2026-11-28T00:00:00+02:", -1, false},
	    {"2026-11-28T00:00:00+", -1, false},
	    {"2026-11-28T00:00:00+02:00x", -1, false},
	    {"2026-11-28T00:00:00+0/:00", -1, false},
	    {"2026-11-28T00:00:00+0::00", -1, false},
	    {"2026-11-28T00:00:00+/0:00", -1, false},
	    {"2026-11-28T00:00:00+:0:00", -1, false},
	    {"2026-11-28T00:00:00 UTC", -1, false},
	    {"2026-11-28T00:00:00Zx", -1, false},
	    {"2026-02-29T00:00:00Z", -1, false},
	    {"2026-11-28", -1, false},
	    {"", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		time_t at = -1;
		bool zoned = false;
		/* of its own, so that a read past it is seen */
		char *text = xstrdup(rows[i].text);
		int rc = tlsrpt_time_parse(text, &at, &zoned);

		free(text);
		ROW(rows[i].text, rc == (rows[i].at < 0 ? -1 : 0));
		ROW(rows[i].text, at == rows[i].at);
		ROW(rows[i].text, rc != 0 || zoned == rows[i].zoned);
	}
}

/* Of {"n": VALUE} */
static void
a_count_is_read_in_some_forms(void **state)
{
	static const struct {
		const char *value;
		uint32_t quirks;
		uint64_t count;
		const char *why; /* what it is not */
	} rows[] = {
	    {"0", 0, 0, NULL},
	    {"7", 0, 7, NULL},
	    {"9007199254740992", 0, TLSRPT_COUNT_MAX, NULL},
	    {"9007199254740993", 0, 0, "n is over 2^53"},
	    {"-1", 0, 0, "n is negative"},
	    {"null", QUIRK(11), 0, NULL},
	    {"3.0", QUIRK(12), 3, NULL},
	    {"-3.0", QUIRK(12), 0, "n is negative"},
	    {"3.5", 0, 0, "n is no count"},
	    {"1e300", 0, 0, "n is no count"},
	    {"\"0\"", QUIRK(12), 0, NULL},
	    {"\"9\"", QUIRK(12), 9, NULL},
	    {"\"1e3\"", QUIRK(12), 1000, NULL},
	    {"\"-1\"", QUIRK(12), 0, "n is negative"},
	    {"\"1.5\"", 0, 0, "n is no count"},
	    {"\"\"", 0, 0, "n is no count"},
	    {"\" 1\"", 0, 0, "n is no count"},
	    {"\"+1\"", 0, 0, "n is no count"},
	    {"\"/1\"", 0, 0, "n is no count"},
	    {"\":1\"", 0, 0, "n is no count"},
	    {"\"1 \"", 0, 0, "n is no count"},
	    {"\"-\"", 0, 0, "n is no count"},
	    {"\"nan\"", 0, 0, "n is no count"},
	    {"\"18014398509481984\"", QUIRK(12), 0, "n is over 2^53"},
	    {"\"18014398509481988\"", 0, 0, "n is no count"},
	    {"\"-18014398509481988\"", 0, 0, "n is no count"},
	    {"true", 0, 0, "n is no count"},
	    {"[]", 0, 0, "n is no count"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_report report = {.quirks = 0};
		struct err err = {.text = ""};
		struct tlsrpt_parsing parsing = {
		    .report = &report, .err = &err};
		char text[64];
		uint64_t count = 99;
		json_t *object;
		int rc;

		snprintf(text, sizeof(text), "{\"n\":%s}", rows[i].value);
		object = json_loads(text, 0, NULL);
		rc = tlsrpt_count(&parsing, object, "n", &count);
		ROW(rows[i].value, rc == (rows[i].why == NULL ? 0 : -1));
		ROW_TEXT(rows[i].value, err.text,
		    rows[i].why == NULL ? "" : rows[i].why);
		ROW(rows[i].value, count == rows[i].count);
		ROW(rows[i].value, report.quirks == rows[i].quirks);
		json_decref(object);
	}
}

static void
names_and_addresses_have_one_form(void **state)
{
	static const struct {
		const char *in, *name, *address;
	} rows[] = {
	    {"MX.d.ex.", "mx.d.ex", "MX.d.ex."},
	    {"a b", "a b", "a b"},
	    {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
	    {"2001:DB8:0::1", "2001:DB8:0::1", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"},
	    {"::fffe:192.0.2.1", "::fffe:192.0.2.1", "::fffe:c000:201"},
	};

	(void)state;
	assert_null(tlsrpt_name(NULL));
	assert_null(tlsrpt_address(NULL));
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *name = tlsrpt_name(xstrdup(rows[i].in));
		char *address = tlsrpt_address(xstrdup(rows[i].in));

		ROW_TEXT(rows[i].in, name, rows[i].name);
		ROW_TEXT(rows[i].in, address, rows[i].address);
		free(name);
		free(address);
	}
}

static void
a_list_may_be_a_text_and_a_text_a_list(void **state)
{
	static const struct {
		const char *value, *items;
		uint32_t quirks;
	} rows[] = {
	    {"null", "", 0},
	    {"[]", "", 0},
	    {"[\"a\",\"b;c\"]", "a|b;c|", 0},
	    {"[\"a\",1,null,\"b\"]", "a|b|", 0},
	    {"[\" a \",\"\"]", "a|", 0},
	    {"[\"a\\r\\n b\\n\",\"c\"]", "a|b|c|", QUIRK(5)},
	    {"[\"a\\rb\"]", "a|b|", QUIRK(5)},
	    {"\"a;b; ;c\\r\\nd\"", "a|b|c|d|", QUIRK(5)},
	    {"\"\"", "", QUIRK(5)},
	    {"{\"a\":\"b\"}", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_report report = {.quirks = 0};
		struct tlsrpt_parsing parsing = {.report = &report};
		json_t *value =
		    json_loads(rows[i].value, JSON_DECODE_ANY, NULL);
		struct tlsrpt_list list = {.count = 0};
		struct text text;
		char items[64];

		text_init(&text, items, sizeof(items));
		tlsrpt_strings(&parsing, value, &list);
		for (size_t n = 0; n < list.count; n++) {
			text_addf(&text, "%s|", list.items[n]);
			free(list.items[n]);
		}
		free(list.items);
		ROW_TEXT(rows[i].value, items, rows[i].items);
		ROW(rows[i].value, report.quirks == rows[i].quirks);
		json_decref(value);
	}
}

static void
keys_of_its_own_are_kept(void **state)
{
	static const char *const known[] = {"a", "b", NULL};
	struct tlsrpt_report report = {.quirks = 0};
	struct tlsrpt_parsing parsing = {.report = &report};
	json_t *object = json_pack("{s:i, s:i}", "a", 1, "b", 2), *others;
	char *text;

	(void)state;
	assert_null(tlsrpt_others(&parsing, object, known));
	assert_null(tlsrpt_others(&parsing, NULL, known));
	assert_int_equal(report.quirks, 0);
	json_object_set_new(object, "c", json_integer(3));
	json_object_set_new(object, "", json_null());
	others = tlsrpt_others(&parsing, object, known);
	text = json_dumps(others, JSON_COMPACT);
	assert_string_equal(text, "{\"c\":3,\"\":null}");
	assert_int_equal(report.quirks, QUIRK(13));
	free(text);
	json_decref(others);
	json_decref(object);
}

static void
an_empty_text_is_none(void **state)
{
	json_t *object =
	    json_pack("{s:s, s:s, s:i}", "a", "x", "b", "", "c", 1);
	char *text = tlsrpt_text(object, "a");

	(void)state;
	assert_string_equal(text, "x");
	free(text);
	assert_null(tlsrpt_text(object, "b"));
	assert_null(tlsrpt_text(object, "c"));
	assert_null(tlsrpt_text(object, "d"));
	json_decref(object);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_time_has_a_date_and_may_have_a_zone),
	    cmocka_unit_test(a_count_is_read_in_some_forms),
	    cmocka_unit_test(names_and_addresses_have_one_form),
	    cmocka_unit_test(a_list_may_be_a_text_and_a_text_a_list),
	    cmocka_unit_test(keys_of_its_own_are_kept),
	    cmocka_unit_test(an_empty_text_is_none),
	};

	return RUN_TESTS(tests);
}
