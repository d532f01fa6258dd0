/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_sql.h"

#include <assert.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "common/base/text.h"

enum {
	/* How often, and how far apart, a reader looks at a torn index */
	TORN_TRIES = 100,
	TORN_MS = 5,
};

bool
store_sql_wait_torn(int rc, int *tries)
{
	const struct timespec wait = {.tv_nsec = TORN_MS * 1000000L};

	if (rc != SQLITE_READONLY_RECOVERY && rc != SQLITE_READONLY_CANTINIT)
		return false;
	if ((*tries)++ >= TORN_TRIES)
		return false;
	nanosleep(&wait, NULL);
	return true;
}

int
store_sql_step(sqlite3_stmt *stmt)
{
	int tries = 0;
	int rc;

	while (store_sql_wait_torn(rc = sqlite3_step(stmt), &tries))
		sqlite3_reset(stmt);
	return rc;
}

int
store_sql_ask(sqlite3 *handle, const char *sql, struct store_sql_answer *answer)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	const char *word;

	if (rc != SQLITE_OK)
		return rc;
	rc = store_sql_step(stmt);
	if (rc == SQLITE_ROW) {
		answer->number = sqlite3_column_int64(stmt, 0);
		word = (const char *)sqlite3_column_text(stmt, 0);
		text_copy(answer->word, sizeof(answer->word),
		    word == NULL ? "" : word);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* The end of the year 9999: later is no date that anybody wrote. */
static const int64_t max_time = 253402300799;

bool
store_sql_is_time(int64_t seconds)
{
	return seconds >= 0 && seconds <= max_time &&
	       (int64_t)(time_t)seconds == seconds;
}

bool
store_sql_text(sqlite3_stmt *stmt, int column, char *to, size_t size)
{
	const char *s;

	if (sqlite3_column_type(stmt, column) != SQLITE_TEXT)
		return false;
	s = (const char *)sqlite3_column_text(stmt, column);
	return s != NULL &&
	       strlen(s) == (size_t)sqlite3_column_bytes(stmt, column) &&
	       text_copy(to, size, s);
}

bool
store_sql_time(sqlite3_stmt *stmt, int column, time_t *out)
{
	sqlite3_int64 seconds = sqlite3_column_int64(stmt, column);

	*out = (time_t)seconds;
	return sqlite3_column_type(stmt, column) == SQLITE_INTEGER &&
	       store_sql_is_time(seconds);
}

void
store_sql_bind_text(sqlite3_stmt *stmt, int at, const char *s)
{
	int rc = sqlite3_bind_text(stmt, at, s, -1, SQLITE_STATIC);

	assert(rc == SQLITE_OK);
	(void)rc;
}

int
store_sql_run(sqlite3_stmt *stmt)
{
	int rc = store_sql_step(stmt);

	store_sql_release(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
store_sql_number(sqlite3_stmt *stmt, int64_t *out, bool *none)
{
	int rc = store_sql_step(stmt);

	*none = rc == SQLITE_DONE;
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	store_sql_release(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

void
store_sql_release(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}
