/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"
#include "milter/serve/service.h"
#include "milter/serve/sharing.h"
#include "milter/serve/tally.h"

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

/* Descriptors but for that of the list. */
static unsigned
open_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned count = 0;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1;
}

/* Who connected was let out: there is no event before it is the other way. */
static void
note_port(struct stats *stats)
{
	if (stats->counts.port_open == FIGURES_UNKNOWN &&
	    stats->engine.probed[COUNTS_PROBE_TLS] +
		    stats->engine.probed[COUNTS_PROBE_PLAINTEXT] >
		0)
		stats->counts.port_open = FIGURES_GOOD;
}

static void
count_rules(const struct rule_list *rules, struct stats *stats)
{
	enum { SOON_S = 7 * CLOCK_DAY_S };
	time_t now = clock_wall_s();

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = rules->rules[i];

		if (rule->ends_s == 0)
			continue;
		if (!rule_in_effect(rule, now)) {
			stats->rules_expired++;
			continue;
		}
		if (rule->ends_s - now < SOON_S)
			stats->rules_expiring++;
		else
			stats->rules_active++;
		if (stats->rules_end_s == 0 ||
		    rule->ends_s < stats->rules_end_s)
			stats->rules_end_s = rule->ends_s;
	}
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
	    .rss_kb = resident_kb(),
	    .open_fds = open_fds()};
	out->engine = (struct counts){.checks = counts->checks,
	    .running = counts->running,
	    .running_max = counts->running_max,
	    .waiting = counts->waiting,
	    .waiting_max = counts->waiting_max,
	    .queue_full = counts->queue_full,
	    .probes = counts->probes};
	for (size_t i = 0; i < COUNTS_PROBES; i++)
		out->engine.probed[i] = counts->probed[i];
	for (size_t i = 0; i < COUNTS_FETCHES; i++)
		out->engine.fetched[i] = counts->fetched[i];
	for (size_t i = 0; i < COUNTS_LOOKUPS; i++)
		for (size_t j = 0; j < COUNTS_STATUSES; j++)
			out->engine.lookups[i][j] = counts->lookups[i][j];
	tally_counts(&out->counts);
	note_port(out);
	service_hold(&held);
	inventory_count(held.engine, &out->now);
	count_rules(held.settings->destinations, out);
	out->map_sockets = held.settings->map_sockets.count > 0;
	out->line_sockets = held.settings->line_sockets.count > 0;
	out->tls_reports = held.settings->tls_reports != TLS_REPORTS_NO;
	out->shares = sharing_look(&out->shared);
	service_let_go(&held);
}

bool
stats_health(const char **word)
{
	struct inventory_counts now;
	struct service_hold held;

	if (!service_accepts()) {
		*word = "stopping";
		return false;
	}
	service_hold(&held);
	inventory_count(held.engine, &now);
	service_let_go(&held);
	if (strcmp(now.resolver, "validating") == 0) {
		*word = "ok";
		return true;
	}
	*word = strcmp(now.resolver, "unknown") == 0
		    ? "resolver-unknown"
		    : "resolver-not-validating";
	return false;
}
