/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: each cache counts its own octets, and the budget adds them up
 * when a value was kept. Above the maximum the cache that holds most gives up
 * one entry after the other. What has expired leaves all caches once a minute,
 * and at once when room becomes scarce: it is the cheapest to give up. A cache
 * never takes the budget's lock while it holds its own.
 */
#include "common/base/cache_budget.h"

#include <assert.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

enum {
	MOST_CACHES = 8,
	SWEEP_MS = 60 * 1000, /* a walk over all values takes milliseconds */
};

struct member {
	void *cache;
	const struct cache_budget_calls *calls;
};

struct cache_budget {
	struct lock lock; /* guards what follows; taken before a cache's */
	struct member members[MOST_CACHES];
	size_t count;
	size_t max;
	int64_t sweep_ms; /* when the next one is due, */
	int64_t press_ms; /* and when it may be where room is scarce */
};

struct cache_budget *
cache_budget_new(size_t max)
{
	struct cache_budget *budget = xcalloc(1, sizeof(*budget));

	lock_init(&budget->lock);
	budget->max = max;
	budget->sweep_ms = clock_mono_ms() + SWEEP_MS;
	return budget;
}

void
cache_budget_free(struct cache_budget *budget)
{
	if (budget == NULL)
		return;
	assert(budget->count == 0);
	lock_fini(&budget->lock);
	free(budget);
}

void
cache_budget_join(struct cache_budget *budget, void *cache,
    const struct cache_budget_calls *calls)
{
	assert(calls->octets != NULL && calls->evict != NULL);
	assert(calls->sweep != NULL);
	lock_take(&budget->lock);
	assert(budget->count < MOST_CACHES);
	budget->members[budget->count++] = (struct member){cache, calls};
	lock_drop(&budget->lock);
}

void
cache_budget_leave(struct cache_budget *budget, const void *cache)
{
	size_t at = 0;

	lock_take(&budget->lock);
	while (at < budget->count && budget->members[at].cache != cache)
		at++;
	assert(at < budget->count);
	budget->members[at] = budget->members[--budget->count];
	lock_drop(&budget->lock);
}

static size_t
member_octets(const struct member *member)
{
	return member->calls->octets(member->cache);
}

static size_t
sum_locked(const struct cache_budget *budget)
{
	size_t sum = 0;

	for (size_t i = 0; i < budget->count; i++)
		sum += member_octets(&budget->members[i]);
	return sum;
}

size_t
cache_budget_used(struct cache_budget *budget)
{
	size_t used;

	lock_take(&budget->lock);
	used = sum_locked(budget);
	lock_drop(&budget->lock);
	return used;
}

static bool
evict_locked(struct cache_budget *budget)
{
	const struct member *largest = NULL;

	for (size_t i = 0; i < budget->count; i++)
		if (largest == NULL ||
		    member_octets(&budget->members[i]) > member_octets(largest))
			largest = &budget->members[i];
	return largest != NULL && largest->calls->evict(largest->cache);
}

/* Where room is scarce, what has expired does not linger. */
static void
sweep_locked(struct cache_budget *budget, int64_t now_ms)
{
	bool scarce = sum_locked(budget) > budget->max;

	if (now_ms < (scarce ? budget->press_ms : budget->sweep_ms))
		return;
	budget->sweep_ms = now_ms + SWEEP_MS;
	if (scarce)
		budget->press_ms = now_ms + SWEEP_MS;
	for (size_t i = 0; i < budget->count; i++)
		budget->members[i].calls->sweep(
		    budget->members[i].cache, scarce);
}

void
cache_budget_keep(struct cache_budget *budget)
{
	lock_take(&budget->lock);
	sweep_locked(budget, clock_mono_ms());
	while (sum_locked(budget) > budget->max && evict_locked(budget))
		continue;
	lock_drop(&budget->lock);
}
