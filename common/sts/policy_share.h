/* policy_share - what a fetch of a policy does with what other hosts have. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_SHARE_H
#define COMMON_STS_POLICY_SHARE_H

#include <stdint.h>

#include "common/judge/facts.h"
#include "common/sts/policy_keep.h"
#include "common/sts/policy_turns.h"
#include "common/sts/share.h"

/* Why a policy is fetched, which says what other hosts may do for it. */
enum policy_purpose {
	POLICY_OWN,     /* this host's own view is wanted */
	POLICY_REFRESH, /* ahead of its end: one of the hosts is enough */
	POLICY_UNKNOWN, /* for a check: theirs may be taken, or waited for */
	POLICY_SHARED,  /* for a check, where nothing is announced: theirs, or
			   none */
};

/* What a policy that another host has put would be here now. */
enum policy_outlook {
	POLICY_OUTLOOK_HINT,    /* it has this host fetch, and no more */
	POLICY_OUTLOOK_SAME,    /* it is what this host has */
	POLICY_OUTLOOK_EXTENDS, /* it is, and was fetched later */
	POLICY_OUTLOOK_CREATES, /* nothing is in force here, and it would be */
};

/* All of it outlives the call. */
struct policy_share {
	struct share *share; /* NULL: none is shared */
	struct policy_keep *keep;
	struct policy_turns *turns; /* may be NULL */
};

/*
 * policy_share_take - the policy of a domain that another host has fetched, in
 * place of a fetch; NULL: fetch it
 *
 * It is kept by then, as policy_keep_borrow has it.  Nothing is taken while a
 * policy is in force here, but for POLICY_REFRESH its longer life.  One for
 * another id than that of the record is kept, and NULL returned.  Waits for
 * the shared store as shared_ask does, and where another host is at it for at
 * most a second and half of the time to deadline_ms (clock_mono_ms).
 */
struct policy_facts *policy_share_take(const struct policy_share *with,
    const char *domain, const char *id, enum policy_purpose purpose,
    int64_t deadline_ms) OWNED(policy_facts_free);

/* policy_share_read - the same for POLICY_SHARED, by what the store has */
struct policy_facts *policy_share_read(const struct policy_share *with,
    const char *domain, const struct resp *value) OWNED(policy_facts_free);

/* policy_share_outlook - what it would be, for whoever only looks */
enum policy_outlook policy_share_outlook(const struct policy_share *with,
    const char *domain, const struct shared_policy *theirs);

#endif
