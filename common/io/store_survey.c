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
#include "common/io/store_survey_check.h"
#include "common/io/store_survey_inferred.h"
#include "common/io/store_survey_schema.h"
#include "common/io/store_survey_words.h"

enum { BUSY_MS = 10000 };

enum state { STATE_NEW, STATE_DONE, STATE_FAILING };

enum statement { ADD, NOTE, NOTES, UNASKED, PUT, AGE, UNDO, TOTAL, STATEMENTS };

struct store_survey {
	sqlite3 *handle;
	sqlite3_stmt *statements[STATEMENTS];
	struct store_survey_words *words;
	struct store_survey_inferred *inferred; /* of a scan */
	int64_t least_weight;                   /* of the names that are read */
	bool tallied; /* "tally" is of what there is now */
	int lock_fd;  /* or -1 */
};

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

static int
prepare_all(struct store_survey *survey, bool scan, struct err *err)
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
	    [PUT] = "UPDATE domain SET state = ?2, time = ?3, tries = tries + "
		    "1, finding = ?4, mxset = ?5, policy = ?6, tld = ?7, "
		    "inferred_at = nullif(?8, ''), dns_host = nullif(?9, '') "
		    "WHERE domain = ?1",
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
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v2(survey->handle, sql[i], -1,
			&survey->statements[i], NULL) != SQLITE_OK)
			return err_set(err, ERR_DATA, "no survey: %s",
			    sqlite3_errmsg(survey->handle));
	survey->words = store_survey_words_new(survey->handle, err);
	if (survey->words == NULL || !scan)
		return survey->words == NULL ? -1 : 0;
	survey->inferred = store_survey_inferred_new(survey->handle, err);
	return survey->inferred == NULL ? -1 : 0;
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
	sqlite3_limit(survey->handle, SQLITE_LIMIT_LENGTH, LIMIT_SURVEY_JOINED);
	if (store_survey_schema_check(survey->handle, scan, err) != 0 ||
	    (!own && store_survey_check(survey->handle, err) != 0) ||
	    (!own && mode != STORE_SURVEY_TOTAL &&
		store_survey_check_rows(survey->handle, err) != 0))
		return -1;
	if (scan && exec_sql(survey,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
			err) != 0)
		return -1;
	return prepare_all(survey, scan, err);
}

void
store_survey_free(struct store_survey *survey)
{
	if (survey == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(survey->statements[i]);
	store_survey_words_free(survey->words);
	store_survey_inferred_free(survey->inferred);
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
	survey->tallied = false;
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
	if (strlen(value) > LIMIT_DOMAIN) /* store_survey_check wants that */
		return err_set(err, ERR_LOCAL, "a word is too long");
	bind_word(survey->statements[NOTE], 1, key);
	bind_word(survey->statements[NOTE], 2, value);
	return run_statement(survey, NOTE, err);
}

int
store_survey_put(
    struct store_survey *survey, const struct survey_row *row, struct err *err)
{
	sqlite3_stmt *stmt = survey->statements[PUT];
	int64_t ids[SURVEY_TABLES];

	for (int i = SURVEY_FINDING; i < SURVEY_TABLES; i++)
		if (store_survey_words_put(survey->words, (enum survey_table)i,
			row->fields, &ids[i], err) != 0)
			return -1;
	bind_word(stmt, 1, row->domain);
	sqlite3_bind_int(stmt, 2, row->failing ? STATE_FAILING : STATE_DONE);
	sqlite3_bind_int64(stmt, 3, row->time);
	sqlite3_bind_int64(stmt, 4, ids[SURVEY_FINDING]);
	sqlite3_bind_int64(stmt, 5, ids[SURVEY_MXSET]);
	sqlite3_bind_int64(stmt, 6, ids[SURVEY_POLICY]);
	bind_word(stmt, 7, row->fields[SURVEY_TLD]);
	bind_word(stmt, 8, row->fields[SURVEY_INFERRED_AT]);
	bind_word(stmt, 9, row->fields[SURVEY_DNS_HOST]);
	if (run_statement(survey, PUT, err) != 0)
		return -1;
	return store_survey_inferred_put(survey->inferred,
	    row->fields[SURVEY_INFERRED_AT], row->domain, err);
}

int
store_survey_reopen(struct store_survey *survey, const char *address,
    int64_t *count, struct err *err)
{
	survey->tallied = false;
	return store_survey_inferred_reopen(
	    survey->inferred, address, count, err);
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
	survey->tallied = false;
}

int64_t
store_survey_least_weight(const struct store_survey *survey)
{
	return survey->least_weight;
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
	char sql[SURVEY_SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_add(&text, "SELECT domain, weight, rank, tries, time");
	store_survey_schema_fields(&text, SURVEY_ANY_TABLE, ", ", "");
	text_addf(&text, " FROM answer WHERE weight >= %" PRId64,
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

/* How many names have each combination of these columns of "domain". */
static void
add_grouped(
    const struct store_survey *survey, struct text *sql, const char *columns)
{
	text_addf(sql,
	    "SELECT %s, count(*) AS domains, total(weight) AS messages FROM "
	    "domain WHERE state <> 0 AND weight >= %" PRId64 " GROUP BY %s",
	    columns, survey->least_weight, columns);
}

/* Most questions are on what stands in "finding", of which there are few rows:
 * names are gone through once for all of them. */
static int
tally_findings(struct store_survey *survey, struct err *err)
{
	char sql[SURVEY_SQL_SIZE];
	struct text text;

	if (survey->tallied)
		return 0;
	text_init(&text, sql, sizeof(sql));
	text_add(&text, "DROP TABLE IF EXISTS temp.tally; CREATE TEMP TABLE "
			"tally AS ");
	add_grouped(survey, &text, "finding");
	survey->tallied = exec_sql(survey, sql, err) == 0;
	return survey->tallied ? 0 : -1;
}

/* A field of "domain", or the number of a row that it is in. */
static const char *
counted_column(enum survey_field field)
{
	enum survey_table table = survey_field_table(field);

	return table == SURVEY_DOMAIN ? survey_field_name(field)
				      : survey_table_name(table);
}

/* The tables that these fields are in, with how many names there are. */
static int
add_counted_tables(struct store_survey *survey, struct text *sql,
    const enum survey_field fields[2], struct err *err)
{
	const char *first = counted_column(fields[0]);
	const char *second = counted_column(fields[1]);
	const char *both[2] = {first, strcmp(first, second) == 0 ? "" : second};
	char columns[128];
	struct text text;

	text_init(&text, columns, sizeof(columns));
	text_add(&text, "finding");
	for (int i = 0; i < 2; i++)
		if (both[i][0] != '\0' && strcmp(both[i], "finding") != 0)
			text_addf(&text, ", %s", both[i]);
	if (strcmp(columns, "finding") == 0) {
		text_add(sql, "temp.tally AS t");
		return tally_findings(survey, err);
	}
	text_add(sql, "(");
	add_grouped(survey, sql, columns);
	text_add(sql, ") AS t");
	for (int i = 0; i < 2; i++)
		if (both[i][0] != '\0' &&
		    survey_field_table(fields[i]) > SURVEY_FINDING)
			text_addf(sql, " CROSS JOIN %s ON %s.id = t.%s",
			    both[i], both[i], both[i]);
	return 0;
}

int
store_survey_count(struct store_survey *survey,
    const struct survey_question *question, survey_counted *counted, void *arg,
    struct err *err)
{
	struct lending lending = {.counted = counted, .arg = arg};
	static const char *const filters[] = {
	    [SURVEY_ALL] = "",
	    [SURVEY_MAIL] = " WHERE mx_state IN ('mx', 'implicit')",
	    [SURVEY_MAIL_AND_MODE] =
		(" WHERE mx_state IN ('mx', 'implicit') AND sts_record <> "
		 "'error' AND sts_policy <> 'skipped'"),
	};
	const enum survey_field fields[2] = {
	    question->by, question->by_two ? question->and_by : question->by};
	char sql[SURVEY_SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_addf(&text, "SELECT \"%s\", ", survey_field_name(question->by));
	if (question->by_two)
		text_addf(&text, "\"%s\"", survey_field_name(question->and_by));
	else
		text_add(&text, "''");
	text_add(&text, ", sum(domains), total(messages) FROM ");
	if (add_counted_tables(survey, &text, fields, err) != 0)
		return -1;
	text_add(&text, " CROSS JOIN finding ON finding.id = t.finding");
	text_add(&text, filters[question->filter]);
	text_add(&text, " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2");
	if (question->most > 0)
		text_addf(&text, " LIMIT %zu", question->most);
	return step_rows(survey, sql, lend_count, &lending, err);
}
