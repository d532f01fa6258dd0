/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/clock.h"

#include <limits.h>
#include <stdatomic.h>

static _Atomic int64_t shift_s;

int64_t
clock_mono_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec + shift_s) * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

time_t
clock_wall_s(void)
{
	return time(NULL) + (time_t)shift_s;
}

void
clock_shift(int64_t seconds)
{
	shift_s += seconds;
}

bool
clock_print(time_t at, char out[CLOCK_PRINT_SIZE])
{
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL &&
	    strftime(out, CLOCK_PRINT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		return true;
	out[0] = '\0';
	return false;
}

int
clock_parse(const char *text, time_t *out)
{
	struct tm tm = {.tm_isdst = 0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S%z", &tm);
	long offset_s = tm.tm_gmtoff;

	if (end == NULL || *end != '\0')
		return -1;
	*out = timegm(&tm) - offset_s;
	return 0;
}

int
clock_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int64_t
clock_sooner_ms(int64_t deadline_ms, int timeout_ms)
{
	int64_t own = clock_mono_ms() + timeout_ms;

	return own < deadline_ms ? own : deadline_ms;
}

struct timespec
clock_timespec(int64_t deadline_ms)
{
	int64_t real_ms = deadline_ms - shift_s * 1000;
	struct timespec at;

	if (real_ms < 0)
		real_ms = 0;
	at.tv_sec = (time_t)(real_ms / 1000);
	at.tv_nsec = (long)(real_ms % 1000) * 1000000;
	return at;
}
