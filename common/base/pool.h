/* pool - a fixed set of threads that take jobs from a bounded queue. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_POOL_H
#define COMMON_BASE_POOL_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct pool;
typedef void pool_job(void *arg);

/*
 * pool_new - start the threads, all signals blocked in them
 *
 * name is for debuggers, 15 octets at most.  LOCAL when the system gives no
 * more threads; none is left running then.
 */
void pool_free(struct pool *pool); /* does what is queued, then joins */
struct pool *pool_new(const char *name, unsigned threads, unsigned max_queue,
    struct err *err) OWNED(pool_free);
AUTO_DEFINE(pool);

/* pool_submit - queue a job; false when max_queue jobs wait already */
bool pool_submit(struct pool *pool, pool_job *job, void *arg);

#endif
