/* intake - what each datagram counts as. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_INTAKE_H
#define MILTER_TLSRPT_INTAKE_H

#include <sys/types.h>

#include "milter/conf/settings.h"
#include "milter/tlsrpt/book.h"
#include "milter/tlsrpt/day_clock.h"
#include "milter/tlsrpt/inbox.h"
#include "milter/tlsrpt/losses.h"
#include "milter/tlsrpt/teller.h"

/* What is known of next hops by posternd's own checks: see own_sessions.h. */
struct cache_entry;
struct intake_hops {
	bool (*is_relay)(const char *domain);
	struct cache_entry *(*tested)(const struct tlsrpt_session *told);
};

/* All zero to begin, but for the book. */
struct intake {
	struct book *book;              /* borrowed */
	const struct intake_hops *hops; /* NULL: nothing is known */
	gid_t group;                    /* whose members may tell */
	struct teller teller;
	struct losses losses;
	int64_t told_version; /* the day; 0: never */
};

/*
 * intake_take - count a datagram
 *
 * Each is counted as received, and then as a session, as one without an address
 * to report to, as foreign, or as dropped.  A session to a domain of our own,
 * or one that settings exclude, is none of them.
 * One under a policy in testing mode is what is known of that.
 */
void intake_take(struct intake *intake, const struct inbox_datagram *datagram,
    const struct day_clock *days, const struct settings *settings);

/* intake_wants - whether sessions to a next hop are counted: it is neither of
 * our own, nor a relay, nor one that settings exclude */
bool intake_wants(const struct intake *intake, const struct settings *settings,
    const char *domain);

/* intake_lost - count what did not come in: received, and dropped */
void intake_lost(
    struct intake *intake, const struct inbox_lost *lost, int64_t open_day);

#endif
