/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/tls_beyond.h"

enum {
	AT_VERSION = 9,
	AT_SIGNAL = AT_VERSION + 2 + 24,
	AT_SUITE = AT_SIGNAL + 8 + 1,
	AT_COMPRESSION = AT_SUITE + 2,
	AT_KIND = AT_COMPRESSION + 3,
	AT_CERTIFICATE = AT_KIND + 5,
	FLIGHT_SIZE = AT_CERTIFICATE + 11,
};

/* ServerHello as far as its extensions, and a Certificate message of the one
 * octet "c". */
#define RANDOM "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
#define HELLO_OF(size) "\2\0\0" size "\3\3" RANDOM "\0\300\141\0"
#define HELLO HELLO_OF("\55") "\0\5\377\1\0\1\0"
#define CERTIFICATE "\13\0\0\7\0\0\4\0\0\1c"
#define FLIGHT "\26\3\3\0\74" HELLO CERTIFICATE

static enum tls_beyond_state
feed_as(enum tls_offer offer, const void *octets, size_t size, size_t step)
{
	const char *from = octets;
	struct tls_beyond beyond;
	enum tls_beyond_state state = TLS_BEYOND_MORE;

	tls_beyond_init(&beyond, offer);
	for (size_t at = 0; at < size; at += step)
		state = tls_beyond_feed(
		    &beyond, from + at, size - at < step ? size - at : step);
	assert_int_equal(state == TLS_BEYOND_CHAIN, beyond.watch.count == 1);
	if (beyond.watch.count == 1)
		assert_memory_equal(beyond.watch.certs[0].data, "c", 1);
	tls_beyond_fini(&beyond);
	return state;
}

static enum tls_beyond_state
feed(const void *octets, size_t size, size_t step)
{
	return feed_as(TLS_OFFER_3_0, octets, size, step);
}

static void
a_chain_is_seen_however_its_octets_come(void **state)
{
	char records[FLIGHT_SIZE * 6];
	size_t size = 0;

	(void)state;
	assert_int_equal(sizeof(FLIGHT) - 1, FLIGHT_SIZE);
	for (size_t step = 1; step <= FLIGHT_SIZE; step++)
		assert_int_equal(
		    feed(FLIGHT, FLIGHT_SIZE, step), TLS_BEYOND_CHAIN);
	for (size_t cut = 0; cut < FLIGHT_SIZE; cut++)
		assert_int_equal(feed(FLIGHT, cut, cut + 1), TLS_BEYOND_MORE);

	/* a record for each octet */
	for (size_t at = 5; at < FLIGHT_SIZE; at++) {
		memcpy(records + size, "\26\3\3\0\1", 5);
		records[size + 5] = FLIGHT[at];
		size += 6;
	}
	assert_int_equal(feed(records, size, 4), TLS_BEYOND_CHAIN);
}

static void
what_openssl_would_not_go_on_with_is_nothing(void **state)
{
	static const struct {
		const char *id;
		size_t at;
		const char *octets;
		size_t size;
	} rows[] = {
	    {"a suite that GnuTLS has", AT_SUITE, "\300\60", 2},
	    {"the signal as a suite", AT_SUITE, "\0\377", 2},
	    {"TLS 1.1", AT_VERSION, "\3\2", 2},
	    {"a server that has TLS 1.3", AT_SIGNAL, "DOWNGRD\1", 8},
	    {"compression", AT_COMPRESSION, "\1", 1},
	    {"no RFC 5746", AT_KIND, "\377\2", 2},
	    {"RFC 5746 of another handshake", AT_KIND + 4, "\1", 1},
	    {"extensions past the end", AT_KIND + 3, "\2", 1},
	    {"no extensions", AT_KIND - 2, "\0\0", 2},
	    {"no Certificate", AT_CERTIFICATE, "\14", 1},
	    {"two of ServerHello", AT_CERTIFICATE, "\2", 1},
	    {"no chain", AT_CERTIFICATE + 6, "\3", 1},
	    {"Certificate first", 5, "\13", 1},
	    {"too long a message", AT_CERTIFICATE + 1, "\2", 1},
	    {"data", 0, "\27", 1},
	    {"no TLS", 1, "\2", 1},
	    {"too long a record", 3, "\100\1", 2},
	    {"an empty record", 3, "\0\0", 2},
	    {"an alert of odd size", 0, "\25", 1},
	};
	char flight[FLIGHT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		memcpy(flight, FLIGHT, FLIGHT_SIZE);
		memcpy(flight + rows[i].at, rows[i].octets, rows[i].size);
		ROW(rows[i].id, feed(flight, FLIGHT_SIZE, FLIGHT_SIZE) ==
				    TLS_BEYOND_NOTHING);
	}
}

/* Messages of a server in a record each, of less than 256 octets. */
static enum tls_beyond_state
feed_messages(const struct der *messages, size_t count)
{
	char records[1024];
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		memcpy(records + size, "\26\3\3\0", 4);
		records[size + 4] = (char)messages[i].size;
		memcpy(records + size + 5, messages[i].data, messages[i].size);
		size += 5 + messages[i].size;
	}
	return feed(records, size, size);
}

#define MESSAGE(octets)                                       \
	{                                                     \
		(const uint8_t *)(octets), sizeof(octets) - 1 \
	}

static void
a_flight_is_a_hello_and_a_chain(void **state)
{
	static const struct {
		const char *id;
		struct der messages[3];
		enum tls_beyond_state state;
	} rows[] = {
	    {"as it should be", {MESSAGE(HELLO), MESSAGE(CERTIFICATE)},
		TLS_BEYOND_CHAIN},
	    {"an empty record first", {MESSAGE(""), MESSAGE(HELLO CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"two of ServerHello",
		{MESSAGE(HELLO), MESSAGE(HELLO), MESSAGE(CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"Certificate alone", {MESSAGE(CERTIFICATE)}, TLS_BEYOND_NOTHING},
	    {"an empty message", {MESSAGE("\16\0\0\0")}, TLS_BEYOND_NOTHING},
	    {"a hello without extensions",
		{MESSAGE(HELLO_OF("\46")), MESSAGE(CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"a hello cut in its random octets",
		{MESSAGE("\2\0\0\4\3\3rr"), MESSAGE(CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"an octet behind the extensions",
		{MESSAGE(HELLO_OF("\56") "\0\6\377\1\0\1\0\0"),
		    MESSAGE(CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"an extension without its content",
		{MESSAGE(HELLO_OF("\54") "\0\4\377\1\0\1"),
		    MESSAGE(CERTIFICATE)},
		TLS_BEYOND_NOTHING},
	    {"another extension behind it",
		{MESSAGE(HELLO_OF("\61") "\0\11\377\1\0\1\0\0\27\0\0"),
		    MESSAGE(CERTIFICATE)},
		TLS_BEYOND_CHAIN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t count = 0;

		while (count < 3 && rows[i].messages[count].data != NULL)
			count++;
		ROW(rows[i].id,
		    feed_messages(rows[i].messages, count) == rows[i].state);
	}
}

/* A Certificate message with one certificate of so many octets, in records of
 * the largest size. */
static enum tls_beyond_state
feed_certificate_of(size_t size)
{
	enum { HEADS = 10, MOST = 16384 };
	size_t left = size + HEADS;
	uint8_t *message = xcalloc(1, left), *at = message;
	enum tls_beyond_state state;
	struct tls_beyond beyond;

	*at = 11;
	for (size_t of = size + 6, i = 1; i < HEADS; i += 3, of -= 3) {
		at[i] = (uint8_t)(of >> 16);
		at[i + 1] = (uint8_t)(of >> 8);
		at[i + 2] = (uint8_t)of;
	}
	tls_beyond_init(&beyond, TLS_OFFER_3_0);
	tls_beyond_feed(&beyond, "\26\3\3\0\61" HELLO, 5 + sizeof(HELLO) - 1);
	while (left > 0) {
		size_t part = left < MOST ? left : MOST;
		const uint8_t head[] = {
		    22, 3, 3, (uint8_t)(part >> 8), (uint8_t)part};

		tls_beyond_feed(&beyond, head, sizeof(head));
		tls_beyond_feed(&beyond, at, part);
		at += part;
		left -= part;
	}
	state = beyond.state;
	if (state == TLS_BEYOND_CHAIN)
		assert_int_equal(beyond.watch.certs[0].size, size);
	tls_beyond_fini(&beyond);
	free(message);
	return state;
}

/* LIMIT_TLS_CERTIFICATE */
static void
a_chain_is_seen_up_to_its_limit(void **state)
{
	enum { MOST = LIMIT_TLS_CERTIFICATE - 6 };

	(void)state;
	assert_int_equal(feed_certificate_of(0x1234), TLS_BEYOND_CHAIN);
	assert_int_equal(feed_certificate_of(MOST), TLS_BEYOND_CHAIN);
	assert_int_equal(feed_certificate_of(MOST + 1), TLS_BEYOND_NOTHING);
}

/* ECDHE-ARIA256-GCM-SHA384 is of both, DHE-DSS-AES256-GCM-SHA384 of one. */
static void
a_suite_is_taken_where_it_was_offered(void **state)
{
	char flight[FLIGHT_SIZE];

	(void)state;
	memcpy(flight, FLIGHT, FLIGHT_SIZE);
	assert_int_equal(
	    feed_as(TLS_OFFER_3_5, flight, FLIGHT_SIZE, FLIGHT_SIZE),
	    TLS_BEYOND_CHAIN);
	memcpy(flight + AT_SUITE, "\0\243", 2);
	assert_int_equal(
	    feed_as(TLS_OFFER_3_0, flight, FLIGHT_SIZE, FLIGHT_SIZE),
	    TLS_BEYOND_CHAIN);
	assert_int_equal(
	    feed_as(TLS_OFFER_3_5, flight, FLIGHT_SIZE, FLIGHT_SIZE),
	    TLS_BEYOND_NOTHING);
}

static void
a_few_warnings_are_passed_over(void **state)
{
	char octets[16 * 7 + FLIGHT_SIZE];

	(void)state;
	for (size_t count = 0; count <= 16; count++) {
		for (size_t i = 0; i < count; i++)
			memcpy(octets + i * 7, "\25\3\3\0\2\1\160", 7);
		memcpy(octets + count * 7, FLIGHT, FLIGHT_SIZE);
		assert_int_equal(
		    feed(octets, count * 7 + FLIGHT_SIZE, sizeof(octets)),
		    count <= 5 ? TLS_BEYOND_CHAIN : TLS_BEYOND_NOTHING);
	}
}

/* The extensions are the last that the hello has, each with its size. */
static void
check_extensions(const uint8_t *hello, size_t size, size_t from)
{
	size_t at = from + 2;

	assert_int_equal(hello[from] << 8 | hello[from + 1], size - at);
	while (at < size) {
		assert_in_range(at + 4, 0, size);
		at += 4 + (size_t)(hello[at + 2] << 8 | hello[at + 3]);
	}
	assert_int_equal(at, size);
}

static void
a_hello_has_its_counts_and_its_name(void **state)
{
	static const struct {
		enum tls_offer offer;
		size_t suites;
	} rows[] = {{TLS_OFFER_3_0, 21}, {TLS_OFFER_3_5, 8}};
	uint8_t hello[TLS_BEYOND_HELLO_SIZE], other[TLS_BEYOND_HELLO_SIZE];
	char longest[LIMIT_DOMAIN_SIZE];

	(void)state;
	memset(longest, 'x', LIMIT_DOMAIN);
	longest[LIMIT_DOMAIN] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t bare = tls_beyond_hello(other, rows[i].offer, "");
		size_t size = tls_beyond_hello(hello, rows[i].offer, longest);

		assert_int_equal(size, bare + 9 + LIMIT_DOMAIN);
		assert_int_equal(hello[3] << 8 | hello[4], size - 5);
		assert_int_equal(hello[7] << 8 | hello[8], size - 9);
		assert_int_equal(
		    hello[44] << 8 | hello[45], 2 * rows[i].suites);
		check_extensions(hello, size, 46 + 2 * rows[i].suites + 2);
		assert_non_null(memmem(hello, size, longest, LIMIT_DOMAIN));
		assert_memory_not_equal(hello + 11, other + 11, 32);
	}
}

/* Of a ClientHello what no count tells: RFC 5246 section 7.4.1.2, RFC 6066
 * section 3, RFC 5746. */
static void
a_hello_is_one_of_a_first_handshake(void **state)
{
	static const char name[] = "mx.d.example";
	static const uint8_t named[] = {0, 0, 0, 17, 0, 15, 0, 0, 12};
	static const uint8_t first[] = {0xff, 1, 0, 1, 0};
	uint8_t hello[TLS_BEYOND_HELLO_SIZE];

	(void)state;
	for (enum tls_offer i = TLS_OFFER_3_0; i <= TLS_OFFER_3_5; i++) {
		size_t size = tls_beyond_hello(hello, i, name);
		size_t suites = (size_t)(hello[44] << 8 | hello[45]);
		const uint8_t *behind = hello + 46 + suites;
		const uint8_t *at = memmem(hello, size, name, strlen(name));

		assert_memory_equal(hello, "\26\3\1", 3);
		assert_memory_equal(hello + 5, "\1\0", 2);
		assert_memory_equal(hello + 9, "\3\3", 2);
		assert_int_equal(hello[43], 0);
		assert_memory_equal(behind, "\1\0", 2);
		assert_non_null(at);
		assert_memory_equal(at - sizeof(named), named, sizeof(named));
		/* a suite says it, or the first extension */
		assert_int_equal(
		    memcmp(behind - 2, "\0\377", 2) == 0, i == TLS_OFFER_3_0);
		assert_int_equal(memcmp(behind + 4, first, sizeof(first)) == 0,
		    i == TLS_OFFER_3_5);
	}
}

int
main(void)
{
	const struct CMUnitTest tls_beyond[] = {
	    cmocka_unit_test(a_chain_is_seen_however_its_octets_come),
	    cmocka_unit_test(what_openssl_would_not_go_on_with_is_nothing),
	    cmocka_unit_test(a_flight_is_a_hello_and_a_chain),
	    cmocka_unit_test(a_chain_is_seen_up_to_its_limit),
	    cmocka_unit_test(a_suite_is_taken_where_it_was_offered),
	    cmocka_unit_test(a_few_warnings_are_passed_over),
	    cmocka_unit_test(a_hello_is_one_of_a_first_handshake),
	    cmocka_unit_test(a_hello_has_its_counts_and_its_name),
	};

	return RUN_TESTS(tls_beyond);
}
