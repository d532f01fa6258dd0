/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_tlsrpt_table.h"

#include <sqlite3.h>

#include "common/base/text.h"
#include "common/io/store_sql.h"

static int
changed_rows(struct store_db *db, enum tlsrpt_statement which)
{
	return sqlite3_changes(
	    sqlite3_db_handle(store_db_statement(db, which)));
}

static int
raise_day(struct store_db *db, const struct tlsrpt_day *day)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_COUNT_DAY);
	int rc;

	sqlite3_bind_int64(
	    store_db_statement(db, TLSRPT_MAKE_DAY), 1, day->day);
	rc = store_sql_run(store_db_statement(db, TLSRPT_MAKE_DAY));
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(stmt, 1, day->day);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)day->received);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)day->dropped);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)day->norua);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)day->foreign);
	return store_sql_run(store_db_statement(db, TLSRPT_COUNT_DAY));
}

static void
bind_next_hop(sqlite3_stmt *stmt, const struct tlsrpt_tally *tally)
{
	sqlite3_bind_int64(stmt, 1, tally->day);
	store_sql_bind_text(stmt, 2, tally->domain);
}

/* Whether there is room for the next hop in its day; one that is new takes a
 * place. */
static int
place_domain(struct store_db *db, const struct tlsrpt_tally *tally,
    uint64_t max_domains, bool *room)
{
	struct tlsrpt_day day = {.day = tally->day};
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_COUNT_DOMAIN);
	int64_t known = 0;
	bool none;
	int rc;

	bind_next_hop(store_db_statement(db, TLSRPT_KNOWS_DOMAIN), tally);
	rc = store_sql_number(
	    store_db_statement(db, TLSRPT_KNOWS_DOMAIN), &known, &none);
	*room = known > 0;
	if (rc != SQLITE_OK || known > 0)
		return rc;
	rc = raise_day(db, &day);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(stmt, 1, tally->day);
	sqlite3_bind_int64(stmt, 2,
	    max_domains > INT64_MAX ? INT64_MAX : (int64_t)max_domains);
	rc = store_sql_run(store_db_statement(db, TLSRPT_COUNT_DOMAIN));
	*room = changed_rows(db, TLSRPT_COUNT_DOMAIN) == 1;
	return rc;
}

/* What finds the row of a policy. */
struct policy_key {
	const struct tlsrpt_tally *tally;
	const char *policy_domain;
	const char *body;
};

static void
bind_policy(sqlite3_stmt *stmt, const struct policy_key *key)
{
	bind_next_hop(stmt, key->tally);
	sqlite3_bind_int(stmt, 3, (int)key->tally->type);
	store_sql_bind_text(stmt, 4, key->policy_domain);
	store_sql_bind_text(stmt, 5, key->body);
}

static int
find_policy(
    struct store_db *db, const struct policy_key *key, int64_t *id, bool *none)
{
	bind_policy(store_db_statement(db, TLSRPT_FIND_POLICY), key);
	return store_sql_number(
	    store_db_statement(db, TLSRPT_FIND_POLICY), id, none);
}

/*
 * Where there are many policies already: without its lines, one of the type and
 * domain; where there are many domains as well, one of the type.
 */
static int
fold_policy(struct store_db *db, struct policy_key *key)
{
	int64_t count = 0;
	bool none;
	int rc;

	bind_next_hop(
	    store_db_statement(db, TLSRPT_COUNT_POLICIES), key->tally);
	rc = store_sql_number(
	    store_db_statement(db, TLSRPT_COUNT_POLICIES), &count, &none);
	if (count >= LIMIT_TLSRPT_KEPT_POLICIES)
		key->body = "";
	if (count / 2 >= LIMIT_TLSRPT_KEPT_POLICIES)
		key->policy_domain = key->tally->domain;
	return rc;
}

/* The row of a policy: found, or made. */
static int
place_policy(struct store_db *db, const struct tlsrpt_tally *tally, int64_t *id)
{
	struct policy_key key = {tally, tally->policy_domain, tally->body};
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_MAKE_POLICY);
	bool none = false;
	int rc = find_policy(db, &key, id, &none);

	if (rc == SQLITE_OK && none)
		rc = fold_policy(db, &key);
	if (rc == SQLITE_OK && none)
		rc = find_policy(db, &key, id, &none);
	if (rc != SQLITE_OK || !none)
		return rc;
	bind_policy(stmt, &key);
	rc = store_sql_run(store_db_statement(db, TLSRPT_MAKE_POLICY));
	*id = sqlite3_last_insert_rowid(sqlite3_db_handle(stmt));
	return rc;
}

static void
bind_failures(
    sqlite3_stmt *stmt, int64_t id, const struct tlsrpt_failures *failures)
{
	const struct tlsrpt_detail *detail = &failures->detail;

	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int(stmt, 2, (int)failures->source);
	sqlite3_bind_int(stmt, 3, (int)detail->result);
	store_sql_bind_text(stmt, 4, detail->sending);
	store_sql_bind_text(stmt, 5, detail->receiving);
	store_sql_bind_text(stmt, 6, detail->mx);
	store_sql_bind_text(stmt, 7, detail->helo);
	store_sql_bind_text(stmt, 8, detail->info);
	store_sql_bind_text(stmt, 9, detail->reason);
	sqlite3_bind_int64(stmt, 10, (sqlite3_int64)failures->count);
}

/* Add to the row of these failures, if there is one. */
static int
raise_failures(struct store_db *db, int64_t id,
    const struct tlsrpt_failures *failures, bool *found)
{
	int rc;

	bind_failures(store_db_statement(db, TLSRPT_ADD_DETAIL), id, failures);
	rc = store_sql_run(store_db_statement(db, TLSRPT_ADD_DETAIL));
	*found = changed_rows(db, TLSRPT_ADD_DETAIL) > 0;
	return rc;
}

/* Leave out of a failure what tells it from others, but for the result type,
 * and for the MX host at first. */
static void
fold_detail(struct tlsrpt_detail *detail, bool keep_mx)
{
	struct tlsrpt_detail folded = {.result = detail->result};

	if (keep_mx)
		text_copy(folded.mx, sizeof(folded.mx), detail->mx);
	*detail = folded;
}

static int
add_failures(
    struct store_db *db, int64_t id, const struct tlsrpt_failures *failures)
{
	struct tlsrpt_failures kept = *failures;
	int64_t count = 0;
	bool found = false, none;
	int rc = raise_failures(db, id, &kept, &found);

	if (rc != SQLITE_OK || found)
		return rc;
	sqlite3_bind_int64(store_db_statement(db, TLSRPT_COUNT_DETAILS), 1, id);
	rc = store_sql_number(
	    store_db_statement(db, TLSRPT_COUNT_DETAILS), &count, &none);
	for (int64_t turn = 1; turn <= 2 && rc == SQLITE_OK && !found; turn++) {
		if (count < turn * LIMIT_TLSRPT_KEPT_DETAILS)
			break;
		fold_detail(&kept.detail, turn == 1);
		rc = raise_failures(db, id, &kept, &found);
	}
	if (rc != SQLITE_OK || found)
		return rc;
	bind_failures(store_db_statement(db, TLSRPT_MAKE_DETAIL), id, &kept);
	return store_sql_run(store_db_statement(db, TLSRPT_MAKE_DETAIL));
}

static int
add_tally(struct store_db *db, const struct tlsrpt_tally *tally,
    uint64_t max_domains, uint64_t *left_out)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_ADD_POLICY);
	bool room = false;
	int64_t id = 0;
	int rc = place_domain(db, tally, max_domains, &room);

	if (rc == SQLITE_OK && !room)
		*left_out += tally->ok + tally->failed;
	if (rc != SQLITE_OK || !room)
		return rc;
	rc = place_policy(db, tally, &id);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)tally->ok);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)tally->failed);
	rc = store_sql_run(store_db_statement(db, TLSRPT_ADD_POLICY));
	for (size_t i = 0; i < tally->failure_count && rc == SQLITE_OK; i++)
		rc = add_failures(db, id, &tally->failures[i]);
	return rc;
}

int
store_tlsrpt_put(struct store_db *db, const struct tlsrpt_batch *batch,
    uint64_t max_domains, uint64_t *left_out)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < batch->day_count && rc == SQLITE_OK; i++)
		rc = raise_day(db, &batch->days[i]);
	for (size_t i = 0; i < batch->tally_count && rc == SQLITE_OK; i++)
		rc = add_tally(db, batch->tallies[i], max_domains, left_out);
	return rc;
}
