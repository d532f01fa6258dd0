/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache_budget.h"

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "t/unit/numbers.h"
#include "t/unit/tap.h"

/* A value that says itself how many octets it has. */
static size_t
octets_of_number(const void *value)
{
	return (size_t)(*(const int *)value);
}

static const struct cache_kind sized = {
    numbers_free, octets_of_number, 300 * 1000};

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
		numbers_put(cache, key, octets, numbers_later());
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
	numbers_put(cache, "known", CHAIN, numbers_later());
	assert_int_equal(numbers_get(cache, "known"), CHAIN);
	put_many(cache, "once", LIMIT_CACHED_PROBES, CHAIN);
	assert_in_range(cache_budget_used(budget), BUDGET / 2, BUDGET);
	assert_in_range(cache_count(cache), 1000, BUDGET / CHAIN);
	assert_int_equal(numbers_get(cache, "known"), CHAIN);
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
		numbers_put(cache, key, CHAIN, numbers_later());
		assert_int_equal(numbers_get(cache, key), CHAIN);
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
	cache_fill(entry, number_new(5000), numbers_later());
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
	numbers_put(other, "long", 1, clock_mono_ms() + 3600000);
	numbers_freed = 0;
	clock_shift(120); /* expired for a minute */
	numbers_put(other, "b", 1, numbers_later());
	assert_int_equal(cache_count(cache), 100);
	clock_shift(300);
	numbers_put(other, "c", 1, numbers_later());
	assert_int_equal(cache_count(cache), 0);
	assert_int_equal(cache_count(other), 3);
	assert_int_equal(numbers_freed, 100);
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
	cache_fill(entry, number_new(10 * 1000), clock_mono_ms() + 1000);
	cache_release(entry);
	clock_shift(2);
	put_many(cache, "b", 45, 1000);
	assert_int_equal(cache_count(cache), 85);
	assert_true(is_there(cache, "a0"));
	cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(octets_are_bounded_as_well_as_entries),
	    cmocka_unit_test(who_fills_one_cache_takes_little_from_the_others),
	    cmocka_unit_test(
		what_was_used_long_ago_gives_its_octets_in_the_end),
	    cmocka_unit_test(a_value_over_the_whole_budget_is_not_kept),
	    cmocka_unit_test(what_has_expired_is_freed_unasked),
	    cmocka_unit_test(what_has_expired_gives_its_room_first),
	};

	return RUN_TESTS(tests);
}
