/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_db.h"
#include "common/io/store_sql.h"
#include "common/proto/domain.h"

/*
 * How it works: one connection to the database, under one lock, with each
 * statement prepared once.  store_db opens the file and brings an old one up to
 * date; store_file keeps a damaged one aside.
 *
 * What changes is one transaction: the row, and the eviction of rows above the
 * limit.  Those go first that are worth least (enum use), then those not used
 * for longest.  A time that is ahead of the clock counts as the clock, or such
 * a row would stay for ever.
 *
 * Each column that is read is checked as input from outside: anybody who may
 * write the file can have put anything there.
 */

enum {
	DAY_S = 24 * 60 * 60,
};

/* The end of the year 9999: later is no date that anybody wrote. */
static const sqlite3_int64 max_time = 253402300799;

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	PUT,
	SET_CLOCK_POLICIES,
	EVICT_POLICIES,
	DROP,
	DROP_ALL,
	GET,
	NEXT,
	FLIP,
	SET_CLOCK_FLIPS,
	EVICT_FLIPS,
	GET_FLIP,
	STATEMENTS,
};

#define COLUMNS                                                  \
	"domain, id, body, fetched, expires, failed_id, failed," \
	" failed_how, failed_detail, use, used"

/* Worth of a row: only a failure is known, a policy was asked for, again */
enum use { USE_NONE, USE_ONCE, USE_AGAIN };

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT] = "REPLACE INTO policy (" COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [SET_CLOCK_POLICIES] = "UPDATE policy SET used = ?1"
			   " WHERE use IN (0, 1, 2) AND used > ?1",
    [EVICT_POLICIES] =
	"DELETE FROM policy WHERE rowid IN (SELECT rowid FROM policy"
	" WHERE domain <> ?1 ORDER BY use, used"
	" LIMIT max(0, (SELECT count(*) FROM policy) - ?2))",
    [DROP] = "DELETE FROM policy WHERE domain = ?1",
    [DROP_ALL] = "DELETE FROM policy",
    [GET] = "SELECT " COLUMNS " FROM policy WHERE domain = ?1",
    /* The second term is not left to the index: a list whose keys a stranger
     * put out of order has an end too */
    [NEXT] = "SELECT domain FROM policy WHERE domain > ?1 AND +domain > ?1"
	     " ORDER BY domain LIMIT 1",
    [FLIP] = "REPLACE INTO flip (domain, result, noted) VALUES (?1, ?2, ?3)",
    [SET_CLOCK_FLIPS] = "UPDATE flip SET noted = ?1 WHERE noted > ?1",
    [EVICT_FLIPS] = "DELETE FROM flip WHERE rowid IN (SELECT rowid FROM flip"
		    " WHERE domain <> ?1 ORDER BY noted"
		    " LIMIT max(0, (SELECT count(*) FROM flip) - ?2))",
    [GET_FLIP] = "SELECT result, noted FROM flip WHERE domain = ?1",
};

struct store {
	struct lock lock;    /* held across I/O; guards the rest */
	struct store_db *db; /* NULL: it waits, and nothing can be read */
	char *awaited;       /* a writer's path, until it can be opened */
	struct err why;      /* with awaited: it cannot */
};

/* --- what a row may hold --- */

void
store_policy_fini(struct store_policy *policy)
{
	free(policy->body);
	policy->body = NULL;
}

static bool
is_domain(const char *text)
{
	char normal[LIMIT_DOMAIN_SIZE];

	return domain_normalise(text, normal, NULL) == 0 &&
	       strcmp(text, normal) == 0;
}

/* RFC 8461 section 3.1: letters and digits; "" where there is none. */
static bool
is_id(const char *id)
{
	return strspn(id, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789") == strlen(id);
}

static bool
is_result(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < STORE_RESULT_SIZE &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz-") == length;
}

static bool
is_detail(const char *detail)
{
	char clean[LIMIT_DETAIL_SIZE];

	text_clean(clean, sizeof(clean), detail, strlen(detail));
	return strcmp(detail, clean) == 0;
}

static bool
is_time(sqlite3_int64 seconds)
{
	return seconds >= 0 && seconds <= max_time &&
	       (sqlite3_int64)(time_t)seconds == seconds;
}

static bool
is_body(const char *body, size_t length)
{
	if (body == NULL)
		return length == 0;
	return length <= LIMIT_STS_BODY && memchr(body, '\0', length) == NULL;
}

/* Words, so that the file does not hang on the order of an enum. */
static const char *
fetch_word(enum policy_fetch fetch)
{
	switch (fetch) {
	case POLICY_NOT_FETCHED:
		return "";
	case POLICY_FETCHED:
		return "fetched";
	case POLICY_FETCH_ERROR:
		return "fetch-error";
	case POLICY_WEBPKI_INVALID:
		return "webpki-invalid";
	case POLICY_INVALID:
		return "invalid";
	}
	return NULL;
}

/* What keeps policy from being written, and a row from being read. */
static const char *
fault_of(const struct store_policy *policy)
{
	if (!is_domain(policy->domain))
		return "domain";
	if (!is_id(policy->id) || !is_id(policy->failed_id))
		return "id";
	if (!is_body(policy->body, policy->length))
		return "body";
	if (!is_time(policy->fetched_s) || !is_time(policy->expires_s) ||
	    !is_time(policy->failed_s) || !is_time(policy->used_s))
		return "time";
	if (policy->expires_s - policy->fetched_s > LIMIT_STS_MAX_AGE_S)
		return "max_age";
	if (fetch_word(policy->failed_how) == NULL)
		return "kind of failure";
	return is_detail(policy->failed_detail) ? NULL : "detail";
}

/* --- reading and binding --- */

static bool
read_text(sqlite3_stmt *stmt, int column, char *to, size_t size)
{
	const char *s;

	if (sqlite3_column_type(stmt, column) != SQLITE_TEXT)
		return false;
	s = (const char *)sqlite3_column_text(stmt, column);
	return s != NULL &&
	       strlen(s) == (size_t)sqlite3_column_bytes(stmt, column) &&
	       text_copy(to, size, s);
}

static bool
read_time(sqlite3_stmt *stmt, int column, time_t *out)
{
	sqlite3_int64 seconds = sqlite3_column_int64(stmt, column);

	*out = (time_t)seconds;
	return sqlite3_column_type(stmt, column) == SQLITE_INTEGER &&
	       is_time(seconds);
}

static bool
read_body(sqlite3_stmt *stmt, int column, struct store_policy *row)
{
	int type = sqlite3_column_type(stmt, column);
	const void *body = sqlite3_column_blob(stmt, column);
	int octets = sqlite3_column_bytes(stmt, column);

	if (type == SQLITE_NULL)
		return true;
	if (type != SQLITE_BLOB || octets > LIMIT_STS_BODY ||
	    (body == NULL && octets > 0))
		return false;
	row->length = (size_t)octets;
	row->body = xmalloc(row->length + 1);
	if (octets > 0)
		memcpy(row->body, body, row->length);
	row->body[row->length] = '\0';
	return true;
}

static bool
read_how(sqlite3_stmt *stmt, int column, enum policy_fetch *out)
{
	char word[STORE_RESULT_SIZE];
	const char *known;

	if (!read_text(stmt, column, word, sizeof(word)))
		return false;
	for (int i = 0; (known = fetch_word((enum policy_fetch)i)) != NULL; i++)
		if (strcmp(word, known) == 0) {
			*out = (enum policy_fetch)i;
			return true;
		}
	return false;
}

static bool
read_use(sqlite3_stmt *stmt, int column, struct store_policy *row)
{
	sqlite3_int64 use = sqlite3_column_int64(stmt, column);

	row->again = use == USE_AGAIN;
	return use >= USE_NONE && use <= USE_AGAIN &&
	       (row->body != NULL) == (use != USE_NONE);
}

static bool
read_row(sqlite3_stmt *stmt, struct store_policy *row)
{
	return read_text(stmt, 0, row->domain, sizeof(row->domain)) &&
	       read_text(stmt, 1, row->id, sizeof(row->id)) &&
	       read_body(stmt, 2, row) && read_time(stmt, 3, &row->fetched_s) &&
	       read_time(stmt, 4, &row->expires_s) &&
	       read_text(stmt, 5, row->failed_id, sizeof(row->failed_id)) &&
	       read_time(stmt, 6, &row->failed_s) &&
	       read_how(stmt, 7, &row->failed_how) &&
	       read_text(
		   stmt, 8, row->failed_detail, sizeof(row->failed_detail)) &&
	       read_use(stmt, 9, row) && read_time(stmt, 10, &row->used_s) &&
	       fault_of(row) == NULL;
}

/* Borrows s until the statement is released. */
static void
bind_text(sqlite3_stmt *stmt, int at, const char *s)
{
	int rc = sqlite3_bind_text(stmt, at, s, -1, SQLITE_STATIC);

	assert(rc == SQLITE_OK);
	(void)rc;
}

static enum use
use_of(const struct store_policy *policy)
{
	if (policy->body == NULL)
		return USE_NONE;
	return policy->again ? USE_AGAIN : USE_ONCE;
}

static void
bind_policy(sqlite3_stmt *stmt, const struct store_policy *policy)
{
	bind_text(stmt, 1, policy->domain);
	bind_text(stmt, 2, policy->id);
	if (policy->body != NULL)
		sqlite3_bind_blob(
		    stmt, 3, policy->body, (int)policy->length, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, policy->fetched_s);
	sqlite3_bind_int64(stmt, 5, policy->expires_s);
	bind_text(stmt, 6, policy->failed_id);
	sqlite3_bind_int64(stmt, 7, policy->failed_s);
	bind_text(stmt, 8, fetch_word(policy->failed_how));
	bind_text(stmt, 9, policy->failed_detail);
	sqlite3_bind_int64(stmt, 10, use_of(policy));
	sqlite3_bind_int64(stmt, 11, policy->used_s);
}

/* An open statement holds back the log: none stays so between two calls. */
static void
release(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

/* --- calls --- */

static int
run(struct store_db *db, enum statement which)
{
	int rc = store_sql_step(store_db_statement(db, which));

	release(store_db_statement(db, which));
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What belongs to a change of a table: rows of a clock that was ahead, which
 * would stay for ever, count as new at time now; then limit rows stay. */
struct change {
	enum statement change; /* bound */
	enum statement set_clock;
	enum statement evict;
	const char *domain; /* that is never evicted */
	int limit;
	time_t now;
};

/* In one transaction. */
static int
commit(struct store_db *db, const struct change *change)
{
	sqlite3_stmt *stmt = store_db_statement(db, change->change);
	sqlite3_stmt *evict = store_db_statement(db, change->evict);
	sqlite3 *handle = sqlite3_db_handle(stmt);
	int rc = run(db, BEGIN);

	if (rc != SQLITE_OK) {
		release(stmt);
		return rc;
	}
	sqlite3_bind_int64(
	    store_db_statement(db, change->set_clock), 1, change->now);
	bind_text(evict, 1, change->domain);
	sqlite3_bind_int(evict, 2, change->limit);
	rc = run(db, change->change);
	if (rc == SQLITE_OK)
		rc = run(db, change->set_clock);
	if (rc == SQLITE_OK)
		rc = run(db, change->evict);
	if (rc == SQLITE_OK)
		rc = run(db, COMMIT);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(handle))
		run(db, ROLLBACK);
	return rc;
}

/*
 * The row that GET is bound to: 1, 0 when there is none, -1 with err.  One that
 * breaks a limit has no domain.
 */
static int
find(struct store_db *db, struct store_policy *row, struct err *err)
{
	sqlite3_stmt *stmt = store_db_statement(db, GET);
	int rc = store_sql_step(stmt);
	bool found = rc == SQLITE_ROW || rc == SQLITE_TOOBIG;

	if (rc != SQLITE_ROW || !read_row(stmt, row)) {
		store_policy_fini(row);
		row->domain[0] = '\0';
	}
	release(stmt);
	if (found || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	return store_db_conclude(db, rc, err) < 0 ? -1 : found;
}

/* Moves *key, NULL at first, to the next domain behind it or start, as it
 * stands there. */
static int
move_on(struct store_db *db, const char *start, sqlite3_value **key)
{
	sqlite3_stmt *stmt = store_db_statement(db, NEXT);
	sqlite3_value *next = NULL;
	int rc;

	if (*key == NULL)
		bind_text(stmt, 1, start);
	else
		sqlite3_bind_value(stmt, 1, *key);
	rc = store_sql_step(stmt);
	if (rc == SQLITE_ROW) {
		next = sqlite3_value_dup(sqlite3_column_value(stmt, 0));
		if (next == NULL)
			rc = SQLITE_NOMEM;
	}
	release(stmt);
	sqlite3_value_free(*key);
	*key = next;
	return rc;
}

static int
bad_domain(struct err *err)
{
	return err_set(err, ERR_DATA, "not a domain in its one spelling");
}

static struct store *
make_store(struct store_db *db)
{
	struct store *store = xcalloc(1, sizeof(*store));

	lock_init(&store->lock);
	store->db = db;
	return store;
}

static struct store_db *
open_db(const char *path, bool read_only, bool *renamed, struct err *err)
{
	assert(sqlite3_threadsafe());
	return store_db_open(
	    path, read_only, statements, STATEMENTS, renamed, err);
}

struct store *
store_open(const char *path, bool read_only, bool *renamed, struct err *err)
{
	struct store_db *db = open_db(path, read_only, renamed, err);

	return db == NULL ? NULL : make_store(db);
}

struct store *
store_open_patiently(const char *path, bool *renamed)
{
	struct err why;
	struct store_db *db = open_db(path, false, renamed, &why);
	struct store *store;

	if (db != NULL)
		return make_store(db);
	store = make_store(open_db(path, true, NULL, NULL));
	store->awaited = xstrdup(path);
	store->why = why;
	return store;
}

/* The reader goes first: it takes no locks, and to close it would let go of
 * those that this process has for a writer. */
static int
open_awaited_locked(struct store *store, bool *renamed)
{
	store_db_free(store->db);
	store->db = open_db(store->awaited, false, renamed, &store->why);
	if (store->db == NULL) {
		store->db = open_db(store->awaited, true, NULL, NULL);
		return -1;
	}
	free(store->awaited);
	store->awaited = NULL;
	return 1;
}

int
store_try(struct store *store, bool *renamed, struct err *err)
{
	int rc = 0;

	lock_take(&store->lock);
	if (store->awaited != NULL)
		rc = open_awaited_locked(store, renamed);
	if (rc < 0 && err != NULL)
		*err = store->why;
	lock_drop(&store->lock);
	return rc;
}

bool
store_waits(struct store *store, struct err *why)
{
	bool waits;

	lock_take(&store->lock);
	waits = store->awaited != NULL;
	if (waits && why != NULL)
		*why = store->why;
	lock_drop(&store->lock);
	return waits;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	store_db_free(store->db);
	free(store->awaited);
	lock_fini(&store->lock);
	free(store);
}

/* Begin a call that changes the store, if it can be changed yet. */
static int
ready_to_write_locked(struct store *store, struct err *err)
{
	if (store->awaited == NULL)
		return store_db_ready(store->db, err);
	if (err != NULL)
		*err = store->why;
	return -1;
}

/* Begin one that reads: 1 where there is nothing to be read yet. */
static int
ready_to_read_locked(struct store *store, struct err *err)
{
	return store->db == NULL ? 1 : store_db_ready(store->db, err);
}

int
store_put_policy(
    struct store *store, const struct store_policy *policy, struct err *err)
{
	const char *fault = fault_of(policy);
	struct change change = {.change = PUT,
	    .set_clock = SET_CLOCK_POLICIES,
	    .evict = EVICT_POLICIES,
	    .domain = policy->domain,
	    .limit = LIMIT_CACHED_POLICIES,
	    .now = clock_wall_s()};
	int rc;

	if (fault != NULL)
		return err_set(err, ERR_DATA, "policy: wrong %s", fault);
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0) {
		bind_policy(store_db_statement(store->db, PUT), policy);
		rc = store_db_conclude(
		    store->db, commit(store->db, &change), err);
	}
	lock_drop(&store->lock);
	return rc;
}

int
store_drop_policy(struct store *store, const char *domain, struct err *err)
{
	enum statement which = domain == NULL ? DROP_ALL : DROP;
	int rc, count = 0;

	if (domain != NULL && !is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0) {
		struct store_db *db = store->db;
		sqlite3_stmt *stmt = store_db_statement(db, which);

		if (domain != NULL)
			bind_text(stmt, 1, domain);
		rc = run(db, which);
		if (rc == SQLITE_OK)
			count = sqlite3_changes(sqlite3_db_handle(stmt));
		rc = store_db_conclude(db, rc, err);
	}
	lock_drop(&store->lock);
	return rc < 0 ? -1 : count;
}

int
store_get_policy(struct store *store, const char *domain,
    struct store_policy *out, struct err *err)
{
	struct store_policy row = {0};
	int found;

	if (!is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	found = ready_to_read_locked(store, err);
	if (found == 0) {
		bind_text(store_db_statement(store->db, GET), 1, domain);
		found = find(store->db, &row, err);
	}
	lock_drop(&store->lock);
	if (found == 1 && row.domain[0] != '\0') {
		*out = row;
		return 1;
	}
	store_policy_fini(&row);
	return found < 0 ? -1 : 0;
}

/* Key by key: no transaction is open, and no lock held, between two rows. */
static int
next_row(struct store *store, const char *start, sqlite3_value **key,
    struct store_policy *row, struct err *err)
{
	struct store_db *db;
	int found;
	int rc;

	lock_take(&store->lock);
	found = ready_to_read_locked(store, err);
	db = store->db;
	if (found == 1) {
		found = 0; /* the end */
	} else if (found == 0) {
		rc = move_on(db, start, key);
		if (rc == SQLITE_ROW) {
			sqlite3_bind_value(
			    store_db_statement(db, GET), 1, *key);
			/* one that went meanwhile is not the end */
			found = find(db, row, err) < 0 ? -1 : 1;
		} else {
			found = store_db_conclude(
			    db, rc == SQLITE_DONE ? SQLITE_OK : rc, err);
		}
	}
	lock_drop(&store->lock);
	return found;
}

int
store_each_policy(
    struct store *store, store_row *each, void *arg, struct err *err)
{
	sqlite3_value *key = NULL;
	int count = 0;
	int found;

	do {
		struct store_policy row = {0};

		found = next_row(store, "", &key, &row, err);
		if (found == 1 && row.domain[0] != '\0') {
			each(arg, &row);
			count++;
		}
		store_policy_fini(&row);
	} while (found == 1);
	sqlite3_value_free(key);
	return found < 0 ? -1 : count;
}

int
store_next_policy(struct store *store, const char *after,
    struct store_policy *out, struct err *err)
{
	struct store_policy row = {0};
	sqlite3_value *key = NULL;
	int found;

	do {
		store_policy_fini(&row);
		found = next_row(store, after, &key, &row, err);
	} while (found == 1 && row.domain[0] == '\0');
	sqlite3_value_free(key);
	if (found == 1)
		*out = row;
	return found;
}

/* The word noted last, "" if none or no word, and when. */
static int
last_flip(struct store_db *db, const char *domain, char word[STORE_RESULT_SIZE],
    time_t *noted)
{
	sqlite3_stmt *stmt = store_db_statement(db, GET_FLIP);
	int rc;

	bind_text(stmt, 1, domain);
	rc = store_sql_step(stmt);
	if (rc != SQLITE_ROW || !read_text(stmt, 0, word, STORE_RESULT_SIZE) ||
	    !is_result(word) || !read_time(stmt, 1, noted))
		word[0] = '\0';
	release(stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_TOOBIG)
		return SQLITE_OK;
	return rc;
}

/*
 * The same word is written once a day only: a check is not to cost a sync, and
 * a domain in use is to stay.
 */
static int
flip(struct store_db *db, const char *domain, const char *result, time_t now,
    char word[STORE_RESULT_SIZE])
{
	sqlite3_stmt *stmt = store_db_statement(db, FLIP);
	struct change change = {.change = FLIP,
	    .set_clock = SET_CLOCK_FLIPS,
	    .evict = EVICT_FLIPS,
	    .domain = domain,
	    .limit = LIMIT_CACHED_VERDICTS,
	    .now = now};
	time_t noted = 0;
	int rc = last_flip(db, domain, word, &noted);

	if (rc != SQLITE_OK ||
	    (strcmp(word, result) == 0 && now >= noted && now - noted < DAY_S))
		return rc;
	bind_text(stmt, 1, domain);
	bind_text(stmt, 2, result);
	sqlite3_bind_int64(stmt, 3, now);
	return commit(db, &change);
}

int
store_flip(struct store *store, const char *domain, const char *result,
    time_t now, char old[STORE_RESULT_SIZE], struct err *err)
{
	char word[STORE_RESULT_SIZE] = "";
	int rc;

	if (!is_domain(domain))
		return bad_domain(err);
	if (!is_result(result) || !is_time(now))
		return err_set(err, ERR_DATA, "not a result and its time");
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0)
		rc = store_db_conclude(
		    store->db, flip(store->db, domain, result, now, word), err);
	lock_drop(&store->lock);
	if (rc < 0 || word[0] == '\0' || strcmp(word, result) == 0)
		return rc;
	text_copy(old, STORE_RESULT_SIZE, word);
	return 1;
}

const char *
store_library(void)
{
	return sqlite3_libversion();
}
