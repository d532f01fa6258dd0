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
	char *command; /* NULL once it is sent */
	size_t size;
	int64_t asked_us, until_ms; /* that it is waited for */
	int64_t sent_ms;
	enum shared_op op;
	unsigned command_bit; /* of struct shared's refused */
	bool late;            /* who asked was told that nothing comes */
	shared_answered *answered;
	void *arg;
};
TAILQ_HEAD(call_list, call);

struct shared {
	struct shared_options options;
	char *user, *password;
	struct shared_lookup *lookup;
	pthread_t thread;
	int wake; /* an eventfd */

	/* the thread's alone */
	struct resp_reader *reader;
	int retry_ms;
	size_t first; /* server to ask first */

	struct lock lock; /* for all that follows */
	struct cond ending;
	struct shared_link *connection; /* not NULL while it is up */
	bool lost;                      /* it can be written to no more */
	char *out;                      /* commands that are being sent */
	size_t out_length, out_sent, out_size;
	bool end;
	bool up;
	bool leave; /* the connection is to be given up */
	int leave_rest_ms;
	char leave_why[LIMIT_DETAIL_SIZE];
	struct call_list queued, sent;
	size_t sent_count;
	int64_t asleep_until_ms; /* of the thread */
	unsigned refused;        /* commands that we have no right to */
	char refusal[LIMIT_DETAIL_SIZE];
	int64_t timeouts_ms[SHARED_TIMEOUTS]; /* the last ones */
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE];
	int64_t since_ms, retry_at_ms;
	bool told;
};

/* shared_answer_call - it is counted, and who asked is told; shared_drop_call -
 * out of all lists */
void shared_answer_call(struct shared *shared, const struct call *call,
    struct resp *reply, enum shared_result result);
void shared_drop_call(struct call *call);

/*
 * These are the thread's:
 *
 * shared_end_first - the first of a list is over, with a reply or NULL; false
 * where there is none
 *
 * shared_end_late - whoever waits too long is told that nothing comes
 *
 * shared_due_ms_locked - when that is next, or INT64_MAX
 */
bool shared_end_first(
    struct shared *shared, struct call_list *list, struct resp *reply);
void shared_end_late(struct shared *shared);
int64_t shared_due_ms_locked(const struct shared *shared);

/* shared_wake_thread - the thread has something to look at; shared_heard_wake -
 * it has */
void shared_wake_thread(const struct shared *shared);
void shared_heard_wake(const struct shared *shared);

/* shared_send_locked - what is in the queue, as far as there is room for it;
 * true: all that was taken is on its way */
bool shared_send_locked(struct shared *shared);

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
