/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_flip.h"
#include "common/io/store_policy.h"
#include "common/io/store_sql.h"
#include "common/io/store_table.h"

/*
 * How it works: one connection to the database, under one lock, with each
 * statement prepared once.  store_db opens the file and brings an old one up to
 * date; store_file keeps a damaged one aside.
 *
 * What changes is one transaction of store_table: the row, and the eviction of
 * rows above the limit.  Those go first that are worth least, then those not
 * used for longest.
 *
 * What is read is checked by store_policy as input from outside.
 */

struct store {
	struct lock lock;    /* held across I/O; guards the rest */
	struct store_db *db; /* NULL: it waits, and nothing can be read */
	struct store_room policies, flips;
	char *awaited;  /* a writer's path, until it can be opened */
	struct err why; /* with awaited: it cannot */
};

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

struct store *
store_open(const char *path, bool read_only, bool *renamed, struct err *err)
{
	struct store_db *db = store_table_open(path, read_only, renamed, err);

	return db == NULL ? NULL : make_store(db);
}

struct store *
store_open_patiently(const char *path, bool *renamed)
{
	struct err why;
	struct store_db *db = store_table_open(path, false, renamed, &why);
	struct store *store;

	if (db != NULL)
		return make_store(db);
	store = make_store(store_table_open(path, true, NULL, NULL));
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
	store->db =
	    store_table_open(store->awaited, false, renamed, &store->why);
	if (store->db == NULL) {
		store->db = store_table_open(store->awaited, true, NULL, NULL);
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
	const char *fault = store_policy_fault(policy);
	struct store_change change = {.change = STORE_PUT,
	    .set_clock = STORE_SET_CLOCK_POLICIES,
	    .count = STORE_COUNT_POLICIES,
	    .evict = STORE_EVICT_POLICIES,
	    .domain = policy->domain,
	    .rows = 1,
	    .room = &store->policies,
	    .limit = LIMIT_CACHED_POLICIES,
	    .now = clock_wall_s()};
	int rc;

	if (fault != NULL)
		return err_set(err, ERR_DATA, "policy: wrong %s", fault);
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0) {
		store_policy_bind(
		    store_db_statement(store->db, STORE_PUT), policy);
		rc = store_db_conclude(
		    store->db, store_table_commit(store->db, &change), err);
	}
	lock_drop(&store->lock);
	return rc;
}

int
store_drop_policy(struct store *store, const char *domain, struct err *err)
{
	enum store_statement which =
	    domain == NULL ? STORE_DROP_ALL : STORE_DROP;
	int rc, count = 0;

	if (domain != NULL && !store_policy_is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0) {
		struct store_db *db = store->db;
		sqlite3_stmt *stmt = store_db_statement(db, which);

		if (domain != NULL)
			store_sql_bind_text(stmt, 1, domain);
		rc = store_table_run(db, which);
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

	if (!store_policy_is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	found = ready_to_read_locked(store, err);
	if (found == 0) {
		store_sql_bind_text(
		    store_db_statement(store->db, STORE_GET), 1, domain);
		found = store_table_find(store->db, &row, err);
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
next_policy_row(struct store *store, const char *start, sqlite3_value **key,
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
		rc = store_table_next(db, start, key);
		if (rc == SQLITE_ROW) {
			sqlite3_bind_value(
			    store_db_statement(db, STORE_GET), 1, *key);
			/* one that went meanwhile is not the end */
			found = store_table_find(db, row, err) < 0 ? -1 : 1;
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

		found = next_policy_row(store, "", &key, &row, err);
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
		found = next_policy_row(store, after, &key, &row, err);
	} while (found == 1 && row.domain[0] == '\0');
	sqlite3_value_free(key);
	if (found == 1)
		*out = row;
	return found;
}

int
store_flips(struct store *store, struct store_flip *flips, size_t count,
    time_t now, struct err *err)
{
	int rc;

	if (!store_sql_is_time(now))
		return err_set(err, ERR_DATA, "not a time");
	for (size_t i = 0; i < count; i++)
		if (store_flip_check(&flips[i], err) != 0)
			return -1;
	lock_take(&store->lock);
	rc = ready_to_write_locked(store, err);
	if (rc == 0)
		rc = store_db_conclude(store->db,
		    store_flip_write(
			store->db, &store->flips, flips, count, now),
		    err);
	lock_drop(&store->lock);
	for (size_t i = 0; i < count && rc < 0; i++)
		flips[i].differs = false;
	return rc;
}

const char *
store_library(void)
{
	return sqlite3_libversion();
}
