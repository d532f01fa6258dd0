/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/parking.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/xalloc.h"

/*
 * How it works: a ticket counts down what its job still waits for.
 *
 * - parking_note may come before parking_park has told how many things there
 * are.  So left begins at 0, each note takes one off, and parking_park adds the
 * count: it is 0 once more when all has come.
 * - Whoever brings left to 0 frees the ticket: parking_park, which then says
 * that there is nothing to wait for, or the last parking_note, which lets the
 * job go on.
 * - The tickets of parked jobs are in a heap, the soonest deadline first: some
 *   wait for lookups, others for probes, which takes longer.
 * - At the deadline the parking's own thread takes the ticket out of the heap
 *   and lets the job go on.  The ticket stays, for the notes that are still to
 *   come.
 * - That thread is woken for a deadline sooner than the one it sleeps for, and
 *   not when that one is taken back: most are, and it finds out by itself.
 */
struct parking_ticket {
	struct parking *parking;
	pool_job *job;
	void *arg;
	int64_t deadline_ms;
	/* with parking->lock */
	int left;    /* to come; below 0 until parking_park tells how many */
	bool parked; /* it is in the heap */
	size_t at;   /* where */
};

struct parking {
	struct pool *pool;
	struct lock lock;
	struct cond changed;
	/* with lock: the heap of tickets, none before its parent */
	struct parking_ticket **parked;
	size_t count, room;
	int64_t asleep_until_ms; /* of the thread */
	bool ending;
	bool started;
	pthread_t timer;
};

static void
put_at_locked(struct parking *parking, size_t at, struct parking_ticket *ticket)
    HOLDS(parking->lock)
{
	parking->parked[at] = ticket;
	ticket->at = at;
}

/* Towards the root, as far as its deadline is sooner. */
static void
raise_locked(struct parking *parking, struct parking_ticket *ticket)
    HOLDS(parking->lock)
{
	size_t at = ticket->at;

	while (at > 0 && parking->parked[(at - 1) / 2]->deadline_ms >
			     ticket->deadline_ms) {
		put_at_locked(parking, at, parking->parked[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put_at_locked(parking, at, ticket);
}

/* The sooner of the two children of a place, or count. */
static size_t
sooner_child_locked(const struct parking *parking, size_t at)
    HOLDS(parking->lock)
{
	size_t child = 2 * at + 1;

	if (child + 1 < parking->count &&
	    parking->parked[child + 1]->deadline_ms <
		parking->parked[child]->deadline_ms)
		child++;
	return child < parking->count ? child : parking->count;
}

/* Away from the root, as far as others are sooner. */
static void
sink_locked(struct parking *parking, struct parking_ticket *ticket)
    HOLDS(parking->lock)
{
	size_t at = ticket->at;
	size_t child;

	while ((child = sooner_child_locked(parking, at)) < parking->count &&
	       parking->parked[child]->deadline_ms < ticket->deadline_ms) {
		put_at_locked(parking, at, parking->parked[child]);
		at = child;
	}
	put_at_locked(parking, at, ticket);
}

/* Also when it oversleeps: see clock_shift. */
static bool
is_to_wake_locked(
    const struct parking *parking, const struct parking_ticket *ticket)
{
	return ticket->deadline_ms < parking->asleep_until_ms ||
	       clock_left_ms(parking->asleep_until_ms) == 0;
}

static void
insert_ticket_locked(struct parking *parking, struct parking_ticket *ticket)
    HOLDS(parking->lock)
{
	assert(ticket->parked && ticket->left > 0);
	if (parking->count == parking->room) {
		parking->room = 2 * parking->room + 16;
		parking->parked = xrealloc(parking->parked, parking->room,
		    sizeof(struct parking_ticket *));
	}
	put_at_locked(parking, parking->count++, ticket);
	raise_locked(parking, ticket);
	if (is_to_wake_locked(parking, ticket))
		cond_signal(&parking->changed);
}

static void
remove_locked(struct parking *parking, struct parking_ticket *ticket)
    HOLDS(parking->lock)
{
	size_t at = ticket->at;
	struct parking_ticket *last;

	assert(ticket->parked && at < parking->count &&
	       parking->parked[at] == ticket);
	ticket->parked = false;
	last = parking->parked[--parking->count];
	if (last == ticket)
		return;
	put_at_locked(parking, at, last);
	raise_locked(parking, last);
	sink_locked(parking, last);
}

static void
give_to_pool(struct parking *parking, pool_job *job, void *arg)
{
	bool taken = pool_submit(parking->pool, POOL_AGAIN, job, arg);

	assert(taken);
}

struct parking_ticket *
parking_ticket(
    struct parking *parking, pool_job *job, void *arg, int64_t deadline_ms)
{
	struct parking_ticket *ticket = xcalloc(1, sizeof(*ticket));

	assert(job != NULL);
	ticket->parking = parking;
	ticket->job = job;
	ticket->arg = arg;
	ticket->deadline_ms = deadline_ms;
	return ticket;
}

void
parking_note(void *arg, const void *value)
{
	struct parking_ticket *ticket = arg;
	struct parking *parking = ticket->parking;
	bool last, parked;

	(void)value;
	lock_take(&parking->lock);
	assert(!ticket->parked || ticket->left > 0);
	last = --ticket->left == 0;
	parked = ticket->parked;
	if (last && parked)
		remove_locked(parking, ticket);
	lock_drop(&parking->lock);
	if (last && parked)
		give_to_pool(parking, ticket->job, ticket->arg);
	if (last)
		free(ticket);
}

bool
parking_park(struct parking_ticket *ticket, unsigned count)
{
	struct parking *parking = ticket->parking;
	bool waits;

	lock_take(&parking->lock);
	assert(!ticket->parked && ticket->left <= 0 && !parking->ending);
	ticket->left += (int)count;
	waits = ticket->left > 0;
	ticket->parked = waits;
	if (waits)
		insert_ticket_locked(parking, ticket);
	lock_drop(&parking->lock);
	if (!waits)
		free(ticket);
	return waits;
}

/* Until the first deadline, or for a sooner one. */
static void
doze_locked(struct parking *parking) HOLDS(parking->lock)
{
	if (parking->count == 0) {
		parking->asleep_until_ms = INT64_MAX;
		cond_wait(&parking->changed, &parking->lock);
	} else {
		parking->asleep_until_ms = parking->parked[0]->deadline_ms;
		cond_wait_until(&parking->changed, &parking->lock,
		    parking->asleep_until_ms);
	}
}

/* The ticket whose deadline is past, or NULL at the end. */
static struct parking_ticket *
await_deadline(struct parking *parking, pool_job **job, void **arg)
{
	struct parking_ticket *ticket;

	lock_take(&parking->lock);
	for (;;) {
		ticket = parking->count > 0 ? parking->parked[0] : NULL;
		if (parking->ending ||
		    (ticket != NULL && clock_left_ms(ticket->deadline_ms) == 0))
			break;
		doze_locked(parking);
	}
	if (parking->ending)
		ticket = NULL;
	if (ticket != NULL) {
		remove_locked(parking, ticket);
		*job = ticket->job;
		*arg = ticket->arg;
	}
	lock_drop(&parking->lock);
	return ticket;
}

static void *
watch_deadlines(void *arg)
{
	struct parking *parking = arg;
	pool_job *job;
	void *job_arg;

	/* the ticket itself is parking_note's now */
	while (await_deadline(parking, &job, &job_arg) != NULL)
		give_to_pool(parking, job, job_arg);
	return NULL;
}

struct parking *
parking_new(struct pool *pool, struct err *err)
{
	struct parking *parking = xcalloc(1, sizeof(*parking));
	int rc;

	parking->pool = pool;
	lock_init(&parking->lock);
	cond_init(&parking->changed);
	rc = pthread_create(&parking->timer, NULL, watch_deadlines, parking);
	parking->started = rc == 0;
	if (parking->started)
		return parking;
	err_set(err, ERR_TEMP, "cannot start a thread: %s", strerror(rc));
	parking_free(parking);
	return NULL;
}

void
parking_free(struct parking *parking)
{
	if (parking == NULL)
		return;
	lock_take(&parking->lock);
	assert(parking->count == 0);
	parking->ending = true;
	cond_signal(&parking->changed);
	lock_drop(&parking->lock);
	if (parking->started)
		pthread_join(parking->timer, NULL);
	free(parking->parked);
	cond_fini(&parking->changed);
	lock_fini(&parking->lock);
	free(parking);
}
