/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_tlsrpt_table.h"

#include <sqlite3.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_sql.h"

static bool
read_count(sqlite3_stmt *stmt, int column, uint64_t *out)
{
	sqlite3_int64 number = sqlite3_column_int64(stmt, column);

	*out = (uint64_t)number;
	return number >= 0;
}

bool
store_tlsrpt_read_row(sqlite3_stmt *stmt, struct tlsrpt_row *out)
{
	out->day = sqlite3_column_int64(stmt, 0);
	return store_sql_text(stmt, 1, out->domain, sizeof(out->domain)) &&
	       read_count(stmt, 2, &out->ok) &&
	       read_count(stmt, 3, &out->failed);
}

static bool
read_listed_row(sqlite3_stmt *stmt, struct tlsrpt_row *out)
{
	out->report = sqlite3_column_int(stmt, 4);
	out->destinations = (unsigned)sqlite3_column_int(stmt, 5);
	out->waiting = (unsigned)sqlite3_column_int(stmt, 6);
	out->sent = (unsigned)sqlite3_column_int(stmt, 7);
	return store_tlsrpt_read_row(stmt, out);
}

int
store_tlsrpt_list(struct store_db *db, const struct tlsrpt_query *query,
    struct tlsrpt_row *rows, int most, int *count)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_ROWS);
	int rc;

	*count = 0;
	sqlite3_bind_int64(stmt, 1, query->day);
	if (query->domain != NULL)
		store_sql_bind_text(stmt, 2, query->domain);
	sqlite3_bind_int64(stmt, 3, query->after.day);
	store_sql_bind_text(stmt, 4, query->after.domain);
	sqlite3_bind_int(stmt, 5, most);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW)
		*count += *count < most && read_listed_row(stmt, &rows[*count]);
	store_sql_release(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
store_tlsrpt_read_day(struct store_db *db, struct tlsrpt_day *out, bool *found)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_GET_DAY);
	int rc;

	sqlite3_bind_int64(stmt, 1, out->day);
	rc = store_sql_step(stmt);
	*found = rc == SQLITE_ROW && read_count(stmt, 0, &out->received) &&
		 read_count(stmt, 1, &out->dropped) &&
		 read_count(stmt, 2, &out->norua) &&
		 read_count(stmt, 3, &out->foreign) &&
		 read_count(stmt, 4, &out->domains);
	store_sql_release(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool
read_failures(sqlite3_stmt *stmt, struct tlsrpt_failures *out)
{
	struct tlsrpt_detail *detail = &out->detail;
	int source = sqlite3_column_int(stmt, 0);
	int result = sqlite3_column_int(stmt, 1);

	if (source < 0 || source > TLSRPT_SOURCE_POLICY || result < 0 ||
	    result >= TLSRPT_RESULTS)
		return false;
	out->source = (enum tlsrpt_source)source;
	detail->result = (enum tlsrpt_result)result;
	return store_sql_text(
		   stmt, 2, detail->sending, sizeof(detail->sending)) &&
	       store_sql_text(
		   stmt, 3, detail->receiving, sizeof(detail->receiving)) &&
	       store_sql_text(stmt, 4, detail->mx, sizeof(detail->mx)) &&
	       store_sql_text(stmt, 5, detail->helo, sizeof(detail->helo)) &&
	       store_sql_text(stmt, 6, detail->info, sizeof(detail->info)) &&
	       store_sql_text(
		   stmt, 7, detail->reason, sizeof(detail->reason)) &&
	       read_count(stmt, 8, &out->count);
}

static int
load_failures(struct store_db *db, int64_t id, struct tlsrpt_tally *tally)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_FAILURES);
	struct tlsrpt_failures failures;
	int rc;

	memset(&failures, 0, sizeof(failures));
	sqlite3_bind_int64(stmt, 1, id);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW) {
		if (!read_failures(stmt, &failures))
			continue;
		tally->failures = xrealloc(tally->failures,
		    tally->failure_count + 1, sizeof(failures));
		tally->failures[tally->failure_count++] = failures;
	}
	store_sql_release(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The row that stmt is at; NULL if no Postern wrote it. */
static struct tlsrpt_tally *
read_tally(sqlite3_stmt *stmt)
{
	struct tlsrpt_tally *tally = xcalloc(1, sizeof(*tally));
	int type = sqlite3_column_int(stmt, 1);
	const char *body = (const char *)sqlite3_column_text(stmt, 3);

	tally->body = xstrdup(body == NULL ? "" : body);
	tally->type = (enum tlsrpt_policy_type)type;
	if (type > TLSRPT_POLICY_OTHER && type < TLSRPT_POLICY_TYPES &&
	    store_sql_text(
		stmt, 2, tally->policy_domain, sizeof(tally->policy_domain)) &&
	    read_count(stmt, 4, &tally->ok) &&
	    read_count(stmt, 5, &tally->failed))
		return tally;
	tlsrpt_tally_free(tally);
	return NULL;
}

int
store_tlsrpt_load(struct store_db *db, int64_t day, const char *domain,
    struct store_tlsrpt_loading *loading)
{
	sqlite3_stmt *stmt = store_db_statement(db, TLSRPT_POLICIES);
	size_t n = 0;
	int rc;

	sqlite3_bind_int64(stmt, 1, day);
	store_sql_bind_text(stmt, 2, domain);
	while ((rc = store_sql_step(stmt)) == SQLITE_ROW) {
		struct tlsrpt_tally *tally = read_tally(stmt);

		if (tally == NULL)
			continue;
		tally->day = day;
		text_copy(tally->domain, sizeof(tally->domain), domain);
		loading->tallies = xrealloc(
		    loading->tallies, n + 1, sizeof(*loading->tallies));
		loading->ids =
		    xrealloc(loading->ids, n + 1, sizeof(*loading->ids));
		loading->tallies[n] = tally;
		loading->ids[n] = sqlite3_column_int64(stmt, 0);
		loading->count = ++n;
	}
	store_sql_release(stmt);
	rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = load_failures(db, loading->ids[i], loading->tallies[i]);
	return rc;
}
