/* intake - what each datagram counts as. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_INTAKE_H
#define MILTER_TLSRPT_INTAKE_H

#include <sys/types.h>

#include "milter/conf/settings.h"
#include "milter/tlsrpt/book.h"
#include "milter/tlsrpt/inbox.h"
#include "milter/tlsrpt/losses.h"
#include "milter/tlsrpt/teller.h"

/* All zero to begin, but for the book. */
struct intake {
	struct book *book; /* borrowed */
	gid_t group;       /* whose members may tell */
	struct teller teller;
	struct losses losses;
	int64_t told_version; /* the day; 0: never */
};

/*
 * intake_take - count a datagram, to its day or, when that is closed, to
 * open_day
 *
 * Each is counted as received, and then as a session, as one without an address
 * to report to, as foreign, or as dropped.  A session to a domain of our own,
 * or one that settings exclude, is none of them.
 */
void intake_take(struct intake *intake, const struct inbox_datagram *datagram,
    int64_t open_day, const struct settings *settings);

/* intake_lost - count what did not come in: received, and dropped */
void intake_lost(
    struct intake *intake, const struct inbox_lost *lost, int64_t open_day);

#endif
