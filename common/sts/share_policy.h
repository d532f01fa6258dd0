/* share_policy - MTA-STS policies that hosts share. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_SHARE_POLICY_H
#define COMMON_STS_SHARE_POLICY_H

#include <stdbool.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/proto/shared_record.h"
#include "common/sts/share.h"

/*
 * share_policy_ask - the policy of a domain as the store has it, NULL where it
 * has none that counts
 *
 * What is returned is signed, of this domain, a policy by our own parser, not
 * over, and not older than when it was forgotten here.  Waits as shared_ask
 * does.
 *
 * share_policy_look - the same, but what does not count is neither told nor
 * counted: *fault, SHARED_NO_FAULT where there is none
 */
struct shared_policy *share_policy_ask(struct share *share, const char *domain)
    OWNED(shared_policy_free);
struct shared_policy *share_policy_look(struct share *share, const char *domain,
    enum shared_fault *fault) OWNED(shared_policy_free);

/* share_policy_seek - what stands for it, without a wait: see share_seek;
 * share_policy_read - what that is, as by share_policy_ask */
struct shared_policy *share_policy_read(struct share *share, const char *domain,
    const struct resp *value) OWNED(shared_policy_free);
void share_policy_seek(
    struct share *share, const char *domain, shared_answered *found, void *arg);

/*
 * share_policy_may_create - whether a host that knows nothing may take the
 * policy: it is to be enforced, and was fetched within a week, as one that is
 * in force still is
 */
bool share_policy_may_create(const struct shared_policy *policy, time_t now);

/* share_policy_facts - as facts of a policy, with the host that has fetched it
 */
struct policy_facts *
share_policy_facts(struct shared_policy *policy) OWNED(policy_facts_free);

/* share_policy_claim - whether this host is to fetch a policy: see share_claim
 */
bool share_policy_claim(struct share *share, const char *domain);

/* share_policy_put - have the thread put a policy that this host has fetched */
void share_policy_put(
    struct share *share, const char *domain, const struct policy_facts *policy);

#endif
