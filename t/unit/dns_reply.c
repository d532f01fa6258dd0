/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_packet.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/dns_message.h"
#include "t/unit/tap.h"

enum {
	QR = 0x80, /* of the third octet */
	AA = 0x04,
	TC = 0x02,
	RA = 0x80, /* of the fourth */
	AD = 0x20,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	OPT = 41,
};

static struct dns_message message;
static const char *const own_zones[] = {"corp.example"};
static const struct dns_names own = {own_zones, COUNT(own_zones)};

/* RFC 1035 section 4.1, RFC 6891 section 6.1.2: RD, AD; answers of 1232 octets,
 * DO. */
static void
a_query_is_as_the_rfcs_have_it(void **state)
{
	static const char wanted[] = "\x12\x34\1\x20\0\1\0\0\0\0\0\1"
				     "\1m\7example\0\0\x34\0\1"
				     "\0\0\x29\x04\xd0\0\0\x80\0\0\0";
	struct dns_packet_query query;

	(void)state;
	assert_int_equal(
	    dns_packet_query(&query, "m.example", DNS_TLSA, NULL), 0);
	assert_memory_equal(query.octets, "\0\0", 2);
	dns_packet_set_id(&query, 0x1234);
	assert_int_equal(query.size, sizeof(wanted) - 1);
	assert_memory_equal(query.octets, wanted, query.size);
}

static bool
is_reply(const struct dns_packet_query *query, const void *octets, size_t size)
{
	uint8_t *exact = xmemdup(octets, size);
	bool is = dns_packet_is_reply(query, exact, size);

	free(exact);
	return is;
}

static void
a_reply_has_the_id_and_the_question_of_its_query(void **state)
{
	enum { AT_NAME = 12, AT_TYPE = 23, AT_CLASS = 25, END = 27 };
	static const struct {
		const char *id;
		size_t at;
		const char *octet;
		bool is;
	} rows[] = {
	    {"as it is", 0, "\x12", true},
	    {"another id", 0, "\x13", false},
	    {"another id in its second octet", 1, "\x35", false},
	    {"a query", 2, "\1", false},
	    {"no question", 5, "\0", false},
	    {"two questions", 5, "\2", false},
	    {"another case", AT_NAME + 1, "M", true},
	    {"another name", AT_NAME + 1, "n", false},
	    {"another name in its last label", AT_NAME + 9, "x", false},
	    {"another type", AT_TYPE + 1, "\1", false},
	    {"another class", AT_CLASS + 1, "\3", false},
	};
	struct dns_packet_query query;
	uint8_t octets[DNS_PACKET_QUERY_MAX];

	(void)state;
	dns_packet_query(&query, "m.example", DNS_TLSA, NULL);
	dns_packet_set_id(&query, 0x1234);
	for (size_t i = 0; i < COUNT(rows); i++) {
		memcpy(octets, query.octets, query.size);
		octets[2] |= QR;
		octets[rows[i].at] = (uint8_t)*rows[i].octet;
		ROW(rows[i].id,
		    is_reply(&query, octets, query.size) == rows[i].is);
		/* what follows the question is not looked at */
		ROW(rows[i].id, is_reply(&query, octets, END) == rows[i].is);
		ROW(rows[i].id, !is_reply(&query, octets, END - 1));
	}
	octets[AT_CLASS + 1] = 1;
	octets[3] |= SERVFAIL;
	assert_true(is_reply(&query, octets, END));
	assert_false(dns_packet_is_truncated(octets));
	octets[2] |= TC;
	assert_true(dns_packet_is_truncated(octets));
}

static void
who_did_not_understand_need_not_ask_again(void **state)
{
	static const uint8_t understood[] = {0, SERVFAIL, NXDOMAIN, 9};
	static const uint8_t not_understood[] = {1, 4, 5};
	uint8_t octets[] = {0, 0, QR, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct dns_packet_query query;

	(void)state;
	dns_packet_query(&query, "m.example", DNS_TLSA, NULL);
	for (size_t i = 0; i < COUNT(understood); i++) {
		octets[3] = understood[i];
		assert_false(is_reply(&query, octets, sizeof(octets)));
	}
	for (size_t i = 0; i < COUNT(not_understood); i++) {
		octets[3] = not_understood[i];
		assert_true(is_reply(&query, octets, sizeof(octets)));
		assert_false(is_reply(&query, octets, sizeof(octets) - 1));
	}
}

/* What is in the message, with these flags, as the answer to "a.example A". */
static struct dns_answer *
read_flags(unsigned high, unsigned low, bool authoritative)
{
	AUTO(dns_insecure)
	struct dns_insecure *insecure = dns_insecure_new(&own);
	struct dns_answer *answer;
	uint8_t *exact;

	message.octets[2] = (uint8_t)(QR | high);
	message.octets[3] = (uint8_t)low;
	message.octets[5] = 1;
	message.octets[7] = (uint8_t)message.answers;
	message.octets[9] = (uint8_t)message.authorities;
	exact = xmemdup(message.octets, message.size);
	answer = dns_packet_reply(
	    exact, message.size, "a.example", DNS_A, authoritative, insecure);
	free(exact);
	return answer;
}

static void
records_and_rcode_make_the_answer(void **state)
{
	static const struct {
		const char *id;
		size_t addresses;
		unsigned low;
		enum lookup_state state;
		bool secure;
	} rows[] = {
	    {"a record", 1, RA, LOOKUP_DATA, false},
	    {"two, and AD", 2, RA | AD, LOOKUP_DATA, true},
	    {"none", 0, RA, LOOKUP_NODATA, false},
	    {"none, and AD", 0, RA | AD, LOOKUP_NODATA, true},
	    {"no such name", 0, RA | NXDOMAIN, LOOKUP_NXDOMAIN, false},
	    {"SERVFAIL", 0, RA | SERVFAIL, LOOKUP_SERVFAIL, false},
	    {"SERVFAIL, and AD", 0, RA | AD | SERVFAIL, LOOKUP_SERVFAIL, false},
	};

	(void)state;
	for (size_t n = 0; n < 2 * COUNT(rows); n++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		bool authoritative = n % 2 == 1; /* the library reads these */
		size_t i = n / 2;

		dns_message_begin(&message, "a.example", DNS_A);
		for (size_t j = 0; j < rows[i].addresses; j++)
			dns_message_answer(
			    &message, "a.example", DNS_A, 60, "\1\2\3\4", 4);
		answer = read_flags(
		    authoritative ? AA : 0, rows[i].low, authoritative);
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
		ROW(rows[i].id, answer->lookup.secure == rows[i].secure);
		ROW(rows[i].id, answer->count == rows[i].addresses);
		ROW_TEXT(rows[i].id, answer->why,
		    rows[i].state == LOOKUP_SERVFAIL ? "SERVFAIL" : "");
	}
}

/* A referral is no answer. */
static void
only_who_may_answer_is_believed(void **state)
{
	static const struct {
		unsigned high, low;
		bool authoritative;
		const char *why;
	} rows[] = {
	    {0, RA, false, ""},
	    {AA, RA, false, ""},
	    {AA, 0, true, ""},
	    {AA, RA, true, ""},
	    {0, 0, false, "the_nameserver_does_not_recurse"},
	    {AA, 0, false, "the_nameserver_does_not_recurse"},
	    {0, RA, true, "the_nameserver_is_not_authoritative"},
	};

	(void)state;
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_answer(&message, "a.example", DNS_A, 60, "\1\2\3\4", 4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_answer)
		struct dns_answer *answer = read_flags(
		    rows[i].high, rows[i].low, rows[i].authoritative);

		assert_string_equal(answer->why, rows[i].why);
		assert_int_equal(answer->lookup.state,
		    rows[i].why[0] == '\0' ? LOOKUP_DATA : LOOKUP_SERVFAIL);
	}
}

#define OPTIONS(text) text, sizeof(text) - 1

/* RFC 8914, RFC 6891 section 6.1.3 */
static void
an_extended_error_tells_why_and_whether_it_is_bogus(void **state)
{
	static const struct {
		const char *id;
		const char *options;
		size_t size;
		unsigned high_rcode;
		const char *why;
		enum lookup_state state;
	} rows[] = {
	    {"none", OPTIONS(""), 0, "SERVFAIL", LOOKUP_SERVFAIL},
	    {"bogus", OPTIONS("\0\17\0\5\0\6sig"), 0, "SERVFAIL,_EDE_6_sig",
		LOOKUP_BOGUS},
	    {"of one letter", OPTIONS("\0\17\0\3\0\6x"), 0, "SERVFAIL,_EDE_6_x",
		LOOKUP_BOGUS},
	    {"without words", OPTIONS("\0\17\0\2\0\6"), 0, "SERVFAIL,_EDE_6",
		LOOKUP_BOGUS},
	    {"before those of DNSSEC", OPTIONS("\0\17\0\2\0\5"), 0,
		"SERVFAIL,_EDE_5", LOOKUP_SERVFAIL},
	    {"the last of DNSSEC", OPTIONS("\0\17\0\2\0\14"), 0,
		"SERVFAIL,_EDE_12", LOOKUP_BOGUS},
	    {"behind those of DNSSEC", OPTIONS("\0\17\0\2\0\15"), 0,
		"SERVFAIL,_EDE_13", LOOKUP_SERVFAIL},
	    {"the first of two", OPTIONS("\0\17\0\2\0\26\0\17\0\2\0\27"), 0,
		"SERVFAIL,_EDE_22", LOOKUP_SERVFAIL},
	    {"of two the one of DNSSEC",
		OPTIONS("\0\17\0\2\0\26\0\17\0\2\0\11"), 0, "SERVFAIL,_EDE_9",
		LOOKUP_BOGUS},
	    {"of two of DNSSEC the first",
		OPTIONS("\0\17\0\2\0\7\0\17\0\2\0\11"), 0, "SERVFAIL,_EDE_7",
		LOOKUP_BOGUS},
	    {"another option", OPTIONS("\0\3\0\2\0\6"), 0, "SERVFAIL",
		LOOKUP_SERVFAIL},
	    {"an option without a code", OPTIONS("\0\17\0\1\6"), 0, "SERVFAIL",
		LOOKUP_SERVFAIL},
	    {"both halves of a code", OPTIONS(""), 1, "unknown_answer_code",
		LOOKUP_SERVFAIL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		dns_message_begin(&message, "a.example", DNS_A);
		dns_message_answer(&message, "", OPT, rows[i].high_rcode << 24,
		    rows[i].options, rows[i].size);
		message.answers = 0;
		message.octets[11] = 1; /* it is additional */
		answer = read_flags(0, RA | SERVFAIL, false);
		ROW_TEXT(rows[i].id, answer->why, rows[i].why);
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
	}
}

static void
a_reply_that_cannot_be_read_is_a_failure(void **state)
{
	AUTO(dns_answer) struct dns_answer *cut = NULL;
	AUTO(dns_answer) struct dns_answer *odd = NULL;
	AUTO(dns_answer) struct dns_answer *loop = NULL;

	(void)state;
	dns_message_begin(&message, "a.example", DNS_A);
	message.size--;
	cut = read_flags(0, RA, false);
	assert_int_equal(cut->lookup.state, LOOKUP_SERVFAIL);
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_answer(&message, "a.example", DNS_A, 60, "\1\2\3\4\5", 5);
	odd = read_flags(0, RA, false);
	assert_int_equal(odd->lookup.state, LOOKUP_SERVFAIL);
	assert_int_equal(odd->count, 0);
	dns_message_begin(&message, "a.example", DNS_A);
	dns_message_cname(&message, "a.example", 60, "a.example");
	loop = read_flags(0, RA, false);
	assert_int_equal(loop->lookup.state, LOOKUP_SERVFAIL);
	assert_string_equal(loop->why, "CNAME_loop_or_chain_too_long");
}

static bool
is_insecure(const struct dns_insecure *insecure, size_t size)
{
	uint8_t *exact;
	bool is;

	message.octets[5] = 1;
	message.octets[7] = (uint8_t)message.answers;
	exact = xmemdup(message.octets, size);
	is = dns_packet_is_insecure(exact, size, insecure);
	free(exact);
	return is;
}

static void
one_owner_in_an_insecure_zone_makes_the_answer_insecure(void **state)
{
	static const struct {
		const char *owners[3];
		bool is;
	} rows[] = {
	    {{NULL}, false},
	    {{"a.example"}, false},
	    {{"mx.corp.example"}, true},
	    {{"mx.corp.example", "a.example"}, true},
	    {{"a.example", "b.example", "mx.corp.example"}, true},
	    {{"a.example", "b.example", "c.example"}, false},
	    {{"not a host.corp.example"}, false},
	};
	AUTO(dns_insecure)
	struct dns_insecure *insecure = dns_insecure_new(&own);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		dns_message_begin(&message, "a.example", DNS_A);
		for (size_t j = 0; j < 3 && rows[i].owners[j] != NULL; j++)
			dns_message_answer(&message, rows[i].owners[j], DNS_A,
			    60, "\1\2\3\4", 4);
		assert_int_equal(
		    is_insecure(insecure, message.size), rows[i].is);
		assert_false(is_insecure(insecure, message.size - 1));
		answer = read_flags(0, RA | AD, false);
		assert_int_equal(answer->lookup.secure, !rows[i].is);
	}
}

int
main(void)
{
	const struct CMUnitTest dns_reply[] = {
	    cmocka_unit_test(a_query_is_as_the_rfcs_have_it),
	    cmocka_unit_test(a_reply_has_the_id_and_the_question_of_its_query),
	    cmocka_unit_test(who_did_not_understand_need_not_ask_again),
	    cmocka_unit_test(records_and_rcode_make_the_answer),
	    cmocka_unit_test(only_who_may_answer_is_believed),
	    cmocka_unit_test(
		an_extended_error_tells_why_and_whether_it_is_bogus),
	    cmocka_unit_test(a_reply_that_cannot_be_read_is_a_failure),
	    cmocka_unit_test(
		one_owner_in_an_insecure_zone_makes_the_answer_insecure),
	};

	return RUN_TESTS(dns_reply);
}
