/* gather - all the I/O of one check, and no decision. Runs on a worker. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_GATHER_H
#define COMMON_GATHER_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/gather/mtasts.h"
#include "common/gather/probe.h"
#include "common/io/dns.h"
#include "common/judge/facts.h"
#include "common/judge/rules.h"

struct gatherer {
	struct dns *dns;
	struct policies *policies;
	struct prober *prober;
	bool allow_private; /* probe special-purpose addresses too */
};

/*
 * gather - learn all that the judge needs of facts->next_hop
 *
 * domain, next_hop and probed of facts are set by the caller.  Hosts are probed
 * by preference, until the judge says that one takes the mail.  Every wait ends
 * at deadline_ms (mono).
 */
void gather(const struct gatherer *gatherer, struct facts *facts,
    const struct rules *rules, int64_t deadline_ms);

#endif
