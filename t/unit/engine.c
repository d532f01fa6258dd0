/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

static void
a_verdict_is_remembered(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	AUTO(engine_wait) struct engine_wait *first = NULL;
	AUTO(engine_wait) struct engine_wait *second = NULL;

	(void)state;
	first = network_start(engine, "Good.Example.");
	assert_non_null(engine_await(first, network_soon()));
	assert_false(engine_wait_cached(first));
	second = network_start(engine, "good.example");
	assert_true(engine_wait_cached(second));
	assert_ptr_equal(engine_await(first, 0), engine_await(second, 0));
	assert_int_equal(engine_await(second, 0)->verdict->result, RESULT_NONE);
	assert_string_equal(engine_await(second, 0)->domain, "good.example");
}

static void
two_domains_at_one_host_are_one_probe(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	AUTO(engine_wait) struct engine_wait *good = NULL;
	AUTO(engine_wait) struct engine_wait *also = NULL;

	(void)state;
	good = network_start(engine, "good.example");
	also = network_start(engine, "also.example");
	assert_non_null(engine_await(good, network_soon()));
	assert_non_null(engine_await(also, network_soon()));
	assert_int_equal(net.probes, 1);
}

static void
a_burst_to_one_domain_is_one_check(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(4, 10);
	struct engine_wait *waits[20];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++)
		waits[i] = network_start(engine, "slow.example");
	assert_null(engine_await(waits[0], clock_mono_ms() + 20));
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], network_soon()));
		engine_wait_free(waits[i]);
	}
	assert_int_equal(net.probes, 1);
}

/* Each wants a probe of one address, with a name of its own. */
static void
a_farm_has_so_many_connections_and_keeps_up_nobody(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 100);
	struct engine_wait *waits[12], *other;
	char name[32];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		snprintf(name, sizeof(name), "c%zu.farm.example", i);
		waits[i] = network_start(engine, name);
	}
	network_await(&net.waiting, 2);
	other = network_start(engine, "good.example");
	assert_non_null(engine_await(other, network_soon()));
	assert_null(engine_await(waits[11], clock_mono_ms() + 50));
	assert_int_equal(net.waiting, 2);
	network_set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(
		    engine_await(waits[i], network_soon())->verdict->result,
		    RESULT_NONE);
		engine_wait_free(waits[i]);
	}
	assert_int_equal(net.most, 2);
	engine_wait_free(other);
}

/* The first that wants the probe has no time left when its turn comes. */
static void
a_probe_lives_as_long_as_anyone_waits_for_it(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 100);
	struct engine_wait *waits[4];

	(void)state;
	network_set_gate(true);
	waits[0] = network_start(engine, "c0.farm.example");
	waits[1] = network_start(engine, "c1.farm.example");
	network_await(&net.waiting, 2);
	waits[2] = network_start_at(engine, "a.example", "c2.farm.example");
	assert_null(engine_await(waits[2], clock_mono_ms() + 50));
	clock_shift(wish.check_timeout_ms / 1000 - 3);
	waits[3] = network_start_at(engine, "b.example", "c2.farm.example");
	assert_null(engine_await(waits[3], clock_mono_ms() + 50));
	clock_shift(4);
	network_set_gate(false);
	assert_int_equal(
	    engine_await(waits[3], network_soon())->verdict->result,
	    RESULT_NONE);
	assert_int_equal(net.probes, 3);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], network_soon()));
		engine_wait_free(waits[i]);
	}
}

static void
a_probe_that_nobody_waits_for_is_not_begun(void **state)
{
	struct engine *engine;
	struct engine_wait *waits[3];
	char name[32];

	(void)state;
	wish.check_timeout_ms = 2000;
	engine = network_engine(2, 100);
	wish.check_timeout_ms = 10000;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		if (i == 2)
			network_await(&net.waiting, 2);
		snprintf(name, sizeof(name), "c%zu.farm.example", i);
		waits[i] = network_start(engine, name);
	}
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(
		    engine_await(waits[i], network_soon())->verdict->result,
		    RESULT_TEMPERROR);
		engine_wait_free(waits[i]);
	}
	network_set_gate(false);
	engine_free(engine);
	assert_int_equal(net.probes, 2);
}

/* Of the leaves, twelve may be as slow as they like; the thirteenth probe runs
 * in a hurry, which is no fault of the host. */
static void
haste_does_not_cut_off_what_follows_the_handshake(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(16, 100);
	struct engine_wait *stuck[12], *late;
	const struct check *check;
	char name[32];

	(void)state;
	network_set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "host%zu%c.own.example", i / 2,
		    i % 2 == 0 ? 'a' : 'b');
		stuck[i] = network_start(engine, name);
	}
	network_await(&net.waiting, COUNT(stuck));
	late = network_start(engine, "host9late.own.example");
	assert_null(engine_await(late, clock_mono_ms() + HURRY_MS + 1000));
	network_set_gate(false);
	check = engine_await(late, network_soon());
	assert_non_null(check);
	assert_true(check->facts->hosts[0].addresses[0].probe->tls_ehlo);
	engine_wait_free(late);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], network_soon()));
		engine_wait_free(stuck[i]);
	}
}

static void
a_check_that_has_next_to_no_time_left_asks_nothing(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct engine_wait *stuck[NETWORK_PLACES], *late;

	(void)state;
	network_set_gate(true);
	network_take_places(engine, stuck, NETWORK_PLACES);
	late = network_start(engine, "good.example");
	clock_shift(wish.check_timeout_ms / 1000 - 1);
	network_set_gate(false);
	assert_int_equal(engine_await(late, network_soon())->verdict->reason,
	    REASON_DEADLINE);
	assert_null(strstr(net.asked, "good.example"));
	network_await_all(stuck, NETWORK_PLACES);
	engine_wait_free(late);
}

struct seen {
	atomic_int calls;
	atomic_int result;
	atomic_bool cached;
};

static void
note(void *arg, const struct check *check, bool cached)
{
	struct seen *seen = arg;

	seen->result = (int)check->verdict->result;
	seen->cached = cached;
	seen->calls++;
}

static void
a_callback_comes_once(void **state)
{
	struct engine *engine = network_engine(2, 10);
	struct engine_query query = {.domain = "bogus.example", .port = 25};
	struct seen first = {0}, second = {0};

	(void)state;
	engine_submit(engine, &query, note, &first);
	while (first.calls == 0)
		usleep(1000);
	engine_submit(engine, &query, note, &second);
	assert_int_equal(second.calls, 1);
	assert_true(second.cached);
	engine_free(engine);
	assert_int_equal(first.calls, 1);
	assert_false(first.cached);
	assert_int_equal(first.result, RESULT_TEMPERROR);
}

static void
what_is_no_domain_is_answered_at_once(void **state)
{
	static const struct {
		const char *domain;
		enum result result;
		enum reason reason;
	} rows[] = {
	    {"", RESULT_NONE, REASON_NAME_INVALID},
	    {"a..b", RESULT_NONE, REASON_NAME_INVALID},
	    {"\xff\xfe", RESULT_NONE, REASON_NAME_INVALID},
	    {"[192.0.2.1]", RESULT_SKIP, REASON_NO_POLICY},
	};
	AUTO(engine) struct engine *engine = network_engine(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine_wait)
		struct engine_wait *wait =
		    network_start(engine, rows[i].domain);
		const struct check *check = engine_await(wait, 0);

		assert_non_null(check);
		ROW(rows[i].domain, check->verdict->result == rows[i].result);
		ROW(rows[i].domain, check->verdict->reason == rows[i].reason);
	}
	assert_string_equal(net.asked, "");
}

static void
await_ran_out(struct engine_wait *wait, enum reason reason)
{
	const struct check *check = engine_await(wait, network_soon());

	assert_non_null(check);
	assert_true(check->ran_out);
	assert_string_equal(
	    reason_text(check->verdict->reason), reason_text(reason));
}

/* All have the same time each, from when they came. */
static void
who_joins_a_check_late_has_time_of_his_own(void **state)
{
	struct engine_query query = {.domain = "slow.example", .port = 25};
	struct seen seen = {0};
	struct engine_wait *first, *joined, *also;
	struct engine *engine;

	(void)state;
	wish.check_timeout_ms = 2000;
	engine = network_engine(2, 10);
	wish.check_timeout_ms = 10000;
	network_set_gate(true);
	first = network_start(engine, "slow.example");
	network_await(&net.waiting, 1);
	usleep(1000 * 1000);
	joined = network_start(engine, "slow.example");
	also = network_start(engine, "slow.example");
	engine_submit(engine, &query, note, &seen);
	assert_false(engine_wait_cached(joined));
	assert_false(engine_wait_joined(first));
	assert_true(engine_wait_joined(joined));
	await_ran_out(first, REASON_PROBE_TIMEOUT);
	assert_null(engine_await(joined, clock_mono_ms() + 50));
	assert_int_equal(seen.calls, 0);
	network_set_gate(false);
	assert_int_equal(engine_await(joined, network_soon())->verdict->reason,
	    REASON_NO_POLICY);
	assert_ptr_equal(
	    engine_await(also, network_soon()), engine_await(joined, 0));
	assert_ptr_not_equal(engine_await(first, 0), engine_await(joined, 0));
	while (seen.calls == 0)
		usleep(1000);
	assert_int_equal(seen.result, RESULT_NONE);
	assert_false(seen.cached);
	engine_wait_free(first);
	engine_wait_free(joined);
	engine_wait_free(also);
	engine_free(engine);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(net.probes, 1);
}

/* It waited for a worker until its time was over; who came after has more. */
static void
who_joins_a_check_that_never_began_has_time_of_his_own(void **state)
{
	struct engine_wait *stuck[NETWORK_PLACES], *first, *joined;
	struct engine *engine;

	(void)state;
	wish.check_timeout_ms = 2000;
	engine = network_engine(1, 10);
	wish.check_timeout_ms = 10000;
	network_set_gate(true);
	network_take_places(engine, stuck, NETWORK_PLACES);
	first = network_start(engine, "good.example");
	usleep(1000 * 1000);
	joined = network_start(engine, "good.example");
	for (size_t i = 0; i < NETWORK_PLACES; i++)
		await_ran_out(stuck[i], REASON_DNS_TIMEOUT);
	await_ran_out(first, REASON_DEADLINE);
	assert_int_equal(engine_await(joined, network_soon())->verdict->reason,
	    REASON_NO_POLICY);
	network_set_gate(false);
	network_await_all(stuck, NETWORK_PLACES);
	engine_wait_free(first);
	engine_wait_free(joined);
	engine_free(engine);
}

static void
what_ran_out_of_time_is_not_remembered(void **state)
{
	struct engine_wait *first, *again;
	struct engine *engine;

	(void)state;
	wish.check_timeout_ms = 1000;
	engine = network_engine(1, 10);
	wish.check_timeout_ms = 10000;
	network_set_gate(true);
	first = network_start(engine, "slow.example");
	await_ran_out(first, REASON_PROBE_TIMEOUT);
	network_set_gate(false);
	again = network_start(engine, "slow.example");
	assert_false(engine_wait_cached(again));
	assert_int_equal(engine_await(again, network_soon())->verdict->reason,
	    REASON_NO_POLICY);
	engine_wait_free(first);
	engine_wait_free(again);
	engine_free(engine);
}

int
main(void)
{
	const struct CMUnitTest engine[] = {
	    cmocka_unit_test(a_verdict_is_remembered),
	    cmocka_unit_test(two_domains_at_one_host_are_one_probe),
	    cmocka_unit_test(a_burst_to_one_domain_is_one_check),
	    cmocka_unit_test(
		a_farm_has_so_many_connections_and_keeps_up_nobody),
	    cmocka_unit_test(a_probe_lives_as_long_as_anyone_waits_for_it),
	    cmocka_unit_test(a_probe_that_nobody_waits_for_is_not_begun),
	    cmocka_unit_test(haste_does_not_cut_off_what_follows_the_handshake),
	    cmocka_unit_test(
		a_check_that_has_next_to_no_time_left_asks_nothing),
	    cmocka_unit_test(a_callback_comes_once),
	    cmocka_unit_test(what_is_no_domain_is_answered_at_once),
	    cmocka_unit_test(who_joins_a_check_late_has_time_of_his_own),
	    cmocka_unit_test(
		who_joins_a_check_that_never_began_has_time_of_his_own),
	    cmocka_unit_test(what_ran_out_of_time_is_not_remembered),
	};

	return RUN_TESTS_WITH(engine, network_setup, network_teardown);
}
