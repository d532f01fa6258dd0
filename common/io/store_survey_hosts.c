/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a row for each host.  Most domains have the hosts of many
 * others, with the same facts: a hash of what was written last for a name
 * spares writing it again.  Who has a host is counted when that is asked for,
 * by sets of hosts, in a temporary table.
 */
#include "common/io/store_survey_hosts.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_survey_schema.h"

enum { WRITTEN = 65536 };

struct store_survey_hosts {
	sqlite3 *handle; /* of the survey */
	sqlite3_stmt *put;
	uint64_t written[WRITTEN]; /* hashes, each at its own place */
};

static const char put_host[] =
    "INSERT INTO host VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET "
    "time = ?2, probed = ?3, facts = ?4 WHERE ?3 >= probed OR time < ?5";

static int
fail_hosts(sqlite3 *handle, struct err *err)
{
	return err_set(err, ERR_LOCAL, "%s", sqlite3_errmsg(handle));
}

void
store_survey_hosts_free(struct store_survey_hosts *hosts)
{
	if (hosts == NULL)
		return;
	sqlite3_finalize(hosts->put);
	free(hosts);
}

struct store_survey_hosts *
store_survey_hosts_new(struct store_survey *survey, struct err *err)
{
	struct store_survey_hosts *hosts = xcalloc(1, sizeof(*hosts));

	hosts->handle = store_survey_handle(survey);
	if (sqlite3_exec(hosts->handle, store_survey_host_table, NULL, NULL,
		NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(
		hosts->handle, put_host, -1, &hosts->put, NULL) == SQLITE_OK)
		return hosts;
	fail_hosts(hosts->handle, err);
	store_survey_hosts_free(hosts);
	return NULL;
}

/* --- writing --- */

/* FNV-1a.  Two of the same place and hash would have to be made on purpose, and
 * then one of them is not in the export. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
	return (hash ^ 0xff) * 0x100000001b3U;
}

static bool
was_written(struct store_survey_hosts *hosts, const struct survey_host *host)
{
	uint64_t name = hash_text(0xcbf29ce484222325U, host->name);
	uint64_t all = hash_text(name, host->facts);
	uint64_t *place = &hosts->written[name % WRITTEN];

	if (*place == all)
		return true;
	*place = all;
	return false;
}

int
store_survey_host_put(struct store_survey_hosts *hosts,
    const struct survey_host *host, time_t now, time_t since, struct err *err)
{
	int rc;

	if (strlen(host->facts) > LIMIT_SURVEY_HOST || was_written(hosts, host))
		return 0;
	sqlite3_bind_text(hosts->put, 1, host->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(hosts->put, 2, now);
	sqlite3_bind_int(hosts->put, 3, (int)host->probed);
	sqlite3_bind_text(hosts->put, 4, host->facts, -1, SQLITE_STATIC);
	sqlite3_bind_int64(hosts->put, 5, since);
	rc = sqlite3_step(hosts->put);
	if (rc != SQLITE_DONE)
		fail_hosts(hosts->handle, err);
	sqlite3_reset(hosts->put);
	sqlite3_clear_bindings(hosts->put);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* --- reading --- */

struct using
{
	sqlite3 *handle;
	sqlite3_stmt *add;
	bool failed;
};

/* A set of hosts, a blank between, and who has it. */
static void
add_users(void *arg, const struct survey_count *count)
{
	struct using *using = arg;
	const char *names = count->words[0];

	while (*names != '\0' && !using->failed) {
		size_t length = strcspn(names, " ");

		sqlite3_bind_text(
		    using->add, 1, names, (int)length, SQLITE_STATIC);
		sqlite3_bind_int64(using->add, 2, count->domains);
		sqlite3_bind_int64(using->add, 3, count->messages);
		using->failed = sqlite3_step(using->add) != SQLITE_DONE;
		sqlite3_reset(using->add);
		names += length + (names[length] == ' ');
	}
}

static int
count_users(struct store_survey *survey, struct err *err)
{
	static const struct survey_question by_set = {
	    .filter = SURVEY_ALL, .by = SURVEY_HOSTS};
	static const char table[] =
	    "CREATE TEMP TABLE IF NOT EXISTS uses (name TEXT PRIMARY KEY, "
	    "domains INTEGER NOT NULL, messages INTEGER NOT NULL) WITHOUT "
	    "ROWID; DELETE FROM temp.uses";
	static const char add[] =
	    "INSERT INTO temp.uses VALUES (?1, ?2, ?3) ON CONFLICT (name) DO "
	    "UPDATE SET domains = domains + ?2, messages = min(messages + ?3, "
	    "4611686018427387904)";
	struct using using = {.handle = store_survey_handle(survey)};
	int rc;

	if (sqlite3_exec(using.handle, table, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(using.handle, add, -1, &using.add, NULL) !=
		SQLITE_OK)
		return fail_hosts(using.handle, err);
	rc = store_survey_count(survey, &by_set, add_users, &using, err);
	if (rc == 0 && using.failed)
		rc = fail_hosts(using.handle, err);
	sqlite3_finalize(using.add);
	return rc;
}

/* The file of a survey that nobody scanned for hosts has no table of them. */
static int
prepare_hosts(sqlite3 *handle, sqlite3_stmt **stmt)
{
	static const char with[] =
	    "SELECT name, domains, messages, facts, probed FROM temp.uses LEFT "
	    "JOIN main.host USING (name) ORDER BY name";
	static const char without[] =
	    "SELECT name, domains, messages, NULL, 0 FROM temp.uses ORDER BY "
	    "name";

	if (sqlite3_table_column_metadata(handle, "main", "host", NULL, NULL,
		NULL, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_prepare_v2(handle, without, -1, stmt, NULL);
	return sqlite3_prepare_v2(handle, with, -1, stmt, NULL);
}

static void
lend_host(survey_each_host *each, void *arg, sqlite3_stmt *stmt)
{
	struct survey_count count = {.domains = sqlite3_column_int64(stmt, 1),
	    .messages = sqlite3_column_int64(stmt, 2)};
	struct survey_host host = {
	    .name = (const char *)sqlite3_column_text(stmt, 0),
	    .facts = (const char *)sqlite3_column_text(stmt, 3),
	    .probed = (unsigned)sqlite3_column_int(stmt, 4)};

	each(arg, &host, &count);
}

int
store_survey_each_host(struct store_survey *survey, survey_each_host *each,
    void *arg, struct err *err)
{
	sqlite3 *handle = store_survey_handle(survey);
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (count_users(survey, err) != 0)
		return -1;
	rc = prepare_hosts(handle, &stmt);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			lend_host(each, arg, stmt);
	}
	if (rc != SQLITE_DONE)
		fail_hosts(handle, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}
