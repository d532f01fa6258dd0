/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: there is a node for each id, and one for each domain of it.
 * All are found by their hash, in one table.  The domains of an id hang on its
 * node, so that they go with it when the message is gone.  The table grows by
 * doubling, up to a limit.
 */
#include "milter/cli/survey/pairs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "milter/cli/log/logline.h"
#include "milter/cli/review/names.h"

enum { NODES_FIRST = 1024, NONE = UINT32_MAX };

struct pairs_node {
	uint64_t hash;
	uint32_t next;   /* of the same bucket, or of the free ones */
	uint32_t domain; /* the first of an id, the next of a domain */
};

void
pairs_init(struct pairs *pairs, uint32_t max)
{
	assert(max >= 2 && max < NONE);
	memset(pairs, 0, sizeof(*pairs));
	pairs->max = max;
	pairs->free = NONE;
}

void
pairs_fini(struct pairs *pairs)
{
	free(pairs->nodes);
	free(pairs->buckets);
}

static void
put_in_bucket(struct pairs *pairs, uint32_t at)
{
	uint32_t *bucket =
	    &pairs->buckets[pairs->nodes[at].hash % pairs->bucket_count];

	pairs->nodes[at].next = *bucket;
	*bucket = at;
}

/* Only while no node is free: all of them are in use. */
static void
grow_table(struct pairs *pairs)
{
	pairs->room = pairs->room == 0 ? NODES_FIRST : 2 * pairs->room;
	pairs->bucket_count = pairs->room;
	pairs->nodes =
	    xrealloc(pairs->nodes, pairs->room, sizeof(*pairs->nodes));
	pairs->buckets = xrealloc(
	    pairs->buckets, pairs->bucket_count, sizeof(*pairs->buckets));
	memset(pairs->buckets, 0xff,
	    pairs->bucket_count * sizeof(*pairs->buckets));
	for (uint32_t i = 0; i < pairs->count; i++)
		put_in_bucket(pairs, i);
}

static uint32_t
find_node(const struct pairs *pairs, uint64_t hash)
{
	uint32_t at = pairs->bucket_count == 0
			  ? NONE
			  : pairs->buckets[hash % pairs->bucket_count];

	while (at != NONE && pairs->nodes[at].hash != hash)
		at = pairs->nodes[at].next;
	return at;
}

/* NONE where there is no room. */
static uint32_t
take_node(struct pairs *pairs, uint64_t hash)
{
	uint32_t at = pairs->free;

	if (at != NONE) {
		pairs->free = pairs->nodes[at].next;
	} else if (pairs->count == pairs->max) {
		pairs->full = true;
		return NONE;
	} else {
		if (pairs->count == pairs->room)
			grow_table(pairs);
		at = pairs->count++;
	}
	pairs->nodes[at] = (struct pairs_node){.hash = hash, .domain = NONE};
	put_in_bucket(pairs, at);
	return at;
}

static void
free_node(struct pairs *pairs, uint32_t at)
{
	uint32_t *place =
	    &pairs->buckets[pairs->nodes[at].hash % pairs->bucket_count];

	while (*place != at)
		place = &pairs->nodes[*place].next;
	*place = pairs->nodes[at].next;
	pairs->nodes[at].next = pairs->free;
	pairs->free = at;
}

bool
pairs_add(struct pairs *pairs, const char *id, const char *domain)
{
	char both[LOGLINE_ID_SIZE + LIMIT_DOMAIN_SIZE];
	int length = snprintf(both, sizeof(both), "%s %s", id, domain);
	uint64_t hash = names_hash(both, (size_t)length);
	uint32_t owner, at;

	assert((size_t)length < sizeof(both));
	if (find_node(pairs, hash) != NONE)
		return false;
	owner = find_node(pairs, names_hash(id, strlen(id)));
	if (owner == NONE)
		owner = take_node(pairs, names_hash(id, strlen(id)));
	if (owner == NONE)
		return true;
	at = take_node(pairs, hash);
	if (at != NONE) {
		pairs->nodes[at].domain = pairs->nodes[owner].domain;
		pairs->nodes[owner].domain = at;
	}
	return true;
}

void
pairs_end(struct pairs *pairs, const char *id)
{
	uint32_t at = find_node(pairs, names_hash(id, strlen(id)));

	while (at != NONE) {
		uint32_t next = pairs->nodes[at].domain;

		free_node(pairs, at);
		at = next;
	}
}
