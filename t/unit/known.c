/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/known.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define BODY "version: STSv1\nmode: enforce\nmx: mx1.d.ex\nmax_age: 86400\n"

enum { DAY_S = 86400, FIVE_MINUTES_S = 300 };

static struct policy_facts *
make_fetch(enum policy_fetch fetch, const char *id)
{
	struct policy_facts *facts = policy_facts_new(fetch);

	text_copy(facts->id, sizeof(facts->id), id);
	facts->fetched_s = clock_wall_s();
	if (fetch == POLICY_FETCHED) {
		facts->body = xstrdup(BODY);
		facts->policy = sts_policy_parse(BODY, strlen(BODY), NULL);
	} else {
		text_copy(facts->detail, sizeof(facts->detail), "why");
	}
	return facts;
}

static struct known *
learn_fetch(const struct known *before, enum policy_fetch fetch, const char *id)
{
	struct policy_facts *facts = make_fetch(fetch, id);
	struct known *known = known_learn(before, facts);

	policy_facts_free(facts);
	return known;
}

static void
a_failure_leaves_the_policy_its_id_and_its_end(void **state)
{
	AUTO(known) struct known *known = NULL, *failed = NULL, *later = NULL;

	(void)state;
	known = learn_fetch(NULL, POLICY_FETCHED, "1");
	failed = learn_fetch(known, POLICY_FETCH_ERROR, "2");
	assert_string_equal(failed->policy->id, "1");
	assert_int_equal(failed->expires_s, known->expires_s);
	assert_string_equal(failed->failed_id, "2");
	assert_string_equal(failed->failed_detail, "why");
	assert_int_equal(failed->failed_how, POLICY_FETCH_ERROR);
	later = learn_fetch(failed, POLICY_FETCHED, "3");
	assert_string_equal(later->policy->id, "3");
	assert_string_equal(later->failed_id, "");
	assert_int_equal(later->failed_s, 0);
}

static void
a_failure_is_not_repeated_for_five_minutes_but_for_a_new_id(void **state)
{
	AUTO(known) struct known *known = NULL;

	(void)state;
	known = learn_fetch(NULL, POLICY_INVALID, "1");
	assert_false(known_is_unexpired(known));
	assert_true(known_failed_lately(known, "1"));
	assert_false(known_failed_lately(known, "2"));
	clock_shift(FIVE_MINUTES_S + 1);
	assert_false(known_failed_lately(known, "1"));
}

static void
a_policy_counts_to_its_end(void **state)
{
	AUTO(known) struct known *known = NULL;

	(void)state;
	known = learn_fetch(NULL, POLICY_FETCHED, "1");
	assert_int_equal(known->expires_s - known->fetched_s, DAY_S);
	assert_true(known_is_unexpired(known));
	clock_shift(DAY_S - 60);
	assert_true(known_is_unexpired(known));
	clock_shift(120);
	assert_false(known_is_unexpired(known));
}

static void
its_use_is_noted_once_and_then_once_a_day(void **state)
{
	AUTO(known) struct known *known = NULL, *used = NULL;

	(void)state;
	known = learn_fetch(NULL, POLICY_FETCHED, "1");
	assert_true(known_wants_note(known));
	used = known_used(known);
	assert_true(used->again);
	assert_false(known_wants_note(used));
	used->expires_s += 2 * DAY_S;
	clock_shift(DAY_S);
	assert_true(known_wants_note(used));
}

static void
a_row_gives_back_what_it_was_made_of(void **state)
{
	AUTO(known) struct known *known = NULL, *failed = NULL, *again = NULL;
	struct store_policy row;
	bool askew = true;

	(void)state;
	known = learn_fetch(NULL, POLICY_FETCHED, "1");
	failed = learn_fetch(known, POLICY_WEBPKI_INVALID, "2");
	known_to_row(failed, "d.ex", &row);
	assert_string_equal(row.domain, "d.ex");
	assert_string_equal(row.body, BODY);
	assert_int_equal(row.length, strlen(BODY));
	again = known_from_row(&row, true, &askew);
	assert_false(askew);
	assert_string_equal(again->policy->id, "1");
	assert_int_equal(again->expires_s, failed->expires_s);
	assert_string_equal(again->failed_id, "2");
	assert_int_equal(again->failed_how, POLICY_WEBPKI_INVALID);
	known_free(again);
	again = known_from_row(&row, false, &askew);
	assert_string_equal(again->failed_id, "");
	assert_int_equal(again->failed_s, 0);
	assert_true(known_octets(again) > sizeof(*again));
}

static void
a_row_that_is_no_policy_is_not_known(void **state)
{
	char body[] = "mode: enforce\n";
	struct store_policy row = {
	    .domain = "d.ex", .body = body, .length = strlen(body)};
	bool askew;

	(void)state;
	assert_null(known_from_row(&row, true, &askew));
}

/* Such times count as now, and the row is to be written again. */
static void
no_time_is_to_come(void **state)
{
	char body[] = BODY;
	time_t now = clock_wall_s();
	struct store_policy row = {.domain = "d.ex",
	    .id = "1",
	    .body = body,
	    .length = strlen(BODY),
	    .fetched_s = now + 10 * DAY_S,
	    .expires_s = now + 11 * DAY_S,
	    .failed_id = "2",
	    .failed_s = now + 10 * DAY_S,
	    .failed_how = POLICY_FETCH_ERROR,
	    .used_s = now + 10 * DAY_S};
	AUTO(known) struct known *known = NULL;
	bool askew = false;

	(void)state;
	known = known_from_row(&row, true, &askew);
	assert_true(askew);
	assert_in_range(known->expires_s, now + DAY_S, now + DAY_S + 60);
	assert_in_range(known->policy->fetched_s, now, now + 60);
	assert_in_range(known->failed_s, now, now + 60);
	assert_in_range(known->used_s, now, now + 60);
	/* noted as it was, in case this clock is the one that is behind */
	assert_int_equal(known->fetched_s, row.fetched_s);
}

/* A fetch so many days later, of a policy with that mode and host. */
static struct known *
learn_policy(const struct known *before, const char *id, const char *mode,
    const char *mx)
{
	struct policy_facts *facts = policy_facts_new(POLICY_FETCHED);
	struct known *known;
	char body[256];

	snprintf(body, sizeof(body),
	    "version: STSv1\nmode: %s\nmx: %s.d.ex\nmax_age: 86400\n", mode,
	    mx);
	text_copy(facts->id, sizeof(facts->id), id);
	facts->fetched_s = clock_wall_s();
	facts->body = xstrdup(body);
	facts->policy = sts_policy_parse(body, strlen(body), NULL);
	known = known_learn(before, facts);
	policy_facts_free(facts);
	return known;
}

/* A14, R10: a fetch a day, and the days that are told after each; 0 for never,
 * else counted from the first, which is 1. */
static void
it_is_known_since_when_a_mode_is_there_and_how_ids_changed(void **state)
{
	static const struct {
		const char *id, *mode, *mx;
		int since, renewed, same_id;
	} days[] = {
	    {"1", "testing", "a", 1, 0, 0},
	    {"1", "testing", "a", 1, 0, 0},
	    {"2", "testing", "a", 1, 0, 0}, /* only the id */
	    {"3", "testing", "b", 1, 4, 0},
	    {"3", "testing", "c", 1, 4, 5},
	    {"3", "testing", "c", 1, 4, 5}, /* still that id */
	    {"4", "testing", "c", 1, 4, 0},
	    {"5", "enforce", "c", 8, 8, 0},
	    {"5", "testing", "c", 9, 8, 9},
	};
	struct known *known = NULL;
	time_t first = clock_wall_s();

	(void)state;
	for (size_t i = 0; i < COUNT(days); i++) {
		struct known *next =
		    learn_policy(known, days[i].id, days[i].mode, days[i].mx);
		const time_t times[] = {next->past.mode_since_s,
		    next->past.renewed_s, next->past.same_id_s};
		const int wanted[] = {
		    days[i].since, days[i].renewed, days[i].same_id};

		for (size_t j = 0; j < COUNT(times); j++)
			ROW(days[i].id,
			    (times[j] == 0 ? 0
					   : (times[j] - first) / DAY_S + 1) ==
				wanted[j]);
		known_free(known);
		known = learn_fetch(next, POLICY_FETCH_ERROR, "9");
		ROW(days[i].id, memcmp(&known->past, &next->past,
				    sizeof(known->past)) == 0);
		known_free(next);
		clock_shift(DAY_S);
	}
	known_free(known);
}

/* A14 */
static void
a_row_of_an_older_version_says_since_its_fetch(void **state)
{
	char body[] = BODY;
	time_t then = clock_wall_s() - 3 * DAY_S;
	struct store_policy row = {.domain = "d.ex",
	    .id = "1",
	    .body = body,
	    .length = strlen(BODY),
	    .fetched_s = then,
	    .expires_s = then + DAY_S};
	AUTO(known) struct known *known = NULL, *next = NULL;
	bool askew;

	(void)state;
	known = known_from_row(&row, true, &askew);
	next = learn_fetch(known, POLICY_FETCHED, "1");
	assert_int_equal(next->past.mode_since_s, then);
	known_to_row(next, "d.ex", &row);
	assert_int_equal(row.past.mode_since_s, then);
	row.past.mode_since_s = row.past.renewed_s = row.past.same_id_s =
	    clock_wall_s() + 10 * DAY_S;
	known_free(known);
	known = known_from_row(&row, true, &askew);
	assert_in_range(known->past.mode_since_s, then, clock_wall_s());
	assert_in_range(known->past.renewed_s, then, clock_wall_s());
	assert_in_range(known->past.same_id_s, then, clock_wall_s());
}

int
main(void)
{
	const struct CMUnitTest known[] = {
	    cmocka_unit_test(a_failure_leaves_the_policy_its_id_and_its_end),
	    cmocka_unit_test(
		a_failure_is_not_repeated_for_five_minutes_but_for_a_new_id),
	    cmocka_unit_test(a_policy_counts_to_its_end),
	    cmocka_unit_test(its_use_is_noted_once_and_then_once_a_day),
	    cmocka_unit_test(a_row_gives_back_what_it_was_made_of),
	    cmocka_unit_test(a_row_that_is_no_policy_is_not_known),
	    cmocka_unit_test(no_time_is_to_come),
	    cmocka_unit_test(
		it_is_known_since_when_a_mode_is_there_and_how_ids_changed),
	    cmocka_unit_test(a_row_of_an_older_version_says_since_its_fetch),
	};

	return RUN_TESTS(known);
}
