/* store_sql - one statement of SQL at a time. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SQL_H
#define COMMON_IO_STORE_SQL_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3; /* SQLite's */
struct sqlite3_stmt;

/*
 * store_sql_wait_torn - whether a reader is to try once more what gave rc,
 * after a moment that this waits; tries counts, from 0, up to half a second
 *
 * A reader that has no right to write the log's index takes one that a live
 * writer is just changing for a dead one's, which it cannot mend; a moment
 * later it is whole.
 */
bool store_sql_wait_torn(int rc, int *tries);

/*
 * store_sql_step - sqlite3_step, for a reader too that meets a log's index
 * while a writer changes it: waits half a second at most until it is whole
 */
int store_sql_step(struct sqlite3_stmt *stmt);

/* What a statement says first, as a number and as a word. */
struct store_sql_answer {
	int64_t number;
	char word[16]; /* cut */
};

/* store_sql_ask - SQLite's code; SQLITE_CORRUPT where there is no answer */
int store_sql_ask(
    struct sqlite3 *handle, const char *sql, struct store_sql_answer *answer);

#endif
