/* check_run - one check of the engine, from the query to the verdict. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_CHECK_RUN_H
#define COMMON_ENGINE_CHECK_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/engine/check.h"
#include "common/engine/verdict_share.h"
#include "common/gather/gather.h"
#include "common/judge/hops.h"
#include "common/judge/terms.h"

struct engine; /* see engine_state.h */
struct engine_share;

/* One check on its way through the workers. */
struct check_run {
	struct engine *engine;
	struct engine_share *share; /* of it, that it runs in */
	struct cache_entry
	    *entry; /* that it fills; NULL until it is submitted */
	struct facts *facts;
	struct gathering *gathering; /* NULL where a hop is to be begun */
	bool wants_probes;           /* by the settings and the query */
	bool unreached;   /* they are left out, since no host is in reach */
	bool trial;       /* but for this check */
	bool own_policy;  /* one that another host has fetched will not do */
	bool shared;      /* the verdict is another host's, and there are no
			     facts */
	int64_t until_ms; /* that its lookups have; INT64_MAX: all the time */
	bool placed;      /* it keeps a place among the workers */
	bool validated;   /* the resolver was seen to validate */
	bool begun;       /* counted as such */
	bool joined;      /* the check of somebody else, before its own */
	bool ahead;       /* of the end of the verdict that there is */
	struct hops
	    hops; /* which of next_hops counts; hops.passed is looked at */
	struct nexthop *next_hops; /* hops.count of them */
	struct verdict
	    *verdict;           /* of the one that counts, once that is known */
	struct rule_list *list; /* that the rules borrow from, or NULL */
	struct judge_terms terms;
	int64_t submitted_ms;
	time_t judged_s; /* the last time that it was judged */
};

/*
 * check_run_new - the check of a query, not yet begun
 *
 * What the query cannot be is a trouble of the facts.
 */
void
check_run_free(struct check_run *run); /* of one that was never submitted */
struct check_run *check_run_new(struct engine *engine,
    const struct engine_query *query) OWNED(check_run_free);

/*
 * check_run_init - the same in place, with facts that are new or zeroed: as far
 * as it takes to tell the key
 *
 * check_run_fini - of one that came no further, and at the end of any; facts
 * are the caller's
 */
void check_run_init(struct check_run *run, struct facts *facts,
    struct engine *engine, const struct engine_query *query);
void check_run_fini(struct check_run *run);

/* check_run_set_hop - turn to one of its next hops, and the rules for that */
void check_run_set_hop(struct check_run *run, size_t number);

/* check_run_set_depth - probe or not, as hosts are in reach now */
void check_run_set_depth(struct check_run *run);

/* check_run_deadline - when its time is over (mono) */
int64_t check_run_deadline(const struct check_run *run);

/* check_run_judge - what its facts come to now */
struct verdict *check_run_judge(struct check_run *run) OWNED(verdict_free);

/* check_run_has_time - whether enough of its time is left to begin it */
bool check_run_has_time(const struct check_run *run);

/* check_run_print_key - what distinguishes its verdict from others; probed: as
 * if the depth were so */
enum { CHECK_RUN_RULES_SIZE = LIMIT_NEXTHOPS * TERMS_KEY_SIZE };
enum {
	CHECK_RUN_KEY_SIZE =
	    NEXTHOP_LIST_SIZE + LIMIT_DOMAIN_SIZE + CHECK_RUN_RULES_SIZE + 32,
};
void check_run_print_key(
    const struct check_run *run, bool probed, char key[CHECK_RUN_KEY_SIZE]);

/* check_run_sharing - what it would be a verdict on, for other hosts */
struct verdict_share check_run_sharing(const struct check_run *run);

/* check_run_start - look at the destination, as far as that goes without
 * waiting for anybody; what it waits for lets it go on, until check_run_finish
 * and one less under way.  A pool_job.
 */
bool check_run_start(void *run, int64_t until_ms);

/* check_run_finish - give its entry the verdict; ends the run */
void check_run_finish(struct check_run *run);

/* check_run_is_decided - whether a check came to a verdict on the destination
 */
bool check_run_is_decided(const struct check *check);

#endif
