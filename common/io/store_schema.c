/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/store_sql.h"

int
store_schema_identify(const struct store_schema *schema, sqlite3 *handle,
    bool read_only, const char **why)
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
	else if (id.number != schema->application_id)
		*why = "a database, but none of Postern";
	else if (version.number > schema->version)
		*why = "written by a newer Postern";
	else if (version.number < 1)
		return SQLITE_CORRUPT;
	else if (read_only && version.number < schema->version)
		*why = "written by an older Postern";
	return SQLITE_OK;
}

/* Inside a transaction. */
static int
run_migrations(const struct store_schema *schema, sqlite3 *handle)
{
	struct store_sql_answer version = {0};
	char stamp[96];
	int rc = store_sql_ask(handle, "PRAGMA user_version", &version);

	for (sqlite3_int64 i = version.number;
	     rc == SQLITE_OK && i < schema->version; i++)
		rc = sqlite3_exec(
		    handle, schema->migrations[i], NULL, NULL, NULL);
	snprintf(stamp, sizeof(stamp),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    schema->application_id, schema->version);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, stamp, NULL, NULL, NULL);
	return rc;
}

int
store_schema_migrate(const struct store_schema *schema, sqlite3 *handle)
{
	struct store_sql_answer version = {0};
	int rc;

	rc = store_sql_ask(handle, "PRAGMA user_version", &version);
	if (rc != SQLITE_OK || version.number == schema->version)
		return rc;
	rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = run_migrations(schema, handle);
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
store_schema_check(const struct store_schema *schema, sqlite3 *handle)
{
	sqlite3 *model = NULL;
	char *wanted = NULL, *found = NULL;
	int rc = sqlite3_open_v2(":memory:", &model,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = run_migrations(schema, model);
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
