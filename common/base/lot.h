/* lot - a parking lot: a job that waits for others to end is parked here, so
 * that it holds no thread meanwhile. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_LOT_H
#define COMMON_BASE_LOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/base/pool.h"

struct lot;
struct lot_ticket;

/*
 * lot_new - an empty lot
 *
 * A parked job goes on in pool, which outlives the lot and must never refuse a
 * job.  The lot starts one thread, which watches deadlines: LOCAL when it
 * cannot be started.
 * lot_free: no job may be parked, and nobody may call lot_note any more.
 */
void lot_free(struct lot *lot);
struct lot *lot_new(struct pool *pool, struct err *err) OWNED(lot_free);
AUTO_DEFINE(lot);

/*
 * How a job is parked, in the order in which it is done:
 *
 * lot_ticket - a ticket for job, which will go on at deadline_ms (mono) at the
 *     latest
 * lot_note - one thing that the job waits for has come; has the type of a
 *     cache_ready, so that caches can call it
 * lot_park - park the job until lot_note was called count times
 *
 * 1. Take the ticket.
 * 2. For each thing that the job waits for, arrange that lot_note is called
 *    once with the ticket.  The call may come at once.
 * 3. Park.  True: the lot owns the job, which may be running already.  False:
 *    everything had come before; the caller still owns the job, and goes on
 *    with it.  Either way the lot owns the ticket.
 */
struct lot_ticket *
lot_ticket(struct lot *lot, pool_job *job, void *arg, int64_t deadline_ms);
void lot_note(void *ticket, const void *value);
bool lot_park(struct lot_ticket *ticket, unsigned count);

#endif
