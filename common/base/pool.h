/* pool - a fixed set of threads that take jobs from a bounded queue; some are
 * kept for jobs that are quick. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_POOL_H
#define COMMON_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct pool;

enum pool_lane {
	POOL_AGAIN, /* goes on with what has its place, or needs none */
	POOL_FIRST, /* before all others */
	POOL_NEW,   /* may be quick */
	POOL_SLOW,  /* was not quick before */
};

/*
 * A job has the time until until_ms (clock_mono_ms).  INT64_MAX: as long as it
 * takes; it then returns true.  False: the time was too short; the job has left
 * all as it was, and is run again later, in POOL_SLOW.
 */
typedef bool pool_job(void *arg, int64_t until_ms);

/*
 * pool_new - start the threads, all signals blocked in them
 *
 * name is for debuggers, 15 octets at most.  LOCAL when the system gives no
 * more threads; none is left running then.
 *
 * A job has a place while it runs, and may keep it when it ends; there are as
 * many places as threads, unless pool_set_places made them more.  Jobs of
 * POOL_AGAIN need none, and run before all others.  Three places of four are
 * for POOL_FIRST and then the oldest job, and let it take as long as it takes.
 * While they are all taken, the rest are for POOL_FIRST and then the newest of
 * POOL_NEW, each for two seconds at most: jobs that are stuck, however many, do
 * not keep up those that are not.  The newest, because when more is asked than
 * can be done it has the most of its own deadline left.
 */
void pool_free(struct pool *pool); /* does what is queued, then joins */
struct pool *pool_new(const char *name, unsigned threads, unsigned max_queue,
    struct err *err) OWNED(pool_free);
AUTO_DEFINE(pool);

/* pool_set_places - so many, no fewer than threads; before the first job */
void pool_set_places(struct pool *pool, unsigned places);

/*
 * pool_keep - a job that runs keeps a place of its own when it ends: for what
 * it has begun, and waits for without a thread
 *
 * pool_leave - give that back
 *
 * hurried: its until_ms is none of INT64_MAX; the same for both.
 */
void pool_keep(struct pool *pool, bool hurried);
void pool_leave(struct pool *pool, bool hurried);

/* pool_submit - queue a job; false when max_queue jobs wait already, which are
 * never so many as UINT_MAX */
bool
pool_submit(struct pool *pool, enum pool_lane lane, pool_job *job, void *arg);

/* pool_displace - take out the job that has waited longest, but for those in
 * POOL_AGAIN and POOL_FIRST: its arg, or NULL */
void *pool_displace(struct pool *pool);

#endif
