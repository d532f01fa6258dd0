/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_tlsrpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/state.h"
#include "t/unit/tap.h"

enum { DAY = 20786, MANY = 1000 };

static char counts_dir[] = "/tmp/tlsrpt-XXXXXX";
static char counts_path[64];

static int
make_counts(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(counts_dir));
	snprintf(counts_path, sizeof(counts_path), "%s/tlsrpt.db", counts_dir);
	return 0;
}

static int
drop_counts(void **state)
{
	char name[80];

	(void)state;
	unlink(counts_path);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", counts_path,
		    i == 0 ? "-wal" : "-shm");
		unlink(name);
	}
	return rmdir(counts_dir);
}

static struct store_tlsrpt *
open_counts(bool afresh)
{
	struct store_tlsrpt *store;

	if (afresh)
		unlink(counts_path);
	store = store_tlsrpt_open(counts_path, NULL, NULL);
	assert_non_null(store);
	return store;
}

/* Add what one session of a DANE domain says; count failures of it. */
static uint64_t
add_session(struct store_tlsrpt *store, const char *domain, const char *body,
    const struct tlsrpt_detail *detail, uint64_t count)
{
	struct tlsrpt_failures failures = {.count = count};
	struct tlsrpt_tally tally = {.day = DAY,
	    .type = TLSRPT_POLICY_TLSA,
	    .body = xstrdup(body),
	    .ok = detail == NULL ? count : 0,
	    .failed = detail == NULL ? 0 : count,
	    .failures = &failures,
	    .failure_count = detail != NULL};
	struct tlsrpt_tally *tallies[] = {&tally};
	struct tlsrpt_batch batch = {.tally_count = 1, .tallies = tallies};
	uint64_t left_out = 99;

	if (detail != NULL)
		failures.detail = *detail;
	text_copy(tally.domain, sizeof(tally.domain), domain);
	text_copy(tally.policy_domain, sizeof(tally.policy_domain), "mx.d.ex");
	assert_int_equal(
	    store_tlsrpt_add(store, &batch, MANY, &left_out, NULL), 0);
	free(tally.body);
	return left_out;
}

/* All of a next hop; to be dropped by drop_tallies. */
static struct tlsrpt_tally **
get_tallies(struct store_tlsrpt *store, const char *domain, size_t *count)
{
	struct tlsrpt_tally **tallies = NULL;

	assert_int_equal(
	    store_tlsrpt_tallies(store, DAY, domain, &tallies, count, NULL), 0);
	return tallies;
}

static void
drop_tallies(struct tlsrpt_tally **tallies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tlsrpt_tally_free(tallies[i]);
	free(tallies);
}

static void
sessions_are_added_up_and_kept(void **state)
{
	struct tlsrpt_detail expired = {TLSRPT_CERTIFICATE_EXPIRED, "192.0.2.9",
	    "192.0.2.1", "mx.d.ex", "mx.d.ex", "", ""};
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_tally **tallies;
	char id[STORE_TLSRPT_ID_SIZE], again[STORE_TLSRPT_ID_SIZE];
	size_t count;

	(void)state;
	assert_int_equal(store_tlsrpt_id(store, id, NULL), 0);
	assert_int_equal(strlen(id), sizeof(id) - 1);
	add_session(store, "d.ex", "[]", NULL, 1);
	add_session(store, "d.ex", "[]", NULL, 2);
	add_session(store, "d.ex", "[]", &expired, 1);
	add_session(store, "d.ex", "[]", &expired, 1);
	add_session(store, "d.ex", "[1]", NULL, 1);
	store_tlsrpt_free(store);
	store = open_counts(false);
	assert_int_equal(store_tlsrpt_id(store, again, NULL), 0);
	assert_string_equal(id, again);
	tallies = get_tallies(store, "d.ex", &count);
	assert_int_equal(count, 2);
	assert_string_equal(tallies[0]->body, "[1]");
	assert_int_equal(tallies[1]->ok, 3);
	assert_int_equal(tallies[1]->failed, 2);
	assert_int_equal(tallies[1]->failure_count, 1);
	assert_int_equal(tallies[1]->failures[0].count, 2);
	assert_memory_equal(&tallies[1]->failures[0].detail, &expired,
	    sizeof(enum tlsrpt_result));
	assert_string_equal(
	    tallies[1]->failures[0].detail.receiving, "192.0.2.1");
	drop_tallies(tallies, count);
}

/* R45 */
static void
many_details_are_folded_and_sums_stay_exact(void **state)
{
	enum { DETAILS = 3 * LIMIT_TLSRPT_KEPT_DETAILS };
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_detail detail = {.result = TLSRPT_CERTIFICATE_EXPIRED};
	struct tlsrpt_tally **tallies;
	uint64_t sum = 0, whole = 0, hosts = 0;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < DETAILS; i++) {
		snprintf(detail.sending, sizeof(detail.sending), "192.0.2.%u",
		    i % 250);
		snprintf(detail.mx, sizeof(detail.mx), "mx%u.d.ex", i);
		add_session(store, "d.ex", "[]", &detail, 1);
	}
	tallies = get_tallies(store, "d.ex", &count);
	assert_int_equal(count, 1);
	assert_int_equal(tallies[0]->failed, DETAILS);
	assert_int_equal(
	    tallies[0]->failure_count, 2 * LIMIT_TLSRPT_KEPT_DETAILS + 1);
	for (size_t i = 0; i < tallies[0]->failure_count; i++) {
		struct tlsrpt_failures *at = &tallies[0]->failures[i];

		sum += at->count;
		whole += at->detail.sending[0] != '\0';
		hosts += at->detail.mx[0] != '\0';
	}
	assert_int_equal(sum, DETAILS);
	assert_int_equal(whole, LIMIT_TLSRPT_KEPT_DETAILS);
	assert_int_equal(hosts, 2 * LIMIT_TLSRPT_KEPT_DETAILS);
	drop_tallies(tallies, count);
}

/* R45 */
static void
many_policies_lose_their_lines(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_tally **tallies;
	char body[32];
	size_t count;

	(void)state;
	for (unsigned i = 0; i < LIMIT_TLSRPT_KEPT_POLICIES + 10; i++) {
		snprintf(body, sizeof(body), "[%u]", i);
		add_session(store, "d.ex", body, NULL, 1);
	}
	tallies = get_tallies(store, "d.ex", &count);
	assert_int_equal(count, LIMIT_TLSRPT_KEPT_POLICIES + 1);
	assert_string_equal(tallies[0]->body, "");
	assert_int_equal(tallies[0]->ok, 10);
	drop_tallies(tallies, count);
}

/* R46 H06 */
static void
next_hops_beyond_the_limit_are_not_kept(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_query all = {.day = TLSRPT_ALL_DAYS};
	struct tlsrpt_row rows[MANY + 1];
	struct tlsrpt_day day;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d%u.ex", i);
		assert_int_equal(add_session(store, name, "[]", NULL, 1), 0);
	}
	assert_int_equal(add_session(store, "more.ex", "[]", NULL, 3), 3);
	assert_int_equal(add_session(store, "d7.ex", "[]", NULL, 1), 0);
	assert_int_equal(
	    store_tlsrpt_rows(store, &all, rows, MANY + 1, NULL), MANY);
	assert_int_equal(store_tlsrpt_day(store, DAY, &day, NULL), 1);
	assert_int_equal(day.domains, MANY);
}

/* R48 */
static void
a_count_stays_where_json_ends(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	const uint64_t most = ((uint64_t)1 << 53) - 1;
	struct tlsrpt_tally **tallies;
	size_t count;

	(void)state;
	add_session(store, "d.ex", "[]", NULL, most - 1);
	add_session(store, "d.ex", "[]", NULL, 7);
	tallies = get_tallies(store, "d.ex", &count);
	assert_true(tallies[0]->ok == most);
	drop_tallies(tallies, count);
}

static void
rows_come_by_day_and_name_in_pages(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_query query = {.day = DAY};
	struct tlsrpt_row rows[2];

	(void)state;
	add_session(store, "b.ex", "[]", NULL, 2);
	add_session(store, "a.ex", "[]", NULL, 1);
	add_session(store, "a.ex", "[1]", NULL, 1);
	add_session(store, "c.ex", "[]", NULL, 3);
	assert_int_equal(store_tlsrpt_rows(store, &query, rows, 2, NULL), 2);
	assert_string_equal(rows[0].domain, "a.ex");
	assert_int_equal(rows[0].ok, 2);
	assert_string_equal(rows[1].domain, "b.ex");
	query.after = rows[1];
	assert_int_equal(store_tlsrpt_rows(store, &query, rows, 2, NULL), 1);
	assert_string_equal(rows[0].domain, "c.ex");
	query.domain = "b.ex";
	memset(&query.after, 0, sizeof(query.after));
	assert_int_equal(store_tlsrpt_rows(store, &query, rows, 2, NULL), 1);
	assert_int_equal(rows[0].ok, 2);
	query.day = DAY + 1;
	assert_int_equal(store_tlsrpt_rows(store, &query, rows, 2, NULL), 0);
}

static void
days_are_counted_and_forgotten(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = open_counts(true);
	struct tlsrpt_day days[] = {{.day = DAY, .received = 5, .norua = 1},
	    {.day = DAY + 1, .received = 2, .dropped = 1, .foreign = 1}};
	struct tlsrpt_batch batch = {.day_count = 2, .days = days};
	struct tlsrpt_day found;
	uint64_t left_out;
	size_t count;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    store_tlsrpt_add(store, &batch, MANY, &left_out, NULL), 0);
	add_session(store, "d.ex", "[]", NULL, 1);
	assert_int_equal(store_tlsrpt_day(store, DAY, &found, NULL), 1);
	assert_int_equal(found.received, 10);
	assert_int_equal(found.norua, 2);
	assert_int_equal(store_tlsrpt_forget(store, DAY + 1, NULL), 1);
	assert_int_equal(store_tlsrpt_day(store, DAY, &found, NULL), 0);
	drop_tallies(get_tallies(store, "d.ex", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_tlsrpt_day(store, DAY + 1, &found, NULL), 1);
	assert_int_equal(found.foreign, 2);
}

/* As the first version with such a store wrote it. */
static void
what_an_older_version_counted_is_kept(void **state)
{
	AUTO(store_tlsrpt) struct store_tlsrpt *store = NULL;
	char id[STORE_TLSRPT_ID_SIZE], secret[STORE_TLSRPT_ID_SIZE];
	struct tlsrpt_query query = {.day = TLSRPT_ALL_DAYS};
	struct tlsrpt_tally **tallies;
	struct tlsrpt_row row;
	size_t count;

	(void)state;
	assert_true(state_sql(
	    "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL,"
	    " value TEXT NOT NULL) STRICT;"
	    "CREATE TABLE day ( day INTEGER PRIMARY KEY NOT NULL,"
	    " received INTEGER NOT NULL, dropped INTEGER NOT NULL,"
	    " norua INTEGER NOT NULL, foreigners INTEGER NOT NULL,"
	    " domains INTEGER NOT NULL) STRICT;"
	    "CREATE TABLE policy ( id INTEGER PRIMARY KEY NOT NULL,"
	    " day INTEGER NOT NULL, domain TEXT NOT NULL,"
	    " type INTEGER NOT NULL, policy_domain TEXT NOT NULL,"
	    " body TEXT NOT NULL, ok INTEGER NOT NULL,"
	    " failed INTEGER NOT NULL,"
	    " UNIQUE (day, domain, type, policy_domain, body)) STRICT;"
	    "CREATE TABLE failure ( policy INTEGER NOT NULL,"
	    " source INTEGER NOT NULL, rt INTEGER NOT NULL, s TEXT NOT NULL,"
	    " r TEXT NOT NULL, n TEXT NOT NULL, h TEXT NOT NULL,"
	    " a TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,"
	    " UNIQUE (policy, source, rt, s, r, n, h, a, reason)) STRICT;"
	    "INSERT INTO meta VALUES"
	    " ('id','186276ff5cb30d8c5982f6bb8267e299');"
	    "INSERT INTO day VALUES (20786,7,0,0,0,1);"
	    "INSERT INTO policy VALUES"
	    " (1,20786,'d.ex',1,'mx.d.ex','[[\"3 1 1 A6\"],[]]',5,2);"
	    "INSERT INTO failure VALUES"
	    " (1,1,4,'192.0.2.9','192.0.2.1','mx.d.ex','mx.d.ex','','',2);"
	    "PRAGMA application_id = 1349743698; PRAGMA user_version = 1"));
	store = store_tlsrpt_open(state_path, NULL, NULL);
	assert_non_null(store);
	state_assert_answer("PRAGMA user_version", "3");
	assert_int_equal(store_tlsrpt_id(store, id, NULL), 0);
	assert_string_equal(id, "186276ff5cb30d8c5982f6bb8267e299");
	assert_int_equal(store_tlsrpt_secret(store, secret, NULL), 0);
	assert_int_equal(strlen(secret), sizeof(secret) - 1);
	assert_string_not_equal(secret, id);
	assert_int_equal(store_tlsrpt_rows(store, &query, &row, 1, NULL), 1);
	assert_int_equal(row.ok, 5);
	assert_int_equal(row.failed, 2);
	assert_int_equal(row.report, -1);
	tallies = get_tallies(store, "d.ex", &count);
	assert_int_equal(count, 1);
	assert_int_equal(tallies[0]->failure_count, 1);
	assert_int_equal(tallies[0]->failures[0].count, 2);
	drop_tallies(tallies, count);
	assert_int_equal(state_files_with("damaged"), 0);
}

int
main(void)
{
	const struct CMUnitTest store_tlsrpt[] = {
	    cmocka_unit_test(sessions_are_added_up_and_kept),
	    cmocka_unit_test(many_details_are_folded_and_sums_stay_exact),
	    cmocka_unit_test(many_policies_lose_their_lines),
	    cmocka_unit_test(next_hops_beyond_the_limit_are_not_kept),
	    cmocka_unit_test(a_count_stays_where_json_ends),
	    cmocka_unit_test(rows_come_by_day_and_name_in_pages),
	    cmocka_unit_test(days_are_counted_and_forgotten),
	    STATE_TEST(what_an_older_version_counted_is_kept),
	};

	return RUN_TESTS_WITH(store_tlsrpt, make_counts, drop_counts);
}
