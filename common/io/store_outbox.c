/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a report is one row, made when its day is over, and does not
 * change after that.  Its deliveries are made with its state in one
 * transaction, so that it has all of them or is looked up again.  A delivery is
 * SENDING from before its try until after it: who finds one at the start does
 * not know whether it was taken, and tries again; the report-id tells the
 * receiver that it is the same (RFC 8460 section 5.3).
 */
#include "common/io/store_outbox.h"

#include <sqlite3.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_sql.h"
#include "common/io/store_tlsrpt_table.h"

/* --- a call --- */

/* Its statement, and the lock is held; NULL with err, and it is not. */
UNCHECKED static sqlite3_stmt *
begin_call(struct store_tlsrpt *store, enum tlsrpt_statement statement,
    struct err *err)
{
	lock_take(&store->lock);
	if (store_db_ready(store->db, err) == 0)
		return store_db_statement(store->db, statement);
	lock_drop(&store->lock);
	return NULL;
}

UNCHECKED static int
end_call(struct store_tlsrpt *store, int rc, struct err *err)
{
	rc = store_db_conclude(store->db, rc, err);
	lock_drop(&store->lock);
	return rc;
}

static int
run_call(struct store_tlsrpt *store, sqlite3_stmt *stmt, struct err *err)
{
	return end_call(store, store_sql_run(stmt), err);
}

static int
code_at_end(int rc)
{
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* --- reports --- */

int
store_outbox_unmade(struct store_tlsrpt *store, int64_t before,
    const struct tlsrpt_row *after, struct tlsrpt_row *rows, int most,
    struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_UNMADE, err);
	int count = 0, rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, before);
	sqlite3_bind_int64(stmt, 2, after->day);
	store_sql_bind_text(stmt, 3, after->domain);
	sqlite3_bind_int(stmt, 4, most);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW)
		count +=
		    count < most && store_tlsrpt_read_row(stmt, &rows[count]);
	store_sql_release(stmt);
	return end_call(store, code_at_end(rc), err) != 0 ? -1 : count;
}

int
store_outbox_make(
    struct store_tlsrpt *store, const struct outbox_made *made, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_MAKE_REPORT, err);

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, made->row.day);
	store_sql_bind_text(stmt, 2, made->row.domain);
	store_sql_bind_text(stmt, 3, made->name);
	sqlite3_bind_blob64(
	    stmt, 4, made->body, (sqlite3_uint64)made->size, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)made->row.ok);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)made->row.failed);
	sqlite3_bind_int(stmt, 7, (int)made->state);
	sqlite3_bind_int64(stmt, 8, made->due);
	return run_call(store, stmt, err);
}

static bool
read_due(sqlite3_stmt *stmt, struct outbox_item *out)
{
	memset(out, 0, sizeof(*out));
	out->report = sqlite3_column_int64(stmt, 0);
	out->row.day = sqlite3_column_int64(stmt, 1);
	out->row.ok = (uint64_t)sqlite3_column_int64(stmt, 4);
	out->row.failed = (uint64_t)sqlite3_column_int64(stmt, 5);
	out->first = sqlite3_column_int64(stmt, 6);
	out->tries = sqlite3_column_int(stmt, 7);
	out->due = sqlite3_column_int64(stmt, 8);
	return store_sql_text(
		   stmt, 2, out->row.domain, sizeof(out->row.domain)) &&
	       store_sql_text(stmt, 3, out->name, sizeof(out->name));
}

int
store_outbox_due(struct store_tlsrpt *store, int64_t now,
    struct outbox_item *items, int most, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_DUE_REPORTS, err);
	int count = 0, rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, now);
	sqlite3_bind_int(stmt, 2, most);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW)
		count += count < most && read_due(stmt, &items[count]);
	store_sql_release(stmt);
	return end_call(store, code_at_end(rc), err) != 0 ? -1 : count;
}

static void
bind_report_state(sqlite3_stmt *stmt, const struct outbox_item *item,
    enum outbox_report state, int64_t due)
{
	sqlite3_bind_int64(stmt, 1, item->report);
	sqlite3_bind_int(stmt, 2, (int)state);
	sqlite3_bind_int64(stmt, 3, due);
	sqlite3_bind_int(stmt, 4, item->tries);
	sqlite3_bind_int64(stmt, 5, item->first);
}

int
store_outbox_settle(struct store_tlsrpt *store, const struct outbox_item *item,
    enum outbox_report state, int64_t due, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_SET_REPORT, err);

	if (stmt == NULL)
		return -1;
	bind_report_state(stmt, item, state, due);
	return run_call(store, stmt, err);
}

/* --- deliveries --- */

/* As mail goes to it: the part behind "@" as it is looked up. */
static void
print_target(const struct tlsrpt_rua *rua, char out[LIMIT_TLSRPT_URI + 1])
{
	struct text text;

	text_init(&text, out, LIMIT_TLSRPT_URI + 1);
	if (rua->scheme == TLSRPT_MAILTO)
		text_addf(&text, "%.*s@%s", (int)strcspn(rua->target, "@"),
		    rua->target, rua->host);
	else
		text_add(&text, rua->target);
}

static int
plan_delivery(struct store_db *db, const struct outbox_item *item,
    const struct tlsrpt_rua *rua, int64_t now, uint64_t max, unsigned *limited)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_COUNT_TO);
	char target[LIMIT_TLSRPT_URI + 1];
	int64_t count = 0;
	bool none, full;
	int rc;

	print_target(rua, target);
	sqlite3_bind_int64(stmt, 1, item->row.day);
	store_sql_bind_text(stmt, 2, rua->host);
	sqlite3_bind_int(stmt, 3, (int)rua->scheme);
	store_sql_bind_text(stmt, 4, target);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)max);
	rc = store_sql_number(stmt, &count, &none);
	if (rc != SQLITE_OK)
		return rc;
	full = (uint64_t)count >= max;
	*limited += full;
	stmt = store_db_statement(db, TLSRPT_MAKE_DELIVERY);
	sqlite3_bind_int64(stmt, 1, item->report);
	sqlite3_bind_int64(stmt, 2, item->row.day);
	sqlite3_bind_int(stmt, 3, (int)rua->scheme);
	store_sql_bind_text(stmt, 4, target);
	store_sql_bind_text(stmt, 5, rua->host);
	sqlite3_bind_int(stmt, 6, full ? OUTBOX_FAILED : OUTBOX_DUE);
	sqlite3_bind_int64(stmt, 7, now);
	store_sql_bind_text(stmt, 8, full ? STORE_OUTBOX_LIMITED : "");
	return store_sql_run(stmt);
}

int
store_outbox_plan(struct store_tlsrpt *store, const struct outbox_item *item,
    const struct tlsrpt_record *record, int64_t now, uint64_t max_per_rua,
    struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_BEGIN, err);
	unsigned limited = 0;
	int rc;

	if (stmt == NULL)
		return -1;
	rc = store_sql_run(stmt);
	if (rc != SQLITE_OK)
		return end_call(store, rc, err);
	for (size_t i = 0; i < record->count && rc == SQLITE_OK; i++)
		rc = plan_delivery(store->db, item, &record->rua[i], now,
		    max_per_rua, &limited);
	stmt = store_db_statement(store->db, TLSRPT_SET_REPORT);
	bind_report_state(stmt, item, OUTBOX_REPORT_PLANNED, now);
	if (rc == SQLITE_OK)
		rc = store_sql_run(stmt);
	rc = end_call(store, store_tlsrpt_settle(store->db, rc), err);
	return rc == 0 ? (int)limited : -1;
}

static bool
read_next(
    sqlite3_stmt *stmt, enum tlsrpt_scheme scheme, struct outbox_item *out)
{
	memset(out, 0, sizeof(*out));
	out->delivery = sqlite3_column_int64(stmt, 0);
	out->report = sqlite3_column_int64(stmt, 1);
	out->rua.scheme = scheme;
	out->first = sqlite3_column_int64(stmt, 4);
	out->tries = sqlite3_column_int(stmt, 5);
	out->row.day = sqlite3_column_int64(stmt, 6);
	out->row.ok = (uint64_t)sqlite3_column_int64(stmt, 9);
	out->row.failed = (uint64_t)sqlite3_column_int64(stmt, 10);
	out->due = sqlite3_column_int64(stmt, 11);
	return store_sql_text(
		   stmt, 2, out->rua.target, sizeof(out->rua.target)) &&
	       store_sql_text(stmt, 3, out->rua.host, sizeof(out->rua.host)) &&
	       store_sql_text(
		   stmt, 7, out->row.domain, sizeof(out->row.domain)) &&
	       store_sql_text(stmt, 8, out->name, sizeof(out->name));
}

int
store_outbox_next(struct store_tlsrpt *store, enum tlsrpt_scheme scheme,
    int64_t now, struct outbox_item *items, int most, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_NEXT_DELIVERIES, err);
	int count = 0, rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int(stmt, 1, (int)scheme);
	sqlite3_bind_int64(stmt, 2, now);
	sqlite3_bind_int(stmt, 3, most);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW)
		count += count < most && read_next(stmt, scheme, &items[count]);
	store_sql_release(stmt);
	return end_call(store, code_at_end(rc), err) != 0 ? -1 : count;
}

int
store_outbox_begin(
    struct store_tlsrpt *store, int64_t delivery, int64_t now, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_BEGIN_DELIVERY, err);

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, delivery);
	sqlite3_bind_int64(stmt, 2, now);
	return run_call(store, stmt, err);
}

int
store_outbox_end(struct store_tlsrpt *store, int64_t delivery,
    enum outbox_delivery state, int64_t due, const char *said, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_END_DELIVERY, err);

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, delivery);
	sqlite3_bind_int(stmt, 2, (int)state);
	sqlite3_bind_int64(stmt, 3, due);
	store_sql_bind_text(stmt, 4, said);
	return run_call(store, stmt, err);
}

int
store_outbox_recover(struct store_tlsrpt *store, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_RECOVER, err);

	return stmt == NULL ? -1 : run_call(store, stmt, err);
}

/* --- what is in it --- */

/* Ends the call. */
static void *
read_body(struct store_tlsrpt *store, sqlite3_stmt *stmt, size_t *size,
    struct err *err)
{
	void *body = NULL;
	int rc = store_sql_step(stmt);

	if (rc == SQLITE_ROW) {
		*size = (size_t)sqlite3_column_bytes(stmt, 0);
		body = xmalloc(*size + 1);
		if (*size > 0)
			memcpy(body, sqlite3_column_blob(stmt, 0), *size);
	}
	store_sql_release(stmt);
	if (end_call(store, code_at_end(rc), err) != 0) {
		free(body);
		return NULL;
	}
	if (body == NULL)
		err_set(err, ERR_DATA, "no such report");
	return body;
}

void *
store_outbox_body(
    struct store_tlsrpt *store, int64_t report, size_t *size, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_GET_BODY, err);

	if (stmt == NULL)
		return NULL;
	sqlite3_bind_int64(stmt, 1, report);
	return read_body(store, stmt, size, err);
}

void *
store_outbox_find(struct store_tlsrpt *store, int64_t day, const char *domain,
    size_t *size, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_FIND_BODY, err);

	if (stmt == NULL)
		return NULL;
	sqlite3_bind_int64(stmt, 1, day);
	store_sql_bind_text(stmt, 2, domain);
	return read_body(store, stmt, size, err);
}

int64_t
store_outbox_soonest(struct store_tlsrpt *store, enum tlsrpt_scheme scheme)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_SOONEST, NULL);
	int64_t at = -1;
	bool none;
	int rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int(stmt, 1, (int)scheme);
	rc = store_sql_number(stmt, &at, &none);
	return end_call(store, rc, NULL) != 0 ? -1 : at;
}

static sqlite3_stmt *
begin_hurry(struct store_tlsrpt *store, enum tlsrpt_statement statement,
    int64_t day, const char *domain, int64_t now, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, statement, err);

	if (stmt == NULL)
		return NULL;
	sqlite3_bind_int64(stmt, 1, now);
	sqlite3_bind_int64(stmt, 2, day);
	if (domain != NULL)
		store_sql_bind_text(stmt, 3, domain);
	return stmt;
}

int
store_outbox_hurry(struct store_tlsrpt *store, int64_t day, const char *domain,
    int64_t now, bool again, struct err *err)
{
	sqlite3_stmt *stmt =
	    begin_hurry(store, TLSRPT_HURRY_DELIVERIES, day, domain, now, err);

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int(stmt, 4, again);
	if (run_call(store, stmt, err) != 0)
		return -1;
	stmt = begin_hurry(store, TLSRPT_HURRY_REPORTS, day, domain, now, err);
	return stmt == NULL ? -1 : run_call(store, stmt, err);
}

int
store_outbox_mailed(struct store_tlsrpt *store, int64_t since,
    outbox_mailed *each, void *arg, struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_LAST_MAIL, err);
	char address[LIMIT_TLSRPT_URI + 1];
	int rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, since);
	sqlite3_bind_int(stmt, 2, LIMIT_OWN_MAIL);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW)
		if (store_sql_text(stmt, 0, address, sizeof(address)))
			each(arg, address, sqlite3_column_int64(stmt, 1));
	store_sql_release(stmt);
	return end_call(store, code_at_end(rc), err);
}

int64_t
store_outbox_own(struct store_tlsrpt *store, int64_t day, const char *domain,
    struct err *err)
{
	sqlite3_stmt *stmt = begin_call(store, TLSRPT_OWN_MAIL, err);
	int64_t count = 0;
	bool none;
	int rc;

	if (stmt == NULL)
		return -1;
	sqlite3_bind_int64(stmt, 1, day * CLOCK_DAY_S);
	sqlite3_bind_int64(stmt, 2, (day + 1) * CLOCK_DAY_S);
	store_sql_bind_text(stmt, 3, domain);
	rc = store_sql_number(stmt, &count, &none);
	return end_call(store, rc, err) != 0 ? -1 : count;
}
