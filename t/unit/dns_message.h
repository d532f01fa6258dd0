/* dns_message - a DNS message, octet by octet. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_DNS_MESSAGE_H
#define T_UNIT_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/io/dns.h"

struct dns_message {
	uint8_t octets[65536];
	size_t size;
	unsigned answers;
	unsigned authorities;
};

/* dns_message_begin - a reply to this question, and nothing in it yet */
void
dns_message_begin(struct dns_message *m, const char *name, enum dns_type type);

/* A record more: any, CNAME; or SOA, which says how long a denial lives. */
void dns_message_answer(struct dns_message *m, const char *owner, unsigned type,
    unsigned ttl, const void *rdata, size_t size);
void dns_message_cname(
    struct dns_message *m, const char *owner, unsigned ttl, const char *target);
void dns_message_soa(
    struct dns_message *m, const char *owner, unsigned ttl, uint8_t minimum);

/* dns_message_read - read it, as dns_packet_read does */
int dns_message_read(struct dns_message *m, const char *name,
    enum dns_type type, struct dns_answer *answer);

#endif
