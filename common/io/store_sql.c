/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_sql.h"

#include <sqlite3.h>
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
