/* lock - mutexes and conditions that clang -Wthread-safety can check. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_LOCK_H
#define COMMON_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Which lock may be taken while another is held, outermost first:
 * - writing of policies > policies > cache budget > cache
 * - writing of policies > store
 * - what is collected for TLS reports > the book of it
 * - what is collected for TLS reports > relays
 *
 * All others are taken alone, and nothing is taken inside them: service,
 * listener, map answers, keeper of facts; engine, validation, check_pack,
 * flips; tenants, outbound; turns of fetches, flights, refresh of policies;
 * what hosts share (share, its queue, graves, fleet_events, fleet_examine), the
 * store of it, and lookups of that; pacing, pool, parking; dns_pace,
 * dns_pending, dns_system, translation; libunbound's contexts; log; in the
 * command, those of a survey: asking, explaining, further, probing, and its
 * store's.
 *
 * No lock is held across I/O or a log line, or while somebody is told of what
 * he waits for, but for these:
 * - writing of policies, the store's, and that of a survey's probes, around the
 *   disk
 * - the log's, and that of the store which hosts share, around a socket that
 *   never blocks
 * - libunbound's, around files that the library reads for a context
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
