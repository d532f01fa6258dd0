/* dns - in place of common/io/dns: a resolver that is a function of the test.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_DNS_H
#define T_FAKE_DNS_H

#include "common/io/dns.h"

struct dns_query {
	char name[LIMIT_DOMAIN_SIZE];
	enum dns_type type;
	int64_t deadline_ms;
	enum dns_kind kind; /* of the resolver; asked without one: embedded */
};

/*
 * What the test does at each call, in the thread that makes it.  A NULL does
 * nothing: then a name has no data, insecurely, and the self test is passed.
 */
struct fake_dns {
	/* in dns_ask */
	void (*asked)(const struct dns_query *query);
	/* in dns_await, which may take up to the query's deadline; the answer
	 * is LOOKUP_NODATA of the name asked */
	void (*answer)(
	    const struct dns_query *query, struct dns_answer *answer);
	/* in dns_watch: it calls ready once, when answer need not wait; NULL:
	 * at once */
	void (*watch)(
	    const struct dns_query *query, cache_ready *ready, void *arg);
	int (*self_test)(int64_t deadline_ms, struct err *err);
};

/* fake_dns_use - before anybody asks; borrowed from then on */
void fake_dns_use(const struct fake_dns *fake);

/* fake_dns_add - a record of the answer, which has data then; its octets are
 * borrowed for as long as the answer lives */
void fake_dns_add(struct dns_answer *answer, const void *octets, size_t size);

#endif
