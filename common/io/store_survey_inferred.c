/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: "inferred_at" of a name has all addresses at which something
 * was inferred of it.  The table "inferred" has a row for each address and name
 * of them, so that an address leads to its names.  A row may be left of a name
 * that was asked about again since: "inferred_at" decides.  A file that has no
 * such table yet gets it, from what stands in "inferred_at".
 */
#include "common/io/store_survey_inferred.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/io/store_survey_schema.h"

enum statement { PUT_NAME, REOPEN_NAMES, FORGET_NAMES, STATEMENTS };

struct store_survey_inferred {
	sqlite3 *handle; /* of the survey */
	sqlite3_stmt *statements[STATEMENTS];
};

/* Of what a file has that was made without the table. */
static const char fill_table[] =
    "INSERT OR IGNORE INTO inferred WITH RECURSIVE word (domain, word, rest) "
    "AS (SELECT domain, '', inferred_at || ' ' FROM domain WHERE inferred_at "
    "IS NOT NULL UNION ALL SELECT domain, substr(rest, 1, instr(rest, ' ') - "
    "1), substr(rest, instr(rest, ' ') + 1) FROM word WHERE rest <> '') SELECT "
    "word, domain FROM word WHERE word <> ''";

static const char *const sql[STATEMENTS] = {
    [PUT_NAME] = "INSERT OR IGNORE INTO inferred VALUES (?1, ?2)",
    [REOPEN_NAMES] =
	"UPDATE domain SET state = 0, tries = 0 WHERE domain IN (SELECT domain "
	"FROM inferred WHERE address = ?1) AND state <> 0 AND instr(' ' || "
	"inferred_at || ' ', ' ' || ?1 || ' ') > 0 RETURNING 1",
    [FORGET_NAMES] = "DELETE FROM inferred WHERE address = ?1",
};

static int
fail_inferred(const struct store_survey_inferred *inferred, struct err *err)
{
	return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(inferred->handle));
}

static int
ready_table(sqlite3 *handle)
{
	int rc;

	if (sqlite3_table_column_metadata(handle, "main", "inferred", NULL,
		NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
		return SQLITE_OK;
	rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    handle, store_survey_inferred_table, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, fill_table, NULL, NULL, NULL);
	return rc == SQLITE_OK
		   ? sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL)
		   : rc;
}

struct store_survey_inferred *
store_survey_inferred_new(struct sqlite3 *handle, struct err *err)
{
	struct store_survey_inferred *inferred = xcalloc(1, sizeof(*inferred));
	int rc = ready_table(handle);

	inferred->handle = handle;
	for (int i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v2(
		    handle, sql[i], -1, &inferred->statements[i], NULL);
	if (rc == SQLITE_OK)
		return inferred;
	fail_inferred(inferred, err);
	store_survey_inferred_free(inferred);
	return NULL;
}

void
store_survey_inferred_free(struct store_survey_inferred *inferred)
{
	if (inferred == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(inferred->statements[i]);
	free(inferred);
}

static int
run_inferred(struct store_survey_inferred *inferred, enum statement which,
    struct err *err)
{
	sqlite3_stmt *stmt = inferred->statements[which];
	int rc = sqlite3_step(stmt);

	if (rc != SQLITE_DONE)
		fail_inferred(inferred, err);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
store_survey_inferred_put(struct store_survey_inferred *inferred,
    const char *addresses, const char *domain, struct err *err)
{
	sqlite3_stmt *stmt = inferred->statements[PUT_NAME];

	while (*addresses != '\0') {
		size_t length = strcspn(addresses, " ");

		sqlite3_bind_text(
		    stmt, 1, addresses, (int)length, SQLITE_STATIC);
		sqlite3_bind_text(stmt, 2, domain, -1, SQLITE_STATIC);
		if (run_inferred(inferred, PUT_NAME, err) != 0)
			return -1;
		addresses += length + (addresses[length] == ' ');
	}
	return 0;
}

int
store_survey_inferred_reopen(struct store_survey_inferred *inferred,
    const char *address, int64_t *count, struct err *err)
{
	sqlite3_stmt *reopen = inferred->statements[REOPEN_NAMES];
	sqlite3_stmt *forget = inferred->statements[FORGET_NAMES];
	int rc;

	/* other threads change rows of their own meanwhile: it is not
	 * sqlite3_changes that counts */
	*count = 0;
	sqlite3_bind_text(reopen, 1, address, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(reopen)) == SQLITE_ROW)
		(*count)++;
	if (rc != SQLITE_DONE)
		fail_inferred(inferred, err);
	sqlite3_reset(reopen);
	sqlite3_clear_bindings(reopen);
	if (rc != SQLITE_DONE)
		return -1;
	sqlite3_bind_text(forget, 1, address, -1, SQLITE_STATIC);
	return run_inferred(inferred, FORGET_NAMES, err);
}
