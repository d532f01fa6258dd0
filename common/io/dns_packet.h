/* dns_packet - an answer as it came on the wire, as our own struct. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_PACKET_H
#define COMMON_IO_DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/io/dns.h"

/*
 * dns_packet_read - what a DNS message says about name and type
 *
 * CNAMEs are followed within the message.  Fills in owner, count, records and
 * lookup.ttl_s of answer, and leaves the rest: the least TTL of the CNAMEs and
 * the RRset, or of the SOA where there is no record (RFC 2308 section 5).
 * DATA when the message is malformed, has more than LIMIT_CNAME_HOPS of them,
 * or leads to what is no host name; then answer has no records, and owner and
 * TTL mean nothing.
 */
int dns_packet_read(const uint8_t *packet, size_t size, const char *name,
    enum dns_type type, struct dns_answer *answer, struct err *err);

#endif
