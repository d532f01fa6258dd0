/* sets - numbers, each counted once, up to a limit. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_SETS_H
#define MILTER_CLI_REVIEW_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct review_set {
	uint64_t *items; /* 0: a free place */
	size_t count;
	bool full; /* there were more: count is the least there may be */
};

void review_set_add(struct review_set *set, uint64_t number);
void review_set_fini(struct review_set *set);

#endif
