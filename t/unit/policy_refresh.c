/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/sts/known.h"
#include "common/sts/policy_keep.h"
#include "t/unit/house.h"
#include "t/unit/store_client.h"
#include "t/unit/tap.h"

#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

enum { PATIENCE_MS = 30 * 1000, ASKED = 10 };

static void
a_policy_is_fetched_ahead_of_its_end(void **state)
{
	struct house house = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	sts = house_ask(&house, "1");
	policy_facts_free(sts.policy);
	house_move_out(&house);
	clock_shift(DAY / 2 + 60);
	house_move_in(&house, false, true);
	for (int i = 0; i < 500 && house_host.gets < 2; i++)
		usleep(10000);
	assert_int_equal(house_host.gets, 2);
	house_move_out(&house);
	house_unlink_store();
}

/* Four are begun at once, and as many again when those are through; but not
 * where no fetch can be begun. */
static void
a_full_queue_is_not_asked_again_and_again(void **state)
{
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	house_ask_for_many(&house, 40, 5000);
	house_move_out(&house);
	clock_shift(DAY / 2 + 60);
	house_host.lookups = 0;
	house_move_in_with(&house, false, true, 0);
	for (int i = 0; i < 500 && house_host.lookups < 3; i++)
		usleep(10000);
	usleep(300000);
	assert_in_range(house_host.lookups, 3, 3 * 16);
	assert_int_equal(house_host.gets, 40);
	house_move_out(&house);
	house_unlink_store();
}

static void
a_policy_that_is_short_lived_is_not_fetched_for_ever(void **state)
{
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	house_host.body = SHORT;
	policy_facts_free(house_ask_for(&house, "short.ex", "1", 5000).policy);
	house_host.body = ENFORCE;
	policy_facts_free(house_ask(&house, "1").policy);
	house_move_out(&house);
	clock_shift(4000);
	house_move_in(&house, false, true);
	usleep(300000);
	assert_int_equal(house_host.gets, 2);
	house_move_out(&house);
	house_unlink_store();
}

/* What was read with such times is written with those of the right clock. */
static void
a_failure_of_a_clock_that_was_ahead_puts_off_no_refresh(void **state)
{
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	clock_shift(YEARS);
	policy_facts_free(house_ask(&house, "1").policy);
	house_host.body = NULL;
	policy_facts_free(house_ask(&house, "2").policy);
	house_host.body = ENFORCE;
	clock_shift(-YEARS);
	house_move_out(&house);
	house_move_in(&house, false, false);
	house_move_out(&house);
	clock_shift(DAY / 2 + 60);
	house_move_in(&house, false, true);
	for (int i = 0; i < 500 && house_host.gets < 3; i++)
		usleep(10000);
	assert_int_equal(house_host.gets, 3);
	house_move_out(&house);
	house_unlink_store();
}

static bool
was_tried(struct house *house, const char *domain, time_t since_s)
{
	struct cache_entry *entry =
	    policy_keep_peek(policies_keep(house->policies), domain);
	const struct known *known = cache_value(entry);
	bool tried =
	    known->policy->fetched_s >= since_s || known->failed_s >= since_s;

	cache_release(entry);
	return tried;
}

/* Waits for the fetches that are under way: for what other hosts have, of which
 * there are none, nobody is asked. */
static void
await_landings(struct house *house)
{
	char domain[32];

	for (unsigned i = 0; i < ASKED; i++) {
		struct cache_entry *fetch;

		snprintf(domain, sizeof(domain), "d%u.ex", i);
		fetch = policies_fetch(
		    house->policies, domain, "1", POLICY_SHARED, PATIENCE_MS);
		assert_non_null(
		    cache_await(fetch, clock_mono_ms() + PATIENCE_MS));
		cache_release(fetch);
	}
}

/* Has these fetched, all if domain is NULL, in a minute of its own. */
static void
ask_and_await(struct house *house, const char *domain, unsigned gets)
{
	int64_t deadline_ms;
	time_t now_s;
	char each[32];

	await_landings(house);
	clock_shift(60);
	deadline_ms = clock_mono_ms() + PATIENCE_MS;
	now_s = clock_wall_s();
	policy_refresh_ask(house->refresh, domain);
	for (unsigned i = 0; i < ASKED; i++) {
		snprintf(each, sizeof(each), "d%u.ex", i);
		while ((domain == NULL || strcmp(domain, each) == 0) &&
		       !was_tried(house, each, now_s) &&
		       clock_left_ms(deadline_ms) > 0)
			usleep(10000);
	}
	assert_int_equal(house_host.gets, gets);
}

/* More than are fetched at once, so that there are several rounds. */
static void
what_is_asked_for_is_fetched_at_once_and_once(void **state)
{
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, true);
	house_ask_for_many(&house, ASKED, PATIENCE_MS);
	assert_int_equal(house_host.gets, ASKED);
	ask_and_await(&house, "d3.ex", 11);
	ask_and_await(&house, NULL, 21);
	/* what fails is tried once as well, and stays known */
	clock_shift(600);
	await_landings(&house);
	house_host.body = NULL;
	ask_and_await(&house, NULL, 31);
	clock_shift(600);
	ask_and_await(&house, "d3.ex", 32);
	await_landings(&house);
	house_host.body = ENFORCE;
	policy_facts_free(
	    house_ask_for(&house, "d3.ex", "1", PATIENCE_MS).policy);
	assert_int_equal(house_host.gets, 32);
	house_move_out(&house);
	house_unlink_store();
}

/* One that shares, by a store that is never there. */
struct sharer {
	struct store_client client;
	struct share_counts counts;
	struct share *share;
};

static void
begin_sharer(struct sharer *sharer, const char *name)
{
	struct shared_options options = {.timeout_ms = 50};
	struct share_options share = {.prefix = "postern",
	    .host = name,
	    .content = SHARE_POLICIES,
	    .counts = &sharer->counts};

	store_client_server(&options, "unix:/nonexistent/redis.sock");
	store_client_open(&sharer->client, &options);
	share.store = sharer->client.shared;
	assert_int_equal(shared_keys_parse(&share.keys, KEY, NULL), 0);
	sharer->share = share_new(&share, NULL);
	assert_non_null(sharer->share);
}

static void
end_sharer(struct sharer *sharer)
{
	share_free(sharer->share);
	store_client_close(&sharer->client);
}

/* R9: half of the policy's life is 12 hours; each has a time of its own, up to
 * a tenth before or after, so that the first does it for all. */
static void
hosts_that_share_refresh_at_times_of_their_own(void **state)
{
	enum { LOOK_S = 300, LOOK_US = 300 * 1000 };
	static const struct {
		const char *name;
		int due_s;
	} rows[] = {{"mx1", 43502}, {"a.host", 46915}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct house house = {0};
		struct sharer sharer = {.share = NULL};

		begin_sharer(&sharer, rows[i].name);
		house_new_store();
		house.share = sharer.share;
		house_move_in(&house, false, false);
		policy_facts_free(house_ask(&house, "1").policy);
		house_move_out(&house);
		clock_shift(rows[i].due_s - LOOK_S);
		house_move_in(&house, false, true);
		usleep(LOOK_US);
		ROW(rows[i].name, house_host.gets == 1);
		house_move_out(&house);
		clock_shift(2 * LOOK_S);
		house_move_in(&house, false, true);
		for (int j = 0; j < 3000 && house_host.gets < 2; j++)
			usleep(10000);
		ROW(rows[i].name, house_host.gets == 2);
		house_move_out(&house);
		house_unlink_store();
		end_sharer(&sharer);
	}
}

int
main(void)
{
	const struct CMUnitTest policy_refresh[] = {
	    cmocka_unit_test(a_policy_is_fetched_ahead_of_its_end),
	    cmocka_unit_test(a_full_queue_is_not_asked_again_and_again),
	    cmocka_unit_test(
		a_policy_that_is_short_lived_is_not_fetched_for_ever),
	    cmocka_unit_test(
		a_failure_of_a_clock_that_was_ahead_puts_off_no_refresh),
	    cmocka_unit_test(what_is_asked_for_is_fetched_at_once_and_once),
	    cmocka_unit_test(hosts_that_share_refresh_at_times_of_their_own),
	};

	house_use_fakes();
	return RUN_TESTS(policy_refresh);
}
