/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/der.h"

#include "t/unit/tap.h"

static void
an_element_has_content_and_a_whole(void **state)
{
	static const uint8_t octets[] = {0x30, 3, 2, 1, 7, 3, 0x81, 1, 9};
	struct wire in;
	struct der whole, content;

	(void)state;
	der_open(&in, (struct der){octets, sizeof(octets)});
	content = der_take(&in, DER_SEQUENCE, &whole);
	assert_ptr_equal(content.data, octets + 2);
	assert_int_equal(content.size, 3);
	assert_ptr_equal(whole.data, octets);
	assert_int_equal(whole.size, 5);
	content = der_take(&in, DER_BIT_STRING, NULL);
	assert_ptr_equal(content.data, octets + 8);
	assert_int_equal(content.size, 1);
	assert_false(in.bad);
	assert_int_equal(in.left, 0);
}

static void
what_is_no_element_is_bad(void **state)
{
	static const struct {
		const char *id;
		uint8_t octets[8];
		size_t size;
	} rows[] = {
	    {"nothing", {0}, 0},
	    {"no length", {0x30}, 1},
	    {"another tag", {0x31, 0}, 2},
	    {"content cut short", {0x30, 2, 0}, 3},
	    {"length cut short", {0x30, 0x82, 0}, 3},
	    {"indefinite", {0x30, 0x80, 0, 0}, 4},
	    {"length of five octets", {0x30, 0x85, 0, 0, 0, 0, 0}, 7},
	    {"length of all bits", {0x30, 0x84, 255, 255, 255, 255, 0}, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wire in;

		der_open(&in, (struct der){rows[i].octets, rows[i].size});
		ROW(rows[i].id, der_take(&in, DER_SEQUENCE, NULL).size == 0);
		ROW(rows[i].id, in.bad);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_element_has_content_and_a_whole),
	    cmocka_unit_test(what_is_no_element_is_bad),
	};

	return RUN_TESTS(tests);
}
