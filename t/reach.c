/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/reach.h"

#include <string.h>

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

/* Each in a network of its own, that no other row has. */
static void
fail_at(struct reach *reach, unsigned networks)
{
	char address[24];

	for (unsigned i = 0; i < networks; i++) {
		snprintf(address, sizeof(address), "203.0.%u.1", i);
		reach_note(reach, address, "", PORT, false);
	}
}

static void
connect_to(struct reach *reach, const char *address)
{
	reach_note(reach, address, "mx.example", PORT, true);
}

/* The addresses of the witnesses that are wanted now, in any order. */
static const char *
wanted(struct reach *reach)
{
	static char text[256];
	struct reach_witness witness;
	struct text list;

	text_init(&list, text, sizeof(text));
	while (reach_wants_witness(reach, &witness)) {
		assert_int_equal(witness.port, PORT);
		assert_string_equal(witness.sni, "mx.example");
		text_addf(&list, "%s ", witness.address);
	}
	return text;
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
	connect_to(reach, "192.0.2.99");
	assert_false(reach_is_shut(reach));
	assert_int_equal(told.open, 1);
	fail_at(reach, 10);
	assert_false(reach_is_shut(reach));
	clock_shift(SHUT_AFTER_S - 1);
	fail_at(reach, 10);
	connect_to(reach, "192.0.2.99");
	clock_shift(1);
	reach_note(reach, "192.0.2.99", "", PORT, false);
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
		connect_to(slow.reach, "192.0.2.99");
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
addresses_of_one_network_count_once(void **state)
{
	struct reach *reach = new ();
	char address[32];

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 1; i < 50; i++) {
			snprintf(address, sizeof(address), "198.51.100.%u", i);
			reach_note(reach, address, "", PORT, false);
			snprintf(
			    address, sizeof(address), "2001:db8:1:%u::1", i);
			reach_note(reach, address, "", PORT, false);
		}
		reach_note(reach, "198.51.101.1", "", PORT, false);
		assert_false(reach_is_shut(reach));
		clock_shift(SHUT_AFTER_S);
	}
	reach_note(reach, "2001:db8:2::1", "", PORT, false);
	assert_true(reach_is_shut(reach));
	reach_free(reach);
}

/* Whatever hosts of his own a sender names, and however long he waits. */
static void
hosts_that_strangers_chose_shut_nothing(void **state)
{
	struct reach *reach = new ();

	(void)state;
	connect_to(reach, "192.0.2.1");
	assert_string_equal(wanted(reach), "");
	fail_at(reach, 100);
	assert_string_equal(wanted(reach), "");
	clock_shift(SHUT_AFTER_S);
	fail_at(reach, 100);
	assert_false(reach_is_shut(reach));
	assert_string_equal(wanted(reach), "192.0.2.1 ");
	assert_string_equal(wanted(reach), "");
	fail_at(reach, 100);
	assert_false(reach_is_shut(reach));
	clock_shift(TRIAL_EVERY_S);
	assert_string_equal(wanted(reach), "192.0.2.1 ");
	connect_to(reach, "192.0.2.1");
	clock_shift(TRIAL_EVERY_S);
	fail_at(reach, 100);
	assert_string_equal(wanted(reach), "");
	assert_int_equal(told.shut, 0);
	reach_free(reach);
}

static void
it_is_shut_when_every_witness_fails(void **state)
{
	static const char *const witnesses[] = {
	    "192.0.2.1", "198.51.100.1", "2001:db8::1", "192.0.3.1"};
	struct reach *reach = new ();

	(void)state;
	for (size_t i = 0; i < COUNT(witnesses); i++)
		connect_to(reach, witnesses[i]);
	fail_at(reach, 4);
	clock_shift(SHUT_AFTER_S);
	for (size_t i = 0; i < COUNT(witnesses); i++) {
		fail_at(reach, 4);
		assert_false(reach_is_shut(reach));
		reach_note(reach, witnesses[i], "", PORT, false);
	}
	assert_true(reach_is_shut(reach));
	assert_int_equal(told.shut, 1);
	wanted(reach);
	clock_shift(TRIAL_EVERY_S);
	assert_int_equal(strlen(wanted(reach)),
	    strlen("192.0.2.1 198.51.100.1 2001:db8::1 192.0.3.1 "));
	connect_to(reach, "198.51.100.1");
	assert_false(reach_is_shut(reach));
	reach_free(reach);
}

/* Neither by hosts of his own that were up for a while, nor by many of them. */
static void
a_witness_stays_until_it_alone_is_out_of_reach(void **state)
{
	struct reach *reach = new ();
	char address[24];

	(void)state;
	connect_to(reach, "192.0.2.1");
	for (unsigned i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "203.1.%u.1", i);
		connect_to(reach, address);
	}
	fail_at(reach, 4);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "203.1.%u.1", i);
		reach_note(reach, address, "", PORT, false);
	}
	clock_shift(SHUT_AFTER_S);
	fail_at(reach, 4);
	assert_false(reach_is_shut(reach));
	assert_non_null(strstr(wanted(reach), "192.0.2.1 "));
	/* those that failed are none any more */
	connect_to(reach, "192.0.2.1");
	reach_note(reach, "192.0.2.1", "", PORT, false);
	connect_to(reach, "198.51.100.1");
	fail_at(reach, 4);
	clock_shift(SHUT_AFTER_S);
	fail_at(reach, 4);
	assert_string_equal(wanted(reach), "198.51.100.1 ");
	reach_free(reach);
}

static void
other_ports_say_nothing(void **state)
{
	struct reach *reach = new ();

	(void)state;
	fail_at(reach, 10);
	clock_shift(SHUT_AFTER_S);
	reach_note(reach, "192.0.2.99", "", 587, false);
	assert_false(reach_is_shut(reach));
	reach_note(reach, "192.0.2.99", "", 587, true);
	fail_at(reach, 1);
	assert_true(reach_is_shut(reach));
	reach_note(reach, "192.0.2.99", "", 587, true);
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
	assert_true(reach_wants_trial(reach)); /* at once */
	assert_false(reach_wants_trial(reach));
	clock_shift(TRIAL_EVERY_S);
	assert_true(reach_wants_trial(reach));
	assert_false(reach_wants_trial(reach));
	fail_at(reach, 1);
	assert_false(reach_wants_trial(reach));
	clock_shift(TRIAL_EVERY_S);
	assert_true(reach_wants_trial(reach));
	connect_to(reach, "192.0.2.99");
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
	    cmocka_unit_test(addresses_of_one_network_count_once),
	    cmocka_unit_test(hosts_that_strangers_chose_shut_nothing),
	    cmocka_unit_test(it_is_shut_when_every_witness_fails),
	    cmocka_unit_test(a_witness_stays_until_it_alone_is_out_of_reach),
	    cmocka_unit_test(other_ports_say_nothing),
	    cmocka_unit_test(a_trial_is_due_once_a_minute),
	};

	return RUN_TESTS(reach);
}
