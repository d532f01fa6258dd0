/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_measure.h"

#include <string.h>

#include "t/unit/tap.h"

static const struct json_bounds bounds = {40, 3, 8};

static void
an_object_is_measured_to_its_end(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} rows[] = {
	    {"{}", 2},
	    {" \n\t{} {}", 5},
	    {"{\"a\":[1,2]}x", 11},
	    {"{\"}\":\"\\\"}\"}", 11},
	    {"{\"a\":{\"b\":[]}}", 14},
	    {"{\"a\":\"[[[[[[[[,,,,,,,,,,\"}", 26},
	    {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}", 40},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].text,
		    json_measure(rows[i].text, strlen(rows[i].text), &bounds,
			&err) == rows[i].size);
}

static void
what_is_no_object_or_over_a_bound_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "not a JSON object"},
	    {" \v{}", "not a JSON object"},
	    {"[]", "not a JSON object"},
	    {"{", "it does not end"},
	    {"{\"}", "it does not end"},
	    {"{\"a\":[[[]]]}", "too deep"},
	    {"{\"a\":[1,2,3,4,5,6,7]}", "too many values"},
	    {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}", "over 40 octets"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.text = ""};

		ROW(rows[i].text,
		    json_measure(rows[i].text, strlen(rows[i].text), &bounds,
			&err) == 0);
		ROW(rows[i].text, err.kind == ERR_DATA);
		ROW_TEXT(rows[i].text, err.text, rows[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_object_is_measured_to_its_end),
	    cmocka_unit_test(what_is_no_object_or_over_a_bound_is_refused),
	};

	return RUN_TESTS(tests);
}
