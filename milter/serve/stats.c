/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"

static struct {
	time_t wall_s;
	time_t stopped_s;
	int64_t mono_ms;
} begun;

void
stats_begin(time_t stopped_s)
{
	begun.stopped_s = stopped_s;
	begun.wall_s = clock_wall_s();
	begun.mono_ms = clock_mono_ms();
}

/* The second figure of proc(5) statm is in pages. */
static uint64_t
resident_kb(void)
{
	FILE *in = fopen("/proc/self/statm", "re");
	char line[128] = "";
	uint64_t pages = 0;
	char *rest;

	if (in == NULL)
		return 0;
	if (fgets(line, sizeof(line), in) != NULL) {
		strtoull(line, &rest, 10);
		pages = strtoull(rest, NULL, 10);
	}
	fclose(in);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

int64_t
stats_down_s(void)
{
	return begun.stopped_s == 0 ? -1 : begun.wall_s - begun.stopped_s;
}

void
stats_take(struct stats *out)
{
	const struct counts *counts = service_tally();
	struct service_hold held;

	*out = (struct stats){.started_s = begun.wall_s,
	    .stopped_s = begun.stopped_s,
	    .uptime_s = (uint64_t)(clock_mono_ms() - begun.mono_ms) / 1000,
	    .active = service_active(),
	    .rss_kb = resident_kb()};
	out->engine = (struct counts){.checks = counts->checks,
	    .running = counts->running,
	    .running_max = counts->running_max,
	    .waiting = counts->waiting,
	    .waiting_max = counts->waiting_max,
	    .queue_full = counts->queue_full,
	    .probes = counts->probes,
	    .fetches = counts->fetches,
	    .fetches_failed = counts->fetches_failed};
	report_counts(&out->counts);
	service_hold(&held);
	inventory_count(held.engine, &out->now);
	service_let_go(&held);
}
