/* courier - reports are delivered by mail, or by POST, one after another. One
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_COURIER_H
#define MILTER_TLSRPT_COURIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/io/store_outbox.h"
#include "milter/tlsrpt/pace.h"

/* What came of a try, while the store cannot be written. */
struct courier_owed {
	bool any;
	int64_t delivery;
	enum outbox_delivery state;
	int64_t due;
	char said[LIMIT_DETAIL_SIZE];
};

/* Zeroed at first, but for the scheme and the two that are told to end. */
struct courier {
	enum tlsrpt_scheme scheme;
	const atomic_bool *over; /* no try begins any more */
	const atomic_bool *cut;  /* one that is under way is given up */
	struct pace pace;
	bool paced; /* what is due must wait a moment */
	struct courier_owed owed;
};

/*
 * courier_deliver - try some of what is due; whether there may be more to do at
 * once
 *
 * today is the day that sessions are counted to.  What has been due for a day
 * by then, and is of a day that has been over for DUE_OLD_S, expires without a
 * try.  Nothing begins while it cannot be noted what came of the last one.
 */
bool courier_deliver(
    struct courier *courier, struct store_tlsrpt *store, int64_t today);

#endif
