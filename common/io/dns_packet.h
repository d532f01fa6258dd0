/* dns_packet - DNS messages: a query as it goes out, an answer as our own
 * struct. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_PACKET_H
#define COMMON_IO_DNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/io/dns_answer.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_plain.h"

enum {
	DNS_PACKET_MAX = 65535,

	/* Header, the longest name with type and class, OPT */
	DNS_PACKET_QUERY_MAX = 12 + DNS_NAME_MAX + 4 + 11,
};

struct dns_packet_query {
	uint8_t octets[DNS_PACKET_QUERY_MAX];
	size_t size;
};

/*
 * dns_packet_query - a query for a recursive nameserver that validates
 *
 * name is normalised ("" is the root).  RD and AD are set, EDNS with DO and
 * answers of 1232 octets; the id is 0.  DATA when a label or the name is too
 * long, or a label empty.
 */
int dns_packet_query(struct dns_packet_query *query, const char *name,
    enum dns_type type, struct err *err);

void dns_packet_set_id(struct dns_packet_query *query, uint16_t id);

/*
 * dns_packet_is_reply - whether a message replies to the query: same id, same
 * question, QR set
 *
 * The question may be missing where the rcode says that the query was not
 * understood.
 */
bool dns_packet_is_reply(
    const struct dns_packet_query *query, const uint8_t *packet, size_t size);

/* dns_packet_is_truncated - the TC bit of what is a reply */
bool dns_packet_is_truncated(const uint8_t *packet);

/*
 * dns_packet_reply - what the reply of a recursive nameserver amounts to, or of
 * one that is authoritative for the name
 *
 * packet is a reply, whole.  lookup.secure is the AD bit, but false where
 * dns_packet_is_insecure is true: clear it if the nameserver is not trusted.  A
 * malformed record of the type is a
 * LOOKUP_SERVFAIL.  So is any rcode but NOERROR and NXDOMAIN, which is a
 * LOOKUP_BOGUS if an extended error (RFC 8914) says that validation failed.
 */
struct dns_answer *dns_packet_reply(const uint8_t *packet, size_t size,
    const char *name, enum dns_type type, bool authoritative,
    const struct dns_insecure *insecure) OWNED(dns_answer_free);

/* dns_packet_rcode - the name of a response code; a constant */
const char *dns_packet_rcode(int rcode);

/*
 * dns_packet_read - what a DNS message says about name and type
 *
 * CNAMEs are followed within the message.  Fills in owner, count, records and
 * lookup.ttl_s of answer, and leaves the rest: the least TTL of the CNAMEs and
 * the RRset, or of the SOA where there is no record (RFC 2308 section 5).
 * DATA when the message or a record of the type in its answer is malformed (see
 * dns_rdata.h), when it has more than LIMIT_CNAME_HOPS aliases, or leads to
 * what is no host name; then answer has no records, and owner and
 * TTL mean nothing.
 */
int dns_packet_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer, struct err *err);

/*
 * dns_packet_is_insecure - whether a record in the answer section has its owner
 * in a zone that is insecure on purpose
 *
 * False for a message that is malformed.
 */
bool dns_packet_is_insecure(
    const uint8_t *packet, size_t size, const struct dns_insecure *insecure);

/* dns_packet_library - the version of the library behind this, a constant */
const char *dns_packet_library(void);

#endif
