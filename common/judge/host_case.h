/* host_case - what is demanded of one MX host before anything is seen of it:
 * RFC 7672 section 2.2, RFC 8461 section 4.1. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_HOST_CASE_H
#define COMMON_JUDGE_HOST_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/terms.h"

/* What DNS demands of the host, by DANE alone. */
enum dane_demand {
	DEMAND_UNKNOWN, /* a lookup failed: the host must not be used */
	DEMAND_NONE,    /* no secure TLSA, or the admin wants none */
	DEMAND_ENCRYPT, /* TLSA, but nothing in it to verify with */
	DEMAND_VERIFY,
};

/* The case of one host: what is known, and what is demanded of it. */
struct host_case {
	const struct facts *facts;
	const struct host_facts *host;
	const struct judge_terms *terms;
	struct demand demand; /* of the admin */
	time_t now;
	enum dane_demand dane;
	bool half; /* TLSA under an insecure MX RRset */
	const struct sts_policy *sts;
	bool sts_named; /* the policy names the host */
};

struct host_case host_case_of(const struct facts *facts,
    const struct host_facts *host, const struct judge_terms *terms, time_t now);

/* host_may_have_address - false where none is published.  RFC 7672 section
 * 2.2.2: one family that answers is enough. */
bool host_may_have_address(const struct host_facts *host);

/* Whether MTA-STS forbids the host, or demands a certificate of it */
bool case_is_forbidden(const struct host_case *c);
bool case_enforces_webpki(const struct host_case *c);

/* case_demands_tls - whether no mail may go there in the clear */
bool case_demands_tls(const struct host_case *c);

/* case_names_are_given - whether the names that the certificate must bear are
 * the admin's own, and not what DNS says */
bool case_names_are_given(const struct host_case *c);

/* host_wants_tlsa - whether TLSA records of the host may come to count */
bool host_wants_tlsa(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now);

/*
 * host_sni - the name that a probe asks for, borrowed; "" for an address
 *
 * RFC 7672 section 8.1: the TLSA base domain where DANE will verify; RFC 8461
 * section 7.1: elsewhere the name in the MX record.
 */
const char *host_sni(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now);

/*
 * host_reference_names - the names that a certificate may bear under DANE-TA,
 * borrowed; returns how many
 *
 * RFC 7672 section 3.2.2: the TLSA base domain first.  Under an insecure MX
 * RRset the next-hop domain vouches for nothing.
 */
enum { HOST_REFERENCE_NAMES = 3 };
size_t host_reference_names(const struct facts *facts,
    const struct host_facts *host, const char *names[HOST_REFERENCE_NAMES]);

/* Where TLSA records are looked for, in this order.  Names are borrowed. */
struct tlsa_search {
	bool ask_alias; /* first the CNAME record of the host must be known */
	size_t count;
	const char *names[2];
};

/*
 * tlsa_search - the TLSA base domains of a host whose addresses are known
 *
 * The search ends at the first secure RRset, and at a lookup that fails.  A
 * name whose TLSA owner would be too long to exist is left out.  RFC 7672
 * sections 2.2.2 and 2.2.3.
 */
struct tlsa_search tlsa_search(const struct host_facts *host, uint16_t port);

#endif
