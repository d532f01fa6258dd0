/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/due.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "t/unit/tap.h"

enum { DAY = 20786, END = (DAY + 1) * CLOCK_DAY_S, SPREAD = 4 * 3600 };

/* F05 */
static void
a_report_is_due_in_the_night_after_its_day(void **state)
{
	int64_t last = 0;
	unsigned other = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char domain[16];
		int64_t at, again;

		snprintf(domain, sizeof(domain), "d%d.ex", i);
		at = due_first("secret", DAY, domain, SPREAD, END);
		again = due_first("secret", DAY, domain, SPREAD, END + 60);
		assert_int_equal(at, again);
		assert_in_range(at, END + 300, END + 300 + SPREAD - 1);
		other += at != last;
		last = at;
	}
	assert_in_range(other, 95, 100);
	assert_int_not_equal(due_first("secret", DAY, "d.ex", SPREAD, END),
	    due_first("other", DAY, "d.ex", SPREAD, END));
	assert_int_equal(due_first("secret", DAY, "d.ex", 0, END), END + 300);
	assert_in_range(due_first("secret", DAY, "d.ex", SPREAD, END + 99999),
	    END + 99999, END + 99999 + SPREAD - 1);
}

/* S02 */
static void
waits_double_and_end_after_a_day(void **state)
{
	static const int64_t waits[] = {300, 600, 1200, 2400, 4800, 7200, 7200};
	int64_t at;

	(void)state;
	for (int i = 0; i < (int)COUNT(waits); i++)
		for (uint32_t chance = 0; chance < 1000; chance += 7) {
			assert_true(
			    due_again(i + 1, END, END + 9, chance, 0, &at));
			assert_in_range(
			    at - END - 9, waits[i] * 4 / 5, waits[i] * 6 / 5);
		}
	assert_true(due_again(50, END, END + DUE_GIVE_UP_S - 1, 0, 0, &at));
	assert_int_equal(at, END + DUE_GIVE_UP_S);
	assert_false(due_again(1, END, END + DUE_GIVE_UP_S, 0, 0, &at));
}

/* S02 */
static void
who_asks_for_more_time_gets_six_hours(void **state)
{
	int64_t at;

	(void)state;
	assert_true(due_again(1, END, END, 0, 3600, &at));
	assert_int_equal(at, END + 3600);
	assert_true(due_again(1, END, END, 0, 7 * 3600, &at));
	assert_int_equal(at, END + 6 * 3600);
	assert_true(due_again(1, END, END, 200, 10, &at));
	assert_int_equal(at, END + 300);
}

/* F05 */
static void
what_is_old_and_was_due_for_a_day_is_stale(void **state)
{
	int64_t due = END + 300, later = END + 9 * CLOCK_DAY_S;

	(void)state;
	assert_true(due_is_stale(DAY, due, DAY + 3, END + DUE_OLD_S));
	assert_false(due_is_stale(DAY, due, DAY + 2, END + DUE_OLD_S));
	assert_false(due_is_stale(DAY, due, DAY + 2, later));
	assert_true(
	    due_is_stale(DAY, later - DUE_GIVE_UP_S - 1, DAY + 10, later));
	assert_false(due_is_stale(DAY, later - DUE_GIVE_UP_S, DAY + 10, later));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_is_due_in_the_night_after_its_day),
	    cmocka_unit_test(waits_double_and_end_after_a_day),
	    cmocka_unit_test(who_asks_for_more_time_gets_six_hours),
	    cmocka_unit_test(what_is_old_and_was_due_for_a_day_is_stale),
	};

	return RUN_TESTS(tests);
}
