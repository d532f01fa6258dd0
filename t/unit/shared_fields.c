/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_fields.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* Brackets are counted before anything is parsed; in a text they are none. */
static void
an_object_holds_as_many_lists_as_were_asked_for(void **state)
{
	static const struct {
		const char *payload;
		size_t lists;
		bool good;
	} rows[] = {{"{}", 0, true}, {"{}", 1, false}, {"{\"a\":[]}", 1, true},
	    {"{\"a\":[]}", 0, false}, {"{\"a\":[]}", 2, false},
	    {"{\"a\":[],\"b\":[]}", 2, true}, {"{\"a\":[[]]}", 1, false},
	    {"{\"a\":{}}", 0, false}, {"[]", 0, false}, {"1", 0, false},
	    {"", 0, false}, {"{\"[{\":\"{[\"}", 0, true},
	    {"{\"a\":\"\\\"[\"}", 0, true},
	    {"{\"a\":\"\\\\\",\"b\":[]}", 1, true},
	    {"{\"a\":\"\\\\\",\"b\":[]}", 0, false},
	    {"{\"a\":1,\"a\":1}", 0, false}, {"{\"a\":\"\\u0000\"}", 0, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* of its own, so that a read past it is seen */
		size_t size = strlen(rows[i].payload);
		char *payload = xmemdup(rows[i].payload, size);
		json_t *object =
		    shared_fields_load(payload, size, rows[i].lists);

		ROW(rows[i].payload, (object != NULL) == rows[i].good);
		json_decref(object);
		free(payload);
	}
}

/* F49 */
static void
a_payload_is_no_larger_than_a_value(void **state)
{
	char *payload = xmalloc(LIMIT_SHARED_VALUE + 1);

	(void)state;
	memset(payload, ' ', LIMIT_SHARED_VALUE + 1);
	memcpy(payload, "{}", 2);
	for (size_t more = 0; more < 2; more++) {
		json_t *object =
		    shared_fields_load(payload, LIMIT_SHARED_VALUE + more, 0);

		assert_int_equal(object == NULL, more);
		json_decref(object);
	}
	free(payload);
}

/* A quoted text of so many letters is what is printed. */
static void
a_payload_is_put_whole_or_not_at_all(void **state)
{
	enum { FRAME = sizeof("{\"a\":\"\"}") - 1 };
	char *text = xcalloc(1, LIMIT_SHARED_PAYLOAD + 1);

	(void)state;
	assert_int_equal(LIMIT_SHARED_PAYLOAD, 163712);
	assert_null(shared_fields_print(NULL));
	for (size_t more = 0; more < 2; more++) {
		char *printed;

		memset(text, 'x', LIMIT_SHARED_PAYLOAD - FRAME + more);
		printed = shared_fields_print(json_pack("{s:s}", "a", text));
		assert_int_equal(printed == NULL, more);
		assert_true(
		    printed == NULL || strlen(printed) == LIMIT_SHARED_PAYLOAD);
		free(printed);
	}
	free(text);
}

static void
a_time_is_of_a_year_that_can_be_written(void **state)
{
	static const struct {
		json_int_t value;
		bool good;
	} rows[] = {{-1, false}, {0, true}, {1, true}, {253402300799, true},
	    {253402300800, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *object = json_pack("{s:I}", "t", rows[i].value);
		long long number = 7;
		time_t at_s = 7;

		assert_int_equal(
		    shared_fields_integer(object, "t", &number), rows[i].good);
		assert_int_equal(
		    shared_fields_time(object, "t", &at_s), rows[i].good);
		assert_true(!rows[i].good ||
			    (number == rows[i].value && at_s == number));
		json_decref(object);
	}
}

static void
a_text_fits_whole_or_is_not_taken(void **state)
{
	json_t *object = json_pack("{s:s, s:i}", "a", "abc", "b", 1);
	char out[4];

	(void)state;
	assert_true(shared_fields_text(object, "a", out, sizeof(out)));
	assert_string_equal(out, "abc");
	assert_false(shared_fields_text(object, "a", out, sizeof(out) - 1));
	assert_false(shared_fields_text(object, "b", out, sizeof(out)));
	assert_false(shared_fields_text(object, "c", out, sizeof(out)));
	json_decref(object);
}

static void
a_name_of_a_host_is_of_few_letters(void **state)
{
	static const char *const bad[] = {
	    "", "mx 1", "mx/1", "m\xc3\xbc", "mx\n", "mx,1"};
	char name[LIMIT_DOMAIN_SIZE + 1];

	(void)state;
	assert_true(shared_is_host_name("a"));
	assert_true(shared_is_host_name("Mx-1_b.example.Org:8891"));
	for (size_t i = 0; i < COUNT(bad); i++)
		ROW(bad[i], !shared_is_host_name(bad[i]));
	memset(name, 'a', sizeof(name));
	name[LIMIT_DOMAIN_SIZE] = '\0';
	assert_false(shared_is_host_name(name));
	name[LIMIT_DOMAIN_SIZE - 1] = '\0';
	assert_true(shared_is_host_name(name));
}

static void
digits_are_of_one_case_and_so_many(void **state)
{
	(void)state;
	assert_true(shared_fields_is_hex("0123456789abcdef", 16));
	assert_false(shared_fields_is_hex("0123456789abcdef", 15));
	assert_false(shared_fields_is_hex("0123456789abcdef", 17));
	assert_false(shared_fields_is_hex("0123456789abcdeF", 16));
	assert_false(shared_fields_is_hex("g123456789abcdef", 16));
}

static void
a_domain_has_one_spelling(void **state)
{
	(void)state;
	assert_true(shared_fields_is_domain("a.example"));
	assert_false(shared_fields_is_domain("A.example"));
	assert_false(shared_fields_is_domain("a.example."));
	assert_false(shared_fields_is_domain("a b"));
	assert_false(shared_fields_is_domain(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_object_holds_as_many_lists_as_were_asked_for),
	    cmocka_unit_test(a_payload_is_no_larger_than_a_value),
	    cmocka_unit_test(a_payload_is_put_whole_or_not_at_all),
	    cmocka_unit_test(a_time_is_of_a_year_that_can_be_written),
	    cmocka_unit_test(a_text_fits_whole_or_is_not_taken),
	    cmocka_unit_test(a_name_of_a_host_is_of_few_letters),
	    cmocka_unit_test(digits_are_of_one_case_and_so_many),
	    cmocka_unit_test(a_domain_has_one_spelling),
	};

	return RUN_TESTS(tests);
}
