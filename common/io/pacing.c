/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: an address has a gate while anybody is at it, and for as long
 * as it is remembered.  Who may not go yet stands in the gate's line.
 *
 * - Without a gap, a rate and a back-off a turn that ends hands its place to
 * the next of the line, and a gate that nobody is at is gone.
 * - With any of them, gates with a line whose time has not come stand in
 * "resting", by the time at which the next may go; a thread lets it go then.
 * Gates that nobody is at stand in "idle", oldest first, so that a gap and
 * failures are remembered, up to LIMIT_PACED_ADDRESSES of them.
 * - At a gate that is left alone turns come without a gap, for no connection is
 *   made: the caller asks pacing_mood.
 * - Where all are, nobody rests any more: whoever ends that waits until the
 *   thread has let them go.
 */
#include "common/io/pacing.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"

enum { SECOND_US = 1000 * 1000, MS_US = 1000, NETWORK_OCTETS = 8 };

TAILQ_HEAD(turn_line, pacing_turn);

enum gate_place { GATE_IN_USE, GATE_RESTING, GATE_IDLE };

struct gate {
	char key[INET6_ADDRSTRLEN]; /* first: that of the index */
	TAILQ_ENTRY(gate) next;     /* in resting or idle */
	enum gate_place place;
	unsigned passed; /* turns that have begun */
	struct turn_line line;
	unsigned waiting;      /* in it */
	int64_t due_ms;        /* the next may go */
	int64_t due_before_ms; /* what that was before the last went */
	bool took;             /* the last went at a gap and a rate */
	unsigned failures;     /* in a row */
	unsigned rests;        /* how often it was left alone */
	int64_t rests_until_ms;
};
TAILQ_HEAD(gate_list, gate);

struct pacing {
	struct pacing_options options;
	pacing_go *go;
	void *arg;
	struct lock lock;
	struct cond changed;
	pthread_t thread;
	bool threaded;
	/* The rest is under the lock. */
	bool closing, ended;
	bool going;            /* the thread is, without the lock */
	struct cond none_rest; /* and nobody is going */
	void *gates;           /* a tree, by key */
	struct gate_list resting, idle;
	size_t idle_count;
	int64_t due_us; /* by the rate, the next may go */
};

static bool
is_paced(const struct pacing *pacing)
{
	return pacing->options.gap_ms > 0 || pacing->options.rate > 0 ||
	       pacing->options.back_off;
}

/* --- gates --- */

static int
compare_gate_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Whose connections are spaced: an address, or the network that one host has of
 * IPv6. */
static void
print_gate_key(const struct pacing *pacing, const char *address,
    char key[INET6_ADDRSTRLEN])
{
	struct address parsed;

	text_copy(key, INET6_ADDRSTRLEN, address);
	if (!is_paced(pacing) || address_parse(address, &parsed) != 0 ||
	    parsed.family != AF_INET6)
		return;
	memset(parsed.octets + NETWORK_OCTETS, 0,
	    sizeof(parsed.octets) - NETWORK_OCTETS);
	address_from_rdata(parsed.octets, parsed.size, key);
}

static struct gate *
known_gate_locked(struct pacing *pacing, const char *address)
    HOLDS(pacing->lock)
{
	char key[INET6_ADDRSTRLEN];
	struct gate **node;

	print_gate_key(pacing, address, key);
	node = tfind(key, &pacing->gates, compare_gate_keys);
	return node == NULL ? NULL : *node;
}

static struct gate *
gate_locked(struct pacing *pacing, const char *address) HOLDS(pacing->lock)
{
	struct gate *gate = known_gate_locked(pacing, address);

	if (gate != NULL)
		return gate;
	gate = xcalloc(1, sizeof(*gate));
	print_gate_key(pacing, address, gate->key);
	TAILQ_INIT(&gate->line);
	if (tsearch(gate, &pacing->gates, compare_gate_keys) == NULL)
		abort(); /* no memory: as xalloc */
	return gate;
}

static void
drop_gate_locked(struct pacing *pacing, struct gate *gate) HOLDS(pacing->lock)
{
	tdelete(gate, &pacing->gates, compare_gate_keys);
	free(gate);
}

static void
take_out_gate_locked(struct pacing *pacing, struct gate *gate)
    HOLDS(pacing->lock)
{
	if (gate->place == GATE_RESTING)
		TAILQ_REMOVE(&pacing->resting, gate, next);
	if (gate->place == GATE_IDLE) {
		TAILQ_REMOVE(&pacing->idle, gate, next);
		pacing->idle_count--;
	}
	gate->place = GATE_IN_USE;
}

/* --- whose time has come --- */

static bool
is_left_alone(
    const struct pacing *pacing, const struct gate *gate, int64_t now_ms)
{
	return pacing->ended || gate->rests > 1 ||
	       now_ms < gate->rests_until_ms;
}

static int64_t
due_of(const struct pacing *pacing, const struct gate *gate, int64_t now_ms)
{
	int64_t rate_ms = (pacing->due_us + MS_US - 1) / MS_US;

	if (is_left_alone(pacing, gate, now_ms))
		return now_ms;
	return gate->due_ms > rate_ms ? gate->due_ms : rate_ms;
}

static void
begin_turn(struct pacing *pacing, struct gate *gate, int64_t now_ms)
{
	unsigned rate = pacing->options.rate;

	gate->passed++;
	gate->took = !is_left_alone(pacing, gate, now_ms);
	if (!gate->took)
		return;
	gate->due_before_ms = gate->due_ms;
	gate->due_ms = now_ms + pacing->options.gap_ms;
	if (rate == 0)
		return;
	if (pacing->due_us < now_ms * MS_US)
		pacing->due_us = now_ms * MS_US;
	pacing->due_us += SECOND_US / rate;
}

/* No connection was made. */
static void
restore_turn(struct pacing *pacing, struct gate *gate)
{
	if (!gate->took)
		return;
	gate->took = false;
	gate->due_ms = gate->due_before_ms;
	if (pacing->options.rate > 0)
		pacing->due_us -= SECOND_US / pacing->options.rate;
}

static bool
has_place(const struct pacing *pacing, const struct gate *gate)
{
	return gate->passed < pacing->options.per_address;
}

/* Behind all whose time comes before; mostly at the end. */
static void
rest_locked(struct pacing *pacing, struct gate *gate) HOLDS(pacing->lock)
{
	struct gate *before = TAILQ_LAST(&pacing->resting, gate_list);

	while (before != NULL && before->due_ms > gate->due_ms)
		before = TAILQ_PREV(before, gate_list, next);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&pacing->resting, gate, next);
	else
		TAILQ_INSERT_AFTER(&pacing->resting, before, gate, next);
	gate->place = GATE_RESTING;
	cond_signal(&pacing->changed);
}

/* Where it belongs when nothing more happens at it for now. */
static void
place_gate_locked(struct pacing *pacing, struct gate *gate) HOLDS(pacing->lock)
{
	take_out_gate_locked(pacing, gate);
	if (gate->waiting > 0) {
		if (has_place(pacing, gate))
			rest_locked(pacing, gate);
		return;
	}
	if (gate->passed > 0)
		return;
	if (!is_paced(pacing)) {
		drop_gate_locked(pacing, gate);
		return;
	}
	TAILQ_INSERT_TAIL(&pacing->idle, gate, next);
	gate->place = GATE_IDLE;
	if (++pacing->idle_count <= LIMIT_PACED_ADDRESSES)
		return;
	gate = TAILQ_FIRST(&pacing->idle);
	take_out_gate_locked(pacing, gate);
	drop_gate_locked(pacing, gate);
}

/* The first of the line, if it may go now. */
static struct pacing_turn *
next_turn_locked(struct pacing *pacing, struct gate *gate) HOLDS(pacing->lock)
{
	struct pacing_turn *turn = TAILQ_FIRST(&gate->line);
	int64_t now_ms = clock_mono_ms();

	if (turn == NULL || !has_place(pacing, gate) ||
	    due_of(pacing, gate, now_ms) > now_ms)
		return NULL;
	TAILQ_REMOVE(&gate->line, turn, next);
	gate->waiting--;
	begin_turn(pacing, gate, now_ms);
	return turn;
}

enum pacing_place
pacing_enter(struct pacing *pacing, struct pacing_turn *turn)
{
	enum pacing_place place = PACING_WAITS;
	struct gate *gate;

	lock_take(&pacing->lock);
	gate = gate_locked(pacing, turn->address);
	take_out_gate_locked(pacing, gate);
	if ((int64_t)gate->waiting * pacing->options.gap_ms > PACING_LINE_MS) {
		place = PACING_FULL;
	} else {
		TAILQ_INSERT_TAIL(&gate->line, turn, next);
		gate->waiting++;
		/* nobody goes before those who wait */
		if (gate->waiting == 1 &&
		    next_turn_locked(pacing, gate) != NULL)
			place = PACING_GOES;
	}
	place_gate_locked(pacing, gate);
	lock_drop(&pacing->lock);
	return place;
}

static void
note_turn_use(struct pacing *pacing, struct gate *gate, enum pacing_use use)
{
	switch (use) {
	case PACING_UNUSED:
		restore_turn(pacing, gate);
		break;
	case PACING_ANSWERED:
		gate->failures = 0;
		break;
	case PACING_FAILED:
		if (!pacing->options.back_off ||
		    ++gate->failures < PACING_FAILURES)
			break;
		gate->failures = 0;
		gate->rests++;
		gate->rests_until_ms = clock_mono_ms() + PACING_REST_MS;
		break;
	}
}

struct pacing_turn *
pacing_leave(struct pacing *pacing, const char *address, enum pacing_use use)
{
	struct pacing_turn *turn;
	struct gate *gate;

	lock_take(&pacing->lock);
	gate = known_gate_locked(pacing, address);
	assert(gate != NULL && gate->passed > 0);
	gate->passed--;
	note_turn_use(pacing, gate, use);
	take_out_gate_locked(pacing, gate);
	turn = next_turn_locked(pacing, gate);
	place_gate_locked(pacing, gate);
	lock_drop(&pacing->lock);
	return turn;
}

enum pacing_mood
pacing_mood(struct pacing *pacing, const char *address)
{
	enum pacing_mood mood = PACING_NOW;
	const struct gate *gate;

	lock_take(&pacing->lock);
	gate = known_gate_locked(pacing, address);
	if (gate != NULL && gate->rests > 1)
		mood = PACING_NEVER;
	else if (gate != NULL && is_left_alone(pacing, gate, clock_mono_ms()))
		mood = PACING_LATER;
	lock_drop(&pacing->lock);
	return mood;
}

/* --- the thread --- */

static void
await_gate_locked(struct pacing *pacing) HOLDS(pacing->lock)
{
	const struct gate *gate = TAILQ_FIRST(&pacing->resting);

	if (gate == NULL) {
		cond_broadcast(&pacing->none_rest);
		cond_wait(&pacing->changed, &pacing->lock);
	} else {
		cond_wait_until(&pacing->changed, &pacing->lock,
		    due_of(pacing, gate, clock_mono_ms()));
	}
}

static void *
run_pacing(void *arg)
{
	struct pacing *pacing = arg;

	lock_take(&pacing->lock);
	while (!pacing->closing) {
		struct gate *gate = TAILQ_FIRST(&pacing->resting);
		struct pacing_turn *turn =
		    gate == NULL ? NULL : next_turn_locked(pacing, gate);

		if (turn == NULL) {
			await_gate_locked(pacing);
			continue;
		}
		place_gate_locked(pacing, gate);
		pacing->going = true;
		lock_drop(&pacing->lock);
		pacing->go(pacing->arg, turn);
		lock_take(&pacing->lock);
		pacing->going = false;
	}
	lock_drop(&pacing->lock);
	return NULL;
}

void
pacing_end(struct pacing *pacing)
{
	lock_take(&pacing->lock);
	pacing->ended = true;
	cond_signal(&pacing->changed);
	while (pacing->going || !TAILQ_EMPTY(&pacing->resting))
		cond_wait(&pacing->none_rest, &pacing->lock);
	lock_drop(&pacing->lock);
}

struct pacing *
pacing_new(const struct pacing_options *options, pacing_go *go, void *arg,
    struct err *err)
{
	struct pacing *pacing = xcalloc(1, sizeof(*pacing));
	int rc;

	assert(options->per_address > 0);
	pacing->options = *options;
	pacing->go = go;
	pacing->arg = arg;
	lock_init(&pacing->lock);
	cond_init(&pacing->changed);
	cond_init(&pacing->none_rest);
	TAILQ_INIT(&pacing->resting);
	TAILQ_INIT(&pacing->idle);
	if (!is_paced(pacing))
		return pacing;
	rc = pthread_create(&pacing->thread, NULL, run_pacing, pacing);
	pacing->threaded = rc == 0;
	if (pacing->threaded)
		return pacing;
	err_set(err, ERR_LOCAL, "cannot start a thread: %s", strerror(rc));
	pacing_free(pacing);
	return NULL;
}

static void
drop_idle_locked(struct pacing *pacing) HOLDS(pacing->lock)
{
	struct gate *gate;

	while ((gate = TAILQ_FIRST(&pacing->idle)) != NULL) {
		take_out_gate_locked(pacing, gate);
		drop_gate_locked(pacing, gate);
	}
}

void
pacing_free(struct pacing *pacing)
{
	if (pacing == NULL)
		return;
	lock_take(&pacing->lock);
	pacing->closing = true;
	cond_signal(&pacing->changed);
	drop_idle_locked(pacing);
	lock_drop(&pacing->lock);
	if (pacing->threaded)
		pthread_join(pacing->thread, NULL);
	assert(pacing->gates == NULL);
	lock_fini(&pacing->lock);
	cond_fini(&pacing->changed);
	cond_fini(&pacing->none_rest);
	free(pacing);
}
