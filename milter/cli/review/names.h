/* names - names that came from a log, each once and by number, up to a limit.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_NAMES_H
#define MILTER_CLI_REVIEW_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { NAMES_NONE = UINT32_MAX };

struct names {
	char **items; /* by number, in the order in which they came */
	uint32_t count, max;
	uint32_t *buckets; /* the first number of each, or NAMES_NONE */
	uint32_t *chain;   /* by number: the next of the same bucket */
	uint32_t bucket_count;
	uint32_t room;
};

void names_init(struct names *names, uint32_t max);
void names_fini(struct names *names);

/* names_hash - the same for the same octets in one process, and unforeseeable
 * from one to the next */
uint64_t names_hash(const char *name, size_t length);

/* names_add - the number of a name, which is taken in if it is new; NAMES_NONE
 * where there is no room for it */
uint32_t names_add(struct names *names, const char *name);

/* names_find - the same, NAMES_NONE where it is not there */
uint32_t names_find(const struct names *names, const char *name);

#endif
