/* plan_parts - what the files of a plan share. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_PLAN_PARTS_H
#define MILTER_CLI_ADVISE_PLAN_PARTS_H

#include "milter/cli/advise/plan.h"

/* What a step is made from. */
struct planning {
	struct plan *plan;
	const struct sight *sight;
	const struct advise_wish *wish;
	const struct advice_case *found;
};

/* plan_put - one more step; plan_need - it waits for another, where that is
 * open; plan_say, plan_command - its words, and what to type */
struct step *plan_put(const struct planning *p, unsigned id,
    enum step_state state, const char *who);
void plan_need(struct step *step, unsigned id);
void plan_say(struct step *step, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void plan_command(struct step *step, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *plan_domain(const struct planning *p);
bool plan_wants_dane(const struct planning *p);

/* plan_mending - P0; plan_dane - P5 to P9 */
void plan_mending(const struct planning *p);
void plan_dane(const struct planning *p);

#endif
