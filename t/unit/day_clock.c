/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/day_clock.h"

#include "common/base/clock.h"
#include "t/unit/tap.h"

enum { DAY = 20500, NOON = 12 * 3600, HOUR_MS = 3600 * 1000 };
#define AT(day, s) ((time_t)(day)*CLOCK_DAY_S + (s))

static void
a_session_counts_to_the_day_of_its_arrival(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	/* R14 */
	day_clock_start(&clock, AT(DAY, CLOCK_DAY_S - 2), 0);
	assert_int_equal(day_clock_of(&clock, AT(DAY, CLOCK_DAY_S - 1)), DAY);
	assert_int_equal(day_clock_of(&clock, AT(DAY + 1, 0)), DAY + 1);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY + 1, 59), 61 * 1000, &closed),
	    DAY_STAYS);
	assert_int_equal(day_clock_of(&clock, AT(DAY, CLOCK_DAY_S - 1)), DAY);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY + 1, 60), 62 * 1000, &closed),
	    DAY_OVER);
	assert_int_equal(closed, DAY);
	assert_int_equal(clock.open, DAY + 1);
}

static void
a_clock_that_is_set_back_counts_to_the_open_day(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	/* R14 */
	day_clock_start(&clock, AT(DAY, 120), 0);
	assert_int_equal(day_clock_of(&clock, AT(DAY - 1, 86000)), DAY);
	assert_int_equal(day_clock_turn(&clock, AT(DAY - 1, CLOCK_DAY_S - 3600),
			     1000, &closed),
	    DAY_STAYS);
	assert_int_equal(clock.open, DAY);
}

static void
a_clock_that_was_ahead_keeps_no_later_session(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	/* from the start, set right then */
	day_clock_start(&clock, AT(DAY + 1000, NOON), 0);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY, NOON), 1000, &closed), DAY_BACK);
	assert_int_equal(day_clock_of(&clock, AT(DAY, NOON)), DAY);
	/* F06: set ahead for less than an hour, which is told once */
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY + 1000, NOON), 2000, &closed),
	    DAY_AHEAD);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY + 1000, NOON), 2001, &closed),
	    DAY_STAYS);
	assert_int_equal(day_clock_of(&clock, AT(DAY + 1000, NOON)), DAY);
	assert_int_equal(day_clock_turn(&clock, AT(DAY + 1000, NOON + 3598),
			     2000 + HOUR_MS - 1, &closed),
	    DAY_STAYS);
	assert_int_equal(day_clock_turn(&clock, AT(DAY, NOON + 3600),
			     2001 + HOUR_MS, &closed),
	    DAY_STAYS);
	assert_int_equal(clock.open, DAY);
	assert_int_equal(day_clock_of(&clock, AT(DAY + 1, 0)), DAY + 1);
}

static void
one_that_stays_ahead_is_believed_after_an_hour(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	/* F06 */
	day_clock_start(&clock, AT(DAY, NOON), 0);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY + 7, NOON), 1000, &closed),
	    DAY_AHEAD);
	assert_int_equal(day_clock_turn(&clock, AT(DAY + 7, NOON + 3600),
			     1000 + HOUR_MS, &closed),
	    DAY_OVER);
	assert_int_equal(closed, DAY);
	assert_int_equal(clock.open, DAY + 7);
}

static void
one_that_showed_no_time_is_set_at_once(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	/* F06: until then nobody can say which days are over */
	day_clock_start(&clock, AT(3, 30), 0);
	assert_int_equal(day_clock_over(&clock), 0);
	assert_int_equal(
	    day_clock_turn(&clock, AT(DAY, NOON), 1000, &closed), DAY_OVER);
	assert_int_equal(clock.open, DAY);
	assert_int_equal(day_clock_over(&clock), DAY);
}

static void
time_that_passed_unseen_is_no_jump(void **state)
{
	struct day_clock clock;
	int64_t closed = 0;

	(void)state;
	day_clock_start(&clock, AT(DAY, NOON), 0);
	assert_int_equal(day_clock_turn(&clock, AT(DAY + 1, NOON),
			     (int64_t)CLOCK_DAY_S * 1000, &closed),
	    DAY_OVER);
}

int
main(void)
{
	const struct CMUnitTest day_clock[] = {
	    cmocka_unit_test(a_session_counts_to_the_day_of_its_arrival),
	    cmocka_unit_test(a_clock_that_is_set_back_counts_to_the_open_day),
	    cmocka_unit_test(a_clock_that_was_ahead_keeps_no_later_session),
	    cmocka_unit_test(one_that_stays_ahead_is_believed_after_an_hour),
	    cmocka_unit_test(one_that_showed_no_time_is_set_at_once),
	    cmocka_unit_test(time_that_passed_unseen_is_no_jump),
	};

	return RUN_TESTS(day_clock);
}
