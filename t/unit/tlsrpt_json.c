/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_json.h"

#include <jansson.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/tlsrpt_report.h"
#include "t/unit/tap.h"

/* Octets with a length, for those that hold a NUL. */
#define OCTETS(text) text, sizeof(text) - 1

static const struct {
	const char *id;
	const char *octets;
	size_t size;
	bool mended;
	const char *json; /* what it is read as; NULL: it is refused */
} rows[] = {
    {"plain", OCTETS("{\"a\": [1, 2.5, true, null, \"x\"]}"), false,
	"{\"a\":[1,2.5,true,null,\"x\"]}"},
    {"space around", OCTETS(" \r\n\t{}\n\n"), false, "{}"},
    {"an array", OCTETS("[{},{}]"), false, "[{},{}]"},
    {"T18 Latin-1", OCTETS("{\"a\":\"M\xfcller\"}"), true,
	"{\"a\":\"M\xef\xbf\xbdller\"}"},
    {"T18 cut UTF-8", OCTETS("{\"a\":\"\xe2\x82\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}"},
    {"T18 overlong", OCTETS("{\"a\":\"\xc0\xaf\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}"},
    {"T18 surrogate in UTF-8", OCTETS("{\"a\":\"\xed\xa0\x80\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}"},
    {"good UTF-8", OCTETS("{\"a\":\"\xe2\x82\xac\xf0\x9f\x93\xa7\"}"), false,
	"{\"a\":\"\xe2\x82\xac\xf0\x9f\x93\xa7\"}"},
    {"the first and last of each size",
	OCTETS("{\"a\":\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xe1\x80\x80"
	       "\xec\xbf\xbf\xed\x80\x80\xed\x9f\xbf\xee\x80\x80"
	       "\xef\xbf\xbf\xf0\x90\x80\x80\xf1\x80\x80\x80"
	       "\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf\"}"),
	false,
	"{\"a\":\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xe1\x80\x80"
	"\xec\xbf\xbf\xed\x80\x80\xed\x9f\xbf\xee\x80\x80"
	"\xef\xbf\xbf\xf0\x90\x80\x80\xf1\x80\x80\x80"
	"\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf\"}"},
    {"T18 a second octet that is none", OCTETS("{\"a\":\"\xc2x\xe1x\"}"), true,
	"{\"a\":\"\xef\xbf\xbdx\xef\xbf\xbdx\"}"},
    {"T18 a second octet too high", OCTETS("{\"a\":\"\xc2\xc0\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}"},
    {"T18 a third octet that is none", OCTETS("{\"a\":\"\xe1\x80x\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbdx\"}"},
    {"T18 a third octet too high", OCTETS("{\"a\":\"\xe1\x80\xc0\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}"},
    {"T18 a fourth octet that is none", OCTETS("{\"a\":\"\xf1\x80\x80x\"}"),
	true, "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"}"},
    {"T18 beyond Unicode", OCTETS("{\"a\":\"\xf5\"}"), true,
	"{\"a\":\"\xef\xbf\xbd\"}"},
    {"brackets in a text", OCTETS("{\"a\":\"]}[{\"}"), false,
	"{\"a\":\"]}[{\"}"},
    {"a quote in a text", OCTETS("{\"a\":\"\\\"]}\"}"), false,
	"{\"a\":\"\\\"]}\"}"},
    {"an escape at the end", OCTETS("{\"a\":\"\\n\"}"), false,
	"{\"a\":\"\\n\"}"},
    {"T18 mark", OCTETS("\xef\xbb\xbf {\"a\":1}"), true, "{\"a\":1}"},
    {"T18 a tail", OCTETS("{\"a\":1}\n-- \nsent by"), true, "{\"a\":1}"},
    {"T18 a second value", OCTETS("{\"a\":1}{\"a\":2}"), true, "{\"a\":1}"},
    {"T18 equal keys", OCTETS("{\"a\":1,\"b\":2,\"a\":3}"), true,
	"{\"a\":3,\"b\":2}"},
    {"T18 NUL", OCTETS("{\"a\":\"x\\u0000y\"}"), true,
	"{\"a\":\"x\xef\xbf\xbdy\"}"},
    {"a backslash before u0000", OCTETS("{\"a\":\"x\\\\u0000\"}"), false,
	"{\"a\":\"x\\\\u0000\"}"},
    {"T18 lone surrogate", OCTETS("{\"a\":\"\\ud800\"}"), false, NULL},
    {"T18 bare newline", OCTETS("{\"a\":\"x\ny\"}"), false, NULL},
    {"T18 NUL octet", OCTETS("{\"a\":\"x\0y\"}"), false, NULL},
    {"T18 NaN", OCTETS("{\"a\":NaN}"), false, NULL},
    {"T18 over 64 bits", OCTETS("{\"a\":18446744073709551616}"), false, NULL},
    {"T18 1e999", OCTETS("{\"a\":1e999}"), false, NULL},
    {"cut", OCTETS("{\"a\":{\"b\":1}"), false, NULL},
    {"cut in a string", OCTETS("{\"a"), false, NULL},
    {"cut behind a backslash", OCTETS("{\"a\\"), false, NULL},
    {"nothing", OCTETS(""), false, NULL},
    {"mark alone", OCTETS("\xef\xbb\xbf"), false, NULL},
    {"a number", OCTETS("1"), false, NULL},
    {"XML", OCTETS("<feedback/>"), false, NULL},
    {"brackets in a string", OCTETS("{\"a\":\"}]{[\",\"b\":1}"), false,
	"{\"a\":\"}]{[\",\"b\":1}"},
    {"a quote in a string", OCTETS("{\"a\":\"x\\\"}y\"}"), false,
	"{\"a\":\"x\\\"}y\"}"},
    {"a backslash at the end", OCTETS("{\"a\":\"\\n\"}"), false,
	"{\"a\":\"\\n\"}"},
    {"two of them at the end", OCTETS("{\"a\":\"\\\\\"}"), false,
	"{\"a\":\"\\\\\"}"},
    {"wrong bracket", OCTETS("{\"a\":1]"), false, NULL},
};

static void
what_can_be_read_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* of its own, so that a read past it is seen */
		char *octets = xmemdup(rows[i].octets, rows[i].size);
		bool mended = false;
		struct err err;
		json_t *value =
		    tlsrpt_json_load(octets, rows[i].size, &mended, &err);
		char *text =
		    value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

		ROW(rows[i].id, (text == NULL) == (rows[i].json == NULL));
		if (text != NULL) {
			ROW_TEXT(rows[i].id, text, rows[i].json);
			ROW(rows[i].id, mended == rows[i].mended);
		} else {
			ROW(rows[i].id, err.kind == ERR_DATA);
		}
		free(text);
		json_decref(value);
		free(octets);
	}
}

/* RFC 3629 section 4: the first and last of each row, and what is none. */
static void
each_form_of_utf8_has_its_bounds(void **state)
{
	static const char *const good[] = {"\x7f", "\xc2\x80", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf",
	    "\xed\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
	    "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80",
	    "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc1\xbf", "\xc2",
	    "\xc2\xc0", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80\xc0",
	    "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"};

	(void)state;
	for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
		bool is_good = i < COUNT(good), mended;
		const char *one = is_good ? good[i] : bad[i - COUNT(good)];
		char text[32];
		json_t *value;

		snprintf(text, sizeof(text), "[\"%s\"]", one);
		value = tlsrpt_json_load(text, strlen(text), &mended, NULL);
		ROW(one, value != NULL);
		ROW(one, mended == !is_good);
		if (is_good)
			ROW_TEXT(one,
			    json_string_value(json_array_get(value, 0)), one);
		json_decref(value);
	}
}

static void
why_it_cannot_be_read_is_told(void **state)
{
	static const struct {
		const char *text, *why;
	} whys[] = {
	    {"x", "no JSON"},
	    {"", "no JSON"},
	    {"  ", "no JSON"},
	    {"\xef\xbb\xbf", "no JSON"},
	    {"{\"a\":[", "JSON ends early, after 6 octets"},
	    {"{\"a\":\x1b}", "line 1 of the JSON: invalid token near '?'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(whys); i++) {
		size_t size = strlen(whys[i].text);
		char *exact = xmemdup(whys[i].text, size);
		struct err err;
		bool mended;

		assert_null(tlsrpt_json_load(exact, size, &mended, &err));
		ROW_TEXT(whys[i].text, err.text, whys[i].why);
		ROW(whys[i].text, !tlsrpt_json_begins(exact, size) ==
				      (strcmp(whys[i].why, "no JSON") == 0));
		free(exact);
	}
}

static json_t *
load_repeated(const char *begin, const char *middle, size_t count)
{
	char *text = xcalloc(strlen(begin) + count * strlen(middle) + 1, 1);
	char *at = stpcpy(text, begin);
	bool mended;
	json_t *value;

	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, middle);
	value = tlsrpt_json_load(text, (size_t)(at - text), &mended, NULL);
	free(text);
	return value;
}

static void
it_is_bounded_before_it_is_parsed(void **state)
{
	char deep[2 * LIMIT_REPORT_DEPTH + 3] = "";
	struct err err;
	bool mended;
	json_t *value;

	(void)state;
	memset(deep, '[', LIMIT_REPORT_DEPTH);
	memset(deep + LIMIT_REPORT_DEPTH, ']', LIMIT_REPORT_DEPTH);
	value = tlsrpt_json_load(deep, strlen(deep), &mended, &err);
	assert_non_null(value);
	json_decref(value);
	memset(deep, '[', LIMIT_REPORT_DEPTH + 1);
	memset(deep + LIMIT_REPORT_DEPTH + 1, ']', LIMIT_REPORT_DEPTH + 1);
	assert_null(tlsrpt_json_load(deep, strlen(deep), &mended, &err));
	assert_string_equal(err.text, "JSON deeper than 32");
	/* what is too deep is refused, though it never ends */
	assert_null(load_repeated("", "[", 100000));
	value = load_repeated("{\"a\":\"", "[", 100000);
	assert_null(value);
}

static void
values_are_counted(void **state)
{
	json_t *value;
	char *text = xmalloc(2 * LIMIT_REPORT_VALUES + 8), *at;
	bool mended;
	struct err err;

	(void)state;
	at = stpcpy(text, "[1");
	for (int i = 1; i < LIMIT_REPORT_VALUES; i++)
		at = stpcpy(at, ",1");
	at = stpcpy(at, "]");
	value = tlsrpt_json_load(text, (size_t)(at - text), &mended, &err);
	assert_non_null(value);
	assert_int_equal(json_array_size(value), LIMIT_REPORT_VALUES);
	json_decref(value);
	at = stpcpy(at - 1, ",1]");
	value = tlsrpt_json_load(text, (size_t)(at - text), &mended, &err);
	assert_null(value);
	assert_string_equal(err.text, "JSON of over 400000 values");
	free(text);
}

/* Those in brackets as well: "[{},{}" and so on, "]". */
static void
objects_and_lists_are_counted(void **state)
{
	static const char *const items[] = {"{},", "[],"};
	enum { MOST = LIMIT_REPORT_VALUES / 2 };
	char *text = xmalloc(3 * (MOST + 1) + 2), *at;

	(void)state;
	for (size_t i = 0; i < COUNT(items); i++) {
		for (int more = 0; more < 2; more++) {
			struct err err;
			bool mended;
			json_t *value;

			at = stpcpy(text, "[");
			for (int n = 0; n < MOST + more; n++)
				at = stpcpy(at, items[i]);
			at[-1] = ']';
			value = tlsrpt_json_load(
			    text, (size_t)(at - text), &mended, &err);
			ROW(items[i], (value == NULL) == (more == 1));
			json_decref(value);
		}
	}
	free(text);
}

static void
what_cannot_be_read_is_told_why(void **state)
{
	static const struct {
		const char *octets, *text;
	} faults[] = {
	    {"{\"a\"", "JSON ends early, after 4 octets"},
	    {"x", "no JSON"},
	    {"{\n\"a\":x}", "line 2 of the JSON: invalid token near 'x'"},
	    {"{\xfc}", "line 1 of the JSON: "
		       "string or '}' expected near '\?\?\?'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct err err;
		bool mended;

		assert_null(tlsrpt_json_load(
		    faults[i].octets, strlen(faults[i].octets), &mended, &err));
		ROW_TEXT(faults[i].octets, err.text, faults[i].text);
	}
}

static void
how_json_begins(void **state)
{
	(void)state;
	assert_true(tlsrpt_json_begins("{", 1));
	assert_true(tlsrpt_json_begins("\xef\xbb\xbf\n [", 6));
	assert_false(tlsrpt_json_begins("", 0));
	assert_false(tlsrpt_json_begins("   ", 3));
	assert_false(tlsrpt_json_begins("\xef\xbb{", 3));
	assert_false(tlsrpt_json_begins("From x", 6));
}

static void
what_looks_like_a_report(void **state)
{
	json_t *object = json_pack("{s:i}", "report-id", 1);

	(void)state;
	assert_true(tlsrpt_json_is_report(object));
	json_object_clear(object);
	assert_false(tlsrpt_json_is_report(object));
	json_object_set_new(object, "policies", json_null());
	assert_true(tlsrpt_json_is_report(object));
	json_decref(object);
	assert_false(tlsrpt_json_is_report(NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_can_be_read_is),
	    cmocka_unit_test(each_form_of_utf8_has_its_bounds),
	    cmocka_unit_test(why_it_cannot_be_read_is_told),
	    cmocka_unit_test(it_is_bounded_before_it_is_parsed),
	    cmocka_unit_test(values_are_counted),
	    cmocka_unit_test(objects_and_lists_are_counted),
	    cmocka_unit_test(what_cannot_be_read_is_told_why),
	    cmocka_unit_test(how_json_begins),
	    cmocka_unit_test(what_looks_like_a_report),
	};

	return RUN_TESTS(tests);
}
