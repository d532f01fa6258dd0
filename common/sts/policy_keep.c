/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_keep.h"

#include <assert.h>
#include <search.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/known.h"

/*
 * How it works.
 * 1. Memory holds what is in use, the store all that was fetched.  A domain
 *    that memory does not know is looked up in the store, and is in memory
 *    from then on.
 * 2. What is known of a domain is immutable.  A change makes another, under the
 *    lock, from what memory has at that moment; so no change undoes another.
 * 3. After each change the domain is written, outside of that lock: what memory
 *    has at the moment of the writing, one writer at a time, so that the last
 *    to write never writes what is old.
 * 4. What could not be written is owed: the domain is put down, and written
 *    again, from memory, until it is on disk.  What memory gave up before that
 *    is lost, and counted: mail that asks for it has it fetched again.
 *    A store that could not be opened is tried again as often; what it has is
 *    then read, as at the start.
 * 5. Only what a check asks for counts as a use: not a refresh, and not the
 *    fetch that a check has begun.  A use is written once a day, and the second
 *    one at once, for that tells a domain in use from one that is asked for
 *    once.
 */

/* A domain that is not on disk as memory has it. */
struct debt {
	char domain[LIMIT_DOMAIN_SIZE]; /* first: the key */
};

struct policy_keep {
	struct policy_keep_options options;
	struct cache *memory;
	struct lock writing; /* one writer of the store; taken before lock */
	struct lock lock;    /* guards changes of memory, and what follows */
	void *debts;         /* struct debt, a tree */
	size_t debt_count;
	bool told; /* of trouble, and not yet of its end */
	bool fails;
	unsigned flushes;
	size_t lost;      /* of what was owed, ever */
	size_t lost_told; /* of them */
};

static void
drop_known(void *known)
{
	known_free(known);
}

static size_t
known_size(const void *known)
{
	return known_octets(known);
}

static const struct cache_kind kind = {drop_known, known_size, 0};

static int
compare_debts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* --- how the store fares --- */

/* Said once: a disk that is full is full for every policy. */
void
policy_keep_store_failed(struct policy_keep *keep, const struct err *err)
{
	bool first;

	lock_take(&keep->lock);
	first = !keep->told;
	keep->told = true;
	keep->fails = true;
	lock_drop(&keep->lock);
	if (first && keep->options.trouble != NULL)
		keep->options.trouble(keep->options.arg, err);
}

static void
tell_lost(const struct policy_keep *keep, size_t lost)
{
	struct err err;

	err_set(&err, ERR_LOCAL,
	    "%zu policies went from memory before they could be written", lost);
	keep->options.trouble(keep->options.arg, &err);
}

void
policy_keep_store_worked(struct policy_keep *keep)
{
	size_t lost = 0;
	bool mended;

	lock_take(&keep->lock);
	keep->fails = false;
	mended = keep->told && keep->debt_count == 0;
	if (mended) {
		keep->told = false;
		lost = keep->lost - keep->lost_told;
		keep->lost_told = keep->lost;
	}
	lock_drop(&keep->lock);
	if (!mended || keep->options.trouble == NULL)
		return;
	if (lost > 0)
		tell_lost(keep, lost);
	keep->options.trouble(keep->options.arg, NULL);
}

bool
policy_keep_store_fails(struct policy_keep *keep)
{
	bool fails;

	lock_take(&keep->lock);
	fails = keep->fails;
	lock_drop(&keep->lock);
	return fails;
}

/* --- what is owed to the store --- */

static void
count_lost_policy(struct policy_keep *keep)
{
	lock_take(&keep->lock);
	keep->lost++;
	lock_drop(&keep->lock);
}

/* No more than memory may hold, whence it is to be written. */
static void
note_debt(struct policy_keep *keep, const char *domain)
{
	struct debt *debt = xcalloc(1, sizeof(*debt));
	struct debt **node;

	text_copy(debt->domain, sizeof(debt->domain), domain);
	lock_take(&keep->lock);
	node = tfind(debt, &keep->debts, compare_debts);
	if (node == NULL && keep->debt_count < LIMIT_KEPT_POLICIES) {
		if (tsearch(debt, &keep->debts, compare_debts) == NULL)
			abort(); /* no memory: as xalloc */
		keep->debt_count++;
		debt = NULL;
	} else if (node == NULL) {
		keep->lost++;
	}
	lock_drop(&keep->lock);
	free(debt);
}

/* Whether there was one. */
static bool
settle_debt(struct policy_keep *keep, const char *domain)
{
	struct debt **node, *debt = NULL;

	lock_take(&keep->lock);
	node = tfind(domain, &keep->debts, compare_debts);
	if (node != NULL) {
		debt = *node;
		tdelete(debt, &keep->debts, compare_debts);
		assert(keep->debt_count > 0);
		keep->debt_count--;
	}
	lock_drop(&keep->lock);
	free(debt);
	return node != NULL;
}

/* One domain that is owed; false if there is none. */
static bool
next_debt(struct policy_keep *keep, char domain[LIMIT_DOMAIN_SIZE])
{
	bool any;

	lock_take(&keep->lock);
	any = keep->debts != NULL;
	if (any) /* a tree begins with the pointer to its key */
		text_copy(domain, LIMIT_DOMAIN_SIZE,
		    (**(struct debt **)keep->debts).domain);
	lock_drop(&keep->lock);
	return any;
}

size_t
policy_keep_owed(struct policy_keep *keep)
{
	size_t count;

	lock_take(&keep->lock);
	count = keep->debt_count;
	lock_drop(&keep->lock);
	return count;
}

size_t
policy_keep_lost(struct policy_keep *keep)
{
	size_t lost;

	lock_take(&keep->lock);
	lost = keep->lost;
	lock_drop(&keep->lock);
	return lost;
}

/* --- memory and disk --- */

static bool
is_written(const struct policy_keep *keep)
{
	return keep->options.store != NULL && !keep->options.read_only;
}

static int
put_row(struct policy_keep *keep, const char *domain, const struct known *known,
    struct err *err)
{
	struct store_policy row;

	known_to_row(known, domain, &row);
	return store_put_policy(keep->options.store, &row, err);
}

static unsigned
count_flushes(struct policy_keep *keep)
{
	unsigned count;

	lock_take(&keep->lock);
	count = keep->flushes;
	lock_drop(&keep->lock);
	return count;
}

/*
 * On disk before anybody rests a verdict on it.  learnt: what to write where
 * memory has it no more, but for a flush since flushes_before; or NULL.
 * Whether the disk has taken it.
 */
static bool
write_down(struct policy_keep *keep, const char *domain,
    struct cache_entry *learnt, unsigned flushes_before)
{
	struct cache_entry *entry;
	struct err err;
	bool any;
	int rc = 0;

	lock_take(&keep->writing);
	entry = cache_peek(keep->memory, domain);
	any = entry != NULL ||
	      (learnt != NULL && count_flushes(keep) == flushes_before);
	if (any)
		rc = put_row(keep, domain,
		    cache_value(entry != NULL ? entry : learnt), &err);
	if (rc != 0 && err.kind == ERR_LOCAL)
		note_debt(keep, domain);
	else if (rc == 0 && settle_debt(keep, domain) && !any)
		count_lost_policy(keep);
	lock_drop(&keep->writing);
	if (entry != NULL)
		cache_release(entry);
	if (rc != 0)
		policy_keep_store_failed(keep, &err);
	else if (any)
		policy_keep_store_worked(keep);
	return rc == 0;
}

/* Whether the row has times that are to come, and is to be written again. */
static bool
load_row(struct policy_keep *keep, const struct store_policy *row)
{
	bool askew = false;
	struct known *known =
	    known_from_row(row, !keep->options.read_only, &askew);

	if (known != NULL)
		cache_put(keep->memory, row->domain, known, INT64_MAX);
	return known != NULL && askew && is_written(keep);
}

/* A row that was read before a flush is not to come back by it.  What was owed
 * of it, memory has not got any more. */
static void
load_one(struct policy_keep *keep, const struct store_policy *row,
    unsigned flushes_before)
{
	struct cache_entry *entry;
	bool askew = false, lost;

	lock_take(&keep->lock);
	entry = cache_peek(keep->memory, row->domain);
	lost = entry == NULL && keep->flushes == flushes_before;
	if (lost)
		askew = load_row(keep, row);
	lock_drop(&keep->lock);
	if (entry != NULL)
		cache_release(entry);
	if (lost && settle_debt(keep, row->domain))
		count_lost_policy(keep);
	if (askew)
		note_debt(keep, row->domain);
}

/* What is in use comes last, so that it is in memory where not all can be. */
struct loading {
	struct policy_keep *keep;
	unsigned flushes_before;
	bool again;
};

static void
load_next(void *arg, const struct store_policy *row)
{
	const struct loading *loading = arg;

	if (row->again == loading->again)
		load_one(loading->keep, row, loading->flushes_before);
}

static void
load_all(struct policy_keep *keep)
{
	unsigned flushes_before = count_flushes(keep);

	for (int again = 0; again <= 1; again++) {
		struct loading loading = {keep, flushes_before, again == 1};
		struct err err;

		if (store_each_policy(
			keep->options.store, load_next, &loading, &err) < 0)
			policy_keep_store_failed(keep, &err);
	}
}

/* Whether it is open, now or since before. */
static bool
open_store(struct policy_keep *keep)
{
	bool renamed = false;
	struct err err;
	int rc = store_try(keep->options.store, &renamed, &err);

	if (rc < 0)
		policy_keep_store_failed(keep, &err);
	if (renamed && keep->options.trouble != NULL) {
		err_set(&err, ERR_LOCAL,
		    "the store was damaged: kept aside, a new one begun");
		keep->options.trouble(keep->options.arg, &err);
	}
	if (rc == 1) {
		load_all(keep);
		policy_keep_store_worked(keep);
	}
	return rc >= 0;
}

void
policy_keep_catch_up(struct policy_keep *keep)
{
	char domain[LIMIT_DOMAIN_SIZE];

	if (!is_written(keep) || !open_store(keep))
		return;
	while (next_debt(keep, domain) && write_down(keep, domain, NULL, 0))
		continue;
	/* the last may be one that was lost, of which nothing was written */
	if (policy_keep_owed(keep) == 0 && !policy_keep_store_fails(keep))
		policy_keep_store_worked(keep);
}

/* Brings what the store knows of a domain into memory: its entry, held. */
static struct cache_entry *
fetch_row(struct policy_keep *keep, const char *domain)
{
	unsigned flushes_before = count_flushes(keep);
	struct store_policy row;
	struct err err;
	int found;

	if (keep->options.store == NULL)
		return NULL;
	found = store_get_policy(keep->options.store, domain, &row, &err);
	if (found < 0)
		policy_keep_store_failed(keep, &err);
	if (found <= 0)
		return NULL;
	load_one(keep, &row, flushes_before);
	store_policy_fini(&row);
	return cache_peek(keep->memory, domain);
}

/* Has memory know of a use; whether that is to be written. */
static bool
note_use(struct policy_keep *keep, const char *domain)
{
	struct cache_entry *entry;
	struct known *used = NULL;

	lock_take(&keep->lock);
	entry = cache_peek(keep->memory, domain);
	if (entry != NULL)
		used = known_used(cache_value(entry));
	if (used != NULL)
		cache_put(keep->memory, domain, used, INT64_MAX);
	lock_drop(&keep->lock);
	if (entry != NULL)
		cache_release(entry);
	return used != NULL && is_written(keep);
}

struct cache_entry *
policy_keep_peek(struct policy_keep *keep, const char *domain)
{
	return cache_peek(keep->memory, domain);
}

struct cache_entry *
policy_keep_find(struct policy_keep *keep, const char *domain)
{
	struct cache_entry *entry = cache_find(keep->memory, domain);

	if (entry == NULL)
		entry = fetch_row(keep, domain);
	if (entry == NULL || !known_wants_note(cache_value(entry)))
		return entry;
	cache_release(entry);
	if (note_use(keep, domain))
		write_down(keep, domain, NULL, 0);
	return cache_peek(keep->memory, domain);
}

/* What is known after one thing more: known_learn, known_borrow. */
typedef struct known *
known_change(const struct known *before, struct policy_facts *fetched);

static bool
change_known(struct policy_keep *keep, const char *domain,
    struct policy_facts *fetched, known_change *change)
{
	struct cache_entry *before, *entry;
	unsigned flushes_before;
	struct known *known;
	bool differs;

	lock_take(&keep->lock);
	flushes_before = keep->flushes;
	before = cache_peek(keep->memory, domain);
	known = change(before == NULL ? NULL : cache_value(before), fetched);
	differs =
	    known_differs(known, before == NULL ? NULL : cache_value(before));
	cache_put(keep->memory, domain, known, INT64_MAX);
	entry = cache_peek(keep->memory, domain);
	lock_drop(&keep->lock);
	if (before != NULL)
		cache_release(before);
	if (is_written(keep))
		write_down(keep, domain, entry, flushes_before);
	if (entry != NULL)
		cache_release(entry);
	return differs;
}

bool
policy_keep_learn(
    struct policy_keep *keep, const char *domain, struct policy_facts *fetched)
{
	return change_known(keep, domain, fetched, known_learn);
}

bool
policy_keep_borrow(
    struct policy_keep *keep, const char *domain, struct policy_facts *fetched)
{
	return change_known(keep, domain, fetched, known_borrow);
}

static bool
is_same_key(void *arg, const char *key)
{
	return strcmp(arg, key) == 0;
}

/* Under the lock: who changes what he has found there is before or behind. */
static size_t
flush_memory(struct policy_keep *keep, const char *domain)
{
	char key[LIMIT_DOMAIN_SIZE];
	size_t count;

	if (domain != NULL)
		text_copy(key, sizeof(key), domain);
	lock_take(&keep->lock);
	keep->flushes++;
	count =
	    cache_flush(keep->memory, domain == NULL ? NULL : is_same_key, key);
	lock_drop(&keep->lock);
	return count;
}

static void
settle_debts(struct policy_keep *keep, const char *domain)
{
	char next[LIMIT_DOMAIN_SIZE];

	if (domain != NULL)
		settle_debt(keep, domain);
	while (domain == NULL && next_debt(keep, next))
		settle_debt(keep, next);
}

int
policy_keep_flush(struct policy_keep *keep, const char *domain, struct err *err)
{
	int stored = 0, kept = 0;

	if (keep->options.store != NULL && keep->options.read_only)
		return err_set(err, ERR_LOCAL, "the store can only be read");
	/* what somebody is about to write is written before, or never */
	lock_take(&keep->writing);
	if (keep->options.store != NULL)
		stored = store_drop_policy(keep->options.store, domain, err);
	if (stored >= 0) {
		kept = (int)flush_memory(keep, domain);
		settle_debts(keep, domain);
	}
	lock_drop(&keep->writing);
	if (stored < 0)
		return -1;
	return kept > stored ? kept : stored;
}

struct cache *
policy_keep_memory(struct policy_keep *keep)
{
	return keep->memory;
}

struct policy_keep *
policy_keep_new(const struct policy_keep_options *options)
{
	struct policy_keep *keep = xcalloc(1, sizeof(*keep));
	struct err why;

	keep->options = *options;
	lock_init(&keep->writing);
	lock_init(&keep->lock);
	keep->memory = cache_new(LIMIT_KEPT_POLICIES, &kind, options->budget);
	if (options->store != NULL)
		load_all(keep);
	if (is_written(keep) && store_waits(options->store, &why))
		policy_keep_store_failed(keep, &why);
	return keep;
}

void
policy_keep_free(struct policy_keep *keep)
{
	char domain[LIMIT_DOMAIN_SIZE];

	if (keep == NULL)
		return;
	policy_keep_catch_up(keep);
	while (next_debt(keep, domain))
		settle_debt(keep, domain);
	cache_free(keep->memory);
	lock_fini(&keep->lock);
	lock_fini(&keep->writing);
	free(keep);
}
