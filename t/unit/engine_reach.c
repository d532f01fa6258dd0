/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

enum { SHUT_AFTER_S = 300, TRIAL_EVERY_S = 60 };

/* Each has an address of its own. */
static const struct verdict *
verdict_at(struct engine *engine, struct engine_wait **wait, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "host%u.own.example", number);
	*wait = network_start(engine, name);
	assert_non_null(engine_await(*wait, network_soon()));
	return engine_await(*wait, 0)->verdict;
}

static void
await_told(unsigned calls, bool open)
{
	while (reached.calls < calls)
		usleep(1000);
	assert_int_equal(reached.calls, calls);
	assert_int_equal(reached.open, open);
}

static void
check_at(struct engine *engine, unsigned number, bool probed, enum reason why)
{
	struct engine_wait *wait;
	const struct verdict *verdict = verdict_at(engine, &wait, number);

	assert_int_equal(verdict->probed, probed);
	assert_string_equal(reason_text(verdict->reason), reason_text(why));
	engine_wait_free(wait);
}

/* Until the way out is found shut; host 0 was in reach before.  Gives the
 * number of a host that was not asked for yet. */
static unsigned
shut_way_out(struct engine *engine)
{
	unsigned number = 0;

	check_at(engine, number++, true, REASON_NO_POLICY);
	net.cut_off = true;
	while (number < 5)
		check_at(engine, number++, true, REASON_CONNECT_FAILED);
	clock_shift(SHUT_AFTER_S);
	check_at(engine, number++, true, REASON_CONNECT_FAILED);
	await_told(1, false);
	return number;
}

static void
an_address_that_none_can_leave_from_shuts_no_way_out(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	AUTO(engine_wait) struct engine_wait *both = NULL;
	unsigned number = 0;

	(void)state;
	net.sourceless = ".";
	while (number < 5)
		check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	clock_shift(SHUT_AFTER_S);
	check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	assert_int_equal(reached.calls, 0);
	/* one family does not speak for the other */
	net.sourceless = ":";
	both = network_start(engine, "both.example");
	assert_non_null(engine_await(both, network_soon()));
	assert_int_equal(
	    engine_await(both, 0)->verdict->result, RESULT_TEMPERROR);
	assert_int_equal(
	    engine_await(both, 0)->verdict->reason, REASON_SOURCE_UNUSABLE);
}

/* Port 25 is closed on the way out. */
static void
without_a_way_out_checks_go_as_far_as_dns_does(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *wait;
	unsigned number, probes;

	(void)state;
	number = shut_way_out(engine);
	probes = net.probes;
	check_at(engine, number++, false, REASON_NO_POLICY); /* the trial */
	assert_int_equal(net.probes, probes + 1);
	check_at(engine, number++, false, REASON_NO_POLICY);
	assert_true(verdict_at(engine, &wait, 0)->probed); /* is known */
	assert_true(engine_wait_cached(wait));
	engine_wait_free(wait);
	assert_int_equal(net.probes, probes + 1);
	assert_int_equal(reached.calls, 1);
}

static void
the_first_check_of_each_minute_is_probed_and_has_its_verdict(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *trial;
	unsigned number;

	(void)state;
	number = shut_way_out(engine);
	check_at(engine, number++, false, REASON_NO_POLICY);
	clock_shift(TRIAL_EVERY_S);
	net.cut_off = false;
	network_set_gate(true);
	trial = network_start(engine, "host7.own.example");
	network_await(&net.waiting, 1);
	/* who comes meanwhile does not wait for it */
	check_at(engine, 8, false, REASON_NO_POLICY);
	assert_null(engine_await(trial, 0));
	network_set_gate(false);
	assert_non_null(engine_await(trial, network_soon()));
	assert_true(engine_await(trial, 0)->verdict->probed);
	engine_wait_free(trial);
	await_told(2, true);
	check_at(engine, 8, true, REASON_NO_POLICY);
	check_at(engine, 7, true, REASON_NO_POLICY);
}

/* What failed a moment ago is tried all the same. */
static void
a_trial_is_no_memory(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	unsigned number;

	(void)state;
	number = shut_way_out(engine);
	net.cut_off = false;
	check_at(engine, number - 1, true, REASON_NO_POLICY);
	await_told(2, true);
}

/* Some that refuse, and a quiet hour. */
static void
strangers_do_not_shut_the_way_out(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *wait;
	unsigned probes;

	(void)state;
	check_at(engine, 0, true, REASON_NO_POLICY);
	net.dead = true;
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned number = 1; number < 8; number++)
			check_at(engine, number, true, REASON_CONNECT_FAILED);
		clock_shift(SHUT_AFTER_S);
	}
	probes = net.probes;
	check_at(engine, 9, true, REASON_CONNECT_FAILED);
	net.dead = false;
	wait = network_start(engine, "good.example");
	assert_non_null(engine_await(wait, network_soon()));
	assert_true(engine_await(wait, 0)->verdict->probed);
	engine_wait_free(wait);
	assert_true(net.probes > probes);
	assert_int_equal(reached.calls, 0);
}

/* As above, twelve leaves are taken, and the rest are in a hurry. */
static void
haste_does_not_shut_the_way_out(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(16, 100);
	struct engine_wait *waits[17];
	char name[32];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		if (i < 12)
			snprintf(name, sizeof(name),
			    "host%zustuck%zu.own.example", i / 2, i);
		else
			snprintf(name, sizeof(name),
			    "host%zufar%zu.own.example", 6 + i % 4, i);
		if (i == 12 || i == 16)
			network_await(&net.waiting, (unsigned)i);
		if (i == 16) {
			assert_null(engine_await(
			    waits[15], clock_mono_ms() + HURRY_MS + 1000));
			clock_shift(SHUT_AFTER_S);
		}
		waits[i] = network_start(engine, name);
	}
	assert_null(engine_await(waits[16], clock_mono_ms() + HURRY_MS + 1000));
	assert_int_equal(reached.calls, 0);
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], network_soon()));
		engine_wait_free(waits[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest engine_reach[] = {
	    cmocka_unit_test(
		an_address_that_none_can_leave_from_shuts_no_way_out),
	    cmocka_unit_test(without_a_way_out_checks_go_as_far_as_dns_does),
	    cmocka_unit_test(
		the_first_check_of_each_minute_is_probed_and_has_its_verdict),
	    cmocka_unit_test(a_trial_is_no_memory),
	    cmocka_unit_test(strangers_do_not_shut_the_way_out),
	    cmocka_unit_test(haste_does_not_shut_the_way_out),
	};

	return RUN_TESTS_WITH(engine_reach, network_setup, network_teardown);
}
