/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/der.h"

#include <string.h>

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
a_length_is_of_up_to_four_octets(void **state)
{
	enum { LONG = 0x123 };
	static const struct {
		const char *id;
		struct der head;
		size_t content;
	} rows[] = {
	    {"one octet", {(const uint8_t *)"\x30\x7f", 2}, 0x7f},
	    {"one more", {(const uint8_t *)"\x30\x81\x80", 3}, 0x80},
	    {"two", {(const uint8_t *)"\x30\x82\x01\x23", 4}, LONG},
	    {"three", {(const uint8_t *)"\x30\x83\x00\x01\x23", 5}, LONG},
	    {"four", {(const uint8_t *)"\x30\x84\x00\x00\x01\x23", 6}, LONG},
	};
	uint8_t octets[8 + LONG];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct der head = rows[i].head;
		struct der content;
		struct wire in;

		memset(octets, 7, sizeof(octets));
		memcpy(octets, head.data, head.size);
		der_open(&in, (struct der){octets, sizeof(octets)});
		content = der_take(&in, DER_SEQUENCE, NULL);
		ROW(rows[i].id, !in.bad);
		ROW(rows[i].id, content.data == octets + head.size);
		ROW(rows[i].id, content.size == rows[i].content);
	}
}

static void
what_is_no_element_is_bad(void **state)
{
	static const struct {
		const char *id;
		uint8_t octets[2 + 0x80];
		size_t size;
	} rows[] = {
	    {"nothing", {0}, 0},
	    {"no length", {0x30}, 1},
	    {"another tag", {0x31, 0}, 2},
	    {"content cut short", {0x30, 2, 0}, 3},
	    {"length cut short", {0x30, 0x82, 0}, 3},
	    {"indefinite", {0x30, 0x80, 0, 0}, 4},
	    {"indefinite before a lot", {0x30, 0x80}, 2 + 0x80},
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

static void
octets_are_equal_where_all_of_them_are(void **state)
{
	static const uint8_t ab[] = "ab", ac[] = "ac", again[] = "ab";
	const struct der nothing = {NULL, 0};

	(void)state;
	assert_true(der_equal((struct der){ab, 2}, (struct der){again, 2}));
	assert_true(der_equal((struct der){ab, 1}, (struct der){ac, 1}));
	assert_true(der_equal(nothing, (struct der){ab, 0}));
	assert_true(der_equal(nothing, nothing));
	assert_false(der_equal((struct der){ab, 2}, (struct der){ac, 2}));
	assert_false(der_equal((struct der){ac, 2}, (struct der){ab, 2}));
	assert_false(der_equal((struct der){ab, 1}, (struct der){again, 2}));
	assert_false(der_equal((struct der){ab, 2}, (struct der){again, 1}));
	assert_false(der_equal((struct der){ab, 1}, (struct der){ab + 1, 1}));
	assert_false(der_equal(nothing, (struct der){ab, 1}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_element_has_content_and_a_whole),
	    cmocka_unit_test(a_length_is_of_up_to_four_octets),
	    cmocka_unit_test(what_is_no_element_is_bad),
	    cmocka_unit_test(octets_are_equal_where_all_of_them_are),
	};

	return RUN_TESTS(tests);
}
