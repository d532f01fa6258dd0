/* day_clock - the day that sessions count to, by a clock that may be set. Pure.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DAY_CLOCK_H
#define MILTER_TLSRPT_DAY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct day_clock {
	int64_t open;     /* the day that is not closed yet */
	time_t seen_s;    /* the time of day when it was looked at last */
	int64_t seen_ms;  /* and clock_mono_ms */
	int64_t doubt_ms; /* until then the time of day is doubted */
	bool doubted;
};

/* day_clock_start - the day of now is open */
void day_clock_start(struct day_clock *clock, time_t now_s, int64_t now_ms);

/*
 * day_clock_of - the day of a session that came at a time
 *
 * Its own; but what comes for a day that is closed, since the clock was set
 * back, counts to the open one, and so does all as long as a clock that was set
 * far ahead is doubted.
 */
int64_t day_clock_of(const struct day_clock *clock, time_t at_s);

/*
 * day_clock_turn - what becomes of the open day now; more than once an hour
 *
 * OVER: a minute has passed since its midnight, and *closed is the day that was
 * open.  BACK: it is yet to come, by over an hour: a clock that was ahead was
 * set right, and the day that it shows now is open, again if it was before.
 *
 * AHEAD, once: a clock that is set ahead by over an hour is doubted for an
 * hour; meanwhile no day is closed for it.  One that had shown no time at all,
 * before 2025, is set and not doubted.
 */
enum day_turn { DAY_STAYS, DAY_OVER, DAY_BACK, DAY_AHEAD };
enum day_turn day_clock_turn(
    struct day_clock *clock, time_t now_s, int64_t now_ms, int64_t *closed);

/* day_clock_over - all days before that one are over; 0 while the clock shows
 * no time, and nobody can say */
int64_t day_clock_over(const struct day_clock *clock);

#endif
