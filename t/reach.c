/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/reach.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "t/tap.h"

enum { PORT = 25, SHUT_AFTER_S = 300, TRIAL_EVERY_S = 60 };

/* What was told. */
static struct {
	unsigned shut;
	unsigned open;
} told;

static void
hear(void *arg, bool open)
{
	assert_ptr_equal(arg, &told);
	if (open)
		told.open++;
	else
		told.shut++;
}

static struct reach *new (void)
{
	told.shut = told.open = 0;
	return reach_new(PORT, hear, &told);
}

static void
fail_at(struct reach *reach, unsigned addresses)
{
	char address[16];

	for (unsigned i = 0; i < addresses; i++) {
		snprintf(address, sizeof(address), "192.0.2.%u", i);
		reach_note(reach, address, PORT, false);
	}
}

static void
five_minutes_without_a_connection_shut_it_once(void **state)
{
	struct reach *reach = new ();

	(void)state;
	fail_at(reach, 10);
	assert_false(reach_is_shut(reach));
	clock_shift(SHUT_AFTER_S - 1);
	fail_at(reach, 1);
	assert_false(reach_is_shut(reach));
	clock_shift(1);
	fail_at(reach, 10);
	assert_true(reach_is_shut(reach));
	assert_int_equal(told.shut, 1);
	assert_int_equal(told.open, 0);
	reach_free(reach);
}

static void
one_connection_opens_it(void **state)
{
	struct reach *reach = new ();

	(void)state;
	fail_at(reach, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(reach, 1);
	reach_note(reach, "192.0.2.99", PORT, true);
	assert_false(reach_is_shut(reach));
	assert_int_equal(told.open, 1);
	fail_at(reach, 10);
	assert_false(reach_is_shut(reach));
	clock_shift(SHUT_AFTER_S - 1);
	fail_at(reach, 10);
	reach_note(reach, "192.0.2.99", PORT, true);
	clock_shift(1);
	fail_at(reach, 10);
	assert_false(reach_is_shut(reach));
	assert_int_equal(told.shut, 1);
	assert_int_equal(told.open, 1);
	reach_free(reach);
}

/* Who is told that it is shut, and sees it open at the same moment. */
static struct {
	struct reach *reach;
	struct text said;
} slow;

static void
hear_slowly(void *arg, bool open)
{
	(void)arg;
	if (!open)
		reach_note(slow.reach, "192.0.2.99", PORT, true);
	text_add(&slow.said, open ? "open " : "shut ");
}

static void
changes_are_told_in_their_order(void **state)
{
	char said[16];

	(void)state;
	text_init(&slow.said, said, sizeof(said));
	slow.reach = reach_new(PORT, hear_slowly, NULL);
	fail_at(slow.reach, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(slow.reach, 1);
	assert_string_equal(said, "shut open ");
	assert_false(reach_is_shut(slow.reach));
	reach_free(slow.reach);
}

static void
a_few_dead_hosts_shut_nothing(void **state)
{
	struct reach *reach = new ();

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		fail_at(reach, 3);
		clock_shift(SHUT_AFTER_S);
	}
	assert_false(reach_is_shut(reach));
	fail_at(reach, 4);
	assert_true(reach_is_shut(reach));
	reach_free(reach);
}

static void
other_ports_say_nothing(void **state)
{
	struct reach *reach = new ();

	(void)state;
	fail_at(reach, 10);
	clock_shift(SHUT_AFTER_S);
	reach_note(reach, "192.0.2.99", 587, false);
	assert_false(reach_is_shut(reach));
	reach_note(reach, "192.0.2.99", 587, true);
	fail_at(reach, 1);
	assert_true(reach_is_shut(reach));
	reach_note(reach, "192.0.2.99", 587, true);
	assert_true(reach_is_shut(reach));
	reach_free(reach);
}

static void
a_trial_is_due_once_a_minute(void **state)
{
	struct reach *reach = new ();

	(void)state;
	assert_false(reach_wants_trial(reach));
	fail_at(reach, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(reach, 1);
	assert_false(reach_wants_trial(reach));
	clock_shift(TRIAL_EVERY_S);
	assert_true(reach_wants_trial(reach));
	assert_false(reach_wants_trial(reach));
	fail_at(reach, 1);
	assert_false(reach_wants_trial(reach));
	clock_shift(TRIAL_EVERY_S);
	assert_true(reach_wants_trial(reach));
	reach_note(reach, "192.0.2.99", PORT, true);
	clock_shift(TRIAL_EVERY_S);
	assert_false(reach_wants_trial(reach));
	reach_free(reach);
}

int
main(void)
{
	const struct CMUnitTest reach[] = {
	    cmocka_unit_test(five_minutes_without_a_connection_shut_it_once),
	    cmocka_unit_test(one_connection_opens_it),
	    cmocka_unit_test(changes_are_told_in_their_order),
	    cmocka_unit_test(a_few_dead_hosts_shut_nothing),
	    cmocka_unit_test(other_ports_say_nothing),
	    cmocka_unit_test(a_trial_is_due_once_a_minute),
	};

	return RUN_TESTS(reach);
}
