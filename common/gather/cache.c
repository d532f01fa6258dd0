/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/cache.h"

#include <assert.h>
#include <search.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

/* One that waits for a value: a thread, by its condition, or a callback. */
struct waiter {
	TAILQ_ENTRY(waiter) next;
	struct cond *cond;
	cache_ready *ready;
	void *arg;
};
TAILQ_HEAD(waiters, waiter);

struct cache_entry {
	struct cache *cache;
	void *value;
	int64_t expires_ms;
	unsigned refs; /* holders, and one for the index while in it */
	bool indexed;
	struct waiters *waiting; /* NULL once filled: most entries are */
	TAILQ_ENTRY(cache_entry) used;
	char key[];
};

/* The index is a balanced tree, so that no choice of keys makes it slow. */
struct cache {
	struct lock lock; /* guards all here, and every entry's fields */
	void *index;
	TAILQ_HEAD(, cache_entry) used; /* filled, least recently used first */
	size_t filled;
	size_t max;
	void (*value_free)(void *value);
};

static int
compare_keys(const void *a, const void *b)
{
	const struct cache_entry *left = a, *right = b;

	return strcmp(left->key, right->key);
}

struct cache *
cache_new(size_t max, void (*value_free)(void *value))
{
	struct cache *cache = xcalloc(1, sizeof(*cache));

	lock_init(&cache->lock);
	TAILQ_INIT(&cache->used);
	cache->max = max;
	cache->value_free = value_free;
	return cache;
}

static struct cache_entry *
entry_new(struct cache *cache, const char *key)
{
	size_t size = strlen(key) + 1;
	struct cache_entry *entry = xcalloc(1, sizeof(*entry) + size);

	entry->cache = cache;
	entry->waiting = xmalloc(sizeof(*entry->waiting));
	TAILQ_INIT(entry->waiting);
	memcpy(entry->key, key, size);
	return entry;
}

static void
entry_free(struct cache_entry *entry)
{
	if (entry->value != NULL)
		entry->cache->value_free(entry->value);
	free(entry->waiting);
	free(entry);
}

/* Returns the entry if this was its last reference: free it unlocked. */
static struct cache_entry *
unref_locked(struct cache_entry *entry)
{
	assert(entry->refs > 0);
	return --entry->refs == 0 ? entry : NULL;
}

static void
index_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	if (tsearch(entry, &cache->index, compare_keys) == NULL)
		abort(); /* no memory: as xalloc */
}

static struct cache_entry *
unindex_locked(struct cache *cache, struct cache_entry *entry)
    HOLDS(cache->lock)
{
	assert(entry->indexed);
	tdelete(entry, &cache->index, compare_keys);
	entry->indexed = false;
	if (entry->value != NULL) {
		TAILQ_REMOVE(&cache->used, entry, used);
		cache->filled--;
	}
	return unref_locked(entry);
}

/* A found entry that is over leaves the index; *dead is then to be freed. */
static struct cache_entry *
find_locked(struct cache *cache, struct cache_entry *wanted,
    struct cache_entry **dead) HOLDS(cache->lock)
{
	struct cache_entry **node = tfind(wanted, &cache->index, compare_keys);
	struct cache_entry *found = node == NULL ? NULL : *node;

	if (found == NULL || found->value == NULL)
		return found;
	if (found->expires_ms <= clock_mono_ms()) {
		*dead = unindex_locked(cache, found);
		return NULL;
	}
	TAILQ_REMOVE(&cache->used, found, used);
	TAILQ_INSERT_TAIL(&cache->used, found, used);
	return found;
}

struct cache_entry *
cache_claim(struct cache *cache, const char *key, bool *mine)
{
	struct cache_entry *fresh = entry_new(cache, key);
	struct cache_entry *dead = NULL, *entry;

	lock_take(&cache->lock);
	entry = find_locked(cache, fresh, &dead);
	*mine = entry == NULL;
	if (entry == NULL) {
		entry = fresh;
		entry->indexed = true;
		entry->refs = 1;
		index_locked(cache, entry);
	}
	entry->refs++;
	lock_drop(&cache->lock);
	if (!*mine)
		entry_free(fresh);
	if (dead != NULL)
		entry_free(dead);
	return entry;
}

struct cache_entry *
cache_find(struct cache *cache, const char *key)
{
	struct cache_entry *wanted = entry_new(cache, key);
	struct cache_entry *dead = NULL, *entry;

	lock_take(&cache->lock);
	entry = find_locked(cache, wanted, &dead);
	if (entry != NULL && entry->value == NULL)
		entry = NULL;
	if (entry != NULL)
		entry->refs++;
	lock_drop(&cache->lock);
	entry_free(wanted);
	if (dead != NULL)
		entry_free(dead);
	return entry;
}

struct cache_entry *
cache_hold(struct cache_entry *entry)
{
	lock_take(&entry->cache->lock);
	entry->refs++;
	lock_drop(&entry->cache->lock);
	return entry;
}

void
cache_release(struct cache_entry *entry)
{
	struct cache *cache = entry->cache;
	struct cache_entry *dead;

	lock_take(&cache->lock);
	dead = unref_locked(entry);
	lock_drop(&cache->lock);
	if (dead != NULL)
		entry_free(dead);
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
	free(waiting);
}

/* Returns what is then to be freed: an entry that had to make room. */
static struct cache_entry *
keep_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	if (!entry->indexed)
		return NULL; /* cache_put has replaced it meanwhile */
	TAILQ_INSERT_TAIL(&cache->used, entry, used);
	cache->filled++;
	if (entry->expires_ms <= clock_mono_ms())
		return unindex_locked(cache, entry);
	if (cache->filled > cache->max)
		return unindex_locked(cache, TAILQ_FIRST(&cache->used));
	return NULL;
}

void
cache_fill(struct cache_entry *entry, void *value, int64_t expires_ms)
{
	struct cache *cache = entry->cache;
	struct cache_entry *dead;
	struct waiters *waiting;

	assert(value != NULL);
	lock_take(&cache->lock);
	assert(entry->value == NULL);
	entry->value = value;
	entry->expires_ms = expires_ms;
	waiting = entry->waiting;
	entry->waiting = NULL;
	wake_threads_locked(waiting);
	dead = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	call_back(waiting, value);
	if (dead != NULL)
		entry_free(dead);
}

void
cache_put(struct cache *cache, const char *key, void *value, int64_t expires_ms)
{
	struct cache_entry *entry = entry_new(cache, key);
	struct cache_entry **node, *old = NULL, *dead;

	free(entry->waiting);
	entry->waiting = NULL;
	entry->value = value;
	entry->expires_ms = expires_ms;
	entry->indexed = true;
	entry->refs = 1;
	lock_take(&cache->lock);
	node = tfind(entry, &cache->index, compare_keys);
	if (node != NULL)
		old = unindex_locked(cache, *node);
	index_locked(cache, entry);
	dead = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	if (old != NULL)
		entry_free(old);
	if (dead != NULL)
		entry_free(dead);
}

void
cache_each(struct cache *cache, cache_visit *each, void *arg)
{
	struct cache_entry *entry;

	lock_take(&cache->lock);
	TAILQ_FOREACH (entry, &cache->used, used)
		each(arg, entry->key, entry->value);
	lock_drop(&cache->lock);
}

void *
cache_value(struct cache_entry *entry)
{
	void *value;

	lock_take(&entry->cache->lock);
	value = entry->value;
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
	if (entry->value == NULL) {
		TAILQ_INSERT_TAIL(entry->waiting, &waiter, next);
		while (entry->value == NULL &&
		       cond_wait_until(&cond, &cache->lock, deadline_ms))
			continue;
		if (entry->value == NULL)
			TAILQ_REMOVE(entry->waiting, &waiter, next);
	}
	value = entry->value;
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
	value = entry->value;
	if (value == NULL)
		TAILQ_INSERT_TAIL(entry->waiting, waiter, next);
	lock_drop(&cache->lock);
	if (value != NULL) {
		free(waiter);
		ready(arg, value);
	}
}

void UNCHECKED
cache_free(struct cache *cache)
{
	struct cache_entry *entry, *dead;

	if (cache == NULL)
		return;
	while ((entry = TAILQ_FIRST(&cache->used)) != NULL) {
		dead = unindex_locked(cache, entry);
		assert(dead != NULL);
		entry_free(dead);
	}
	assert(cache->index == NULL);
	lock_fini(&cache->lock);
	free(cache);
}
