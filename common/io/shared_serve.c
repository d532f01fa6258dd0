/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: calls are taken from the queue as long as there is room, their
 * commands are put one behind the other and written as far as the connection
 * takes them, by who asks if it takes them at once, else by the thread.  Each
 * answer goes to the call that was sent first.  An answer that nobody asked
 * for, one that is none, or one that is OVERDUE ends the connection: from then
 * on no answer could be told from another's.
 */
#include "common/io/shared_inside.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	/* An answer that has not come after so many times its time never does
	 */
	OVERDUE = 20,

	BUFFER_SIZE = 16 * 1024,
};

static void
send_call_locked(struct shared *shared, struct call *call)
{
	size_t needed = shared->out_length + call->size;

	TAILQ_REMOVE(&shared->queued, call, link);
	if (needed > shared->out_size) {
		shared->out_size = 2 * needed;
		shared->out = xrealloc(shared->out, shared->out_size, 1);
	}
	memcpy(shared->out + shared->out_length, call->command, call->size);
	shared->out_length = needed;
	free(call->command);
	call->command = NULL;
	call->sent_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&shared->sent, call, link);
	shared->sent_count++;
}

/* No more is taken before what was taken is on its way. */
static void
take_calls_locked(struct shared *shared)
{
	struct call *call;

	while ((call = TAILQ_FIRST(&shared->queued)) != NULL &&
	       shared->sent_count < LIMIT_SHARED_PIPELINE &&
	       shared->out_length < BUFFER_SIZE)
		send_call_locked(shared, call);
}

bool
shared_send_locked(struct shared *shared)
{
	take_calls_locked(shared);
	while (!shared->lost && shared->out_sent < shared->out_length) {
		ssize_t count = shared_link_write(shared->connection,
		    shared->out + shared->out_sent,
		    shared->out_length - shared->out_sent);

		if (count == SHARED_LINK_AGAIN)
			return false;
		if (count == SHARED_LINK_LOST)
			shared->lost = true;
		else
			shared->out_sent += (size_t)count;
	}
	shared->out_length = shared->out_sent = 0;
	return !shared->lost;
}

static int
give_replies(struct shared *shared, struct err *err)
{
	struct resp *reply = NULL;
	int got;

	while ((got = resp_reader_next(shared->reader, &reply, err)) == 1)
		if (!shared_end_first(shared, &shared->sent, reply)) {
			resp_free(reply);
			return err_set(
			    err, ERR_DATA, "an answer that nobody asked for");
		}
	return got;
}

/* TLS reads and writes in turn. */
static ssize_t
read_from_store(struct shared *shared, char *octets, size_t size)
{
	ssize_t count;

	lock_take(&shared->lock);
	count = shared_link_read(shared->connection, octets, size);
	lock_drop(&shared->lock);
	return count;
}

/* Fewer than there is room for were all. */
static int
read_in(struct shared *shared, struct err *err)
{
	char octets[BUFFER_SIZE];
	ssize_t count;

	do {
		count = read_from_store(shared, octets, sizeof(octets));
		if (count == SHARED_LINK_AGAIN)
			return 0;
		if (count == SHARED_LINK_LOST)
			return err_set(err, ERR_TEMP, "the connection is lost");
		if (resp_reader_feed(
			shared->reader, octets, (size_t)count, err) != 0)
			return -1;
		if (give_replies(shared, err) != 0)
			return -1;
	} while (count == sizeof(octets));
	return 0;
}

/* When the first answer that is to come never will. */
static int64_t
overdue_ms_locked(const struct shared *shared)
{
	const struct call *call = TAILQ_FIRST(&shared->sent);

	return call == NULL ? INT64_MAX
			    : call->sent_ms +
				  (int64_t)OVERDUE * shared->options.timeout_ms;
}

/* The last one stays where it is sooner, which is no harm: see shared_ask.c. */
static int64_t
sleep_until_ms_locked(struct shared *shared)
{
	int64_t due_ms = shared_due_ms_locked(shared);
	int64_t overdue_ms = overdue_ms_locked(shared);

	if (overdue_ms < due_ms)
		due_ms = overdue_ms;
	if (clock_left_ms(shared->asleep_until_ms) == 0 ||
	    due_ms < shared->asleep_until_ms)
		shared->asleep_until_ms = due_ms;
	return shared->asleep_until_ms;
}

/* What we have no right to is a state of its own, until we have. */
static void
tell_refusals(struct shared *shared, const char *where)
{
	char refusal[LIMIT_DETAIL_SIZE];
	bool refused, news;

	lock_take(&shared->lock);
	refused = shared->refused != 0;
	news = refused != (shared->state == SHARED_DENIED);
	if (news)
		text_copy(refusal, sizeof(refusal), shared->refusal);
	lock_drop(&shared->lock);
	if (news)
		shared_tell_state(shared, refused ? SHARED_DENIED : SHARED_UP,
		    refused ? refusal : where);
}

/* What there is to be done, as long as there is something. */
enum step { STEP_AWAIT, STEP_LEAVE, STEP_LOST, STEP_OVERDUE };

static enum step
next_step(struct shared *shared, int64_t *until_ms, bool *to_write)
{
	enum step step = STEP_AWAIT;

	lock_take(&shared->lock);
	if (shared->leave || shared->end)
		step = STEP_LEAVE;
	else if (clock_left_ms(overdue_ms_locked(shared)) == 0)
		step = STEP_OVERDUE;
	else if (!shared_send_locked(shared) && shared->lost)
		step = STEP_LOST;
	*until_ms = sleep_until_ms_locked(shared);
	*to_write = shared->out_length > 0;
	lock_drop(&shared->lock);
	return step;
}

void
shared_serve_calls(struct shared *shared, const char *where, struct err *err)
{
	int64_t until_ms;
	bool to_write;

	for (;;) {
		switch (next_step(shared, &until_ms, &to_write)) {
		case STEP_LEAVE:
			return;
		case STEP_LOST:
			err_set(err, ERR_TEMP, "the connection is lost");
			return;
		case STEP_OVERDUE:
			err_set(err, ERR_TEMP, "it does not answer");
			return;
		case STEP_AWAIT:
			break;
		}
		if (!shared_link_await(
			shared->connection, to_write, shared->wake, until_ms))
			shared_heard_wake(shared);
		if (read_in(shared, err) != 0)
			return;
		shared_end_late(shared);
		tell_refusals(shared, where);
	}
}
