/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/day_clock.h"

#include "common/base/clock.h"

enum {
	CLOSE_S = 60, /* a day, after its end */
	JUMP_S = 3600,
	DOUBT_MS = 3600 * 1000,
	DAY_OF_2025 = 20089, /* its first */
};

static int64_t
day_at(time_t at_s)
{
	return (int64_t)at_s / CLOCK_DAY_S;
}

void
day_clock_start(struct day_clock *clock, time_t now_s, int64_t now_ms)
{
	*clock = (struct day_clock){
	    .open = day_at(now_s), .seen_s = now_s, .seen_ms = now_ms};
}

int64_t
day_clock_of(const struct day_clock *clock, time_t at_s)
{
	int64_t day = day_at(at_s);

	return clock->doubted || day < clock->open ? clock->open : day;
}

int64_t
day_clock_over(const struct day_clock *clock)
{
	return clock->open < DAY_OF_2025 ? 0 : clock->open;
}

/* Whether it was set ahead since it was looked at, or stays in doubt: true when
 * that begins. */
static bool
doubt_clock(struct day_clock *clock, time_t now_s, int64_t now_ms)
{
	int64_t passed_s = (now_ms - clock->seen_ms) / 1000;
	bool before = clock->doubted;

	if ((int64_t)now_s - clock->seen_s > passed_s + JUMP_S) {
		clock->doubted = true;
		clock->doubt_ms = now_ms + DOUBT_MS;
	}
	if (now_ms >= clock->doubt_ms || clock->open < DAY_OF_2025 ||
	    day_at(now_s) <= clock->open)
		clock->doubted = false;
	clock->seen_s = now_s;
	clock->seen_ms = now_ms;
	return clock->doubted && !before;
}

enum day_turn
day_clock_turn(
    struct day_clock *clock, time_t now_s, int64_t now_ms, int64_t *closed)
{
	int64_t day = day_at(now_s - CLOSE_S);
	bool began = doubt_clock(clock, now_s, now_ms);

	if (clock->open * CLOCK_DAY_S - JUMP_S > (int64_t)now_s) {
		clock->open = day_at(now_s);
		return DAY_BACK;
	}
	if (clock->doubted || day <= clock->open)
		return began ? DAY_AHEAD : DAY_STAYS;
	*closed = clock->open;
	clock->open = day;
	return DAY_OVER;
}
