/* due - when a report is sent, and when it is tried again. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DUE_H
#define MILTER_TLSRPT_DUE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DUE_GIVE_UP_S = 24 * 60 * 60, /* after the first try */
	DUE_OLD_S = 48 * 60 * 60, /* after its day's end: not sent any more */
};

/*
 * due_first - when the report of a day to domain is sent, if it is made now;
 * seconds since 1970
 *
 * Five minutes after the end of the day and up to spread_s later: for each
 * domain another time, known to who knows the secret, and the same whenever it
 * is asked for.  Where that is past already, as after days out of service, as
 * much later than now.
 * RFC 8460 section 4.1
 */
int64_t due_first(const char *secret, int64_t day, const char *domain,
    int64_t spread_s, int64_t now);

/*
 * due_is_stale - whether what was due then is not sent any more, as of days out
 * of service: its day has been over for DUE_OLD_S when sessions count to today,
 * and nobody has hurried it for a day
 *
 * today is not taken from now: a clock that is wrong for a moment ends nothing.
 */
bool due_is_stale(int64_t day, int64_t due, int64_t today, int64_t now);

/*
 * due_again - when to try again what failed for the tries-th time, the first
 * time at first; false: not any more
 *
 * After five minutes, then twice as long each time, two hours at most, a fifth
 * more or less by chance, which is any number; asked_s later, if the other side
 * wants that, six hours at most.
 * RFC 8460 section 5.5
 */
bool due_again(int tries, int64_t first, int64_t now, uint32_t chance,
    int64_t asked_s, int64_t *out);

#endif
