/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_fleet.h"

#include <jansson.h>

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

char *
json_fleet_line(const struct fleet_figures *figures)
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
	put_result(object, "hits", figures, SHARED_RESULT_HIT);
	put_result(object, "misses", figures, SHARED_RESULT_MISS);
	put_result(object, "timeouts", figures, SHARED_RESULT_TIMEOUT);
	put_result(object, "errors", figures, SHARED_RESULT_ERROR);
	put_result(object, "rested", figures, SHARED_RESULT_RESTED);
	json_put_number(object, "rejected", (int64_t)sum_rejected(figures));
	json_put_number(
	    object, "forged", (int64_t)figures->rejected[SHARED_FAULT_MAC]);
	json_put_number(object, "dropped", (int64_t)figures->dropped);
	return json_line(object);
}
