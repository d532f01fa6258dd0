/* mtasts - the MTA-STS record and policy of a next-hop domain. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_MTASTS_H
#define COMMON_GATHER_MTASTS_H

#include <stdint.h>

#include "common/io/dns.h"
#include "common/judge/facts.h"
#include "common/sts/policies.h"

struct sts_step;

/*
 * sts_start - ask for the record at _mta-sts of facts->next_hop
 * sts_watch_record - call ready once it is there; returns how often, 0 or 1
 * sts_record_deadline - when that has had its time; 0 where nothing is awaited
 * sts_fetch - await it, and see that the policy is at hand or fetched; again:
 * nothing
 * sts_watch - call ready once the fetch has ended; returns how often, 0 or 1
 * sts_until - how long that is worth waiting for
 * sts_finish - await the policy; ends the step
 *
 * Without policies none is fetched.  They fill facts->sts.  Lookups end at the
 * first deadline; a policy that is not there at the second counts as not to be
 * had.  own: as policy_want_begin has it.  RFC 8461 section 3.1 and 3.3.
 */
struct sts_step *sts_start(struct policies *policies, struct dns *dns,
    struct facts *facts, bool own, int64_t deadline_ms);
unsigned sts_watch_record(struct sts_step *step, cache_ready *ready, void *arg);
int64_t sts_record_deadline(const struct sts_step *step);
void sts_fetch(struct sts_step *step);
unsigned sts_watch(struct sts_step *step, cache_ready *ready, void *arg);
int64_t sts_until(const struct sts_step *step);
void sts_finish(struct sts_step *step, int64_t deadline_ms);

#endif
