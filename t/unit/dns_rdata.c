/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_rdata.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/dns_message.h"
#include "t/unit/tap.h"

static struct dns_message message;

enum { LONG_LABELS = 4 };

/* RDATA by itself; the lengths are those of the literals. */
static const struct rdata_row {
	const char *id;
	enum dns_type type;
	const char *rdata;
	size_t size;
	bool good;
} rdata_rows[] = {

#define NINETEEN "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TWENTY NINETEEN "\0"
#define R(id, type, octets, good)                          \
	{                                                  \
		id, type, octets, sizeof(octets) - 1, good \
	}
    R("address", DNS_A, "\300\0\2\1", true),
    R("address without octets", DNS_A, "", false),
    R("address of three octets", DNS_A, "\300\0\2", false),
    R("address of five octets", DNS_A, "\300\0\2\1\1", false),
    R("IPv6 address", DNS_AAAA, "0123456789abcdef", true),
    R("IPv6 address without octets", DNS_AAAA, "", false),
    R("IPv6 address of 15 octets", DNS_AAAA, "0123456789abcde", false),
    R("IPv6 address of 17 octets", DNS_AAAA, "0123456789abcdefg", false),
    R("IPv6 record with an IPv4 address", DNS_AAAA, "\300\0\2\1", false),
    R("mail host", DNS_MX, "\0\12\2mx\7example\0", true),
    R("null MX", DNS_MX, "\0\0\0", true),
    R("mail host without octets", DNS_MX, "", false),
    R("half a preference", DNS_MX, "\0", false),
    R("preference alone", DNS_MX, "\0\12", false),
    R("mail host without its root", DNS_MX, "\0\12\2mx", false),
    R("mail host in mid-label", DNS_MX, "\0\12\2m", false),
    R("octet behind the mail host", DNS_MX, "\0\12\2mx\0x", false),
    R("mail host with a label of 64", DNS_MX, "\0\12\100x", false),
    R("half a pointer", DNS_MX, "\0\12\300", false),
    R("pointer to itself", DNS_MX, "\0\12\300\2", false),
    R("pointer ahead", DNS_MX, "\0\12\300\5\0", false),
    R("pointer beyond", DNS_MX, "\0\12\377\377", false),
    R("labels in a circle", DNS_MX, "\0\12\1a\300\2", false),
    R("alias", DNS_CNAME, "\2mx\0", true),
    R("alias of the root", DNS_CNAME, "\0", true),
    R("alias without octets", DNS_CNAME, "", false),
    R("octet behind the alias", DNS_CNAME, "\2mx\0\0", false),
    R("nameserver", DNS_NS, "\2ns\0", true),
    R("nameserver without octets", DNS_NS, "", false),
    R("start of authority", DNS_SOA, "\2ns\0\2me\0" TWENTY, true),
    R("start of authority, octet missing", DNS_SOA, "\2ns\0\2me\0" NINETEEN,
	false),
    R("start of authority, octet behind it", DNS_SOA,
	"\2ns\0\2me\0" TWENTY "\0", false),
    R("start of authority, one name", DNS_SOA, "\2ns\0", false),
    R("start of authority without octets", DNS_SOA, "", false),
    R("text", DNS_TXT, "\2ab\0\1c", true),
    R("empty text", DNS_TXT, "\0", true),
    R("no text", DNS_TXT, "", false),
    R("text cut", DNS_TXT, "\2ab\3c", false),
    R("key", DNS_DNSKEY, "\1\1\3\10k", true),
    R("no key", DNS_DNSKEY, "\1\1\3\10", false),
    R("digest of a key", DNS_DS, "\0\1\20\2d", true),
    R("no digest", DNS_DS, "\0\1\20\2", false),
    R("TLSA record (D40)", DNS_TLSA, "\3\1\1", true),
    R("TLSA record without octets", DNS_TLSA, "", true),
    R("type not asked for", (enum dns_type)99, "", false),
#undef R
};

static void
only_rdata_with_all_its_fields_and_no_more_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rdata_rows); i++) {
		const struct rdata_row *row = &rdata_rows[i];
		/* on the heap, so that no octet behind it is read unseen */
		uint8_t *rdata = malloc(row->size + 1);

		memcpy(rdata, row->rdata, row->size);
		ROW(row->id, (dns_rdata_fault(row->type, rdata, row->size, 0,
				  row->size) == NULL) == row->good);
		ROW(row->id, dns_rdata_fault(row->type, rdata, row->size, 0,
				 row->size + 1) != NULL);
		free(rdata);
	}
}

static void
a_name_in_rdata_has_at_most_255_octets(void **state)
{
	uint8_t octets[2 * 256];
	size_t size = 0;

	(void)state;
	for (int i = 0; i < LONG_LABELS; i++) {
		octets[size++] = i == LONG_LABELS - 1 ? 61 : 63;
		memset(octets + size, 'a', 63);
		size += i == LONG_LABELS - 1 ? 61 : 63;
	}
	octets[size++] = 0;
	assert_int_equal(size, 255);
	assert_null(dns_rdata_fault(DNS_CNAME, octets, size, 0, size));
	/* another, one label longer by a pointer to it */
	memcpy(octets + size, "\1b\300\0", 4);
	assert_non_null(dns_rdata_fault(DNS_CNAME, octets, size + 4, size, 4));
	assert_null(dns_rdata_fault(DNS_CNAME, octets, size + 4, size + 2, 2));
}

/* Compression is the only thing that RDATA in a message has beyond RDATA by
 * itself. */
static void
an_answer_with_a_malformed_record_is_refused(void **state)
{
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(rdata_rows); i++) {
		const struct rdata_row *row = &rdata_rows[i];
		bool alias = row->type == DNS_CNAME;

		if (strstr(row->id, "pointer") != NULL ||
		    strstr(row->id, "alias of") != NULL ||
		    strstr(row->id, "type not") != NULL)
			continue;
		dns_message_begin(&message, "a", alias ? DNS_A : row->type);
		dns_message_answer(&message, alias ? "a" : "b", row->type, 60,
		    row->rdata, row->size);
		ROW(row->id,
		    (dns_message_read(&message, "a", alias ? DNS_A : row->type,
			 &answer) == 0) == row->good);
		free(answer.records);
	}
}

static void
a_malformed_record_of_another_type_changes_nothing(void **state)
{
	static const uint8_t one[] = {192, 0, 2, 1};
	struct dns_answer answer;

	(void)state;
	dns_message_begin(&message, "a", DNS_A);
	dns_message_answer(&message, "a", DNS_A, 60, one, 4);
	dns_message_answer(&message, "a", DNS_AAAA, 60, one, 0);
	assert_int_equal(dns_message_read(&message, "a", DNS_A, &answer), 0);
	assert_int_equal(answer.count, 1);
	free(answer.records);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		only_rdata_with_all_its_fields_and_no_more_is_well_formed),
	    cmocka_unit_test(a_name_in_rdata_has_at_most_255_octets),
	    cmocka_unit_test(an_answer_with_a_malformed_record_is_refused),
	    cmocka_unit_test(
		a_malformed_record_of_another_type_changes_nothing),
	};

	return RUN_TESTS(tests);
}
