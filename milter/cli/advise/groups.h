/* groups - domains that are in the same state, and need the same advice. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_GROUPS_H
#define MILTER_CLI_ADVISE_GROUPS_H

#include <stddef.h>

#include "milter/cli/advise/report.h"

struct advise_group {
	char *state;   /* counsel_state */
	char *verdict; /* and the first steps */
	char *first;   /* a domain of it */
	size_t count;
	int status; /* of counsel_status; the worst */
};

struct advise_groups {
	size_t count;
	struct advise_group *items;
};

void advise_groups_fini(struct advise_groups *groups);
void
advise_groups_add(struct advise_groups *groups, const struct counsel *counsel);

/* advise_groups_put - a section with a row for each, the largest first */
void advise_groups_put(const struct advise_groups *groups, struct sheet *sheet);

#endif
