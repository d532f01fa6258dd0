/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/lock.h"

#include <assert.h>
#include <errno.h>

#include "common/base/clock.h"

void
lock_init(struct lock *lock)
{
	int rc = pthread_mutex_init(&lock->mutex, NULL);

	assert(rc == 0);
	(void)rc;
}

void
lock_fini(struct lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

void UNCHECKED
lock_take(struct lock *lock)
{
	int rc = pthread_mutex_lock(&lock->mutex);

	assert(rc == 0);
	(void)rc;
}

void UNCHECKED
lock_drop(struct lock *lock)
{
	int rc = pthread_mutex_unlock(&lock->mutex);

	assert(rc == 0);
	(void)rc;
}

void
cond_init(struct cond *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cond->cond, &attr);
	pthread_condattr_destroy(&attr);
}

void
cond_fini(struct cond *cond)
{
	pthread_cond_destroy(&cond->cond);
}

void
cond_signal(struct cond *cond)
{
	pthread_cond_signal(&cond->cond);
}

void
cond_broadcast(struct cond *cond)
{
	pthread_cond_broadcast(&cond->cond);
}

void
cond_wait(struct cond *cond, struct lock *lock)
{
	pthread_cond_wait(&cond->cond, &lock->mutex);
}

bool
cond_wait_until(struct cond *cond, struct lock *lock, int64_t deadline_ms)
{
	struct timespec at = clock_timespec(deadline_ms);

	return pthread_cond_timedwait(&cond->cond, &lock->mutex, &at) !=
	       ETIMEDOUT;
}
