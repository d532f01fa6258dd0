/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/outbound.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "t/unit/tap.h"

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

static struct outbound *new (void)
{
	told.shut = told.open = 0;
	return outbound_new(PORT, hear, &told);
}

/* Each in a network of its own, that no other row has. */
static void
fail_at(struct outbound *outbound, unsigned networks)
{
	char address[24];

	for (unsigned i = 0; i < networks; i++) {
		snprintf(address, sizeof(address), "203.0.%u.1", i);
		outbound_note(outbound, address, "", PORT, false);
	}
}

static void
connect_to(struct outbound *outbound, const char *address)
{
	outbound_note(outbound, address, "mx.example", PORT, true);
}

/* The addresses of the witnesses that are wanted now, in any order. */
static const char *
wanted(struct outbound *outbound)
{
	static char text[256];
	struct outbound_witness witness;
	struct text list;

	text_init(&list, text, sizeof(text));
	while (outbound_wants_witness(outbound, &witness)) {
		assert_int_equal(witness.port, PORT);
		assert_string_equal(witness.sni, "mx.example");
		text_addf(&list, "%s ", witness.address);
	}
	return text;
}

static void
five_minutes_without_a_connection_shut_it_once(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	fail_at(outbound, 10);
	assert_false(outbound_is_shut(outbound));
	clock_shift(SHUT_AFTER_S - 1);
	fail_at(outbound, 1);
	assert_false(outbound_is_shut(outbound));
	clock_shift(1);
	fail_at(outbound, 10);
	assert_true(outbound_is_shut(outbound));
	assert_int_equal(told.shut, 1);
	assert_int_equal(told.open, 0);
	outbound_free(outbound);
}

static void
one_connection_opens_it(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	fail_at(outbound, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(outbound, 1);
	connect_to(outbound, "192.0.2.99");
	assert_false(outbound_is_shut(outbound));
	assert_int_equal(told.open, 1);
	fail_at(outbound, 10);
	assert_false(outbound_is_shut(outbound));
	clock_shift(SHUT_AFTER_S - 1);
	fail_at(outbound, 10);
	connect_to(outbound, "192.0.2.99");
	clock_shift(1);
	outbound_note(outbound, "192.0.2.99", "", PORT, false);
	fail_at(outbound, 10);
	assert_false(outbound_is_shut(outbound));
	assert_int_equal(told.shut, 1);
	assert_int_equal(told.open, 1);
	outbound_free(outbound);
}

/* Who is told that it is shut, and sees it open at the same moment. */
static struct {
	struct outbound *outbound;
	struct text said;
} slow;

static void
hear_slowly(void *arg, bool open)
{
	(void)arg;
	if (!open)
		connect_to(slow.outbound, "192.0.2.99");
	text_add(&slow.said, open ? "open " : "shut ");
}

static void
changes_are_told_in_their_order(void **state)
{
	char said[16];

	(void)state;
	text_init(&slow.said, said, sizeof(said));
	slow.outbound = outbound_new(PORT, hear_slowly, NULL);
	fail_at(slow.outbound, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(slow.outbound, 1);
	assert_string_equal(said, "shut open ");
	assert_false(outbound_is_shut(slow.outbound));
	outbound_free(slow.outbound);
}

static void
a_few_dead_hosts_shut_nothing(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		fail_at(outbound, 3);
		clock_shift(SHUT_AFTER_S);
	}
	assert_false(outbound_is_shut(outbound));
	fail_at(outbound, 4);
	assert_true(outbound_is_shut(outbound));
	outbound_free(outbound);
}

static void
addresses_of_one_network_count_once(void **state)
{
	struct outbound *outbound = new ();
	char address[32];

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 1; i < 50; i++) {
			snprintf(address, sizeof(address), "198.51.100.%u", i);
			outbound_note(outbound, address, "", PORT, false);
			snprintf(
			    address, sizeof(address), "2001:db8:1:%u::1", i);
			outbound_note(outbound, address, "", PORT, false);
		}
		outbound_note(outbound, "198.51.101.1", "", PORT, false);
		assert_false(outbound_is_shut(outbound));
		clock_shift(SHUT_AFTER_S);
	}
	outbound_note(outbound, "2001:db8:2::1", "", PORT, false);
	assert_true(outbound_is_shut(outbound));
	outbound_free(outbound);
}

/* Whatever hosts of his own a sender names, and however long he waits. */
static void
hosts_that_strangers_chose_shut_nothing(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	connect_to(outbound, "192.0.2.1");
	assert_string_equal(wanted(outbound), "");
	fail_at(outbound, 100);
	assert_string_equal(wanted(outbound), "");
	clock_shift(SHUT_AFTER_S);
	fail_at(outbound, 100);
	assert_false(outbound_is_shut(outbound));
	assert_string_equal(wanted(outbound), "192.0.2.1 ");
	assert_string_equal(wanted(outbound), "");
	fail_at(outbound, 100);
	assert_false(outbound_is_shut(outbound));
	clock_shift(TRIAL_EVERY_S);
	assert_string_equal(wanted(outbound), "192.0.2.1 ");
	connect_to(outbound, "192.0.2.1");
	clock_shift(TRIAL_EVERY_S);
	fail_at(outbound, 100);
	assert_string_equal(wanted(outbound), "");
	assert_int_equal(told.shut, 0);
	outbound_free(outbound);
}

static void
it_is_shut_when_every_witness_fails(void **state)
{
	static const char *const witnesses[] = {
	    "192.0.2.1", "198.51.100.1", "2001:db8::1", "192.0.3.1"};
	struct outbound *outbound = new ();

	(void)state;
	for (size_t i = 0; i < COUNT(witnesses); i++)
		connect_to(outbound, witnesses[i]);
	fail_at(outbound, 4);
	clock_shift(SHUT_AFTER_S);
	for (size_t i = 0; i < COUNT(witnesses); i++) {
		fail_at(outbound, 4);
		assert_false(outbound_is_shut(outbound));
		outbound_note(outbound, witnesses[i], "", PORT, false);
	}
	assert_true(outbound_is_shut(outbound));
	assert_int_equal(told.shut, 1);
	wanted(outbound);
	clock_shift(TRIAL_EVERY_S);
	assert_int_equal(strlen(wanted(outbound)),
	    strlen("192.0.2.1 198.51.100.1 2001:db8::1 192.0.3.1 "));
	connect_to(outbound, "198.51.100.1");
	assert_false(outbound_is_shut(outbound));
	outbound_free(outbound);
}

/* Neither by hosts of his own that were up for a while, nor by many of them. */
static void
a_witness_stays_until_it_alone_is_out_of_reach(void **state)
{
	struct outbound *outbound = new ();
	char address[24];

	(void)state;
	connect_to(outbound, "192.0.2.1");
	for (unsigned i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "203.1.%u.1", i);
		connect_to(outbound, address);
	}
	fail_at(outbound, 4);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "203.1.%u.1", i);
		outbound_note(outbound, address, "", PORT, false);
	}
	clock_shift(SHUT_AFTER_S);
	fail_at(outbound, 4);
	assert_false(outbound_is_shut(outbound));
	assert_non_null(strstr(wanted(outbound), "192.0.2.1 "));
	/* those that failed are none any more */
	connect_to(outbound, "192.0.2.1");
	outbound_note(outbound, "192.0.2.1", "", PORT, false);
	connect_to(outbound, "198.51.100.1");
	fail_at(outbound, 4);
	clock_shift(SHUT_AFTER_S);
	fail_at(outbound, 4);
	assert_string_equal(wanted(outbound), "198.51.100.1 ");
	outbound_free(outbound);
}

static void
other_ports_say_nothing(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	fail_at(outbound, 10);
	clock_shift(SHUT_AFTER_S);
	outbound_note(outbound, "192.0.2.99", "", 587, false);
	assert_false(outbound_is_shut(outbound));
	outbound_note(outbound, "192.0.2.99", "", 587, true);
	fail_at(outbound, 1);
	assert_true(outbound_is_shut(outbound));
	outbound_note(outbound, "192.0.2.99", "", 587, true);
	assert_true(outbound_is_shut(outbound));
	outbound_free(outbound);
}

static void
a_trial_is_due_once_a_minute(void **state)
{
	struct outbound *outbound = new ();

	(void)state;
	assert_false(outbound_wants_trial(outbound));
	fail_at(outbound, 10);
	clock_shift(SHUT_AFTER_S);
	fail_at(outbound, 1);
	assert_true(outbound_wants_trial(outbound)); /* at once */
	assert_false(outbound_wants_trial(outbound));
	clock_shift(TRIAL_EVERY_S);
	assert_true(outbound_wants_trial(outbound));
	assert_false(outbound_wants_trial(outbound));
	fail_at(outbound, 1);
	assert_false(outbound_wants_trial(outbound));
	clock_shift(TRIAL_EVERY_S);
	assert_true(outbound_wants_trial(outbound));
	connect_to(outbound, "192.0.2.99");
	clock_shift(TRIAL_EVERY_S);
	assert_false(outbound_wants_trial(outbound));
	outbound_free(outbound);
}

int
main(void)
{
	const struct CMUnitTest outbound[] = {
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

	return RUN_TESTS(outbound);
}
