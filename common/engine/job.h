/* job - one check of the engine, from the query to the verdict. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_JOB_H
#define COMMON_ENGINE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/engine/check.h"
#include "common/gather/gather.h"
#include "common/judge/hops.h"
#include "common/judge/rules.h"

struct engine; /* see engine_state.h */

/* One check on its way through the workers. */
struct job {
	struct engine *engine;
	struct cache_entry
	    *entry; /* that it fills; NULL until it is submitted */
	struct facts *facts;
	struct gathering *gathering; /* NULL where a hop is to be begun */
	bool wants_probes;           /* by the settings and the query */
	bool unreached; /* they are left out, since no host is in reach */
	bool trial;     /* but for this check */
	bool validated; /* the resolver was seen to validate */
	bool begun;     /* counted as such */
	bool joined;    /* the check of somebody else, before its own */
	struct hops
	    hops; /* which of next_hops counts; hops.passed is looked at */
	struct nexthop next_hops[LIMIT_NEXTHOPS];
	struct verdict
	    *verdict;           /* of the one that counts, once that is known */
	struct rule_list *list; /* that the rules borrow from, or NULL */
	struct rules rules;
	int64_t submitted_ms;
};

/*
 * job_new - the check of a query, not yet begun
 *
 * What the query cannot be is a trouble of the facts.
 */
void job_free(struct job *job); /* of one that was never submitted */
struct job *job_new(struct engine *engine, const struct engine_query *query)
    OWNED(job_free);

/* job_set_depth - probe or not, as hosts are in reach now */
void job_set_depth(struct job *job);

/* job_has_time - whether enough of its time is left to begin it */
bool job_has_time(const struct job *job);

/* job_print_key - what distinguishes its verdict from others; probed: as if the
 * depth were so */
enum { JOB_RULES_SIZE = LIMIT_NEXTHOPS * RULES_KEY_SIZE };
enum {
	JOB_KEY_SIZE =
	    NEXTHOP_LIST_SIZE + LIMIT_DOMAIN_SIZE + JOB_RULES_SIZE + 32,
};
void job_print_key(const struct job *job, bool probed, char key[JOB_KEY_SIZE]);

/* job_run - look at the destination, as far as that goes without waiting for
 * probes and policies; at the end, job_finish and one less under way */
bool job_run(void *job, int64_t until_ms);

/* job_finish - give its entry the verdict; ends the job */
void job_finish(struct job *job);

/* job_is_decided - whether a check came to a verdict on the destination */
bool job_is_decided(const struct check *check);

#endif
