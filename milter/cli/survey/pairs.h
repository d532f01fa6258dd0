/* pairs - which messages were counted already for which domain, while they are
 * under way. No name is kept, only hashes. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_PAIRS_H
#define MILTER_CLI_SURVEY_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

struct pairs {
	struct pairs_node *nodes;
	uint32_t *buckets;
	uint32_t count, room, bucket_count, max;
	uint32_t free; /* the first of those that may be taken again */
	bool full;     /* there was no room for one */
};

/* pairs_init - for so many at most, each id and each of its domains is one */
void pairs_init(struct pairs *pairs, uint32_t max);
void pairs_fini(struct pairs *pairs);

/* pairs_add - whether the domain is new for this id, or there is no room to
 * tell */
bool pairs_add(struct pairs *pairs, const char *id, const char *domain);

/* pairs_end - the message is gone: its id may be that of another one */
void pairs_end(struct pairs *pairs, const char *id);

#endif
