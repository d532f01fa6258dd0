/* store_tlsrpt_table - the statements of store_tlsrpt, and what calls are made
 * of: adding and reading. One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_TLSRPT_TABLE_H
#define COMMON_IO_STORE_TLSRPT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/lock.h"
#include "common/io/store_db.h"
#include "common/io/tlsrpt_tally.h"

struct sqlite3_stmt; /* SQLite's */

/* said of a delivery that is one too many for its rua */
#define STORE_OUTBOX_LIMITED "rua-limit"

enum tlsrpt_statement {
	TLSRPT_BEGIN,
	TLSRPT_COMMIT,
	TLSRPT_ROLLBACK,
	TLSRPT_GET_ID,
	TLSRPT_MAKE_DAY,
	TLSRPT_COUNT_DAY,
	TLSRPT_GET_DAY,
	TLSRPT_KNOWS_DOMAIN,
	TLSRPT_COUNT_DOMAIN,
	TLSRPT_COUNT_POLICIES,
	TLSRPT_FIND_POLICY,
	TLSRPT_MAKE_POLICY,
	TLSRPT_ADD_POLICY,
	TLSRPT_COUNT_DETAILS,
	TLSRPT_ADD_DETAIL,
	TLSRPT_MAKE_DETAIL,
	TLSRPT_ROWS,
	TLSRPT_POLICIES,
	TLSRPT_FAILURES,
	TLSRPT_GET_SECRET,
	TLSRPT_UNMADE,
	TLSRPT_MAKE_REPORT,
	TLSRPT_DUE_REPORTS,
	TLSRPT_SET_REPORT,
	TLSRPT_GET_BODY,
	TLSRPT_FIND_BODY,
	TLSRPT_COUNT_TO,
	TLSRPT_MAKE_DELIVERY,
	TLSRPT_NEXT_DELIVERIES,
	TLSRPT_BEGIN_DELIVERY,
	TLSRPT_END_DELIVERY,
	TLSRPT_RECOVER,
	TLSRPT_SOONEST,
	TLSRPT_HURRY_REPORTS,
	TLSRPT_HURRY_DELIVERIES,
	TLSRPT_LAST_MAIL,
	TLSRPT_OWN_MAIL,
	TLSRPT_DROP_DELIVERIES,
	TLSRPT_DROP_REPORTS,
	TLSRPT_DROP_DETAILS,
	TLSRPT_DROP_POLICIES,
	TLSRPT_DROP_DAYS,
	TLSRPT_STATEMENTS,
};

struct store_tlsrpt {
	struct lock lock; /* held across I/O; guards the rest */
	struct store_db *db;
};

/* These give SQLite's code. */

/* store_tlsrpt_settle - end a transaction: commit what went well (rc), take
 * back what did not */
int store_tlsrpt_settle(struct store_db *db, int rc);

/* store_tlsrpt_put - add a batch, inside a transaction; see store_tlsrpt_add */
int store_tlsrpt_put(struct store_db *db, const struct tlsrpt_batch *batch,
    uint64_t max_domains, uint64_t *left_out);

/* What is read of a next hop: tallies, and the ids of their rows. */
struct store_tlsrpt_loading {
	size_t count;
	struct tlsrpt_tally **tallies;
	int64_t *ids;
};

/* store_tlsrpt_load - all of a next hop in a day */
int store_tlsrpt_load(struct store_db *db, int64_t day, const char *domain,
    struct store_tlsrpt_loading *loading);

/* store_tlsrpt_read_row - day, next hop and sums, the first columns; false: no
 * Postern wrote them */
bool store_tlsrpt_read_row(struct sqlite3_stmt *stmt, struct tlsrpt_row *out);

/* store_tlsrpt_list - see store_tlsrpt_rows; *count is what there was */
int store_tlsrpt_list(struct store_db *db, const struct tlsrpt_query *query,
    struct tlsrpt_row *rows, int most, int *count);

/* store_tlsrpt_read_day - what is known of a day, and whether anything is */
int
store_tlsrpt_read_day(struct store_db *db, struct tlsrpt_day *out, bool *found);

#endif
