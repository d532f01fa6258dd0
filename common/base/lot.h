/* lot - a parking lot: jobs that wait for others to end stand here, and need no
 * thread for it. Any thread. */
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
 * job.  The lot has a thread of its own, for deadlines: LOCAL where there is no
 * more.
 * lot_free: no job may be parked, and no call of lot_note may be to come.
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
 * Take the ticket.  See that lot_note will be called with it once for each
 * thing; it may be called at once.  Then park.
 * True: the job is the lot's, and may run already.  False: all has come before,
 * and the caller, who has the job still, goes on with it.  Either way the
 * ticket is the lot's.
 */
struct lot_ticket *
lot_ticket(struct lot *lot, pool_job *job, void *arg, int64_t deadline_ms);
void lot_note(void *ticket, const void *value);
bool lot_park(struct lot_ticket *ticket, unsigned count);

#endif
