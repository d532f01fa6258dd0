/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/anchor.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* RFC 4034 section 5.4: the key of dskey.example.com., tag 60485 */
static const char base64[] = "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/"
			     "2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx"
			     "egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9Xzc"
			     "nOf+EPbtG9DMBmADjFDc2w/rljwvFw==";

enum { KEY_TAG = 60485, KEY_SIZE = 4 + 130 };

/* The RDATA of that key with other flags. */
static void
make_key(uint8_t key[KEY_SIZE], unsigned flags)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t size = 4, bits = 0;
	uint32_t value = 0;

	key[0] = (uint8_t)(flags >> 8);
	key[1] = (uint8_t)flags;
	key[2] = 3;
	key[3] = 5;
	for (const char *at = base64; *at != '='; at++) {
		value = value << 6 | (uint32_t)(strchr(digits, *at) - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			key[size++] = (uint8_t)(value >> bits);
		}
	}
	assert_int_equal(size, KEY_SIZE);
}

static void
tag_is_that_of_the_rfc(void **state)
{
	uint8_t key[KEY_SIZE];

	(void)state;
	make_key(key, 256);
	assert_int_equal(anchor_key_tag(key, sizeof(key)), KEY_TAG);
}

static void
entry_has_sep_and_is_not_revoked(void **state)
{
	static const struct {
		unsigned flags;
		bool entry;
	} rows[] = {{256, false}, {257, true}, {385, false}, {0, false}};
	uint8_t key[KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_key(key, rows[i].flags);
		assert_int_equal(
		    anchor_is_entry(key, sizeof(key)), rows[i].entry);
	}
	make_key(key, 257);
	assert_true(anchor_is_entry(key, 5));
	assert_false(anchor_is_entry(key, 4)); /* no octet of a key */
	assert_false(anchor_is_entry(key, 0));
}

static void
keys_are_found_in_files(void **state)
{
	static const struct {
		const char *before, *after;
		size_t count;
		bool has;
	} rows[] = {
	    {". IN DNSKEY 256 3 5 ", "\n", 1, true},
	    {". 3600 IN DNSKEY 256 3 5 ", "", 1, true},
	    {". in dnskey 256 3 5 ", " ; keytag 60485\n", 1, true},
	    {"; a comment\n\n. IN DNSKEY ( 256 3 5\n ", "\n) ; end\n", 1, true},
	    {". IN DS 1 5 2 abcd\n. IN DNSKEY 256 3 5 ", "\n", 2, true},
	    {". IN DS 1 5 2 abcd ; a comment\n. IN DNSKEY 256 3 5 ", "\n", 2,
		true},
	    {". IN DS ( 1 5\n 2 abcd )\n. IN DNSKEY 256 3 5 ", "\n", 2, true},
	    {". IN TXT x\n. IN DNSKEY 256 3 8 ", "\n", 1, false},
	    {". IN DNSKEY 256 3 5 ", "\n. IN TXT x\n", 1, true},
	    {"sixteen.octets.. IN DNSKEY 256 3 5 ", "\n", 1, true},
	    {". IN DS DNSKEY 256 3 5 ", "\n", 1, false},
	    {". IN DNSKEY 256 3 8 ", "\n", 1, false},
	    {". IN DNSKEY 256 3 5000000000000000000 ", "\n", 1, false},
	    {". IN DNSKEY 65536 3 5 ", "\n", 1, false},
	    {". IN DNSKEY 256 3 ", "\n", 1, false},
	    {". IN DNSKEY 256 3 5 AAAA", "\n", 1, false},
	    {". IN DNSKEY 256 3 5 ", "AAAA\n", 1, false},
	    {"; . IN DNSKEY 256 3 5 ", "\n", 0, false},
	    {". IN TXT ", "\n", 0, false},
	    {". IN DNSKEY ( 256 3 5 ", "", 1, true},
	};
	uint8_t *key = xmalloc(KEY_SIZE);
	char text[600];

	(void)state;
	make_key(key, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "%s%s%s", rows[i].before, base64,
		    rows[i].after);
		if (anchor_count(text) != rows[i].count ||
		    anchor_has(text, key, KEY_SIZE) != rows[i].has)
			fail_msg("row %zu: %s", i, text);
	}
	free(key);
}

static void
base64_may_be_in_words(void **state)
{
	uint8_t key[KEY_SIZE];
	char text[600];

	(void)state;
	make_key(key, 256);
	snprintf(text, sizeof(text), ". DNSKEY 256 3 5 %.10s\t%.30s (\n%s )",
	    base64, base64 + 10, base64 + 40);
	assert_true(anchor_has(text, key, sizeof(key)));
	key[KEY_SIZE - 1] ^= 1;
	assert_false(anchor_has(text, key, sizeof(key)));
	assert_false(anchor_has(text, key, sizeof(key) - 1));
	key[KEY_SIZE - 1] ^= 1;
	snprintf(text, sizeof(text), ". DNSKEY 256 3 5 %.100s\n", base64);
	assert_false(anchor_has(text, key, sizeof(key)));
}

/* Octets in base64 without padding: the last digit ends the last octet. */
static void
a_key_ends_with_its_last_octet(void **state)
{
	static const uint8_t key[] = {1, 0, 3, 5, 0xd3, 0x4d, 0x34};
	const size_t size = sizeof(key);

	(void)state;
	assert_true(anchor_has(". DNSKEY 256 3 5 0000", key, size));
	assert_false(anchor_has(". DNSKEY 256 3 5 0001", key, size));
	assert_false(anchor_has(". DNSKEY 256 3 5 000", key, size));
	assert_false(anchor_has(". DNSKEY 256 3 5 00000000", key, size));
	assert_false(anchor_has(". DNSKEY 256 3 5", key, 4));
}

static void
ds_is_known_by_tag_and_algorithm(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
	    {". IN DS 60485 5 2 00ff\n", true},
	    {". IN DS ( 60485 5 2 00ff )\n", true},
	    {". IN DS 60484 5 2 00ff\n", false},
	    {". IN DS 60485 8 2 00ff\n", false},
	    {". IN DS 126021 5 2 00ff\n", false},
	    {". IN DS 60485", false},
	    {". IN DS", false},
	};
	uint8_t key[KEY_SIZE];

	(void)state;
	make_key(key, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(anchor_count(rows[i].text), 1);
		if (anchor_has(rows[i].text, key, sizeof(key)) != rows[i].has)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
	assert_false(anchor_has(rows[0].text, key, 0));
	/* the sum of the head alone */
	assert_int_equal(anchor_key_tag(key, 4), 1029);
	assert_false(anchor_has(". IN DS 1029 5 2 00ff\n", key, 4));
}

int
main(void)
{
	const struct CMUnitTest anchor[] = {
	    cmocka_unit_test(tag_is_that_of_the_rfc),
	    cmocka_unit_test(entry_has_sep_and_is_not_revoked),
	    cmocka_unit_test(keys_are_found_in_files),
	    cmocka_unit_test(base64_may_be_in_words),
	    cmocka_unit_test(a_key_ends_with_its_last_octet),
	    cmocka_unit_test(ds_is_known_by_tag_and_algorithm),
	};

	return RUN_TESTS(anchor);
}
