/* lot - jobs that wait for others to end, and need no thread for it. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_LOT_H
#define COMMON_GATHER_LOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/base/pool.h"

struct lot;
struct lot_ticket;

/*
 * lot_new - a lot whose jobs go on in pool; starts a thread for deadlines
 *
 * LOCAL where there is no more thread.  pool outlives it, and refuses no job.
 * lot_free: no job may be parked, and no call of lot_note be due.
 */
void lot_free(struct lot *lot);
struct lot *lot_new(struct pool *pool, struct err *err) OWNED(lot_free);
AUTO_DEFINE(lot);

/*
 * lot_ticket - for a job that is to be parked until deadline_ms (mono)
 * lot_note - one of the things that it waits for is there: a cache_ready
 * lot_park - park it until count of them are, or the deadline is past
 *
 * After the ticket see that lot_note is called for each thing with the ticket,
 * also before lot_park; then park.  False: all is there, and the job is the
 * caller's still.  True: the job runs when its time has come, and may do so
 * already.
 */
struct lot_ticket *
lot_ticket(struct lot *lot, pool_job *job, void *arg, int64_t deadline_ms);
void lot_note(void *ticket, const void *value);
bool lot_park(struct lot_ticket *ticket, unsigned count);

#endif
