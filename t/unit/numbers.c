/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/numbers.h"

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

atomic_int numbers_freed;

void
numbers_free(void *value)
{
	numbers_freed++;
	free(value);
}

const struct cache_kind numbers = {.free = numbers_free};

int *
number_new(int n)
{
	int *value = xmalloc(sizeof(*value));

	*value = n;
	return value;
}

int64_t
numbers_later(void)
{
	return clock_mono_ms() + 60000;
}

void
numbers_put(struct cache *cache, const char *key, int n, int64_t expires_ms)
{
	bool mine;
	struct cache_entry *entry = cache_claim(cache, key, &mine);

	assert_true(mine);
	cache_fill(entry, number_new(n), expires_ms);
	cache_release(entry);
}

/* The number_new under key, or -1: the entry made by looking is filled. */
int
numbers_get(struct cache *cache, const char *key)
{
	bool mine;
	struct cache_entry *entry = cache_claim(cache, key, &mine);
	int n = -1;

	if (mine)
		cache_fill(entry, number_new(-1), 0);
	else
		n = *(int *)cache_value(entry);
	cache_release(entry);
	return n;
}
