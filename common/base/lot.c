/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/lot.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

/*
 * How it works: a ticket counts down what its job still waits for.
 *
 * - lot_note may come before lot_park has told how many things there are.  So
 *   left begins at 0, each note takes one off, and lot_park adds the count: it
 *   is 0 once more when all has come.
 * - Whoever brings left to 0 frees the ticket: lot_park, which then says that
 *   there is nothing to wait for, or the last lot_note, which lets the job go
 *   on.
 * - At the deadline the lot's own thread takes the ticket out of the list and
 *   lets the job go on.  The ticket stays, for the notes that are still to
 *   come.
 */
struct lot_ticket {
	TAILQ_ENTRY(lot_ticket) next;
	struct lot *lot;
	pool_job *job;
	void *arg;
	int64_t deadline_ms;
	/* with lot->lock */
	int left;    /* to come; below 0 until lot_park tells how many */
	bool parked; /* it is in the list */
};
TAILQ_HEAD(tickets, lot_ticket);

struct lot {
	struct pool *pool;
	struct lock lock;
	struct cond changed;
	struct tickets parked; /* with lock; by deadline */
	bool ending;
	bool started;
	pthread_t timer;
};

/* The list is kept by deadline.  Nearly all checks have the same time to go, so
 * that the place of a new one is near the end. */
static void
insert_locked(struct lot *lot, struct lot_ticket *ticket) HOLDS(lot->lock)
{
	struct lot_ticket *before = TAILQ_LAST(&lot->parked, tickets);

	assert(ticket->parked && ticket->left > 0);

	while (before != NULL && before->deadline_ms > ticket->deadline_ms)
		before = TAILQ_PREV(before, tickets, next);
	if (before != NULL) {
		TAILQ_INSERT_AFTER(&lot->parked, before, ticket, next);
		return;
	}
	TAILQ_INSERT_HEAD(&lot->parked, ticket, next);
	cond_signal(&lot->changed);
}

static void
remove_locked(struct lot *lot, struct lot_ticket *ticket) HOLDS(lot->lock)
{
	assert(ticket->parked);
	TAILQ_REMOVE(&lot->parked, ticket, next);
	ticket->parked = false;
}

static void
go_on(struct lot *lot, pool_job *job, void *arg)
{
	bool taken = pool_submit(lot->pool, POOL_FIRST, job, arg);

	assert(taken);
}

struct lot_ticket *
lot_ticket(struct lot *lot, pool_job *job, void *arg, int64_t deadline_ms)
{
	struct lot_ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->lot = lot;
	ticket->job = job;
	ticket->arg = arg;
	ticket->deadline_ms = deadline_ms;
	return ticket;
}

void
lot_note(void *arg, const void *value)
{
	struct lot_ticket *ticket = arg;
	struct lot *lot = ticket->lot;
	bool last, parked;

	(void)value;
	lock_take(&lot->lock);
	last = --ticket->left == 0;
	parked = ticket->parked;
	if (last && parked)
		remove_locked(lot, ticket);
	lock_drop(&lot->lock);
	if (last && parked)
		go_on(lot, ticket->job, ticket->arg);
	if (last)
		free(ticket);
}

bool
lot_park(struct lot_ticket *ticket, unsigned count)
{
	struct lot *lot = ticket->lot;
	bool waits;

	lock_take(&lot->lock);
	ticket->left += (int)count;
	waits = ticket->left > 0;
	ticket->parked = waits;
	if (waits)
		insert_locked(lot, ticket);
	lock_drop(&lot->lock);
	if (!waits)
		free(ticket);
	return waits;
}

/* The ticket whose deadline is past, or NULL at the end. */
static struct lot_ticket *
await_deadline(struct lot *lot, pool_job **job, void **arg)
{
	struct lot_ticket *ticket;

	lock_take(&lot->lock);
	for (;;) {
		ticket = TAILQ_FIRST(&lot->parked);
		if (lot->ending ||
		    (ticket != NULL && clock_left_ms(ticket->deadline_ms) == 0))
			break;
		if (ticket == NULL)
			cond_wait(&lot->changed, &lot->lock);
		else
			cond_wait_until(
			    &lot->changed, &lot->lock, ticket->deadline_ms);
	}
	if (lot->ending)
		ticket = NULL;
	if (ticket != NULL) {
		remove_locked(lot, ticket);
		*job = ticket->job;
		*arg = ticket->arg;
	}
	lock_drop(&lot->lock);
	return ticket;
}

static void *
watch_deadlines(void *arg)
{
	struct lot *lot = arg;
	pool_job *job;
	void *job_arg;

	/* the ticket itself is lot_note's now */
	while (await_deadline(lot, &job, &job_arg) != NULL)
		go_on(lot, job, job_arg);
	return NULL;
}

struct lot *
lot_new(struct pool *pool, struct err *err)
{
	struct lot *lot = xcalloc(1, sizeof(*lot));
	int rc;

	lot->pool = pool;
	lock_init(&lot->lock);
	cond_init(&lot->changed);
	TAILQ_INIT(&lot->parked);
	rc = pthread_create(&lot->timer, NULL, watch_deadlines, lot);
	lot->started = rc == 0;
	if (lot->started)
		return lot;
	err_set(err, ERR_TEMP, "cannot start a thread: %s", strerror(rc));
	lot_free(lot);
	return NULL;
}

void
lot_free(struct lot *lot)
{
	if (lot == NULL)
		return;
	lock_take(&lot->lock);
	assert(TAILQ_EMPTY(&lot->parked));
	lot->ending = true;
	cond_signal(&lot->changed);
	lock_drop(&lot->lock);
	if (lot->started)
		pthread_join(lot->timer, NULL);
	cond_fini(&lot->changed);
	lock_fini(&lot->lock);
	free(lot);
}
