/* gather - all the I/O of one check, and no decision. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_GATHER_H
#define COMMON_GATHER_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/gather/mtasts.h"
#include "common/gather/walk.h"
#include "common/io/dns.h"
#include "common/io/translation.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/proto/address.h"

struct gatherer {
	struct dns *dns;
	struct policies *policies;
	struct translation *translation; /* NULL with allow_private */
	unsigned address_limit;          /* of a destination: see tried.h */
	enum families families; /* that mail goes by: others are not looked at
				   but for facts->all_hosts */
	struct walk_wish walk;
	bool policy_only; /* nothing else counts: look at no host */
	bool own_policy;  /* one that another host has fetched will not do */
	bool survey;      /* see manners.h: probe what tried_mark_least says */
	bool no_fetch;    /* the record of a policy is enough */
};

struct gathering;

/*
 * gather_begin - begin to learn all that the judge needs of facts->next_hop
 *
 * domain, next_hop and probed of facts are set by the caller, who keeps facts
 * and rules in place to the end; nobody else looks at them meanwhile.  Lookups
 * end at until_ms (mono), if that is sooner than deadline_ms.
 */
struct gathering *
gather_begin(const struct gatherer *gatherer, struct facts *facts,
    const struct judge_terms *terms, int64_t deadline_ms, int64_t until_ms);

/*
 * gather_watch - see that ready is called once for each thing that is waited
 * for, maybe at once, and return how many there are; see cache_when_filled
 *
 * gather_until - how long they are worth waiting for
 */
unsigned
gather_watch(struct gathering *gathering, cache_ready *ready, void *arg);
int64_t gather_until(const struct gathering *gathering);

/* gather_is_at_lookups - whether lookups are what it waits for */
bool gather_is_at_lookups(const struct gathering *gathering);

/*
 * gather_proceed - take what has come, by gather_until at latest, and go on
 */
enum gather_progress {
	GATHER_TOO_SHORT, /* until_ms passed during the lookups: the gathering
			     has ended, and facts are of no use */
	GATHER_MORE,      /* more was begun; watch again */
	GATHER_OVER,      /* all is learnt, and the gathering has ended */
};
enum gather_progress gather_proceed(struct gathering *gathering);

#endif
