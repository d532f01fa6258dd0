/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/sts/policy_want.h"
#include "t/unit/house.h"
#include "t/unit/tap.h"

static void *
clear_in_time(void *arg)
{
	usleep(300000);
	*(atomic_bool *)arg = false;
	return NULL;
}

/* One step of a story. */
struct step {
	const char *id;     /* the vector */
	const char *record; /* the id announced, NULL: none */
	const char *body;   /* what the policy host has, NULL: it fails */
	int later_s;        /* before the step */
	bool restart;       /* before the step */
	bool policy;        /* a policy is in force */
	bool cached;
	const char *kept_id;      /* its id, "" without a policy */
	enum policy_fetch failed; /* beside it, or instead of it */
	unsigned gets;            /* all so far */
};

static void
check_step(const struct step *step, struct house *house)
{
	struct sts_facts sts = house_ask(house, step->record);
	bool policy = sts.policy != NULL && sts.policy->fetch == POLICY_FETCHED;

	ROW(step->id, policy == step->policy);
	ROW(step->id, sts.cached == step->cached);
	ROW_TEXT(step->id, policy ? sts.policy->id : "", step->kept_id);
	if (policy)
		ROW(step->id, sts.failed == step->failed);
	else
		ROW(step->id,
		    (sts.policy == NULL ? POLICY_NOT_FETCHED
					: sts.policy->fetch) == step->failed);
	ROW(step->id, house_host.gets == step->gets);
	policy_facts_free(sts.policy);
}

static void
run_story(const struct step *steps, size_t count)
{
	struct house house = {0};

	house_new_store();
	house_move_in(&house, false, false);
	for (size_t i = 0; i < count; i++) {
		house_host.body = steps[i].body;
		if (steps[i].restart) {
			house_move_out(&house);
			house_move_in(&house, false, false);
		}
		clock_shift(steps[i].later_s);
		check_step(&steps[i], &house);
	}
	house_move_out(&house);
	house_unlink_store();
}

static void
a_kept_policy_stands_in(void **state)
{
	static const struct step story[] = {
	    {"M01", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"same id", "1", ENFORCE, 60, false, true, true, "1", OK, 1},
	    {"M03", NULL, ENFORCE, 60, false, true, true, "1", ERROR, 1},
	    {"M76", NULL, ENFORCE, 60, true, true, true, "1", ERROR, 1},
	    {"M76 same id", "1", NULL, 60, false, true, true, "1", OK, 1},
	    {"M62", "2", NULL, 60, false, true, true, "1", ERROR, 2},
	    {"M62 again", "2", ENFORCE, 60, false, true, true, "1", ERROR, 2},
	    {"M62 body", "3", "mode: enforce\n", 60, false, true, true, "1",
		POLICY_INVALID, 3},
	    {"old id again", "1", NULL, 60, false, true, true, "1", OK, 3},
	    {"M63", "1", NULL, DAY, false, false, false, "", ERROR, 4},
	    {"M63 no record", NULL, NULL, 60, false, false, false, "", OK, 4},
	};

	(void)state;
	run_story(story, COUNT(story));
}

static void
a_failed_fetch_waits_for_five_minutes_or_a_new_id(void **state)
{
	static const struct step story[] = {
	    {"M17", "1", NULL, 0, false, false, false, "", ERROR, 1},
	    {"M64", "1", ENFORCE, 240, false, false, false, "", ERROR, 1},
	    {"M64 restart", "1", ENFORCE, 1, true, false, false, "", ERROR, 1},
	    {"M65", "2", ENFORCE, 0, false, true, false, "2", OK, 2},
	    {"M64 other id", "1", NULL, 400, false, true, true, "2", ERROR, 3},
	};
	static const struct step again[] = {
	    {"fail", "1", NULL, 0, false, false, false, "", ERROR, 1},
	    {"5 min", "1", ENFORCE, 301, false, true, false, "1", OK, 2},
	};

	(void)state;
	run_story(story, COUNT(story));
	run_story(again, COUNT(again));
}

static void
a_new_policy_replaces_the_old(void **state)
{
	static const struct step none[] = {
	    {"enforce", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"M61", "2", MODE_NONE, 60, false, true, false, "2", OK, 2},
	    {"M44", "2", NULL, 60, true, true, true, "2", OK, 2},
	};
	static const struct step at_once[] = {
	    {"enforce", "1", ENFORCE, 0, false, true, false, "1", OK, 1},
	    {"M40", "2", AT_ONCE, 60, false, true, false, "2", OK, 2},
	    {"M40 after", NULL, NULL, 1, false, false, false, "", OK, 2},
	    {"M40 again", "2", AT_ONCE, 1, false, true, false, "2", OK, 3},
	};

	(void)state;
	run_story(none, COUNT(none));
	run_story(at_once, COUNT(at_once));
}

static const struct {
	const char *name;
	const char *body;
	struct https_reply reply;
	enum counts_fetch counted;
} fetches[] = {
    {"new", ENFORCE, {0}, COUNTS_FETCH_OK},
    {"the same", ENFORCE, {0}, COUNTS_FETCH_UNCHANGED},
    {"another", MODE_NONE, {0}, COUNTS_FETCH_OK},
    {"no policy", "mode: enforce\n", {0}, COUNTS_FETCH_INVALID},
    {"large", NULL, {.outcome = HTTPS_TOO_LARGE}, COUNTS_FETCH_INVALID},
    {"type", NULL,
	{.outcome = HTTPS_ANSWERED, .status = 200, .content_type = "text/html"},
	COUNTS_FETCH_INVALID},
    {"404", NULL, {.outcome = HTTPS_ANSWERED, .status = 404},
	COUNTS_FETCH_HTTP},
    {"no HTTP", NULL, {.outcome = HTTPS_FAILED}, COUNTS_FETCH_HTTP},
    {"time", NULL, {.outcome = HTTPS_FAILED, .failure = HTTPS_AT_TIME},
	COUNTS_FETCH_TIMEOUT},
    {"refused", NULL, {.outcome = HTTPS_FAILED, .failure = HTTPS_AT_CONNECTION},
	COUNTS_FETCH_CONNECT},
    {"handshake", NULL, {.outcome = HTTPS_FAILED, .failure = HTTPS_AT_TLS},
	COUNTS_FETCH_TLS},
    {"certificate", NULL, {.outcome = HTTPS_UNTRUSTED}, COUNTS_FETCH_TLS},
    {"no sockets", NULL, {.outcome = HTTPS_NOT_TRIED}, COUNTS_FETCH_NONE},
};

static void
each_fetch_is_counted_by_what_came_of_it(void **state)
{
	struct counts counts = {0};
	struct house house = {.counts = &counts};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	for (size_t i = 0; i < COUNT(fetches); i++) {
		const char id[] = {(char)('a' + i), '\0'};
		struct sts_facts sts;

		house_host.body = fetches[i].body;
		house_host.reply = &fetches[i].reply;
		memset(&counts, 0, sizeof(counts));
		sts = house_ask(&house, id);
		policy_facts_free(sts.policy);
		for (int j = 0; j < COUNTS_FETCHES; j++)
			ROW(fetches[i].name,
			    counts.fetched[j] ==
				(j == (int)fetches[i].counted));
	}
	house_host.dns_fails = LOOKUP_SERVFAIL;
	policy_facts_free(house_ask(&house, "z").policy);
	assert_int_equal(counts.fetched[COUNTS_FETCH_DNS], 1);
	house_move_out(&house);
	house_unlink_store();
}

/* F11, F05: what was found by the one before counts no more. */
static void
another_policy_that_counts_begins_a_turn(void **state)
{
	static const struct {
		const char *name, *id, *body;
		bool other;
	} rows[] = {
	    {"the first", "1", ENFORCE, true},
	    {"the same again", "2", ENFORCE, false},
	    {"a failure", "3", NULL, false},
	    {"mode none", "4", MODE_NONE, true},
	    {"enforce again", "5", ENFORCE, true},
	    {"shorter", "6", SHORT, true},
	};
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy_mark before =
		    policies_mark(house.policies, "d.ex");
		struct sts_facts sts;

		house_host.body = rows[i].body;
		sts = house_ask(&house, rows[i].id);
		ROW(rows[i].name, policy_turns_is_current(
				      &house_turns, &before) != rows[i].other);
		if (rows[i].body != NULL)
			ROW(rows[i].name,
			    policy_turns_is_current(&house_turns, &sts.mark) &&
				sts.mark.marked);
		policy_facts_free(sts.policy);
	}
	house_move_out(&house);
	house_unlink_store();
}

/* F05: who could not wait for it is asked again, and has it. */
static void
a_fetch_that_outlives_its_waiter_begins_a_turn(void **state)
{
	struct house house = {0};
	struct policy_mark before;
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	house_host.body = ENFORCE;
	house_host.silent = true;
	before = policies_mark(house.policies, "d.ex");
	sts = house_ask_for(&house, "d.ex", "1", 20);
	assert_int_equal(sts.policy->fetch, POLICY_FETCH_ERROR);
	assert_true(policy_turns_is_current(&house_turns, &before));
	policy_facts_free(sts.policy);
	house_host.silent = false;
	sts = house_ask(&house, "1");
	assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
	assert_int_equal(house_host.gets, 1);
	assert_false(policy_turns_is_current(&house_turns, &before));
	policy_facts_free(sts.policy);
	house_move_out(&house);
	house_unlink_store();
}

static void *
await_the_first(void *arg)
{
	struct sts_facts sts = house_ask_for(arg, "d.ex", "1", 600000);

	assert_int_equal(sts.policy->fetch, POLICY_FETCH_ERROR);
	policy_facts_free(sts.policy);
	return NULL;
}

/* F05: a check has STSTimeout, a fetch its minute, if few want one. */
static void
a_fetch_goes_on_when_a_check_gives_up(void **state)
{
	struct house house = {.timeout_ms = 500, .patient = 1};
	pthread_t thread;
	bool fetched;

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	house_host.silent = true;
	assert_int_equal(
	    pthread_create(&thread, NULL, await_the_first, &house), 0);
	while (house_host.gets < 1)
		usleep(1000);
	assert_true(house_host.given_ms > POLICIES_FETCH_MS / 2);
	policy_facts_free(house_ask_for(&house, "e.ex", "1", 600000).policy);
	assert_int_equal(house_host.gets, 2);
	assert_true(house_host.given_ms <= house.timeout_ms);
	pthread_join(thread, NULL);
	house_host.silent = false;
	do {
		struct sts_facts sts = house_ask(&house, "1");

		fetched = sts.policy->fetch == POLICY_FETCHED;
		policy_facts_free(sts.policy);
	} while (!fetched);
	assert_int_equal(house_host.gets, 2);
	house_move_out(&house);
	house_unlink_store();
}

static void
a_reader_uses_policies_and_ignores_failures(void **state)
{
	struct house daemon = {0}, command = {0};
	struct sts_facts sts;

	(void)state;
	house_new_store();
	house_move_in(&daemon, false, false);
	house_host.body = NULL;
	sts = house_ask(&daemon, "1");
	policy_facts_free(sts.policy);
	house_move_in(&command, true, false);
	house_host.body = ENFORCE;
	sts = house_ask(&command, "1");
	assert_int_equal(house_host.gets, 2);
	assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
	policy_facts_free(sts.policy);
	house_move_out(&command);
	/* and has written nothing */
	sts = house_ask(&daemon, NULL);
	assert_null(sts.policy);
	house_move_out(&daemon);
	house_unlink_store();
}

static void
a_fetch_that_nobody_waits_for_is_not_begun(void **state)
{
	struct sts_facts sts = {.cached = false};
	struct policy_want *wants[2];
	struct house house = {0};

	(void)state;
	house_new_store();
	house_move_in(&house, false, false);
	house_host.silent = true;
	wants[0] = policy_want_begin(house.policies, "a.ex", "1", false);
	wants[1] = policy_want_begin(house.policies, "b.ex", "1", false);
	while (house_host.gets < 2)
		usleep(1000);
	house_ask_for_many(&house, 10, 0);
	house_host.silent = false;
	for (size_t i = 0; i < COUNT(wants); i++) {
		policy_want_finish(wants[i], &sts, clock_mono_ms() + 5000);
		assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
		policy_facts_free(sts.policy);
	}
	house_move_out(&house);
	assert_int_equal(house_host.gets, 2);
	house_unlink_store();
}

static void *
ask_in_haste(void *arg)
{
	struct sts_facts sts = house_ask_for(arg, "d.ex", "1", 100);

	assert_int_equal(sts.policy->fetch, POLICY_FETCH_ERROR);
	policy_facts_free(sts.policy);
	return NULL;
}

static void
a_flight_is_not_bound_by_the_haste_of_who_began_it(void **state)
{
	struct house house = {0};
	struct sts_facts sts;
	pthread_t hasty, later;
	int rc;

	(void)state;
	house_new_store();
	house_host.lookups = 0;
	house_move_in(&house, false, false);
	house_host.dns_silent = true;
	rc = pthread_create(&hasty, NULL, ask_in_haste, &house);
	assert_int_equal(rc, 0);
	while (house_host.lookups == 0)
		usleep(1000);
	rc =
	    pthread_create(&later, NULL, clear_in_time, &house_host.dns_silent);
	assert_int_equal(rc, 0);
	sts = house_ask(&house, "1");
	pthread_join(hasty, NULL);
	pthread_join(later, NULL);
	assert_int_equal(sts.policy->fetch, POLICY_FETCHED);
	assert_int_equal(house_host.gets, 1);
	policy_facts_free(sts.policy);
	house_move_out(&house);
	house_unlink_store();
}

static void
a_lookup_that_fails_is_no_failure_of_the_policy_host(void **state)
{
	static const struct {
		const char *id;
		enum lookup_state state;
		const char *detail;
		bool learnt;
	} rows[] = {
	    {"time", LOOKUP_TIMEOUT, "no_lookup_of_mta-sts.d.ex:", false},
	    {"SERVFAIL", LOOKUP_SERVFAIL, "no_lookup_of_mta-sts.d.ex:", false},
	    {"bogus", LOOKUP_BOGUS, "no_lookup_of_mta-sts.d.ex:", false},
	    {"NODATA", LOOKUP_NODATA, "policy_host_has_no_address", true},
	    {"NXDOMAIN", LOOKUP_NXDOMAIN, "policy_host_has_no_address", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store_policy row;
		struct house house = {0};
		struct sts_facts sts;

		house_new_store();
		house_move_in(&house, false, false);
		house_host.dns_fails = rows[i].state;
		sts = house_ask(&house, "1");
		ROW(rows[i].id, sts.policy->fetch == POLICY_FETCH_ERROR);
		ROW(rows[i].id, strncmp(sts.policy->detail, rows[i].detail,
				    strlen(rows[i].detail)) == 0);
		policy_facts_free(sts.policy);
		ROW(rows[i].id, store_get_policy(house.store, "d.ex", &row,
				    NULL) == rows[i].learnt);
		house_host.dns_fails = LOOKUP_NOT_ASKED;
		sts = house_ask(&house, "1");
		ROW(rows[i].id,
		    (sts.policy->fetch == POLICY_FETCHED) != rows[i].learnt);
		policy_facts_free(sts.policy);
		house_move_out(&house);
	}
	house_unlink_store();
}

/* R40, R41 */
static void
a_failure_of_the_policy_host_is_told_once_with_what_counts_on(void **state)
{
	static const struct step story[] = {
	    {"R40", "1", NULL, 0, false, false, false, "", ERROR, 1},
	    {"R40 not again", "1", NULL, 200, false, false, false, "", ERROR,
		1},
	    {"a policy", "2", ENFORCE, 0, false, true, false, "2", OK, 2},
	    {"R41", "3", "mode: enforce\n", 60, false, true, true, "2",
		POLICY_INVALID, 3},
	    {"R41 no record", NULL, NULL, 60, false, true, true, "2", ERROR, 3},
	    {"R41 expired", "3", NULL, DAY, false, false, false, "", ERROR, 4},
	};
	static const char told[] = "d.ex 2 -\nd.ex 4 enforce\nd.ex 2 -\n";

	(void)state;
	assert_int_equal(POLICY_FETCH_ERROR, 2);
	assert_int_equal(POLICY_INVALID, 4);
	house_failures[0] = '\0';
	run_story(story, COUNT(story));
	assert_string_equal(house_failures, told);
}

int
main(void)
{
	const struct CMUnitTest policies[] = {
	    cmocka_unit_test(
		a_failure_of_the_policy_host_is_told_once_with_what_counts_on),
	    cmocka_unit_test(a_kept_policy_stands_in),
	    cmocka_unit_test(a_failed_fetch_waits_for_five_minutes_or_a_new_id),
	    cmocka_unit_test(a_new_policy_replaces_the_old),
	    cmocka_unit_test(each_fetch_is_counted_by_what_came_of_it),
	    cmocka_unit_test(another_policy_that_counts_begins_a_turn),
	    cmocka_unit_test(a_fetch_that_outlives_its_waiter_begins_a_turn),
	    cmocka_unit_test(a_fetch_goes_on_when_a_check_gives_up),
	    cmocka_unit_test(a_reader_uses_policies_and_ignores_failures),
	    cmocka_unit_test(a_fetch_that_nobody_waits_for_is_not_begun),
	    cmocka_unit_test(
		a_flight_is_not_bound_by_the_haste_of_who_began_it),
	    cmocka_unit_test(
		a_lookup_that_fails_is_no_failure_of_the_policy_host),
	};

	house_use_fakes();
	return RUN_TESTS(policies);
}
