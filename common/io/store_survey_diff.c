/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: the earlier survey is copied into a temporary table, since it
 * may be no database at all.  A function of SQL, which asks the caller, tells
 * what kind of change a row is; SQLite joins, counts and sorts by it, on disk
 * where memory would not do.
 */
#include "common/io/store_survey_diff.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "common/base/text.h"

enum { SQL_SIZE = 4096, HEAD = 3 };

enum survey_field
store_survey_compared(enum survey_compared which)
{
	static const enum survey_field fields[COMPARED_FIELDS] = {
	    [COMPARED_PROTECTION] = SURVEY_PROTECTION,
	    [COMPARED_DANE] = SURVEY_DANE,
	    [COMPARED_DANE_HEALTH] = SURVEY_DANE_HEALTH,
	    [COMPARED_STS_MODE] = SURVEY_STS_MODE,
	    [COMPARED_STS_HEALTH] = SURVEY_STS_HEALTH,
	    [COMPARED_AUTO] = SURVEY_AUTO,
	    [COMPARED_DEPTH] = SURVEY_DEPTH,
	};

	return fields[which];
}

static int
fail_diff(struct store_survey *survey, struct err *err)
{
	return err_set(
	    err, ERR_LOCAL, "%s", sqlite3_errmsg(store_survey_handle(survey)));
}

static int
exec_diff(struct store_survey *survey, const char *sql, struct err *err)
{
	return sqlite3_exec(store_survey_handle(survey), sql, NULL, NULL,
		   NULL) == SQLITE_OK
		   ? 0
		   : fail_diff(survey, err);
}

/* --- what was --- */

static void
add_compared(struct text *sql, const char *before, const char *behind)
{
	for (int i = 0; i < COMPARED_FIELDS; i++)
		text_addf(sql, ", %s\"%s\"%s", before,
		    survey_field_name(
			store_survey_compared((enum survey_compared)i)),
		    behind);
}

struct copying {
	sqlite3_stmt *stmt;
	bool failed;
};

static void
copy_row(void *arg, const struct survey_row *row)
{
	struct copying *copying = arg;

	if (copying->failed)
		return;
	sqlite3_bind_text(copying->stmt, 1, row->domain, -1, SQLITE_STATIC);
	sqlite3_bind_int64(copying->stmt, 2, row->weight);
	for (int i = 0; i < COMPARED_FIELDS; i++)
		sqlite3_bind_text(copying->stmt, HEAD + i,
		    row->fields[store_survey_compared((enum survey_compared)i)],
		    -1, SQLITE_STATIC);
	copying->failed = sqlite3_step(copying->stmt) != SQLITE_DONE;
	sqlite3_reset(copying->stmt);
}

static int
copy_rows(
    struct store_survey *survey, struct store_survey *before, struct err *err)
{
	struct copying copying = {.failed = false};
	char sql[SQL_SIZE];
	struct text text;
	int rc;

	text_init(&text, sql, sizeof(sql));
	text_add(&text, "INSERT INTO temp.before VALUES (?, ?");
	for (int i = 0; i < COMPARED_FIELDS; i++)
		text_add(&text, ", ?");
	text_add(&text, ")");
	if (sqlite3_prepare_v2(store_survey_handle(survey), sql, -1,
		&copying.stmt, NULL) != SQLITE_OK)
		return fail_diff(survey, err);
	rc = store_survey_each(before, false, 0, copy_row, &copying, err);
	if (rc == 0 && copying.failed)
		rc = fail_diff(survey, err);
	sqlite3_finalize(copying.stmt);
	return rc;
}

/* --- the kind of a change --- */

static bool
take_words(sqlite3_value **values, const char *words[])
{
	for (int i = 0; i < COMPARED_FIELDS; i++) {
		words[i] = (const char *)sqlite3_value_text(values[i]);
		if (words[i] == NULL)
			return false;
	}
	return true;
}

static void
call_kind(sqlite3_context *context, int count, sqlite3_value **values)
{
	survey_kind **kind = sqlite3_user_data(context);
	const char *then[COMPARED_FIELDS], *now[COMPARED_FIELDS];
	bool has_then = take_words(values, then);
	bool has_now = take_words(values + COMPARED_FIELDS, now);

	(void)count;
	sqlite3_result_int(
	    context, (*kind)(has_then ? then : NULL, has_now ? now : NULL));
}

/* A function pointer is no pointer to an object. */
static int
offer_kind(struct store_survey *survey, survey_kind *kind, struct err *err)
{
	survey_kind **kept = sqlite3_malloc(sizeof(survey_kind *));

	if (kept == NULL)
		return err_set(err, ERR_LOCAL, "no memory");
	*kept = kind;
	return sqlite3_create_function_v2(store_survey_handle(survey),
		   "kind_of", 2 * COMPARED_FIELDS,
		   SQLITE_UTF8 | SQLITE_DETERMINISTIC, kept, call_kind, NULL,
		   NULL, sqlite3_free) == SQLITE_OK
		   ? 0
		   : fail_diff(survey, err);
}

int
store_survey_compare(struct store_survey *survey, struct store_survey *before,
    survey_kind *kind, struct err *err)
{
	char sql[SQL_SIZE];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_add(&text, "BEGIN; CREATE TEMP TABLE before (domain TEXT PRIMARY "
			"KEY, weight INTEGER NOT NULL");
	add_compared(&text, "", " TEXT NOT NULL");
	text_add(&text, ") WITHOUT ROWID;");
	if (offer_kind(survey, kind, err) != 0 ||
	    exec_diff(survey, sql, err) != 0 ||
	    copy_rows(survey, before, err) != 0)
		return -1;
	return exec_diff(survey, "COMMIT", err);
}

/* --- pairs --- */

/* The words of now, or as many of nothing. */
static void
add_words_now(struct text *sql, bool there)
{
	if (there)
		add_compared(sql, "n.", "");
	else
		for (int i = 0; i < COMPARED_FIELDS; i++)
			text_add(sql, ", NULL");
}

/* One half of all pairs: those with a row now, or those that have none. */
static void
add_half(struct text *sql, bool there, const char *join)
{
	const char *row = there ? "n" : "t";

	text_addf(sql, "SELECT %s.domain, %s.weight, kind_of(", row, row);
	/* what is added begins with a comma: so does the first argument */
	for (int i = 0; i < COMPARED_FIELDS; i++)
		text_addf(sql, "%st.\"%s\"", i == 0 ? "" : ", ",
		    survey_field_name(
			store_survey_compared((enum survey_compared)i)));
	add_words_now(sql, there);
	text_add(sql, ") AS kind");
	add_compared(sql, "t.", "");
	add_words_now(sql, there);
	text_addf(sql, " FROM %s", join);
}

/* What is to be asked about still is not gone, and nothing else. */
static void
add_pairs(const struct store_survey *survey, struct text *sql)
{
	int64_t least = store_survey_least_weight(survey);

	add_half(sql, true,
	    "main.answer n LEFT JOIN temp.before t ON t.domain = n.domain ");
	text_addf(sql, "WHERE n.weight >= %" PRId64 " UNION ALL ", least);
	add_half(sql, false,
	    "temp.before t LEFT JOIN main.domain n ON n.domain = t.domain "
	    "WHERE n.domain IS NULL");
	text_addf(sql, " AND t.weight >= %" PRId64, least);
}

static int
ask_other_depth(
    struct store_survey *survey, int64_t *other_depth, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(store_survey_handle(survey),
	    "SELECT count(*) FROM main.answer n JOIN temp.before t ON t.domain "
	    "= n.domain WHERE n.depth <> t.depth AND n.weight >= ?1",
	    -1, &stmt, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(stmt, 1, store_survey_least_weight(survey));
		rc = sqlite3_step(stmt);
	}
	if (rc == SQLITE_ROW)
		*other_depth = sqlite3_column_int64(stmt, 0);
	else
		fail_diff(survey, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : -1;
}

int
store_survey_diff_count(struct store_survey *survey,
    struct survey_kind_count counts[], int kinds, int64_t *other_depth,
    struct err *err)
{
	char sql[SQL_SIZE];
	sqlite3_stmt *stmt;
	struct text text;
	int rc;

	memset(counts, 0, (size_t)kinds * sizeof(*counts));
	text_init(&text, sql, sizeof(sql));
	text_add(&text, "SELECT kind, count(*), total(weight) FROM (");
	add_pairs(survey, &text);
	text_add(&text, ") GROUP BY kind");
	rc = sqlite3_prepare_v2(
	    store_survey_handle(survey), sql, -1, &stmt, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		int kind;

		rc = sqlite3_step(stmt);
		kind = rc == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
		if (kind >= 0 && kind < kinds)
			counts[kind] = (struct survey_kind_count){
			    .domains = sqlite3_column_int64(stmt, 1),
			    .messages = sqlite3_column_int64(stmt, 2)};
	}
	if (rc != SQLITE_DONE)
		fail_diff(survey, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? ask_other_depth(survey, other_depth, err)
				 : -1;
}

static const char *
pair_word(sqlite3_stmt *stmt, int at)
{
	const char *word = (const char *)sqlite3_column_text(stmt, at);

	return word == NULL ? "" : word;
}

static void
lend_pair(sqlite3_stmt *stmt, survey_pair_each *each, void *arg)
{
	struct survey_pair pair = {.domain = pair_word(stmt, 0),
	    .weight = sqlite3_column_int64(stmt, 1),
	    .kind = sqlite3_column_int(stmt, 2)};

	for (int i = 0; i < COMPARED_FIELDS; i++) {
		pair.then[i] = pair_word(stmt, HEAD + i);
		pair.now[i] = pair_word(stmt, HEAD + COMPARED_FIELDS + i);
	}
	each(arg, &pair);
}

int
store_survey_diff_each(struct store_survey *survey, int below, size_t most,
    survey_pair_each *each, void *arg, struct err *err)
{
	char sql[SQL_SIZE];
	sqlite3_stmt *stmt;
	struct text text;
	int rc;

	text_init(&text, sql, sizeof(sql));
	text_add(&text, "SELECT * FROM (");
	add_pairs(survey, &text);
	text_addf(&text, ") WHERE kind < %d ORDER BY kind, weight DESC, domain",
	    below);
	if (most > 0)
		text_addf(&text, " LIMIT %zu", most);
	rc = sqlite3_prepare_v2(
	    store_survey_handle(survey), sql, -1, &stmt, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			lend_pair(stmt, each, arg);
	}
	if (rc != SQLITE_DONE)
		fail_diff(survey, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}
