/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

enum {
	APPLICATION_ID = 0x50737472, /* "Pstr": file(1) can tell whose it is */
	BUSY_MS = 1000,

	/* A row is a body and small change; SQLite calls more "too big" */
	MAX_ROW = 16 * LIMIT_STS_BODY,

	/* Read and checked in about a second from a slow disk; twenty thousand
	 * usual policies are a tenth of it */
	MAX_CHECKED = 64 * 1024 * 1024,

	/* How often, and how far apart, a reader looks at a torn index */
	TORN_TRIES = 100,
	TORN_MS = 5,

	MAX_ASIDE = 100,  /* names tried for what is moved aside */
	RESULT_SIZE = 32, /* a result's word */
	DAY_S = 24 * 60 * 60,

	/* Beside the codes of SQLite, all >= 0: refused, and err says why */
	REFUSED = -1,
};

/* The end of the year 9999: later is no date that anybody wrote. */
static const sqlite3_int64 max_time = 253402300799;

/* What leads from each version of the schema to the next. */
static const char *const migrations[] = {
    "CREATE TABLE policy ("
    " domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, body BLOB,"
    " fetched INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " failed_id TEXT NOT NULL, failed INTEGER NOT NULL,"
    " failed_how TEXT NOT NULL, failed_detail TEXT NOT NULL) STRICT;"
    "CREATE INDEX policy_expires ON policy (expires);"
    "CREATE TABLE flip ("
    " domain TEXT PRIMARY KEY NOT NULL, result TEXT NOT NULL,"
    " noted INTEGER NOT NULL) STRICT;"
    "CREATE INDEX flip_noted ON flip (noted);",
};

enum { SCHEMA_VERSION = sizeof(migrations) / sizeof(migrations[0]) };

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	PUT,
	EVICT_POLICIES,
	DROP,
	GET,
	NEXT,
	FLIP,
	EVICT_FLIPS,
	GET_FLIP,
	STATEMENTS,
};

#define COLUMNS                                                  \
	"domain, id, body, fetched, expires, failed_id, failed," \
	" failed_how, failed_detail"

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PUT] = "REPLACE INTO policy (" COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [EVICT_POLICIES] =
	"DELETE FROM policy WHERE rowid IN (SELECT rowid FROM policy"
	" WHERE domain <> ?1 ORDER BY expires"
	" LIMIT max(0, (SELECT count(*) FROM policy) - ?2))",
    [DROP] = "DELETE FROM policy WHERE domain = ?1",
    [GET] = "SELECT " COLUMNS " FROM policy WHERE domain = ?1",
    /* The second term is not left to the index: a list whose keys a stranger
     * put out of order has an end too */
    [NEXT] = "SELECT domain FROM policy WHERE domain > ?1 AND +domain > ?1"
	     " ORDER BY domain LIMIT 1",
    [FLIP] = "REPLACE INTO flip (domain, result, noted) VALUES (?1, ?2, ?3)",
    [EVICT_FLIPS] = "DELETE FROM flip WHERE rowid IN (SELECT rowid FROM flip"
		    " WHERE domain <> ?1 ORDER BY noted"
		    " LIMIT max(0, (SELECT count(*) FROM flip) - ?2))",
    [GET_FLIP] = "SELECT result, noted FROM flip WHERE domain = ?1",
};

/* A connection, or what is left of one: handle is NULL until it is made. */
struct database {
	char *path; /* as the caller named it */
	char *file; /* the same without symbolic links, owned */
	bool read_only;
	bool immutable; /* no writer was there: SQLite takes no lock */
	bool suspect;   /* found damaged at work: check it, however large */
	sqlite3 *handle;
	sqlite3_stmt *prepared[STATEMENTS];
	struct stat main, wal; /* as they were when it was opened */
};

struct store {
	struct lock lock;
	struct database db; /* guarded by lock, held across its I/O */
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

	return length > 0 && length < RESULT_SIZE &&
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
	    !is_time(policy->failed_s))
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
	char word[RESULT_SIZE];
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
}

/* An open statement holds back the log: none stays so between two calls. */
static void
release(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

/* --- errors --- */

static int
refuse(const struct database *db, struct err *err, const char *why)
{
	err_set(err, ERR_LOCAL, "%s: %s", db->path, why);
	return REFUSED;
}

/*
 * SQLite's constant words and the system's, never sqlite3_errmsg(), which
 * quotes what stands in the file.
 */
static int
say(const struct database *db, int rc, struct err *err)
{
	int number = sqlite3_system_errno(db->handle);
	int kind = rc & 0xff;

	if (number != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
		return err_set(err, ERR_LOCAL, "%s: %s: %s", db->path,
		    sqlite3_errstr(rc), strerror(number));
	return err_set(err, ERR_LOCAL, "%s: %s", db->path, sqlite3_errstr(rc));
}

/* TOOBIG: a row or a schema that no Postern wrote. */
static bool
is_damage(int rc)
{
	int kind = rc & 0xff;

	return rc >= 0 && (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
			      kind == SQLITE_TOOBIG);
}

/* --- the files --- */

/* The file itself ("") or one beside it: 0, or an errno and out zeroed. */
static int
look(const struct database *db, const char *suffix, struct stat *out)
{
	size_t size = strlen(db->file) + strlen(suffix) + 1;
	char *name = xmalloc(size);
	int number;

	snprintf(name, size, "%s%s", db->file, suffix);
	number = stat(name, out) < 0 ? errno : 0;
	free(name);
	if (number != 0)
		memset(out, 0, sizeof(*out));
	return number;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the name leads to another file, or none: what is written to this
 * handle would be lost with it. */
static bool
is_replaced(const struct database *db)
{
	struct stat main, wal;

	look(db, "", &main);
	look(db, "-wal", &wal);
	return !is_same(&main, &db->main) || !is_same(&wal, &db->wal);
}

/* Whether a file that is read without locks has changed. */
static bool
is_written(const struct database *db)
{
	struct stat main;

	if (!db->immutable)
		return false;
	look(db, "", &main);
	return main.st_size != db->main.st_size ||
	       main.st_mtim.tv_sec != db->main.st_mtim.tv_sec ||
	       main.st_mtim.tv_nsec != db->main.st_mtim.tv_nsec;
}

static const char *const beside[] = {"-wal", "-shm", "-journal", ""};
enum { BESIDE = sizeof(beside) / sizeof(beside[0]) };

static bool
is_taken(const struct database *db, const char *mark)
{
	char suffix[64];
	struct stat st;

	for (int i = 0; i < BESIDE; i++) {
		snprintf(suffix, sizeof(suffix), "%s%s", mark, beside[i]);
		if (look(db, suffix, &st) != ENOENT)
			return true;
	}
	return false;
}

static int
move(const struct database *db, const char *suffix, const char *mark)
{
	size_t size = strlen(db->file) + strlen(suffix) + strlen(mark) + 1;
	char *from = xmalloc(size);
	char *to = xmalloc(size);
	int number;

	snprintf(from, size, "%s%s", db->file, suffix);
	snprintf(to, size, "%s%s%s", db->file, mark, suffix);
	number = rename(from, to) < 0 ? errno : 0;
	free(from);
	free(to);
	return number == ENOENT ? 0 : number;
}

/*
 * The log goes first: one that is left beside a new database would be taken for
 * its own, or deleted.
 */
static int
set_aside(const struct database *db, bool main_too, struct err *err)
{
	int count = main_too ? BESIDE : BESIDE - 1;
	time_t now = clock_wall_s();
	char mark[48];
	int number = 0;
	int tries = 0;

	do
		snprintf(mark, sizeof(mark), ".damaged-%lld",
		    (long long)now + tries);
	while (is_taken(db, mark) && ++tries < MAX_ASIDE);
	if (tries == MAX_ASIDE)
		number = EEXIST;
	for (int i = 0; i < count && number == 0; i++)
		number = move(db, beside[i], mark);
	if (number == 0)
		return 0;
	return err_set(err, ERR_LOCAL, "%s: cannot be moved aside: %s",
	    db->path, strerror(number));
}

/* --- opening, step by step; each gives a code of SQLite, or REFUSED --- */

/* First the log, then the file: a writer makes them the other way round. */
static int
survey(struct database *db, struct err *err)
{
	struct stat main, wal;
	bool has_wal;
	int number;

	free(db->file);
	db->file = realpath(db->path, NULL);
	if (db->file == NULL)
		db->file = xstrdup(db->path);
	has_wal = look(db, "-wal", &wal) == 0;
	number = look(db, "", &main);
	if (number == 0 && !S_ISREG(main.st_mode))
		return refuse(db, err, "not a regular file");
	if (number != 0 && (db->read_only || number != ENOENT))
		return refuse(db, err, strerror(number));
	db->immutable = db->read_only && (!has_wal || wal.st_size == 0);
	/* SQLite would delete the log of a file that is empty */
	if (main.st_size == 0 && wal.st_size > 0)
		return SQLITE_CORRUPT;
	return SQLITE_OK;
}

/* As a URI, so that no name means something else (":memory:", "file:"). */
static char *
uri_of(const struct database *db)
{
	size_t size = 3 * strlen(db->file) + sizeof("file:./?immutable=1");
	struct text uri;

	text_init(&uri, xmalloc(size), size);
	text_add(&uri, db->file[0] == '/' ? "file:" : "file:./");
	for (const char *s = db->file; *s != '\0'; s++)
		text_addf(
		    &uri, *s == '/' ? "/" : "%%%02x", (unsigned)(uint8_t)*s);
	text_add(&uri, db->immutable ? "?immutable=1" : "");
	assert(!uri.cut);
	return uri.s;
}

static int
open_handle(struct database *db, struct err *err)
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
	free(db->file);
	db->file = xstrdup(sqlite3_db_filename(db->handle, "main"));
	/* SQLite gives a file that it may not write to for reading instead */
	if (!db->read_only && sqlite3_db_readonly(db->handle, "main") != 0)
		return refuse(db, err, "not writable");
	return SQLITE_OK;
}

/* The file may be hostile: nothing in it is to run, and nothing to be large. */
static int
harden(struct database *db, struct err *err)
{
	static const int limits[][2] = {
	    {SQLITE_LIMIT_LENGTH, MAX_ROW},
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

/*
 * A reader that has no right to write the log's index takes one that a live
 * writer is just changing for a dead one's, which it cannot mend; a moment
 * later it is whole.
 */
static bool
wait_if_torn(int rc, int *tries)
{
	const struct timespec wait = {.tv_nsec = TORN_MS * 1000000L};

	if (rc != SQLITE_READONLY_RECOVERY && rc != SQLITE_READONLY_CANTINIT)
		return false;
	if ((*tries)++ >= TORN_TRIES)
		return false;
	nanosleep(&wait, NULL);
	return true;
}

static int
step(sqlite3_stmt *stmt)
{
	int tries = 0;
	int rc;

	while (wait_if_torn(rc = sqlite3_step(stmt), &tries))
		sqlite3_reset(stmt);
	return rc;
}

struct answer {
	sqlite3_int64 number;
	char word[16];
};

static int
ask(sqlite3 *handle, const char *sql, struct answer *answer)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = step(stmt);
	if (rc == SQLITE_ROW) {
		answer->number = sqlite3_column_int64(stmt, 0);
		if (!read_text(stmt, 0, answer->word, sizeof(answer->word)))
			answer->word[0] = '\0';
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Whose file it is, before anything in it is changed. */
static int
identify(struct database *db, struct err *err)
{
	struct answer id = {0}, version = {0}, objects = {0};
	int rc = sqlite3_exec(db->handle, "BEGIN", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = ask(db->handle, "PRAGMA application_id", &id);
	if (rc == SQLITE_OK)
		rc = ask(db->handle, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK && id.number == 0)
		rc = ask(
		    db->handle, "SELECT count(*) FROM sqlite_schema", &objects);
	sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	if (id.number == 0 && version.number == 0 && objects.number == 0)
		return db->read_only ? refuse(db, err, "empty") : SQLITE_OK;
	if (id.number != APPLICATION_ID)
		return refuse(db, err, "a database, but none of Postern");
	if (version.number > SCHEMA_VERSION)
		return refuse(db, err, "written by a newer Postern");
	if (version.number < 1)
		return SQLITE_CORRUPT;
	if (db->read_only && version.number < SCHEMA_VERSION)
		return refuse(db, err, "written by an older Postern");
	return SQLITE_OK;
}

/*
 * WAL with synchronous FULL: each commit is synced to the log before it
 * returns, and a reader never stands in the writer's way.
 */
static int
make_durable(struct database *db, struct err *err)
{
	struct answer mode = {0};
	int rc;

	if (db->read_only)
		return SQLITE_OK;
	/* the system lets us write: it is the header that forbids it */
	if (sqlite3_db_readonly(db->handle, "main") != 0)
		return SQLITE_CORRUPT;
	rc = ask(db->handle, "PRAGMA journal_mode = WAL", &mode);
	if (rc == SQLITE_OK && strcmp(mode.word, "wal") != 0)
		return refuse(db, err, "no write-ahead log is possible there");
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_exec(db->handle,
	    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;"
	    "PRAGMA journal_size_limit = 8388608",
	    NULL, NULL, NULL);
}

/* Inside a transaction. */
static int
run_migrations(sqlite3 *handle)
{
	struct answer version = {0};
	char stamp[96];
	int rc = ask(handle, "PRAGMA user_version", &version);

	for (sqlite3_int64 i = version.number;
	     rc == SQLITE_OK && i < SCHEMA_VERSION; i++)
		rc = sqlite3_exec(handle, migrations[i], NULL, NULL, NULL);
	snprintf(stamp, sizeof(stamp),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    APPLICATION_ID, SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, stamp, NULL, NULL, NULL);
	return rc;
}

static int
migrate(struct database *db, struct err *err)
{
	struct answer version = {0};
	int rc;

	(void)err;
	if (db->read_only)
		return SQLITE_OK;
	rc = ask(db->handle, "PRAGMA user_version", &version);
	if (rc != SQLITE_OK || version.number == SCHEMA_VERSION)
		return rc;
	rc = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = run_migrations(db->handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* Its tables and all else as one text, but for the statistics of ANALYZE. */
static int
schema_text(sqlite3 *handle, char **out)
{
	static const char sql[] =
	    "SELECT group_concat(type || ' ' || name || ' ' || tbl_name ||"
	    " ' ' || coalesce(sql, ''), ';') FROM (SELECT * FROM sqlite_schema"
	    " WHERE name NOT GLOB 'sqlite_stat[0-9]' ORDER BY name)";
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	const char *text;

	if (rc != SQLITE_OK)
		return rc;
	rc = step(stmt);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		*out = xstrdup(text == NULL ? "" : text);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/*
 * The schema is what the migrations make, letter by letter: a table that is
 * really a view, a trigger, an index of costly expressions are not used.
 */
static int
check_schema(struct database *db, struct err *err)
{
	sqlite3 *model = NULL;
	char *wanted = NULL, *found = NULL;
	int rc = sqlite3_open_v2(":memory:", &model,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	(void)err;
	if (rc == SQLITE_OK)
		rc = run_migrations(model);
	if (rc == SQLITE_OK)
		rc = schema_text(model, &wanted);
	if (rc == SQLITE_OK)
		rc = schema_text(db->handle, &found);
	if (rc == SQLITE_OK && strcmp(wanted, found) != 0)
		rc = SQLITE_CORRUPT;
	sqlite3_close(model);
	free(wanted);
	free(found);
	return rc;
}

/* A reader is not to take that long; what it reads is looked at anyway. */
static int
check_pages(struct database *db, struct err *err)
{
	struct answer pages = {0}, size = {0}, found = {0};
	int rc;

	(void)err;
	if (db->read_only)
		return SQLITE_OK;
	rc = ask(db->handle, "PRAGMA page_count", &pages);
	if (rc == SQLITE_OK)
		rc = ask(db->handle, "PRAGMA page_size", &size);
	if (rc != SQLITE_OK)
		return rc;
	if (!db->suspect && pages.number * size.number > MAX_CHECKED)
		return SQLITE_OK;
	rc = ask(db->handle,
	    db->suspect ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)",
	    &found);
	if (rc == SQLITE_OK && strcmp(found.word, "ok") != 0)
		rc = SQLITE_CORRUPT;
	/* That no key is too big is what each row is found by */
	if (rc == SQLITE_OK)
		rc = ask(db->handle,
		    "SELECT (SELECT count(*) FROM policy WHERE +domain > '') +"
		    " (SELECT count(*) FROM flip WHERE +domain > '')",
		    &found);
	if (rc == SQLITE_OK)
		db->suspect = false;
	return rc;
}

static int
prepare(struct database *db, struct err *err)
{
	int rc = SQLITE_OK;

	(void)err;
	for (int i = 0; i < STATEMENTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(db->handle, statements[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &db->prepared[i], NULL);
	look(db, "", &db->main);
	look(db, "-wal", &db->wal);
	return rc;
}

static int
attach(struct database *db, struct err *err)
{
	static int (*const steps[])(struct database *, struct err *) = {
	    survey,
	    open_handle,
	    harden,
	    identify,
	    make_durable,
	    migrate,
	    check_schema,
	    check_pages,
	    prepare,
	};
	int rc = SQLITE_OK;

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
detach(struct database *db, bool tidy)
{
	int rc;

	for (int i = 0; i < STATEMENTS; i++) {
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
connect_to(struct database *db, bool *renamed, struct err *err)
{
	int rc = attach(db, err);
	bool moved = false;
	int tries = 0;

	while (wait_if_torn(rc, &tries)) {
		detach(db, false);
		rc = attach(db, err);
	}
	if (is_damage(rc) && !db->read_only) {
		detach(db, false);
		if (set_aside(db, true, err) < 0)
			return -1;
		db->suspect = false;
		moved = true;
		rc = attach(db, err);
	}
	if (rc != SQLITE_OK) {
		if (rc != REFUSED)
			say(db, rc, err);
		detach(db, false);
		return -1;
	}
	*renamed = moved;
	return 0;
}

/* --- calls --- */

/*
 * The file is not where it was.  If it is only the log that is gone, its pages
 * are saved; if it is the file, its log is not to be taken for the next one's.
 */
static int
leave(struct database *db, struct err *err)
{
	struct stat main, wal;
	bool stray;

	look(db, "", &main);
	look(db, "-wal", &wal);
	stray = !is_same(&main, &db->main) && is_same(&wal, &db->wal);
	if (is_same(&main, &db->main))
		sqlite3_wal_checkpoint_v2(
		    db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	detach(db, false);
	return stray ? set_aside(db, false, err) : 0;
}

/* Ready for a call: open, and the file that the name leads to. */
static int
ready(struct database *db, struct err *err)
{
	bool replaced = db->handle != NULL && is_replaced(db);
	bool renamed = false;

	if (db->handle != NULL && !replaced && !is_written(db))
		return 0;
	if (db->read_only)
		detach(db, false);
	else if (replaced && leave(db, err) < 0)
		return -1;
	if (connect_to(db, &renamed, err) < 0)
		return -1;
	if (!db->read_only && (renamed || replaced))
		return err_set(err, ERR_LOCAL, "%s: %s", db->path,
		    renamed ? "damaged, moved aside; begun anew"
			    : "was deleted or replaced; opened again");
	return 0;
}

/* What follows a call that failed.  Where SQLite can go on after that, so does
 * the handle; else the next call opens another. */
static int
fail(struct database *db, int rc, struct err *err)
{
	say(db, rc, err);
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
		return -1;
	default:
		db->suspect = db->suspect || is_damage(rc);
		detach(db, false);
		return -1;
	}
}

/* The end of a call: rc is how it went, and the file must still be there. */
static int
conclude(struct database *db, int rc, struct err *err)
{
	if (rc != SQLITE_OK)
		return fail(db, rc, err);
	if (!db->read_only && is_replaced(db))
		return ready(db, err);
	if (is_written(db))
		return err_set(err, ERR_LOCAL,
		    "%s: written while it was read; try again", db->path);
	return 0;
}

static int
run(struct database *db, enum statement which)
{
	int rc = step(db->prepared[which]);

	release(db->prepared[which]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* One transaction: change, then evict so that limit rows stay, never domain. */
static int
commit(struct database *db, enum statement change, enum statement evict,
    const char *domain, int limit)
{
	int rc = run(db, BEGIN);

	if (rc != SQLITE_OK) {
		release(db->prepared[change]);
		return rc;
	}
	bind_text(db->prepared[evict], 1, domain);
	sqlite3_bind_int(db->prepared[evict], 2, limit);
	rc = run(db, change);
	if (rc == SQLITE_OK)
		rc = run(db, evict);
	if (rc == SQLITE_OK)
		rc = run(db, COMMIT);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db->handle))
		run(db, ROLLBACK);
	return rc;
}

/*
 * The row that GET is bound to: 1, 0 when there is none, -1 with err.  One that
 * breaks a limit has no domain.
 */
static int
find(struct database *db, struct store_policy *row, struct err *err)
{
	sqlite3_stmt *stmt = db->prepared[GET];
	int rc = step(stmt);
	bool found = rc == SQLITE_ROW || rc == SQLITE_TOOBIG;

	if (rc != SQLITE_ROW || !read_row(stmt, row)) {
		store_policy_fini(row);
		row->domain[0] = '\0';
	}
	release(stmt);
	if (found || rc == SQLITE_DONE)
		rc = SQLITE_OK;
	return conclude(db, rc, err) < 0 ? -1 : found;
}

/* Moves *key, NULL before the first, to the next domain, as it stands there. */
static int
move_on(struct database *db, sqlite3_value **key)
{
	sqlite3_stmt *stmt = db->prepared[NEXT];
	sqlite3_value *next = NULL;
	int rc;

	if (*key == NULL)
		bind_text(stmt, 1, "");
	else
		sqlite3_bind_value(stmt, 1, *key);
	rc = step(stmt);
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

struct store *
store_open(const char *path, bool read_only, bool *renamed, struct err *err)
{
	struct store *store = xcalloc(1, sizeof(*store));
	bool moved = false;

	assert(sqlite3_threadsafe());
	lock_init(&store->lock);
	store->db.path = xstrdup(path);
	store->db.read_only = read_only;
	if (connect_to(&store->db, &moved, err) < 0) {
		store_free(store);
		return NULL;
	}
	if (renamed != NULL)
		*renamed = moved;
	return store;
}

void
store_free(struct store *store)
{
	struct database *db;

	if (store == NULL)
		return;
	db = &store->db;
	detach(db, db->handle != NULL && !db->read_only && !is_replaced(db));
	free(db->path);
	free(db->file);
	lock_fini(&store->lock);
	free(store);
}

int
store_put_policy(
    struct store *store, const struct store_policy *policy, struct err *err)
{
	struct database *db = &store->db;
	const char *fault = fault_of(policy);
	int rc;

	if (fault != NULL)
		return err_set(err, ERR_DATA, "policy: wrong %s", fault);
	lock_take(&store->lock);
	rc = ready(db, err);
	if (rc == 0) {
		bind_policy(db->prepared[PUT], policy);
		rc = commit(db, PUT, EVICT_POLICIES, policy->domain,
		    LIMIT_CACHED_POLICIES);
		rc = conclude(db, rc, err);
	}
	lock_drop(&store->lock);
	return rc;
}

int
store_drop_policy(struct store *store, const char *domain, struct err *err)
{
	struct database *db = &store->db;
	int rc;

	if (!is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	rc = ready(db, err);
	if (rc == 0) {
		bind_text(db->prepared[DROP], 1, domain);
		rc = conclude(db, run(db, DROP), err);
	}
	lock_drop(&store->lock);
	return rc;
}

int
store_get_policy(struct store *store, const char *domain,
    struct store_policy *out, struct err *err)
{
	struct database *db = &store->db;
	struct store_policy row = {0};
	int found;

	if (!is_domain(domain))
		return bad_domain(err);
	lock_take(&store->lock);
	found = ready(db, err);
	if (found == 0) {
		bind_text(db->prepared[GET], 1, domain);
		found = find(db, &row, err);
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
next_row(struct store *store, sqlite3_value **key, struct store_policy *row,
    struct err *err)
{
	struct database *db = &store->db;
	int found;
	int rc;

	lock_take(&store->lock);
	found = ready(db, err);
	if (found == 0) {
		rc = move_on(db, key);
		if (rc == SQLITE_ROW) {
			sqlite3_bind_value(db->prepared[GET], 1, *key);
			/* one that went meanwhile is not the end */
			found = find(db, row, err) < 0 ? -1 : 1;
		} else {
			found = conclude(
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

		found = next_row(store, &key, &row, err);
		if (found == 1 && row.domain[0] != '\0') {
			each(arg, &row);
			count++;
		}
		store_policy_fini(&row);
	} while (found == 1);
	sqlite3_value_free(key);
	return found < 0 ? -1 : count;
}

/* The word noted last, "" if none or no word, and when. */
static int
last_flip(struct database *db, const char *domain, char word[RESULT_SIZE],
    time_t *noted)
{
	sqlite3_stmt *stmt = db->prepared[GET_FLIP];
	int rc;

	bind_text(stmt, 1, domain);
	rc = step(stmt);
	if (rc != SQLITE_ROW || !read_text(stmt, 0, word, RESULT_SIZE) ||
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
flip(struct database *db, const char *domain, const char *result, time_t now,
    char word[RESULT_SIZE])
{
	sqlite3_stmt *stmt = db->prepared[FLIP];
	time_t noted = 0;
	int rc = last_flip(db, domain, word, &noted);

	if (rc != SQLITE_OK ||
	    (strcmp(word, result) == 0 && now - noted < DAY_S))
		return rc;
	bind_text(stmt, 1, domain);
	bind_text(stmt, 2, result);
	sqlite3_bind_int64(stmt, 3, now);
	return commit(db, FLIP, EVICT_FLIPS, domain, LIMIT_CACHED_VERDICTS);
}

int
store_flip(struct store *store, const char *domain, const char *result,
    time_t now, char *old, size_t size, struct err *err)
{
	struct database *db = &store->db;
	char word[RESULT_SIZE] = "";
	int rc;

	if (!is_domain(domain))
		return bad_domain(err);
	if (!is_result(result) || !is_time(now))
		return err_set(err, ERR_DATA, "not a result and its time");
	lock_take(&store->lock);
	rc = ready(db, err);
	if (rc == 0)
		rc = conclude(db, flip(db, domain, result, now, word), err);
	lock_drop(&store->lock);
	if (rc < 0 || word[0] == '\0' || strcmp(word, result) == 0)
		return rc;
	text_copy(old, size, word);
	return 1;
}

const char *
store_library(void)
{
	return sqlite3_libversion();
}
