/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the servers are tried in turn, from the one that took writes
 * last.  With a connection calls are served until it is lost or to be left.
 * Then nobody may ask any more, all who wait are told, and it is rested before
 * the next try: longer each time, also where a connection came to nothing soon,
 * but for several servers never for long, and by chance a little more or less,
 * so that hosts which lost the same store do not come back all at once.
 */
#include "common/io/shared_inside.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/io/shared_login.h"

enum {
	SECOND = 1000,

	/* Connection, TLS and HELLO together: the thread's time alone */
	OPEN_MS = 2 * SECOND,

	/* A connection that has lasted so long was none of a broken store: the
	 * next try is soon again */
	STEADY_MS = 3 * SECOND,

	/* How long a store is left alone at most */
	RETRY_MAX_MS = 60 * SECOND,
	RETRY_OF_SEVERAL_MS = 2 * SECOND,
};

/* Told outside of the lock, and once. */
void
shared_tell_state(
    struct shared *shared, enum shared_state state, const char *where)
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

static bool
is_ended(struct shared *shared)
{
	bool end;

	lock_take(&shared->lock);
	end = shared->end;
	lock_drop(&shared->lock);
	return end;
}

static const char *
print_server(const struct shared_address *server, char *out, size_t size)
{
	if (server->scheme == SHARED_UNIX)
		text_copy(out, size, server->host);
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
	struct shared_name name = {
	    .user = shared->user, .password = shared->password};
	enum shared_login outcome;

	shared->connection = shared_link_open(server, shared->options.tls,
	    shared->lookup, shared->wake, deadline_ms, err);
	if (shared->connection == NULL)
		return SHARED_LOGIN_LOST;
	shared->reader = resp_reader_new();
	outcome = shared_login(shared->connection, shared->reader, &name,
	    shared->wake, deadline_ms, err);
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
	shared->leave = shared->lost = false;
	shared->asleep_until_ms = 0; /* it looks first */
	shared->refused = 0;
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

		/* what woke before is over; what wakes from here on ends it */
		shared_heard_wake(shared);
		if (is_ended(shared))
			return false;
		outcome = try_server(shared, server, &err);
		if (outcome == SHARED_LOGIN_DONE) {
			shared->first = at;
			open_gate(shared);
			shared_tell_state(shared, SHARED_UP,
			    print_server(server, where, sizeof(where)));
			return true;
		}
		if (outcome == SHARED_LOGIN_DENIED || why[0] == '\0') {
			worst = outcome;
			text_copy(why, sizeof(why), err.text);
		}
	}
	shared_tell_state(shared,
	    worst == SHARED_LOGIN_DENIED ? SHARED_DENIED : SHARED_DOWN, why);
	if (worst == SHARED_LOGIN_DENIED)
		shared->retry_ms = RETRY_MAX_MS;
	return false;
}

static void
close_connection(struct shared *shared, struct err *err)
{
	lock_take(&shared->lock);
	shared->up = false;
	if (shared->leave) {
		err_set(err, ERR_TEMP, "%s", shared->leave_why);
		if (shared->retry_ms < shared->leave_rest_ms)
			shared->retry_ms = shared->leave_rest_ms;
	}
	shared->out_length = shared->out_sent = 0;
	lock_drop(&shared->lock);
	/* all who wait are told that nothing comes */
	while (shared_end_first(shared, &shared->sent, NULL) ||
	       shared_end_first(shared, &shared->queued, NULL))
		continue;
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
	shared_heard_wake(shared);
	return !end;
}

/* With a connection, until it is lost or left. */
static void
use_connection(struct shared *shared)
{
	int64_t began_ms = clock_mono_ms();
	char where[LIMIT_DETAIL_SIZE];
	struct err err;

	print_server(
	    &shared->options.servers[shared->first], where, sizeof(where));
	err_set(&err, ERR_TEMP, "it ends");
	shared_serve_calls(shared, where, &err);
	if (clock_mono_ms() - began_ms >= STEADY_MS)
		shared->retry_ms = SHARED_RETRY_MS;
	close_connection(shared, &err);
	if (!is_ended(shared))
		shared_tell_state(shared, SHARED_DOWN, err.text);
}

void *
shared_run(void *arg)
{
	struct shared *shared = arg;

	do {
		if (connect_to_any(shared))
			use_connection(shared);
	} while (rest_until_retry(shared));
	return NULL;
}
