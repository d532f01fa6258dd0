/* fetch_turn - fetches of a survey take turns at an address, so that few are at
 * it at once. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_STS_FETCH_TURN_H
#define COMMON_STS_FETCH_TURN_H

#include <stdbool.h>

#include "common/base/lock.h"
#include "common/io/pacing.h"

/* How a survey fetches; all is borrowed. */
struct fetch_manners {
	struct pacing *pacing; /* made with fetch_turn_go, without a gap */
	int transfer_ms;       /* of a fetch, from when it is its turn */
	const char *agent;     /* "User-Agent": who asks, and where that says
				  why */
};

struct fetch_turn {
	struct pacing_turn turn;
	struct pacing *pacing;
	struct lock lock;
	struct cond changed;
	bool gone; /* with lock: it is its turn */
};

/* fetch_turn_go - a pacing_go */
void fetch_turn_go(void *arg, struct pacing_turn *turn);

/*
 * fetch_turn_take - wait for a turn; false: there is none to be had, and
 * nothing to be ended
 *
 * fetch_turn_end - it is over.  turn stays in place between the two.
 */
bool fetch_turn_take(
    struct fetch_turn *turn, struct pacing *pacing, const char *address);
void fetch_turn_end(struct fetch_turn *turn);

#endif
