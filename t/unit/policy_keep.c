/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cache.h"
#include "common/base/cache_budget.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "t/unit/house.h"
#include "t/unit/tap.h"

/* The store is there at first, then its directory takes no more. */
static void
a_broken_store_is_said_once_and_memory_goes_on(void **state)
{
	struct policies_options options = {.timeout_ms = 1000,
	    .allow_private = true,
	    .keep.trouble = house_hear_of_trouble};
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house.store = store_open(house_path, false, NULL, NULL);
	store_free(house.store);
	house.store = store_open(house_path, true, NULL, NULL);
	house.leaves = pool_new("leaf", 2, 10, NULL);
	options.leaves = house.leaves;
	options.keep.store = house.store;
	house.policies = policies_new(&options);
	house_store_news.troubles = 0;
	sts = house_ask(&house, "1");
	policy_facts_free(sts.policy);
	sts = house_ask(&house, "2");
	policy_facts_free(sts.policy);
	sts = house_ask(&house, NULL);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	assert_int_equal(house_store_news.troubles, 1);
	house_move_out(&house);
	house_unlink_store();
}

static void
so_many_policies_are_kept_in_memory(void **state)
{
	struct policies_options options = {
	    .timeout_ms = 1000, .allow_private = true};
	struct house house = {.leaves = pool_new("leaf", 2, 100, NULL)};

	(void)state;
	house_new_store();
	options.leaves = house.leaves;
	house.policies = policies_new(&options);
	house_ask_for_many(&house, LIMIT_KEPT_POLICIES, 5000);
	house_ask_for_many(&house, LIMIT_KEPT_POLICIES, 5000);
	assert_int_equal(house_host.gets, LIMIT_KEPT_POLICIES);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))),
	    LIMIT_KEPT_POLICIES);
	house_ask_for_many(&house, LIMIT_KEPT_POLICIES + 1, 5000);
	assert_int_equal(house_host.gets, LIMIT_KEPT_POLICIES + 1);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))),
	    LIMIT_KEPT_POLICIES);
	house_move_out(&house);
}

static void
what_is_flushed_is_fetched_again_and_not_read_from_disk(void **state)
{
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	policy_facts_free(house_ask(&house, "1").policy);
	assert_int_equal(policies_flush(house.policies, "e.ex", NULL), 0);
	assert_int_equal(policies_flush(house.policies, "x.d.ex", NULL), 0);
	sts = house_ask(&house, "1");
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	assert_int_equal(policies_flush(house.policies, "d.ex", NULL), 1);
	assert_null(house_ask(&house, NULL).policy);
	policy_facts_free(house_ask(&house, "1").policy);
	assert_int_equal(house_host.gets, 2);
	house_move_out(&house);
	house_move_in(&house, false, false);
	assert_int_equal(
	    cache_count(policy_keep_memory(policies_keep(house.policies))), 1);
	assert_int_equal(policies_flush(house.policies, NULL, NULL), 1);
	assert_null(house_ask(&house, NULL).policy);
	house_move_out(&house);
	house_unlink_store();
}

static void *
flush_all(void *arg)
{
	struct house *house = arg;

	assert_true(policies_flush(house->policies, NULL, NULL) >= 0);
	return NULL;
}

/* Of a use that is noted meanwhile: whichever comes first. */
static void
what_is_flushed_while_in_use_does_not_come_back(void **state)
{
	enum { ROUNDS = 100 };
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t flusher;
		int rc;

		policy_facts_free(house_ask(&house, "1").policy);
		rc = pthread_create(&flusher, NULL, flush_all, &house);
		assert_int_equal(rc, 0);
		usleep((useconds_t)(i % 10 * 20));
		policy_facts_free(house_ask(&house, NULL).policy);
		pthread_join(flusher, NULL);
		assert_null(house_ask(&house, NULL).policy);
	}
	house_move_out(&house);
	house_unlink_store();
}

static void
a_store_that_is_only_read_forgets_nothing(void **state)
{
	struct house house = {0};
	struct sts_facts sts;
	struct err err;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	policy_facts_free(house_ask(&house, "1").policy);
	house_move_out(&house);
	house_move_in(&house, true, false);
	assert_int_equal(policies_flush(house.policies, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	sts = house_ask(&house, "1");
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	house_move_out(&house);
	house_unlink_store();
}

/* Without a store: what memory forgets is gone. */
static void
names_that_are_asked_for_once_drive_out_no_policy_in_use(void **state)
{
	struct policies_options options = {
	    .timeout_ms = 1000, .allow_private = true};
	struct house house = {.leaves = pool_new("leaf", 2, 100, NULL)};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	options.leaves = house.leaves;
	house.policies = policies_new(&options);
	for (int i = 0; i < 2; i++)
		policy_facts_free(house_ask(&house, "1").policy);
	house_ask_for_many(&house, LIMIT_KEPT_POLICIES + 10, 5000);
	sts = house_ask(&house, NULL);
	assert_non_null(sts.policy);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	house_move_out(&house);
}

/* The clock is years ahead when the policy is fetched, and is set then. */
static void
a_clock_that_was_ahead_keeps_no_policy_in_force_for_years(void **state)
{
	(void)state;
	for (int restart = 0; restart <= 1; restart++) {
		struct house house = {0};
		struct sts_facts sts;

		house_new_store();
		house_move_in(&house, false, false);
		clock_shift(YEARS);
		policy_facts_free(house_ask(&house, "1").policy);
		clock_shift(-YEARS);
		if (restart == 1) {
			house_move_out(&house);
			house_move_in(&house, false, false);
		}
		sts = house_ask(&house, NULL);
		assert_true(sts.cached);
		policy_facts_free(sts.policy);
		house_move_out(&house);
		clock_shift(DAY - 60);
		house_move_in(&house, false, false);
		sts = house_ask(&house, NULL);
		assert_true(sts.cached);
		policy_facts_free(sts.policy);
		clock_shift(120);
		assert_null(house_ask(&house, NULL).policy);
		house_move_out(&house);
	}
	house_unlink_store();
}

static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
what_a_full_disk_did_not_take_is_written_when_it_has_room(void **state)
{
	struct policy_keep *keep;
	struct store_policy row;
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	keep = policies_keep(house.policies);
	limit_files(0);
	policy_facts_free(house_ask(&house, "1").policy);
	policy_facts_free(house_ask_for(&house, "e.ex", "1", 5000).policy);
	assert_int_equal(policy_keep_owed(keep), 2);
	assert_true(policy_keep_store_fails(keep));
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 2);
	assert_int_equal(house_store_news.troubles, 1);
	assert_int_equal(house_store_news.recoveries, 0);
	limit_files(RLIM_INFINITY);
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 0);
	assert_false(policy_keep_store_fails(keep));
	assert_int_equal(house_store_news.troubles, 1);
	assert_int_equal(house_store_news.recoveries, 1);
	for (int i = 0; i <= 1; i++) {
		assert_int_equal(store_get_policy(house.store,
				     i == 0 ? "d.ex" : "e.ex", &row, NULL),
		    1);
		store_policy_fini(&row);
	}
	house_move_out(&house);
	house_unlink_store();
}

/* What stands at the path is no file, and then the file is there again. */
static void
a_store_that_cannot_be_opened_is_tried_until_it_can(void **state)
{
	char away[sizeof(house_path) + 8];
	struct policy_keep *keep;
	struct store_policy row;
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	policy_facts_free(house_ask_for(&house, "e.ex", "1", 5000).policy);
	house_move_out(&house);
	snprintf(away, sizeof(away), "%s.away", house_path);
	assert_int_equal(rename(house_path, away), 0);
	assert_int_equal(mkdir(house_path, 0700), 0);
	house_move_in(&house, false, false);
	keep = policies_keep(house.policies);
	assert_int_equal(house_store_news.troubles, 1);
	assert_true(policy_keep_store_fails(keep));
	policy_facts_free(house_ask(&house, "1").policy);
	assert_int_equal(policy_keep_owed(keep), 1);
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 1);
	assert_int_equal(house_store_news.recoveries, 0);
	assert_int_equal(rmdir(house_path), 0);
	assert_int_equal(rename(away, house_path), 0);
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 0);
	assert_false(policy_keep_store_fails(keep));
	assert_int_equal(house_store_news.troubles, 1);
	assert_int_equal(house_store_news.recoveries, 1);
	assert_int_equal(store_get_policy(house.store, "d.ex", &row, NULL), 1);
	store_policy_fini(&row);
	house_host.body = NULL;
	sts = house_ask_for(&house, "e.ex", NULL, 5000);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	house_move_out(&house);
	house_unlink_store();
}

/* It knows what it has, and forgets nothing. */
static void
a_store_that_waits_is_read_where_it_can_be(void **state)
{
	struct store *holder;
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	policy_facts_free(house_ask(&house, "1").policy);
	house_move_out(&house);
	limit_files(0); /* a writer's log cannot be begun */
	house_move_in(&house, false, false);
	assert_true(store_waits(house.store, NULL));
	sts = house_ask(&house, NULL);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	assert_int_equal(policies_flush(house.policies, "d.ex", NULL), -1);
	limit_files(RLIM_INFINITY);
	policy_keep_catch_up(policies_keep(house.policies));
	assert_false(store_waits(house.store, NULL));
	assert_int_equal(policies_flush(house.policies, "d.ex", NULL), 1);
	holder = store_open(house_path, true, NULL, NULL);
	assert_non_null(holder);
	store_free(holder);
	house_move_out(&house);
	house_unlink_store();
}

/* Memory has room for some tens of them. */
static void
what_is_lost_to_a_full_disk_is_counted_and_told(void **state)
{
	enum { MANY = 300 };
	struct policy_keep *keep;
	struct house house = {.budget = cache_budget_new(40000)};
	size_t kept;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	keep = policies_keep(house.policies);
	limit_files(0);
	house_ask_for_many(&house, MANY, 5000);
	assert_int_equal(policy_keep_owed(keep), MANY);
	kept = cache_count(policy_keep_memory(keep));
	assert_in_range(kept, 1, MANY - 1);
	assert_int_equal(policy_keep_lost(keep), 0);
	limit_files(RLIM_INFINITY);
	policy_keep_catch_up(keep);
	assert_int_equal(policy_keep_owed(keep), 0);
	assert_int_equal(policy_keep_lost(keep), MANY - kept);
	assert_int_equal(house_store_news.troubles, 2);
	assert_int_equal(house_store_news.recoveries, 1);
	house_move_out(&house);
	cache_budget_free(house.budget);
	house_unlink_store();
}

/* As after a reload: checks of the engine before go on beside the new one. */
static void
what_another_engine_learns_is_found_in_the_store(void **state)
{
	struct house before = {0}, after = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&before, false, false);
	house_move_in(&after, false, false);
	policy_facts_free(house_ask(&before, "1").policy);
	house_host.body = NULL;
	sts = house_ask(&after, NULL);
	assert_non_null(sts.policy);
	assert_true(sts.cached);
	policy_facts_free(sts.policy);
	house_move_out(&before);
	house_move_out(&after);
	house_unlink_store();
}

int
main(void)
{
	const struct CMUnitTest policy_keep[] = {
	    cmocka_unit_test(a_broken_store_is_said_once_and_memory_goes_on),
	    cmocka_unit_test(so_many_policies_are_kept_in_memory),
	    cmocka_unit_test(
		what_is_flushed_is_fetched_again_and_not_read_from_disk),
	    cmocka_unit_test(what_is_flushed_while_in_use_does_not_come_back),
	    cmocka_unit_test(a_store_that_is_only_read_forgets_nothing),
	    cmocka_unit_test(
		names_that_are_asked_for_once_drive_out_no_policy_in_use),
	    cmocka_unit_test(
		a_clock_that_was_ahead_keeps_no_policy_in_force_for_years),
	    cmocka_unit_test(
		what_a_full_disk_did_not_take_is_written_when_it_has_room),
	    cmocka_unit_test(
		a_store_that_cannot_be_opened_is_tried_until_it_can),
	    cmocka_unit_test(a_store_that_waits_is_read_where_it_can_be),
	    cmocka_unit_test(what_is_lost_to_a_full_disk_is_counted_and_told),
	    cmocka_unit_test(what_another_engine_learns_is_found_in_the_store),
	};

	house_use_fakes();
	return RUN_TESTS(policy_keep);
}
