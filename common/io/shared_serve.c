/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: calls are taken from the queue as long as there is room, their
 * commands are put one behind the other and written as far as the connection
 * takes them, and each answer goes to the call that was sent first.  An answer
 * that nobody asked for, one that is none, or one that is OVERDUE ends the
 * connection: from then on no answer could be told from another's.
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

/* Who has gone away asks for nothing. */
static void
send_call_locked(struct shared *shared, struct call *call)
{
	size_t needed = shared->out_length + call->size;

	TAILQ_REMOVE(&shared->queued, call, link);
	if (call->refs == 1) {
		shared_drop_call_locked(call);
		return;
	}
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
take_calls(struct shared *shared)
{
	struct call *call;

	lock_take(&shared->lock);
	while ((call = TAILQ_FIRST(&shared->queued)) != NULL &&
	       shared->sent_count < LIMIT_SHARED_PIPELINE &&
	       shared->out_length < BUFFER_SIZE)
		send_call_locked(shared, call);
	lock_drop(&shared->lock);
}

/* False: the connection is lost. */
static bool
send_out(struct shared *shared)
{
	while (shared->out_sent < shared->out_length) {
		ssize_t count = shared_link_write(shared->connection,
		    shared->out + shared->out_sent,
		    shared->out_length - shared->out_sent);

		if (count == SHARED_LINK_AGAIN)
			return true;
		if (count == SHARED_LINK_LOST)
			return false;
		shared->out_sent += (size_t)count;
	}
	shared->out_length = shared->out_sent = 0;
	return true;
}

/* To the call that has been sent first; false where nobody has asked. */
static bool
give_reply(struct shared *shared, struct resp *reply)
{
	struct call *call;

	lock_take(&shared->lock);
	call = TAILQ_FIRST(&shared->sent);
	if (call != NULL) {
		TAILQ_REMOVE(&shared->sent, call, link);
		shared->sent_count--;
		shared_end_call_locked(call, reply);
	}
	lock_drop(&shared->lock);
	if (call == NULL)
		resp_free(reply);
	return call != NULL;
}

static int
give_replies(struct shared *shared, struct err *err)
{
	struct resp *reply = NULL;
	int got;

	while ((got = resp_reader_next(shared->reader, &reply, err)) == 1)
		if (!give_reply(shared, reply))
			return err_set(
			    err, ERR_DATA, "an answer that nobody asked for");
	return got;
}

static int
read_in(struct shared *shared, struct err *err)
{
	char octets[BUFFER_SIZE];
	ssize_t count;

	while ((count = shared_link_read(
		    shared->connection, octets, sizeof(octets))) > 0) {
		if (resp_reader_feed(
			shared->reader, octets, (size_t)count, err) != 0)
			return -1;
		if (give_replies(shared, err) != 0)
			return -1;
	}
	return count == SHARED_LINK_AGAIN
		   ? 0
		   : err_set(err, ERR_TEMP, "the connection is lost");
}

/* When the first answer that is awaited never comes; now + a while if none is.
 */
static int64_t
overdue_ms(struct shared *shared)
{
	const struct call *call;
	int64_t from_ms = clock_mono_ms();

	lock_take(&shared->lock);
	call = TAILQ_FIRST(&shared->sent);
	if (call != NULL)
		from_ms = call->sent_ms;
	lock_drop(&shared->lock);
	return from_ms + (int64_t)OVERDUE * shared->options.timeout_ms;
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

static bool
is_to_leave(struct shared *shared)
{
	bool leave;

	lock_take(&shared->lock);
	leave = shared->leave || shared->end;
	lock_drop(&shared->lock);
	return leave;
}

void
shared_serve_calls(struct shared *shared, const char *where, struct err *err)
{
	int64_t until_ms;

	for (;;) {
		take_calls(shared);
		if (!send_out(shared)) {
			err_set(err, ERR_TEMP, "the connection is lost");
			return;
		}
		until_ms = overdue_ms(shared);
		shared_link_await(shared->connection, shared->out_length > 0,
		    shared->wake, until_ms);
		shared_heard_wake(shared);
		if (is_to_leave(shared) || read_in(shared, err) != 0)
			return;
		tell_refusals(shared, where);
		if (clock_left_ms(until_ms) == 0 &&
		    clock_left_ms(overdue_ms(shared)) == 0) {
			err_set(err, ERR_TEMP, "it does not answer");
			return;
		}
	}
}
