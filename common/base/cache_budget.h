/* cache_budget - how many octets some caches may take together. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CACHE_BUDGET_H
#define COMMON_BASE_CACHE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/own.h"

struct cache_budget;

/*
 * cache_budget_new - for max octets of all caches that join
 *
 * When there are more, the cache that holds most gives up values until there
 * are not: who fills one cache drives little out of the others.  Values that
 * somebody holds count until they leave their cache only.
 * Once a minute, whoever fills a cache frees what has expired in all of them,
 * and has lingered; the latter matters not where there is no room.
 * cache_budget_free: all caches have left.
 */
void cache_budget_free(struct cache_budget *budget);
struct cache_budget *cache_budget_new(size_t max) OWNED(cache_budget_free);
AUTO_DEFINE(cache_budget);

/* cache_budget_used - octets of all caches now */
size_t cache_budget_used(struct cache_budget *budget);

/* What the budget asks of a cache, under a lock of its own. */
struct cache_budget_calls {
	size_t (*octets)(const void *cache); /* that it holds now */
	bool (*evict)(void *cache);          /* drop the value that is missed
						least; false: there is none */

	/* drop those that have expired and, unless at_once, lingered */
	void (*sweep)(void *cache, bool at_once);
};

/*
 * For the caches: cache_budget_join, cache_budget_leave; cache_budget_keep -
 * after a value was put in, without the cache's lock
 *
 * calls is borrowed until the cache leaves.
 */
void cache_budget_join(struct cache_budget *budget, void *cache,
    const struct cache_budget_calls *calls);
void cache_budget_leave(struct cache_budget *budget, const void *cache);
void cache_budget_keep(struct cache_budget *budget);

#endif
