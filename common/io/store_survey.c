/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a name is in state NEW until somebody has asked about it, then
 * DONE, or FAILING where a lookup failed.  Who was killed leaves names NEW
 * whose answer was not committed; asking again does no harm.  The scan holds
 * flock(2) on the file for as long as it is open.  Readers do not: the log of
 * SQLite lets them read beside it.
 */
#include "common/io/store_survey.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	APPLICATION_ID = 0x50737672, /* "Psvr" */
	SCHEMA_VERSION = 1,
	SQL_SIZE = 4096,
	BUSY_MS = 10000,
};

enum state { STATE_NEW, STATE_DONE, STATE_FAILING };

enum statement {
	ADD,
	NOTE,
	NOTES,
	UNASKED,
	PUT,
	REOPEN,
	AGE,
	UNDO,
	TOTAL,
	STATEMENTS
};

struct store_survey {
	sqlite3 *handle;
	sqlite3_stmt *statements[STATEMENTS];
	int64_t least_weight; /* of the names that are read */
	int lock_fd;          /* or -1 */
};

static const char *const field_names[] = {
    [SURVEY_TLD] = "tld",
    [SURVEY_MX_STATE] = "mx_state",
    [SURVEY_MX_SECURE] = "mx_secure",
    [SURVEY_MX_COUNT] = "mx_count",
    [SURVEY_SITE] = "site",
    [SURVEY_PROVIDER] = "provider",
    [SURVEY_CLASS] = "class",
    [SURVEY_DNSSEC] = "dnssec",
    [SURVEY_DANE] = "dane",
    [SURVEY_DANE_HEALTH] = "dane_health",
    [SURVEY_DANE_FAULT] = "dane_fault",
    [SURVEY_STS_RECORD] = "sts_record",
    [SURVEY_STS_POLICY] = "sts_policy",
    [SURVEY_STS_FETCH] = "sts_fetch",
    [SURVEY_STS_FAULT] = "sts_fault",
    [SURVEY_STS_MODE] = "sts_mode",
    [SURVEY_STS_MAX_AGE] = "sts_max_age",
    [SURVEY_STS_COVER] = "sts_cover",
    [SURVEY_STS_HEALTH] = "sts_health",
    [SURVEY_TLSRPT] = "tlsrpt",
    [SURVEY_PROTECTION] = "protection",
    [SURVEY_MAY] = "may",
    [SURVEY_ENCRYPT] = "encrypt",
    [SURVEY_DANE_SENDER] = "dane_sender",
    [SURVEY_STS_SENDER] = "sts_sender",
    [SURVEY_AUTO] = "auto",
    [SURVEY_DANE_ONLY] = "dane_only",
    [SURVEY_SECURE] = "secure",
    [SURVEY_RESULT] = "result",
    [SURVEY_REASON] = "reason",
    [SURVEY_DEPTH] = "depth",
    [SURVEY_INFERRED] = "inferred",
    [SURVEY_HOSTS] = "hosts",
    [SURVEY_HOSTS_SECURE] = "hosts_secure",
    [SURVEY_STS_WHY] = "sts_why",
    [SURVEY_STS_ID] = "sts_id",
    [SURVEY_TLSRPT_WHY] = "tlsrpt_why",
    [SURVEY_RUA] = "rua",
    [SURVEY_INFERRED_AT] = "inferred_at",
    [SURVEY_STS_MX] = "sts_mx",
    [SURVEY_STS_WILDCARD] = "sts_wildcard",
};

const char *
survey_field_name(enum survey_field field)
{
	return field_names[field];
}

static int
fail_sql(const struct store_survey *survey, struct err *err)
{
	return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(survey->handle));
}

static int
exec_sql(struct store_survey *survey, const char *sql, struct err *err)
{
	return sqlite3_exec(survey->handle, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : fail_sql(survey, err);
}

/* --- opening --- */

static void
add_field_list(struct text *sql, const char *behind)
{
	for (int i = 0; i < SURVEY_FIELDS; i++)
		text_addf(sql, ", \"%s\"%s", field_names[i], behind);
}

static int
make_tables(struct store_survey *survey, struct err *err)
{
	char sql[SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_addf(&text,
	    "BEGIN IMMEDIATE; PRAGMA application_id=%d; PRAGMA user_version=%d;"
	    "CREATE TABLE note (key TEXT NOT NULL, value TEXT NOT NULL);"
	    "CREATE TABLE domain (domain TEXT PRIMARY KEY, weight INTEGER NOT "
	    "NULL, rank INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, "
	    "tries INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL DEFAULT 0",
	    APPLICATION_ID, SCHEMA_VERSION);
	add_field_list(&text, " TEXT NOT NULL DEFAULT ''");
	text_add(&text, ") WITHOUT ROWID; COMMIT;");
	return exec_sql(survey, sql, err);
}

static int
ask_number(
    struct store_survey *survey, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (sqlite3_prepare_v2(survey->handle, sql, -1, &stmt, NULL) !=
	    SQLITE_OK)
		return err_set(err, ERR_DATA, "no survey: %s",
		    sqlite3_errmsg(survey->handle));
	rc = sqlite3_step(stmt);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		   ? 0
		   : err_set(err, ERR_DATA, "no survey: %s",
			 sqlite3_errmsg(survey->handle));
}

/* Whose file it is, before anything in it is changed. */
static int
identify_survey(struct store_survey *survey, bool make, struct err *err)
{
	int64_t id, version, tables;

	if (ask_number(survey, "PRAGMA application_id", &id, err) != 0 ||
	    ask_number(survey, "PRAGMA user_version", &version, err) != 0 ||
	    ask_number(survey, "SELECT count(*) FROM sqlite_master", &tables,
		err) != 0)
		return -1;
	if (id == 0 && version == 0 && tables == 0 && make)
		return make_tables(survey, err);
	if (id != APPLICATION_ID)
		return err_set(err, ERR_DATA, "it is no survey's file");
	if (version != SCHEMA_VERSION)
		return err_set(err, ERR_DATA,
		    "it is of a survey of another version of postern");
	return 0;
}

static int
prepare_all(struct store_survey *survey, struct err *err)
{
	static const char *const sql[STATEMENTS] = {
	    [ADD] = "INSERT INTO domain (domain, weight, rank) VALUES "
		    "(?1, ?2, ?3) ON CONFLICT (domain) DO UPDATE SET weight = "
		    "min(weight + ?2, 4611686018427387904), rank = CASE WHEN "
		    "rank = 0 THEN ?3 ELSE rank END",
	    [NOTE] = "INSERT INTO note (key, value) VALUES (?1, ?2)",
	    [NOTES] = "SELECT count(*) FROM note WHERE key = ?1",
	    [UNASKED] =
		"SELECT domain FROM domain WHERE domain > ?1 AND state = "
		"?2 AND tries <= ?3 ORDER BY domain LIMIT ?4",
	    [REOPEN] = "UPDATE domain SET state = 0, tries = 0 WHERE "
		       "inferred_at <> '' AND instr(' ' || inferred_at || ' ', "
		       "' ' || ?1 || ' ') > 0",
	    [AGE] = "UPDATE domain SET state = 0, tries = 0 WHERE state <> 0 "
		    "AND time < ?1",
	    [UNDO] = "UPDATE domain SET state = 0, tries = 0 WHERE "
		     "state = 2 AND time >= ?1",
	    [TOTAL] = "SELECT count(*), coalesce(sum(state <> 0), 0), "
		      "coalesce(sum(state = 2), 0), coalesce(total(weight), "
		      "0), coalesce(total(weight * (state <> 0)), 0), "
		      "coalesce(max(weight <> 1), 0), coalesce(min(CASE WHEN "
		      "time > 0 THEN time END), 0), coalesce(max(time), 0) "
		      "FROM domain WHERE weight >= ?1",
	};
	char put[SQL_SIZE];
	struct text text;

	text_init(&text, put, sizeof(put));
	text_add(&text, "UPDATE domain SET state = ?1, time = ?2, tries = "
			"tries + 1");
	add_field_list(&text, " = ?");
	text_add(&text, " WHERE domain = ?");
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v2(survey->handle, i == PUT ? put : sql[i],
			-1, &survey->statements[i], NULL) != SQLITE_OK)
			return err_set(err, ERR_DATA, "no survey: %s",
			    sqlite3_errmsg(survey->handle));
	return 0;
}

/* The file is made here, so that nobody else may read it. */
static int
lock_survey(struct store_survey *survey, const char *path, struct err *err)
{
	survey->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (survey->lock_fd < 0)
		return err_set(err, ERR_LOCAL, "%s", strerror(errno));
	if (flock(survey->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return err_set(err, ERR_TEMP, "another scan has it");
}

static int
open_survey(struct store_survey *survey, const char *path,
    enum store_survey_mode mode, struct err *err)
{
	bool scan = mode == STORE_SURVEY_SCAN;
	bool own = path == NULL || path[0] == '\0';

	if (!own && scan && lock_survey(survey, path, err) != 0)
		return -1;
	if (sqlite3_open_v2(path == NULL ? ":memory:" : path, &survey->handle,
		own ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
		    : SQLITE_OPEN_READWRITE,
		NULL) != SQLITE_OK)
		return fail_sql(survey, err);
	sqlite3_busy_timeout(survey->handle, BUSY_MS);
	sqlite3_limit(survey->handle, SQLITE_LIMIT_LENGTH, LIMIT_SURVEY_ROW);
	if (identify_survey(survey, scan, err) != 0)
		return -1;
	if (scan && exec_sql(survey,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
			err) != 0)
		return -1;
	return prepare_all(survey, err);
}

void
store_survey_free(struct store_survey *survey)
{
	if (survey == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(survey->statements[i]);
	sqlite3_close(survey->handle);
	/* not before: closing it drops SQLite's own locks */
	if (survey->lock_fd >= 0)
		close(survey->lock_fd);
	free(survey);
}

struct store_survey *
store_survey_open(
    const char *path, enum store_survey_mode mode, struct err *err)
{
	struct store_survey *survey = xcalloc(1, sizeof(*survey));

	survey->lock_fd = -1;
	if (open_survey(survey, path, mode, err) == 0)
		return survey;
	store_survey_free(survey);
	return NULL;
}

/* --- writing --- */

struct sqlite3 *
store_survey_handle(struct store_survey *survey)
{
	return survey->handle;
}

int
store_survey_begin(struct store_survey *survey, struct err *err)
{
	return exec_sql(survey, "BEGIN IMMEDIATE", err);
}

int
store_survey_commit(struct store_survey *survey, struct err *err)
{
	return exec_sql(survey, "COMMIT", err);
}

static void
bind_word(sqlite3_stmt *stmt, int at, const char *word)
{
	sqlite3_bind_text(stmt, at, word, -1, SQLITE_STATIC);
}

/* A statement that gives no row, and is reset after it. */
static int
run_statement(
    struct store_survey *survey, enum statement which, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[which];
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_DONE)
		fail_sql(survey, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
store_survey_add(struct store_survey *survey, const char *domain,
    int64_t weight, int64_t rank, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[ADD];

	bind_word(stmt, 1, domain);
	sqlite3_bind_int64(stmt, 2, weight);
	sqlite3_bind_int64(stmt, 3, rank);
	return run_statement(survey, ADD, err);
}

int
store_survey_note(struct store_survey *survey, const char *key,
    const char *value, struct err *err)
{
	bind_word(survey->statements[NOTE], 1, key);
	bind_word(survey->statements[NOTE], 2, value);
	return run_statement(survey, NOTE, err);
}

int
store_survey_put(
    struct store_survey *survey, const struct survey_row *row, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[PUT];

	sqlite3_bind_int(stmt, 1, row->failing ? STATE_FAILING : STATE_DONE);
	sqlite3_bind_int64(stmt, 2, row->time);
	for (int i = 0; i < SURVEY_FIELDS; i++)
		bind_word(stmt, 3 + i, row->fields[i]);
	bind_word(stmt, 3 + SURVEY_FIELDS, row->domain);
	return run_statement(survey, PUT, err);
}

int
store_survey_reopen(struct store_survey *survey, const char *address,
    int64_t *count, struct err *err)
{
	bind_word(survey->statements[REOPEN], 1, address);
	if (run_statement(survey, REOPEN, err) != 0)
		return -1;
	*count = sqlite3_changes(survey->handle);
	return 0;
}

int
store_survey_age(struct store_survey *survey, time_t before, struct err *err)
{
	sqlite3_bind_int64(survey->statements[AGE], 1, before);
	return run_statement(survey, AGE, err);
}

int
store_survey_undo(struct store_survey *survey, time_t since, struct err *err)
{
	sqlite3_bind_int64(survey->statements[UNDO], 1, since);
	return run_statement(survey, UNDO, err);
}

/* --- reading --- */

void
store_survey_least(struct store_survey *survey, int64_t weight)
{
	survey->least_weight = weight;
}

int
store_survey_each_note(struct store_survey *survey, const char *key,
    survey_noted *noted, void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(survey->handle,
	    "SELECT value FROM note WHERE key = ?1 ORDER BY rowid", -1, &stmt,
	    NULL);

	if (rc == SQLITE_OK)
		bind_word(stmt, 1, key);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			noted(arg, (const char *)sqlite3_column_text(stmt, 0));
	}
	if (rc != SQLITE_DONE)
		fail_sql(survey, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
store_survey_notes(struct store_survey *survey, const char *key, int64_t *count,
    struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[NOTES];
	int rc;

	bind_word(stmt, 1, key);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*count = sqlite3_column_int64(stmt, 0);
	else
		fail_sql(survey, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? 0 : -1;
}

static const char *
column_word(sqlite3_stmt *stmt, int at)
{
	const char *word = (const char *)sqlite3_column_text(stmt, at);

	return word == NULL ? "" : word;
}

int
store_survey_todo(struct store_survey *survey, const char *after, int tries,
    survey_name names[], int most, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[UNASKED];
	int count = 0, rc;

	bind_word(stmt, 1, after);
	sqlite3_bind_int(stmt, 2, tries == 0 ? STATE_NEW : STATE_FAILING);
	sqlite3_bind_int(stmt, 3, tries);
	sqlite3_bind_int(stmt, 4, most);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && count < most)
		text_copy(
		    names[count++], LIMIT_DOMAIN_SIZE, column_word(stmt, 0));
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		fail_sql(survey, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? count : -1;
}

int
store_survey_total(
    struct store_survey *survey, struct survey_totals *totals, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[TOTAL];
	int rc;

	sqlite3_bind_int64(stmt, 1, survey->least_weight);
	rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		*totals = (struct survey_totals){
		    .names = sqlite3_column_int64(stmt, 0),
		    .done = sqlite3_column_int64(stmt, 1),
		    .failing = sqlite3_column_int64(stmt, 2),
		    .weight = sqlite3_column_int64(stmt, 3),
		    .messages = sqlite3_column_int64(stmt, 4),
		    .weighted = sqlite3_column_int(stmt, 5) != 0,
		    .began = sqlite3_column_int64(stmt, 6),
		    .ended = sqlite3_column_int64(stmt, 7)};
	else
		fail_sql(survey, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Steps a statement of its own through all rows. */
static int
step_rows(struct store_survey *survey, const char *sql,
    void (*take)(void *arg, sqlite3_stmt *stmt), void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(survey->handle, sql, -1, &stmt, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			take(arg, stmt);
	}
	if (rc != SQLITE_DONE)
		fail_sql(survey, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

struct lending {
	survey_each *each;
	survey_counted *counted;
	void *arg;
};

enum { ROW_HEAD = 5 };

static void
lend_row(void *arg, sqlite3_stmt *stmt)
{
	struct lending *lending = arg;
	struct survey_row row = {.domain = column_word(stmt, 0),
	    .weight = sqlite3_column_int64(stmt, 1),
	    .rank = sqlite3_column_int64(stmt, 2),
	    .tries = sqlite3_column_int64(stmt, 3),
	    .time = sqlite3_column_int64(stmt, 4)};

	for (int i = 0; i < SURVEY_FIELDS; i++)
		row.fields[i] = column_word(stmt, ROW_HEAD + i);
	lending->each(lending->arg, &row);
}

int
store_survey_each(struct store_survey *survey, bool queued, size_t most,
    survey_each *each, void *arg, struct err *err)
{
	struct lending lending = {.each = each, .arg = arg};
	char sql[SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_add(&text, "SELECT domain, weight, rank, tries, time");
	add_field_list(&text, "");
	text_addf(&text, " FROM domain WHERE state <> 0 AND weight >= %" PRId64,
	    survey->least_weight);
	text_add(&text, queued
			    ? " AND \"auto\" = 'q' ORDER BY weight DESC, domain"
			    : " ORDER BY domain");
	if (most > 0)
		text_addf(&text, " LIMIT %zu", most);
	return step_rows(survey, sql, lend_row, &lending, err);
}

static void
lend_count(void *arg, sqlite3_stmt *stmt)
{
	struct lending *lending = arg;
	struct survey_count count = {
	    .words = {column_word(stmt, 0), column_word(stmt, 1)},
	    .domains = sqlite3_column_int64(stmt, 2),
	    .messages = sqlite3_column_int64(stmt, 3)};

	lending->counted(lending->arg, &count);
}

int
store_survey_count(struct store_survey *survey,
    const struct survey_question *question, survey_counted *counted, void *arg,
    struct err *err)
{
	struct lending lending = {.counted = counted, .arg = arg};
	const char *by = field_names[question->by];
	char sql[SQL_SIZE], second[64] = "''";
	struct text text;

	if (question->by_two)
		snprintf(second, sizeof(second), "\"%s\"",
		    field_names[question->and_by]);
	text_init(&text, sql, sizeof(sql));
	text_addf(&text,
	    "SELECT \"%s\", %s, count(*), total(weight) FROM domain WHERE "
	    "state <> 0 AND weight >= %" PRId64
	    "%s GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
	    by, second, survey->least_weight,
	    question->filter == SURVEY_MAIL
		? " AND mx_state IN ('mx', 'implicit')"
		: "");
	if (question->most > 0)
		text_addf(&text, " LIMIT %zu", question->most);
	return step_rows(survey, sql, lend_count, &lending, err);
}
