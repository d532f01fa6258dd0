/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/map_handover.h"

#include <assert.h>
#include <stddef.h>

#include "common/base/lock.h"
#include "milter/serve/map_asking.h"

static struct {
	void (*woken)(void);
	struct lock lock; /* guards the rest */
	struct cond told;
	struct map_asking *come;
	unsigned telling; /* threads that call woken */
	bool closed;
} handover;

void
map_handover_open(void (*woken)(void))
{
	handover.woken = woken;
	handover.closed = false;
	assert(handover.come == NULL && handover.telling == 0);
	lock_init(&handover.lock);
	cond_init(&handover.told);
}

/* Its thread does not end before this. */
static void
tell_of_asking(void)
{
	handover.woken();
	lock_take(&handover.lock);
	assert(handover.telling > 0);
	if (--handover.telling == 0)
		cond_broadcast(&handover.told);
	lock_drop(&handover.lock);
}

void
map_handover_put(struct map_asking *asking)
{
	bool closed;

	assert(asking->reply != NULL);
	lock_take(&handover.lock);
	closed = handover.closed;
	if (!closed) {
		asking->next = handover.come;
		handover.come = asking;
		handover.telling++;
	}
	lock_drop(&handover.lock);
	if (closed)
		map_asking_free(asking);
	else
		tell_of_asking();
}

struct map_asking *
map_handover_take(void)
{
	struct map_asking *list;

	lock_take(&handover.lock);
	list = handover.come;
	handover.come = NULL;
	lock_drop(&handover.lock);
	return list;
}

void
map_handover_close(void)
{
	struct map_asking *list;

	lock_take(&handover.lock);
	handover.closed = true;
	while (handover.telling > 0)
		cond_wait(&handover.told, &handover.lock);
	list = handover.come;
	handover.come = NULL;
	lock_drop(&handover.lock);
	while (list != NULL) {
		struct map_asking *asking = list;

		list = asking->next;
		map_asking_free(asking);
	}
}
