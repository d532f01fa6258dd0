/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache_index.h"

#include <stdbool.h>
#include <string.h>

#include "t/unit/tap.h"

enum { MANY = 5000, KEY_SIZE = 32 };

struct entry {
	struct cache_node node;
	char key[KEY_SIZE];
};

static void
name_entry(struct entry *entry, unsigned number)
{
	snprintf(entry->key, KEY_SIZE, "d%u.example", number);
}

static bool
has_number(const struct cache_index *index, unsigned number)
{
	struct entry wanted;
	const struct cache_node *found;

	name_entry(&wanted, number);
	found = cache_index_find(index, wanted.key);
	return found != NULL &&
	       strcmp((const char *)(found + 1), wanted.key) == 0;
}

/* At each size: as many as there are, whatever grew and moved. */
static void
each_entry_is_found_while_the_index_grows_and_shrinks(void **state)
{
	static struct entry entries[MANY];
	struct cache_index index;

	(void)state;
	cache_index_init(&index);
	for (unsigned i = 0; i < MANY; i++) {
		assert_false(has_number(&index, i));
		name_entry(&entries[i], i);
		cache_index_put(&index, &entries[i].node);
		assert_true(has_number(&index, i));
		assert_true(has_number(&index, i / 2));
		assert_true(has_number(&index, i / 3 * 2));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_true(has_number(&index, i));
	for (unsigned i = 0; i < MANY; i++) {
		cache_index_drop(&index, &entries[i].node);
		assert_false(has_number(&index, i));
		assert_int_equal(has_number(&index, MANY - 1), i < MANY - 1);
	}
	cache_index_fini(&index);
}

static void
the_hash_depends_on_the_secret_and_on_each_octet(void **state)
{
	static const char *const near[] = {"", "a", "b", "aa", "abcdefgh",
	    "abcdefgi", "abcdefgha", "abcdefghb", "bbcdefgh"};
	struct entry mine[COUNT(near)], yours[COUNT(near)];
	struct cache_index index, other;

	(void)state;
	cache_index_init(&index);
	cache_index_init(&other);
	for (size_t i = 0; i < COUNT(near); i++) {
		snprintf(mine[i].key, KEY_SIZE, "%s", near[i]);
		yours[i] = mine[i];
		cache_index_put(&index, &mine[i].node);
		cache_index_put(&other, &yours[i].node);
		assert_int_not_equal(mine[i].node.hash, yours[i].node.hash);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(
			    mine[i].node.hash, mine[j].node.hash);
	}
	for (size_t i = 0; i < COUNT(near); i++) {
		cache_index_drop(&index, &mine[i].node);
		cache_index_drop(&other, &yours[i].node);
	}
	cache_index_fini(&index);
	cache_index_fini(&other);
}

/* Chains are short: the longest of some thousand is a few. */
static void
entries_are_spread_over_the_buckets(void **state)
{
	static struct entry entries[MANY];
	struct cache_index index;
	size_t longest = 0;

	(void)state;
	cache_index_init(&index);
	for (unsigned i = 0; i < MANY; i++) {
		name_entry(&entries[i], i);
		cache_index_put(&index, &entries[i].node);
	}
	assert_true(index.used >= MANY);
	for (size_t i = 0; i < index.used; i++) {
		const struct cache_node *node = index.buckets[i];
		size_t length = 0;

		for (; node != NULL; node = node->next)
			length++;
		longest = length > longest ? length : longest;
	}
	assert_in_range(longest, 1, 16);
	for (unsigned i = 0; i < MANY; i++) {
		cache_index_drop(&index, &entries[i].node);
	}
	cache_index_fini(&index);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		each_entry_is_found_while_the_index_grows_and_shrinks),
	    cmocka_unit_test(the_hash_depends_on_the_secret_and_on_each_octet),
	    cmocka_unit_test(entries_are_spread_over_the_buckets),
	};

	return RUN_TESTS(tests);
}
