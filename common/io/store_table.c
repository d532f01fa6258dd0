/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_table.h"

#include <assert.h>
#include <sqlite3.h>

#include "common/base/limits.h"
#include "common/io/store_policy.h"
#include "common/io/store_schema.h"
#include "common/io/store_sql.h"

/* What leads from each version of the schema to the next. */
static const char *const migrations[] = {
    "CREATE TABLE policy ("
    " domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, body BLOB,"
    " fetched INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " failed_id TEXT NOT NULL, failed INTEGER NOT NULL,"
    " failed_how TEXT NOT NULL, failed_detail TEXT NOT NULL) STRICT;"
    "CREATE INDEX policy_expires ON policy (expires);"
    "CREATE TABLE flip ("
    " domain TEXT PRIMARY KEY NOT NULL, result TEXT NOT NULL,"
    " noted INTEGER NOT NULL) STRICT;"
    "CREATE INDEX flip_noted ON flip (noted);",
    /* What there is already is taken as in use */
    "ALTER TABLE policy ADD COLUMN use INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE policy ADD COLUMN used INTEGER NOT NULL DEFAULT 0;"
    "UPDATE policy SET use = CASE WHEN body IS NULL THEN 0 ELSE 2 END,"
    " used = fetched;"
    "DROP INDEX policy_expires;"
    "CREATE INDEX policy_used ON policy (use, used);",
    "ALTER TABLE policy ADD COLUMN source TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE policy ADD COLUMN mode_since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE policy ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE policy ADD COLUMN same_id INTEGER NOT NULL DEFAULT 0;",
};

static const char *const table[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_PUT] = "REPLACE INTO policy (" STORE_POLICY_COLUMNS ")"
		  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		  " ?13, ?14, ?15)",
    [STORE_SET_CLOCK_POLICIES] = "UPDATE policy SET used = ?1"
				 " WHERE use IN (0, 1, 2) AND used > ?1",
    [STORE_COUNT_POLICIES] = "SELECT count(*) FROM policy",
    [STORE_EVICT_POLICIES] =
	"DELETE FROM policy WHERE rowid IN (SELECT rowid FROM policy"
	" WHERE domain <> ?1 ORDER BY use, used LIMIT ?2)",
    [STORE_DROP] = "DELETE FROM policy WHERE domain = ?1",
    [STORE_DROP_ALL] = "DELETE FROM policy",
    [STORE_GET] =
	"SELECT " STORE_POLICY_COLUMNS " FROM policy WHERE domain = ?1",
    /* The second term is not left to the index: a list whose keys a stranger
     * put out of order has an end too */
    [STORE_NEXT] =
	"SELECT domain FROM policy WHERE domain > ?1 AND +domain > ?1"
	" ORDER BY domain LIMIT 1",
    [STORE_FLIP] =
	"REPLACE INTO flip (domain, result, noted) VALUES (?1, ?2, ?3)",
    [STORE_SET_CLOCK_FLIPS] = "UPDATE flip SET noted = ?1 WHERE noted > ?1",
    [STORE_COUNT_FLIPS] = "SELECT count(*) FROM flip",
    [STORE_EVICT_FLIPS] =
	"DELETE FROM flip WHERE rowid IN (SELECT rowid FROM flip"
	" WHERE domain <> ?1 ORDER BY noted LIMIT ?2)",
    [STORE_GET_FLIP] = "SELECT result, noted FROM flip WHERE domain = ?1",
};

static const struct store_schema schema = {
    .application_id = 0x50737472, /* "Pstr" */
    .migrations = migrations,
    .version = sizeof(migrations) / sizeof(migrations[0]),
    .check = "SELECT (SELECT count(*) FROM policy WHERE +domain > '') +"
	     " (SELECT count(*) FROM flip WHERE +domain > '')",
    /* a row is a body and small change */
    .max_row = 16 * LIMIT_STS_BODY,
    .durable = "FULL",
    .statements = table,
    .statement_count = STORE_STATEMENTS,
};

struct store_db *
store_table_open(
    const char *path, bool read_only, bool *renamed, struct err *err)
{
	assert(sqlite3_threadsafe());
	return store_db_open(&schema, path, read_only, renamed, err);
}

int
store_table_run(struct store_db *db, enum store_statement which)
{
	return store_sql_run(store_db_statement(db, which));
}

static int
set_clock(struct store_db *db, const struct store_change *change)
{
	sqlite3_bind_int64(
	    store_db_statement(db, change->set_clock), 1, change->now);
	return store_table_run(db, change->set_clock);
}

static int
evict_rows(struct store_db *db, const struct store_change *change, int64_t rows)
{
	sqlite3_stmt *evict = store_db_statement(db, change->evict);

	store_sql_bind_text(evict, 1, change->domain);
	sqlite3_bind_int64(evict, 2, rows);
	return store_table_run(db, change->evict);
}

/* Rows are counted where there may be too many.  What a transaction that is
 * rolled back has taken of the room is missing then: they are counted sooner.
 */
static int
count_room(struct store_db *db, const struct store_change *change)
{
	struct store_room *room = change->room;
	int64_t rows = 0;
	bool none;
	int rc;

	if (room->opening == store_db_opening(db) &&
	    room->left >= change->rows) {
		room->left -= change->rows;
		return SQLITE_OK;
	}
	rc = store_sql_number(
	    store_db_statement(db, change->count), &rows, &none);
	if (rc == SQLITE_OK && rows > change->limit) {
		rc = evict_rows(db, change, rows - change->limit);
		rows = change->limit;
	}
	*room = (struct store_room){
	    .opening = store_db_opening(db), .left = change->limit - (int)rows};
	return rc;
}

int
store_table_end(struct store_db *db, const struct store_change *change, int rc)
{
	sqlite3_stmt *commit = store_db_statement(db, STORE_COMMIT);

	if (rc == SQLITE_OK)
		rc = set_clock(db, change);
	if (rc == SQLITE_OK)
		rc = count_room(db, change);
	if (rc == SQLITE_OK)
		rc = store_table_run(db, STORE_COMMIT);
	if (rc != SQLITE_OK &&
	    !sqlite3_get_autocommit(sqlite3_db_handle(commit)))
		store_table_run(db, STORE_ROLLBACK);
	return rc;
}

int
store_table_commit(struct store_db *db, const struct store_change *change)
{
	int rc = store_table_run(db, STORE_BEGIN);

	if (rc != SQLITE_OK) {
		store_sql_release(store_db_statement(db, change->change));
		return rc;
	}
	return store_table_end(db, change, store_table_run(db, change->change));
}

int
store_table_find(struct store_db *db, struct store_policy *row, struct err *err)
{
	sqlite3_stmt *stmt = store_db_statement(db, STORE_GET);
	int rc = store_sql_step(stmt);
	bool found = rc == SQLITE_ROW || rc == SQLITE_TOOBIG;

	if (rc != SQLITE_ROW || !store_policy_read(stmt, row)) {
		store_policy_fini(row);
		row->domain[0] = '\0';
	}
	store_sql_release(stmt);
	if (found || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	return store_db_conclude(db, rc, err) < 0 ? -1 : found;
}

int
store_table_next(struct store_db *db, const char *start, sqlite3_value **key)
{
	sqlite3_stmt *stmt = store_db_statement(db, STORE_NEXT);
	sqlite3_value *next = NULL;
	int rc;

	if (*key == NULL)
		store_sql_bind_text(stmt, 1, start);
	else
		sqlite3_bind_value(stmt, 1, *key);
	rc = store_sql_step(stmt);
	if (rc == SQLITE_ROW) {
		next = sqlite3_value_dup(sqlite3_column_value(stmt, 0));
		if (next == NULL)
			rc = SQLITE_NOMEM;
	}
	store_sql_release(stmt);
	sqlite3_value_free(*key);
	*key = next;
	return rc;
}
