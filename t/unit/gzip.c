/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/gzip.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { PACKED_SIZE = 256 * 1024, MAX = 20 * 1024 * 1024, GZIP_BITS = 31 };

/* Appends one member with size octets of text. */
static void
pack(uint8_t *packed, size_t *used, const char *text, size_t size)
{
	z_stream stream = {.next_in = (const Bytef *)text,
	    .avail_in = (uInt)size,
	    .next_out = packed + *used,
	    .avail_out = (uInt)(PACKED_SIZE - *used)};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, GZIP_BITS, 9,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	*used += stream.total_out;
	deflateEnd(&stream);
}

static uint8_t packed[PACKED_SIZE];

static void
what_was_packed_comes_out(void **state)
{
	struct gzip_inside inside;
	size_t used = 0;

	(void)state;
	pack(packed, &used, "{\"a\":1}", 7);
	assert_true(gzip_is(packed, used));
	assert_true(gzip_is(packed, 2));
	assert_false(gzip_is(packed, 1));
	assert_int_equal(gzip_unpack(packed, used, MAX, &inside), GZIP_WHOLE);
	assert_int_equal(inside.size, 7);
	assert_int_equal(inside.members, 1);
	assert_string_equal(inside.octets, "{\"a\":1}");
	free(inside.octets);
}

/* T19 */
static void
members_are_read_on(void **state)
{
	struct gzip_inside inside;
	size_t used = 0;

	(void)state;
	pack(packed, &used, "{\"a\":", 5);
	pack(packed, &used, "1}", 2);
	assert_int_equal(gzip_unpack(packed, used, MAX, &inside), GZIP_WHOLE);
	assert_int_equal(inside.members, 2);
	assert_string_equal(inside.octets, "{\"a\":1}");
	free(inside.octets);
}

/* T16: garbage behind base64 decodes to some octets */
static void
what_stands_behind_is_passed_over(void **state)
{
	struct gzip_inside inside;
	size_t used = 0;

	(void)state;
	pack(packed, &used, "{}", 2);
	memcpy(packed + used, "garbage", 7);
	assert_int_equal(
	    gzip_unpack(packed, used + 7, MAX, &inside), GZIP_WHOLE);
	assert_string_equal(inside.octets, "{}");
	free(inside.octets);
}

/* T19 */
static void
a_cut_one_gives_what_there_was(void **state)
{
	char text[4096];
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i / 7 + i) % 26);
	pack(packed, &used, text, sizeof(text));
	for (size_t size = 0; size < used; size++) {
		struct gzip_inside inside;
		uint8_t *copy = xmemdup(packed, size);

		assert_int_equal(
		    gzip_unpack(copy, size, MAX, &inside), GZIP_CUT);
		assert_memory_equal(inside.octets, text, inside.size);
		free(inside.octets);
		free(copy);
	}
}

static void
a_wrong_sum_is_damage(void **state)
{
	static const char *const none[] = {
	    "PK\003\004zip", "\x1f\x8b\xff\xff", "{\"no\":\"gzip\"}"};
	struct gzip_inside inside;
	size_t used = 0;

	(void)state;
	pack(packed, &used, "{}", 2);
	packed[used - 5] ^= 1;
	assert_int_equal(gzip_unpack(packed, used, MAX, &inside), GZIP_DAMAGED);
	free(inside.octets);
	/* nor is what follows it read: its count of octets is wrong */
	packed[used - 5] ^= 1;
	packed[used - 1] ^= 1;
	pack(packed, &used, "{}", 2);
	assert_int_equal(gzip_unpack(packed, used, MAX, &inside), GZIP_DAMAGED);
	assert_int_equal(inside.members, 0);
	free(inside.octets);
	for (size_t i = 0; i < COUNT(none); i++) {
		ROW(none[i], gzip_unpack(none[i], strlen(none[i]), MAX,
				 &inside) == GZIP_DAMAGED);
		free(inside.octets);
	}
}

/* max, and LIMIT_GZIP_RATIO for what is large */
static void
a_bomb_stays_small(void **state)
{
	enum { SIZE = 16 * 1024 * 1024, SMALL = 4096 };
	struct gzip_inside inside;
	char *text = xcalloc(1, SIZE);
	size_t used = 0;

	(void)state;
	pack(packed, &used, text, SIZE);
	assert_true(SIZE / used > LIMIT_GZIP_RATIO);
	assert_int_equal(
	    gzip_unpack(packed, used, MAX, &inside), GZIP_TOO_DENSE);
	assert_true(inside.size <= used * LIMIT_GZIP_RATIO);
	free(inside.octets);
	assert_int_equal(
	    gzip_unpack(packed, used, SMALL, &inside), GZIP_TOO_LARGE);
	assert_int_equal(inside.size, SMALL);
	free(inside.octets);
	free(text);
}

static void
the_limit_itself_is_not_too_much(void **state)
{
	struct gzip_inside inside;
	size_t used = 0;

	(void)state;
	pack(packed, &used, "0123456789", 10);
	assert_int_equal(gzip_unpack(packed, used, 10, &inside), GZIP_WHOLE);
	free(inside.octets);
	assert_int_equal(gzip_unpack(packed, used, 9, &inside), GZIP_TOO_LARGE);
	free(inside.octets);
	used = 0;
	pack(packed, &used, "0", 1);
	assert_int_equal(gzip_unpack(packed, used, 1, &inside), GZIP_WHOLE);
	free(inside.octets);
}

/* LIMIT_GZIP_RATIO: so many times what was sent, and not an octet more. */
static void
what_is_dense_ends_at_its_ratio(void **state)
{
	enum { SENT = 8 * 1024, TEXT = SENT * LIMIT_GZIP_RATIO + 1 };
	struct gzip_inside inside;
	char *text = xcalloc(1, TEXT);
	size_t used = 0;

	(void)state;
	/* what stands behind the member counts as sent */
	memset(packed, 0, sizeof(packed));
	pack(packed, &used, text, TEXT - 1);
	assert_true(used <= SENT);
	assert_int_equal(gzip_unpack(packed, SENT, MAX, &inside), GZIP_WHOLE);
	free(inside.octets);
	used = 0;
	memset(packed, 0, sizeof(packed));
	pack(packed, &used, text, TEXT);
	assert_int_equal(
	    gzip_unpack(packed, SENT, MAX, &inside), GZIP_TOO_DENSE);
	assert_int_equal(inside.size, TEXT - 1);
	free(inside.octets);
	assert_int_equal(
	    gzip_unpack(packed, SENT + 1, MAX, &inside), GZIP_WHOLE);
	free(inside.octets);
	/* the limit is a little more than the ratio allows, then less */
	assert_int_equal(
	    gzip_unpack(packed, SENT, TEXT, &inside), GZIP_TOO_DENSE);
	free(inside.octets);
	assert_int_equal(
	    gzip_unpack(packed, SENT, TEXT - 1, &inside), GZIP_TOO_LARGE);
	free(inside.octets);
	free(text);
}

/* Memory grows in powers of two: texts that fill it to the last octet. */
static void
a_text_may_be_of_any_size(void **state)
{
	char *text = xcalloc(1, 64 * 1024 + 1);

	(void)state;
	memset(text, 'a', 64 * 1024 + 1);
	for (size_t size = 8 * 1024; size <= 64 * 1024; size *= 2)
		for (size_t more = 0; more <= 2; more++) {
			size_t wanted = size + more - 1, used = 0;
			struct gzip_inside inside;

			pack(packed, &used, text, wanted);
			assert_int_equal(
			    gzip_unpack(packed, used, MAX, &inside),
			    GZIP_WHOLE);
			assert_int_equal(inside.size, wanted);
			assert_int_equal(strlen(inside.octets), wanted);
			free(inside.octets);
		}
	free(text);
}

/* J10 */
static void
the_same_comes_of_it_at_every_try(void **state)
{
	static const char text[] = "{\"policies\":[]}";
	struct gzip_inside inside;
	size_t size, again_size;
	char *out = gzip_pack(text, strlen(text), &size);
	char *again = gzip_pack(text, strlen(text), &again_size);

	(void)state;
	assert_int_equal(size, again_size);
	assert_memory_equal(out, again, size);
	assert_memory_equal(out + 3, "\0\0\0\0\0", 5); /* no name, no time */
	assert_int_equal(gzip_unpack(out, size, MAX, &inside), GZIP_WHOLE);
	assert_string_equal(inside.octets, text);
	free(inside.octets);
	free(again);
	free(out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_packed_comes_out),
	    cmocka_unit_test(members_are_read_on),
	    cmocka_unit_test(what_stands_behind_is_passed_over),
	    cmocka_unit_test(a_cut_one_gives_what_there_was),
	    cmocka_unit_test(a_wrong_sum_is_damage),
	    cmocka_unit_test(a_bomb_stays_small),
	    cmocka_unit_test(the_limit_itself_is_not_too_much),
	    cmocka_unit_test(what_is_dense_ends_at_its_ratio),
	    cmocka_unit_test(a_text_may_be_of_any_size),
	    cmocka_unit_test(the_same_comes_of_it_at_every_try),
	};

	return RUN_TESTS(tests);
}
