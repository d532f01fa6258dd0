/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.
 * 1. One thread has the one connection.  It asks the servers in turn until one
 *    says that it takes writes, and tries again after 1, 2, 4 ... 60 s where
 *    none does; with several, after 2 s at most, for one of them is made the
 *    master when another has gone.
 * 2. Who asks puts a call in the queue, wakes the thread, and waits at the call
 *    for its answer.  The thread sends up to LIMIT_SHARED_PIPELINE of them
 *    without an answer, which come in the order of the calls.
 * 3. Who has waited for his time goes away.  His call stays in the order until
 *    its answer has come, which is then dropped.
 * 4. A command that we have no right to is told of, once, as a state of its
 *    own; what is allowed goes on.
 * 5. Three that went away in vain within ten seconds end the connection, and so
 *    does an answer that is none.  All who wait are told, and until the store
 *    has answered again nobody waits for it.
 *
 * A call is of two: of who asks, and of the thread while it is in the queue.
 * The last of them frees it.
 */
#include "common/io/shared.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/shared_inside.h"

enum {
	SECOND = 1000,

	/* Timeouts within this time make a store down; how long it is left
	 * alone then */
	TIMEOUTS_MS = 10 * SECOND,
	REST_MS = 5 * SECOND,
};

const unsigned shared_bounds_us[SHARED_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000};

/* --- calls --- */

void
shared_drop_call_locked(struct call *call)
{
	assert(call->refs > 0);
	if (--call->refs > 0)
		return;
	cond_fini(&call->answered);
	resp_free(call->reply);
	free(call->command);
	free(call);
}

void
shared_end_call_locked(struct call *call, struct resp *reply)
{
	call->over = true;
	call->reply = reply;
	cond_signal(&call->answered);
	shared_drop_call_locked(call);
}

void
shared_wake_thread(const struct shared *shared)
{
	uint64_t one = 1;

	/* a full one wakes as well */
	if (write(shared->wake, &one, sizeof(one)) < 0)
		return;
}

void
shared_heard_wake(const struct shared *shared)
{
	uint64_t count;

	if (read(shared->wake, &count, sizeof(count)) < 0)
		return;
}

static void
leave_locked(struct shared *shared, int rest_ms, const char *why)
{
	if (shared->leave)
		return;
	shared->up = false;
	shared->leave = true;
	shared->leave_rest_ms = rest_ms;
	text_copy(shared->leave_why, sizeof(shared->leave_why), why);
	shared_wake_thread(shared);
}

/* Three in ten seconds are enough. */
static void
note_timeout_locked(struct shared *shared)
{
	int64_t now = clock_mono_ms();

	memmove(shared->timeouts_ms, shared->timeouts_ms + 1,
	    (SHARED_TIMEOUTS - 1) * sizeof(shared->timeouts_ms[0]));
	shared->timeouts_ms[SHARED_TIMEOUTS - 1] = now;
	if (shared->timeouts_ms[0] != 0 &&
	    now - shared->timeouts_ms[0] < TIMEOUTS_MS)
		leave_locked(shared, REST_MS, "it does not answer in time");
}

/* What an error says of the store itself, not of what was asked. */
static void
heed_error_locked(struct shared *shared, const char *text)
{
	static const char *const rows[] = {
	    "LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOAUTH"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(text, rows[i], strlen(rows[i])) == 0)
			leave_locked(shared, SHARED_RETRY_MS, text);
}

/* A command that is refused is told of until it is taken again; the others go
 * on. */
static void
heed_right_locked(struct shared *shared, unsigned command, const char *refusal)
{
	unsigned before = shared->refused;

	if (refusal == NULL) {
		shared->refused &= ~command;
	} else {
		shared->refused |= command;
		text_copy(shared->refusal, sizeof(shared->refusal), refusal);
	}
	if (shared->refused != before)
		shared_wake_thread(shared);
}

/* By a connection that is over already it says nothing of the one there is. */
static void
heed_reply_locked(
    struct shared *shared, const struct call *call, const struct resp *reply)
{
	bool refused = resp_is_error(reply, "NOPERM");
	char text[LIMIT_DETAIL_SIZE];

	if (call->turn != shared->turn)
		return;
	if (reply->kind == RESP_ERROR) {
		text_copy(text, sizeof(text), reply->text);
		text_printable(text, "");
		heed_error_locked(shared, text);
	}
	heed_right_locked(shared, call->refuse, refused ? text : NULL);
}

/* A bit for each command that is in use. */
static unsigned
command_bit(const char *command)
{
	static const char *const rows[] = {
	    "GET", "SET", "DEL", "XADD", "XREAD", "HSET", "HGETALL", "HDEL"};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	unsigned i = 0;

	while (i < ROWS && strcmp(rows[i], command) != 0)
		i++;
	return 1U << i;
}

static enum shared_result
result_of(const struct resp *reply, enum shared_op op)
{
	switch (reply->kind) {
	case RESP_ERROR:
		return SHARED_RESULT_ERROR;
	case RESP_NIL:
		return SHARED_RESULT_MISS;
	case RESP_STATUS:
	case RESP_INTEGER:
	case RESP_TEXT:
	case RESP_ARRAY:
		break;
	}
	return op == SHARED_OP_GET ? SHARED_RESULT_HIT : SHARED_RESULT_OK;
}

static void
count_answer(struct shared *shared, enum shared_op op,
    enum shared_result result, int64_t took_us)
{
	struct shared_counts *counts = shared->options.counts;
	size_t i = 0;

	counts->requests[op][result]++;
	if (result < SHARED_RESULT_MISS)
		return;
	while (i < SHARED_BOUNDS && took_us > shared_bounds_us[i])
		i++;
	counts->took[i]++;
	counts->took_us += (uint64_t)took_us;
}

static int64_t
mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits for a call that is queued; the reply, or NULL. */
static struct resp *
await_call(struct shared *shared, struct call *call, enum shared_op op,
    enum shared_result *result)
{
	int64_t deadline_ms = clock_mono_ms() + shared->options.timeout_ms;
	struct resp *reply;
	bool over;

	lock_take(&shared->lock);
	while (!call->over)
		if (!cond_wait_until(
			&call->answered, &shared->lock, deadline_ms))
			break;
	over = call->over;
	reply = call->reply;
	call->reply = NULL;
	if (!over && call->turn == shared->turn)
		note_timeout_locked(shared);
	else if (reply != NULL)
		heed_reply_locked(shared, call, reply);
	shared_drop_call_locked(call);
	lock_drop(&shared->lock);
	if (reply != NULL)
		*result = result_of(reply, op);
	else
		*result = over ? SHARED_RESULT_ERROR : SHARED_RESULT_TIMEOUT;
	return reply;
}

struct resp *
shared_ask(struct shared *shared, enum shared_op op,
    const struct resp_words *words, enum shared_result *result)
{
	struct call *call = xcalloc(1, sizeof(*call));
	int64_t began_us = mono_us();
	struct resp *reply = NULL;
	bool up;

	call->command = resp_command(words, &call->size);
	cond_init(&call->answered);
	call->refs = 1;
	call->refuse = command_bit(words->items[0]);
	lock_take(&shared->lock);
	up = shared->up;
	if (up) {
		call->refs++;
		call->turn = shared->turn;
		TAILQ_INSERT_TAIL(&shared->queued, call, link);
		shared_wake_thread(shared);
	} else {
		shared_drop_call_locked(call);
	}
	lock_drop(&shared->lock);
	*result = SHARED_RESULT_RESTED;
	if (up)
		reply = await_call(shared, call, op, result);
	count_answer(shared, op, *result, mono_us() - began_us);
	return reply;
}

/* --- making and ending --- */

bool
shared_is_up(struct shared *shared)
{
	bool up;

	lock_take(&shared->lock);
	up = shared->up;
	lock_drop(&shared->lock);
	return up;
}

void
shared_look(struct shared *shared, struct shared_status *out)
{
	lock_take(&shared->lock);
	out->state = shared->state;
	text_copy(out->where, sizeof(out->where), shared->where);
	out->rest_ms = shared->up ? 0 : clock_left_ms(shared->retry_at_ms);
	out->up_ms = shared->up ? clock_mono_ms() - shared->since_ms : 0;
	lock_drop(&shared->lock);
}

static void
drop_shared(struct shared *shared)
{
	assert(TAILQ_EMPTY(&shared->queued) && TAILQ_EMPTY(&shared->sent));
	if (shared->wake >= 0)
		close(shared->wake);
	cond_fini(&shared->ending);
	lock_fini(&shared->lock);
	shared_lookup_free(shared->lookup);
	free(shared->out);
	free(shared->user);
	free(shared->password);
	free(shared);
}

struct shared *
shared_new(const struct shared_options *options, struct err *err)
{
	struct shared *shared = xcalloc(1, sizeof(*shared));

	assert(options->server_count > 0 && options->timeout_ms > 0);
	shared->options = *options;
	if (options->user != NULL)
		shared->user = xstrdup(options->user);
	if (options->password != NULL)
		shared->password = xstrdup(options->password);
	shared->options.user = shared->options.password = NULL;
	shared->retry_ms = SHARED_RETRY_MS;
	shared->state = SHARED_DOWN;
	TAILQ_INIT(&shared->queued);
	TAILQ_INIT(&shared->sent);
	lock_init(&shared->lock);
	cond_init(&shared->ending);
	shared->lookup = shared_lookup_new();
	shared->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (shared->wake >= 0 &&
	    pthread_create(&shared->thread, NULL, shared_run, shared) == 0)
		return shared;
	err_set(err, ERR_LOCAL, "no more threads or files");
	drop_shared(shared);
	return NULL;
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	lock_take(&shared->lock);
	shared->end = true;
	shared->up = false;
	cond_broadcast(&shared->ending);
	shared_wake_thread(shared);
	lock_drop(&shared->lock);
	pthread_join(shared->thread, NULL);
	drop_shared(shared);
}
