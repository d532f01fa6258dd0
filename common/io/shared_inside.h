/* shared_inside - what the files of shared have in common. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_INSIDE_H
#define COMMON_IO_SHARED_INSIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/base/lock.h"
#include "common/io/shared.h"

enum {
	/* Timeouts that make a store down, within a while */
	SHARED_TIMEOUTS = 3,

	/* Before it is asked again after a failure, at first */
	SHARED_RETRY_MS = 1000,
};

struct call {
	TAILQ_ENTRY(call) link;
	char *command; /* until it is sent */
	size_t size;
	int64_t sent_ms;
	unsigned turn;   /* of the connection that it is for */
	unsigned refuse; /* its command, a bit of struct shared's refused */
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
	unsigned turn;    /* of the connection */
	unsigned refused; /* commands that we have no right to */
	char refusal[LIMIT_DETAIL_SIZE];
	int64_t timeouts_ms[SHARED_TIMEOUTS]; /* the last ones */
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE];
	int64_t since_ms, retry_at_ms;
	bool told;
};

/* shared_end_call_locked - it is over, with a reply or NULL;
 * shared_drop_call_locked - by one of the two that have it, the last of which
 * frees it */
void shared_end_call_locked(struct call *call, struct resp *reply);
void shared_drop_call_locked(struct call *call);

/* shared_wake_thread - the thread has something to look at; shared_heard_wake -
 * it has */
void shared_wake_thread(const struct shared *shared);
void shared_heard_wake(const struct shared *shared);

/* shared_tell_state - the thread's: tell of a state, if it is another one */
void shared_tell_state(
    struct shared *shared, enum shared_state state, const char *where);

/* shared_serve_calls - the thread's, with a connection to where: until that is
 * lost or to be left; err: why */
void
shared_serve_calls(struct shared *shared, const char *where, struct err *err);

/* shared_run - the thread; arg: struct shared */
void *shared_run(void *arg);

#endif
