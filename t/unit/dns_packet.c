/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_packet.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/io/dns_rdata.h"
#include "t/unit/dns_message.h"
#include "t/unit/tap.h"

static struct dns_message message;

static void
records_come_with_owner_and_least_ttl(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1}, two[] = {192, 0, 2, 2};
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "mx.example", DNS_A);
	dns_message_answer(&message, "mx.example", DNS_A, 300, one, 4);
	dns_message_answer(&message, "MX.Example", DNS_A, 200, two, 4);
	dns_message_answer(&message, "other.example", DNS_A, 100, two, 4);
	assert_int_equal(
	    dns_message_read(&message, "mx.example", DNS_A, &answer), 0);
	assert_string_equal(answer.owner, "mx.example");
	assert_int_equal(answer.lookup.ttl_s, 200);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.records[0].size, 4);
	assert_memory_equal(answer.records[0].data, one, 4);
	assert_memory_equal(answer.records[1].data, two, 4);
	free(answer.records);
}

static void
aliases_are_followed_in_any_order(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_cname(&message, "b.example", 50, "C.example");
	dns_message_answer(&message, "c.example", DNS_A, 300, one, 4);
	dns_message_cname(&message, "a.example", 60, "b.example");
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_A, &answer), 0);
	assert_string_equal(answer.owner, "c.example");
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.lookup.ttl_s, 50);
	free(answer.records);
}

static void
a_name_fits_a_query_up_to_its_limits(void **state)
{
	enum { LABEL = 63, DOTS = 3, HEADER = 12 };
	char name[4 * (LABEL + 1)];
	struct dns_packet_query query;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 1; i <= DOTS; i++)
		name[i * (LABEL + 1) - 1] = '.';
	name[LIMIT_DOMAIN] = '\0';
	assert_int_equal(dns_packet_query(&query, name, DNS_A, NULL), 0);
	assert_int_equal(query.size, DNS_PACKET_QUERY_MAX);
	assert_int_equal(query.octets[HEADER], LABEL);
	name[LIMIT_DOMAIN] = 'a';
	name[LIMIT_DOMAIN + 1] = '\0';
	assert_int_equal(dns_packet_query(&query, name, DNS_A, NULL), -1);
	name[LABEL] = 'a';
	name[LABEL + 1] = '\0';
	assert_int_equal(dns_packet_query(&query, name, DNS_A, NULL), -1);
	name[LABEL] = '\0';
	assert_int_equal(dns_packet_query(&query, name, DNS_A, NULL), 0);
	assert_int_equal(dns_packet_query(&query, "", DNS_DNSKEY, NULL), 0);
	assert_int_equal(query.octets[HEADER], 0);
	assert_int_equal(dns_packet_query(&query, "a..b", DNS_A, NULL), -1);
	assert_int_equal(dns_packet_query(&query, ".", DNS_A, NULL), -1);
	assert_int_equal(dns_packet_query(&query, "a.", DNS_A, NULL), -1);
}

static void
a_query_for_the_alias_gets_the_alias(void **state)
{
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_CNAME);
	dns_message_cname(&message, "a.example", 60, "b.example");
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_CNAME, &answer), 0);
	assert_string_equal(answer.owner, "a.example");
	assert_int_equal(answer.count, 1);
	assert_memory_equal(
	    answer.records[0].data, "\1b\7example\0", answer.records[0].size);
	free(answer.records);
}

static void
denial_lives_as_long_as_the_soa_says(void **state)
{
	static const struct {
		const char *id;
		unsigned soa_ttl;
		uint8_t minimum;
		unsigned ttl;
	} rows[] = {
	    {"minimum is less", 3600, 60, 60},
	    {"TTL is less", 30, 60, 30},
	    {"alias is less", 3600, 250, 200},
	};
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		dns_message_begin(&message, "a.example", DNS_TLSA);
		dns_message_cname(&message, "a.example", 200, "b.example");
		dns_message_soa(
		    &message, "example", rows[i].soa_ttl, rows[i].minimum);
		ROW(rows[i].id, dns_message_read(&message, "a.example",
				    DNS_TLSA, &answer) == 0);
		ROW(rows[i].id, answer.lookup.ttl_s == rows[i].ttl);
		ROW(rows[i].id, answer.count == 0);
		ROW_TEXT(rows[i].id, answer.owner, "b.example");
		free(answer.records);
	}
	dns_message_begin(&message, "a.example", DNS_TLSA);
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.lookup.ttl_s, 0);
	free(answer.records);
}

/* As validators get it: signatures stand in the same section. */
static void
only_a_whole_soa_tells_how_long_a_denial_lives(void **state)
{
	static const uint8_t rrsig[19] = {0, 6, 8, 1};
	static const uint8_t short_soa[18] = {0};
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_TLSA);
	dns_message_answer(&message, "example", 46, 9, rrsig, sizeof(rrsig));
	dns_message_answer(
	    &message, "example", DNS_SOA, 9, short_soa, sizeof(short_soa));
	message.answers = 0;
	message.authorities = 2;
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.lookup.ttl_s, 0);
	free(answer.records);
	dns_message_soa(&message, "example", 3600, 60);
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.lookup.ttl_s, 60);
	free(answer.records);
}

static int
read_chain(int hops, struct dns_answer *answer)
{
	char from[16], to[16];

	dns_message_begin(&message, "h0", DNS_A);
	for (int i = 0; i < hops; i++) {
		snprintf(from, sizeof(from), "h%d", i);
		snprintf(to, sizeof(to), "h%d", i + 1);
		dns_message_cname(&message, from, 60, to);
	}
	return dns_message_read(&message, "h0", DNS_A, answer);
}

static void
long_and_looping_aliases_are_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	assert_int_equal(read_chain(LIMIT_CNAME_HOPS, &answer), 0);
	assert_string_equal(answer.owner, "h11");
	free(answer.records);
	assert_int_equal(read_chain(LIMIT_CNAME_HOPS + 1, &answer), -1);
	assert_null(answer.records);
	dns_message_begin(&message, "a", DNS_A);
	dns_message_cname(&message, "a", 60, "b");
	dns_message_cname(&message, "b", 60, "a");
	assert_int_equal(dns_message_read(&message, "a", DNS_A, &answer), -1);
}

static void
alias_to_what_is_no_host_name_is_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_cname(&message, "a.example", 60, "b b.example");
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_A, &answer), -1);
}

static void
odd_rdata_comes_as_it_stands(void **state)
{
	static const struct {
		enum dns_type type;
		uint8_t rdata[8];
		size_t size;
	} rows[] = {
	    {DNS_TLSA, {3, 1, 1}, 3}, /* D40 */
	    {DNS_TLSA, {3, 1}, 2},
	    {DNS_TLSA, {3}, 1},
	    {DNS_TLSA, {3, 1, 1, 0xab}, 4},
	    {DNS_TXT, {3, 'a', 0, 'b', 2, 'c', 'd'}, 7},
	    {DNS_TXT, {0}, 1},
	    {DNS_MX, {0, 0, 0}, 3},
	    {DNS_MX, {0, 9, 2, 'm', 'x', 0}, 6},
	};
	struct dns_answer answer;
	char id[16];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(id, sizeof(id), "row %zu", i);
		dns_message_begin(&message, "a", rows[i].type);
		dns_message_answer(&message, "a", rows[i].type, 60,
		    rows[i].rdata, rows[i].size);
		ROW(id, dns_message_read(
			    &message, "a", rows[i].type, &answer) == 0);
		ROW(id, answer.count == 1);
		ROW(id, answer.records[0].size == rows[i].size);
		ROW(id, memcmp(answer.records[0].data, rows[i].rdata,
			    rows[i].size) == 0);
		free(answer.records);
	}
}

static void
too_many_records_are_cut(void **state)
{
	static const uint8_t tlsa[] = {3, 1, 1, 0};
	static const uint8_t a[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a", DNS_TLSA);
	for (int i = 0; i <= LIMIT_TLSA_RECORDS; i++)
		dns_message_answer(
		    &message, "a", DNS_TLSA, 60, tlsa, sizeof(tlsa));
	assert_int_equal(dns_message_read(&message, "a", DNS_TLSA, &answer), 0);
	assert_int_equal(answer.count, LIMIT_TLSA_RECORDS);
	free(answer.records);
	dns_message_begin(&message, "a", DNS_A);
	for (int i = 0; i <= LIMIT_DNS_RECORDS; i++)
		dns_message_answer(&message, "a", DNS_A, 60, a, sizeof(a));
	assert_int_equal(dns_message_read(&message, "a", DNS_A, &answer), 0);
	assert_int_equal(answer.count, LIMIT_DNS_RECORDS);
	free(answer.records);
}

static void
broken_messages_are_refused(void **state)
{
	static const uint8_t a[] = {192, 0, 2, 1};
	struct dns_answer answer;
	size_t whole;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_cname(&message, "a.example", 60, "b.example");
	dns_message_answer(&message, "b.example", DNS_A, 60, a, sizeof(a));
	whole = message.size;
	for (message.size = 0; message.size < whole; message.size++)
		if (dns_message_read(&message, "a.example", DNS_A, &answer) ==
		    0)
			fail_msg("cut at %zu", message.size);
	assert_int_equal(
	    dns_message_read(&message, "a.example", DNS_A, &answer), 0);
	free(answer.records);
}

static void
expect_malformed(const uint8_t *packet, size_t size)
{
	struct dns_answer answer = {.count = 0};
	struct err err;

	assert_null(dns_rdata_fault_in(DNS_MX, packet, size));
	assert_int_equal(
	    dns_packet_read(packet, size, "d.example", DNS_MX, &answer, &err),
	    -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(answer.count, 0);
	assert_null(answer.records);
}

/* A name in RDATA of another type goes on behind their length, and ldns finds
 * an MX record without RDATA behind its end (RFC 7672 section 2.1.1). */
static void
a_record_that_ldns_alone_sees_is_malformed(void **state)
{
	static const char hex[] =
	    "00ef178000010002000000000164076578616d706c6500000f0001c0"
	    "0c00240001000001360008000a036d00ef1780000100020000006401"
	    "00076578616d706c6500000f0001c00c00240001000001360008000a"
	    "036d7831c00cc00c000f00010000000000005300017831c00cc00c00"
	    "0f0001000000000000530001";
	/* 10 mx1.d.example */
	static const char sound[] =
	    "\xc0\x0c\0\x0f\0\1\0\0\1\x36\0\x08\0\x0a\3mx1\xc0\x0c";
	enum { ANSWERS = 7, QUESTION_END = 27, SOUND = sizeof(sound) - 1 };
	uint8_t packet[sizeof(hex) / 2 + SOUND];
	size_t size = sizeof(hex) / 2;

	(void)state;
	assert_int_equal(text_unhex(packet, size, hex), size);
	expect_malformed(packet, size);
	memmove(packet + QUESTION_END + SOUND, packet + QUESTION_END,
	    size - QUESTION_END);
	memcpy(packet + QUESTION_END, sound, SOUND);
	packet[ANSWERS]++;
	expect_malformed(packet, size + SOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_come_with_owner_and_least_ttl),
	    cmocka_unit_test(aliases_are_followed_in_any_order),
	    cmocka_unit_test(a_name_fits_a_query_up_to_its_limits),
	    cmocka_unit_test(a_query_for_the_alias_gets_the_alias),
	    cmocka_unit_test(denial_lives_as_long_as_the_soa_says),
	    cmocka_unit_test(only_a_whole_soa_tells_how_long_a_denial_lives),
	    cmocka_unit_test(long_and_looping_aliases_are_refused),
	    cmocka_unit_test(alias_to_what_is_no_host_name_is_refused),
	    cmocka_unit_test(odd_rdata_comes_as_it_stands),
	    cmocka_unit_test(too_many_records_are_cut),
	    cmocka_unit_test(broken_messages_are_refused),
	    cmocka_unit_test(a_record_that_ldns_alone_sees_is_malformed),
	};

	return RUN_TESTS(tests);
}
