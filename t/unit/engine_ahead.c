/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "common/base/clock.h"
#include "common/sts/policy_turns.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

static struct engine_wait *
start_ahead(struct engine *engine, const char *domain)
{
	struct engine_query query = {
	    .domain = domain, .port = 25, .ahead = true};

	return engine_start(engine, &query);
}

static struct engine_wait *
start_of_mta(struct engine *engine, const char *domain)
{
	struct engine_query query = {
	    .domain = domain, .port = 25, .dns_only = true, .of_mta = true};

	return engine_start(engine, &query);
}

/* --- ahead of the end --- */

static void
w16_a_verdict_is_made_anew_in_the_last_tenth_of_its_life(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	struct engine_wait *known, *ahead, *other;

	(void)state;
	known = network_start(engine, "slow.example");
	assert_non_null(engine_await(known, network_soon()));
	clock_shift(VERDICT_TTL_S * 8 / 10);
	ahead = start_ahead(engine, "slow.example");
	assert_true(engine_wait_cached(ahead));
	engine_wait_free(ahead);
	clock_shift(VERDICT_TTL_S / 10 + 2);
	network_set_gate(true);
	ahead = start_ahead(engine, "slow.example");
	assert_false(engine_wait_cached(ahead));
	assert_null(engine_await(ahead, 0));
	/* others do not wait */
	other = network_start(engine, "slow.example");
	assert_ptr_equal(engine_await(other, 0), engine_await(known, 0));
	engine_wait_free(other);
	network_set_gate(false);
	assert_non_null(engine_await(ahead, network_soon()));
	other = network_start(engine, "slow.example");
	assert_ptr_equal(engine_await(other, 0), engine_await(ahead, 0));
	engine_wait_free(other);
	engine_wait_free(ahead);
	/* it has a life of its own */
	ahead = start_ahead(engine, "slow.example");
	assert_true(engine_wait_cached(ahead));
	engine_wait_free(ahead);
	engine_wait_free(known);
}

static void
what_cannot_be_made_anew_counts_to_its_end(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	struct engine_wait *known, *ahead, *other;

	(void)state;
	known = network_start(engine, "good.example");
	assert_non_null(engine_await(known, network_soon()));
	clock_shift(VERDICT_TTL_S - 60);
	net.cut_off = true;
	ahead = start_ahead(engine, "good.example");
	assert_int_equal(engine_await(ahead, network_soon())->verdict->result,
	    RESULT_TEMPERROR);
	other = network_start(engine, "good.example");
	assert_ptr_equal(engine_await(other, 0), engine_await(known, 0));
	engine_wait_free(other);
	engine_wait_free(ahead);
	engine_wait_free(known);
}

/* --- another policy --- */

/* F11 */
static void
another_policy_ends_the_verdicts_of_its_domain_at_once(void **state)
{
	static struct policy_turns turns;
	struct engine *engine;
	struct engine_wait *known, *again;

	(void)state;
	wish.turns = &turns;
	engine = network_engine(2, 10);
	wish.turns = NULL;
	known = network_start(engine, "good.example");
	assert_non_null(engine_await(known, network_soon()));
	policy_turns_next(&turns, "other.example");
	again = network_start(engine, "good.example");
	assert_true(engine_wait_cached(again));
	engine_wait_free(again);
	policy_turns_next(&turns, "good.example");
	again = network_start(engine, "good.example");
	assert_false(engine_wait_cached(again));
	assert_non_null(engine_await(again, network_soon()));
	engine_wait_free(known);
	known = network_start(engine, "good.example");
	assert_true(engine_wait_cached(known));
	engine_wait_free(again);
	engine_wait_free(known);
	engine_free(engine);
}

/* --- whose half --- */

enum { CHECKS = 4, QUEUE = 4, HALF = (CHECKS * NETWORK_PLACES + QUEUE) / 2 };

typedef struct engine_wait *start_query(struct engine *, const char *);

/* How many of them there was no room for. */
static unsigned
count_refused(struct engine_wait *waits[], unsigned count)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct check *check = engine_await(waits[i], 0);

		refused += check != NULL &&
			   check->verdict->reason == REASON_QUEUE_FULL;
	}
	return refused;
}

/* Checks that are stuck. */
static void
start_stuck(struct engine *engine, start_query *start, const char *form,
    struct engine_wait *waits[], unsigned count)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "mute-%s%u.example", form, i);
		waits[i] = start(engine, name);
	}
}

/* However much one side asks, there is room for all of the other's half. */
static void
check_halves(start_query *flood, start_query *other)
{
	enum { MORE = 5 };
	struct engine_wait *floods[HALF + MORE], *others[HALF];
	struct engine *engine;

	wish.for_mtas = true;
	engine = network_engine(CHECKS, QUEUE);
	wish.for_mtas = false;
	network_set_gate(true);
	start_stuck(engine, flood, "a", floods, HALF + MORE);
	start_stuck(engine, other, "b", others, HALF);
	assert_int_equal(count_refused(floods, HALF + MORE), MORE);
	assert_int_equal(count_refused(others, HALF), 0);
	network_set_gate(false);
	network_await_all(floods, HALF + MORE);
	network_await_all(others, HALF);
	engine_free(engine);
}

/* W18 */
static void
mtas_that_ask_leave_half_to_messages(void **state)
{
	(void)state;
	check_halves(start_of_mta, network_start);
}

/* W18, the other way round */
static void
messages_leave_half_to_mtas_that_ask(void **state)
{
	(void)state;
	check_halves(network_start, start_of_mta);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		w16_a_verdict_is_made_anew_in_the_last_tenth_of_its_life),
	    cmocka_unit_test(what_cannot_be_made_anew_counts_to_its_end),
	    cmocka_unit_test(
		another_policy_ends_the_verdicts_of_its_domain_at_once),
	    cmocka_unit_test(mtas_that_ask_leave_half_to_messages),
	    cmocka_unit_test(messages_leave_half_to_mtas_that_ask),
	};

	return RUN_TESTS_WITH(tests, network_setup, network_teardown);
}
