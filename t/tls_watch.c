/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/tap.h"

#include <string.h>

#include "common/io/tls_watch.h"

/* A Certificate message of count certificates, each of the one octet "c". */
static size_t
write_message(uint8_t *to, size_t count, bool tls13)
{
	size_t each = tls13 ? 6 : 4, size = 0;

	if (tls13)
		to[size++] = 0;
	to[size++] = 0;
	to[size++] = 0;
	to[size++] = (uint8_t)(count * each);
	for (size_t i = 0; i < count; i++) {
		memcpy(to + size, "\0\0\1c\0\0", each);
		size += each;
	}
	return size;
}

static void
a_chain_is_taken_down_up_to_its_limit(void **state)
{
	static const struct {
		size_t presented;
		size_t kept;
	} rows[] = {{1, 1}, {2, 2}, {LIMIT_CHAIN_CERTS, LIMIT_CHAIN_CERTS},
	    {LIMIT_CHAIN_CERTS + 1, LIMIT_CHAIN_CERTS}};
	struct tls_watch watch = {.begun = false};
	uint8_t message[256];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		bool tls13 = i % 2 == 1;
		size_t size =
		    write_message(message, rows[i / 2].presented, tls13);

		assert_true(tls_watch_read(&watch, message, size, tls13));
		assert_int_equal(watch.count, rows[i / 2].kept);
		for (size_t k = 0; k < watch.count; k++) {
			assert_int_equal(watch.certs[k].size, 1);
			assert_int_equal(watch.certs[k].data[0], 'c');
		}
	}
	tls_watch_fini(&watch);
}

static void
what_is_no_chain_leaves_none(void **state)
{
	struct tls_watch watch = {.begun = false};
	uint8_t message[256];

	(void)state;
	for (int tls13 = 0; tls13 <= 1; tls13++) {
		size_t size = write_message(message, 2, tls13 == 1);

		for (size_t cut = 0; cut < size; cut++) {
			assert_false(
			    tls_watch_read(&watch, message, cut, tls13 == 1));
			assert_int_equal(watch.count, 0);
		}
		assert_false(
		    tls_watch_read(&watch, message, size + 1, tls13 == 1));
		size = write_message(message, 0, tls13 == 1);
		assert_false(tls_watch_read(&watch, message, size, tls13 == 1));
	}
	tls_watch_fini(&watch);
}

int
main(void)
{
	const struct CMUnitTest tls_watch[] = {
	    cmocka_unit_test(a_chain_is_taken_down_up_to_its_limit),
	    cmocka_unit_test(what_is_no_chain_leaves_none),
	};

	return RUN_TESTS(tls_watch);
}
