/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_stats.h"

#include <jansson.h>
#include <unistd.h>

#include "milter/view/json_put.h"

static json_t *
results_json(const struct report_counts *counts)
{
	json_t *object = json_object();

	for (int i = 0; i < RESULTS; i++)
		json_put_number(object, result_text((enum result)i),
		    (int64_t)counts->results[i]);
	return object;
}

/* There are many; those that never came up are left out. */
static json_t *
reasons_json(const struct report_counts *counts)
{
	json_t *object = json_object();

	for (int i = 0; i < REASONS; i++)
		if (counts->reasons[i] > 0)
			json_put_number(object, reason_text((enum reason)i),
			    (int64_t)counts->reasons[i]);
	return object;
}

static json_t *
messages_json(const struct stats *stats)
{
	json_t *object = json_object(), *actions = json_object();

	for (int i = 0; i < ACTIONS; i++)
		json_put_number(actions, action_text((enum action)i),
		    (int64_t)stats->counts.actions[i]);
	json_put_number(object, "ended", (int64_t)stats->counts.messages);
	json_put_number(object, "active", stats->active);
	json_object_set_new(object, "actions", actions);
	json_object_set_new(object, "refused_rcpts",
	    json_pack("{s:I, s:I}", action_text(ACTION_DEFER),
		(json_int_t)stats->counts.refused[ACTION_DEFER],
		action_text(ACTION_REJECT),
		(json_int_t)stats->counts.refused[ACTION_REJECT]));
	return object;
}

static json_t *
counted_checks_json(const struct counts *counts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "begun",
	    (json_int_t)counts->checks, "running", (json_int_t)counts->running,
	    "running_max", (json_int_t)counts->running_max, "waiting",
	    (json_int_t)counts->waiting, "waiting_max",
	    (json_int_t)counts->waiting_max, "queue_full",
	    (json_int_t)counts->queue_full);
}

/* What MTAs were told that ask. */
static json_t *
asked_json(const struct report_counts *counts)
{
	json_t *object = json_object();

	for (int i = 0; i < FIGURES_ASKERS; i++) {
		json_t *statuses = json_object();

		for (int j = 0; j < FIGURES_STATUSES; j++)
			json_put_number(statuses,
			    figures_status_text((enum figures_status)j),
			    (int64_t)counts->asked[i][j]);
		json_object_set_new(object,
		    figures_asker_text((enum figures_asker)i), statuses);
	}
	return object;
}

/* Since when mail may have passed unseen until the start. */
static void
put_stopped(json_t *object, const struct stats *stats)
{
	if (stats->stopped_s == 0)
		json_object_set_new(object, "stopped", json_null());
	else
		json_put_time(object, "stopped", stats->stopped_s);
	json_put_number(object, "down",
	    stats->stopped_s == 0 ? 0 : stats->started_s - stats->stopped_s);
}

char *
json_stats_line(const struct stats *stats, const char *version)
{
	const struct report_counts *counts = &stats->counts;
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "version", version);
	json_put_number(object, "pid", getpid());
	json_put_time(object, "started", stats->started_s);
	json_put_number(object, "uptime", (int64_t)stats->uptime_s);
	put_stopped(object, stats);
	json_object_set_new(object, "messages", messages_json(stats));
	json_object_set_new(object, "results", results_json(counts));
	json_object_set_new(object, "reasons", reasons_json(counts));
	json_object_set_new(object, "cache",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hits",
		(json_int_t)counts->hits, "misses", (json_int_t)counts->misses,
		"verdicts", (json_int_t)stats->now.verdicts, "probes",
		(json_int_t)stats->now.probes, "policies",
		(json_int_t)stats->now.policies, "unwritten",
		(json_int_t)stats->now.unwritten, "lost",
		(json_int_t)stats->now.lost, "octets",
		(json_int_t)stats->now.octets));
	json_object_set_new(
	    object, "checks", counted_checks_json(&stats->engine));
	json_put_number(object, "probes", (int64_t)stats->engine.probes);
	json_object_set_new(object, "fetches",
	    json_pack("{s:I, s:I}", "made",
		(json_int_t)counts_fetches(&stats->engine), "failed",
		(json_int_t)counts_fetches_failed(&stats->engine)));
	json_object_set_new(object, "map", asked_json(counts));
	json_put_text(object, "store", stats->now.store);
	json_put_text(object, "resolver", stats->now.resolver);
	json_put_text(object, "port25",
	    stats->counts.port_open == FIGURES_UNKNOWN ? "unknown"
	    : stats->counts.port_open == FIGURES_GOOD  ? "open"
						       : "closed");
	json_object_set_new(object, "rules",
	    json_pack("{s:I, s:I, s:I}", "active",
		(json_int_t)stats->rules_active, "expiring",
		(json_int_t)stats->rules_expiring, "expired",
		(json_int_t)stats->rules_expired));
	json_put_number(object, "rss_kb", (int64_t)stats->rss_kb);
	return json_line(object);
}

char *
json_metrics_line(const char *text)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "metrics", text);
	return json_line(object);
}

char *
json_recent_line(const struct figures_domain *domain)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "domain", domain->domain);
	json_put_text(object, "result", result_text(domain->result));
	json_put_text(object, "reason", reason_text(domain->reason));
	json_put_text(object, "mx", domain->mx);
	json_put_number(object, "messages", (int64_t)domain->messages);
	json_put_time(object, "first", domain->first_s);
	json_put_time(object, "last", domain->last_s);
	return json_line(object);
}
