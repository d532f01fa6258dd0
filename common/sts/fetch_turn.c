/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/fetch_turn.h"

#include <assert.h>
#include <stddef.h>

#include "common/base/text.h"

void
fetch_turn_go(void *arg, struct pacing_turn *turn)
{
	struct fetch_turn *fetch =
	    (struct fetch_turn *)((char *)turn -
				  offsetof(struct fetch_turn, turn));

	(void)arg;
	lock_take(&fetch->lock);
	fetch->gone = true;
	cond_signal(&fetch->changed);
	lock_drop(&fetch->lock);
}

/* Whose turn it is now, goes. */
static void
leave_turn(struct fetch_turn *turn, enum pacing_use use)
{
	struct pacing_turn *next =
	    pacing_leave(turn->pacing, turn->turn.address, use);

	if (next != NULL)
		fetch_turn_go(NULL, next);
	lock_fini(&turn->lock);
	cond_fini(&turn->changed);
}

bool
fetch_turn_take(
    struct fetch_turn *turn, struct pacing *pacing, const char *address)
{
	enum pacing_place place;

	*turn = (struct fetch_turn){.pacing = pacing};
	text_copy(turn->turn.address, sizeof(turn->turn.address), address);
	lock_init(&turn->lock);
	cond_init(&turn->changed);
	place = pacing_enter(pacing, &turn->turn);
	assert(place != PACING_FULL); /* which wants a gap */
	if (place == PACING_WAITS) {
		lock_take(&turn->lock);
		while (!turn->gone)
			cond_wait(&turn->changed, &turn->lock);
		lock_drop(&turn->lock);
	}
	if (pacing_mood(pacing, address) == PACING_NOW)
		return true;
	leave_turn(turn, PACING_UNUSED);
	return false;
}

void
fetch_turn_end(struct fetch_turn *turn)
{
	leave_turn(turn, PACING_ANSWERED);
}
