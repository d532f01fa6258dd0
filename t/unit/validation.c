/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/validation.h"

#include <string.h>

#include "common/base/clock.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

enum { GOOD_S = 600, OTHER_S = 30 };

static void
d97_resolver_that_does_not_validate_proves_nothing(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	for (int i = 0; i < 2; i++) {
		AUTO(engine_wait)
		struct engine_wait *wait =
		    network_start(engine, "good.example");
		const struct check *check = engine_await(wait, network_soon());

		assert_non_null(check);
		assert_false(engine_wait_cached(wait));
		assert_int_equal(check->verdict->result, RESULT_TEMPERROR);
		assert_int_equal(
		    check->verdict->reason, REASON_RESOLVER_NOT_VALIDATING);
	}
	assert_string_equal(net.asked, "");
	assert_int_equal(resolver.tests, 1);
	assert_int_equal(told.calls, 1);
	assert_false(told.validates);
	assert_string_equal(told.why, "no good");
}

static void
resolver_is_tested_again(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	assert_int_equal(network_reason(engine, "good.example"),
	    REASON_RESOLVER_NOT_VALIDATING);
	resolver.fails = false;
	clock_shift(OTHER_S - 2);
	assert_int_equal(network_reason(engine, "good.example"),
	    REASON_RESOLVER_NOT_VALIDATING);
	clock_shift(2);
	assert_int_equal(
	    network_reason(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 2);
	assert_true(told.validates);
	assert_string_equal(told.why, "");
	clock_shift(GOOD_S - 2);
	network_reason(engine, "also.example");
	assert_int_equal(resolver.tests, 2);
	clock_shift(2);
	network_reason(engine, "nomx.example");
	assert_int_equal(resolver.tests, 3);
	assert_int_equal(told.calls, 2);
}

static void
silent_resolver_is_not_one_that_does_not_validate(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct err err;

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_TEMP;
	assert_int_equal(engine_self_test(engine, network_soon(), &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(
	    network_reason(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 1);
	clock_shift(OTHER_S);
	assert_int_equal(
	    network_reason(engine, "also.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 0);
	resolver.fails = false;
	assert_int_equal(engine_self_test(engine, network_soon(), NULL), 0);
	assert_int_equal(told.calls, 1);
	resolver.fails = true;
	assert_int_equal(engine_self_test(engine, network_soon(), NULL), -1);
	assert_int_equal(told.calls, 1);
}

static void
verdicts_from_before_do_not_outlive_validation(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct err err;

	(void)state;
	assert_int_equal(
	    network_reason(engine, "good.example"), REASON_NO_POLICY);
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	assert_int_equal(
	    network_reason(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(engine_self_test(engine, network_soon(), &err), -1);
	assert_string_equal(err.text, "no good");
	assert_int_equal(network_reason(engine, "good.example"),
	    REASON_RESOLVER_NOT_VALIDATING);
}

static void
set_test_gate(bool shut)
{
	lock_take(&net.lock);
	resolver.gate_shut = shut;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
}

static void
await_stuck_test(void)
{
	lock_take(&net.lock);
	while (!resolver.waiting)
		cond_wait(&net.changed, &net.lock);
	lock_drop(&net.lock);
}

static void
only_one_tests_and_nobody_waits_for_it_but_at_first(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	struct engine_wait *tester, *other;

	(void)state;
	set_test_gate(true);
	tester = network_start(engine, "good.example");
	await_stuck_test();
	other = network_start(engine, "also.example");
	assert_null(engine_await(other, clock_mono_ms() + 50));
	set_test_gate(false);
	assert_non_null(engine_await(tester, network_soon()));
	assert_non_null(engine_await(other, network_soon()));
	engine_wait_free(tester);
	engine_wait_free(other);
	assert_int_equal(resolver.tests, 1);
	clock_shift(GOOD_S);
	set_test_gate(true);
	tester = network_start(engine, "nomx.example");
	await_stuck_test();
	other = network_start(engine, "null.example");
	assert_non_null(engine_await(other, network_soon()));
	assert_null(engine_await(tester, 0));
	set_test_gate(false);
	assert_non_null(engine_await(tester, network_soon()));
	engine_wait_free(tester);
	engine_wait_free(other);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 1);
}

int
main(void)
{
	const struct CMUnitTest validation[] = {
	    cmocka_unit_test(
		d97_resolver_that_does_not_validate_proves_nothing),
	    cmocka_unit_test(resolver_is_tested_again),
	    cmocka_unit_test(silent_resolver_is_not_one_that_does_not_validate),
	    cmocka_unit_test(verdicts_from_before_do_not_outlive_validation),
	    cmocka_unit_test(
		only_one_tests_and_nobody_waits_for_it_but_at_first),
	};

	return RUN_TESTS_WITH(validation, network_setup, network_teardown);
}
