/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one connection, under one lock, with each statement prepared
 * once (store_db).  A batch is one transaction: a counter of it is either in
 * the file or still with the caller.
 *
 * A tally finds its row by day, next hop, type, policy domain and lines, and
 * adds to it; a failure finds its own by all that is known of it.  Where there
 * are too many rows of one parent a new one is folded (store_tlsrpt_add.c)
 * until it finds one, so that sums stay exact while the number of rows has a
 * bound.
 */
#include "common/io/store_tlsrpt.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "common/base/lock.h"
#include "common/base/xalloc.h"
#include "common/io/store_db.h"
#include "common/io/store_schema.h"
#include "common/io/store_sql.h"
#include "common/io/store_tlsrpt_table.h"

/* RFC 7493 section 2.2: what every reader of JSON takes */
#define MOST "9007199254740991"

static const char *const versions[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"
    " STRICT;"
    "INSERT INTO meta VALUES ('id', lower(hex(randomblob(16))));"
    "CREATE TABLE day ("
    " day INTEGER PRIMARY KEY NOT NULL, received INTEGER NOT NULL,"
    " dropped INTEGER NOT NULL, norua INTEGER NOT NULL,"
    " foreigners INTEGER NOT NULL, domains INTEGER NOT NULL) STRICT;"
    "CREATE TABLE policy ("
    " id INTEGER PRIMARY KEY NOT NULL, day INTEGER NOT NULL,"
    " domain TEXT NOT NULL, type INTEGER NOT NULL,"
    " policy_domain TEXT NOT NULL, body TEXT NOT NULL,"
    " ok INTEGER NOT NULL, failed INTEGER NOT NULL,"
    " UNIQUE (day, domain, type, policy_domain, body)) STRICT;"
    "CREATE TABLE failure ("
    " policy INTEGER NOT NULL, source INTEGER NOT NULL,"
    " rt INTEGER NOT NULL, s TEXT NOT NULL, r TEXT NOT NULL,"
    " n TEXT NOT NULL, h TEXT NOT NULL, a TEXT NOT NULL,"
    " reason TEXT NOT NULL, count INTEGER NOT NULL,"
    " UNIQUE (policy, source, rt, s, r, n, h, a, reason)) STRICT;",
    "INSERT INTO meta VALUES ('secret', lower(hex(randomblob(16))));"
    "CREATE TABLE report ("
    " id INTEGER PRIMARY KEY NOT NULL, day INTEGER NOT NULL,"
    " domain TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,"
    " ok INTEGER NOT NULL, failed INTEGER NOT NULL,"
    " state INTEGER NOT NULL, due INTEGER NOT NULL, first INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, UNIQUE (day, domain)) STRICT;"
    "CREATE INDEX report_due ON report (state, due);"
    "CREATE TABLE delivery ("
    " id INTEGER PRIMARY KEY NOT NULL, report INTEGER NOT NULL,"
    " day INTEGER NOT NULL, scheme INTEGER NOT NULL, target TEXT NOT NULL,"
    " host TEXT NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL,"
    " first INTEGER NOT NULL, tried INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, said TEXT NOT NULL,"
    " UNIQUE (report, target)) STRICT;"
    "CREATE INDEX delivery_due ON delivery (scheme, state, due);"
    "CREATE INDEX delivery_to ON delivery (day, host);"
    "CREATE INDEX delivery_tried ON delivery (scheme, tried);",
    "CREATE INDEX delivery_turn ON delivery (scheme, host, tried);",
};

#define REPORT_ID                                               \
	"(SELECT id FROM report r WHERE r.day = policy.day AND" \
	" r.domain = policy.domain)"
#define POLICY_KEY                                                      \
	"day = ?1 AND domain = ?2 AND type = ?3 AND policy_domain = ?4" \
	" AND body = ?5"
#define DETAIL_KEY                                                      \
	"policy = ?1 AND source = ?2 AND rt = ?3 AND s = ?4 AND r = ?5" \
	" AND n = ?6 AND h = ?7 AND a = ?8 AND reason = ?9"

static const char *const statements[TLSRPT_STATEMENTS] = {
    [TLSRPT_BEGIN] = "BEGIN IMMEDIATE",
    [TLSRPT_COMMIT] = "COMMIT",
    [TLSRPT_ROLLBACK] = "ROLLBACK",
    [TLSRPT_GET_ID] = "SELECT value FROM meta WHERE key = 'id'",
    [TLSRPT_MAKE_DAY] = "INSERT OR IGNORE INTO day VALUES (?1, 0, 0, 0, 0, 0)",
    [TLSRPT_COUNT_DAY] =
	"UPDATE day SET received = min(received + ?2, " MOST "),"
	" dropped = min(dropped + ?3, " MOST "),"
	" norua = min(norua + ?4, " MOST "),"
	" foreigners = min(foreigners + ?5, " MOST ") WHERE day = ?1",
    [TLSRPT_GET_DAY] = "SELECT received, dropped, norua, foreigners, domains"
		       " FROM day WHERE day = ?1",
    [TLSRPT_KNOWS_DOMAIN] = "SELECT count(*) FROM (SELECT 1 FROM policy"
			    " WHERE day = ?1 AND domain = ?2 LIMIT 1)",
    [TLSRPT_COUNT_DOMAIN] =
	"UPDATE day SET domains = domains + 1 WHERE day = ?1 AND domains < ?2",
    [TLSRPT_COUNT_POLICIES] =
	"SELECT count(*) FROM policy WHERE day = ?1 AND domain = ?2",
    [TLSRPT_FIND_POLICY] = "SELECT id FROM policy WHERE " POLICY_KEY,
    [TLSRPT_MAKE_POLICY] = "INSERT INTO policy (day, domain, type,"
			   " policy_domain, body, ok, failed)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, 0, 0)",
    [TLSRPT_ADD_POLICY] = "UPDATE policy SET ok = min(ok + ?2, " MOST "),"
			  " failed = min(failed + ?3, " MOST ") WHERE id = ?1",
    [TLSRPT_COUNT_DETAILS] = "SELECT count(*) FROM failure WHERE policy = ?1",
    [TLSRPT_ADD_DETAIL] = "UPDATE failure SET count = min(count + ?10, " MOST
			  ") WHERE " DETAIL_KEY,
    [TLSRPT_MAKE_DETAIL] =
	"INSERT INTO failure VALUES"
	" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, min(?10, " MOST "))",
    [TLSRPT_ROWS] =
	"SELECT day, domain, min(sum(ok), " MOST "), min(sum(failed), " MOST
	"),"
	" coalesce((SELECT state FROM report r WHERE r.day = policy.day AND"
	" r.domain = policy.domain), -1),"
	" (SELECT count(*) FROM delivery WHERE report = " REPORT_ID "),"
	" (SELECT count(*) FROM delivery WHERE report = " REPORT_ID
	" AND state IN (0, 1, 2)),"
	" (SELECT count(*) FROM delivery WHERE report = " REPORT_ID
	" AND state = 3)"
	" FROM policy WHERE (?1 < 0 OR day = ?1)"
	" AND (?2 IS NULL OR domain = ?2) AND (day, domain) > (?3, ?4)"
	" GROUP BY day, domain ORDER BY day, domain LIMIT ?5",
    [TLSRPT_POLICIES] =
	"SELECT id, type, policy_domain, body, ok, failed FROM policy"
	" WHERE day = ?1 AND domain = ?2 ORDER BY type, policy_domain, body",
    [TLSRPT_FAILURES] =
	"SELECT source, rt, s, r, n, h, a, reason, count FROM failure"
	" WHERE policy = ?1 ORDER BY rt, n, r, s, reason, source, h, a",
    [TLSRPT_GET_SECRET] = "SELECT value FROM meta WHERE key = 'secret'",
    [TLSRPT_UNMADE] =
	"SELECT day, domain, min(sum(ok), " MOST "), min(sum(failed), " MOST ")"
	" FROM policy p WHERE day < ?1 AND (day, domain) > (?2, ?3) AND"
	" NOT EXISTS (SELECT 1 FROM report r WHERE r.day = p.day"
	" AND r.domain = p.domain)"
	" GROUP BY day, domain ORDER BY day, domain LIMIT ?4",
    [TLSRPT_MAKE_REPORT] =
	"INSERT OR IGNORE INTO report (day, domain, name, body, ok, failed,"
	" state, due, first, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	" 0, 0)",
    [TLSRPT_DUE_REPORTS] =
	"SELECT id, day, domain, name, ok, failed, first, tries, due"
	" FROM report"
	" WHERE state = 0 AND due <= ?1 ORDER BY due LIMIT ?2",
    [TLSRPT_SET_REPORT] = "UPDATE report SET state = ?2, due = ?3, tries = ?4,"
			  " first = ?5 WHERE id = ?1",
    [TLSRPT_GET_BODY] = "SELECT body FROM report WHERE id = ?1",
    [TLSRPT_FIND_BODY] =
	"SELECT body FROM report WHERE day = ?1 AND domain = ?2",
    [TLSRPT_COUNT_TO] =
	"SELECT count(*) FROM (SELECT 1 FROM delivery WHERE day = ?1 AND"
	" host = ?2 AND scheme = ?3 AND state <> 4 AND"
	" (?3 <> 0 OR target = ?4) LIMIT ?5)",
    [TLSRPT_MAKE_DELIVERY] =
	"INSERT OR IGNORE INTO delivery (report, day, scheme, target, host,"
	" state, due, first, tried, tries, said)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, ?8)",
    /* by what is due alone: of most of them there are days */
    [TLSRPT_NEXT_DELIVERIES] =
	"SELECT d.id, d.report, d.target, d.host, d.first, d.tries, r.day,"
	" r.domain, r.name, r.ok, r.failed, d.soonest FROM"
	" (SELECT id, report, target, host, first, tries, min(due) AS soonest,"
	" (SELECT max(t.tried) FROM delivery t WHERE t.scheme = ?1"
	" AND t.host = delivery.host) AS turn"
	" FROM delivery INDEXED BY delivery_due WHERE scheme = ?1 AND"
	" state IN (0, 2) AND due <= ?2 GROUP BY host"
	" ORDER BY turn, soonest LIMIT ?3) d"
	" JOIN report r ON r.id = d.report ORDER BY d.turn, d.soonest",
    [TLSRPT_BEGIN_DELIVERY] =
	"UPDATE delivery SET state = 1, tried = ?2, tries = tries + 1,"
	" first = CASE first WHEN 0 THEN ?2 ELSE first END WHERE id = ?1",
    [TLSRPT_END_DELIVERY] =
	"UPDATE delivery SET state = ?2, due = ?3, said = ?4 WHERE id = ?1",
    [TLSRPT_RECOVER] = "UPDATE delivery SET state = 2 WHERE state = 1",
    [TLSRPT_SOONEST] =
	"SELECT coalesce(min(due), -1) FROM (SELECT min(due) AS due FROM"
	" delivery WHERE scheme = ?1 AND state IN (0, 2) UNION ALL"
	" SELECT min(due) FROM report WHERE state = 0)",
    [TLSRPT_HURRY_REPORTS] =
	"UPDATE report SET state = 0, due = ?1, first = 0, tries = 0"
	" WHERE state IN (0, 2, 3) AND body <> x'' AND (?2 < 0 OR day = ?2)"
	" AND (?3 IS NULL OR domain = ?3)",
    [TLSRPT_HURRY_DELIVERIES] =
	"UPDATE delivery SET state = 0, due = ?1, first = 0, tries = 0"
	" WHERE (state IN (0, 2, 4, 5) OR (state = 3 AND ?4))"
	" AND said <> '" STORE_OUTBOX_LIMITED "'"
	" AND report IN (SELECT id FROM report WHERE (?2 < 0 OR day = ?2)"
	" AND (?3 IS NULL OR domain = ?3))",
    [TLSRPT_LAST_MAIL] =
	"SELECT DISTINCT target, max(tried) FROM delivery"
	" WHERE scheme = 0 AND tried >= ?1 GROUP BY target LIMIT ?2",
    [TLSRPT_OWN_MAIL] =
	"SELECT count(*) FROM delivery WHERE scheme = 0 AND tried >= ?1"
	" AND tried < ?2 AND host = ?3 AND state = 3",
    [TLSRPT_DROP_DELIVERIES] = "DELETE FROM delivery WHERE day < ?1",
    [TLSRPT_DROP_REPORTS] = "DELETE FROM report WHERE day < ?1",
    [TLSRPT_DROP_DETAILS] = "DELETE FROM failure WHERE policy IN"
			    " (SELECT id FROM policy WHERE day < ?1)",
    [TLSRPT_DROP_POLICIES] = "DELETE FROM policy WHERE day < ?1",
    [TLSRPT_DROP_DAYS] = "DELETE FROM day WHERE day < ?1",
};

static const struct store_schema schema_of_counts = {
    .application_id = 0x50737452, /* "PstR" */
    .migrations = versions,
    .version = sizeof(versions) / sizeof(versions[0]),
    .check = "SELECT (SELECT count(*) FROM policy WHERE +domain > '') +"
	     " (SELECT count(*) FROM failure WHERE +n >= '') +"
	     " (SELECT count(*) FROM report WHERE +domain > '') +"
	     " (SELECT count(*) FROM delivery WHERE +host > '')",
    .max_row = LIMIT_TLSRPT_MADE + 2 * LIMIT_TLSRPT_DATAGRAM,
    .durable = "NORMAL",
    .statements = statements,
    .statement_count = TLSRPT_STATEMENTS,
};

struct store_tlsrpt *
store_tlsrpt_open(const char *path, bool *renamed, struct err *err)
{
	struct store_db *db =
	    store_db_open(&schema_of_counts, path, false, renamed, err);
	struct store_tlsrpt *store;

	if (db == NULL)
		return NULL;
	store = xcalloc(1, sizeof(*store));
	lock_init(&store->lock);
	store->db = db;
	return store;
}

void
store_tlsrpt_free(struct store_tlsrpt *store)
{
	if (store == NULL)
		return;
	store_db_free(store->db);
	lock_fini(&store->lock);
	free(store);
}

int
store_tlsrpt_settle(struct store_db *db, int rc)
{
	sqlite3 *handle =
	    sqlite3_db_handle(store_db_statement(db, TLSRPT_COMMIT));

	if (rc == SQLITE_OK)
		rc = store_sql_run(store_db_statement(db, TLSRPT_COMMIT));
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(handle))
		store_sql_run(store_db_statement(db, TLSRPT_ROLLBACK));
	return rc;
}

/* A word that this store has and no other; a damaged one gives none. */
static int
read_meta(struct store_tlsrpt *store, enum tlsrpt_statement statement,
    char id[STORE_TLSRPT_ID_SIZE], struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0) {
		stmt = store_db_statement(store->db, statement);
		rc = store_sql_step(stmt);
		if (rc == SQLITE_ROW &&
		    !store_sql_text(stmt, 0, id, STORE_TLSRPT_ID_SIZE))
			rc = SQLITE_CORRUPT;
		store_sql_release(stmt);
		if (rc == SQLITE_DONE)
			rc = SQLITE_CORRUPT;
		rc = store_db_conclude(
		    store->db, rc == SQLITE_ROW ? SQLITE_OK : rc, err);
	}
	lock_drop(&store->lock);
	return rc;
}

int
store_tlsrpt_id(
    struct store_tlsrpt *store, char id[STORE_TLSRPT_ID_SIZE], struct err *err)
{
	return read_meta(store, TLSRPT_GET_ID, id, err);
}

int
store_tlsrpt_secret(
    struct store_tlsrpt *store, char id[STORE_TLSRPT_ID_SIZE], struct err *err)
{
	return read_meta(store, TLSRPT_GET_SECRET, id, err);
}

int
store_tlsrpt_add(struct store_tlsrpt *store, const struct tlsrpt_batch *batch,
    uint64_t max_domains, uint64_t *left_out, struct err *err)
{
	uint64_t count = 0;
	int rc;

	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0) {
		rc = store_sql_run(store_db_statement(store->db, TLSRPT_BEGIN));
		if (rc == SQLITE_OK)
			rc = store_tlsrpt_settle(
			    store->db, store_tlsrpt_put(store->db, batch,
					   max_domains, &count));
		rc = store_db_conclude(store->db, rc, err);
	}
	lock_drop(&store->lock);
	if (rc == 0)
		*left_out = count;
	return rc;
}

int
store_tlsrpt_rows(struct store_tlsrpt *store, const struct tlsrpt_query *query,
    struct tlsrpt_row *rows, int most, struct err *err)
{
	int count = 0, rc;

	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0)
		rc = store_db_conclude(store->db,
		    store_tlsrpt_list(store->db, query, rows, most, &count),
		    err);
	lock_drop(&store->lock);
	return rc < 0 ? -1 : count;
}

int
store_tlsrpt_tallies(struct store_tlsrpt *store, int64_t day,
    const char *domain, struct tlsrpt_tally ***out, size_t *count,
    struct err *err)
{
	struct store_tlsrpt_loading loading = {0, NULL, NULL};
	int rc;

	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0)
		rc = store_db_conclude(store->db,
		    store_tlsrpt_load(store->db, day, domain, &loading), err);
	lock_drop(&store->lock);
	free(loading.ids);
	if (rc < 0) {
		for (size_t i = 0; i < loading.count; i++)
			tlsrpt_tally_free(loading.tallies[i]);
		free(loading.tallies);
		return -1;
	}
	*out = loading.tallies;
	*count = loading.count;
	return 0;
}

int
store_tlsrpt_day(struct store_tlsrpt *store, int64_t day,
    struct tlsrpt_day *out, struct err *err)
{
	bool found = false;
	int rc;

	out->day = day;
	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0)
		rc = store_db_conclude(store->db,
		    store_tlsrpt_read_day(store->db, out, &found), err);
	lock_drop(&store->lock);
	return rc < 0 ? -1 : found;
}

static int
drop_days(struct store_db *db, int64_t before, int *count)
{
	static const enum tlsrpt_statement steps[] = {TLSRPT_DROP_DELIVERIES,
	    TLSRPT_DROP_REPORTS, TLSRPT_DROP_DETAILS, TLSRPT_DROP_POLICIES,
	    TLSRPT_DROP_DAYS};
	int rc = store_sql_run(store_db_statement(db, TLSRPT_BEGIN));

	if (rc != SQLITE_OK)
		return rc;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		sqlite3_bind_int64(store_db_statement(db, steps[i]), 1, before);
		if (rc == SQLITE_OK)
			rc = store_sql_run(store_db_statement(db, steps[i]));
	}
	*count = sqlite3_changes(
	    sqlite3_db_handle(store_db_statement(db, TLSRPT_DROP_DAYS)));
	return store_tlsrpt_settle(db, rc);
}

int
store_tlsrpt_forget(struct store_tlsrpt *store, int64_t before, struct err *err)
{
	int rc, count = 0;

	lock_take(&store->lock);
	rc = store_db_ready(store->db, err);
	if (rc == 0)
		rc = store_db_conclude(
		    store->db, drop_days(store->db, before, &count), err);
	lock_drop(&store->lock);
	return rc < 0 ? -1 : count;
}
