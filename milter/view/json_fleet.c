/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_fleet.h"

#include <jansson.h>

#include "milter/view/json_check.h"
#include "milter/view/json_put.h"

static void
put_result(json_t *object, const char *key, const struct fleet_figures *figures,
    enum shared_result result)
{
	uint64_t count = 0;

	for (size_t i = 0; i < SHARED_OPS; i++)
		count += figures->requests[i][result];
	json_put_number(object, key, (int64_t)count);
}

static uint64_t
sum_rejected(const struct fleet_figures *figures)
{
	uint64_t count = 0;

	for (size_t i = 0; i < SHARED_FAULTS; i++)
		count += figures->rejected[i];
	return count;
}

/* How long an answer took, on the average. */
static int64_t
mean_us(const struct fleet_figures *figures)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= SHARED_BOUNDS; i++)
		count += figures->took[i];
	return count == 0 ? 0 : (int64_t)(figures->took_us / count);
}

static json_t *
hosts_json(const struct fleet_hosts *hosts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < hosts->count; i++) {
		const struct fleet_host *host = &hosts->items[i];
		json_t *object = json_object();

		json_put_text(object, "host", host->name);
		json_put_text(object, "version", host->says.version);
		json_put_text(object, "digest", host->says.digest);
		json_put_bool(object, "same", host->same);
		json_put_time(object, "seen", host->says.at_s);
		json_array_append_new(list, object);
	}
	return list;
}

char *
json_fleet_line(
    const struct fleet_figures *figures, const struct fleet_hosts *hosts)
{
	static const char *const states[] = {[SHARED_DENIED] = "denied",
	    [SHARED_DOWN] = "down",
	    [SHARED_UP] = "up"};
	enum { SECOND = 1000 };
	const struct shared_status *store = &figures->store;
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "fleet");
	json_put_text(object, "state", states[store->state]);
	json_put_text(object, "store", store->where);
	json_put_number(object, "up", store->up_ms / SECOND);
	json_put_number(object, "rest", store->rest_ms / SECOND);
	json_put_number(object, "mean_us", mean_us(figures));
	put_result(object, "hits", figures, SHARED_RESULT_HIT);
	put_result(object, "misses", figures, SHARED_RESULT_MISS);
	put_result(object, "timeouts", figures, SHARED_RESULT_TIMEOUT);
	put_result(object, "errors", figures, SHARED_RESULT_ERROR);
	put_result(object, "rested", figures, SHARED_RESULT_RESTED);
	json_put_number(object, "rejected", (int64_t)sum_rejected(figures));
	json_put_number(
	    object, "forged", (int64_t)figures->rejected[SHARED_FAULT_MAC]);
	json_put_number(object, "dropped", (int64_t)figures->dropped);
	json_object_set_new(
	    object, "hosts", hosts == NULL ? json_null() : hosts_json(hosts));
	json_put_number(object, "unsigned",
	    hosts == NULL ? 0 : (int64_t)hosts->unsigned_count);
	return json_line(object);
}

static const char *
counts_word(const struct fleet_shown *shown)
{
	static const char *const words[] = {[POLICY_OUTLOOK_HINT] = "hint",
	    [POLICY_OUTLOOK_SAME] = "same",
	    [POLICY_OUTLOOK_EXTENDS] = "extends",
	    [POLICY_OUTLOOK_CREATES] = "creates"};

	if (shown->policy != NULL)
		return words[shown->outlook];
	if (shown->fault != SHARED_NO_FAULT)
		return "rejected";
	return shown->asked ? "none" : "unknown";
}

char *
json_fleet_shown_line(const char *domain, const struct fleet_shown *shown)
{
	const struct shared_policy *policy = shown->policy;
	json_t *object = json_object();

	json_put_number(object, "schema", 1);
	json_put_text(object, "kind", "shared-policy");
	json_put_text(object, "domain", domain);
	json_put_text(object, "counts", counts_word(shown));
	json_object_set_new(object, "fault",
	    shown->fault == SHARED_NO_FAULT
		? json_null()
		: json_string(shared_fault_word(shown->fault)));
	json_object_set_new(object, "policy",
	    policy == NULL ? json_null() : json_shared_policy(policy));
	return json_line(object);
}
