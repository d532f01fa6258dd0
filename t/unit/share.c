/* SPDX-License-Identifier: BSD-2-Clause */
/* Two hosts and a real store between them; their policy host is one. */
#include "common/sts/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/sts/known.h"
#include "common/sts/policy_share.h"
#include "common/sts/policy_want.h"
#include "t/unit/members.h"
#include "t/unit/tap.h"

#define FOREIGN                            \
	"ffffffffffffffffffffffffffffffff" \
	"ffffffffffffffffffffffffffffffff"
#define TESTING "version: STSv1\nmode: testing\nmx: mx1.d.ex\nmax_age: 86400\n"
#define OTHER_MX "version: STSv1\nmode: enforce\nmx: mx2.d.ex\nmax_age: 86400\n"
#define LONG_LIFE                                       \
	"version: STSv1\nmode: enforce\nmx: mx1.d.ex\n" \
	"max_age: 2592000\n"
#define D "d.ex"

/* As a second is here, by a machine that has much else to do. */
enum { SLOW_MS = 5000 };

/* --- what a check is told --- */

struct told {
	bool policy, cached;
	char by[LIMIT_DOMAIN_SIZE];
	enum sts_mode mode;
};

static struct told
ask_member(struct member *member, const char *id)
{
	struct sts_facts sts =
	    house_ask_for(&member->house, D, id, MEMBERS_PATIENT_MS);
	struct told told = {.cached = sts.cached};

	told.policy = sts.policy != NULL && sts.policy->fetch == POLICY_FETCHED;
	if (told.policy) {
		told.mode = sts.policy->policy->mode;
		text_copy(told.by, sizeof(told.by), sts.policy->by);
	}
	policy_facts_free(sts.policy);
	return told;
}

/* F20 */
static void
a_policy_that_one_has_fetched_serves_the_other(void **state)
{
	struct told told;

	(void)state;
	told = ask_member(&member_a, "1");
	assert_true(told.policy && told.by[0] == '\0');
	shared_policy_free(members_await(D, ENFORCE));
	house_host.body = NULL; /* it is silent from now on */
	told = ask_member(&member_b, "1");
	assert_true(told.policy);
	assert_string_equal(told.by, "a.host");
	assert_int_equal(house_host.gets, 1);
	assert_int_equal(member_b.told[SHARE_CREATED], 1);
	/* from now on it is kept like any other, without the store */
	redis_signal(members_store, 9);
	store_client_await(&member_b.client, SHARED_DOWN, 1);
	told = ask_member(&member_b, "1");
	assert_true(told.policy && told.cached);
	assert_int_equal(house_host.gets, 1);
}

/* The same where somebody hides the record as well. */
static void
a_policy_serves_where_no_record_is_seen(void **state)
{
	struct told told;

	(void)state;
	ask_member(&member_a, "1");
	shared_policy_free(members_await(D, ENFORCE));
	house_host.body = NULL;
	told = ask_member(&member_b, NULL);
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "a.host");
	assert_int_equal(house_host.gets, 1);
}

static void
where_nobody_has_one_there_is_none(void **state)
{
	struct told told;

	(void)state;
	told = ask_member(&member_b, NULL);
	assert_false(told.policy || told.cached);
	assert_int_equal(house_host.gets, 0);
}

/* R5: it lives through a restart, with whose it is */
static void
a_policy_of_another_is_on_disk_as_that(void **state)
{
	struct told told;
	struct store_policy row;

	(void)state;
	members_put(D, "1", ENFORCE, clock_wall_s());
	ask_member(&member_b, "1");
	assert_int_equal(
	    store_get_policy(member_b.house.store, D, &row, NULL), 1);
	assert_string_equal(row.source, "c.host");
	store_policy_fini(&row);
	house_move_out(&member_b.house);
	house_move_in(&member_b.house, false, false);
	told = ask_member(&member_b, "1");
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 0);
}

/* R3, R4: whatever a member puts, nothing that is in force gets weaker */
static void
no_value_weakens_what_is_in_force(void **state)
{
	static const struct {
		const char *id;
		const char *body;
		int later_s;
	} rows[] = {{"F21: testing", TESTING, 60}, {"none", MODE_NONE, 60},
	    {"F23: other hosts", OTHER_MX, 60}, {"shorter", SHORT, 60},
	    {"at once over", AT_ONCE, 60}, {"longer", LONG_LIFE, 60},
	    {"older", ENFORCE, -60}};

	(void)state;
	ask_member(&member_b, "1");
	assert_int_equal(house_host.gets, 1);
	shared_policy_free(members_await(D, ENFORCE));
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned hints = member_b.told[SHARE_HINT];
		struct cache_entry *entry;
		const struct known *known;
		struct policy_facts *taken;
		struct policy_share with = {member_b.share,
		    policies_keep(member_b.house.policies), NULL};

		members_put(
		    D, "1", rows[i].body, clock_wall_s() + rows[i].later_s);
		/* another is at it, so that it would be taken */
		share_policy_claim(member_a.share, D);
		taken = policy_share_take(
		    &with, D, "1", POLICY_REFRESH, clock_mono_ms());
		ROW(rows[i].id, taken == NULL);
		ROW(rows[i].id,
		    member_b.told[SHARE_HINT] == hints + (rows[i].later_s > 0));
		taken = policy_share_take(
		    &with, D, "1", POLICY_UNKNOWN, clock_mono_ms());
		ROW(rows[i].id, taken == NULL);
		entry = policy_keep_peek(with.keep, D);
		known = cache_value(entry);
		ROW_TEXT(rows[i].id, known->policy->body, ENFORCE);
		ROW(rows[i].id, known->policy->by[0] == '\0');
		ROW(rows[i].id, known->expires_s == known->fetched_s + DAY);
		cache_release(entry);
	}
}

/* A fetch, until it has come to its end. */
static void
fetch_by(struct member *member, const char *id, enum policy_purpose purpose)
{
	struct cache_entry *fetch = policies_fetch(
	    member->house.policies, D, id, purpose, MEMBERS_PATIENT_MS);

	assert_non_null(
	    cache_await(fetch, clock_mono_ms() + MEMBERS_PATIENT_MS));
	cache_release(fetch);
}

/* F21: what one has seen has the other look, and take what it sees itself */
static void
a_policy_that_is_given_up_is_fetched_for_oneself(void **state)
{
	struct told told;
	unsigned gets;

	(void)state;
	ask_member(&member_b, "1");
	shared_policy_free(members_await(D, ENFORCE));
	house_host.body = TESTING;
	clock_shift(60);
	fetch_by(&member_a, "1", POLICY_OWN);
	shared_policy_free(members_await(D, TESTING));
	gets = house_host.gets;
	fetch_by(&member_b, "1", POLICY_REFRESH);
	assert_int_equal(member_b.told[SHARE_HINT], 1);
	assert_int_equal(house_host.gets, gets + 1);
	told = ask_member(&member_b, "1");
	assert_int_equal(told.mode, STS_MODE_TESTING);
	assert_string_equal(told.by, "");
}

/* R7, R8: what is put, and what never is */
static void
each_fetch_is_put_and_no_failure_is(void **state)
{
	struct shared_policy *policy;
	time_t first_s;

	(void)state;
	house_host.body = NULL;
	ask_member(&member_a, "1");
	ask_member(&member_a, "2");
	house_host.body = MODE_NONE;
	fetch_by(&member_a, "3", POLICY_OWN);
	policy = members_await(D, MODE_NONE); /* and nothing came before it */
	first_s = policy->fetched_s;
	shared_policy_free(policy);
	members_await_puts(&member_a, 1);
	/* unchanged ones too, for their later end */
	clock_shift(3600);
	fetch_by(&member_a, "3", POLICY_OWN);
	for (;;) {
		policy = members_await(D, MODE_NONE);
		if (policy->fetched_s > first_s)
			break;
		shared_policy_free(policy);
		usleep(MEMBERS_LOOK_US);
	}
	shared_policy_free(policy);
}

/* R1 */
static void
what_is_known_here_is_not_asked_for(void **state)
{
	_Atomic uint64_t *gets = member_b.client.counts.requests[SHARED_OP_GET];
	uint64_t before;

	(void)state;
	members_put(D, "1", ENFORCE, clock_wall_s());
	ask_member(&member_b, "1");
	before = gets[SHARED_RESULT_HIT];
	assert_int_equal(before, 1);
	ask_member(&member_b, "1");
	ask_member(&member_b, NULL);
	/* nor where the disk alone has it */
	house_move_out(&member_b.house);
	house_move_in(&member_b.house, false, false);
	ask_member(&member_b, "1");
	ask_member(&member_b, NULL);
	assert_int_equal(gets[SHARED_RESULT_HIT], before);
	assert_int_equal(gets[SHARED_RESULT_MISS], 0);
}

/* F24 */
static void
the_same_policy_fetched_later_lives_longer(void **state)
{
	struct policy_share with = {
	    member_b.share, policies_keep(member_b.house.policies), NULL};
	struct policy_facts *taken;
	struct cache_entry *entry;
	const struct known *known;
	time_t later = clock_wall_s() + 60;

	(void)state;
	ask_member(&member_b, "1");
	shared_policy_free(members_await(D, ENFORCE));
	members_put(D, "1", ENFORCE, later);
	clock_shift(120);
	taken =
	    policy_share_take(&with, D, "1", POLICY_REFRESH, clock_mono_ms());
	assert_non_null(taken);
	policy_facts_free(taken);
	entry = policy_keep_peek(with.keep, D);
	known = cache_value(entry);
	assert_int_equal(known->expires_s, later + DAY);
	assert_string_equal(known->policy->by, "c.host");
	cache_release(entry);
	assert_int_equal(member_b.told[SHARE_EXTENDED], 1);
	/* nor under another id than is announced now */
	members_put(D, "1", ENFORCE, later + 60);
	share_policy_claim(member_a.share, D);
	assert_null(
	    policy_share_take(&with, D, "2", POLICY_REFRESH, clock_mono_ms()));
	assert_int_equal(house_host.gets, 1);
}

/* F25, F33: each has the host fetch for itself */
static void
what_is_not_fit_to_begin_with_is_a_hint(void **state)
{
	static const struct {
		const char *id;
		const char *body;
		int fetched_s; /* against now */
		bool hint;     /* else it is rejected */
	} rows[] = {{"F25: eight days old", LONG_LIFE, -8 * DAY, true},
	    {"F33: testing", TESTING, -60, true},
	    {"F33: none", MODE_NONE, -60, true},
	    {"F25: over", ENFORCE, -DAY - 60, false},
	    {"F25: of a time to come", ENFORCE, 600, false},
	    {"F26: no policy", "version: STSv1\n", -60, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned gets = house_host.gets,
			 hints = member_b.told[SHARE_HINT];
		struct told told;

		members_put(
		    D, "1", rows[i].body, clock_wall_s() + rows[i].fetched_s);
		policies_flush(member_b.house.policies, NULL, NULL);
		house_host.body = ENFORCE;
		told = ask_member(&member_b, "1");
		ROW(rows[i].id, told.policy && told.by[0] == '\0');
		ROW(rows[i].id, house_host.gets == gets + 1);
		ROW(rows[i].id,
		    member_b.told[SHARE_HINT] == hints + rows[i].hint);
		shared_policy_free(members_await(D, ENFORCE));
	}
	/* by the check, and by the thread before it puts */
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_TIME], 4);
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_SYNTAX], 2);
}

static void
a_policy_of_a_week_ago_is_still_taken(void **state)
{
	struct told told;

	(void)state;
	members_put(D, "1", LONG_LIFE, clock_wall_s() - 7 * DAY + 60);
	told = ask_member(&member_b, "1");
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 0);
}

/* The record has another id by now: it is fetched, and stands in if that fails
 */
static void
a_policy_for_another_id_stands_in_alone(void **state)
{
	struct told told;

	(void)state;
	members_put(D, "1", ENFORCE, clock_wall_s());
	house_host.body = NULL;
	told = ask_member(&member_b, "2");
	assert_int_equal(house_host.gets, 1);
	told = ask_member(&member_b, "2");
	assert_true(told.policy && told.cached);
	assert_string_equal(told.by, "c.host");
	assert_int_equal(house_host.gets, 1);
}

/* R6 */
static void
a_failure_has_it_fetched_here_first(void **state)
{
	struct policy_want *want;
	struct sts_facts sts = {.record = {.outcome = STS_RECORD_ABSENT}};

	(void)state;
	members_put(D, "1", ENFORCE, clock_wall_s());
	ask_member(&member_b, "1");
	assert_int_equal(house_host.gets, 0);
	house_host.body = MODE_NONE;
	want = policy_want_begin(member_b.house.policies, D, "1", true);
	policy_want_finish(want, &sts, clock_mono_ms() + MEMBERS_PATIENT_MS);
	assert_int_equal(house_host.gets, 1);
	assert_int_equal(sts.policy->policy->mode, STS_MODE_NONE);
	assert_string_equal(sts.policy->by, "");
	policy_facts_free(sts.policy);
}

/* F60, F61 */
static void
what_is_forged_or_moved_counts_for_nothing(void **state)
{
	struct member foreign;
	struct told told;
	char *value;

	(void)state;
	members_put("x.ex", "1", ENFORCE, clock_wall_s());
	value = members_get("postern:1:p:x.ex");
	members_set("postern:1:p:" D, value);
	free(value);
	house_host.body = NULL;
	told = ask_member(&member_b, NULL);
	assert_false(told.policy);
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_MAC], 1);
	assert_int_equal(member_b.told[SHARE_REJECTED], 1);
	/* a member of another fleet, in the same database */
	members_join(&foreign, "f.host", FOREIGN);
	assert_null(share_policy_ask(foreign.share, "x.ex"));
	assert_int_equal(foreign.counts.rejected[SHARED_FAULT_MAC], 1);
	members_leave(&foreign);
}

static void
a_store_full_of_forgeries_is_left_alone(void **state)
{
	(void)state;
	members_set("postern:1:p:" D,
	    "1.630dcd29.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.{}");
	for (unsigned i = 0; i < 12; i++)
		assert_null(share_policy_ask(member_b.share, D));
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_MAC], 10);
	assert_int_equal(member_b.told[SHARE_REJECTED], 1);
	assert_int_equal(member_b.told[SHARE_SHUT], 1);
	assert_false(share_is_open(member_b.share));
}

/* F27 */
static void
an_older_fetch_does_not_take_the_place_of_a_newer(void **state)
{
	(void)state;
	members_put(D, "2", OTHER_MX, clock_wall_s() + 100);
	ask_member(&member_a, "1"); /* its clock is behind */
	while (member_a.counts.rejected[SHARED_FAULT_CONFLICT] == 0)
		usleep(MEMBERS_LOOK_US);
	shared_policy_free(members_await(D, OTHER_MX));
}

/* F28: the last one stays, and is as good as the other */
static void
two_at_once_do_each_other_no_harm(void **state)
{
	struct policy_facts *ours = policy_facts_new(POLICY_FETCHED);
	struct policy_facts *theirs = policy_facts_new(POLICY_FETCHED);
	struct shared_policy *policy;

	(void)state;
	ours->body = strdup(ENFORCE);
	theirs->body = strdup(OTHER_MX);
	ours->fetched_s = theirs->fetched_s = clock_wall_s();
	share_policy_put(member_a.share, D, ours);
	share_policy_put(member_b.share, D, theirs);
	members_await_puts(&member_a, 1);
	members_await_puts(&member_b, 1);
	policy = share_policy_ask(member_a.share, D);
	assert_non_null(policy);
	assert_true(strcmp(policy->body, ENFORCE) == 0 ||
		    strcmp(policy->body, OTHER_MX) == 0);
	assert_int_equal(member_a.counts.rejected[SHARED_FAULT_CONFLICT], 0);
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_CONFLICT], 0);
	shared_policy_free(policy);
	policy_facts_free(ours);
	policy_facts_free(theirs);
}

/* F30 */
static void
what_was_forgotten_does_not_come_back(void **state)
{
	time_t now = clock_wall_s();
	struct shared_policy *policy;
	char name[24];

	(void)state;
	members_put(D, "1", ENFORCE, now - 60);
	graves_bury(share_graves(member_b.share), D, now);
	assert_null(share_policy_ask(member_b.share, D));
	assert_int_equal(member_b.counts.rejected[SHARED_FAULT_TIME], 1);
	members_put(D, "1", ENFORCE, now + 1);
	policy = share_policy_ask(member_b.share, D);
	assert_non_null(policy);
	shared_policy_free(policy);
	/* of so many the last are known */
	for (int i = 0; i < LIMIT_SHARED_GRAVES; i++) {
		snprintf(name, sizeof(name), "d%d.ex", i);
		graves_bury(share_graves(member_b.share), name, now + 1);
	}
	members_put("d1.ex", "1", ENFORCE, now);
	assert_null(share_policy_ask(member_b.share, "d1.ex"));
}

static void
one_fetches_while_the_others_wait(void **state)
{
	(void)state;
	assert_true(share_policy_claim(member_a.share, D));
	assert_true(share_policy_claim(member_a.share, D));
	assert_false(share_policy_claim(member_b.share, D));
	assert_true(share_policy_claim(member_b.share, "other.ex"));
	redis_signal(members_store, 9);
	store_client_await(&member_b.client, SHARED_DOWN, 1);
	assert_true(share_policy_claim(member_b.share, D));
}

/* R9, F64: whoever holds all leases has others wait a second, no more */
static void
a_lease_that_comes_to_nothing_costs_a_second(void **state)
{
	struct told told;
	int64_t began_ms;

	(void)state;
	share_policy_claim(member_a.share, D);
	began_ms = clock_mono_ms();
	told = ask_member(&member_b, "1");
	assert_true(told.policy && told.by[0] == '\0');
	assert_int_equal(house_host.gets, 1);
	/* once, and after 50, 100, 200 and, if there is time, 400 ms */
	assert_in_range(
	    member_b.client.counts.requests[SHARED_OP_GET][SHARED_RESULT_MISS],
	    4, 5);
	assert_in_range(clock_mono_ms() - began_ms, 350, SLOW_MS);
	/* it is no longer with all the time in the world */
	assert_in_range(share_patience(INT64_MAX) - clock_mono_ms(), 0, 1000);
}

static void
what_cannot_wait_any_more_is_dropped(void **state)
{
	struct policy_facts *facts = policy_facts_new(POLICY_FETCHED);
	char name[24];

	(void)state;
	assert_int_equal(LIMIT_SHARED_PUTS, 1024);
	assert_int_equal(LIMIT_SHARED_PUT_OCTETS, 16 << 20);
	redis_signal(members_store, 19); /* STOP: nothing is put meanwhile */
	facts->body = strdup(ENFORCE);
	facts->policy = sts_policy_parse(ENFORCE, strlen(ENFORCE), NULL);
	facts->fetched_s = clock_wall_s();
	for (int i = 0; i < LIMIT_SHARED_PUTS + 10; i++) {
		snprintf(name, sizeof(name), "d%d.ex", i);
		share_policy_put(member_a.share, name, facts);
	}
	/* one or two may be on their way */
	assert_in_range(member_a.counts.dropped, 8, 10);
	policy_facts_free(facts);
	redis_signal(members_store, 18);
}

#define SHARE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, members_begin, members_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SHARE_TEST(a_policy_that_one_has_fetched_serves_the_other),
	    SHARE_TEST(a_policy_serves_where_no_record_is_seen),
	    SHARE_TEST(where_nobody_has_one_there_is_none),
	    SHARE_TEST(a_policy_of_another_is_on_disk_as_that),
	    SHARE_TEST(no_value_weakens_what_is_in_force),
	    SHARE_TEST(a_policy_that_is_given_up_is_fetched_for_oneself),
	    SHARE_TEST(each_fetch_is_put_and_no_failure_is),
	    SHARE_TEST(what_is_known_here_is_not_asked_for),
	    SHARE_TEST(the_same_policy_fetched_later_lives_longer),
	    SHARE_TEST(what_is_not_fit_to_begin_with_is_a_hint),
	    SHARE_TEST(a_policy_of_a_week_ago_is_still_taken),
	    SHARE_TEST(a_policy_for_another_id_stands_in_alone),
	    SHARE_TEST(a_failure_has_it_fetched_here_first),
	    SHARE_TEST(what_is_forged_or_moved_counts_for_nothing),
	    SHARE_TEST(a_store_full_of_forgeries_is_left_alone),
	    SHARE_TEST(an_older_fetch_does_not_take_the_place_of_a_newer),
	    SHARE_TEST(two_at_once_do_each_other_no_harm),
	    SHARE_TEST(what_was_forgotten_does_not_come_back),
	    SHARE_TEST(one_fetches_while_the_others_wait),
	    SHARE_TEST(a_lease_that_comes_to_nothing_costs_a_second),
	    SHARE_TEST(what_cannot_wait_any_more_is_dropped),
	};

	if (!redis_is_there()) {
		puts("1..0 # SKIP no redis-server");
		return 0;
	}
	house_use_fakes();
	return RUN_TESTS(tests);
}
