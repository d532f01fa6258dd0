/* shared - a store that several hosts share, Valkey or Redis: never needed,
 * never waited for beyond a bound, never trusted. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_H
#define COMMON_IO_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/shared_link.h"
#include "common/proto/resp.h"

struct shared;

enum shared_state {
	SHARED_DENIED, /* it takes our login, or what we do, for no right of
			* ours
			*/
	SHARED_DOWN,
	SHARED_UP,
};

/* Told by its thread, outside of locks, when the state has become another.
 * where: the store that answers, else why none does. */
typedef void
shared_changed(void *arg, enum shared_state state, const char *where);

/* What a request is for, and what came of it, as they are counted. */
enum shared_op {
	SHARED_OP_GET,
	SHARED_OP_PUT,
	SHARED_OP_LEASE,
	SHARED_OP_EVENT,
};
enum { SHARED_OPS = SHARED_OP_EVENT + 1 };
enum shared_result {
	SHARED_RESULT_RESTED, /* not asked: it is down */
	SHARED_RESULT_ERROR,  /* it answered with one, or the answer was lost */
	SHARED_RESULT_TIMEOUT,
	SHARED_RESULT_MISS,
	SHARED_RESULT_OK,
	SHARED_RESULT_HIT,
};
enum { SHARED_RESULTS = SHARED_RESULT_HIT + 1 };

/* Bounds of how long an answer took, in microseconds; above the last: one more.
 */
enum { SHARED_BOUNDS = 8 };
extern const unsigned shared_bounds_us[SHARED_BOUNDS];

struct shared_counts {
	_Atomic uint64_t requests[SHARED_OPS][SHARED_RESULTS];
	_Atomic uint64_t took[SHARED_BOUNDS + 1];
	_Atomic uint64_t took_us; /* in all */
};

struct shared_options {
	struct shared_address servers[LIMIT_SHARED_SERVERS];
	size_t server_count;
	struct shared_tls *tls; /* outlives it; NULL: none of them is TLS */
	const char *user;       /* NULL: the default user */
	const char *password;   /* NULL: no login */
	int timeout_ms;         /* of one answer */
	struct shared_counts *counts; /* outlives it */
	shared_changed *changed;      /* must not block */
	void *arg;
};

/*
 * shared_new - start its thread, which connects at once and ever again
 *
 * NULL where there is no thread to be had.  shared_free: nobody asks any more.
 */
void shared_free(struct shared *shared);
struct shared *shared_new(const struct shared_options *options, struct err *err)
    OWNED(shared_free);

/*
 * What came of a request: reply is for resp_free(), or NULL.  By the store's
 * thread, or at once where it is down; it must not block, nor ask.
 */
typedef void
shared_answered(void *arg, struct resp *reply, enum shared_result result);

/*
 * shared_begin - as shared_ask, for who does not wait: answered is called once,
 * after timeout_ms at the latest
 */
void shared_begin(struct shared *shared, enum shared_op op,
    const struct resp_words *words, shared_answered *answered, void *arg);

/*
 * shared_ask - a command and its answer, for resp_free(); NULL with none
 *
 * The caller waits for timeout_ms at most, and not at all while the store is
 * down: that is SHARED_RESULT_RESTED.  Three answers that did not come in time
 * within ten seconds make it so.  An answer that is an error is returned as
 * such, as SHARED_RESULT_ERROR; a nil is a MISS.
 */
struct resp *shared_ask(struct shared *shared, enum shared_op op,
    const struct resp_words *words, enum shared_result *result);

/* What is known of it now. */
struct shared_status {
	enum shared_state state;
	char where[LIMIT_DETAIL_SIZE]; /* as told last */
	int rest_ms;   /* until it is tried again, where it is not up */
	int64_t up_ms; /* for how long it has been */
};
void shared_look(struct shared *shared, struct shared_status *out);
bool shared_is_up(struct shared *shared);

#endif
