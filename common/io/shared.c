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
 * 4. Three that went away in vain within ten seconds end the connection, and so
 *    does an answer that is none.  All who wait are told, and until the store
 *    has answered again nobody waits for it.
 *
 * A call is of two: of who asks, and of the thread while it is in the queue.
 * The last of them frees it.
 */
#include "common/io/shared.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/shared_login.h"

enum {
	SECOND = 1000,

	/* Connection, TLS and HELLO together: the thread's time alone */
	OPEN_MS = 2 * SECOND,

	/* Timeouts that make a store down, within */
	TIMEOUTS = 3,
	TIMEOUTS_MS = 10 * SECOND,

	/* How long it is left alone then; after another failure; at most */
	REST_MS = 5 * SECOND,
	RETRY_MS = SECOND,
	RETRY_MAX_MS = 60 * SECOND,
	RETRY_OF_SEVERAL_MS = 2 * SECOND,

	/* An answer that has not come after so many times its time never does
	 */
	OVERDUE = 20,

	BUFFER_SIZE = 16 * 1024,
};

const unsigned shared_bounds_us[SHARED_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000};

struct call {
	TAILQ_ENTRY(call) link;
	char *command; /* until it is sent */
	size_t size;
	int64_t sent_ms;
	struct cond answered;
	bool over; /* answered, or it never will be */
	struct resp *reply;
	unsigned refs;
};
TAILQ_HEAD(call_list, call);

struct shared {
	struct shared_options options;
	char *user, *password;
	struct shared_lookup *lookup;
	pthread_t thread;
	int wake; /* an eventfd */

	/* the thread's alone */
	struct shared_link *connection;
	struct resp_reader *reader;
	char *out; /* commands that are being sent */
	size_t out_length, out_sent, out_size;
	int retry_ms;
	size_t first; /* server to ask first */

	struct lock lock; /* for all that follows */
	struct cond ending;
	bool end;
	bool up;
	bool leave; /* the connection is to be given up */
	int leave_rest_ms;
	char leave_why[LIMIT_DETAIL_SIZE];
	struct call_list queued, sent;
	size_t sent_count;
	int64_t timeouts_ms[TIMEOUTS]; /* the last ones */
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE];
	int64_t since_ms, retry_at_ms;
	bool told;
};

/* --- calls --- */

static void
drop_call_locked(struct call *call)
{
	assert(call->refs > 0);
	if (--call->refs > 0)
		return;
	cond_fini(&call->answered);
	resp_free(call->reply);
	free(call->command);
	free(call);
}

static void
end_call_locked(struct call *call, struct resp *reply)
{
	call->over = true;
	call->reply = reply;
	cond_signal(&call->answered);
	drop_call_locked(call);
}

static void
wake_thread(const struct shared *shared)
{
	uint64_t one = 1;

	/* a full one wakes as well */
	if (write(shared->wake, &one, sizeof(one)) < 0)
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
	wake_thread(shared);
}

/* Three in ten seconds are enough. */
static void
note_timeout_locked(struct shared *shared)
{
	int64_t now = clock_mono_ms();

	memmove(shared->timeouts_ms, shared->timeouts_ms + 1,
	    (TIMEOUTS - 1) * sizeof(shared->timeouts_ms[0]));
	shared->timeouts_ms[TIMEOUTS - 1] = now;
	if (shared->timeouts_ms[0] != 0 &&
	    now - shared->timeouts_ms[0] < TIMEOUTS_MS)
		leave_locked(shared, REST_MS, "it does not answer in time");
}

/* What an error says of the store itself, not of what was asked. */
static void
heed_error_locked(struct shared *shared, const struct resp *reply)
{
	static const char *const rows[] = {
	    "LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOAUTH"};
	char text[LIMIT_DETAIL_SIZE];

	text_copy(text, sizeof(text), reply->text);
	text_printable(text, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (resp_is_error(reply, rows[i]))
			leave_locked(shared, RETRY_MS, text);
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
	if (!over)
		note_timeout_locked(shared);
	else if (reply != NULL && reply->kind == RESP_ERROR)
		heed_error_locked(shared, reply);
	drop_call_locked(call);
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
	lock_take(&shared->lock);
	up = shared->up;
	if (up) {
		call->refs++;
		TAILQ_INSERT_TAIL(&shared->queued, call, link);
		wake_thread(shared);
	} else {
		drop_call_locked(call);
	}
	lock_drop(&shared->lock);
	*result = SHARED_RESULT_RESTED;
	if (up)
		reply = await_call(shared, call, op, result);
	count_answer(shared, op, *result, mono_us() - began_us);
	return reply;
}

/* --- the thread: sending and reading --- */

/* Who has gone away asks for nothing. */
static void
send_call_locked(struct shared *shared, struct call *call)
{
	size_t needed = shared->out_length + call->size;

	TAILQ_REMOVE(&shared->queued, call, link);
	if (call->refs == 1) {
		drop_call_locked(call);
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
		end_call_locked(call, reply);
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

static void
drain_wake(const struct shared *shared)
{
	uint64_t count;

	if (read(shared->wake, &count, sizeof(count)) < 0)
		return;
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

/* Until the connection is lost or to be left; err: why. */
static void
serve_calls(struct shared *shared, struct err *err)
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
		drain_wake(shared);
		if (is_to_leave(shared) || read_in(shared, err) != 0)
			return;
		if (clock_left_ms(until_ms) == 0 &&
		    clock_left_ms(overdue_ms(shared)) == 0) {
			err_set(err, ERR_TEMP, "it does not answer");
			return;
		}
	}
}

/* --- the thread: connecting --- */

/* Told outside of the lock, and once. */
static void
tell_state(struct shared *shared, enum shared_state state, const char *where)
{
	bool news;

	lock_take(&shared->lock);
	news = !shared->told || shared->state != state;
	if (news)
		shared->since_ms = clock_mono_ms();
	shared->told = true;
	shared->state = state;
	text_copy(shared->where, sizeof(shared->where), where);
	lock_drop(&shared->lock);
	if (news)
		shared->options.changed(shared->options.arg, state, where);
}

static const char *
print_server(const struct shared_address *server, char *out, size_t size)
{
	if (server->scheme == SHARED_UNIX)
		snprintf(out, size, "%s", server->host);
	else
		snprintf(out, size,
		    strchr(server->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
		    server->host, server->port);
	return out;
}

static enum shared_login
try_server(
    struct shared *shared, const struct shared_address *server, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + OPEN_MS;
	enum shared_login outcome;

	shared->connection = shared_link_open(server, shared->options.tls,
	    shared->lookup, shared->wake, deadline_ms, err);
	if (shared->connection == NULL)
		return SHARED_LOGIN_LOST;
	shared->reader = resp_reader_new();
	outcome = shared_login(shared->connection, shared->reader, shared->user,
	    shared->password, shared->wake, deadline_ms, err);
	if (outcome == SHARED_LOGIN_DONE)
		return outcome;
	shared_link_free(shared->connection);
	shared->connection = NULL;
	resp_reader_free(shared->reader);
	shared->reader = NULL;
	return outcome;
}

static void
open_gate(struct shared *shared)
{
	lock_take(&shared->lock);
	shared->up = !shared->end;
	shared->leave = false;
	memset(shared->timeouts_ms, 0, sizeof(shared->timeouts_ms));
	lock_drop(&shared->lock);
}

/* The first that takes writes; the reason of the first that does not is told.
 */
static bool
connect_to_any(struct shared *shared)
{
	enum shared_login worst = SHARED_LOGIN_LOST, outcome;
	char why[LIMIT_DETAIL_SIZE] = "", where[LIMIT_DETAIL_SIZE];

	for (size_t i = 0; i < shared->options.server_count; i++) {
		size_t at = (shared->first + i) % shared->options.server_count;
		const struct shared_address *server =
		    &shared->options.servers[at];
		struct err err;

		outcome = try_server(shared, server, &err);
		if (outcome == SHARED_LOGIN_DONE) {
			shared->first = at;
			open_gate(shared);
			tell_state(shared, SHARED_UP,
			    print_server(server, where, sizeof(where)));
			return true;
		}
		if (outcome == SHARED_LOGIN_DENIED || why[0] == '\0') {
			worst = outcome;
			text_copy(why, sizeof(why), err.text);
		}
	}
	tell_state(shared,
	    worst == SHARED_LOGIN_DENIED ? SHARED_DENIED : SHARED_DOWN, why);
	if (worst == SHARED_LOGIN_DENIED)
		shared->retry_ms = RETRY_MAX_MS;
	return false;
}

/* All who wait are told that nothing comes. */
static void
drop_calls(struct shared *shared, struct call_list *list)
{
	struct call *call;

	lock_take(&shared->lock);
	while ((call = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, call, link);
		end_call_locked(call, NULL);
	}
	lock_drop(&shared->lock);
}

static void
close_connection(struct shared *shared, struct err *err)
{
	lock_take(&shared->lock);
	shared->up = false;
	if (shared->leave) {
		err_set(err, ERR_TEMP, "%s", shared->leave_why);
		shared->retry_ms = shared->leave_rest_ms;
	}
	lock_drop(&shared->lock);
	drop_calls(shared, &shared->sent);
	drop_calls(shared, &shared->queued);
	shared->sent_count = 0;
	shared->out_length = shared->out_sent = 0;
	shared_link_free(shared->connection);
	shared->connection = NULL;
	resp_reader_free(shared->reader);
	shared->reader = NULL;
}

/* Hosts that lost the same store do not come back all at once: +-20 %. */
static int
jittered_ms(int ms)
{
	uint16_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		return ms;
	return ms * 4 / 5 + (int)((int64_t)ms * 2 / 5 * random / UINT16_MAX);
}

/* False when it is to end. */
static bool
rest_until_retry(struct shared *shared)
{
	int most_ms = shared->options.server_count > 1 ? RETRY_OF_SEVERAL_MS
						       : RETRY_MAX_MS;
	int rest_ms = shared->retry_ms < most_ms ? shared->retry_ms : most_ms;
	bool end;

	rest_ms = jittered_ms(rest_ms);
	shared->retry_ms = shared->retry_ms * 2 < RETRY_MAX_MS
			       ? shared->retry_ms * 2
			       : RETRY_MAX_MS;
	lock_take(&shared->lock);
	shared->retry_at_ms = clock_mono_ms() + rest_ms;
	while (!shared->end && cond_wait_until(&shared->ending, &shared->lock,
				   shared->retry_at_ms))
		continue;
	end = shared->end;
	lock_drop(&shared->lock);
	drain_wake(shared);
	return !end;
}

static bool
is_ended(struct shared *shared)
{
	bool end;

	lock_take(&shared->lock);
	end = shared->end;
	lock_drop(&shared->lock);
	return end;
}

static void *
run_shared(void *arg)
{
	struct shared *shared = arg;
	struct err err;

	do {
		if (!connect_to_any(shared))
			continue;
		err_set(&err, ERR_TEMP, "it ends");
		shared->retry_ms = RETRY_MS;
		serve_calls(shared, &err);
		close_connection(shared, &err);
		if (!is_ended(shared))
			tell_state(shared, SHARED_DOWN, err.text);
	} while (rest_until_retry(shared));
	return NULL;
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
	shared->retry_ms = RETRY_MS;
	shared->state = SHARED_DOWN;
	TAILQ_INIT(&shared->queued);
	TAILQ_INIT(&shared->sent);
	lock_init(&shared->lock);
	cond_init(&shared->ending);
	shared->lookup = shared_lookup_new();
	shared->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (shared->wake >= 0 &&
	    pthread_create(&shared->thread, NULL, run_shared, shared) == 0)
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
	wake_thread(shared);
	lock_drop(&shared->lock);
	pthread_join(shared->thread, NULL);
	drop_shared(shared);
}
