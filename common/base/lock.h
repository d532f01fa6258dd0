/* lock - mutexes and conditions that clang -Wthread-safety can check. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_LOCK_H
#define COMMON_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Order, outermost first:
 *   settings snapshot > writing of policies > policies > cache budget > cache >
 *   pool > dns dispatcher > store
 * Only policies and the budget take a cache's beside their own.  No lock is
 * held across I/O, a callback or a log line, but for the store's own and that
 * of writing policies around its disk, that of the log, which is the innermost,
 * around a socket that never blocks, and that around the making and ending of
 * libunbound's contexts.
 */

/* clang 14 cannot name a member in C: what a lock guards is said in comments */
#ifdef __clang__
#define LOCK_TYPE __attribute__((capability("mutex")))
#define HOLDS(l) __attribute__((requires_capability(l)))
#define TAKES(l) __attribute__((acquire_capability(l)))
#define DROPS(l) __attribute__((release_capability(l)))
#define UNCHECKED __attribute__((no_thread_safety_analysis))
#else
#define LOCK_TYPE
#define HOLDS(l)
#define TAKES(l)
#define DROPS(l)
#define UNCHECKED
#endif

struct LOCK_TYPE lock {
	pthread_mutex_t mutex;
};

struct cond {
	pthread_cond_t cond;
};

void lock_init(struct lock *lock);
void lock_fini(struct lock *lock);
void lock_take(struct lock *lock) TAKES(lock);
void lock_drop(struct lock *lock) DROPS(lock);

void cond_init(struct cond *cond);
void cond_fini(struct cond *cond);
void cond_signal(struct cond *cond);
void cond_broadcast(struct cond *cond);

/* cond_wait - wait for a signal; as ever, look at the condition again after */
void cond_wait(struct cond *cond, struct lock *lock) HOLDS(lock);

/* cond_wait_until - as cond_wait, false when deadline_ms (mono) has passed */
bool cond_wait_until(struct cond *cond, struct lock *lock, int64_t deadline_ms)
    HOLDS(lock);

#endif
