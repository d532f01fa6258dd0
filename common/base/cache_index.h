/* cache_index - nodes by key: a hash table. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CACHE_INDEX_H
#define COMMON_BASE_CACHE_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* What is indexed ends with it. */
struct cache_node {
	struct cache_node *next; /* in its bucket */
	uint32_t hash;           /* there may be very many: they are small */
	char key[];
};

struct cache_index {
	struct cache_node **buckets;
	size_t room;  /* of buckets, a power of two */
	size_t used;  /* of them, from room / 2 to room */
	size_t count; /* nodes */
	uint64_t secret[2];
};

void cache_index_init(struct cache_index *index);
void cache_index_fini(struct cache_index *index);

/* cache_index_find - the node of the key, or NULL */
struct cache_node *
cache_index_find(const struct cache_index *index, const char *key);

/* cache_index_put - one more, whose key nobody has */
void cache_index_put(struct cache_index *index, struct cache_node *node);

/* cache_index_drop - take out one that is there */
void cache_index_drop(struct cache_index *index, struct cache_node *node);

#endif
