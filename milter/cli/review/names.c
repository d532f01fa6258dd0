/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/names.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/xalloc.h"

enum { BUCKETS = 1 << 14, ROOM_FIRST = 64 };

void
names_init(struct names *names, uint32_t max)
{
	assert(max > 0 && max < NAMES_NONE);
	memset(names, 0, sizeof(*names));
	names->max = max;
	names->bucket_count = BUCKETS;
	names->buckets = xmalloc(BUCKETS * sizeof(*names->buckets));
	memset(names->buckets, 0xff, BUCKETS * sizeof(*names->buckets));
}

void
names_fini(struct names *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	free(names->buckets);
	free(names->chain);
}

/* Who writes the log must not choose what falls into one bucket. */
static uint64_t
hash_seed(void)
{
	static uint64_t seed;
	static bool drawn;

	if (!drawn && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = UINT64_C(0x9e3779b97f4a7c15);
	drawn = true;
	return seed;
}

/* FNV-1a, and a last step that mixes the high bits into the low ones. */
uint64_t
names_hash(const char *name, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ hash_seed();

	for (size_t i = 0; i < length; i++)
		hash =
		    (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

static uint32_t
find_in_bucket(const struct names *names, const char *name, uint32_t bucket)
{
	uint32_t i = names->buckets[bucket];

	while (i != NAMES_NONE && strcmp(names->items[i], name) != 0)
		i = names->chain[i];
	return i;
}

static uint32_t
bucket_of(const struct names *names, const char *name)
{
	return (uint32_t)(names_hash(name, strlen(name)) % names->bucket_count);
}

uint32_t
names_find(const struct names *names, const char *name)
{
	return find_in_bucket(names, name, bucket_of(names, name));
}

static void
make_room(struct names *names)
{
	if (names->count < names->room)
		return;
	names->room = names->room == 0 ? ROOM_FIRST : 2 * names->room;
	names->items =
	    xrealloc(names->items, names->room, sizeof(*names->items));
	names->chain =
	    xrealloc(names->chain, names->room, sizeof(*names->chain));
}

uint32_t
names_add(struct names *names, const char *name)
{
	uint32_t bucket = bucket_of(names, name);
	uint32_t found = find_in_bucket(names, name, bucket);

	if (found != NAMES_NONE || names->count == names->max)
		return found;
	make_room(names);
	found = names->count++;
	names->items[found] = xstrdup(name);
	names->chain[found] = names->buckets[bucket];
	names->buckets[bucket] = found;
	return found;
}
