/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_window.h"

#include "t/unit/tap.h"

enum {
	NOW_MS = 5000,
	MOST = 1000,
	LEAST = DNS_WINDOW_LEAST,
	LATE_MS = DNS_WINDOW_RECENT_MS
};

static struct dns_window window;

static int
set_up(void **state)
{
	(void)state;
	dns_window_init(&window, MOST);
	return 0;
}

/* How many may be asked then. */
static int
fill(int64_t now_ms)
{
	int count = 0;

	while (dns_window_wait_ms(&window, now_ms) == 0) {
		dns_window_ask(&window, now_ms);
		count++;
	}
	return count;
}

static void
answer(int count, int64_t asked_ms, int64_t now_ms)
{
	for (int i = 0; i < count; i++) {
		dns_window_hear(&window, asked_ms, now_ms);
		dns_window_close(&window, asked_ms, now_ms);
	}
}

static void
a_burst_ends_where_a_socket_may_be_full(void **state)
{
	(void)state;
	assert_int_equal(fill(NOW_MS), LEAST);
	assert_int_equal(fill(NOW_MS + 1), 0);
}

static void
an_answer_that_comes_soon_makes_room_for_one(void **state)
{
	(void)state;
	fill(NOW_MS);
	answer(10, NOW_MS, NOW_MS + 3);
	assert_int_equal(fill(NOW_MS + 3), 10);
	answer(LEAST - 10, NOW_MS, NOW_MS + LATE_MS - 1);
	assert_int_equal(window.size, LEAST);
}

static void
with_an_answer_all_that_was_asked_before_is_read(void **state)
{
	(void)state;
	for (int i = 0; i < LEAST; i++)
		dns_window_ask(&window, NOW_MS + i % 2);
	dns_window_hear(&window, NOW_MS + 1, NOW_MS + 2);
	assert_int_equal(fill(NOW_MS + 2), LEAST / 2);
	dns_window_hear(&window, NOW_MS + 2, NOW_MS + 3);
	assert_int_equal(fill(NOW_MS + 3), LEAST / 2);
	/* these were not awaited any more, and do not count twice */
	dns_window_close(&window, NOW_MS, NOW_MS + 3);
	assert_int_equal(fill(NOW_MS + 3), 0);
}

/* so that a resolver that asks far ones is not held up */
static void
with_each_that_comes_late_one_more_is_open(void **state)
{
	(void)state;
	fill(NOW_MS);
	fill(NOW_MS + LATE_MS);
	answer(LEAST, NOW_MS, NOW_MS + LATE_MS);
	assert_int_equal(fill(NOW_MS + LATE_MS), LEAST);
	answer(2 * LEAST, NOW_MS + LATE_MS, NOW_MS + 2LL * LATE_MS);
	assert_int_equal(fill(NOW_MS + 2LL * LATE_MS), 4 * LEAST);
}

static void
who_does_not_answer_soon_holds_up_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < LEAST; i++)
		dns_window_ask(&window, NOW_MS + i % 2);
	assert_int_equal(dns_window_wait_ms(&window, NOW_MS + 1), LATE_MS - 1);
	assert_int_equal(dns_window_wait_ms(&window, NOW_MS + 5), LATE_MS - 5);
	assert_int_equal(fill(NOW_MS + LATE_MS), LEAST / 2);
	assert_int_equal(fill(NOW_MS + LATE_MS + 1), LEAST / 2);
	/* what comes late is not counted twice */
	answer(LEAST / 2, NOW_MS, NOW_MS + LATE_MS + 1);
	assert_int_equal(fill(NOW_MS + 10LL * LATE_MS), LEAST + LEAST / 2);
}

static void
a_window_that_nobody_fills_does_not_grow(void **state)
{
	(void)state;
	for (int i = 0; i < 10 * LEAST; i++) {
		assert_int_equal(dns_window_wait_ms(&window, NOW_MS), 0);
		dns_window_ask(&window, NOW_MS);
		answer(1, NOW_MS - LATE_MS, NOW_MS);
		answer(1, NOW_MS, NOW_MS);
	}
	assert_int_equal(window.size, LEAST);
}

static void
it_grows_to_what_there_are_sockets_for(void **state)
{
	int64_t now_ms = NOW_MS;

	(void)state;
	for (int i = 0; i < 10; i++, now_ms += LATE_MS)
		answer(fill(now_ms), now_ms, now_ms + LATE_MS);
	assert_int_equal(fill(now_ms), MOST);
}

static void
fewer_sockets_than_the_least_bound_nothing(void **state)
{
	(void)state;
	dns_window_init(&window, 1);
	answer(fill(NOW_MS), NOW_MS, NOW_MS + LATE_MS);
	assert_int_equal(fill(NOW_MS + LATE_MS), LEAST);
}

static void
what_is_lost_halves_it_once_and_from_there_it_grows_slowly(void **state)
{
	enum { LATER_MS = NOW_MS + 2000 };

	(void)state;
	window.size = 600;
	fill(NOW_MS);
	for (int i = 0; i < 600; i++)
		dns_window_shrink(&window, NOW_MS, LATER_MS);
	assert_int_equal(window.size, 300);
	fill(LATER_MS);
	answer(299, LATER_MS, LATER_MS + LATE_MS);
	assert_int_equal(window.size, 300);
	answer(1, LATER_MS, LATER_MS + LATE_MS);
	assert_int_equal(window.size, 301);
	dns_window_shrink(&window, LATER_MS, LATER_MS + 2000);
	assert_int_equal(window.size, 150);
	dns_window_shrink(&window, LATER_MS + 2000, LATER_MS + 4000);
	assert_int_equal(window.size, LEAST);
}

int
main(void)
{
	const struct CMUnitTest dns_window[] = {
	    cmocka_unit_test_setup(
		a_burst_ends_where_a_socket_may_be_full, set_up),
	    cmocka_unit_test_setup(
		an_answer_that_comes_soon_makes_room_for_one, set_up),
	    cmocka_unit_test_setup(
		with_an_answer_all_that_was_asked_before_is_read, set_up),
	    cmocka_unit_test_setup(
		with_each_that_comes_late_one_more_is_open, set_up),
	    cmocka_unit_test_setup(
		who_does_not_answer_soon_holds_up_nobody, set_up),
	    cmocka_unit_test_setup(
		a_window_that_nobody_fills_does_not_grow, set_up),
	    cmocka_unit_test_setup(
		it_grows_to_what_there_are_sockets_for, set_up),
	    cmocka_unit_test_setup(
		fewer_sockets_than_the_least_bound_nothing, set_up),
	    cmocka_unit_test_setup(
		what_is_lost_halves_it_once_and_from_there_it_grows_slowly,
		set_up),
	};

	return RUN_TESTS(dns_window);
}
