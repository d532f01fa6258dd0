/* policy_fetch - one MTA-STS record, one policy, from the network. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_FETCH_H
#define COMMON_STS_POLICY_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/counts.h"
#include "common/io/dns.h"
#include "common/io/translation.h"
#include "common/judge/facts.h"
#include "common/sts/fetch_turn.h"

/* A fetch with all that it needs, borrowed, so that it can run in a leaf. */
struct policy_fetch_request {
	const char *domain;
	char id[LIMIT_STS_ID + 1]; /* of the record that announces it */
	struct dns *dns;
	struct translation *translation; /* NULL with allow_private */
	const struct x509_store *roots;
	bool allow_private; /* from special-purpose addresses too */
	const struct fetch_manners *manners; /* of a survey, or NULL */
	const atomic_bool *ended; /* once true, it is given up; or NULL */
};

/*
 * policy_fetch_ask - ask for the record at _mta-sts of domain; NULL where that
 * name would be too long
 *
 * policy_fetch_record - await it: the lookup, the texts and the record among
 * them; ends the query
 */
struct dns_query *
policy_fetch_ask(struct dns *dns, const char *domain, int64_t deadline_ms);
void policy_fetch_record(struct dns_query *query, struct sts_facts *sts);

/* Whose doing the facts of a fetch are, and what is counted. */
struct policy_fetch_end {
	bool learnt;
	enum counts_fetch outcome;
};

/*
 * policy_fetch - look up the policy host, fetch and parse; always gives facts,
 * without id and time
 *
 * What is connected to are the addresses that were looked up and allowed, so
 * that nothing between that and the connection can point it elsewhere.
 * end->learnt: the facts are the policy host's doing.  Else its name could not
 * be looked up, or something of ours was lacking. RFC 8461 section 3.3: only
 * status 200 and text/plain make a policy.
 */
struct policy_facts *policy_fetch(const struct policy_fetch_request *request,
    int64_t deadline_ms, struct policy_fetch_end *end) OWNED(policy_facts_free);

/* policy_fetch_failed - the facts of a fetch that failed; detail is cleaned */
struct policy_facts *policy_fetch_failed(
    enum policy_fetch fetch, const char *detail) OWNED(policy_facts_free);

#endif
