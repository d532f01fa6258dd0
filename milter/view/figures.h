/* figures - what posternd counts, and how it is at a moment. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_FIGURES_H
#define MILTER_VIEW_FIGURES_H

#include <stdint.h>
#include <time.h>

#include "common/base/counts.h"
#include "common/engine/inventory.h"
#include "common/judge/action.h"
#include "common/judge/verdict.h"

/* What was reported since the start, told in the log or not. */
struct report_counts {
	uint64_t messages;
	uint64_t actions[ACTIONS]; /* of them */
	uint64_t refused[ACTIONS]; /* recipients, at RCPT */
	uint64_t results[RESULTS]; /* of domains, one for each message */
	uint64_t reasons[REASONS];
	uint64_t hits; /* domains whose verdict was at hand */
	uint64_t misses;
};

struct stats {
	time_t started_s;
	time_t stopped_s; /* before that, if it is known; else 0 */
	uint64_t uptime_s;
	unsigned active; /* messages */
	struct report_counts counts;
	struct counts engine;
	struct inventory_counts now;
	uint64_t rss_kb; /* 0: not known */
};

#endif
