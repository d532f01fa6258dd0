/* joint_demand - what the admin demands of a next hop as a whole, where his
 * rules for its hosts may differ from the one for it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_JUDGE_JOINT_DEMAND_H
#define COMMON_JUDGE_JOINT_DEMAND_H

#include <stdbool.h>
#include <time.h>

#include "common/judge/facts.h"
#include "common/judge/terms.h"

struct joint_demand {
	struct demand demand;
	bool mixed;           /* the hosts have different rules */
	struct rule *unheard; /* then: of the first host with one that demands
				 something else; or NULL */
};

/* joint_demand - of the hosts that may have an address; without any, what is
 * demanded of the domain.  The rule is borrowed from the terms. */
struct joint_demand joint_demand(
    const struct facts *facts, const struct judge_terms *terms, time_t now);

#endif
