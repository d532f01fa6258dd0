/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store_flip.h"

#include <sqlite3.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/io/store_db.h"
#include "common/io/store_sql.h"
#include "common/io/store_table.h"

/*
 * How it works: of each domain the word noted last is read.  The new one is
 * written only where it differs, or where the old one was noted a day ago: the
 * transaction begins with the first that is, so that a call of which nothing is
 * new costs no sync.  What belongs to a change of the table, the eviction of
 * those noted longest ago, is done once at its end.
 */

/* The word noted last, "" if none or no word, and when. */
static int
read_last_flip(struct store_db *db, const char *domain,
    char word[STORE_RESULT_SIZE], time_t *noted)
{
	sqlite3_stmt *stmt = store_db_statement(db, STORE_GET_FLIP);
	int rc;

	store_sql_bind_text(stmt, 1, domain);
	rc = store_sql_step(stmt);
	if (rc != SQLITE_ROW ||
	    !store_sql_text(stmt, 0, word, STORE_RESULT_SIZE) ||
	    !store_policy_is_result(word) || !store_sql_time(stmt, 1, noted))
		word[0] = '\0';
	store_sql_release(stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_TOOBIG)
		return SQLITE_OK;
	return rc;
}

/*
 * Whether it has to be written.  The same word is once a day only: a check is
 * not to cost a sync, and a domain in use is to stay.
 */
static int
look_at_flip(
    struct store_db *db, struct store_flip *flip, time_t now, bool *due)
{
	time_t noted = 0;
	int rc = read_last_flip(db, flip->domain, flip->old, &noted);

	*due = strcmp(flip->old, flip->result) != 0 || now < noted ||
	       now - noted >= CLOCK_DAY_S;
	flip->differs =
	    flip->old[0] != '\0' && strcmp(flip->old, flip->result) != 0;
	return rc;
}

static int
write_flip(struct store_db *db, const struct store_flip *flip, time_t now)
{
	sqlite3_stmt *stmt = store_db_statement(db, STORE_FLIP);

	store_sql_bind_text(stmt, 1, flip->domain);
	store_sql_bind_text(stmt, 2, flip->result);
	sqlite3_bind_int64(stmt, 3, now);
	return store_table_run(db, STORE_FLIP);
}

int
store_flip_write(struct store_db *db, struct store_room *room,
    struct store_flip *flips, size_t count, time_t now)
{
	struct store_change change = {.change = STORE_FLIP,
	    .set_clock = STORE_SET_CLOCK_FLIPS,
	    .count = STORE_COUNT_FLIPS,
	    .evict = STORE_EVICT_FLIPS,
	    .room = room,
	    .limit = LIMIT_CACHED_VERDICTS,
	    .now = now};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
		bool due;

		rc = look_at_flip(db, &flips[i], now, &due);
		if (rc == SQLITE_OK && due && change.domain == NULL)
			rc = store_table_run(db, STORE_BEGIN);
		if (rc != SQLITE_OK || !due)
			continue;
		change.domain = flips[i].domain;
		change.rows++;
		rc = write_flip(db, &flips[i], now);
	}
	return change.domain == NULL ? rc : store_table_end(db, &change, rc);
}

int
store_flip_check(const struct store_flip *flip, struct err *err)
{
	if (!store_policy_is_domain(flip->domain))
		return err_set(
		    err, ERR_DATA, "not a domain in its one spelling");
	if (!store_policy_is_result(flip->result))
		return err_set(err, ERR_DATA, "not a result");
	return 0;
}
