/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <string.h>

#include "common/base/clock.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

/* A relay that is down makes the MTA try the next. */
static void
the_first_next_hop_that_takes_mail_counts(void **state)
{
	static const struct {
		const char *hops, *host;
		enum result result;
	} rows[] = {
	    {"[d83.example], [mx1.d.example]", "mx1.d.example", RESULT_NONE},
	    {"[mx1.d.example], [d83.example]", "mx1.d.example", RESULT_NONE},
	    {"[d83.example], [d78.example]", "d78.example", RESULT_TEMPERROR},
	    {"[gone.example], [mx1.d.example]", "mx1.d.example", RESULT_NONE},
	    {"null.example, [d78.example]", "d78.example", RESULT_TEMPERROR},
	    {"[gone.farm.example]:smtp, [d78.example]", "gone.farm.example",
		RESULT_NONE},
	    {"[d83.example], [gone.example]", "gone.example", RESULT_NONE},
	};
	AUTO(engine) struct engine *engine = network_engine(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "r.example",
		    .next_hop = rows[i].hops,
		    .port = 25};
		AUTO(engine_wait)
		struct engine_wait *wait = engine_start(engine, &query);
		const struct check *check = engine_await(wait, network_soon());

		assert_non_null(check);
		ROW(rows[i].hops, check->verdict->result == rows[i].result);
		ROW_TEXT(
		    rows[i].hops, check->facts->hosts[0].name, rows[i].host);
	}
}

/* However many checks find the first of two relays down at once. */
static void
places_bound_the_lookups_of_a_second_next_hop(void **state)
{
	enum { PLACES = 4, CHECKS = 20, LOOKUPS = 2 * PLACES }; /* A, AAAA */
	AUTO(engine) struct engine *engine = network_engine(1, CHECKS);
	struct engine_wait *waits[CHECKS];
	char hops[64];
	struct engine_query query = {
	    .domain = "r.example", .next_hop = hops, .port = 25};

	(void)state;
	network_set_gate(true);
	net.cut_off = true;
	for (size_t i = 0; i < CHECKS; i++) {
		snprintf(hops, sizeof(hops),
		    "[mx1.d.example], [mute%zu.example]", i);
		waits[i] = engine_start(engine, &query);
	}
	network_await(&net.lookups, LOOKUPS);
	assert_null(engine_await(waits[0], clock_mono_ms() + 50));
	network_set_gate(false);
	for (size_t i = 0; i < CHECKS; i++) {
		assert_non_null(engine_await(waits[i], network_soon()));
		engine_wait_free(waits[i]);
	}
	assert_int_equal(net.most_lookups, LOOKUPS);
}

/* A verdict on mail to a next hop that fails its policy, whoever it is for. */
static enum reason
reason_at_failing(struct engine *engine, const char *domain)
{
	AUTO(engine_wait)
	struct engine_wait *wait =
	    network_start_at(engine, domain, "d76.example");

	assert_non_null(engine_await(wait, network_soon()));
	return engine_await(wait, 0)->verdict->reason;
}

/* The host may have been mended since. */
static void
a_failure_that_rests_on_memory_is_probed_once_more(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);

	(void)state;
	assert_int_equal(reason_at_failing(engine, "a.example"),
	    REASON_STARTTLS_NOT_SUPPORTED);
	assert_int_equal(net.probes, 1);
	net.cut_off = true;
	assert_int_equal(
	    reason_at_failing(engine, "b.example"), REASON_CONNECT_FAILED);
	assert_int_equal(net.probes, 2);
}

static void
a_failing_host_is_not_probed_for_everyone_who_asks(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(4, 100);
	struct engine_wait *waits[20];
	char name[32];

	(void)state;
	assert_int_equal(reason_at_failing(engine, "first.example"),
	    REASON_STARTTLS_NOT_SUPPORTED);
	for (unsigned turn = 0; turn < 3; turn++) {
		unsigned before = net.probes;

		for (size_t i = 0; i < COUNT(waits); i++) {
			snprintf(
			    name, sizeof(name), "r%zu-%u.example", i, turn);
			waits[i] =
			    network_start_at(engine, name, "d76.example");
		}
		for (size_t i = 0; i < COUNT(waits); i++) {
			assert_non_null(engine_await(waits[i], network_soon()));
			engine_wait_free(waits[i]);
		}
		assert_int_equal(net.probes - before, 1);
		clock_shift(AGAIN_AFTER_S);
	}
}

/* REQUIRETLS asks more of a destination, but not of a host twice. */
static void
requiretls_is_a_check_of_its_own_and_no_probe(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 1);
	struct engine_query query = {.domain = "good.example", .port = 25};

	(void)state;
	for (int i = 0; i < 4; i++) {
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct check *check;

		query.requiretls = i % 2 == 1;
		wait = engine_start(engine, &query);
		check = engine_await(wait, network_soon());
		assert_non_null(check);
		assert_int_equal(engine_wait_cached(wait), i >= 2);
		assert_int_equal(check->verdict->requiretls,
		    query.requiretls ? REQUIRETLS_NO_AUTH
				     : REQUIRETLS_NOT_ASKED);
	}
	assert_int_equal(net.probes, 1);
}

static void
any_next_hop_may_meet_requiretls(void **state)
{
	static const struct {
		const char *hops, *host;
		enum requiretls_state requiretls;
	} rows[] = {
	    {"[mx1.d.example], [nomx.example]", "nomx.example",
		REQUIRETLS_NO_AUTH},
	    {"[mx1.d.example], [d83.example]", "d83.example",
		REQUIRETLS_UNKNOWN},
	    {"[d83.example], [mx1.d.example]", "mx1.d.example",
		REQUIRETLS_UNKNOWN},
	};
	AUTO(engine) struct engine *engine = network_engine(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "r.example",
		    .next_hop = rows[i].hops,
		    .port = 25,
		    .requiretls = true};
		AUTO(engine_wait)
		struct engine_wait *wait = engine_start(engine, &query);
		const struct check *check = engine_await(wait, network_soon());

		assert_non_null(check);
		ROW(rows[i].hops,
		    check->verdict->requiretls == rows[i].requiretls);
		ROW_TEXT(
		    rows[i].hops, check->facts->hosts[0].name, rows[i].host);
	}
}

int
main(void)
{
	const struct CMUnitTest engine_hops[] = {
	    cmocka_unit_test(the_first_next_hop_that_takes_mail_counts),
	    cmocka_unit_test(places_bound_the_lookups_of_a_second_next_hop),
	    cmocka_unit_test(
		a_failure_that_rests_on_memory_is_probed_once_more),
	    cmocka_unit_test(
		a_failing_host_is_not_probed_for_everyone_who_asks),
	    cmocka_unit_test(requiretls_is_a_check_of_its_own_and_no_probe),
	    cmocka_unit_test(any_next_hop_may_meet_requiretls),
	};

	return RUN_TESTS_WITH(engine_hops, network_setup, network_teardown);
}
