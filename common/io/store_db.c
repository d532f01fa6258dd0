/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a file is opened in steps, of which each may find that it is
 * not to be used, or that it is damaged: what lies at the path, SQLite's
 * handle, its limits, whose database it is, the log, the schema, the pages, the
 * statements. A damaged one of a writer is moved aside, and a new one made by
 * the same steps.
 *
 * Each call first looks whether the file is still where it was. If it was
 * deleted, replaced or damaged, that call fails, and leaves another file open
 * for the next one if there can be one.
 */
#include "common/io/store_db.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store_file.h"
#include "common/io/store_schema.h"
#include "common/io/store_sql.h"

enum {
	BUSY_MS = 1000,

	/* Read and checked in about a second from a slow disk; twenty thousand
	 * usual policies are a tenth of it */
	MAX_CHECKED = 64 * 1024 * 1024,

	/* Beside the codes of SQLite, all >= 0: refused, and err says why */
	REFUSED = -1,
};

/* A connection, or what is left of one: handle is NULL until it is made. */
struct store_db {
	const struct store_schema *schema; /* borrowed */
	struct store_file file;
	bool read_only;
	bool immutable; /* no writer was there: SQLite takes no lock */
	bool suspect;   /* found damaged at work: check it, however large */
	unsigned opening;
	sqlite3 *handle;
	sqlite3_stmt **prepared; /* owned, one a statement, NULL or made */
};

static int
refuse_file(const struct store_db *db, struct err *err, const char *why)
{
	err_set(err, ERR_LOCAL, "%s: %s", db->file.path, why);
	return REFUSED;
}

/*
 * SQLite's constant words and the system's, never sqlite3_errmsg(), which
 * quotes what stands in the file.
 */
static int
say_sqlite_fault(const struct store_db *db, int rc, struct err *err)
{
	int number = sqlite3_system_errno(db->handle);
	int kind = rc & 0xff;

	if (number != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
		return err_set(err, ERR_LOCAL, "%s: %s: %s", db->file.path,
		    sqlite3_errstr(rc), strerror(number));
	return err_set(
	    err, ERR_LOCAL, "%s: %s", db->file.path, sqlite3_errstr(rc));
}

/* TOOBIG: a row or a schema that no Postern wrote. */
static bool
is_damage(int rc)
{
	int kind = rc & 0xff;

	return rc >= 0 && (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
			      kind == SQLITE_TOOBIG);
}

/* --- opening, step by step; each gives a code of SQLite, or REFUSED --- */

/* First the log, then the file: a writer makes them the other way round. */
static int
survey_files(struct store_db *db, struct err *err)
{
	struct stat main, wal;
	bool has_wal;
	int number;

	store_file_resolve(&db->file);
	has_wal = store_file_look(&db->file, "-wal", &wal) == 0;
	number = store_file_look(&db->file, "", &main);
	if (number == 0 && !S_ISREG(main.st_mode))
		return refuse_file(db, err, "not a regular file");
	if (number != 0 && (db->read_only || number != ENOENT))
		return refuse_file(db, err, strerror(number));
	db->immutable = db->read_only && (!has_wal || wal.st_size == 0);
	/* SQLite would delete the log of a file that is empty */
	if (main.st_size == 0 && wal.st_size > 0)
		return SQLITE_CORRUPT;
	return SQLITE_OK;
}

/* As a URI, so that no name means something else (":memory:", "file:"). */
static char *
uri_of(const struct store_db *db)
{
	size_t size = 3 * strlen(db->file.name) + sizeof("file:./?immutable=1");
	struct text uri;

	text_init(&uri, xmalloc(size), size);
	text_add(&uri, db->file.name[0] == '/' ? "file:" : "file:./");
	for (const char *s = db->file.name; *s != '\0'; s++)
		text_addf(
		    &uri, *s == '/' ? "/" : "%%%02x", (unsigned)(uint8_t)*s);
	text_add(&uri, db->immutable ? "?immutable=1" : "");
	assert(!uri.cut);
	return uri.s;
}

static int
open_handle(struct store_db *db, struct err *err)
{
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	char *uri = uri_of(db);
	int rc;

	flags |= db->read_only ? SQLITE_OPEN_READONLY
			       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	rc = sqlite3_open_v2(uri, &db->handle, flags, NULL);
	free(uri);
	if (rc != SQLITE_OK)
		return rc;
	store_file_rename(&db->file, sqlite3_db_filename(db->handle, "main"));
	/* SQLite gives a file that it may not write to for reading instead */
	if (!db->read_only && sqlite3_db_readonly(db->handle, "main") != 0)
		return refuse_file(db, err, "not writable");
	return SQLITE_OK;
}

/* The file may be hostile: nothing in it is to run, and nothing to be large. */
static int
harden_handle(struct store_db *db, struct err *err)
{
	const int limits[][2] = {
	    {SQLITE_LIMIT_LENGTH, db->schema->max_row},
	    {SQLITE_LIMIT_SQL_LENGTH, 8192},
	    {SQLITE_LIMIT_COLUMN, 64},
	    {SQLITE_LIMIT_EXPR_DEPTH, 64},
	    {SQLITE_LIMIT_ATTACHED, 0},
	    {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
	    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
	};
	static const int switches[][2] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	};
	int rc = sqlite3_busy_timeout(db->handle, BUSY_MS);

	(void)err;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db->handle, limits[i][0], limits[i][1]);
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (rc == SQLITE_OK)
			rc = sqlite3_db_config(db->handle, switches[i][0],
			    switches[i][1], (int *)NULL);
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_exec(db->handle,
	    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", NULL,
	    NULL, NULL);
}

static int
identify_file(struct store_db *db, struct err *err)
{
	const char *why = NULL;
	int rc =
	    store_schema_identify(db->schema, db->handle, db->read_only, &why);

	return rc == SQLITE_OK && why != NULL ? refuse_file(db, err, why) : rc;
}

/*
 * A write-ahead log: a reader never stands in the writer's way.  With
 * synchronous FULL each commit is synced to it before it returns, with NORMAL
 * the last ones may be lost with the power, and nothing else.
 */
static int
make_durable(struct store_db *db, struct err *err)
{
	struct store_sql_answer mode = {0};
	char pragmas[160];
	int rc;

	if (db->read_only)
		return SQLITE_OK;
	/* the system lets us write: it is the header that forbids it */
	if (sqlite3_db_readonly(db->handle, "main") != 0)
		return SQLITE_CORRUPT;
	rc = store_sql_ask(db->handle, "PRAGMA journal_mode = WAL", &mode);
	if (rc == SQLITE_OK && strcmp(mode.word, "wal") != 0)
		return refuse_file(
		    db, err, "no write-ahead log is possible there");
	if (rc != SQLITE_OK)
		return rc;
	snprintf(pragmas, sizeof(pragmas),
	    "PRAGMA synchronous = %s; PRAGMA wal_autocheckpoint = 1000;"
	    "PRAGMA journal_size_limit = 8388608",
	    db->schema->durable);
	return sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL);
}

static int
migrate_file(struct store_db *db, struct err *err)
{
	(void)err;
	return db->read_only ? SQLITE_OK
			     : store_schema_migrate(db->schema, db->handle);
}

static int
check_file(struct store_db *db, struct err *err)
{
	(void)err;
	return store_schema_check(db->schema, db->handle);
}

/* A reader is not to take that long; what it reads is looked at anyway. */
static int
check_pages(struct store_db *db, struct err *err)
{
	struct store_sql_answer pages = {0}, size = {0}, found = {0};
	int rc;

	(void)err;
	if (db->read_only)
		return SQLITE_OK;
	rc = store_sql_ask(db->handle, "PRAGMA page_count", &pages);
	if (rc == SQLITE_OK)
		rc = store_sql_ask(db->handle, "PRAGMA page_size", &size);
	if (rc != SQLITE_OK)
		return rc;
	if (!db->suspect && pages.number * size.number > MAX_CHECKED)
		return SQLITE_OK;
	rc = store_sql_ask(db->handle,
	    db->suspect ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)",
	    &found);
	if (rc == SQLITE_OK && strcmp(found.word, "ok") != 0)
		rc = SQLITE_CORRUPT;
	/* That no key is too big is what each row is found by */
	if (rc == SQLITE_OK)
		rc = store_sql_ask(db->handle, db->schema->check, &found);
	if (rc == SQLITE_OK)
		db->suspect = false;
	return rc;
}

static int
prepare_statements(struct store_db *db, struct err *err)
{
	int rc = SQLITE_OK;

	(void)err;
	for (int i = 0; i < db->schema->statement_count && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(db->handle, db->schema->statements[i],
		    -1, SQLITE_PREPARE_PERSISTENT, &db->prepared[i], NULL);
	store_file_note(&db->file);
	return rc;
}

static int
attach_file(struct store_db *db, struct err *err)
{
	static int (*const steps[])(struct store_db *, struct err *) = {
	    survey_files,
	    open_handle,
	    harden_handle,
	    identify_file,
	    make_durable,
	    migrate_file,
	    check_file,
	    check_pages,
	    prepare_statements,
	};
	int rc = SQLITE_OK;

	db->opening++;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (rc == SQLITE_OK)
			rc = steps[i](db, err);
	return rc;
}

/*
 * tidy: bring the log home and delete it, as SQLite does in the end.  It goes
 * by name, so never for a file that is not there any more; nor for one that is
 * damaged, which is kept as it was found.
 */
static void
detach_file(struct store_db *db, bool tidy)
{
	int rc;

	for (int i = 0; i < db->schema->statement_count; i++) {
		sqlite3_finalize(db->prepared[i]);
		db->prepared[i] = NULL;
	}
	if (db->handle != NULL && !tidy)
		sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
		    1, (int *)NULL);
	rc = sqlite3_close(db->handle);
	assert(rc == SQLITE_OK);
	(void)rc;
	db->handle = NULL;
}

/* attach, to a new database if the one there is damaged. */
static int
connect_to_file(struct store_db *db, bool *renamed, struct err *err)
{
	int rc = attach_file(db, err);
	bool moved = false;
	int tries = 0;

	while (store_sql_wait_torn(rc, &tries)) {
		detach_file(db, false);
		rc = attach_file(db, err);
	}
	if (is_damage(rc) && !db->read_only) {
		detach_file(db, false);
		if (store_file_set_aside(&db->file, true, err) < 0)
			return -1;
		db->suspect = false;
		moved = true;
		rc = attach_file(db, err);
	}
	if (rc != SQLITE_OK) {
		if (rc != REFUSED)
			say_sqlite_fault(db, rc, err);
		detach_file(db, false);
		return -1;
	}
	*renamed = moved;
	return 0;
}

struct store_db *
store_db_open(const struct store_schema *schema, const char *path,
    bool read_only, bool *renamed, struct err *err)
{
	struct store_db *db = xcalloc(1, sizeof(*db));
	bool moved = false;

	store_file_init(&db->file, path);
	db->read_only = read_only;
	db->schema = schema;
	db->prepared =
	    xcalloc((size_t)schema->statement_count, sizeof(db->prepared[0]));
	if (connect_to_file(db, &moved, err) < 0) {
		store_db_free(db);
		return NULL;
	}
	if (renamed != NULL)
		*renamed = moved;
	return db;
}

void
store_db_free(struct store_db *db)
{
	if (db == NULL)
		return;
	detach_file(db, db->handle != NULL && !db->read_only &&
			    store_file_replaced(&db->file) == 0);
	free(db->prepared);
	store_file_fini(&db->file);
	free(db);
}

/* --- calls --- */

/* Whether a file that is read without locks has changed. */
static bool
is_outdated(const struct store_db *db)
{
	return db->immutable && store_file_is_written(&db->file);
}

/*
 * The file is not where it was.  If it is only the log that is gone, its pages
 * are saved; if it is the file, its log is not to be taken for the next one's.
 */
static int
leave_file(struct store_db *db, struct err *err)
{
	unsigned replaced = store_file_replaced(&db->file);

	if ((replaced & STORE_FILE_MAIN) == 0)
		sqlite3_wal_checkpoint_v2(
		    db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	detach_file(db, false);
	if (replaced != STORE_FILE_MAIN)
		return 0;
	return store_file_set_aside(&db->file, false, err);
}

int
store_db_ready(struct store_db *db, struct err *err)
{
	bool replaced =
	    db->handle != NULL && store_file_replaced(&db->file) != 0;
	bool renamed = false;

	if (db->handle != NULL && !replaced && !is_outdated(db))
		return 0;
	if (db->read_only)
		detach_file(db, false);
	else if (replaced && leave_file(db, err) < 0)
		return -1;
	if (connect_to_file(db, &renamed, err) < 0)
		return -1;
	if (!db->read_only && (renamed || replaced))
		return err_set(err, ERR_LOCAL, "%s: %s", db->file.path,
		    renamed ? "damaged, moved aside; begun anew"
			    : "was deleted or replaced; opened again");
	return 0;
}

/* What follows a call that failed.  Where SQLite can go on after that, so does
 * the handle; else the next call opens another. */
static int
fail_call(struct store_db *db, int rc, struct err *err)
{
	say_sqlite_fault(db, rc, err);
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
		return -1;
	default:
		db->suspect = db->suspect || is_damage(rc);
		detach_file(db, false);
		return -1;
	}
}

int
store_db_conclude(struct store_db *db, int rc, struct err *err)
{
	if (rc != SQLITE_OK)
		return fail_call(db, rc, err);
	if (!db->read_only && store_file_replaced(&db->file) != 0)
		return store_db_ready(db, err);
	if (is_outdated(db))
		return err_set(err, ERR_LOCAL,
		    "%s: written while it was read; try again", db->file.path);
	return 0;
}

unsigned
store_db_opening(const struct store_db *db)
{
	return db->opening;
}

sqlite3_stmt *
store_db_statement(const struct store_db *db, int number)
{
	return db->prepared[number];
}
