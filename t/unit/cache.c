/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/numbers.h"
#include "t/unit/tap.h"

/* Two who find that it will not do: one makes a new one, the other joins. */
static void
an_unwanted_value_is_replaced_once(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *known, *first, *second, *over;
	const void *unwanted;
	bool mine;

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
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
	cache_fill(first, number_new(2), numbers_later());
	cache_release(first);
	cache_release(second);
	second = cache_renew(cache, "a", unwanted, &mine, &over);
	assert_false(mine);
	assert_int_equal(*(int *)cache_value(second), 2);
	cache_release(second);
	cache_release(known);
	cache_free(cache);
}

/* Made ahead of the end of a value, once, while all others get that. */
static void
a_value_is_made_anew_ahead_of_its_end(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *known, *ahead, *second;
	const void *ending;
	bool mine;

	(void)state;
	ahead = cache_renew_ahead(cache, "b", NULL, &mine);
	assert_true(mine); /* nobody has it: as any claim */
	cache_fill(ahead, number_new(9), numbers_later());
	cache_release(ahead);
	numbers_put(cache, "a", 1, numbers_later());
	known = cache_find(cache, "a");
	ending = cache_value(known);
	ahead = cache_renew_ahead(cache, "a", ending, &mine);
	assert_true(mine);
	assert_null(cache_value(ahead));
	second = cache_renew_ahead(cache, "a", ending, &mine);
	assert_false(mine);
	assert_ptr_equal(second, known);
	cache_release(second);
	assert_int_equal(numbers_get(cache, "a"), 1);
	cache_fill(ahead, number_new(2), numbers_later());
	cache_release(ahead);
	assert_int_equal(numbers_get(cache, "a"), 2);
	second = cache_renew_ahead(cache, "a", ending, &mine);
	assert_false(mine);
	assert_int_equal(*(int *)cache_value(second), 2);
	cache_release(second);
	cache_release(known);
	cache_free(cache);
}

static void
what_comes_to_nothing_ahead_or_was_flushed_takes_no_place(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *known, *ahead;
	bool mine;

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
	known = cache_find(cache, "a");
	ahead = cache_renew_ahead(cache, "a", cache_value(known), &mine);
	cache_fill(ahead, number_new(2), 0);
	cache_release(ahead);
	assert_int_equal(numbers_get(cache, "a"), 1);
	ahead = cache_renew_ahead(cache, "a", cache_value(known), &mine);
	assert_false(mine);
	cache_release(ahead);
	cache_release(known);
	numbers_put(cache, "b", 3, numbers_later());
	known = cache_find(cache, "b");
	ahead = cache_renew_ahead(cache, "b", cache_value(known), &mine);
	assert_true(mine);
	assert_int_equal(cache_flush(cache, NULL, NULL), 2);
	cache_fill(ahead, number_new(4), numbers_later());
	assert_int_equal(*(int *)cache_value(ahead), 4);
	cache_release(ahead);
	cache_release(known);
	assert_int_equal(numbers_get(cache, "b"), -1);
	cache_free(cache);
}

static void
a_value_is_kept_until_it_expires(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
	numbers_put(cache, "over", 2, clock_mono_ms());
	assert_int_equal(numbers_get(cache, "a"), 1);
	assert_int_equal(numbers_get(cache, "over"), -1);
	clock_shift(61);
	assert_int_equal(numbers_get(cache, "a"), -1);
	cache_free(cache);
}

static void
a_peek_is_no_use(void **state)
{
	struct cache *cache = cache_new(2, &numbers, NULL);
	struct cache_entry *entry;

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
	numbers_put(cache, "b", 2, numbers_later());
	entry = cache_peek(cache, "a");
	assert_int_equal(*(int *)cache_value(entry), 1);
	cache_release(entry);
	assert_null(cache_peek(cache, "x"));
	numbers_put(cache, "c", 3, numbers_later());
	assert_null(cache_peek(cache, "a"));
	cache_free(cache);
}

static void
the_least_recently_used_value_makes_room(void **state)
{
	struct cache *cache = cache_new(2, &numbers, NULL);

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
	numbers_put(cache, "b", 2, numbers_later());
	assert_int_equal(numbers_get(cache, "a"), 1);
	numbers_put(cache, "c", 3, numbers_later());
	assert_int_equal(numbers_get(cache, "b"), -1);
	assert_int_equal(numbers_get(cache, "a"), 1);
	assert_int_equal(numbers_get(cache, "c"), 3);
	cache_free(cache);
}

/* A flood of names that are asked for once does not drive out the others. */
static void
what_is_used_again_stays_in_a_flood(void **state)
{
	struct cache *cache = cache_new(80, &numbers, NULL);
	char key[24];

	(void)state;
	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		numbers_put(cache, key, i, numbers_later());
		assert_int_equal(numbers_get(cache, key), i);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "once%d", i);
		numbers_put(cache, key, i, numbers_later());
	}
	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		assert_int_equal(numbers_get(cache, key), i);
	}
	assert_int_equal(cache_count(cache), 80);
	cache_free(cache);
}

/* Nor do those that were used once more stay for ever. */
static void
what_was_used_long_ago_leaves_in_the_end(void **state)
{
	struct cache *cache = cache_new(8, &numbers, NULL);
	char key[24];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "known%d", i);
		numbers_put(cache, key, i, numbers_later());
		assert_int_equal(numbers_get(cache, key), i);
	}
	assert_int_equal(numbers_get(cache, "known0"), -1);
	assert_int_equal(numbers_get(cache, "known99"), 99);
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
	numbers_put(cache, "a", 1, numbers_later());
	held = cache_claim(cache, "a", &mine);
	numbers_put(cache, "b", 2, numbers_later());
	numbers_freed = 0;
	assert_int_equal(*(int *)cache_value(held), 1);
	cache_release(held);
	assert_int_equal(numbers_freed, 1);
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
	cache_fill(first, number_new(5), numbers_later());
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
	cache_fill(entry, number_new(5), 0);
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
	numbers_put(cache, "a", 1, numbers_later());
	held = cache_claim(cache, "a", &mine);
	pending = cache_claim(cache, "b", &mine);
	cache_put(cache, "a", number_new(10), numbers_later());
	cache_put(cache, "b", number_new(20), numbers_later());
	cache_fill(pending, number_new(5), numbers_later());
	assert_int_equal(*(int *)cache_value(held), 1);
	assert_int_equal(*(int *)cache_value(pending), 5);
	cache_release(held);
	cache_release(pending);
	assert_int_equal(numbers_get(cache, "a"), 10);
	assert_int_equal(numbers_get(cache, "b"), 20);
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
	numbers_put(cache, "a", 1, numbers_later());
	assert_int_equal(numbers_get(cache, "a"), 1);
	cache_put(cache, "a", number_new(2), numbers_later());
	for (; key[0] <= 'z'; key[0]++)
		numbers_put(cache, key, 3, numbers_later());
	assert_int_equal(numbers_get(cache, "a"), 2);
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
	cache_fill(made, number_new(1), numbers_later());
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
	cache_fill(joined, number_new(2), numbers_later());
	cache_fill(made, number_new(5), numbers_later());
	assert_int_equal(sum, 5);
	cache_release(made);
	cache_release(joined);
	assert_int_equal(numbers_get(cache, "a"), 2);
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
			cache_fill(
			    entry, number_new(i % KEYS), numbers_later());
		}
		value = cache_await(entry, numbers_later());
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

static void
what_has_expired_is_left_for_who_renews_it(void **state)
{
	AUTO(cache) struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *entry, *over;
	bool mine;

	(void)state;
	assert_null(cache_find_current(cache, "a"));
	numbers_put(cache, "a", 1, numbers_later());
	entry = cache_find_current(cache, "a");
	assert_int_equal(*(int *)cache_value(entry), 1);
	cache_release(entry);
	numbers_put(cache, "b", 2, clock_mono_ms() + 1000);
	clock_shift(2);
	assert_null(cache_find_current(cache, "b"));
	entry = cache_renew(cache, "b", NULL, &mine, &over);
	assert_true(mine);
	assert_int_equal(*(int *)cache_value(over), 2);
	/* nor is one that is being made */
	assert_null(cache_find_current(cache, "b"));
	cache_release(over);
	cache_fill(entry, number_new(3), 0);
	cache_release(entry);
}

int
main(void)
{
	const struct CMUnitTest cache[] = {
	    cmocka_unit_test(what_has_expired_is_left_for_who_renews_it),
	    cmocka_unit_test(a_value_is_kept_until_it_expires),
	    cmocka_unit_test(an_unwanted_value_is_replaced_once),
	    cmocka_unit_test(a_value_is_made_anew_ahead_of_its_end),
	    cmocka_unit_test(
		what_comes_to_nothing_ahead_or_was_flushed_takes_no_place),
	    cmocka_unit_test(a_peek_is_no_use),
	    cmocka_unit_test(the_least_recently_used_value_makes_room),
	    cmocka_unit_test(what_is_used_again_stays_in_a_flood),
	    cmocka_unit_test(what_was_used_long_ago_leaves_in_the_end),
	    cmocka_unit_test(a_held_value_outlives_its_entry),
	    cmocka_unit_test(a_second_claim_waits_for_the_first),
	    cmocka_unit_test(callbacks_come_once_before_or_after),
	    cmocka_unit_test(a_value_put_replaces_what_was_there),
	    cmocka_unit_test(what_is_used_again_stays_when_it_is_replaced),
	    cmocka_unit_test(
		only_a_value_that_nobody_else_waits_for_is_given_up),
	    cmocka_unit_test(many_threads_make_each_value_once),
	};

	return RUN_TESTS(cache);
}
