/* stats - what posternd did since its start, and how it is. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_STATS_H
#define MILTER_STATS_H

#include <stdint.h>
#include <time.h>

#include "common/gather/inventory.h"
#include "common/gather/tally.h"
#include "milter/report.h"

struct stats {
	time_t started_s;
	uint64_t uptime_s;
	unsigned active; /* messages */
	struct report_counts counts;
	struct tally engine;
	struct inventory_counts now;
	uint64_t rss_kb; /* 0: not known */
};

/* stats_begin - the service starts now; once, before there are threads */
void stats_begin(void);

/* stats_take - all of it now; see service_hold */
void stats_take(struct stats *out);

#endif
