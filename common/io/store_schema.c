/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/store_sql.h"

/* "Pstr": file(1) can tell whose it is */
enum { APPLICATION_ID = 0x50737472 };

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
};

enum { SCHEMA_VERSION = sizeof(migrations) / sizeof(migrations[0]) };

int
store_schema_identify(sqlite3 *handle, bool read_only, const char **why)
{
	struct store_sql_answer id = {0}, version = {0}, objects = {0};
	int rc = sqlite3_exec(handle, "BEGIN", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_ask(handle, "PRAGMA application_id", &id);
	if (rc == SQLITE_OK)
		rc = store_sql_ask(handle, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK && id.number == 0)
		rc = store_sql_ask(
		    handle, "SELECT count(*) FROM sqlite_schema", &objects);
	sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	*why = NULL;
	if (id.number == 0 && version.number == 0 && objects.number == 0)
		*why = read_only ? "empty" : NULL;
	else if (id.number != APPLICATION_ID)
		*why = "a database, but none of Postern";
	else if (version.number > SCHEMA_VERSION)
		*why = "written by a newer Postern";
	else if (version.number < 1)
		return SQLITE_CORRUPT;
	else if (read_only && version.number < SCHEMA_VERSION)
		*why = "written by an older Postern";
	return SQLITE_OK;
}

/* Inside a transaction. */
static int
run_migrations(sqlite3 *handle)
{
	struct store_sql_answer version = {0};
	char stamp[96];
	int rc = store_sql_ask(handle, "PRAGMA user_version", &version);

	for (sqlite3_int64 i = version.number;
	     rc == SQLITE_OK && i < SCHEMA_VERSION; i++)
		rc = sqlite3_exec(handle, migrations[i], NULL, NULL, NULL);
	snprintf(stamp, sizeof(stamp),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    APPLICATION_ID, SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, stamp, NULL, NULL, NULL);
	return rc;
}

int
store_schema_migrate(sqlite3 *handle)
{
	struct store_sql_answer version = {0};
	int rc;

	rc = store_sql_ask(handle, "PRAGMA user_version", &version);
	if (rc != SQLITE_OK || version.number == SCHEMA_VERSION)
		return rc;
	rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = run_migrations(handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* Its tables and all else as one text, but for the statistics of ANALYZE. */
static int
schema_text(sqlite3 *handle, char **out)
{
	static const char sql[] =
	    "SELECT group_concat(type || ' ' || name || ' ' || tbl_name ||"
	    " ' ' || coalesce(sql, ''), ';') FROM (SELECT * FROM sqlite_schema"
	    " WHERE name NOT GLOB 'sqlite_stat[0-9]' ORDER BY name)";
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	const char *text;

	if (rc != SQLITE_OK)
		return rc;
	rc = store_sql_step(stmt);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		*out = xstrdup(text == NULL ? "" : text);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int
store_schema_check(sqlite3 *handle)
{
	sqlite3 *model = NULL;
	char *wanted = NULL, *found = NULL;
	int rc = sqlite3_open_v2(":memory:", &model,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = run_migrations(model);
	if (rc == SQLITE_OK)
		rc = schema_text(model, &wanted);
	if (rc == SQLITE_OK)
		rc = schema_text(handle, &found);
	if (rc == SQLITE_OK && strcmp(wanted, found) != 0)
		rc = SQLITE_CORRUPT;
	sqlite3_close(model);
	free(wanted);
	free(found);
	return rc;
}
