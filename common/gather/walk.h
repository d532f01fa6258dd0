/* walk - the probes of a destination's hosts, by preference. One thread at a
 * time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_WALK_H
#define COMMON_GATHER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/gather/probe.h"
#include "common/judge/facts.h"
#include "common/judge/terms.h"
#include "common/proto/nat64.h"

struct walk_wish {
	struct prober *prober;
	bool allow_private; /* probe special-purpose addresses too */
	bool trial; /* no host may be in reach: connect anew where that failed
		       lately, and only to the best hosts unless one answers */
	bool once;  /* what is remembered will do, also for a failure */
};

/* Connections of one check at once: hosts of one preference have fewer
 * addresses, but for those that want to keep us busy. */
enum { WALK_PROBES = 16 };

struct walk {
	struct walk_wish wish;
	struct facts *facts; /* whose addresses are known */
	const struct judge_terms *terms;
	struct nat64 prefixes; /* of gates, for the guard */
	int64_t begun_ms;
	int64_t deadline_ms;
	size_t host; /* the next address to be probed */
	size_t address;
	size_t probe_count;
	struct {
		struct probe *probe;
		struct address_facts *address;
		bool again;
	} probes[WALK_PROBES];
};

/* walk_init - of facts, which nobody else looks at meanwhile; prefixes and
 * deadline_ms are set by the caller before the walk starts */
void walk_init(struct walk *walk, const struct walk_wish *wish,
    struct facts *facts, const struct judge_terms *terms);

/*
 * walk_start - begin to probe
 *
 * walk_watch - see that ready is called once for each probe that is waited for,
 * maybe at once, and return how many there are
 *
 * walk_proceed - take what has come, by deadline_ms at latest; true: more was
 * begun.  Hosts are probed by preference, until the judge says that one takes
 * the mail; and once more where a failure rests on what was remembered.
 */
void walk_start(struct walk *walk);
unsigned walk_watch(struct walk *walk, cache_ready *ready, void *arg);
bool walk_proceed(struct walk *walk);

#endif
