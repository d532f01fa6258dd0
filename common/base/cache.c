/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cache_parts.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"

/*
 * How it works.
 * 1. A claim finds the entry of its key in the index, or puts a new one there,
 *    which stands in the list "making"; who made it fills it, the others wait
 *    on it: single flight.
 * 2. Filled, the entry wakes its waiters and goes to the end of the list
 *    "once".  Asked for again, it goes to the end of "again"; that list holds
 *    seven of eight entries at most, and what is over falls back to "once".
 * 3. With too many entries the first of "once" leaves: what was asked for once
 *    and longest ago.  Keys that come once, however many, push out each other.
 * 4. With too many octets the budget has the cache that holds most evict, from
 *    "once" likewise, as long as "again" is no more than seven of eight octets.
 * 5. An entry that leaves the index, for this or because it has expired, was
 *    replaced or flushed, lives on for those who hold it; the last to release
 *    it frees the value.
 */

/* Beside entry, key and value: a place in the index, which has up to twice as
 * many as it needs, and what malloc adds to both */
enum { HIDDEN_OCTETS = 16 + 2 * 16 };

struct cache *
cache_new(
    size_t max, const struct cache_kind *kind, struct cache_budget *budget)
{
	struct cache *cache = xcalloc(1, sizeof(*cache));

	assert(max > 0 && kind->free != NULL);
	lock_init(&cache->lock);
	TAILQ_INIT(&cache->once.list);
	TAILQ_INIT(&cache->again.list);
	TAILQ_INIT(&cache->making);
	cache_index_init(&cache->index);
	cache->max = max;
	cache->kind = kind;
	cache->budget = budget;
	if (budget != NULL)
		cache_budget_join(budget, cache, &cache_budgeted);
	return cache;
}

static struct cache_entry *
entry_new(struct cache *cache, const char *key)
{
	size_t size = strlen(key) + 1;
	struct cache_entry *entry =
	    xcalloc(1, offsetof(struct cache_entry, node.key) + size);

	entry->cache = cache;
	memcpy(entry->node.key, key, size);
	return entry;
}

/* One that somebody is to fill. */
static struct cache_entry *
unfilled_new(struct cache *cache, const char *key)
{
	struct cache_entry *entry = entry_new(cache, key);

	entry->making = xcalloc(1, sizeof(*entry->making));
	TAILQ_INIT(&entry->making->waiting);
	return entry;
}

void
cache_entry_free(struct cache_entry *entry)
{
	if (entry->filled)
		entry->cache->kind->free(entry->value);
	else
		free(entry->making);
	free(entry);
}

static void *
value_locked(const struct cache_entry *entry)
{
	return entry->filled ? entry->value : NULL;
}

static void
set_value(struct cache_entry *entry, void *value, int64_t expires_ms)
{
	assert(value != NULL && !entry->filled);
	entry->filled = true;
	entry->value = value;
	entry->expires_ms = expires_ms;
}

static struct cache_entry *
indexed_locked(struct cache *cache, const char *key) HOLDS(cache->lock)
{
	struct cache_node *node = cache_index_find(&cache->index, key);

	return node == NULL
		   ? NULL
		   : (struct cache_entry *)((char *)node -
					    offsetof(struct cache_entry, node));
}

static void
index_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	cache_index_put(&cache->index, &entry->node);
}

/* Of an entry with a value. */
static size_t
entry_octets(const struct cache *cache, const struct cache_entry *entry)
{
	size_t value =
	    cache->kind->octets == NULL ? 0 : cache->kind->octets(entry->value);

	return offsetof(struct cache_entry, node.key) +
	       strlen(entry->node.key) + 1 + HIDDEN_OCTETS + value;
}

static void
list_locked(struct cache *cache, struct cache_entry *entry, bool again)
    HOLDS(cache->lock)
{
	struct used *used = again ? &cache->again : &cache->once;

	assert(entry->filled && entry->indexed);
	entry->again = again;
	TAILQ_INSERT_TAIL(&used->list, entry, listed);
	used->count++;
	used->octets += entry_octets(cache, entry);
	cache->octets = cache->once.octets + cache->again.octets;
}

static void
unlist_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	struct used *used = entry->again ? &cache->again : &cache->once;
	size_t octets = entry_octets(cache, entry);

	assert(used->count > 0 && used->octets >= octets);
	TAILQ_REMOVE(&used->list, entry, listed);
	used->count--;
	used->octets -= octets;
	cache->octets = cache->once.octets + cache->again.octets;
}

void
cache_unindex_locked(struct cache *cache, struct cache_entry *entry)
{
	assert(entry->indexed);
	cache_index_drop(&cache->index, &entry->node);
	entry->indexed = false;
	if (entry->filled)
		unlist_locked(cache, entry);
	else
		TAILQ_REMOVE(&cache->making, entry, listed);
}

/* A value that is asked for again stays longer than those that are not. */
static void
note_use_locked(struct cache *cache, struct cache_entry *entry)
    HOLDS(cache->lock)
{
	if (entry->again) {
		TAILQ_REMOVE(&cache->again.list, entry, listed);
		TAILQ_INSERT_TAIL(&cache->again.list, entry, listed);
		return;
	}
	unlist_locked(cache, entry);
	list_locked(cache, entry, true);
	if (cache->again.count > cache->max * CACHE_AGAIN_PARTS / CACHE_PARTS) {
		entry = TAILQ_FIRST(&cache->again.list);
		unlist_locked(cache, entry);
		list_locked(cache, entry, false);
	}
}

/* A found entry that is over leaves the index, with a reference. */
static struct cache_entry *
find_locked(struct cache *cache, const char *key, const void *unwanted,
    struct cache_entry **over) HOLDS(cache->lock)
{
	struct cache_entry *found = indexed_locked(cache, key);

	assert(found == NULL ||
	       (found->cache == cache && found->indexed && found->refs > 0));
	if (found == NULL || !found->filled)
		return found;
	if (found->value == unwanted || found->expires_ms <= clock_mono_ms()) {
		cache_unindex_locked(cache, found);
		*over = found;
		return NULL;
	}
	return found;
}

struct cache_entry *
cache_renew(struct cache *cache, const char *key, const void *unwanted,
    bool *mine, struct cache_entry **over)
{
	struct cache_entry *entry;

	*over = NULL;
	lock_take(&cache->lock);
	entry = find_locked(cache, key, unwanted, over);
	if (entry != NULL && entry->filled)
		note_use_locked(cache, entry);
	*mine = entry == NULL;
	if (entry == NULL) {
		entry = unfilled_new(cache, key);
		entry->indexed = true;
		entry->refs = 1;
		index_locked(cache, entry);
		TAILQ_INSERT_TAIL(&cache->making, entry, listed);
	}
	entry->refs++;
	lock_drop(&cache->lock);
	return entry;
}

struct cache_entry *
cache_renew_ahead(
    struct cache *cache, const char *key, const void *ending, bool *mine)
{
	struct cache_entry *fresh = NULL, *over = NULL, *entry;

	lock_take(&cache->lock);
	entry = find_locked(cache, key, NULL, &over);
	*mine =
	    entry != NULL && value_locked(entry) == ending && !entry->renewed;
	if (*mine) {
		entry->renewed = true;
		entry->refs++;
		fresh = unfilled_new(cache, key);
		fresh->refs = 1;
		fresh->making->ahead_of = entry;
	}
	lock_drop(&cache->lock);
	if (over != NULL)
		cache_release(over);
	return *mine ? fresh : cache_claim(cache, key, mine);
}

struct cache_entry *
cache_claim(struct cache *cache, const char *key, bool *mine)
{
	struct cache_entry *over;
	struct cache_entry *entry = cache_renew(cache, key, NULL, mine, &over);

	if (over != NULL)
		cache_release(over);
	return entry;
}

static struct cache_entry *
hold_found(struct cache *cache, const char *key, bool use)
{
	struct cache_entry *over = NULL, *entry;

	lock_take(&cache->lock);
	entry = find_locked(cache, key, NULL, &over);
	if (entry != NULL && !entry->filled)
		entry = NULL;
	if (entry != NULL && use)
		note_use_locked(cache, entry);
	if (entry != NULL)
		entry->refs++;
	lock_drop(&cache->lock);
	if (over != NULL)
		cache_release(over);
	return entry;
}

struct cache_entry *
cache_find(struct cache *cache, const char *key)
{
	return hold_found(cache, key, true);
}

struct cache_entry *
cache_peek(struct cache *cache, const char *key)
{
	return hold_found(cache, key, false);
}

struct cache_entry *
cache_find_current(struct cache *cache, const char *key)
{
	struct cache_entry *entry;

	lock_take(&cache->lock);
	entry = indexed_locked(cache, key);
	if (entry != NULL &&
	    (!entry->filled || entry->expires_ms <= clock_mono_ms()))
		entry = NULL;
	if (entry != NULL) {
		note_use_locked(cache, entry);
		entry->refs++;
	}
	lock_drop(&cache->lock);
	return entry;
}

struct cache_entry *
cache_hold(struct cache_entry *entry)
{
	lock_take(&entry->cache->lock);
	assert(entry->refs > 0);
	entry->refs++;
	lock_drop(&entry->cache->lock);
	return entry;
}

void
cache_release(struct cache_entry *entry)
{
	struct cache *cache = entry->cache;
	bool last;

	lock_take(&cache->lock);
	assert(entry->refs > 0);
	last = --entry->refs == 0;
	assert(!last || !entry->indexed);
	lock_drop(&cache->lock);
	if (last)
		cache_entry_free(entry);
}

/* Threads are woken under the lock, since their waiters stand on their stacks;
 * callbacks stay in the list for the caller to call without it. */
static void
wake_threads_locked(struct waiters *waiting)
{
	struct waiter *waiter, *following;

	for (waiter = TAILQ_FIRST(waiting); waiter != NULL;
	     waiter = following) {
		following = TAILQ_NEXT(waiter, next);
		if (waiter->cond == NULL)
			continue;
		TAILQ_REMOVE(waiting, waiter, next);
		cond_signal(waiter->cond);
	}
}

static void
call_back(struct waiters *waiting, const void *value)
{
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(waiting)) != NULL) {
		TAILQ_REMOVE(waiting, waiter, next);
		waiter->ready(waiter->arg, value);
		free(waiter);
	}
}

/* Returns an entry that has left the index, with a reference, or NULL. */
static struct cache_entry *
keep_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	struct cache_entry *leaving = NULL;

	if (!entry->indexed)
		return NULL; /* replaced or flushed meanwhile */
	list_locked(cache, entry, entry->again);
	if (entry->expires_ms <= clock_mono_ms())
		leaving = entry;
	else if (cache->once.count + cache->again.count > cache->max)
		leaving = TAILQ_FIRST(&cache->once.list);
	if (leaving != NULL)
		cache_unindex_locked(cache, leaving);
	return leaving;
}

/* What was made ahead takes the place of the old one that it is for, which is
 * returned; not if that has left the index. */
static struct cache_entry *
replace_locked(struct cache *cache, struct cache_entry *entry,
    struct cache_entry *old) HOLDS(cache->lock)
{
	if (!old->indexed || entry->expires_ms <= clock_mono_ms())
		return NULL;
	entry->again = old->again;
	cache_unindex_locked(cache, old);
	entry->indexed = true;
	entry->refs++;
	index_locked(cache, entry);
	return old;
}

/* What an entry needed while it was made, and its hold of what it is ahead
 * of. */
static void
end_making(struct making *making, const void *value)
{
	call_back(&making->waiting, value);
	if (making->ahead_of != NULL)
		cache_release(making->ahead_of);
	free(making);
}

void
cache_fill(struct cache_entry *entry, void *value, int64_t expires_ms)
{
	struct cache *cache = entry->cache;
	struct cache_entry *leaving, *replaced = NULL;
	struct making *making;

	lock_take(&cache->lock);
	assert(entry->refs > 0);
	if (entry->indexed)
		TAILQ_REMOVE(&cache->making, entry, listed);
	making = entry->making;
	set_value(entry, value, expires_ms);
	wake_threads_locked(&making->waiting);
	if (making->ahead_of != NULL)
		replaced = replace_locked(cache, entry, making->ahead_of);
	leaving = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	end_making(making, value);
	if (replaced != NULL)
		cache_release(replaced);
	if (leaving != NULL)
		cache_release(leaving);
	if (cache->budget != NULL)
		cache_budget_keep(cache->budget);
}

bool
cache_forsake(struct cache_entry *entry)
{
	struct cache *cache = entry->cache;
	bool forsaken;

	lock_take(&cache->lock);
	assert(!entry->filled);
	assert(entry->refs >= 1U + entry->indexed);
	forsaken = entry->refs == 1U + entry->indexed;
	if (forsaken && entry->indexed) {
		cache_unindex_locked(cache, entry);
		entry->refs--;
	}
	lock_drop(&cache->lock);
	return forsaken;
}

void
cache_put(struct cache *cache, const char *key, void *value, int64_t expires_ms)
{
	struct cache_entry *entry = entry_new(cache, key);
	struct cache_entry *old, *leaving;

	set_value(entry, value, expires_ms);
	entry->indexed = true;
	entry->refs = 1;
	lock_take(&cache->lock);
	old = indexed_locked(cache, key);
	if (old != NULL) {
		entry->again = old->again;
		cache_unindex_locked(cache, old);
	}
	index_locked(cache, entry);
	leaving = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	if (old != NULL)
		cache_release(old);
	if (leaving != NULL)
		cache_release(leaving);
	if (cache->budget != NULL)
		cache_budget_keep(cache->budget);
}

void *
cache_value(struct cache_entry *entry)
{
	void *value;

	lock_take(&entry->cache->lock);
	assert(entry->refs > 0);
	value = value_locked(entry);
	lock_drop(&entry->cache->lock);
	return value;
}

void *
cache_await(struct cache_entry *entry, int64_t deadline_ms)
{
	struct cache *cache = entry->cache;
	struct cond cond;
	struct waiter waiter = {.cond = &cond};
	void *value;

	cond_init(&cond);
	lock_take(&cache->lock);
	assert(entry->refs > 0);
	if (!entry->filled) {
		TAILQ_INSERT_TAIL(&entry->making->waiting, &waiter, next);
		while (!entry->filled &&
		       cond_wait_until(&cond, &cache->lock, deadline_ms))
			continue;
		if (!entry->filled)
			TAILQ_REMOVE(&entry->making->waiting, &waiter, next);
	}
	value = value_locked(entry);
	lock_drop(&cache->lock);
	cond_fini(&cond);
	return value;
}

void
cache_when_filled(struct cache_entry *entry, cache_ready *ready, void *arg)
{
	struct cache *cache = entry->cache;
	struct waiter *waiter = xcalloc(1, sizeof(*waiter));
	const void *value;

	waiter->ready = ready;
	waiter->arg = arg;
	lock_take(&cache->lock);
	assert(ready != NULL && entry->refs > 0);
	value = value_locked(entry);
	if (value == NULL)
		TAILQ_INSERT_TAIL(&entry->making->waiting, waiter, next);
	lock_drop(&cache->lock);
	if (value != NULL) {
		free(waiter);
		ready(arg, value);
	}
}

static void UNCHECKED
free_all(struct cache *cache, struct used *used)
{
	struct cache_entry *entry;

	while ((entry = TAILQ_FIRST(&used->list)) != NULL) {
		cache_unindex_locked(cache, entry);
		assert(entry->refs == 1);
		cache_entry_free(entry);
	}
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	if (cache->budget != NULL)
		cache_budget_leave(cache->budget, cache);
	free_all(cache, &cache->once);
	free_all(cache, &cache->again);
	cache_index_fini(&cache->index);
	assert(cache->octets == 0);
	lock_fini(&cache->lock);
	free(cache);
}
