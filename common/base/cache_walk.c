/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache.h"

#include "common/base/cache_parts.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"

static void
each_of(const struct used *used, cache_visit *each, void *arg)
{
	const struct cache_entry *entry;

	TAILQ_FOREACH (entry, &used->list, listed)
		each(arg, entry->node.key, entry->value);
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

size_t
cache_octets(const struct cache *cache)
{
	return cache->octets;
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
		if (match != NULL && !match(arg, entry->node.key))
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
	return entry->node.key;
}

/* Which entries are meant; called under the lock. */
struct choice {
	bool (*chooses)(
	    const struct choice *choice, const struct cache_entry *entry);
	cache_match *match; /* NULL: all */
	void *arg;
	int64_t now_ms;
};

static bool
chooses_key(const struct choice *choice, const struct cache_entry *entry)
{
	return choice->match == NULL ||
	       choice->match(choice->arg, entry->node.key);
}

static bool
chooses_expired(const struct choice *choice, const struct cache_entry *entry)
{
	return entry->expires_ms <= choice->now_ms;
}

/* Moves the chosen out of the index; what nobody holds besides, to dead. */
static size_t
drop_list_locked(struct cache *cache, struct entries *list,
    const struct choice *choice, struct entries *dead) HOLDS(cache->lock)
{
	struct cache_entry *entry, *following;
	size_t count = 0;

	for (entry = TAILQ_FIRST(list); entry != NULL; entry = following) {
		following = TAILQ_NEXT(entry, listed);
		if (!choice->chooses(choice, entry))
			continue;
		count++;
		cache_unindex_locked(cache, entry);
		if (--entry->refs == 0)
			TAILQ_INSERT_TAIL(dead, entry, listed);
	}
	return count;
}

/* Of those with a value: how many.  making: of the others as well. */
static size_t
drop_chosen(struct cache *cache, const struct choice *choice, bool making)
{
	struct entries dead = TAILQ_HEAD_INITIALIZER(dead);
	struct cache_entry *entry;
	size_t count;

	lock_take(&cache->lock);
	if (making)
		drop_list_locked(cache, &cache->making, choice, &dead);
	count = drop_list_locked(cache, &cache->once.list, choice, &dead);
	count += drop_list_locked(cache, &cache->again.list, choice, &dead);
	lock_drop(&cache->lock);
	while ((entry = TAILQ_FIRST(&dead)) != NULL) {
		TAILQ_REMOVE(&dead, entry, listed);
		cache_entry_free(entry);
	}
	return count;
}

size_t
cache_flush(struct cache *cache, cache_match *match, void *arg)
{
	struct choice choice = {
	    .chooses = chooses_key, .match = match, .arg = arg};

	return drop_chosen(cache, &choice, true);
}

static size_t
count_held(const void *cache)
{
	return cache_octets(cache);
}

static void
sweep_out(void *arg, bool at_once)
{
	struct cache *cache = arg;
	struct choice choice = {
	    .chooses = chooses_expired, .now_ms = clock_mono_ms()};

	if (!at_once)
		choice.now_ms -= cache->kind->linger_ms;
	drop_chosen(cache, &choice, false);
}

static bool
evict_one(void *arg)
{
	struct cache *cache = arg;
	struct cache_entry *leaving;

	lock_take(&cache->lock);
	leaving = TAILQ_FIRST(&cache->once.list);
	if (leaving == NULL || cache->again.octets / CACHE_AGAIN_PARTS >
				   cache->octets / CACHE_PARTS)
		leaving = TAILQ_FIRST(&cache->again.list);
	if (leaving != NULL)
		cache_unindex_locked(cache, leaving);
	lock_drop(&cache->lock);
	if (leaving != NULL)
		cache_release(leaving);
	return leaving != NULL;
}

const struct cache_budget_calls cache_budgeted = {
    count_held, evict_one, sweep_out};
