/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a file is made in memory as a scan makes one, and what it has
 * is looked for in the file, by its text.  Further tables and indexes of the
 * file are nobody's business: nothing here reads them.  Then each table is gone
 * through for a first row that no scan writes.
 *
 * SQLite lets a column of text hold a blob or a zero octet, and a column of
 * numbers hold text; whoever reads such a name as text takes it for another,
 * and comes by it again.
 */
#include "common/io/store_survey_check.h"

#include <inttypes.h>
#include <sqlite3.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/io/store_survey_schema.h"

enum holds {
	A_NAME,
	A_WORD,
	A_WORD_OR_NONE,
	A_NUMBER,
	A_ROW, /* of the table of that name, if the name was asked about */
};

/* What a column holds, and how long or great it may be. */
struct column_rule {
	const char *name;
	enum holds holds;
	int64_t least, most;
};

enum { DOMAIN_RULES = 12, NOTE_RULES = 2, HOST_RULES = 4 };

/* The end of the year 9999; and weights are saturated there. */
#define LAST_TIME 253402300799
#define LAST_WEIGHT 4611686018427387904

static const struct column_rule domain_rules[DOMAIN_RULES] = {
    {"domain", A_NAME, 1, LIMIT_DOMAIN},
    {"weight", A_NUMBER, 1, LAST_WEIGHT},
    {"rank", A_NUMBER, 0, LAST_WEIGHT},
    {"state", A_NUMBER, 0, 2},
    {"tries", A_NUMBER, 0, INT32_MAX},
    {"time", A_NUMBER, 0, LAST_TIME},
    {"tld", A_WORD_OR_NONE, 0, LIMIT_SURVEY_ROW},
    {"inferred_at", A_WORD_OR_NONE, 0, LIMIT_SURVEY_ROW},
    {"dns_host", A_WORD_OR_NONE, 0, LIMIT_SURVEY_ROW},
    {"finding", A_ROW, 0, 0},
    {"mxset", A_ROW, 0, 0},
    {"policy", A_ROW, 0, 0},
};
static const struct column_rule note_rules[NOTE_RULES] = {
    {"key", A_WORD, 0, LIMIT_DOMAIN},
    {"value", A_WORD, 0, LIMIT_DOMAIN},
};
static const struct column_rule host_rules[HOST_RULES] = {
    {"name", A_NAME, 1, LIMIT_DOMAIN},
    {"time", A_NUMBER, 0, LAST_TIME},
    {"probed", A_NUMBER, 0, INT32_MAX},
    {"facts", A_WORD, 0, LIMIT_SURVEY_HOST},
};

static int
fail_check(sqlite3 *handle, struct err *err)
{
	return err_set(err,
	    sqlite3_errcode(handle) == SQLITE_CORRUPT ? ERR_DATA : ERR_LOCAL,
	    "%s", sqlite3_errmsg(handle));
}

/* --- what there is --- */

static int
set_careful(sqlite3 *handle, struct err *err)
{
	if (sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) !=
		SQLITE_OK ||
	    sqlite3_db_config(
		handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(
		handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) != SQLITE_OK ||
	    sqlite3_exec(handle, "PRAGMA cell_size_check=ON", NULL, NULL,
		NULL) != SQLITE_OK)
		return fail_check(handle, err);
	return 0;
}

/* Whether the file has what the row of wanted is: 1, 0, or -1 with err. */
static int
has_object(sqlite3 *handle, sqlite3_stmt *wanted, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle,
	    "SELECT type = ?1 AND sql IS ?3 FROM main.sqlite_master WHERE name "
	    "= ?2 COLLATE NOCASE",
	    -1, &stmt, NULL);
	int found = 0;

	for (int i = 0; rc == SQLITE_OK && i < 3; i++)
		rc = sqlite3_bind_value(
		    stmt, i + 1, sqlite3_column_value(wanted, i));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	/* a table that came with a later scan may be missing */
	if (rc == SQLITE_ROW)
		found = sqlite3_column_int(stmt, 0);
	else if (rc == SQLITE_DONE)
		found = sqlite3_column_int(wanted, 3);
	else
		found = fail_check(handle, err);
	sqlite3_finalize(stmt);
	return found;
}

static int
compare_with_made(sqlite3 *handle, sqlite3 *made, struct err *err)
{
	sqlite3_stmt *wanted;
	int found = 1, rc = sqlite3_prepare_v2(made,
			   "SELECT type, name, sql, tbl_name IN ('host', "
			   "'probe', 'chain', 'inferred') FROM sqlite_master",
			   -1, &wanted, NULL);

	while ((rc == SQLITE_OK || rc == SQLITE_ROW) && found == 1) {
		rc = sqlite3_step(wanted);
		if (rc == SQLITE_ROW)
			found = has_object(handle, wanted, err);
	}
	if (found == 0)
		err_set(err, ERR_DATA,
		    "it is no file that a survey made: \"%s\" is another",
		    (const char *)sqlite3_column_text(wanted, 1));
	else if (found == 1 && rc != SQLITE_DONE)
		found = fail_check(made, err);
	sqlite3_finalize(wanted);
	return found == 1 ? 0 : -1;
}

static int
check_objects(sqlite3 *handle, struct err *err)
{
	sqlite3 *made = NULL;
	int status = -1;

	if (sqlite3_open(":memory:", &made) != SQLITE_OK)
		err_set(err, ERR_LOCAL, "no memory");
	else if (store_survey_schema_make(made, err) == 0)
		status = compare_with_made(handle, made, err);
	sqlite3_close(made);
	return status;
}

/* --- what is in it --- */

static void
add_word_rule(struct text *sql, const struct column_rule *rule)
{
	text_addf(sql,
	    "typeof(\"%s\") = 'text' AND length(\"%s\") = length(CAST(\"%s\" "
	    "AS BLOB)) AND \"%s\" NOT GLOB '*[^ -~]*' AND length(\"%s\") "
	    "BETWEEN %" PRId64 " AND %" PRId64,
	    rule->name, rule->name, rule->name, rule->name, rule->name,
	    rule->least, rule->most);
}

static void
add_column_rule(struct text *sql, const struct column_rule *rule)
{
	switch (rule->holds) {
	case A_NAME:
		add_word_rule(sql, rule);
		text_addf(sql, " AND instr(\"%s\", ' ') = 0", rule->name);
		break;
	case A_WORD:
		add_word_rule(sql, rule);
		break;
	case A_WORD_OR_NONE:
		text_addf(sql, "(\"%s\" IS NULL OR ", rule->name);
		add_word_rule(sql, rule);
		text_add(sql, ")");
		break;
	case A_NUMBER:
		text_addf(sql,
		    "typeof(\"%s\") = 'integer' AND \"%s\" BETWEEN %" PRId64
		    " AND %" PRId64,
		    rule->name, rule->name, rule->least, rule->most);
		break;
	case A_ROW:
		text_addf(sql,
		    "(state = 0 OR typeof(\"%s\") = 'integer' AND \"%s\" IN "
		    "(SELECT id FROM \"%s\"))",
		    rule->name, rule->name, rule->name);
		break;
	}
}

static int
check_rows(sqlite3 *handle, const char *table, const struct column_rule *rules,
    size_t count, struct err *err)
{
	char sql[4 * SURVEY_SQL_SIZE];
	sqlite3_stmt *stmt;
	struct text text;
	int rc;

	text_init(&text, sql, sizeof(sql));
	text_addf(&text, "SELECT 1 FROM \"%s\" WHERE NOT (", table);
	for (size_t i = 0; i < count; i++) {
		text_add(&text, i == 0 ? "" : " AND ");
		add_column_rule(&text, &rules[i]);
	}
	text_add(&text, ") LIMIT 1");
	rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_TOOBIG)
		err_set(err, ERR_DATA,
		    "it has a row in \"%s\" that no survey writes", table);
	else if (rc != SQLITE_DONE)
		fail_check(handle, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
check_shared_words(sqlite3 *handle, enum survey_table table, struct err *err)
{
	struct column_rule rules[SURVEY_FIELDS];
	size_t count = 0;

	for (int i = 0; i < SURVEY_FIELDS; i++)
		if (survey_field_table((enum survey_field)i) == table)
			rules[count++] = (struct column_rule){
			    survey_field_name((enum survey_field)i), A_WORD, 0,
			    LIMIT_SURVEY_ROW};
	return check_rows(handle, survey_table_name(table), rules, count, err);
}

static bool
has_host_table(sqlite3 *handle)
{
	return sqlite3_table_column_metadata(handle, "main", "host", NULL, NULL,
		   NULL, NULL, NULL, NULL) == SQLITE_OK;
}

int
store_survey_check(struct sqlite3 *handle, struct err *err)
{
	return set_careful(handle, err) == 0 ? check_objects(handle, err) : -1;
}

int
store_survey_check_rows(struct sqlite3 *handle, struct err *err)
{
	if (check_rows(handle, "domain", domain_rules, DOMAIN_RULES, err) !=
		0 ||
	    check_rows(handle, "note", note_rules, NOTE_RULES, err) != 0)
		return -1;
	for (int i = SURVEY_FINDING; i < SURVEY_TABLES; i++)
		if (check_shared_words(handle, (enum survey_table)i, err) != 0)
			return -1;
	return has_host_table(handle)
		   ? check_rows(handle, "host", host_rules, HOST_RULES, err)
		   : 0;
}
