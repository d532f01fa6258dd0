/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "common/proto/domain.h"
#include "common/proto/sts_policy.h"
#include "milter/act/action.h"
#include "milter/view/figures.h"

void
json_put_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

void
json_put_number(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void
json_put_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void
json_print_time(time_t at, char out[JSON_TIME_SIZE])
{
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(out, JSON_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

void
json_put_time(json_t *object, const char *key, time_t at)
{
	char text[JSON_TIME_SIZE];

	json_print_time(at, text);
	if (text[0] == '\0')
		json_object_set_new(object, key, json_null());
	else
		json_put_text(object, key, text);
}

void
json_put_check(json_t *object, const struct settings *settings,
    const struct check *check, const char *asked, bool cached, uint32_t ttl_s)
{
	const struct verdict *verdict = check->verdict;
	bool looked_at =
	    !settings_lists_domain(
		&settings->internal_domains, check->domain) &&
	    !settings_lists_domain(&settings->exempt_domains, check->domain);
	enum action action =
	    looked_at ? action_for(settings, verdict) : ACTION_NONE;

	json_put_text(
	    object, "domain", check->domain[0] == '\0' ? asked : check->domain);
	json_put_text(object, "result", result_text(verdict->result));
	json_put_text(object, "policy", policy_type_text(verdict->policy));
	json_put_text(object, "level", level_text(verdict->level));
	json_put_text(object, "reason", reason_text(verdict->reason));
	json_put_text(object, "action", action_text(action));
	json_put_number(object, "rcpts", 1);
	if (verdict->mx != NULL)
		json_put_text(object, "mx", verdict->mx);
	if (verdict->policy == POLICY_TYPE_STS && verdict->mode[0] != '\0')
		json_put_text(object, "mode", verdict->mode);
	json_put_text(object, "depth", verdict->probed ? "probe" : "dns");
	json_put_text(object, "cache", cached ? "hit" : "miss");
	json_put_number(object, "ttl", ttl_s);
	json_put_number(object, "ms", check->ms);
	if (verdict->rule != NULL)
		json_put_text(object, "rule", rule_word(verdict->rule));
	if (verdict->detail != NULL)
		json_put_text(object, "detail", verdict->detail);
}

/* The body is text of a stranger: only what a policy may hold is shown. */
static void
put_body(json_t *object, const struct store_policy *row)
{
	char *clean = xstrndup(row->body, row->length);

	for (char *c = clean; *c != '\0'; c++)
		if ((*c < ' ' || *c > '~') && *c != '\n' && *c != '\r')
			*c = '?';
	json_put_text(object, "body", clean);
	free(clean);
}

static json_t *
kept_json(const struct store_policy *row, bool body)
{
	AUTO(sts_policy)
	struct sts_policy *policy =
	    sts_policy_parse(row->body, row->length, NULL);
	json_t *object = json_object(), *mx = json_array();

	for (size_t i = 0; policy != NULL && i < policy->mx_count; i++)
		json_array_append_new(mx, json_string(policy->mx[i]));
	json_put_text(object, "id", row->id);
	json_put_text(
	    object, "mode", policy == NULL ? "" : sts_mode_text(policy->mode));
	json_object_set_new(object, "mx", mx);
	json_put_time(object, "fetched", row->fetched_s);
	json_put_time(object, "expires", row->expires_s);
	json_put_bool(object, "expired", clock_wall_s() >= row->expires_s);
	if (body)
		put_body(object, row);
	return object;
}

static json_t *
failure_json(const struct store_policy *row)
{
	json_t *object;

	if (row->failed_s == 0)
		return json_null();
	object = json_object();
	json_put_text(object, "id", row->failed_id);
	json_put_time(object, "at", row->failed_s);
	json_put_text(object, "reason",
	    reason_text(policy_fetch_reason(row->failed_how)));
	json_put_text(object, "detail", row->failed_detail);
	return object;
}

json_t *
json_policy(const struct store_policy *row, bool body)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "policy");
	json_put_text(object, "domain", row->domain);
	json_object_set_new(object, "policy",
	    row->body == NULL ? json_null() : kept_json(row, body));
	json_object_set_new(object, "failed", failure_json(row));
	return object;
}

/* Takes the object. */
static char *
line_of_object(json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);

	assert(line != NULL);
	json_decref(object);
	return line;
}

char *
json_line_policy(const struct store_policy *row, bool body)
{
	return line_of_object(json_policy(row, body));
}

char *
json_line_verdict(const struct settings *settings, const struct check *check,
    const char *hops)
{
	int left_ms = clock_left_ms(check->expires_ms);
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "verdict");
	json_put_check(object, settings, check, check->domain, true,
	    (uint32_t)((left_ms + 999) / 1000));
	json_put_text(object, "rt", check->verdict->rt);
	json_put_text(object, "hop", hops);
	return line_of_object(object);
}

char *
json_line_flushed(const struct inventory_flushed *flushed)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_number(object, "verdicts", (int64_t)flushed->verdicts);
	json_put_number(object, "probes", (int64_t)flushed->probes);
	json_put_number(object, "policies", (int64_t)flushed->policies);
	return line_of_object(object);
}

char *
json_line_end(const char *word, size_t lines, const char *text)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "end", word);
	if (text == NULL)
		json_put_number(object, "lines", (int64_t)lines);
	else
		json_put_text(object, "text", text);
	return line_of_object(object);
}

/* --- statistics --- */

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

/* Since when mail may have passed unseen until the start. */
static void
json_put_stopped(json_t *object, const struct stats *stats)
{
	if (stats->stopped_s == 0)
		json_object_set_new(object, "stopped", json_null());
	else
		json_put_time(object, "stopped", stats->stopped_s);
	json_put_number(object, "down",
	    stats->stopped_s == 0 ? 0 : stats->started_s - stats->stopped_s);
}

char *
json_line_stats(const struct stats *stats, const char *version)
{
	const struct report_counts *counts = &stats->counts;
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "version", version);
	json_put_number(object, "pid", getpid());
	json_put_time(object, "started", stats->started_s);
	json_put_number(object, "uptime", (int64_t)stats->uptime_s);
	json_put_stopped(object, stats);
	json_object_set_new(object, "messages", messages_json(stats));
	json_object_set_new(object, "results", results_json(counts));
	json_object_set_new(object, "reasons", reasons_json(counts));
	json_object_set_new(object, "cache",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hits",
		(json_int_t)counts->hits, "misses", (json_int_t)counts->misses,
		"verdicts", (json_int_t)stats->now.verdicts, "probes",
		(json_int_t)stats->now.probes, "policies",
		(json_int_t)stats->now.policies, "unwritten",
		(json_int_t)stats->now.unwritten, "octets",
		(json_int_t)stats->now.octets));
	json_object_set_new(
	    object, "checks", counted_checks_json(&stats->engine));
	json_put_number(object, "probes", (int64_t)stats->engine.probes);
	json_object_set_new(object, "fetches",
	    json_pack("{s:I, s:I}", "made", (json_int_t)stats->engine.fetches,
		"failed", (json_int_t)stats->engine.fetches_failed));
	json_put_text(object, "store", stats->now.store);
	json_put_text(object, "resolver", stats->now.resolver);
	json_put_number(object, "rss_kb", (int64_t)stats->rss_kb);
	return line_of_object(object);
}

/* --- requests --- */

static const struct {
	const char *words;
	bool domain_wanted;
	bool domain_allowed;
} asks[] = {
    [JSON_ASK_CHECK] = {"check", true, true},
    [JSON_ASK_LIST] = {"cache list", false, false},
    [JSON_ASK_SHOW] = {"cache show", true, true},
    [JSON_ASK_FLUSH] = {"cache flush", false, true},
    [JSON_ASK_STATS] = {"stats", false, false},
};

enum { ASKS = sizeof(asks) / sizeof(asks[0]) };

static int
read_ask(const json_t *object, struct json_request *request, struct err *err)
{
	const char *words = json_string_value(json_object_get(object, "ask"));
	int i;

	if (words == NULL)
		return err_set(err, ERR_DATA, "no \"ask\"");
	for (i = 0; i < ASKS; i++)
		if (strcmp(asks[i].words, words) == 0)
			break;
	if (i == ASKS)
		return err_set(err, ERR_DATA, "no such \"ask\"");
	request->ask = (enum json_ask)i;
	return 0;
}

static int
read_request_domain(
    const json_t *object, struct json_request *request, struct err *err)
{
	const json_t *value = json_object_get(object, "domain");

	request->domain[0] = '\0';
	if (value == NULL && asks[request->ask].domain_wanted)
		return err_set(err, ERR_DATA, "no \"domain\"");
	if (value == NULL)
		return 0;
	if (!asks[request->ask].domain_allowed)
		return err_set(err, ERR_DATA, "a \"domain\" is not wanted");
	if (!json_is_string(value))
		return err_set(err, ERR_DATA, "\"domain\" is no text");
	return domain_normalise(json_string_value(value), request->domain, err);
}

/* A request is flat, and the parser climbs down whatever it is given. */
static bool
is_nested(const char *line, size_t length)
{
	size_t opened = 0;

	for (size_t i = 0; i < length; i++)
		opened += line[i] == '{' || line[i] == '[';
	return opened > 1;
}

int
json_read_request(const char *line, size_t length, struct json_request *request,
    struct err *err)
{
	json_t *object;
	int rc;

	if (is_nested(line, length))
		return err_set(err, ERR_DATA, "not a flat JSON object");
	object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(err, ERR_DATA, "not a JSON object");
	}
	rc = read_ask(object, request, err);
	if (rc == 0)
		rc = read_request_domain(object, request, err);
	json_decref(object);
	return rc;
}

char *
json_line_request(const struct json_request *request)
{
	json_t *object = json_object();

	json_put_text(object, "ask", asks[request->ask].words);
	if (request->domain[0] != '\0')
		json_put_text(object, "domain", request->domain);
	return line_of_object(object);
}
