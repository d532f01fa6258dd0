/* store_tlsrpt - counts of sessions for TLS reports, by day, that survive a
 * restart. SQLite; any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_STORE_TLSRPT_H
#define COMMON_IO_STORE_TLSRPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/io/tlsrpt_tally.h"

struct store_tlsrpt;

/*
 * store_tlsrpt_open - open or make the database at path, as a writer
 *
 * Everything of store_open holds, but that the last commits may be lost with
 * the power.  LOCAL as there.
 */
void store_tlsrpt_free(struct store_tlsrpt *store);
struct store_tlsrpt *store_tlsrpt_open(
    const char *path, bool *renamed, struct err *err) OWNED(store_tlsrpt_free);
AUTO_DEFINE(store_tlsrpt);

/* store_tlsrpt_id - hex digits that no other store has; store_tlsrpt_secret -
 * others, which nobody is told */
enum { STORE_TLSRPT_ID_SIZE = 33 };
int store_tlsrpt_id(
    struct store_tlsrpt *store, char id[STORE_TLSRPT_ID_SIZE], struct err *err);
int store_tlsrpt_secret(
    struct store_tlsrpt *store, char id[STORE_TLSRPT_ID_SIZE], struct err *err);

/*
 * store_tlsrpt_add - add a batch, all of it or nothing
 *
 * Totals are exact up to 2^53 - 1, where they stay.  Of a next hop's policies
 * beyond LIMIT_TLSRPT_KEPT_POLICIES in a day the lines are left out; of a
 * policy's failures beyond LIMIT_TLSRPT_KEPT_DETAILS first all but result type
 * and MX host, then all but the result type.  Next hops beyond max_domains in a
 * day are not kept; *left_out counts their sessions.  LOCAL as
 * store_put_policy.
 */
int
store_tlsrpt_add(struct store_tlsrpt *store, const struct tlsrpt_batch *batch,
    uint64_t max_domains, uint64_t *left_out, struct err *err);

/*
 * store_tlsrpt_rows - next hops by day, then by name, in pages
 *
 * Gives how many of most there were, -1 with err.
 */
int
store_tlsrpt_rows(struct store_tlsrpt *store, const struct tlsrpt_query *query,
    struct tlsrpt_row *rows, int most, struct err *err);

/* store_tlsrpt_tallies - all of a next hop in a day, by type, policy domain and
 * lines; each is the caller's.  0 with a count, maybe 0; -1 with err */
int store_tlsrpt_tallies(struct store_tlsrpt *store, int64_t day,
    const char *domain, struct tlsrpt_tally ***out, size_t *count,
    struct err *err);

/* store_tlsrpt_day - 1 and out, 0 when nothing is known of it, -1 with err */
int store_tlsrpt_day(struct store_tlsrpt *store, int64_t day,
    struct tlsrpt_day *out, struct err *err);

/* store_tlsrpt_forget - drop the days before that one; how many, or -1 */
int store_tlsrpt_forget(
    struct store_tlsrpt *store, int64_t before, struct err *err);

#endif
