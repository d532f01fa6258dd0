/* policy_want - the policy that a check wants: what is kept, what a fetch
 * brings, or what another host has. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_POLICY_WANT_H
#define COMMON_STS_POLICY_WANT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/judge/facts.h"
#include "common/sts/policies.h"

struct policy_want;

/*
 * policy_want_begin - the policy of a domain whose record announces id
 *
 * id NULL: the record is absent, invalid or could not be looked up, so that
 * only a kept policy counts.  Starts or joins a fetch where there is none kept
 * for that id, and none has failed within five minutes.  RFC 8461 section 3.3
 * and 5.1.  Where none is kept at all, one that another host has fetched counts
 * as if it were.  own: such a one is fetched here as well.
 */
struct policy_want *policy_want_begin(
    struct policies *policies, const char *domain, const char *id, bool own);

/* policy_want_watch - see that ready is called when the fetch that it waits for
 * has ended: 1, or 0 where there is none; see cache_when_filled
 * policy_want_until - how long that is worth waiting for; INT64_MAX: as long as
 * anything */
unsigned
policy_want_watch(struct policy_want *want, cache_ready *ready, void *arg);
int64_t policy_want_until(const struct policy_want *want);

/*
 * policy_want_finish - await it and fill policy, cached, and failed of sts, and
 * its mark where the policy is a fetched one; ends the want
 *
 * An unexpired kept policy stands in for a fetch that fails, or does not end by
 * deadline_ms or policy_want_until.
 */
void policy_want_finish(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms);

#endif
