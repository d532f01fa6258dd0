/* terms - what the admin's settings and rules demand of one destination, as the
 * judge needs it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_TERMS_H
#define COMMON_JUDGE_TERMS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/judge/rules.h"
#include "common/proto/x509.h"

/* TLSA records at the hosts of an insecure MX RRset: RFC 7672 section 2.2.1 */
enum insecure_mx {
	INSECURE_MX_DANE,    /* verify, and call it half-dane */
	INSECURE_MX_ENCRYPT, /* encrypt, do not verify */
	INSECURE_MX_MAY,     /* as if there were no TLSA */
	INSECURE_MX_POLICY,  /* as DANE, but where an MTA-STS policy of mode
				enforce is in force that decides */
};

/* One answer for a next hop of mode enforce, some hosts of which have TLSA
 * records to verify by, and others not. */
enum partial_dane {
	PARTIAL_DANE_ONLY,   /* none but those that have */
	PARTIAL_DANE_SECURE, /* none but those that have not */
	PARTIAL_DANE_DANE,   /* all, and no policy for those that have not */
};

/* What the judge is told of one destination.  Nothing in it is owned. */
struct judge_terms {
	enum level level;       /* where there is no rule */
	bool encrypt;           /* TLS is a must beside that level */
	struct rule *rule;      /* of the next hop, or NULL */
	struct rule_list *list; /* rules for hosts stand there; or NULL */
	enum insecure_mx insecure_mx;
	enum partial_dane partial_dane; /* see enforce.h */
	bool requiretls; /* the message demands it: see verdict.h */
	const struct x509_store *store; /* roots for MTA-STS and secure */
	uint32_t verdict_ttl_s;         /* caps: see judge.h */
	uint32_t fail_ttl_s;
	uint32_t temperror_ttl_s;
};

/* terms_set - take rule and level of a next-hop domain from a list */
void terms_set(struct judge_terms *terms, struct rule_list *list,
    const char *domain, time_t now);

enum { TERMS_KEY_SIZE = 80 };

/* terms_key - a text that is the same for rules that judge alike at the time
 * now, and another for any that may not */
void terms_key(
    const struct judge_terms *terms, time_t now, char out[TERMS_KEY_SIZE]);

/* What the rules demand of one host. */
struct demand {
	struct rule *rule; /* that says so, or NULL; borrowed */
	enum level level;
	bool encrypt; /* TLS is a must, whatever is published */
	bool dane;    /* TLSA records count */
	bool sts;     /* an MTA-STS policy counts */
};

/* terms_demand_domain - of every host of the next hop, but for rules for hosts;
 * terms_demand - of a host, by its name in the MX record */
struct demand terms_demand_domain(const struct judge_terms *terms);
struct demand
terms_demand(const struct judge_terms *terms, const char *host, time_t now);

/* terms_have_host_rules - whether a host may be judged by a rule of its own */
bool terms_have_host_rules(const struct judge_terms *terms, time_t now);

/* terms_end - when the first of the rules that they take goes out of effect,
 * and what was found by them counts no more; 0: never */
time_t terms_end(const struct judge_terms *terms, time_t now);

/* terms_may_want_sts - whether MTA-STS may count at any host there is */
bool terms_may_want_sts(const struct judge_terms *terms, time_t now);

#endif
