/* chain - whether a name's zone is chained to the root by DNSSEC, and where the
 * chain ends. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_CHAIN_H
#define COMMON_JUDGE_CHAIN_H

#include <stdbool.h>

#include "common/judge/facts.h"

enum chain_state {
	CHAIN_ERROR,     /* a lookup failed, so that it cannot be told */
	CHAIN_BOGUS_DS,  /* the parent vouches for another key */
	CHAIN_BOGUS_SIG, /* a signature is wrong, expired or missing */
	CHAIN_PARENT_UNSIGNED,
	CHAIN_UNSIGNED,    /* no DS, and no key */
	CHAIN_ISLAND,      /* a key, but no DS at the parent */
	CHAIN_UNSUPPORTED, /* by algorithms that the resolver does not know:
			      as if it were not signed, RFC 4035 5.2 */
	CHAIN_SECURE,
};

/* What was learnt of the zone that a name is in. */
struct chain_facts {
	char zone[LIMIT_DOMAIN_SIZE]; /* "": not found, or the root */
	struct lookup soa;            /* of the zone, or why it failed */
	struct lookup ds;             /* at its parent */
	struct lookup dnskey;
	bool ds_mismatch; /* the resolver says that no key fits the DS */
};

enum chain_state chain_state_of(const struct chain_facts *facts);

/* chain_is_bogus - mail waits today, wherever senders validate */
bool chain_is_bogus(enum chain_state state);

/* chain_says_mismatch - whether a resolver's reason means that; a detail as
 * libunbound words it */
bool chain_says_mismatch(const char *why);

/* chain_state_text - "bogus-ds"; a constant */
const char *chain_state_text(enum chain_state state);

#endif
