/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a hash table with chains that grows by one bucket for each
 * node beyond one a bucket, so that none ever pays for all (linear
 * hashing).  With buckets from half to n, all hashes are taken modulo 2 half;
 * those that point beyond n, modulo half.  Growing makes bucket n, and shares
 * those of bucket n - half with it.
 *
 * Keys come from whoever sends mail: the hash is SipHash-1-3 under a secret of
 * the process, so that nobody can choose keys that meet in one bucket.
 */
#include "common/base/cache_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/xalloc.h"

enum { FIRST_ROOM = 16, WORD = 8 };

void
cache_index_init(struct cache_index *index)
{
	*index =
	    (struct cache_index){.room = FIRST_ROOM, .used = FIRST_ROOM / 2};
	index->buckets = xcalloc(FIRST_ROOM, sizeof(*index->buckets));
	if (getrandom(index->secret, sizeof(index->secret), 0) !=
	    sizeof(index->secret))
		abort(); /* a kernel that has none: as xalloc */
}

void
cache_index_fini(struct cache_index *index)
{
	assert(index->count == 0);
	free(index->buckets);
	index->buckets = NULL;
}

/* --- the hash --- */

static uint64_t
rotate_left(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
mix_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] = rotate_left(v[2], 32);
}

static uint32_t
hash_key(const struct cache_index *index, const char *key)
{
	uint64_t v[4] = {index->secret[0] ^ 0x736f6d6570736575,
	    index->secret[1] ^ 0x646f72616e646f6d,
	    index->secret[0] ^ 0x6c7967656e657261,
	    index->secret[1] ^ 0x7465646279746573};
	size_t length = strlen(key), left = length;
	uint64_t word;

	for (; left >= WORD; left -= WORD, key += WORD) {
		memcpy(&word, key, WORD);
		v[3] ^= word;
		mix_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)length << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)(unsigned char)key[i] << (8 * i);
	v[3] ^= word;
	mix_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* --- the table --- */

static struct cache_node **
bucket_by_hash(const struct cache_index *index, uint32_t hash)
{
	size_t number = hash & (index->room - 1);

	if (number >= index->used)
		number = hash & (index->room / 2 - 1);
	return &index->buckets[number];
}

struct cache_node *
cache_index_find(const struct cache_index *index, const char *key)
{
	uint32_t hash = hash_key(index, key);
	struct cache_node *node = *bucket_by_hash(index, hash);

	while (
	    node != NULL && (node->hash != hash || strcmp(node->key, key) != 0))
		node = node->next;
	return node;
}

static void
widen_index(struct cache_index *index)
{
	if (index->used < index->room)
		return;
	index->buckets =
	    xrealloc(index->buckets, index->room * 2, sizeof(*index->buckets));
	memset(index->buckets + index->room, 0,
	    index->room * sizeof(*index->buckets));
	index->room *= 2;
}

/* One bucket more, and what belongs there from then on. */
static void
split_bucket(struct cache_index *index)
{
	struct cache_node **from, *node, *following;

	widen_index(index);
	from = &index->buckets[index->used - index->room / 2];
	node = *from;
	*from = NULL;
	index->used++;
	for (; node != NULL; node = following) {
		struct cache_node **bucket = bucket_by_hash(index, node->hash);

		following = node->next;
		node->next = *bucket;
		*bucket = node;
	}
}

void
cache_index_put(struct cache_index *index, struct cache_node *node)
{
	struct cache_node **bucket;

	node->hash = hash_key(index, node->key);
	if (++index->count > index->used)
		split_bucket(index);
	bucket = bucket_by_hash(index, node->hash);
	node->next = *bucket;
	*bucket = node;
}

void
cache_index_drop(struct cache_index *index, struct cache_node *node)
{
	struct cache_node **link = bucket_by_hash(index, node->hash);

	while (*link != node) {
		assert(*link != NULL);
		link = &(*link)->next;
	}
	*link = node->next;
	node->next = NULL;
	index->count--;
}
