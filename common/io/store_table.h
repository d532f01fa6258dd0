/* store_table - the tables of the store: their statements, and a change of one
 * as one transaction. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_TABLE_H
#define COMMON_IO_STORE_TABLE_H

#include <stdbool.h>
#include <time.h>

#include "common/base/err.h"
#include "common/io/store_db.h"
#include "common/io/store_policy.h"

struct sqlite3_value; /* SQLite's */

enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_PUT,
	STORE_SET_CLOCK_POLICIES,
	STORE_COUNT_POLICIES,
	STORE_EVICT_POLICIES,
	STORE_DROP,
	STORE_DROP_ALL,
	STORE_GET,
	STORE_NEXT,
	STORE_FLIP,
	STORE_SET_CLOCK_FLIPS,
	STORE_COUNT_FLIPS,
	STORE_EVICT_FLIPS,
	STORE_GET_FLIP,
	STORE_STATEMENTS,
};

/* store_table_open - see store_db_open; its statements are those above */
struct store_db *store_table_open(
    const char *path, bool read_only, bool *renamed, struct err *err);

/* store_table_run - to its end, with what is bound: SQLite's code */
int store_table_run(struct store_db *db, enum store_statement which);

/* How many rows may come to a table before they are counted again, which takes
 * the longer the more there are; all 0 at first.  Another process may add some
 * meanwhile: as many too many stay until then. */
struct store_room {
	unsigned opening; /* see store_db_opening */
	int left;
};

/* What belongs to a change of a table: rows of a clock that was ahead, which
 * would stay for ever, count as new at time now; then limit rows stay. */
struct store_change {
	enum store_statement change; /* bound */
	enum store_statement set_clock;
	enum store_statement count;
	enum store_statement evict;
	const char *domain; /* that is never evicted */
	int rows;           /* that come to it at most */
	int limit;
	struct store_room *room;
	time_t now;
};

/* store_table_end - of a transaction that began and in which the changes came
 * to rc: what belongs to them, and commit it, or roll it back: SQLite's code */
int
store_table_end(struct store_db *db, const struct store_change *change, int rc);

/* store_table_commit - that change, in one transaction: SQLite's code */
int store_table_commit(struct store_db *db, const struct store_change *change);

/*
 * store_table_find - the row that STORE_GET is bound to: 1, 0 when there is
 * none, -1 with err
 *
 * One that breaks a limit has no domain.
 */
int store_table_find(
    struct store_db *db, struct store_policy *row, struct err *err);

/* store_table_next - move *key, NULL at first, to the next domain behind it or
 * start, as it stands there: SQLite's code, the caller frees *key */
int store_table_next(
    struct store_db *db, const char *start, struct sqlite3_value **key);

#endif
