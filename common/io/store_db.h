/* store_db - the store's database: opened, made, migrated, checked, and opened
 * again where it must be. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_DB_H
#define COMMON_IO_STORE_DB_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct sqlite3_stmt; /* SQLite's */

struct store_db;

/*
 * store_db_open - open, make or migrate the database at path
 *
 * As store_open, which says what becomes of the file.  schema is borrowed until
 * store_db_free; its statements are prepared whenever the file is opened.
 */
struct store_schema; /* see store_schema.h */
void store_db_free(struct store_db *db);
struct store_db *
store_db_open(const struct store_schema *schema, const char *path,
    bool read_only, bool *renamed, struct err *err) OWNED(store_db_free);

/*
 * store_db_ready - begin a call: the file that the path leads to is open
 *
 * LOCAL when it cannot be, and when a writer's was deleted, replaced or damaged
 * meanwhile; then another is open for the next call, if it can be.
 */
int store_db_ready(struct store_db *db, struct err *err);

/*
 * store_db_statement - a statement by its number; borrowed, between
 * store_db_ready that gave 0 and store_db_conclude
 */
struct sqlite3_stmt *store_db_statement(const struct store_db *db, int number);

/* store_db_opening - another number each time that the file was opened, from
 * 1 */
unsigned store_db_opening(const struct store_db *db);

/*
 * store_db_conclude - end a call: whether it went well, and on the right file
 *
 * Each call that store_db_ready began ends so, its statements reset.  rc is
 * SQLite's code for it.  LOCAL when that is not SQLITE_OK, and when the file
 * was deleted or replaced, or for a reader written, while the call ran.
 */
int store_db_conclude(struct store_db *db, int rc, struct err *err);

#endif
