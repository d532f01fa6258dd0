/* dns_answer - what was asked of DNS, and what was learnt. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_ANSWER_H
#define COMMON_IO_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/judge/facts.h"

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_DS = 43,
	DNS_DNSKEY = 48,
	DNS_TLSA = 52,
};

/* An answer: the lookup, and the RDATA of the records of the type asked. */
struct dns_answer {
	struct lookup lookup;
	char owner[LIMIT_DOMAIN_SIZE]; /* of the RRset: the name asked, or where
					  its CNAMEs led */
	size_t count;
	struct dns_rdata {
		const uint8_t *data;
		size_t size;
	} * records; /* uncompressed, in the order received; one allocation with
			the octets behind it */
	char why[LIMIT_DETAIL_SIZE]; /* why it failed, or is insecure where that
					is not the zone's own wish; cleaned,
					else "" */
};

void dns_answer_free(struct dns_answer *answer);
AUTO_DEFINE(dns_answer);

/* dns_answer_failed - an answer that says why there is none; why is cleaned */
struct dns_answer *dns_answer_failed(enum lookup_state state, const char *why)
    OWNED(dns_answer_free);

/* dns_answer_count - count the lookup, if it is of a type that is counted */
struct counts; /* counts.h */
void dns_answer_count(
    const struct dns_answer *answer, enum dns_type type, struct counts *counts);

#endif
