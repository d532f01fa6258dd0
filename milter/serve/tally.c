/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/tally.h"

#include <string.h>

struct tally_times {
	_Atomic uint64_t buckets[FIGURES_BUCKETS];
	_Atomic uint64_t sum_ms;
};

/* As struct report_counts. */
static struct {
	_Atomic uint64_t messages;
	_Atomic uint64_t actions[ACTIONS];
	_Atomic uint64_t refused[ACTIONS];
	_Atomic uint64_t results[RESULTS];
	_Atomic uint64_t reasons[REASONS];
	_Atomic uint64_t hits;
	_Atomic uint64_t misses;
	_Atomic uint64_t joined;
	_Atomic uint64_t outcomes[RESULTS][ACTIONS];
	_Atomic uint64_t checks[POLICY_TYPES][RESULTS][REASONS];
	struct tally_times check_times[2];
	struct tally_times waits[FIGURES_STAGES];
	_Atomic uint64_t asked[FIGURES_ASKERS][FIGURES_STATUSES];
	_Atomic uint64_t changes[RESULTS];
	_Atomic uint64_t lost_lines;
	_Atomic uint64_t connections;
	_Atomic uint64_t mta_errors[FIGURES_STEPS];
	_Atomic uint64_t reports[FIGURES_REPORTS];
	_Atomic uint64_t datagrams;
	_Atomic uint64_t dropped[FIGURES_LOSSES];
	_Atomic int port_open;
	_Atomic int reload;
	_Atomic int64_t reload_s;
} tally;

static void
note_time(struct tally_times *times, unsigned ms)
{
	size_t bucket = 0;

	while (bucket < FIGURES_BUCKETS - 1 && ms > figures_bounds_ms[bucket])
		bucket++;
	times->buckets[bucket]++;
	times->sum_ms += ms;
}

void
tally_check(const struct tally_check *check)
{
	const struct verdict *verdict = check->verdict;

	tally.results[verdict->result]++;
	tally.reasons[verdict->reason]++;
	tally.checks[verdict->policy][verdict->result][verdict->reason]++;
	tally.refused[check->action] += check->refused;
	if (!check->looked)
		return;
	if (check->cached)
		tally.hits++;
	else
		tally.misses++;
	if (check->joined)
		tally.joined++;
	note_time(&tally.check_times[!check->cached], check->ms);
}

void
tally_message(enum result result, enum action action, unsigned ms)
{
	tally.messages++;
	tally.actions[action]++;
	tally.outcomes[result][action]++;
	tally_wait(FIGURES_MESSAGE, ms);
}

void
tally_wait(enum figures_stage stage, unsigned ms)
{
	note_time(&tally.waits[stage], ms);
}

void
tally_asked(enum figures_asker asker, enum figures_status status)
{
	tally.asked[asker][status]++;
}

void
tally_connection(bool begins)
{
	tally.connections += begins ? 1 : UINT64_MAX;
}

void
tally_mta_error(enum figures_step step)
{
	tally.mta_errors[step]++;
}

void
tally_change(const char *after)
{
	for (int i = 0; i < RESULTS; i++)
		if (strcmp(result_text((enum result)i), after) == 0)
			tally.changes[i]++;
}

void
tally_lost(uintmax_t lines)
{
	tally.lost_lines += lines;
}

void
tally_tls_report(const char *action)
{
	for (int i = 0; i < FIGURES_REPORTS; i++)
		if (strcmp(figures_report_text((enum figures_report)i),
			action) == 0)
			tally.reports[i]++;
}

void
tally_datagrams(uint64_t count)
{
	tally.datagrams += count;
}

void
tally_dropped(enum figures_loss loss, uint64_t count)
{
	tally.dropped[loss] += count;
}

void
tally_port(bool open)
{
	tally.port_open = open ? FIGURES_GOOD : FIGURES_BAD;
}

void
tally_reload(bool good, time_t now)
{
	tally.reload = good ? FIGURES_GOOD : FIGURES_BAD;
	if (good)
		tally.reload_s = now;
}

static void
copy_times(struct figures_times *to, const struct tally_times *times)
{
	for (size_t i = 0; i < FIGURES_BUCKETS; i++)
		to->buckets[i] = times->buckets[i];
	to->sum_ms = times->sum_ms;
}

static void
copy_counts(uint64_t *to, const _Atomic uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = from[i];
}

void
tally_counts(struct report_counts *out)
{
	out->messages = tally.messages;
	out->hits = tally.hits;
	out->misses = tally.misses;
	out->joined = tally.joined;
	out->lost_lines = tally.lost_lines;
	out->connections = tally.connections;
	copy_counts(out->mta_errors, tally.mta_errors, FIGURES_STEPS);
	copy_counts(out->reports, tally.reports, FIGURES_REPORTS);
	out->datagrams = tally.datagrams;
	copy_counts(out->dropped, tally.dropped, FIGURES_LOSSES);
	out->port_open = (enum figures_state)tally.port_open;
	out->reload = (enum figures_state)tally.reload;
	out->reload_s = (time_t)tally.reload_s;
	copy_counts(out->actions, tally.actions, ACTIONS);
	copy_counts(out->refused, tally.refused, ACTIONS);
	copy_counts(out->results, tally.results, RESULTS);
	copy_counts(out->reasons, tally.reasons, REASONS);
	copy_counts(out->changes, tally.changes, RESULTS);
	copy_counts(&out->asked[0][0], &tally.asked[0][0],
	    (size_t)FIGURES_ASKERS * FIGURES_STATUSES);
	copy_counts(&out->outcomes[0][0], &tally.outcomes[0][0],
	    (size_t)RESULTS * ACTIONS);
	copy_counts(&out->checks[0][0][0], &tally.checks[0][0][0],
	    (size_t)POLICY_TYPES * RESULTS * REASONS);
	for (size_t i = 0; i < 2; i++)
		copy_times(&out->check_times[i], &tally.check_times[i]);
	for (size_t i = 0; i < FIGURES_STAGES; i++)
		copy_times(&out->waits[i], &tally.waits[i]);
}
