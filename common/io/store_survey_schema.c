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

static const struct {
	const char *name;
	enum survey_table table;
} schema_fields[] = {
    [SURVEY_TLD] = {"tld", SURVEY_DOMAIN},
    [SURVEY_MX_STATE] = {"mx_state", SURVEY_FINDING},
    [SURVEY_MX_SECURE] = {"mx_secure", SURVEY_FINDING},
    [SURVEY_MX_COUNT] = {"mx_count", SURVEY_FINDING},
    [SURVEY_SITE] = {"site", SURVEY_MXSET},
    [SURVEY_PROVIDER] = {"provider", SURVEY_MXSET},
    [SURVEY_CLASS] = {"class", SURVEY_MXSET},
    [SURVEY_DNSSEC] = {"dnssec", SURVEY_FINDING},
    [SURVEY_DANE] = {"dane", SURVEY_FINDING},
    [SURVEY_DANE_HEALTH] = {"dane_health", SURVEY_FINDING},
    [SURVEY_DANE_FAULT] = {"dane_fault", SURVEY_FINDING},
    [SURVEY_STS_RECORD] = {"sts_record", SURVEY_FINDING},
    [SURVEY_STS_POLICY] = {"sts_policy", SURVEY_FINDING},
    [SURVEY_STS_FETCH] = {"sts_fetch", SURVEY_FINDING},
    [SURVEY_STS_FAULT] = {"sts_fault", SURVEY_FINDING},
    [SURVEY_STS_MODE] = {"sts_mode", SURVEY_FINDING},
    [SURVEY_STS_MAX_AGE] = {"sts_max_age", SURVEY_POLICY},
    [SURVEY_STS_COVER] = {"sts_cover", SURVEY_FINDING},
    [SURVEY_STS_HEALTH] = {"sts_health", SURVEY_FINDING},
    [SURVEY_TLSRPT] = {"tlsrpt", SURVEY_FINDING},
    [SURVEY_PROTECTION] = {"protection", SURVEY_FINDING},
    [SURVEY_MAY] = {"may", SURVEY_FINDING},
    [SURVEY_ENCRYPT] = {"encrypt", SURVEY_FINDING},
    [SURVEY_DANE_SENDER] = {"dane_sender", SURVEY_FINDING},
    [SURVEY_STS_SENDER] = {"sts_sender", SURVEY_FINDING},
    [SURVEY_AUTO] = {"auto", SURVEY_FINDING},
    [SURVEY_DANE_ONLY] = {"dane_only", SURVEY_FINDING},
    [SURVEY_SECURE] = {"secure", SURVEY_FINDING},
    [SURVEY_RESULT] = {"result", SURVEY_FINDING},
    [SURVEY_REASON] = {"reason", SURVEY_FINDING},
    [SURVEY_DEPTH] = {"depth", SURVEY_FINDING},
    [SURVEY_INFERRED] = {"inferred", SURVEY_FINDING},
    [SURVEY_HOSTS] = {"hosts", SURVEY_MXSET},
    [SURVEY_HOSTS_SECURE] = {"hosts_secure", SURVEY_FINDING},
    [SURVEY_STS_WHY] = {"sts_why", SURVEY_FINDING},
    [SURVEY_STS_ID] = {"sts_id", SURVEY_POLICY},
    [SURVEY_TLSRPT_WHY] = {"tlsrpt_why", SURVEY_FINDING},
    [SURVEY_RUA] = {"rua", SURVEY_FINDING},
    [SURVEY_INFERRED_AT] = {"inferred_at", SURVEY_DOMAIN},
    [SURVEY_STS_MX] = {"sts_mx", SURVEY_POLICY},
    [SURVEY_STS_WILDCARD] = {"sts_wildcard", SURVEY_POLICY},
    [SURVEY_CHAIN] = {"chain", SURVEY_FINDING},
    [SURVEY_DNS_HOST] = {"dns_host", SURVEY_DOMAIN},
};

const char *
survey_field_name(enum survey_field field)
{
	return schema_fields[field].name;
}

enum survey_table
store_survey_schema_table(enum survey_field field)
{
	return schema_fields[field].table;
}

const char *
store_survey_schema_name(enum survey_table table)
{
	static const char *const names[] = {
	    "domain", "finding", "mxset", "policy"};

	return names[table];
}

void
store_survey_schema_fields(struct text *sql, enum survey_table table,
    const char *first, const char *behind)
{
	for (int i = 0; i < SURVEY_FIELDS; i++) {
		if (table != SURVEY_ANY_TABLE &&
		    schema_fields[i].table != table)
			continue;
		text_addf(
		    sql, "%s\"%s\"%s", first, schema_fields[i].name, behind);
		first = ", ";
	}
}

/* --- making --- */

static int
exec_schema(struct store_survey *survey, const char *sql, struct err *err)
{
	sqlite3 *handle = store_survey_handle(survey);

	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(handle));
}

/* Each combination of words once: by UNIQUE they are found, too. */
static void
add_shared_table(struct text *sql, enum survey_table table)
{
	text_addf(sql, "CREATE TABLE %s (id INTEGER PRIMARY KEY",
	    store_survey_schema_name(table));
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
make_survey(struct store_survey *survey, struct err *err)
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
	return exec_schema(survey, sql, err);
}

/* --- looking --- */

static int
ask_schema(
    struct store_survey *survey, const char *sql, int64_t *out, struct err *err)
{
	sqlite3 *handle = store_survey_handle(survey);
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
store_survey_schema_check(
    struct store_survey *survey, bool make, struct err *err)
{
	int64_t id, version, tables;

	if (ask_schema(survey, "PRAGMA application_id", &id, err) != 0 ||
	    ask_schema(survey, "PRAGMA user_version", &version, err) != 0 ||
	    ask_schema(survey, "SELECT count(*) FROM sqlite_master", &tables,
		err) != 0)
		return -1;
	if (id == 0 && version == 0 && tables == 0 && make)
		return make_survey(survey, err);
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
