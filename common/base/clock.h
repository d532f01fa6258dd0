/* clock - the time of day, which can be set, and time for deadlines. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* clock_mono_ms - milliseconds that only go forward, for deadlines and TTLs;
 * clock_mono_us - the same in microseconds, for how long something took */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* clock_wall_s - the time of day, seconds since 1970, for dates in data */
time_t clock_wall_s(void);

/*
 * clock_shift - move both clocks forward by so many seconds, for tests of
 * expiry; call it before there are threads that wait
 */
void clock_shift(int64_t seconds);

enum {
	CLOCK_DAY_S = 24 * 60 * 60,
	CLOCK_PRINT_SIZE = 32,
};

/* clock_print - RFC 3339, in UTC: true, or false and "" for a time that nobody
 * can print */
bool clock_print(time_t at, char out[CLOCK_PRINT_SIZE]);

/* clock_parse - read RFC 3339 section 5.6, whole seconds; 0, or -1 */
int clock_parse(const char *text, time_t *out);

/* clock_left_ms - milliseconds until deadline_ms of clock_mono_ms, at least 0
 */
int clock_left_ms(int64_t deadline_ms);

/* clock_sooner_ms - the earlier of a deadline and now plus timeout_ms */
int64_t clock_sooner_ms(int64_t deadline_ms, int timeout_ms);

/* clock_timespec - a deadline as pthread_cond_clockwait and friends want it */
struct timespec clock_timespec(int64_t deadline_ms);

#endif
