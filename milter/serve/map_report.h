/* map_report - what MTAs are told, for the log. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_REPORT_H
#define MILTER_SERVE_MAP_REPORT_H

#include <stdbool.h>

#include "common/engine/check.h"
#include "milter/view/figures.h"

/*
 * map_report_answer - an answer that was made of a check, with its enforcement
 *
 * reply: as it was rendered; cached: the verdict was at hand.  A rule for a
 * host that the answer cannot be for is told, once.
 */
void map_report_answer(enum figures_asker asker, const struct check *check,
    const char *reply, bool cached);

/* map_report_deadline - the check of a domain takes longer than MapWait */
void
map_report_deadline(enum figures_asker asker, const char *domain, unsigned ms);

/* map_report_rule - tell, once, that who asks knows nothing of what the rule of
 * the next hop says; NULL is fine */
void map_report_rule(enum figures_asker asker, struct rule *rule);

#endif
