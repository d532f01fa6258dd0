/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/reasons.h"
#include "common/proto/sts_policy.h"
#include "milter/act/action.h"
#include "milter/view/json_put.h"

void
json_check_put(json_t *object, const struct settings *settings,
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
	json_put_text(object, "cache",
	    cached          ? "hit"
	    : check->shared ? "shared"
			    : "miss");
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

	text_printable(clean, "\r\n");
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
	json_object_set_new(object, "source",
	    row->source[0] == '\0' ? json_null() : json_string(row->source));
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
json_shared_policy(const struct shared_policy *policy)
{
	struct store_policy row = {.body = policy->body,
	    .length = strlen(policy->body),
	    .fetched_s = policy->fetched_s,
	    .expires_s = policy->expires_s};

	text_copy(row.id, sizeof(row.id), policy->id);
	text_copy(row.source, sizeof(row.source), policy->by);
	return kept_json(&row, true);
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

char *
json_policy_line(const struct store_policy *row, bool body)
{
	return json_line(json_policy(row, body));
}

char *
json_check_line(const struct settings *settings, const struct check *check,
    const char *hops)
{
	int left_ms = clock_left_ms(check->expires_ms);
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "verdict");
	json_check_put(object, settings, check, check->domain, true,
	    (uint32_t)((left_ms + 999) / 1000));
	json_put_text(object, "rt", check->verdict->rt);
	json_put_text(object, "hop", hops);
	return json_line(object);
}

char *
json_flushed_line(const struct inventory_flushed *flushed)
{
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_number(object, "verdicts", (int64_t)flushed->verdicts);
	json_put_number(object, "probes", (int64_t)flushed->probes);
	json_put_number(object, "policies", (int64_t)flushed->policies);
	return json_line(object);
}
