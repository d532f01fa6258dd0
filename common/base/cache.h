/* cache - values by key, each made by one while others wait, kept until it
 * expires. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CACHE_H
#define COMMON_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/own.h"

struct cache;
struct cache_budget; /* see cache_budget.h */
struct cache_entry;

/* What its values are.  octets: how many free gives back, the same at any time;
 * quick, for it is called under the lock.  free is called without. */
struct cache_kind {
	void (*free)(void *value);
	size_t (*octets)(const void *value); /* NULL: next to none */
	int64_t
	    linger_ms; /* how long an expired one is of use to cache_renew */
};

/*
 * cache_new - an empty cache of at most max entries
 *
 * When it is full a value leaves: the least recently used of those that were
 * asked for once, as long as there are any.  Whoever asks for a million names
 * once does not drive out what is in use.  Entries that wait for their value do
 * not count as used up.
 * budget, which outlives the cache, bounds the octets of all caches that share
 * it; NULL: no such bound.
 * cache_free: no entry may be held.
 */
void cache_free(struct cache *cache);
struct cache *cache_new(size_t max, const struct cache_kind *kind,
    struct cache_budget *budget) OWNED(cache_free);
AUTO_DEFINE(cache);

/*
 * cache_claim - the entry for key; every claim needs a cache_release
 *
 * *mine: there is no value and nobody makes one: the caller must cache_fill it.
 */
struct cache_entry *
cache_claim(struct cache *cache, const char *key, bool *mine);
void cache_release(struct cache_entry *entry);

/*
 * cache_renew - cache_claim, and what there was before
 *
 * unwanted: a value that counts as expired if it still is the one under key;
 * NULL: none does.  The caller holds its entry.
 * *over: the entry whose value has expired, for the caller to look at and to
 * release; NULL if there was none.
 */
struct cache_entry *cache_renew(struct cache *cache, const char *key,
    const void *unwanted, bool *mine, struct cache_entry **over);

/*
 * cache_renew_ahead - cache_claim, where ending, the value of an entry that is
 * held, is to be made anew before its end
 *
 * If that is still the one under key, the entry is the caller's alone, and the
 * value stays for all others until cache_fill, which puts the new one in its
 * place unless that has expired already.  So once for each value: after that
 * its own entry is returned, as it is.
 */
struct cache_entry *cache_renew_ahead(
    struct cache *cache, const char *key, const void *ending, bool *mine);

/* cache_find - the entry with a value under key, held, or NULL */
struct cache_entry *cache_find(struct cache *cache, const char *key);

/* cache_find_current - cache_find, which leaves one that has expired where it
 * is, for a cache_renew that may follow */
struct cache_entry *cache_find_current(struct cache *cache, const char *key);

/* cache_peek - cache_find, which does not count as a use */
struct cache_entry *cache_peek(struct cache *cache, const char *key);

/* cache_hold - one more hold of an entry that is held; release it as well */
struct cache_entry *cache_hold(struct cache_entry *entry);

/*
 * cache_fill - give the entry its value, which the cache then owns
 *
 * Wakes all that wait.  Past expires_ms (clock_mono_ms) the next claim is for a
 * new value; holders keep theirs.
 */
void cache_fill(struct cache_entry *entry, void *value, int64_t expires_ms);

/*
 * cache_forsake - give up making a value that nobody else waits for: true
 *
 * The caller, who is to fill the entry, alone holds it, and nobody joins any
 * more: the next claim is for a new value.  It is still to be filled, for those
 * that are to be called.
 */
bool cache_forsake(struct cache_entry *entry);

/*
 * cache_put - let value be the one under key, whatever was there
 *
 * Holders of an older entry keep theirs; one that waits for its value still
 * gets that.  The new value counts as used where the old one did.
 */
void cache_put(
    struct cache *cache, const char *key, void *value, int64_t expires_ms);

/* cache_each - call each for every value that is there, under the lock: it must
 * be quick, and must not call the cache */
typedef void cache_visit(void *arg, const char *key, const void *value);
void cache_each(struct cache *cache, cache_visit *each, void *arg);

/* cache_count - how many values there are; cache_octets - how many octets they
 * and their entries take */
size_t cache_count(struct cache *cache);
size_t cache_octets(const struct cache *cache);

/* Which keys are meant.  Called under the lock: it must be quick, and must not
 * call the cache.  NULL in its place means all. */
typedef bool cache_match(void *arg, const char *key);

/*
 * cache_hold_all - every entry that has a value and matches, each to be
 * released
 *
 * *count of them, in an array for free().  A value may have expired.
 */
struct cache_entry **cache_hold_all(
    struct cache *cache, cache_match *match, void *arg, size_t *count);

/* cache_key - borrowed while the entry is held */
const char *cache_key(const struct cache_entry *entry);

/*
 * cache_flush - forget every key that matches
 *
 * A value that is being made is then for those who wait for it already, not
 * for the next claim.  Returns how many values were forgotten.
 */
size_t cache_flush(struct cache *cache, cache_match *match, void *arg);

/* cache_value - the value, borrowed while the entry is held, or NULL; it is
 * shared: change nothing in it but a count of references */
void *cache_value(struct cache_entry *entry);

/* cache_await - wait for it, NULL when deadline_ms (mono) passes first */
void *cache_await(struct cache_entry *entry, int64_t deadline_ms);

/*
 * cache_when_filled - call ready once the value is there
 *
 * In this thread at once if it is, else in the one that fills.  value is
 * borrowed for the call.
 */
typedef void cache_ready(void *arg, const void *value);
void
cache_when_filled(struct cache_entry *entry, cache_ready *ready, void *arg);

#endif
