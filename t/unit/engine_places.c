/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/clock.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

static void
the_oldest_in_a_full_queue_is_refused_for_now(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 1);
	struct engine_wait *stuck[NETWORK_PLACES], *queued, *refused, *again;

	(void)state;
	network_set_gate(true);
	network_take_places(engine, stuck, NETWORK_PLACES);
	refused = network_start(engine, "also.example");
	queued = network_start(engine, "good.example");
	assert_non_null(engine_await(refused, 0));
	assert_int_equal(
	    engine_await(refused, 0)->verdict->result, RESULT_TEMPERROR);
	assert_int_equal(
	    engine_await(refused, 0)->verdict->reason, REASON_QUEUE_FULL);
	assert_null(engine_await(queued, 0));
	network_set_gate(false);
	assert_non_null(engine_await(queued, network_soon()));
	again = network_start(engine, "also.example");
	assert_int_equal(
	    engine_await(again, network_soon())->verdict->result, RESULT_NONE);
	network_await_all(stuck, NETWORK_PLACES);
	engine_wait_free(queued);
	engine_wait_free(refused);
	engine_wait_free(again);
}

static void
a_cached_verdict_needs_no_worker(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *known, *stuck[NETWORK_PLACES], *again;

	(void)state;
	known = network_start(engine, "good.example");
	assert_non_null(engine_await(known, network_soon()));
	network_set_gate(true);
	network_take_places(engine, stuck, NETWORK_PLACES);
	again = network_start(engine, "good.example");
	assert_non_null(engine_await(again, 0));
	network_set_gate(false);
	engine_wait_free(known);
	network_await_all(stuck, NETWORK_PLACES);
	engine_wait_free(again);
}

/* Those that have an answer late, and at once. */
static void
checks_that_wait_for_lookups_hold_no_worker(void **state)
{
	enum { WORKERS = 8, MORE = 20 };
	AUTO(engine) struct engine *engine = network_engine(WORKERS, 100);
	struct engine_wait *late[WORKERS * NETWORK_PLACES], *more[MORE];
	char name[32];

	(void)state;
	network_set_gate(true);
	network_take_places(engine, late, COUNT(late));
	for (size_t i = 0; i < MORE; i++) {
		snprintf(name, sizeof(name), "mute-more%zu.example", i);
		more[i] = network_start(engine, name);
	}
	assert_null(engine_await(more[0], clock_mono_ms() + 50));
	network_set_gate(false);
	network_await_all(more, MORE);
	network_await_all(late, COUNT(late));
	assert_int_equal(net.most_lookups, WORKERS * NETWORK_PLACES);
}

static void
a_check_that_waits_for_an_address_needs_no_worker(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *stuck, *other;

	(void)state;
	network_set_gate(true);
	stuck = network_start(engine, "herd.example");
	network_await(&net.lookups, 1);
	other = network_start(engine, "good.example");
	assert_non_null(engine_await(other, network_soon()));
	assert_null(engine_await(stuck, 0));
	network_set_gate(false);
	assert_non_null(engine_await(stuck, network_soon()));
	engine_wait_free(stuck);
	engine_wait_free(other);
}

static void
a_check_that_waits_for_a_probe_needs_no_worker(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *stuck, *other;

	(void)state;
	network_set_gate(true);
	stuck = network_start(engine, "slow.example");
	network_await(&net.waiting, 1);
	other = network_start(engine, "good.example");
	assert_non_null(engine_await(other, network_soon()));
	assert_null(engine_await(stuck, 0));
	network_set_gate(false);
	assert_int_equal(
	    engine_await(stuck, network_soon())->verdict->result, RESULT_NONE);
	engine_wait_free(stuck);
	engine_wait_free(other);
}

/* All workers wait for lookups of silent servers; one of them is kept for
 * checks that are quick, however many are not. */
static void
checks_that_are_stuck_leave_room_for_others(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(4, 100);
	struct engine_wait *stuck[20], *good;
	char name[32];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = network_start(engine, name);
	}
	network_await(&net.lookups, 4 * NETWORK_PLACES);
	good = network_start(engine, "good.example");
	assert_non_null(engine_await(good, network_soon()));
	assert_int_equal(
	    engine_await(good, 0)->verdict->reason, REASON_NO_POLICY);
	assert_null(engine_await(stuck[0], 0));
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_int_equal(
		    engine_await(stuck[i], network_soon())->verdict->reason,
		    REASON_NXDOMAIN);
		engine_wait_free(stuck[i]);
	}
	engine_wait_free(good);
}

/* Where all workers and the whole queue are taken by others that are stuck. */
static void
a_known_destination_goes_first(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(4, 8);
	struct engine_wait *stuck[40], *first, *known = NULL;
	char name[32];

	(void)state;
	first = network_start(engine, "good.example");
	assert_non_null(engine_await(first, network_soon()));
	engine_wait_free(first);
	clock_shift(VERDICT_TTL_S + 1);
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = network_start(engine, name);
		if (i == 4 * NETWORK_PLACES - 1)
			network_await(&net.lookups, 4 * NETWORK_PLACES);
		if (i == 4 * NETWORK_PLACES + 8)
			known = network_start(engine, "good.example");
	}
	assert_false(engine_wait_cached(known));
	assert_non_null(engine_await(known, network_soon()));
	assert_int_equal(
	    engine_await(known, 0)->verdict->reason, REASON_NO_POLICY);
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], network_soon()));
		engine_wait_free(stuck[i]);
	}
	engine_wait_free(known);
}

static void
many_that_wait_are_a_congestion(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 8);
	struct engine_wait *stuck[2 * NETWORK_PLACES + 3];
	char name[32];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_false(engine_congested(engine));
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = network_start(engine, name);
	}
	assert_true(engine_congested(engine));
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], network_soon()));
		engine_wait_free(stuck[i]);
	}
}

static void
what_is_done_is_counted(void **state)
{
	struct counts counts = {.checks = 0};
	struct engine *engine = network_engine_with(1, 1, &counts);
	struct engine_wait *stuck[NETWORK_PLACES], *queued, *refused;

	(void)state;
	network_set_gate(true);
	network_take_places(engine, stuck, NETWORK_PLACES);
	refused = network_start(engine, "also.example");
	queued = network_start(engine, "good.example");
	assert_int_equal(counts.running, NETWORK_PLACES);
	assert_int_equal(counts.waiting, 1);
	assert_int_equal(counts.queue_full, 1);
	network_set_gate(false);
	assert_non_null(engine_await(queued, network_soon()));
	network_await_all(stuck, NETWORK_PLACES);
	engine_wait_free(queued);
	engine_wait_free(refused);
	engine_free(engine);
	assert_int_equal(counts.checks, NETWORK_PLACES + 1);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.running_max, NETWORK_PLACES);
	assert_true(counts.waiting_max >= 1);
	assert_int_equal(counts.probes, net.probes);
}

/* Its answer tells nothing; but the connection is one of its address until it
 * is closed. */
static void
the_verdict_does_not_wait_for_quit(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 100);
	struct engine_wait *waits[4];
	char name[32];

	(void)state;
	network_set_quit(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		snprintf(name, sizeof(name), "c%zu.farm.example", i);
		waits[i] = network_start(engine, name);
		if (i == 1) {
			assert_non_null(engine_await(waits[0], network_soon()));
			assert_non_null(engine_await(waits[1], network_soon()));
			network_await(&net.quitting, 2);
		}
	}
	assert_null(engine_await(waits[2], clock_mono_ms() + 50));
	network_set_quit(false);
	network_await_all(waits, COUNT(waits));
	assert_int_equal(net.most, 2);
	assert_int_equal(net.probes, COUNT(waits));
}

/* Of a survey; the check that wanted the probe was over before. */
static void
an_engine_may_end_while_a_probe_waits_for_its_turn(void **state)
{
	const int usual_ms = wish.check_timeout_ms;
	struct engine *engine;

	(void)state;
	wish.manners = (struct manners){.survey = true, .gap_ms = 3600 * 1000};
	wish.check_timeout_ms = 500;
	engine = network_engine(2, 100);
	network_check(engine, "c0.farm.example", NULL, NULL);
	network_check(engine, "c1.farm.example", NULL, NULL);
	assert_int_equal(net.probes, 1);
	engine_free(engine);
	wish.manners = (struct manners){.survey = false};
	wish.check_timeout_ms = usual_ms;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_oldest_in_a_full_queue_is_refused_for_now),
	    cmocka_unit_test(a_cached_verdict_needs_no_worker),
	    cmocka_unit_test(checks_that_wait_for_lookups_hold_no_worker),
	    cmocka_unit_test(a_check_that_waits_for_an_address_needs_no_worker),
	    cmocka_unit_test(a_check_that_waits_for_a_probe_needs_no_worker),
	    cmocka_unit_test(checks_that_are_stuck_leave_room_for_others),
	    cmocka_unit_test(a_known_destination_goes_first),
	    cmocka_unit_test(many_that_wait_are_a_congestion),
	    cmocka_unit_test(what_is_done_is_counted),
	    cmocka_unit_test(the_verdict_does_not_wait_for_quit),
	    cmocka_unit_test(
		an_engine_may_end_while_a_probe_waits_for_its_turn),
	};

	return RUN_TESTS_WITH(tests, network_setup, network_teardown);
}
