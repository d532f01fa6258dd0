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
	bool again;              /* of the two lists of values, the second */
	struct waiters *waiting; /* NULL once filled: most entries are */
	TAILQ_ENTRY(cache_entry) listed;
	char key[];
};
TAILQ_HEAD(entries, cache_entry);

/* Entries with a value, least recently used first. */
struct used {
	struct entries list;
	size_t count;
};

/* The index is a balanced tree, so that no choice of keys makes it slow. */
struct cache {
	struct lock lock; /* guards all here, and every entry's fields */
	void *index;
	struct used once;      /* not asked for since they were filled */
	struct used again;     /* at most seven of eight */
	struct entries making; /* indexed, without a value yet */
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
	TAILQ_INIT(&cache->once.list);
	TAILQ_INIT(&cache->again.list);
	TAILQ_INIT(&cache->making);
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

static void
index_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	if (tsearch(entry, &cache->index, compare_keys) == NULL)
		abort(); /* no memory: as xalloc */
}

static void
list_locked(struct cache *cache, struct cache_entry *entry, bool again)
    HOLDS(cache->lock)
{
	struct used *used = again ? &cache->again : &cache->once;

	entry->again = again;
	TAILQ_INSERT_TAIL(&used->list, entry, listed);
	used->count++;
}

static void
unlist_locked(struct cache *cache, struct cache_entry *entry) HOLDS(cache->lock)
{
	struct used *used = entry->again ? &cache->again : &cache->once;

	TAILQ_REMOVE(&used->list, entry, listed);
	used->count--;
}

/* The index's reference is the caller's then. */
static void
unindex_locked(struct cache *cache, struct cache_entry *entry)
    HOLDS(cache->lock)
{
	assert(entry->indexed);
	tdelete(entry, &cache->index, compare_keys);
	entry->indexed = false;
	if (entry->value != NULL)
		unlist_locked(cache, entry);
	else
		TAILQ_REMOVE(&cache->making, entry, listed);
}

/* A value that is asked for again stays longer than those that are not. */
static void
note_use_locked(struct cache *cache, struct cache_entry *entry)
    HOLDS(cache->lock)
{
	unlist_locked(cache, entry);
	list_locked(cache, entry, true);
	if (cache->again.count > cache->max * 7 / 8) {
		entry = TAILQ_FIRST(&cache->again.list);
		unlist_locked(cache, entry);
		list_locked(cache, entry, false);
	}
}

/* A found entry that is over leaves the index, with a reference. */
static struct cache_entry *
find_locked(struct cache *cache, struct cache_entry *wanted,
    struct cache_entry **over) HOLDS(cache->lock)
{
	struct cache_entry **node = tfind(wanted, &cache->index, compare_keys);
	struct cache_entry *found = node == NULL ? NULL : *node;

	if (found == NULL || found->value == NULL)
		return found;
	if (found->expires_ms <= clock_mono_ms()) {
		unindex_locked(cache, found);
		*over = found;
		return NULL;
	}
	note_use_locked(cache, found);
	return found;
}

struct cache_entry *
cache_renew(
    struct cache *cache, const char *key, bool *mine, struct cache_entry **over)
{
	struct cache_entry *fresh = entry_new(cache, key);
	struct cache_entry *entry;

	*over = NULL;
	lock_take(&cache->lock);
	entry = find_locked(cache, fresh, over);
	*mine = entry == NULL;
	if (entry == NULL) {
		entry = fresh;
		entry->indexed = true;
		entry->refs = 1;
		index_locked(cache, entry);
		TAILQ_INSERT_TAIL(&cache->making, entry, listed);
	}
	entry->refs++;
	lock_drop(&cache->lock);
	if (!*mine)
		entry_free(fresh);
	return entry;
}

struct cache_entry *
cache_claim(struct cache *cache, const char *key, bool *mine)
{
	struct cache_entry *over;
	struct cache_entry *entry = cache_renew(cache, key, mine, &over);

	if (over != NULL)
		cache_release(over);
	return entry;
}

struct cache_entry *
cache_find(struct cache *cache, const char *key)
{
	struct cache_entry *wanted = entry_new(cache, key);
	struct cache_entry *over = NULL, *entry;

	lock_take(&cache->lock);
	entry = find_locked(cache, wanted, &over);
	if (entry != NULL && entry->value == NULL)
		entry = NULL;
	if (entry != NULL)
		entry->refs++;
	lock_drop(&cache->lock);
	entry_free(wanted);
	if (over != NULL)
		cache_release(over);
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
	bool last;

	lock_take(&cache->lock);
	assert(entry->refs > 0);
	last = --entry->refs == 0;
	lock_drop(&cache->lock);
	if (last)
		entry_free(entry);
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
		unindex_locked(cache, leaving);
	return leaving;
}

void
cache_fill(struct cache_entry *entry, void *value, int64_t expires_ms)
{
	struct cache *cache = entry->cache;
	struct cache_entry *leaving;
	struct waiters *waiting;

	assert(value != NULL);
	lock_take(&cache->lock);
	assert(entry->value == NULL);
	if (entry->indexed)
		TAILQ_REMOVE(&cache->making, entry, listed);
	entry->value = value;
	entry->expires_ms = expires_ms;
	waiting = entry->waiting;
	entry->waiting = NULL;
	wake_threads_locked(waiting);
	leaving = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	call_back(waiting, value);
	if (leaving != NULL)
		cache_release(leaving);
}

bool
cache_forsake(struct cache_entry *entry)
{
	struct cache *cache = entry->cache;
	bool forsaken;

	lock_take(&cache->lock);
	assert(entry->value == NULL);
	forsaken = entry->refs == 1U + entry->indexed;
	if (forsaken && entry->indexed) {
		unindex_locked(cache, entry);
		entry->refs--;
	}
	lock_drop(&cache->lock);
	return forsaken;
}

void
cache_put(struct cache *cache, const char *key, void *value, int64_t expires_ms)
{
	struct cache_entry *entry = entry_new(cache, key);
	struct cache_entry **node, *old = NULL, *leaving;

	free(entry->waiting);
	entry->waiting = NULL;
	entry->value = value;
	entry->expires_ms = expires_ms;
	entry->indexed = true;
	entry->refs = 1;
	lock_take(&cache->lock);
	node = tfind(entry, &cache->index, compare_keys);
	if (node != NULL) {
		old = *node;
		entry->again = old->again;
		unindex_locked(cache, old);
	}
	index_locked(cache, entry);
	leaving = keep_locked(cache, entry);
	lock_drop(&cache->lock);
	if (old != NULL)
		cache_release(old);
	if (leaving != NULL)
		cache_release(leaving);
}

static void
each_of(const struct used *used, cache_visit *each, void *arg)
{
	const struct cache_entry *entry;

	TAILQ_FOREACH (entry, &used->list, listed)
		each(arg, entry->key, entry->value);
}

void
cache_each(struct cache *cache, cache_visit *each, void *arg)
{
	lock_take(&cache->lock);
	each_of(&cache->once, each, arg);
	each_of(&cache->again, each, arg);
	lock_drop(&cache->lock);
}

size_t
cache_count(struct cache *cache)
{
	size_t count;

	lock_take(&cache->lock);
	count = cache->once.count + cache->again.count;
	lock_drop(&cache->lock);
	return count;
}

/* Up to room of a list, held from entries[held] on: how many there are then. */
static size_t
hold_list_locked(const struct used *used, cache_match *match, void *arg,
    struct cache_entry **entries, size_t held, size_t room)
{
	struct cache_entry *entry;

	TAILQ_FOREACH (entry, &used->list, listed) {
		if (held == room)
			break;
		if (match != NULL && !match(arg, entry->key))
			continue;
		entry->refs++;
		entries[held++] = entry;
	}
	return held;
}

struct cache_entry **
cache_hold_all(
    struct cache *cache, cache_match *match, void *arg, size_t *count)
{
	size_t room = cache_count(cache);
	struct cache_entry **entries =
	    xcalloc(room, sizeof(struct cache_entry *));

	lock_take(&cache->lock);
	*count = hold_list_locked(&cache->once, match, arg, entries, 0, room);
	*count =
	    hold_list_locked(&cache->again, match, arg, entries, *count, room);
	lock_drop(&cache->lock);
	return entries;
}

const char *
cache_key(const struct cache_entry *entry)
{
	return entry->key;
}

/* Moves what matches out of the index; what nobody holds besides, to dead. */
static size_t
flush_list_locked(struct cache *cache, struct entries *list, cache_match *match,
    void *arg, struct entries *dead) HOLDS(cache->lock)
{
	struct cache_entry *entry, *following;
	size_t count = 0;

	for (entry = TAILQ_FIRST(list); entry != NULL; entry = following) {
		following = TAILQ_NEXT(entry, listed);
		if (match != NULL && !match(arg, entry->key))
			continue;
		count++;
		unindex_locked(cache, entry);
		if (--entry->refs == 0)
			TAILQ_INSERT_TAIL(dead, entry, listed);
	}
	return count;
}

size_t
cache_flush(struct cache *cache, cache_match *match, void *arg)
{
	struct entries dead = TAILQ_HEAD_INITIALIZER(dead);
	struct cache_entry *entry;
	size_t count;

	lock_take(&cache->lock);
	flush_list_locked(cache, &cache->making, match, arg, &dead);
	count = flush_list_locked(cache, &cache->once.list, match, arg, &dead);
	count +=
	    flush_list_locked(cache, &cache->again.list, match, arg, &dead);
	lock_drop(&cache->lock);
	while ((entry = TAILQ_FIRST(&dead)) != NULL) {
		TAILQ_REMOVE(&dead, entry, listed);
		entry_free(entry);
	}
	return count;
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

static void UNCHECKED
free_all(struct cache *cache, struct used *used)
{
	struct cache_entry *entry;

	while ((entry = TAILQ_FIRST(&used->list)) != NULL) {
		unindex_locked(cache, entry);
		assert(entry->refs == 1);
		entry_free(entry);
	}
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	free_all(cache, &cache->once);
	free_all(cache, &cache->again);
	assert(cache->index == NULL);
	lock_fini(&cache->lock);
	free(cache);
}
