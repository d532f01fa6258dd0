/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <assert.h>

#include "t/unit/state.h"
#include "t/unit/tap.h"

static void
what_is_put_is_got(void **state)
{
	AUTO(store) struct store *store = state_open();
	struct store_policy policy = state_policy("example.com", 7, 64);
	struct store_policy found = {0};

	(void)state;
	snprintf(policy.failed_id, sizeof(policy.failed_id), "8a");
	policy.failed_s = T0 + 9;
	policy.past = (struct policy_past){T0 + 1, T0 + 2, T0 + 3};
	policy.failed_how = POLICY_WEBPKI_INVALID;
	snprintf(
	    policy.failed_detail, sizeof(policy.failed_detail), "no_such_name");
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 0);
	assert_int_equal(store_put_policy(store, &policy, NULL), 0);
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 1);
	assert_string_equal(found.domain, "example.com");
	assert_string_equal(found.id, "7");
	assert_int_equal(found.length, 64);
	assert_string_equal(found.body, policy.body);
	assert_int_equal(found.fetched_s, T0 + 7);
	assert_int_equal(found.expires_s, T0 + 7 + 86400);
	assert_string_equal(found.failed_id, "8a");
	assert_int_equal(found.failed_s, T0 + 9);
	assert_int_equal(found.failed_how, POLICY_WEBPKI_INVALID);
	assert_string_equal(found.failed_detail, "no_such_name");
	assert_int_equal(found.past.mode_since_s, T0 + 1);
	assert_int_equal(found.past.renewed_s, T0 + 2);
	assert_int_equal(found.past.same_id_s, T0 + 3);
	store_policy_fini(&found);
	store_policy_fini(&policy);
}

static void
a_failure_alone_is_kept_without_a_body(void **state)
{
	struct store_policy policy = {
	    .domain = "example.com",
	    .failed_id = "1",
	    .failed_s = T0,
	    .failed_how = POLICY_INVALID,
	};
	AUTO(store) struct store *store = state_open();
	struct store_policy found = {.body = (char *)state_dir};

	(void)state;
	assert_int_equal(store_put_policy(store, &policy, NULL), 0);
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 1);
	assert_null(found.body);
	assert_int_equal(found.length, 0);
	assert_string_equal(found.id, "");
	assert_int_equal(found.failed_how, POLICY_INVALID);
}

static void
a_second_put_replaces_and_a_drop_forgets(void **state)
{
	AUTO(store) struct store *store = state_open();

	(void)state;
	assert_int_equal(state_put(store, "example.com", 1), 0);
	assert_int_equal(state_put(store, "example.com", 2), 0);
	assert_int_equal(state_get(store, "example.com"), 2);
	assert_int_equal(store_drop_policy(store, "example.com", NULL), 1);
	assert_int_equal(state_get(store, "example.com"), 0);
	assert_int_equal(store_drop_policy(store, "example.com", NULL), 0);
}

static void
all_can_be_dropped_at_once(void **state)
{
	AUTO(store) struct store *store = state_open();

	(void)state;
	assert_int_equal(state_put(store, "a.example", 1), 0);
	assert_int_equal(state_put(store, "b.example", 2), 0);
	assert_int_equal(store_drop_policy(store, NULL, NULL), 2);
	assert_int_equal(state_get(store, "a.example"), 0);
	assert_int_equal(store_drop_policy(store, NULL, NULL), 0);
	assert_int_equal(state_put(store, "c.example", 3), 0);
	assert_int_equal(state_get(store, "c.example"), 3);
}

/* "DOMAIN=ID" of the row behind a domain, "" at the end */
static const char *
next_to(struct store *store, const char *after)
{
	static char text[LIMIT_DOMAIN_SIZE + LIMIT_STS_ID + 2];
	struct store_policy row;
	int found = store_next_policy(store, after, &row, NULL);

	assert_true(found >= 0);
	text[0] = '\0';
	if (found == 1) {
		snprintf(text, sizeof(text), "%s=%s", row.domain, row.id);
		store_policy_fini(&row);
	}
	return text;
}

static void
rows_are_walked_by_domain(void **state)
{
	AUTO(store) struct store *store = state_open();

	(void)state;
	assert_string_equal(next_to(store, ""), "");
	assert_int_equal(state_put(store, "b.example", 2), 0);
	assert_int_equal(state_put(store, "a.example", 1), 0);
	assert_string_equal(next_to(store, ""), "a.example=1");
	assert_string_equal(next_to(store, "a.example"), "b.example=2");
	assert_string_equal(next_to(store, "aa.example"), "b.example=2");
	assert_string_equal(next_to(store, "b.example"), "");
}

static void
each_goes_by_domain_and_may_call_the_store(void **state)
{
	AUTO(store) struct store *store = state_open();
	struct state_listing state_listing = {.store = store};

	(void)state;
	state_assert_listing(store, 0, "");
	assert_int_equal(state_put(store, "b.example", 2), 0);
	assert_int_equal(state_put(store, "a.example", 1), 0);
	assert_int_equal(state_put(store, "c.example", 3), 0);
	state_assert_listing(store, 3, "a.example=1 b.example=2 c.example=3");
	assert_int_equal(
	    store_each_policy(store, state_list_row, &state_listing, NULL), 3);
	state_assert_listing(store, 0, "");
}

static void
a_flip_is_said_once(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[STORE_RESULT_SIZE] = "none";

	(void)state;
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("pass", T0 + 1), 0);
	assert_string_equal(old, "none");
	assert_int_equal(FLIP("fail", T0 + 2), 1);
	assert_string_equal(old, "pass");
	assert_int_equal(FLIP("fail", T0 + 3), 0);
	store_free(store);
	store = state_open();
	assert_int_equal(FLIP("fail", T0 + 4), 0);
	assert_int_equal(FLIP("softfail", T0 + 5), 1);
	assert_string_equal(old, "fail");
	assert_int_equal(
	    state_flip(store, "other.example", "fail", T0, old, NULL), 0);
	assert_int_equal(
	    state_flip(store, "other.example", "pass", T0, old, NULL), 1);
	assert_string_equal(old, "fail");
}

static void
the_same_result_is_noted_again_after_a_day(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[32];

	(void)state;
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("pass", T0 + 86399), 0);
	state_assert_answer("SELECT noted FROM flip", "1700000000");
	assert_int_equal(FLIP("pass", T0 + 86400), 0);
	state_assert_answer("SELECT noted FROM flip", "1700086400");
}

static void
what_breaks_a_limit_is_not_put(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[32];
	static const struct {
		const char *id;
		struct store_policy policy;
	} rows[] = {
	    {"no domain", {.domain = ""}},
	    {"upper case", {.domain = "Example.com"}},
	    {"final dot", {.domain = "example.com."}},
	    {"not a name", {.domain = "a b"}},
	    {"id", {.domain = "a.example", .id = "a-b"}},
	    {"failed id", {.domain = "a.example", .failed_id = "\n"}},
	    {"no body", {.domain = "a.example", .length = 1}},
	    {"time", {.domain = "a.example", .fetched_s = -1}},
	    {"mode", {.domain = "a.example", .past = {-1, 0, 0}}},
	    {"renewed", {.domain = "a.example", .past = {0, -1, 0}}},
	    {"same id", {.domain = "a.example", .past = {0, 0, -1}}},
	    {"far", {.domain = "a.example", .failed_s = 253402300800}},
	    {"max_age", {.domain = "a.example", .expires_s = 31557601}},
	    {"how", {.domain = "a.example", .failed_how = 77}},
	    {"detail", {.domain = "a.example", .failed_detail = "\033[1m"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.kind = ERR_TEMP};

		ROW(rows[i].id,
		    store_put_policy(store, &rows[i].policy, &err) == -1);
		ROW(rows[i].id, err.kind == ERR_DATA);
	}
	assert_int_equal(
	    state_put_sized(store, "a.example", 1, LIMIT_STS_BODY + 1, NULL),
	    -1);
	assert_int_equal(
	    state_put_sized(store, "a.example", 1, LIMIT_STS_BODY, NULL), 0);
	assert_int_equal(state_get(store, "a.example"), 1);
	assert_int_equal(store_drop_policy(store, "a..example", NULL), -1);
	assert_int_equal(state_get(store, "A.example"), -1);
	assert_int_equal(FLIP("", T0), -1);
	assert_int_equal(FLIP("two words", T0), -1);
	assert_int_equal(FLIP("pass", -1), -1);
}

/* As SQL has them. */
#define VERDICTS "100000"
#define POLICIES "20000"

static_assert(LIMIT_CACHED_VERDICTS == 100000 && LIMIT_CACHED_POLICIES == 20000,
    "the limits are others");

/* The store is full but for three: the strangers' policies hold for a year. */
static void
fill_with_strangers(void)
{
	assert_true(state_sql(
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < " POLICIES " - 3) INSERT INTO policy SELECT"
	    " 'd' || i || '.example', '2', x'61', 1700000002, 1731557602,"
	    " '', 0, '', '', 1, 1700000002, '', 0, 0, 0 FROM n"));
}

static void
what_is_used_least_goes_when_there_is_too_much(void **state)
{
	static const char *const goes[] = {
	    "failed.example", "long-ago.example", "new1.example"};
	struct store_policy failed = {
	    .domain = "failed.example", .failed_s = T0, .used_s = T0 + 9};
	struct store_policy used = state_policy("used.example", 7, 64);
	AUTO(store) struct store *store = state_open();
	struct store_policy gone;
	char name[32];

	(void)state;
	fill_with_strangers();
	used.again = true;
	used.used_s = T0 - 9;
	assert_int_equal(store_put_policy(store, &used, NULL), 0);
	store_policy_fini(&used);
	assert_int_equal(state_put(store, "long-ago.example", 1), 0);
	assert_int_equal(store_put_policy(store, &failed, NULL), 0);
	for (unsigned i = 0; i < COUNT(goes); i++) {
		snprintf(name, sizeof(name), "new%u.example", i + 1);
		assert_int_equal(state_put(store, name, i + 10), 0);
		state_assert_answer("SELECT count(*) FROM policy", POLICIES);
		ROW(goes[i],
		    store_get_policy(store, goes[i], &gone, NULL) == 0);
	}
	assert_int_equal(state_get(store, "used.example"), 7);
	assert_int_equal(state_get(store, "new3.example"), 12);
}

static void
what_was_noted_longest_ago_goes_when_there_is_too_much(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[32];

	(void)state;
	assert_true(
	    state_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		      " FROM n WHERE i < " VERDICTS ") INSERT INTO flip SELECT"
		      " 'd' || i || '.example', 'pass', 1700000001 + (i > 1)"
		      " FROM n"));
	assert_int_equal(
	    state_flip(store, "a.example", "pass", T0, old, NULL), 0);
	state_assert_answer("SELECT count(*) FROM flip", VERDICTS);
	state_assert_answer("SELECT count(*) FROM flip WHERE domain IN"
			    " ('a.example', 'd1.example')",
	    "1");
	state_assert_answer(
	    "SELECT count(*) FROM flip WHERE domain = 'a.example'", "1");
}

/* Rows are counted where there may be too many, and not each time. */
static void
room_that_was_counted_is_used_up_before_rows_go(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[32], name[32];

	(void)state;
	assert_true(
	    state_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		      " FROM n WHERE i < " VERDICTS " - 5) INSERT INTO flip"
		      " SELECT 'd' || i || '.example', 'pass', 1700000000"
		      " FROM n"));
	for (int i = 1; i <= 12; i++) {
		const char *count = i < 5 ? NULL : VERDICTS;

		snprintf(name, sizeof(name), "new%d.example", i);
		assert_int_equal(
		    state_flip(store, name, "pass", T0 + i, old, NULL), 0);
		if (count != NULL)
			state_assert_answer("SELECT count(*) FROM flip", count);
	}
	state_assert_answer(
	    "SELECT count(*) FROM flip WHERE domain LIKE 'new%'", "12");
	state_assert_answer(
	    "SELECT count(*) FROM flip WHERE domain LIKE 'd%'", "99988");
}

/* Else it would never be written again, and never go. */
static void
what_a_clock_that_was_ahead_noted_counts_as_of_now(void **state)
{
	AUTO(store) struct store *store = state_open();
	struct store_policy ahead = state_policy("ahead.example", 1, 64);
	char old[32];

	(void)state;
	assert_int_equal(
	    state_flip(store, "a.example", "pass", T0 + 99999999, old, NULL),
	    0);
	assert_int_equal(
	    state_flip(store, "b.example", "pass", T0 + 99999999, old, NULL),
	    0);
	assert_int_equal(
	    state_flip(store, "a.example", "pass", T0, old, NULL), 0);
	state_assert_answer(
	    "SELECT count(*) FROM flip WHERE noted = 1700000000", "2");
	ahead.used_s = 33333333333;
	assert_int_equal(store_put_policy(store, &ahead, NULL), 0);
	store_policy_fini(&ahead);
	state_assert_answer(
	    "SELECT count(*) FROM policy WHERE used = 33333333333", "0");
}

static void
what_an_older_version_left_is_read_and_counts_as_used(void **state)
{
	struct store_policy found;
	AUTO(store) struct store *store = NULL;

	(void)state;
	assert_true(state_sql(
	    "CREATE TABLE policy ("
	    " domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, body BLOB,"
	    " fetched INTEGER NOT NULL, expires INTEGER NOT NULL,"
	    " failed_id TEXT NOT NULL, failed INTEGER NOT NULL,"
	    " failed_how TEXT NOT NULL, failed_detail TEXT NOT NULL) STRICT;"
	    "CREATE INDEX policy_expires ON policy (expires);"
	    "CREATE TABLE flip ("
	    " domain TEXT PRIMARY KEY NOT NULL, result TEXT NOT NULL,"
	    " noted INTEGER NOT NULL) STRICT;"
	    "CREATE INDEX flip_noted ON flip (noted);"
	    "INSERT INTO policy VALUES ('a.example', '1', x'61', 1700000000,"
	    " 1700000099, '', 0, '', '');"
	    "INSERT INTO policy VALUES ('b.example', '', NULL, 0, 0, '2',"
	    " 1700000000, 'fetch-error', 'x');"
	    "PRAGMA application_id = 1349743730; PRAGMA user_version = 1"));
	store = state_open();
	assert_int_equal(store_get_policy(store, "a.example", &found, NULL), 1);
	assert_string_equal(found.body, "a");
	assert_true(found.again);
	assert_int_equal(found.used_s, 1700000000);
	store_policy_fini(&found);
	assert_int_equal(store_get_policy(store, "b.example", &found, NULL), 1);
	assert_null(found.body);
	assert_false(found.again);
	state_assert_answer("PRAGMA user_version", "4");
}

int
main(void)
{
	const struct CMUnitTest store[] = {
	    STATE_TEST(what_is_put_is_got),
	    STATE_TEST(a_failure_alone_is_kept_without_a_body),
	    STATE_TEST(a_second_put_replaces_and_a_drop_forgets),
	    STATE_TEST(all_can_be_dropped_at_once),
	    STATE_TEST(rows_are_walked_by_domain),
	    STATE_TEST(each_goes_by_domain_and_may_call_the_store),
	    STATE_TEST(a_flip_is_said_once),
	    STATE_TEST(the_same_result_is_noted_again_after_a_day),
	    STATE_TEST(what_breaks_a_limit_is_not_put),
	    STATE_TEST(what_is_used_least_goes_when_there_is_too_much),
	    STATE_TEST(what_was_noted_longest_ago_goes_when_there_is_too_much),
	    STATE_TEST(room_that_was_counted_is_used_up_before_rows_go),
	    STATE_TEST(what_a_clock_that_was_ahead_noted_counts_as_of_now),
	    STATE_TEST(what_an_older_version_left_is_read_and_counts_as_used),
	};

	return RUN_TESTS(store);
}
