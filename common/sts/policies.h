/* policies - MTA-STS policies: fetched and kept. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICIES_H
#define COMMON_STS_POLICIES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/base/own.h"
#include "common/base/pool.h"
#include "common/base/counts.h"
#include "common/io/dns.h"
#include "common/io/store.h"
#include "common/io/translation.h"
#include "common/judge/facts.h"
#include "common/sts/fetch_turn.h"
#include "common/sts/policy_keep.h"
#include "common/sts/policy_share.h"
#include "common/sts/policy_turns.h"

struct policies;

/*
 * A fetch has failed, by the policy host's doing.  kept: the policy that goes
 * on to count, or NULL.  By a leaf: it must not block.
 */
typedef void policies_failed(const char *domain,
    const struct policy_facts *failed, const struct sts_policy *kept);

struct policies_options {
	struct dns *dns;                 /* these outlive the policies */
	struct translation *translation; /* NULL with allow_private */
	struct pool *leaves;             /* where fetches run */
	const struct x509_store *roots;  /* for the policy hosts */
	struct policy_keep_options keep;
	int timeout_ms;        /* how long a check waits for a fetch */
	unsigned patient;      /* fetches at once that may take as long as
				  POLICIES_FETCH_MS; others have timeout_ms.  0:
				  none, and checks wait for the end of theirs */
	bool allow_private;    /* fetch from special-purpose addresses too */
	struct counts *counts; /* may be NULL */
	struct policy_turns *turns;          /* may be NULL */
	policies_failed *failed;             /* may be NULL */
	const struct fetch_manners *manners; /* of a survey, or NULL; these
						outlive the policies */
	struct share *share;                 /* NULL: none is shared */
};

enum {
	/* RFC 8461 section 3.3: a fetch may take a minute */
	POLICIES_FETCH_MS = 60 * 1000,
};

/*
 * policies_new - with what the store has
 *
 * policies_free: after policies_end and the end of the leaves; no want may be
 * held.
 */
void policies_free(struct policies *policies);
struct policies *
policies_new(const struct policies_options *options) OWNED(policies_free);

/* policies_end - have fetches that run end within two seconds, and teach
 * nothing, and wait for what the shared store is asked; NULL is fine */
void policies_end(struct policies *policies);

/* policies_options - what they were made with, borrowed */
const struct policies_options *
policies_options(const struct policies *policies);

/* policies_keep - where they are kept, borrowed; policies_share - what hosts
 * share, likewise, or NULL */
struct policy_keep *policies_keep(struct policies *policies);
struct share *policies_share(struct policies *policies);

/*
 * policies_flush - forget the policy of a domain, or all where it is NULL, here
 * and in the store
 *
 * Returns how many there were, or -1 when the store does not forget: LOCAL;
 * then nothing is forgotten.
 */
int
policies_flush(struct policies *policies, const char *domain, struct err *err);

/*
 * policies_fetch - begin or join a fetch of a domain's policy for that id; its
 * entry, held, of struct policy_facts
 *
 * It has timeout_ms of its own, or POLICIES_FETCH_MS if it is one of the
 * patient ones, for lookups and transfer, from when it runs:
 * how long those wait who begin or join it is their affair.  What comes of it
 * is kept; where nothing was learnt of the policy host, for want of room or
 * time or since its name could not be looked up, fetched_s is 0.  One that has
 * not begun when nobody holds the entry any more never does.
 */
struct cache_entry *
policies_fetch(struct policies *policies, const char *domain, const char *id,
    enum policy_purpose purpose, int timeout_ms);

/* policies_mark - the mark of what is kept now of a domain; to be taken before
 * policy_want_begin */
struct policy_mark
policies_mark(const struct policies *policies, const char *domain);

#endif
