/* action - what a verdict means for a message, by the settings. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_ACTION_H
#define MILTER_ACT_ACTION_H

#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings.h"

/*
 * action_for - the action of On-Fail and its kin for a verdict, or that of the
 * rule it was judged by
 *
 * What the MTA bounces itself (no such domain, null MX, no address, no name) is
 * never acted on, nor is a pass or a skip.  A temperror, and what MTA-STS
 * alone refuses, is deferred at most.
 */
enum action
action_for(const struct settings *settings, const struct verdict *verdict);

/* action_is_left_to_mta - whether the MTA bounces such mail itself */
bool action_is_left_to_mta(const struct verdict *verdict);

/*
 * action_strictest - the strictest that any verdict could come to
 *
 * rule: of the destination, or NULL; without a rule of its own, those for its
 * hosts may apply.
 */
enum action
action_strictest(const struct settings *settings, const struct rule *rule);

#endif
