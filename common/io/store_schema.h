/* store_schema - what a database of Postern is made of: known, migrated,
 * checked. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_SCHEMA_H
#define COMMON_IO_STORE_SCHEMA_H

#include <stdbool.h>

struct sqlite3; /* SQLite's */

/* One kind of database; all of it constant. */
struct store_schema {
	int application_id; /* of the file: file(1) can tell whose it is */
	const char *const *migrations; /* from each version to the next */
	int version;                   /* count of them */
	const char *check;   /* a query that reads each key of each table */
	int max_row;         /* octets; SQLite calls more "too big" */
	const char *durable; /* for PRAGMA synchronous, beside a log */
	const char *const *statements; /* that calls are made of */
	int statement_count;
};

/* These return SQLite's code. */

/*
 * store_schema_identify - whose file it is, before anything in it is changed
 *
 * With SQLITE_OK *why says, as a constant, what keeps it from being used; NULL
 * if nothing does.
 */
int store_schema_identify(const struct store_schema *schema,
    struct sqlite3 *handle, bool read_only, const char **why);

/* store_schema_migrate - bring an older or empty one up to date, in one
 * transaction */
int
store_schema_migrate(const struct store_schema *schema, struct sqlite3 *handle);

/* store_schema_check - SQLITE_CORRUPT unless it is what the migrations make,
 * letter by letter: a table that is really a view, a trigger, an index of
 * costly expressions are not used */
int
store_schema_check(const struct store_schema *schema, struct sqlite3 *handle);

#endif
