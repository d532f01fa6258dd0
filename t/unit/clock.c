/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/clock.h"

#include <stdint.h>
#include <string.h>

#include "t/unit/tap.h"

static void
a_time_is_printed_in_utc(void **state)
{
	static const struct {
		time_t at;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {CLOCK_DAY_S - 1, "1970-01-01T23:59:59Z"},
	    {951782400, "2000-02-29T00:00:00Z"},
	    {-1, "1969-12-31T23:59:59Z"},
	};
	char out[CLOCK_PRINT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].text, clock_print(rows[i].at, out));
		ROW_TEXT(rows[i].text, out, rows[i].text);
	}
}

static void
a_time_that_nobody_can_print_is_empty(void **state)
{
	char out[CLOCK_PRINT_SIZE] = "old";

	(void)state;
	assert_false(clock_print((time_t)INT64_MAX, out));
	assert_string_equal(out, "");
}

static void
a_time_is_read_to_its_end(void **state)
{
	static const struct {
		const char *text;
		time_t at;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2000-02-29T01:00:00+01:00", 951782400},
	    {"1969-12-31T23:59:59Z", -1},
	};
	static const char *const bad[] = {"", "2000-02-29",
	    "2000-02-29T00:00:00", "2000-02-29T00:00:00Zx", "now"};
	time_t at;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].text, clock_parse(rows[i].text, &at) == 0);
		ROW(rows[i].text, at == rows[i].at);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ROW(bad[i], clock_parse(bad[i], &at) == -1);
}

static void
what_is_left_is_bounded_and_never_negative(void **state)
{
	int64_t now_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(clock_left_ms(now_ms - 1), 0);
	assert_int_equal(clock_left_ms(INT64_MAX), INT32_MAX);
	assert_true(clock_left_ms(now_ms + 60000) > 0);
	assert_int_equal(clock_sooner_ms(now_ms - 5, 1000), now_ms - 5);
	assert_true(clock_sooner_ms(INT64_MAX, 1000) >= now_ms + 1000);
}

static void
both_clocks_can_be_shifted(void **state)
{
	int64_t before_ms = clock_mono_ms();
	time_t before_s = clock_wall_s();

	(void)state;
	clock_shift(1000);
	assert_true(clock_mono_ms() >= before_ms + 1000 * 1000);
	assert_true(clock_wall_s() >= before_s + 1000);
}

/* pthread knows nothing of the shift. */
static void
a_deadline_for_pthread_is_of_the_real_clock(void **state)
{
	int64_t deadline_ms = clock_mono_ms() + 1500;
	struct timespec before = clock_timespec(deadline_ms), after;

	(void)state;
	assert_in_range(before.tv_nsec, 0, 999999999);
	clock_shift(CLOCK_DAY_S);
	after = clock_timespec(deadline_ms + CLOCK_DAY_S * 1000LL);
	assert_int_equal(after.tv_sec, before.tv_sec);
	assert_int_equal(after.tv_nsec, before.tv_nsec);
	after = clock_timespec(0);
	assert_int_equal(after.tv_sec, 0);
	assert_int_equal(after.tv_nsec, 0);
}

int
main(void)
{
	const struct CMUnitTest clock[] = {
	    cmocka_unit_test(a_time_is_printed_in_utc),
	    cmocka_unit_test(a_time_that_nobody_can_print_is_empty),
	    cmocka_unit_test(a_time_is_read_to_its_end),
	    cmocka_unit_test(what_is_left_is_bounded_and_never_negative),
	    cmocka_unit_test(both_clocks_can_be_shifted),
	    cmocka_unit_test(a_deadline_for_pthread_is_of_the_real_clock),
	};

	return RUN_TESTS(clock);
}
