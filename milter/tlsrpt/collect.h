/* collect - sessions that MTAs tell of are counted, day by day. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_COLLECT_H
#define MILTER_TLSRPT_COLLECT_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/io/store_tlsrpt.h"
#include "common/io/tlsrpt_tally.h"
#include "milter/conf/settings.h"

struct intake_hops;

/*
 * collect_start - count from here on, if the settings want it; hops last
 *
 * In a thread of its own, after service_open.  A socket or store that cannot be
 * made is told to the log, and tried again each minute.  LOCAL when there is no
 * thread to be had.
 *
 * collect_stop - write what was counted, and end; before service_close
 */
int collect_start(const struct settings *settings,
    const struct intake_hops *hops, struct err *err);
void collect_stop(void);

/* collect_count - one session more, of posternd's own; any thread, at any time
 * after collect_start */
void
collect_count(enum tlsrpt_source source, const struct tlsrpt_session *session);

/* --- what was counted; any thread, between those two --- */

/* collect_closed_before - to the days before that one nobody counts any more,
 * and what was counted is in the store */
int64_t collect_closed_before(void);

/* collect_store - where it is written, or NULL while that cannot be opened;
 * borrowed */
struct store_tlsrpt *collect_store(void);

/* collect_write - the same after what is new was written; NULL with err */
struct store_tlsrpt *collect_write(struct err *err);

/* collect_today - the day that sessions are counted to now */
int64_t collect_today(void);

#endif
