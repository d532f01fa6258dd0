/* parking - where a job stands that waits for others to end, so that it holds
 * no thread meanwhile. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_PARKING_H
#define COMMON_BASE_PARKING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/base/pool.h"

struct parking;
struct parking_ticket;

/*
 * parking_new - an empty parking
 *
 * A parked job goes on in pool, which outlives the parking and must never
 * refuse a job.  The parking starts one thread, which watches deadlines: LOCAL
 * when it cannot be started. parking_free: no job may be parked, and nobody may
 * call parking_note any more.
 */
void parking_free(struct parking *parking);
struct parking *
parking_new(struct pool *pool, struct err *err) OWNED(parking_free);
AUTO_DEFINE(parking);

/*
 * How a job is parked, in the order in which it is done:
 *
 * parking_ticket - a ticket for job, which will go on at deadline_ms (mono) at
 * the latest parking_note - one thing that the job waits for has come; has the
 * type of a cache_ready, so that caches can call it parking_park - park the job
 * until parking_note was called count times
 *
 * 1. Take the ticket.
 * 2. For each thing that the job waits for, arrange that parking_note is called
 *    once with the ticket.  The call may come at once.
 * 3. Park.  True: the parking owns the job, which may be running already.
 * False: everything had come before; the caller still owns the job, and goes on
 *    with it.  Either way the parking owns the ticket.
 */
struct parking_ticket *parking_ticket(
    struct parking *parking, pool_job *job, void *arg, int64_t deadline_ms);
void parking_note(void *ticket, const void *value);
bool parking_park(struct parking_ticket *ticket, unsigned count);

#endif
