/* store_sql - one statement of SQL at a time. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SQL_H
#define COMMON_IO_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

/* store_sql_is_time - whether it is a time of this age, in seconds since 1970:
 * later than the year 9999 is no date that anybody wrote */
bool store_sql_is_time(int64_t seconds);

/* store_sql_text, store_sql_time - what a column holds; false if it is of
 * another type, has a NUL in it, is no time or does not fit */
bool
store_sql_text(struct sqlite3_stmt *stmt, int column, char *to, size_t size);
bool store_sql_time(struct sqlite3_stmt *stmt, int column, time_t *out);

/* store_sql_bind_text - borrows s until store_sql_release */
void store_sql_bind_text(struct sqlite3_stmt *stmt, int at, const char *s);

/* store_sql_run - step a statement that gives no rows, once, and release it */
int store_sql_run(struct sqlite3_stmt *stmt);

/* store_sql_number - step one that gives a number, and release it; none: it
 * gave no row */
int store_sql_number(struct sqlite3_stmt *stmt, int64_t *out, bool *none);

/* store_sql_release - an open statement holds back the log: none stays so
 * between two calls */
void store_sql_release(struct sqlite3_stmt *stmt);

#endif
