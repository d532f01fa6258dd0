/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/cache_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { MANY = 5000, KEY_SIZE = 32 };

static struct cache_node *
node_new(const char *key)
{
	size_t size = strlen(key) + 1;
	struct cache_node *node = xcalloc(1, sizeof(*node) + size);

	memcpy(node->key, key, size);
	return node;
}

static struct cache_node *
numbered_new(unsigned number)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "d%u.example", number);
	return node_new(key);
}

static void
drop_node(struct cache_index *index, struct cache_node *node)
{
	cache_index_drop(index, node);
	free(node);
}

static bool
has_number(const struct cache_index *index, unsigned number)
{
	struct cache_node *wanted = numbered_new(number);
	const struct cache_node *found = cache_index_find(index, wanted->key);
	bool has = found != NULL && strcmp(found->key, wanted->key) == 0;

	free(wanted);
	return has;
}

/* At each size: as many as there are, whatever grew and moved. */
static void
each_entry_is_found_while_the_index_grows_and_shrinks(void **state)
{
	static struct cache_node *nodes[MANY];
	struct cache_index index;

	(void)state;
	cache_index_init(&index);
	for (unsigned i = 0; i < MANY; i++) {
		assert_false(has_number(&index, i));
		nodes[i] = numbered_new(i);
		cache_index_put(&index, nodes[i]);
		assert_true(has_number(&index, i));
		assert_true(has_number(&index, i / 2));
		assert_true(has_number(&index, i / 3 * 2));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_true(has_number(&index, i));
	for (unsigned i = 0; i < MANY; i++) {
		drop_node(&index, nodes[i]);
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
	struct cache_node *mine[COUNT(near)], *yours[COUNT(near)];
	struct cache_index index, other;

	(void)state;
	cache_index_init(&index);
	cache_index_init(&other);
	for (size_t i = 0; i < COUNT(near); i++) {
		mine[i] = node_new(near[i]);
		yours[i] = node_new(near[i]);
		cache_index_put(&index, mine[i]);
		cache_index_put(&other, yours[i]);
		assert_int_not_equal(mine[i]->hash, yours[i]->hash);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(mine[i]->hash, mine[j]->hash);
	}
	for (size_t i = 0; i < COUNT(near); i++) {
		drop_node(&index, mine[i]);
		drop_node(&other, yours[i]);
	}
	cache_index_fini(&index);
	cache_index_fini(&other);
}

/* Chains are short: the longest of some thousand is a few. */
static void
entries_are_spread_over_the_buckets(void **state)
{
	static struct cache_node *nodes[MANY];
	struct cache_index index;
	size_t longest = 0;

	(void)state;
	cache_index_init(&index);
	for (unsigned i = 0; i < MANY; i++) {
		nodes[i] = numbered_new(i);
		cache_index_put(&index, nodes[i]);
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
		drop_node(&index, nodes[i]);
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
