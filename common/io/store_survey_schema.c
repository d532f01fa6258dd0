/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: most domains share what is found of them with very many others.
 * So each combination of words stands once, in "finding", "mxset" or "policy",
 * and a domain has the numbers of three such rows.  The view "answer" has it
 * all in one row, as it is read, here and by who looks into the file.
 */
#include "common/io/store_survey_schema.h"

#include <sqlite3.h>

#include "common/base/text.h"

enum {
	APPLICATION_ID = 0x50737672, /* "Psvr" */
	SCHEMA_VERSION = 2,
};

const char store_survey_host_table[] =
    "CREATE TABLE IF NOT EXISTS host (name TEXT PRIMARY KEY, time INTEGER NOT "
    "NULL, probed INTEGER NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID";

const char store_survey_probe_tables[] =
    "CREATE TABLE IF NOT EXISTS chain (digest BLOB PRIMARY KEY, sizes TEXT NOT "
    "NULL, octets BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS probe (address TEXT NOT NULL, port INTEGER NOT "
    "NULL, name TEXT NOT NULL, time INTEGER NOT NULL, outcome TEXT NOT NULL, "
    "flags INTEGER NOT NULL, tls TEXT NOT NULL, ms INTEGER NOT NULL, detail "
    "TEXT NOT NULL, digest BLOB, PRIMARY KEY (address, port, name)) WITHOUT "
    "ROWID;";

const char store_survey_inferred_table[] =
    "CREATE TABLE IF NOT EXISTS inferred (address TEXT NOT NULL, domain TEXT "
    "NOT NULL, PRIMARY KEY (address, domain)) WITHOUT ROWID";

void
store_survey_schema_fields(struct text *sql, enum survey_table table,
    const char *first, const char *behind)
{
	for (int i = 0; i < SURVEY_FIELDS; i++) {
		if (table != SURVEY_ANY_TABLE &&
		    survey_field_table((enum survey_field)i) != table)
			continue;
		text_addf(sql, "%s\"%s\"%s", first,
		    survey_field_name((enum survey_field)i), behind);
		first = ", ";
	}
}

/* --- making --- */

static int
exec_schema(sqlite3 *handle, const char *sql, struct err *err)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(handle));
}

/* Each combination of words once: by UNIQUE they are found, too. */
static void
add_shared_table(struct text *sql, enum survey_table table)
{
	text_addf(sql, "CREATE TABLE %s (id INTEGER PRIMARY KEY",
	    survey_table_name(table));
	store_survey_schema_fields(sql, table, ", ", " TEXT NOT NULL");
	text_add(sql, ", UNIQUE (");
	store_survey_schema_fields(sql, table, "", "");
	text_add(sql, "));");
}

/* Names first: the rest has its place in few octets, or in none. */
static void
add_domain_table(struct text *sql)
{
	text_add(sql,
	    "CREATE TABLE note (key TEXT NOT NULL, value TEXT NOT NULL);"
	    "CREATE TABLE domain (domain TEXT PRIMARY KEY, weight INTEGER NOT "
	    "NULL, rank INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, "
	    "tries INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL DEFAULT "
	    "0, finding INTEGER, mxset INTEGER, policy INTEGER");
	store_survey_schema_fields(sql, SURVEY_DOMAIN, ", ", " TEXT");
	text_add(sql, ") WITHOUT ROWID;");
}

/* CROSS JOIN keeps to the order: names are gone through, the rest is found by
 * its number. */
static void
add_answer_view(struct text *sql)
{
	text_add(sql,
	    "CREATE VIEW answer AS SELECT domain, weight, rank, state, tries, "
	    "time");
	store_survey_schema_fields(sql, SURVEY_ANY_TABLE, ", ", "");
	text_add(sql,
	    " FROM domain CROSS JOIN finding ON finding.id = finding CROSS "
	    "JOIN mxset ON mxset.id = mxset CROSS JOIN policy ON policy.id = "
	    "policy WHERE state <> 0;");
}

static int
make_survey(sqlite3 *handle, struct err *err)
{
	char sql[2 * SURVEY_SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_addf(&text,
	    "BEGIN IMMEDIATE; PRAGMA application_id=%d; PRAGMA "
	    "user_version=%d;",
	    APPLICATION_ID, SCHEMA_VERSION);
	for (int i = SURVEY_FINDING; i < SURVEY_TABLES; i++)
		add_shared_table(&text, (enum survey_table)i);
	add_domain_table(&text);
	add_answer_view(&text);
	text_add(&text, "COMMIT;");
	return exec_schema(handle, sql, err);
}

int
store_survey_schema_make(sqlite3 *handle, struct err *err)
{
	if (make_survey(handle, err) != 0 ||
	    exec_schema(handle, store_survey_host_table, err) != 0 ||
	    exec_schema(handle, store_survey_probe_tables, err) != 0)
		return -1;
	return exec_schema(handle, store_survey_inferred_table, err);
}

/* --- looking --- */

static int
ask_schema(sqlite3 *handle, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	switch (rc) {
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(
		    err, ERR_DATA, "no survey: %s", sqlite3_errmsg(handle));
	default: /* no room, no right, no memory */
		return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(handle));
	}
}

/* Whose file it is, before anything in it is changed. */
int
store_survey_schema_check(sqlite3 *handle, bool make, struct err *err)
{
	int64_t id, version, tables;

	if (ask_schema(handle, "PRAGMA application_id", &id, err) != 0 ||
	    ask_schema(handle, "PRAGMA user_version", &version, err) != 0 ||
	    ask_schema(handle, "SELECT count(*) FROM sqlite_master", &tables,
		err) != 0)
		return -1;
	if (id == 0 && version == 0 && tables == 0 && make)
		return make_survey(handle, err);
	if (id != APPLICATION_ID)
		return err_set(err, ERR_DATA, "it is no survey's file");
	if (version > SCHEMA_VERSION)
		return err_set(
		    err, ERR_DATA, "it is of a survey of a newer postern");
	if (version < SCHEMA_VERSION)
		return err_set(err, ERR_DATA,
		    "it is of a survey of an older postern: scan anew, into "
		    "another file");
	return 0;
}
