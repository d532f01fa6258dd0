/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/base/cache_budget.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static atomic_int freed;

static void
count_free(void *value)
{
	freed++;
	free(value);
}

static const struct cache_kind numbers = {.free = count_free};

static int *
number(int n)
{
	int *value = xmalloc(sizeof(*value));

	*value = n;
	return value;
}

static int64_t
later(void)
{
	return clock_mono_ms() + 60000;
}

static void
put(struct cache *cache, const char *key, int n, int64_t expires_ms)
{
	bool mine;
	struct cache_entry *entry = cache_claim(cache, key, &mine);

	assert_true(mine);
	cache_fill(entry, number(n), expires_ms);
	cache_release(entry);
}

/* The number under key, or -1: the entry made by looking is filled. */
static int
get(struct cache *cache, const char *key)
{
	bool mine;
	struct cache_entry *entry = cache_claim(cache, key, &mine);
	int n = -1;

	if (mine)
		cache_fill(entry, number(-1), 0);
	else
		n = *(int *)cache_value(entry);
	cache_release(entry);
	return n;
}

/* Two who find that it will not do: one makes a new one, the other joins. */
static void
an_unwanted_value_is_replaced_once(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *known, *first, *second, *over;
	const void *unwanted;
	bool mine;

	(void)state;
	put(cache, "a", 1, later());
	known = cache_find(cache, "a");
	unwanted = cache_value(known);
	first = cache_renew(cache, "a", unwanted, &mine, &over);
	assert_true(mine);
	assert_ptr_equal(over, known);
	cache_release(over);
	second = cache_renew(cache, "a", unwanted, &mine, &over);
	assert_false(mine);
	assert_ptr_equal(second, first);
	assert_null(over);
	cache_fill(first, number(2), later());
	cache_release(first);
	cache_release(second);
	second = cache_renew(cache, "a", unwanted, &mine, &over);
	assert_false(mine);
	assert_int_equal(*(int *)cache_value(second), 2);
	cache_release(second);
	cache_release(known);
	cache_free(cache);
}

static void
a_value_is_kept_until_it_expires(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);

	(void)state;
	put(cache, "a", 1, later());
	put(cache, "over", 2, clock_mono_ms());
	assert_int_equal(get(cache, "a"), 1);
	assert_int_equal(get(cache, "over"), -1);
	clock_shift(61);
	assert_int_equal(get(cache, "a"), -1);
	cache_free(cache);
}

static void
a_peek_is_no_use(void **state)
{
	struct cache *cache = cache_new(2, &numbers, NULL);
	struct cache_entry *entry;

	(void)state;
	put(cache, "a", 1, later());
	put(cache, "b", 2, later());
	entry = cache_peek(cache, "a");
	assert_int_equal(*(int *)cache_value(entry), 1);
	cache_release(entry);
	assert_null(cache_peek(cache, "x"));
	put(cache, "c", 3, later());
	assert_null(cache_peek(cache, "a"));
	cache_free(cache);
}

/* A value that says itself how many octets it has. */
static size_t
octets_of_number(const void *value)
{
	return (size_t)(*(const int *)value);
}

static const struct cache_kind sized = {
    count_free, octets_of_number, 300 * 1000};

enum { CHAIN = LIMIT_CHAIN_OCTETS, BUDGET = 256 << 20 };

static bool
is_there(struct cache *cache, const char *key)
{
	struct cache_entry *entry = cache_peek(cache, key);

	if (entry != NULL)
		cache_release(entry);
	return entry != NULL;
}

/* Puts count values of so many octets, each asked for once. */
static void
put_many(struct cache *cache, const char *prefix, int count, int octets)
{
	char key[32];

	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof(key), "%s%d", prefix, i);
		put(cache, key, octets, later());
	}
}

/* Twenty thousand probes of hosts with the longest chains were 2.6 GB. */
static void
octets_are_bounded_as_well_as_entries(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(BUDGET);
	struct cache *cache = cache_new(LIMIT_CACHED_PROBES, &sized, budget);

	(void)state;
	put(cache, "known", CHAIN, later());
	assert_int_equal(get(cache, "known"), CHAIN);
	put_many(cache, "once", LIMIT_CACHED_PROBES, CHAIN);
	assert_in_range(cache_budget_used(budget), BUDGET / 2, BUDGET);
	assert_in_range(cache_count(cache), 1000, BUDGET / CHAIN);
	assert_int_equal(get(cache, "known"), CHAIN);
	cache_free(cache);
}

static void
who_fills_one_cache_takes_little_from_the_others(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(BUDGET);
	struct cache *probes = cache_new(20000, &sized, budget);
	struct cache *others = cache_new(20000, &sized, budget);

	(void)state;
	put_many(others, "a", 1000, 1000);
	put_many(probes, "p", 5000, CHAIN);
	assert_int_equal(cache_count(others), 1000);
	assert_in_range(cache_budget_used(budget), BUDGET / 2, BUDGET);
	put_many(others, "b", 5000, CHAIN);
	assert_in_range(cache_budget_used(budget), BUDGET / 2, BUDGET);
	assert_in_range(cache_octets(probes), BUDGET / 3, BUDGET);
	cache_free(others);
	cache_free(probes);
	assert_int_equal(cache_budget_used(budget), 0);
}

/* Seven of eight octets may be of what was asked for again, and of that the
 * oldest leaves. */
static void
what_was_used_long_ago_gives_its_octets_in_the_end(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(BUDGET);
	struct cache *cache = cache_new(20000, &sized, budget);
	char key[32];

	(void)state;
	for (int i = 0; i < 4000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		put(cache, key, CHAIN, later());
		assert_int_equal(get(cache, key), CHAIN);
	}
	assert_false(is_there(cache, "k0"));
	assert_true(is_there(cache, "k3999"));
	assert_in_range(cache_budget_used(budget), BUDGET / 2, BUDGET);
	cache_free(cache);
}

static void
a_value_over_the_whole_budget_is_not_kept(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(1000);
	struct cache *cache = cache_new(10, &sized, budget);
	struct cache_entry *entry;
	bool mine;

	(void)state;
	entry = cache_claim(cache, "a", &mine);
	cache_fill(entry, number(5000), later());
	assert_int_equal(*(int *)cache_value(entry), 5000);
	assert_int_equal(cache_count(cache), 0);
	cache_release(entry);
	assert_int_equal(cache_budget_used(budget), 0);
	cache_free(cache);
}

static void
what_has_expired_is_freed_unasked(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(BUDGET);
	struct cache *cache = cache_new(1000, &sized, budget);
	struct cache *other = cache_new(1000, &sized, budget);

	(void)state;
	put_many(cache, "a", 100, 1000);
	put(other, "long", 1, clock_mono_ms() + 3600000);
	freed = 0;
	clock_shift(120); /* expired for a minute */
	put(other, "b", 1, later());
	assert_int_equal(cache_count(cache), 100);
	clock_shift(300);
	put(other, "c", 1, later());
	assert_int_equal(cache_count(cache), 0);
	assert_int_equal(cache_count(other), 3);
	assert_int_equal(freed, 100);
	cache_free(other);
	cache_free(cache);
}

static void
what_has_expired_gives_its_room_first(void **state)
{
	AUTO(cache_budget)
	struct cache_budget *budget = cache_budget_new(100 * 1000);
	struct cache *cache = cache_new(1000, &sized, budget);
	struct cache_entry *entry;
	bool mine;

	(void)state;
	put_many(cache, "a", 40, 1000);
	entry = cache_claim(cache, "old", &mine);
	cache_fill(entry, number(10 * 1000), clock_mono_ms() + 1000);
	cache_release(entry);
	clock_shift(2);
	put_many(cache, "b", 45, 1000);
	assert_int_equal(cache_count(cache), 85);
	assert_true(is_there(cache, "a0"));
	cache_free(cache);
}

static void
the_least_recently_used_value_makes_room(void **state)
{
	struct cache *cache = cache_new(2, &numbers, NULL);

	(void)state;
	put(cache, "a", 1, later());
	put(cache, "b", 2, later());
	assert_int_equal(get(cache, "a"), 1);
	put(cache, "c", 3, later());
	assert_int_equal(get(cache, "b"), -1);
	assert_int_equal(get(cache, "a"), 1);
	assert_int_equal(get(cache, "c"), 3);
	cache_free(cache);
}

/* A flood of names that are asked for once does not drive out the others. */
static void
what_is_used_again_stays_in_a_flood(void **state)
{
	struct cache *cache = cache_new(80, &numbers, NULL);
	char key[16];

	(void)state;
	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		put(cache, key, i, later());
		assert_int_equal(get(cache, key), i);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "once%d", i);
		put(cache, key, i, later());
	}
	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		assert_int_equal(get(cache, key), i);
	}
	assert_int_equal(cache_count(cache), 80);
	cache_free(cache);
}

/* Nor do those that were used once more stay for ever. */
static void
what_was_used_long_ago_leaves_in_the_end(void **state)
{
	struct cache *cache = cache_new(8, &numbers, NULL);
	char key[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		put(cache, key, i, later());
		assert_int_equal(get(cache, key), i);
	}
	assert_int_equal(get(cache, "known0"), -1);
	assert_int_equal(get(cache, "known99"), 99);
	assert_int_equal(cache_count(cache), 8);
	cache_free(cache);
}

static void
a_held_value_outlives_its_entry(void **state)
{
	struct cache *cache = cache_new(1, &numbers, NULL);
	struct cache_entry *held;
	bool mine;

	(void)state;
	put(cache, "a", 1, later());
	held = cache_claim(cache, "a", &mine);
	put(cache, "b", 2, later());
	freed = 0;
	assert_int_equal(*(int *)cache_value(held), 1);
	cache_release(held);
	assert_int_equal(freed, 1);
	cache_free(cache);
}

static void
a_second_claim_waits_for_the_first(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *first, *second;
	bool mine;

	(void)state;
	first = cache_claim(cache, "a", &mine);
	assert_true(mine);
	second = cache_claim(cache, "a", &mine);
	assert_false(mine);
	assert_null(cache_value(second));
	assert_null(cache_await(second, clock_mono_ms() + 10));
	cache_fill(first, number(5), later());
	assert_int_equal(*(int *)cache_await(second, 0), 5);
	cache_release(first);
	cache_release(second);
	cache_free(cache);
}

static void
add(void *arg, const void *value)
{
	*(int *)arg += *(const int *)value;
}

static void
callbacks_come_once_before_or_after(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *entry;
	int sum = 0;
	bool mine;

	(void)state;
	entry = cache_claim(cache, "a", &mine);
	cache_when_filled(entry, add, &sum);
	cache_when_filled(entry, add, &sum);
	assert_int_equal(sum, 0);
	cache_fill(entry, number(5), 0);
	assert_int_equal(sum, 10);
	cache_when_filled(entry, add, &sum);
	assert_int_equal(sum, 15);
	cache_release(entry);
	cache_free(cache);
}

static void
count_values(void *arg, const char *key, const void *value)
{
	(void)key;
	*(int *)arg += *(const int *)value;
}

static void
a_value_put_replaces_what_was_there(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *held, *pending;
	int sum = 0;
	bool mine;

	(void)state;
	put(cache, "a", 1, later());
	held = cache_claim(cache, "a", &mine);
	pending = cache_claim(cache, "b", &mine);
	cache_put(cache, "a", number(10), later());
	cache_put(cache, "b", number(20), later());
	cache_fill(pending, number(5), later());
	assert_int_equal(*(int *)cache_value(held), 1);
	assert_int_equal(*(int *)cache_value(pending), 5);
	cache_release(held);
	cache_release(pending);
	assert_int_equal(get(cache, "a"), 10);
	assert_int_equal(get(cache, "b"), 20);
	cache_each(cache, count_values, &sum);
	assert_int_equal(sum, 30);
	cache_free(cache);
}

static void
what_is_used_again_stays_when_it_is_replaced(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	char key[2] = "b";

	(void)state;
	put(cache, "a", 1, later());
	assert_int_equal(get(cache, "a"), 1);
	cache_put(cache, "a", number(2), later());
	for (; key[0] <= 'z'; key[0]++)
		put(cache, key, 3, later());
	assert_int_equal(get(cache, "a"), 2);
	cache_free(cache);
}

static void
all_that_has_a_value_can_be_held(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *pending, **held;
	size_t count;
	bool mine;

	(void)state;
	put(cache, "a", 1, later());
	put(cache, "b", 2, later());
	pending = cache_claim(cache, "c", &mine);
	held = cache_hold_all(cache, NULL, NULL, &count);
	assert_int_equal(cache_count(cache), 2);
	assert_int_equal(count, 2);
	assert_string_equal(cache_key(held[0]), "a");
	freed = 0;
	assert_int_equal(cache_flush(cache, NULL, NULL), 2);
	assert_int_equal(freed, 0);
	assert_int_equal(*(int *)cache_value(held[1]), 2);
	for (size_t i = 0; i < count; i++)
		cache_release(held[i]);
	assert_int_equal(freed, 2);
	free(held);
	cache_fill(pending, number(3), later());
	cache_release(pending);
	cache_free(cache);
}

static bool
begins_with(void *arg, const char *key)
{
	return key[0] == *(const char *)arg;
}

static void
what_is_flushed_is_made_anew(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *pending, *other, *again;
	char first = 'a';
	bool mine;

	(void)state;
	put(cache, "a1", 1, later());
	put(cache, "b1", 2, later());
	pending = cache_claim(cache, "a2", &mine);
	other = cache_claim(cache, "b2", &mine);
	assert_int_equal(cache_flush(cache, begins_with, &first), 1);
	assert_int_equal(get(cache, "a1"), -1);
	assert_int_equal(get(cache, "b1"), 2);
	again = cache_claim(cache, "a2", &mine);
	assert_true(mine);
	cache_fill(pending, number(3), later());
	assert_int_equal(*(int *)cache_value(pending), 3);
	assert_null(cache_value(again));
	cache_fill(again, number(4), later());
	cache_fill(other, number(5), later());
	cache_release(pending);
	cache_release(again);
	cache_release(other);
	assert_int_equal(get(cache, "a2"), 4);
	assert_int_equal(get(cache, "b2"), 5);
	assert_int_equal(cache_flush(cache, NULL, NULL), 3);
	assert_int_equal(cache_count(cache), 0);
	cache_free(cache);
}

static void
only_a_value_that_nobody_else_waits_for_is_given_up(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *made, *joined;
	int sum = 0;
	bool mine;

	(void)state;
	made = cache_claim(cache, "a", &mine);
	joined = cache_claim(cache, "a", &mine);
	assert_false(cache_forsake(made));
	cache_flush(cache, NULL, NULL);
	assert_false(cache_forsake(made));
	cache_fill(made, number(1), later());
	cache_release(made);
	cache_release(joined);
	made = cache_claim(cache, "a", &mine);
	joined = cache_claim(cache, "a", &mine);
	cache_when_filled(joined, add, &sum);
	cache_release(joined);
	assert_true(cache_forsake(made));
	assert_true(cache_forsake(made));
	joined = cache_claim(cache, "a", &mine);
	assert_true(mine);
	cache_fill(joined, number(2), later());
	cache_fill(made, number(5), later());
	assert_int_equal(sum, 5);
	cache_release(made);
	cache_release(joined);
	assert_int_equal(get(cache, "a"), 2);
	cache_free(cache);
}

enum { THREADS = 8, ROUNDS = 2000, KEYS = 7 };

static atomic_int made;

static void *
hammer(void *arg)
{
	struct cache *cache = arg;

	for (int i = 0; i < ROUNDS; i++) {
		char key[2] = {(char)('a' + i % KEYS), '\0'};
		bool mine;
		struct cache_entry *entry = cache_claim(cache, key, &mine);
		const int *value;

		if (mine) {
			made++;
			cache_fill(entry, number(i % KEYS), later());
		}
		value = cache_await(entry, later());
		assert(*value == i % KEYS);
		cache_release(entry);
	}
	return NULL;
}

static void
many_threads_make_each_value_once(void **state)
{
	struct cache *cache = cache_new(KEYS, &numbers, NULL);
	pthread_t threads[THREADS];

	(void)state;
	made = 0;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, cache), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(made, KEYS);
	cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest cache[] = {
	    cmocka_unit_test(a_value_is_kept_until_it_expires),
	    cmocka_unit_test(an_unwanted_value_is_replaced_once),
	    cmocka_unit_test(a_peek_is_no_use),
	    cmocka_unit_test(octets_are_bounded_as_well_as_entries),
	    cmocka_unit_test(who_fills_one_cache_takes_little_from_the_others),
	    cmocka_unit_test(
		what_was_used_long_ago_gives_its_octets_in_the_end),
	    cmocka_unit_test(a_value_over_the_whole_budget_is_not_kept),
	    cmocka_unit_test(what_has_expired_is_freed_unasked),
	    cmocka_unit_test(what_has_expired_gives_its_room_first),
	    cmocka_unit_test(the_least_recently_used_value_makes_room),
	    cmocka_unit_test(what_is_used_again_stays_in_a_flood),
	    cmocka_unit_test(what_was_used_long_ago_leaves_in_the_end),
	    cmocka_unit_test(a_held_value_outlives_its_entry),
	    cmocka_unit_test(a_second_claim_waits_for_the_first),
	    cmocka_unit_test(callbacks_come_once_before_or_after),
	    cmocka_unit_test(a_value_put_replaces_what_was_there),
	    cmocka_unit_test(what_is_used_again_stays_when_it_is_replaced),
	    cmocka_unit_test(all_that_has_a_value_can_be_held),
	    cmocka_unit_test(what_is_flushed_is_made_anew),
	    cmocka_unit_test(
		only_a_value_that_nobody_else_waits_for_is_given_up),
	    cmocka_unit_test(many_threads_make_each_value_once),
	};

	return RUN_TESTS(cache);
}
