/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/share_queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/lock.h"
#include "common/base/xalloc.h"

struct waiting {
	TAILQ_ENTRY(waiting) link;
	struct share_put put;
	size_t octets;
};
TAILQ_HEAD(waiting_list, waiting);

struct share_queue {
	share_putter *putter;
	void *arg;
	_Atomic uint64_t *dropped;
	pthread_t thread;

	struct lock lock; /* for all that follows */
	struct cond queued;
	bool end;
	struct waiting_list list;
	size_t count, octets;
};

static void
drop_waiting(struct waiting *waiting)
{
	shared_policy_free(waiting->put.policy);
	free(waiting->put.payload);
	free(waiting);
}

static struct waiting *
take_first_locked(struct share_queue *queue)
{
	struct waiting *waiting = TAILQ_FIRST(&queue->list);

	TAILQ_REMOVE(&queue->list, waiting, link);
	queue->count--;
	queue->octets -= waiting->octets;
	return waiting;
}

static void
drop_oldest_locked(struct share_queue *queue)
{
	(*queue->dropped)++;
	drop_waiting(take_first_locked(queue));
}

void
share_queue_add(struct share_queue *queue, const struct share_put *put)
{
	struct waiting *waiting = xcalloc(1, sizeof(*waiting));

	waiting->put = *put;
	waiting->octets = strlen(put->payload);
	lock_take(&queue->lock);
	TAILQ_INSERT_TAIL(&queue->list, waiting, link);
	queue->count++;
	queue->octets += waiting->octets;
	while (queue->count > LIMIT_SHARED_PUTS ||
	       queue->octets > LIMIT_SHARED_PUT_OCTETS)
		drop_oldest_locked(queue);
	cond_signal(&queue->queued);
	lock_drop(&queue->lock);
}

/* The next one, or NULL when it is time to end. */
static struct waiting *
next_waiting(struct share_queue *queue)
{
	struct waiting *waiting;

	lock_take(&queue->lock);
	while (!queue->end && TAILQ_EMPTY(&queue->list))
		cond_wait(&queue->queued, &queue->lock);
	waiting = queue->end ? NULL : take_first_locked(queue);
	lock_drop(&queue->lock);
	return waiting;
}

static void *
run_share_queue(void *arg)
{
	struct share_queue *queue = arg;
	struct waiting *waiting;

	while ((waiting = next_waiting(queue)) != NULL) {
		queue->putter(queue->arg, &waiting->put);
		drop_waiting(waiting);
	}
	return NULL;
}

static void
drop_share_queue(struct share_queue *queue)
{
	lock_take(&queue->lock);
	while (!TAILQ_EMPTY(&queue->list))
		drop_oldest_locked(queue);
	lock_drop(&queue->lock);
	cond_fini(&queue->queued);
	lock_fini(&queue->lock);
	free(queue);
}

struct share_queue *
share_queue_new(
    share_putter *putter, void *arg, _Atomic uint64_t *dropped, struct err *err)
{
	struct share_queue *queue = xcalloc(1, sizeof(*queue));

	queue->putter = putter;
	queue->arg = arg;
	queue->dropped = dropped;
	TAILQ_INIT(&queue->list);
	lock_init(&queue->lock);
	cond_init(&queue->queued);
	if (pthread_create(&queue->thread, NULL, run_share_queue, queue) == 0)
		return queue;
	err_set(err, ERR_LOCAL, "no more threads");
	drop_share_queue(queue);
	return NULL;
}

void
share_queue_free(struct share_queue *queue)
{
	if (queue == NULL)
		return;
	lock_take(&queue->lock);
	queue->end = true;
	cond_signal(&queue->queued);
	lock_drop(&queue->lock);
	pthread_join(queue->thread, NULL);
	drop_share_queue(queue);
}
