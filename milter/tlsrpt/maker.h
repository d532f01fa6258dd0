/* maker - reports of days that are over: made, and where each is to go. One
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_MAKER_H
#define MILTER_TLSRPT_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/engine.h"
#include "common/io/store_outbox.h"
#include "milter/conf/settings.h"

struct maker {
	struct tlsrpt_row after; /* the last one that was made; zeroed */
	int64_t before;          /* days that are looked for; zeroed */
	bool done;               /* none is left of them */
};

/*
 * maker_make - make some reports of days before that one, which nobody counts
 * to any more; true when there may be more of them
 *
 * What it says then is what is sent, whatever becomes of the settings.  One of
 * a day that has been over for DUE_OLD_S is not sent.
 */
bool maker_make(struct maker *maker, struct store_tlsrpt *store,
    const struct settings *settings, int64_t before);

/*
 * maker_plan - look up the records of some reports that are due, and have them
 * sent where those say; true when what came of any of them is noted
 *
 * The record that an MTA saw does not count: it may be withdrawn by now, and
 * whoever can tell of sessions must not have us write to anybody.  today is the
 * day that sessions are counted to, by which a report may be too old for that.
 * RFC 8460 section 3
 */
bool maker_plan(struct store_tlsrpt *store, const struct settings *settings,
    struct engine *engine, int64_t today);

#endif
