/* refusals - the recipients of a domain that were refused, mostly before there
 * was a queue id to ask for. Bounded, whatever the log holds. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_REFUSALS_H
#define MILTER_CLI_LOG_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "milter/cli/log/story.h"

/* By the MTA's line. */
struct refused {
	char when[LOGLINE_WHEN_SIZE];
	char id[LOGLINE_ID_SIZE]; /* NOQUEUE where it had none */
	char reason[STORY_WORD_SIZE];
	bool permanent;
	char *address; /* escaped; "": not told */
};

struct refusals {
	const char *program; /* of posternd's lines, borrowed */
	char domain[LIMIT_DOMAIN_SIZE];
	bool since_given;
	time_t since, now;
	bool cut; /* older ones are not told */

	/* the last LIMIT_STORY_RCPTS, from first on, round about */
	size_t count, first;
	struct refused *items;

	/* what posternd found, each kind once, the last as it was */
	size_t check_count;
	struct story_check *checks;
};

/* refusals_init - of a domain, normalised; program is borrowed */
void refusals_init(
    struct refusals *refusals, const char *domain, const char *program);
void refusals_fini(struct refusals *refusals);

/* refusals_line - take a line of the log, in its order */
void refusals_line(struct refusals *refusals, const char *line);

/* refusals_at - the i-th, the oldest first */
const struct refused *refusals_at(const struct refusals *refusals, size_t i);

#endif
