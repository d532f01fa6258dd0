/* mtasts - the MTA-STS record and policy of a next-hop domain. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_MTASTS_H
#define COMMON_GATHER_MTASTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/own.h"
#include "common/base/pool.h"
#include "common/io/dns.h"
#include "common/judge/facts.h"

/* Fetches policies, one at a time for each domain and id, and keeps them. */
struct policies;
struct sts_step;

struct policies_options {
	struct dns *dns;     /* both outlive the policies */
	struct pool *leaves; /* where fetches run */
	const char *ca_file; /* copied; NULL: the system's store */
	int timeout_ms;      /* of a whole fetch */
	bool allow_private;  /* fetch from special-purpose addresses too */
};

void policies_free(struct policies *policies); /* no fetch may be running */
struct policies *
policies_new(const struct policies_options *options) OWNED(policies_free);

/*
 * sts_start - ask for the record at _mta-sts of facts->next_hop
 * sts_fetch - await it; where it announces a policy, see that it is fetched
 * sts_finish - await the policy; ends the step
 *
 * They fill facts->sts.  A policy that is not there at the deadline counts as
 * not to be had.  RFC 8461 section 3.1 and 3.3.
 */
struct sts_step *
sts_start(struct policies *policies, struct facts *facts, int64_t deadline_ms);
void sts_fetch(struct sts_step *step);
void sts_finish(struct sts_step *step);

#endif
