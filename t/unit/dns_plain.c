/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_plain.h"

#include <stdlib.h>
#include <string.h>

#include "common/io/dns_packet.h"
#include "t/unit/tap.h"

/* A reply from its parts; the question's name is at 12, "example" at 14. */
#define HEAD(flags, answers, authority, additional) \
	"\0\1\x81" flags "\0\1\0" answers "\0" authority "\0" additional
#define ASKED "\1d\7example\0"
#define MX_ASKED ASKED "\0\17\0\1"
#define TXT_ASKED ASKED "\0\20\0\1"
#define TTL "\0\0\1\54"
#define MX "\xc0\14\0\17\0\1" TTL "\0\7\0\12\2mx\xc0\14"
#define MX_PLAIN "\0\12\2mx\1d\7example\0"
#define NS "\xc0\16\0\2\0\1" TTL "\0\2\xc0\14"
#define SOA(minimum)                                \
	"\xc0\16\0\6\0\1" TTL "\0\30\xc0\14\xc0\14" \
	"\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4" minimum
#define OPT "\0\0\51\4\xd0\0\0\x80\0\0\0"

struct plain_row {
	const char *id;
	const char *message;
	size_t size;
	enum dns_type type;
	enum lookup_state state;
	bool secure;
	uint32_t ttl_s;
	const char *data; /* of the first record */
	size_t length;
	size_t count;
};

#define MESSAGE(text) text, sizeof(text) - 1

static const struct plain_row read_rows[] = {
    {"MX", MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED MX), DNS_MX,
	LOOKUP_DATA, false, 300, MESSAGE(MX_PLAIN), 1},
    {"AD, EDNS, NS", MESSAGE(HEAD("\xa0", "\1", "\1", "\1") MX_ASKED MX NS OPT),
	DNS_MX, LOOKUP_DATA, true, 300, MESSAGE(MX_PLAIN), 1},
    {"TXT",
	MESSAGE(HEAD("\x80", "\2", "\0", "\0") TXT_ASKED
	    "\xc0\14\0\20\0\1\0\0\0\11\0\4\1a\1b"
	    "\xc0\14\0\20\0\1\0\0\0\12\0\2\1c"),
	DNS_TXT, LOOKUP_DATA, false, 9, MESSAGE("\1a\1b"), 2},
    {"another owner, another type",
	MESSAGE(HEAD("\x80", "\2", "\0", "\0") TXT_ASKED
	    "\xc0\16\0\20\0\1" TTL "\0\2\1a"
	    "\xc0\14\0\1\0\1" TTL "\0\4\300\0\2\1"),
	DNS_TXT, LOOKUP_NODATA, false, 0, NULL, 0, 0},
    {"none, by MINIMUM",
	MESSAGE(HEAD("\x80", "\0", "\1", "\0") TXT_ASKED SOA("\0\0\0\74")),
	DNS_TXT, LOOKUP_NODATA, false, 60, NULL, 0, 0},
    {"none, by its TTL",
	MESSAGE(HEAD("\xa0", "\0", "\2", "\0") TXT_ASKED SOA("\0\1\0\0")
		SOA("\0\0\0\74")),
	DNS_TXT, LOOKUP_NODATA, true, 300, NULL, 0, 0},
    {"no name, no SOA", MESSAGE(HEAD("\x83", "\0", "\0", "\1") TXT_ASKED OPT),
	DNS_TXT, LOOKUP_NXDOMAIN, false, 0, NULL, 0, 0},
};

/* The library says the same of it. */
static void
check_agreement(const struct plain_row *row, const struct dns_answer *answer)
{
	struct dns_answer other = {.count = 0};

	ROW(row->id, dns_packet_read((const uint8_t *)row->message, row->size,
			 "d.example", row->type, &other, NULL) == 0);
	ROW(row->id, other.count == answer->count);
	ROW(row->id, other.lookup.ttl_s == answer->lookup.ttl_s);
	ROW_TEXT(row->id, other.owner, answer->owner);
	for (size_t i = 0; i < other.count; i++)
		ROW(row->id,
		    other.records[i].size == answer->records[i].size &&
			memcmp(other.records[i].data, answer->records[i].data,
			    other.records[i].size) == 0);
	free(other.records);
}

static void
plain_answers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_rows); i++) {
		const struct plain_row *row = &read_rows[i];
		struct dns_answer answer = {.count = 0};

		ROW(row->id, dns_plain_read((const uint8_t *)row->message,
				 row->size, "d.example", row->type, &answer));
		ROW(row->id, answer.lookup.state == row->state);
		ROW(row->id, answer.lookup.secure == row->secure);
		ROW(row->id, answer.lookup.ttl_s == row->ttl_s);
		ROW(row->id, answer.count == row->count);
		ROW_TEXT(row->id, answer.owner, "d.example");
		ROW(row->id,
		    row->count == 0 || (answer.records[0].size == row->length &&
					   memcmp(answer.records[0].data,
					       row->data, row->length) == 0));
		check_agreement(row, &answer);
		free(answer.records);
	}
}

/* Of any length but the whole, from memory of its own. */
static void
what_is_cut_short_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_rows); i++)
		for (size_t size = 0; size < read_rows[i].size; size++) {
			struct dns_answer answer = {.count = 0};
			uint8_t *cut = malloc(size + 1);

			assert_non_null(cut);
			memcpy(cut, read_rows[i].message, size);
			cut = realloc(cut, size == 0 ? 1 : size);
			ROW(read_rows[i].id,
			    !dns_plain_read(cut, size, "d.example",
				read_rows[i].type, &answer));
			free(cut);
		}
}

static void
what_is_out_of_the_ordinary_is_left(void **state)
{
	static const struct {
		const char *id;
		const char *message;
		size_t size;
	} rows[] = {
	    {"truncated", MESSAGE("\0\1\x83\x80\0\1\0\1\0\0\0\0" MX_ASKED MX)},
	    {"does not recurse",
		MESSAGE(HEAD("\0", "\1", "\0", "\0") MX_ASKED MX)},
	    {"SERVFAIL", MESSAGE(HEAD("\x82", "\0", "\0", "\0") MX_ASKED)},
	    {"RCODE in EDNS", MESSAGE(HEAD("\x80", "\0", "\0", "\1") MX_ASKED
				  "\0\0\51\4\xd0\1\0\x80\0\0\0")},
	    {"an option", MESSAGE(HEAD("\x80", "\0", "\0", "\1") MX_ASKED
			      "\0\0\51\4\xd0\0\0\x80\0\0\4\0\3\0\0")},
	    {"EDNS twice",
		MESSAGE(HEAD("\x80", "\0", "\0", "\2") MX_ASKED OPT OPT)},
	    {"no question", MESSAGE("\0\1\x81\x80\0\0\0\0\0\0\0\0")},
	    {"another question", MESSAGE(HEAD("\x80", "\0", "\0",
				     "\0") "\1e\7example\0\0\17\0\1")},
	    {"an alias", MESSAGE(HEAD("\x80", "\2", "\0", "\0") MX_ASKED
			     "\xc0\14\0\5\0\1" TTL "\0\2\xc0\16" MX)},
	    {"a signature", MESSAGE(HEAD("\x80", "\2", "\0", "\0") MX_ASKED MX
				"\xc0\14\0\56\0\1" TTL "\0\1x")},
	    {"another class",
		MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
		    "\xc0\14\0\17\0\3" TTL "\0\7\0\12\2mx\xc0\14")},
	    {"octets behind the name",
		MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
		    "\xc0\14\0\17\0\1" TTL "\0\10\0\12\2mx\xc0\14x")},
	    {"a name into the header",
		MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
		    "\xc0\14\0\17\0\1" TTL "\0\4\0\12\xc0\0")},
	    {"a name ahead", MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
				 "\xc0\14\0\17\0\1" TTL "\0\4\0\12\xc0\51")},
	    {"an owner in a circle",
		MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
		    "\xc0\33\0\17\0\1" TTL "\0\4\0\12\xc0\14")},
	    {"an odd label", MESSAGE(HEAD("\x80", "\1", "\0", "\0") MX_ASKED
				 "\x80x\0\17\0\1" TTL "\0\4\0\12\xc0\14")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_answer answer = {.owner = "as it was"};

		ROW(rows[i].id,
		    !dns_plain_read((const uint8_t *)rows[i].message,
			rows[i].size, "d.example", DNS_MX, &answer));
		ROW_TEXT(rows[i].id, answer.owner, "as it was");
		ROW(rows[i].id, answer.records == NULL && answer.count == 0);
	}
}

/* The library takes the first of them. */
static void
more_records_than_are_taken_are_left(void **state)
{
	enum { HEADER = 12, ASK = 15, RECORD = 16 };
	static uint8_t message[HEADER + ASK + RECORD * (LIMIT_DNS_RECORDS + 1)];
	struct dns_answer answer = {.count = 0};
	size_t size = HEADER + ASK;

	(void)state;
	memcpy(message, HEAD("\x80", "\0", "\0", "\0") ASKED "\0\1\0\1", size);
	for (int i = 0; i <= LIMIT_DNS_RECORDS; i++, size += RECORD)
		memcpy(message + size, "\xc0\14\0\1\0\1" TTL "\0\4\300\0\2\1",
		    RECORD);
	message[6] = (LIMIT_DNS_RECORDS + 1) >> 8;
	message[7] = (uint8_t)(LIMIT_DNS_RECORDS + 1);
	assert_false(
	    dns_plain_read(message, size, "d.example", DNS_A, &answer));
	message[6] = LIMIT_DNS_RECORDS >> 8;
	message[7] = (uint8_t)LIMIT_DNS_RECORDS;
	assert_true(dns_plain_read(
	    message, size - RECORD, "d.example", DNS_A, &answer));
	assert_int_equal(answer.count, LIMIT_DNS_RECORDS);
	free(answer.records);
}

int
main(void)
{
	const struct CMUnitTest dns_plain[] = {
	    cmocka_unit_test(plain_answers_are_read),
	    cmocka_unit_test(what_is_cut_short_is_left),
	    cmocka_unit_test(what_is_out_of_the_ordinary_is_left),
	    cmocka_unit_test(more_records_than_are_taken_are_left),
	};

	return RUN_TESTS(dns_plain);
}
