/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/dns_packet.h"
#include "t/fuzz/fuzz.h"

/* What may have been asked. */
static const struct question {
	const char *name;
	enum dns_type type;
} questions[] = {
    {"mx1.d.example", DNS_A},
    {"d.example", DNS_MX},
    {"_25._tcp.mx1.d.example", DNS_TLSA},
    {"", DNS_DNSKEY},
};

enum {
	ID = 1, /* of the messages in the corpus */

	/* Octets of the header and bits in them: RFC 1035 section 4.1.1 */
	AT_QR = 2,
	QR_BIT = 0x80,
	AT_AD = 3,
	AD_BIT = 0x20,
	RA_BIT = 0x80,
};

static struct dns_insecure *insecure; /* to the end */

/* As text_clean leaves it. */
static void
check_clean(const char *why)
{
	for (; *why != '\0'; why++)
		assert(*why > ' ' && *why <= '~');
}

static void
check_success(const struct dns_answer *answer, const uint8_t *packet,
    size_t size, const struct question *question)
{
	struct dns_answer again;

	memset(&again, 0, sizeof(again));
	assert(dns_packet_read(packet, size, question->name, question->type,
		   &again, NULL) == 0);
	assert(answer->lookup.ttl_s == again.lookup.ttl_s);
	assert(answer->count == again.count);
	assert(strcmp(answer->owner, again.owner) == 0);
	for (size_t i = 0; i < again.count; i++)
		assert(answer->records[i].size == again.records[i].size &&
		       memcmp(answer->records[i].data, again.records[i].data,
			   again.records[i].size) == 0);
	assert((answer->lookup.state == LOOKUP_DATA) == (answer->count > 0));
	assert(answer->lookup.secure ==
	       ((packet[AT_AD] & AD_BIT) != 0 &&
		   !dns_packet_is_insecure(packet, size, insecure)));
	assert((packet[AT_AD] & RA_BIT) != 0 && answer->why[0] == '\0');
	free(again.records);
}

static void
check_failure(const struct dns_answer *answer)
{
	assert(answer->count == 0 && answer->records == NULL);
	assert(!answer->lookup.secure && answer->why[0] != '\0');
	check_clean(answer->why);
}

static void
try_reply(const uint8_t *packet, size_t size, const struct question *question)
{
	AUTO(dns_answer)
	struct dns_answer *answer = dns_packet_reply(
	    packet, size, question->name, question->type, false, insecure);

	switch (answer->lookup.state) {
	case LOOKUP_DATA:
	case LOOKUP_NODATA:
	case LOOKUP_NXDOMAIN:
		check_success(answer, packet, size, question);
		return;
	case LOOKUP_BOGUS:
	case LOOKUP_SERVFAIL:
		check_failure(answer);
		return;
	case LOOKUP_NOT_ASKED:
	case LOOKUP_TIMEOUT:
		break;
	}
	assert(false); /* no answer says so */
}

/* A query with QR set is its own reply; it is none to another id. */
static void
check_own(const struct dns_packet_query *query)
{
	struct dns_packet_query reply = *query;

	assert(!dns_packet_is_reply(query, reply.octets, reply.size));
	reply.octets[AT_QR] |= QR_BIT;
	assert(dns_packet_is_reply(query, reply.octets, reply.size));
	dns_packet_set_id(&reply, ID + 256);
	assert(!dns_packet_is_reply(query, reply.octets, reply.size));
}

static void
try_match(const uint8_t *packet, size_t size, const struct question *question)
{
	struct dns_packet_query query;

	assert(dns_packet_query(&query, question->name, question->type, NULL) ==
	       0);
	dns_packet_set_id(&query, ID);
	check_own(&query);
	if (!dns_packet_is_reply(&query, packet, size))
		return;
	assert(size >= 12 && packet[0] == 0 && packet[1] == ID);
	assert((packet[AT_QR] & QR_BIT) != 0);
	dns_packet_is_truncated(packet);
	dns_packet_set_id(&query, ID + 1);
	assert(!dns_packet_is_reply(&query, packet, size));
}

/* The message is what comes from a nameserver after any of the questions. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = {"mx1.d.example"};
	static const struct dns_names names = {zones, COUNT(zones)};

	if (insecure == NULL)
		insecure = dns_insecure_new(&names);
	for (size_t i = 0; i < COUNT(questions); i++) {
		try_match(data, size, &questions[i]);
		try_reply(data, size, &questions[i]);
	}
	return 0;
}
