/* numbers - caches of numbers, each of which counts when it is freed. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_NUMBERS_H
#define T_UNIT_NUMBERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/cache.h"

extern atomic_int numbers_freed;
extern const struct cache_kind numbers;

/* numbers_free - as a cache does it */
void numbers_free(void *value);

int *number_new(int n);

/* numbers_later - when no test is under way any more */
int64_t numbers_later(void);

/* numbers_put - have n under key, where nothing is */
void
numbers_put(struct cache *cache, const char *key, int n, int64_t expires_ms);

/* numbers_get - the number under key, or -1: the entry made by looking is
 * filled */
int numbers_get(struct cache *cache, const char *key);

#endif
