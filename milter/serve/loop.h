/* loop - a thread that runs an event loop, and that others can wake. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_LOOP_H
#define MILTER_SERVE_LOOP_H

#include "common/base/err.h"
#include "common/base/own.h"

struct event_base;
struct loop;

/*
 * loop_new - a loop that does not run yet
 *
 * woken: called in its thread with arg after a loop_wake; several that come at
 * once may be one call.
 */
void loop_free(struct loop *loop);
struct loop *
loop_new(void (*woken)(void *arg), void *arg, struct err *err) OWNED(loop_free);

/* loop_base - where events are added: before loop_start, or in its thread.
 * They are freed before the loop is. */
struct event_base *loop_base(struct loop *loop);

/* loop_start - run it in a thread of its own, which takes no signals */
int loop_start(struct loop *loop, struct err *err);

/* loop_wake - have woken called; any thread, until loop_free */
void loop_wake(struct loop *loop);

/* loop_stop - end the thread, if it runs: no event is told of any more */
void loop_stop(struct loop *loop);

#endif
