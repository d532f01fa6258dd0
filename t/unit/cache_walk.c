/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "t/unit/numbers.h"
#include "t/unit/tap.h"

static void
all_that_has_a_value_can_be_held(void **state)
{
	struct cache *cache = cache_new(10, &numbers, NULL);
	struct cache_entry *pending, **held;
	size_t count;
	bool mine;

	(void)state;
	numbers_put(cache, "a", 1, numbers_later());
	numbers_put(cache, "b", 2, numbers_later());
	pending = cache_claim(cache, "c", &mine);
	held = cache_hold_all(cache, NULL, NULL, &count);
	assert_int_equal(cache_count(cache), 2);
	assert_int_equal(count, 2);
	assert_string_equal(cache_key(held[0]), "a");
	numbers_freed = 0;
	assert_int_equal(cache_flush(cache, NULL, NULL), 2);
	assert_int_equal(numbers_freed, 0);
	assert_int_equal(*(int *)cache_value(held[1]), 2);
	for (size_t i = 0; i < count; i++)
		cache_release(held[i]);
	assert_int_equal(numbers_freed, 2);
	free(held);
	cache_fill(pending, number_new(3), numbers_later());
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
	numbers_put(cache, "a1", 1, numbers_later());
	numbers_put(cache, "b1", 2, numbers_later());
	pending = cache_claim(cache, "a2", &mine);
	other = cache_claim(cache, "b2", &mine);
	assert_int_equal(cache_flush(cache, begins_with, &first), 1);
	assert_int_equal(numbers_get(cache, "a1"), -1);
	assert_int_equal(numbers_get(cache, "b1"), 2);
	again = cache_claim(cache, "a2", &mine);
	assert_true(mine);
	cache_fill(pending, number_new(3), numbers_later());
	assert_int_equal(*(int *)cache_value(pending), 3);
	assert_null(cache_value(again));
	cache_fill(again, number_new(4), numbers_later());
	cache_fill(other, number_new(5), numbers_later());
	cache_release(pending);
	cache_release(again);
	cache_release(other);
	assert_int_equal(numbers_get(cache, "a2"), 4);
	assert_int_equal(numbers_get(cache, "b2"), 5);
	assert_int_equal(cache_flush(cache, NULL, NULL), 3);
	assert_int_equal(cache_count(cache), 0);
	cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_that_has_a_value_can_be_held),
	    cmocka_unit_test(what_is_flushed_is_made_anew),
	};

	return RUN_TESTS(tests);
}
