/* plan - the steps that a domain's owner has before him, in order. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_PLAN_H
#define MILTER_CLI_ADVISE_PLAN_H

#include <time.h>

#include "milter/cli/advise/scenario.h"

enum step_state {
	STEP_WAIT,    /* for the steps that it needs, or a day */
	STEP_DO,      /* can be done now */
	STEP_BLOCKED, /* cannot be done where the zone is */
	STEP_DONE,
};

/* P0 to P11 are 0 to 11. */
enum {
	STEPS = 12,
	STEP_NEEDS = 4,
	STEP_WHAT_SIZE = 2400,
	STEP_COMMAND_SIZE = 3 * LIMIT_DOMAIN_SIZE,
};

struct step {
	unsigned id;
	enum step_state state;
	const char *who; /* a constant: domain, dns-host, registrar, mail-host
			    or provider */
	char what[STEP_WHAT_SIZE];
	char command[STEP_COMMAND_SIZE]; /* or "" */
	time_t not_before;               /* or 0 */
	size_t need_count;
	unsigned needs[STEP_NEEDS]; /* ids */
};

struct plan {
	size_t count;
	struct step steps[STEPS]; /* in the order to do them */
};

/* plan_make - into plan, which is large */
void plan_make(struct plan *plan, const struct sight *sight,
    const struct advise_wish *wish, const struct advice_case *found);

/* plan_step - the one with this id, or NULL */
const struct step *plan_step(const struct plan *plan, unsigned id);

const char *step_state_text(enum step_state state);

/* step_who_text - who that is, in a sentence of its own, or "" */
const char *step_who_text(const char *who);

#endif
