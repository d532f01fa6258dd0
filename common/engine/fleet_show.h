/* fleet_show - the policy of one domain as the store of a fleet has it, and
 * what it would be here. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_ENGINE_FLEET_SHOW_H
#define COMMON_ENGINE_FLEET_SHOW_H

#include <stdbool.h>

#include "common/engine/engine.h"
#include "common/sts/policy_share.h"

struct fleet_shown {
	bool asked;                   /* the store is there */
	enum shared_fault fault;      /* of a value that does not count */
	struct shared_policy *policy; /* NULL: none, or one with a fault */
	enum policy_outlook outlook;  /* of the policy */
};

/* fleet_show - look, and take nothing */
void fleet_shown_fini(struct fleet_shown *shown);
void fleet_show(struct engine *engine, struct share *share, const char *domain,
    struct fleet_shown *out);

#endif
