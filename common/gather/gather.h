/* gather - all the I/O of one check, and no decision. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_GATHER_H
#define COMMON_GATHER_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/gather/mtasts.h"
#include "common/gather/probe.h"
#include "common/io/dns.h"
#include "common/io/translation.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/proto/address.h"

struct gatherer {
	struct dns *dns;
	struct policies *policies;
	struct prober *prober;
	struct translation *translation; /* NULL with allow_private */
	unsigned address_limit;          /* of a destination: see tried.h */
	enum families families; /* that mail goes by: others are not looked at
				   but for facts->all_hosts */
	bool allow_private;     /* probe special-purpose addresses too */
	bool trial; /* no host may be in reach: connect anew where that failed
		       lately, and only to the best hosts unless one answers */
};

struct gathering;

/*
 * gather_begin - learn all that the judge needs of facts->next_hop
 *
 * domain, next_hop and probed of facts are set by the caller, who keeps facts
 * and rules in place to the end; nobody else looks at them meanwhile.  Waits
 * for DNS, but not beyond until_ms (mono), and begins what takes longer: the
 * fetch of a policy, and probes of the best hosts.  NULL when until_ms, sooner
 * than deadline_ms, was too soon; facts are then of no use.
 */
struct gathering *
gather_begin(const struct gatherer *gatherer, struct facts *facts,
    const struct judge_terms *terms, int64_t deadline_ms, int64_t until_ms);

/*
 * gather_watch - see that ready is called once for each thing that is waited
 * for, maybe at once, and return how many there are; see cache_when_filled
 *
 * gather_proceed - take what has come, by deadline_ms at latest, and go on
 *
 * True: more was begun; watch again.  False: all is learnt, and the gathering
 * has ended.  Hosts are probed by preference, until the judge says that one
 * takes the mail; and once more where a failure rests on what was remembered.
 */
unsigned
gather_watch(struct gathering *gathering, cache_ready *ready, void *arg);
bool gather_proceed(struct gathering *gathering);

#endif
