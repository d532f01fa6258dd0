/* cache_parts - what a cache is made of, for cache.c and cache_walk.c. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CACHE_PARTS_H
#define COMMON_BASE_CACHE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/base/cache_budget.h"
#include "common/base/cache_index.h"
#include "common/base/lock.h"

struct cache_kind;

/* Of all entries, or octets, as many eighths may be of "again" */
enum { CACHE_AGAIN_PARTS = 7, CACHE_PARTS = 8 };

/* One that waits for a value: a thread, by its condition, or a callback. */
struct waiter {
	TAILQ_ENTRY(waiter) next;
	struct cond *cond;
	void (*ready)(void *arg, const void *value); /* as cache_ready */
	void *arg;
};
TAILQ_HEAD(waiters, waiter);

/* Of an entry that has no value yet. */
struct making {
	struct waiters waiting;
	struct cache_entry *ahead_of; /* held; or NULL */
};

/* There may be very many: what only one without a value needs stands apart. */
struct cache_entry {
	struct cache *cache;
	union {
		void *value; /* once filled */
		struct making *making;
	};
	int64_t expires_ms;
	TAILQ_ENTRY(cache_entry) listed;
	unsigned refs; /* holders, and one for the index while in it */
	bool filled;
	bool indexed;
	bool again;             /* of the two lists of values, the second */
	bool renewed;           /* one was made, or is, ahead of its end */
	struct cache_node node; /* in the index; ends with the key */
};
TAILQ_HEAD(entries, cache_entry);

/* Entries with a value, least recently used first. */
struct used {
	struct entries list;
	size_t count;
	size_t octets;
};

struct cache {
	struct lock lock; /* guards all here, and every entry's fields */
	struct cache_index index;
	struct used once; /* not asked for since they were filled */
	struct used again;
	struct entries making; /* indexed, without a value yet */
	size_t max;
	const struct cache_kind *kind; /* see cache.h */
	struct cache_budget *budget;   /* NULL: none */
	_Atomic size_t octets; /* of both lists; read without the lock */
};

/* cache_unindex_locked - take out an entry; the index's reference is the
 * caller's then */
void cache_unindex_locked(struct cache *cache, struct cache_entry *entry)
    HOLDS(cache->lock);

/* cache_budgeted - how the budget calls a cache */
extern const struct cache_budget_calls cache_budgeted;

/* cache_entry_free - the entry and its value, without the lock */
void cache_entry_free(struct cache_entry *entry);

#endif
