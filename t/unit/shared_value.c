/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_value.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define NAME "postern:1:p:a.example"
#define PAYLOAD "{\"d\":\"a.example\"}"
#define HEX16 "0123456789abcdef"
#define ONE                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define OTHER HEX16 HEX16 HEX16 HEX16

static struct shared_keys
keys_of(const char *text)
{
	struct shared_keys keys;

	assert_int_equal(shared_keys_parse(&keys, text, NULL), 0);
	return keys;
}

static enum shared_fault
fault_of(const struct shared_keys *keys, const char *name, const char *value,
    size_t length)
{
	enum shared_fault fault = SHARED_FAULTS + 1;
	size_t size = 0;
	const char *payload =
	    shared_value_verify(keys, name, value, length, &size, &fault);

	assert_true((payload != NULL) == (fault == SHARED_NO_FAULT));
	if (payload != NULL)
		assert_int_equal(payload + size - value, length);
	return fault;
}

/* Computed by Python's hmac, hashlib and base64. */
static void
a_value_is_signed_as_another_program_signs_it(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *value = shared_value_sign(&keys, NAME, PAYLOAD);

	(void)state;
	assert_string_equal(value,
	    "1.630dcd29."
	    "bCxu1aIGXyBTWbWgU9BsoX94vqNK0MT2OYDtLgmkUIw." PAYLOAD);
	assert_int_equal(
	    fault_of(&keys, NAME, value, strlen(value)), SHARED_NO_FAULT);
	free(value);
}

/* The two letters that differ from those of plain base64. */
static void
a_signature_has_the_letters_of_urls(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *value = shared_value_sign(&keys, NAME, "{\"n\":1}");

	(void)state;
	assert_string_equal(value,
	    "1.630dcd29."
	    "ykPW3K6vFGtyR9fqQZxRGUK6_3hY__jaVx-fKU9EbY8.{\"n\":1}");
	free(value);
}

static void
a_value_may_be_empty(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *value = shared_value_sign(&keys, NAME, "");

	(void)state;
	assert_int_equal(
	    fault_of(&keys, NAME, value, strlen(value)), SHARED_NO_FAULT);
	free(value);
}

static void
any_octet_that_differs_is_seen(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *value = shared_value_sign(&keys, NAME, PAYLOAD);
	size_t length = strlen(value);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char before = value[i];

		value[i] ^= 1;
		assert_int_not_equal(
		    fault_of(&keys, NAME, value, length), SHARED_NO_FAULT);
		value[i] = before;
		/* and any end that is cut off */
		assert_int_not_equal(
		    fault_of(&keys, NAME, value, i), SHARED_NO_FAULT);
	}
	free(value);
}

/* F60, F61 */
static void
a_value_of_another_place_or_key_is_forged(void **state)
{
	struct shared_keys keys = keys_of(ONE), foreign = keys_of(OTHER);
	char *value = shared_value_sign(&keys, NAME, PAYLOAD);
	size_t length = strlen(value);

	(void)state;
	assert_int_equal(
	    fault_of(&keys, "postern:1:p:y.example", value, length),
	    SHARED_FAULT_MAC);
	assert_int_equal(fault_of(&keys, "other:1:p:a.example", value, length),
	    SHARED_FAULT_MAC);
	assert_int_equal(
	    fault_of(&foreign, NAME, value, length), SHARED_FAULT_MAC);
	/* what stands behind the keys is none */
	foreign = keys_of(OTHER "\n" ONE);
	foreign.count = 1;
	assert_int_equal(
	    fault_of(&foreign, NAME, value, length), SHARED_FAULT_MAC);
	free(value);
}

/* F48 */
static void
a_value_of_another_version_is_none_of_ours(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *value = shared_value_sign(&keys, NAME, PAYLOAD);

	(void)state;
	value[0] = '2';
	assert_int_equal(
	    fault_of(&keys, NAME, value, strlen(value)), SHARED_FAULT_SYNTAX);
	assert_int_equal(fault_of(&keys, NAME, "", 0), SHARED_FAULT_SYNTAX);
	free(value);
}

/* F47: old alone, both, new in front, new alone */
static void
keys_are_changed_without_a_value_lost(void **state)
{
	const struct shared_keys steps[] = {keys_of(ONE),
	    keys_of(ONE "\n" OTHER "\n"), keys_of(OTHER "\n" ONE),
	    keys_of(OTHER)};

	(void)state;
	for (size_t i = 0; i + 1 < COUNT(steps); i++)
		for (size_t j = i; j <= i + 1; j++) {
			const struct shared_keys *a = &steps[i], *b = &steps[j];
			char *ours = shared_value_sign(a, NAME, PAYLOAD);
			char *theirs = shared_value_sign(b, NAME, PAYLOAD);

			assert_int_equal(fault_of(b, NAME, ours, strlen(ours)),
			    SHARED_NO_FAULT);
			assert_int_equal(
			    fault_of(a, NAME, theirs, strlen(theirs)),
			    SHARED_NO_FAULT);
			free(ours);
			free(theirs);
		}
}

/* F49 */
static void
a_value_that_is_too_large_is_not_looked_at(void **state)
{
	struct shared_keys keys = keys_of(ONE);
	char *payload = xmalloc(LIMIT_SHARED_VALUE + 1);
	enum { HEAD = sizeof("1.630dcd29..") - 1 + 43 };
	char *value;

	(void)state;
	memset(payload, ' ', LIMIT_SHARED_VALUE);
	payload[LIMIT_SHARED_VALUE] = '\0';
	value = shared_value_sign(&keys, NAME, payload);
	assert_int_equal(
	    fault_of(&keys, NAME, value, strlen(value)), SHARED_FAULT_SIZE);
	free(value);
	for (size_t more = 0; more < 2; more++) {
		memset(payload, ' ', LIMIT_SHARED_VALUE);
		payload[LIMIT_SHARED_VALUE - HEAD + more] = '\0';
		value = shared_value_sign(&keys, NAME, payload);
		assert_int_equal(fault_of(&keys, NAME, value, strlen(value)),
		    more == 0 ? SHARED_NO_FAULT : SHARED_FAULT_SIZE);
		free(value);
	}
	payload[LIMIT_SHARED_PAYLOAD] = '\0';
	value = shared_value_sign(&keys, NAME, payload);
	assert_int_equal(
	    fault_of(&keys, NAME, value, strlen(value)), SHARED_NO_FAULT);
	free(value);
	free(payload);
}

static void
keys_are_lines_of_hex_digits(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
	} rows[] = {{ONE, 1}, {ONE "\n", 1}, {"\n# new\n " ONE " \n\n", 1},
	    {ONE "\n" OTHER, 2}, {ONE "\n" ONE "\n" ONE "\n" ONE, 4},
	    {ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE, 0}, {"", 0},
	    {"# none\n", 0}, {ONE "0", 0}, {HEX16, 0}, {"x" ONE, 0},
	    {ONE " " ONE, 0}, {HEX16 " " HEX16 HEX16 HEX16, 0}};
	struct shared_keys keys;
	struct err err;

	(void)state;
	assert_int_equal(LIMIT_SHARED_KEYS, 4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = shared_keys_parse(&keys, rows[i].text, &err);

		ROW(rows[i].text, (rc == 0) == (rows[i].count > 0));
		ROW(rows[i].text, rc != 0 || keys.count == rows[i].count);
		/* nobody reads a secret in a log */
		ROW(rows[i].text, rc == 0 || strstr(err.text, HEX16) == NULL);
	}
}

static void
what_is_wrong_with_a_key_is_told_with_its_line(void **state)
{
	static const char key[] = ONE;
	char text[LIMIT_CONF_LINE + 8];
	struct shared_keys keys;
	struct err err;

	(void)state;
	assert_int_equal(
	    shared_keys_parse(&keys, "# a\n" ONE "\n\n0123\n", &err), -1);
	assert_string_equal(err.text, "line 4: not 64 hex digits");
	assert_int_equal(shared_keys_parse(&keys,
			     ONE "\n" ONE "\n" ONE "\n" ONE "\n" OTHER, &err),
	    -1);
	assert_string_equal(err.text, "line 5: more than 4 keys");
	assert_int_equal(shared_keys_parse(&keys, "\n", &err), -1);
	assert_string_equal(err.text, "no key");
	/* a line as long as may be, and one octet more */
	memset(text, ' ', sizeof(text));
	memcpy(text + LIMIT_CONF_LINE - 1 - strlen(key), key, sizeof(key));
	assert_int_equal(shared_keys_parse(&keys, text, &err), 0);
	memset(text, ' ', sizeof(text));
	memcpy(text + LIMIT_CONF_LINE - strlen(key), key, sizeof(key));
	assert_int_equal(shared_keys_parse(&keys, text, &err), -1);
	assert_string_equal(err.text, "line 1: too long");
}

/* 01020304 octets, computed by Python's hashlib */
static void
all_of_a_length_is_in_the_digest(void **state)
{
	enum { LENGTH = 0x01020304 };
	char *text = xmalloc(LENGTH + 1), digest[SHARED_DIGEST_SIZE];
	const char *const texts[] = {text};

	(void)state;
	memset(text, 'x', LENGTH);
	text[LENGTH] = '\0';
	shared_digest(texts, 1, digest);
	assert_string_equal(digest, "7901837bc8f5e3df1abd96206ce355e6");
	free(text);
}

static void
a_digest_tells_lists_apart_that_read_the_same(void **state)
{
	static const char *const rows[][3] = {
	    {"ab", "", "c"}, {"a", "b", "c"}, {"", "ab", "c"}};
	char digests[COUNT(rows)][SHARED_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		shared_digest(rows[i], COUNT(rows[i]), digests[i]);
	assert_string_equal(digests[0], "2cfe02211ae98daa5145daefc9c3f6f8");
	assert_string_not_equal(digests[0], digests[1]);
	assert_string_not_equal(digests[0], digests[2]);
}

static void
each_fault_has_its_word(void **state)
{
	static const char *const words[] = {
	    "mac", "key", "syntax", "time", "size", "conflict"};

	(void)state;
	assert_int_equal(COUNT(words), SHARED_FAULTS);
	for (int i = 0; i < SHARED_FAULTS; i++)
		assert_string_equal(
		    shared_fault_word((enum shared_fault)i), words[i]);
	assert_string_equal(shared_fault_word(SHARED_NO_FAULT), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_is_signed_as_another_program_signs_it),
	    cmocka_unit_test(a_signature_has_the_letters_of_urls),
	    cmocka_unit_test(a_value_may_be_empty),
	    cmocka_unit_test(any_octet_that_differs_is_seen),
	    cmocka_unit_test(a_value_of_another_place_or_key_is_forged),
	    cmocka_unit_test(a_value_of_another_version_is_none_of_ours),
	    cmocka_unit_test(keys_are_changed_without_a_value_lost),
	    cmocka_unit_test(a_value_that_is_too_large_is_not_looked_at),
	    cmocka_unit_test(keys_are_lines_of_hex_digits),
	    cmocka_unit_test(what_is_wrong_with_a_key_is_told_with_its_line),
	    cmocka_unit_test(all_of_a_length_is_in_the_digest),
	    cmocka_unit_test(a_digest_tells_lists_apart_that_read_the_same),
	    cmocka_unit_test(each_fault_has_its_word),
	};

	return RUN_TESTS(tests);
}
