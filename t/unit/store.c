/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/pool.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum {
	T0 = 1700000000,
	KILLS = 50,
	NOBODY = 65534,
};

/* In a child cmocka cannot say what is wrong. */
#define CHECK(condition)                                                     \
	do {                                                                 \
		if (!(condition)) {                                          \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, \
			    #condition);                                     \
			_exit(1);                                            \
		}                                                            \
	} while (0)

/* In front of the C library: what SQLite calls to have its writes on disk. */
static _Atomic unsigned syncs;
static _Atomic bool sync_fails;

static int
count_sync(int fd, long number)
{
	syncs++;
	if (sync_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(number, fd);
}

int
fsync(int fd)
{
	return count_sync(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return count_sync(fd, SYS_fdatasync);
}

/* Each test has a directory of its own, and there: */
static char dir[64];
static char path[128];

static const char *
beside(const char *suffix)
{
	static char name[sizeof(path) + 64];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return name;
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/postern-store-XXXXXX");
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/state.db", dir);
	return 0;
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static int
teardown(void **state)
{
	(void)state;
	chmod(dir, 0755);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

/* The files of the directory that have part in their names. */
static void
find_files(const char *part, glob_t *found)
{
	char pattern[sizeof(dir) + 64];

	snprintf(pattern, sizeof(pattern), "%s/*%s*", dir, part);
	memset(found, 0, sizeof(*found));
	glob(pattern, 0, NULL, found);
}

static int
files_with(const char *part)
{
	glob_t found;
	int count;

	find_files(part, &found);
	count = (int)found.gl_pathc;
	globfree(&found);
	return count;
}

static struct store *
open_store(void)
{
	struct err err = {.text = ""};
	bool renamed = true;
	struct store *store = store_open(path, false, &renamed, &err);

	if (store == NULL)
		fail_msg("%s", err.text);
	assert_false(renamed);
	return store;
}

/* A policy whose body is number, and filler to length octets. */
static struct store_policy
policy_of(const char *domain, unsigned number, size_t length)
{
	struct store_policy policy = {
	    .fetched_s = T0 + number,
	    .expires_s = T0 + number + 86400,
	    .length = length,
	    .body = xmalloc(length + 1),
	};

	snprintf(policy.domain, sizeof(policy.domain), "%s", domain);
	snprintf(policy.id, sizeof(policy.id), "%u", number);
	memset(policy.body, 'x', length);
	policy.body[length] = '\0';
	if (length >= 16) {
		snprintf(policy.body, 16, "%015u", number);
		policy.body[15] = '\n';
	}
	return policy;
}

static int
put_sized(struct store *store, const char *domain, unsigned number,
    size_t length, struct err *err)
{
	struct store_policy policy = policy_of(domain, number, length);
	int rc = store_put_policy(store, &policy, err);

	store_policy_fini(&policy);
	return rc;
}

static int
put(struct store *store, const char *domain, unsigned number)
{
	return put_sized(store, domain, number, 64, NULL);
}

/* The number last put, 0 if it is unknown, -1 on failure. */
static int64_t
get(struct store *store, const char *domain)
{
	struct store_policy found = {0};
	int rc = store_get_policy(store, domain, &found, NULL);
	int64_t number = rc;

	if (rc == 1) {
		number = found.fetched_s - T0;
		if (strcmp(found.domain, domain) != 0 ||
		    strtol(found.id, NULL, 10) != number ||
		    (found.body != NULL &&
			strtol(found.body, NULL, 10) != number))
			number = -2;
		store_policy_fini(&found);
	}
	return number;
}

/* Another's hand in the file; true when it could. */
static bool
sql(const char *text)
{
	sqlite3 *db;
	bool ok = sqlite3_open(path, &db) == SQLITE_OK &&
		  sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;

	if (!ok)
		printf("# sqlite: %s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return ok;
}

static char *
ask(const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char *answer = NULL;

	if (sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK) {
		if (sqlite3_step(stmt) == SQLITE_ROW)
			answer =
			    xstrdup((const char *)sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	return answer == NULL ? xstrdup("error") : answer;
}

static void
assert_answer(const char *text, const char *wanted)
{
	char *answer = ask(text);

	assert_string_equal(answer, wanted);
	free(answer);
}

static void
overwrite(const char *name, off_t at, const char *octets, size_t length)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, octets, length, at), length);
	close(fd);
}

static void
assert_child(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static pid_t
fork_test(void)
{
	fflush(NULL);
	return fork();
}

/* Root may do everything; the tests of what one may not do are for others. */
static void
drop_root(void)
{
	if (geteuid() != 0)
		return;
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

/* --- what it keeps --- */

static void
what_is_put_is_got(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct store_policy policy = policy_of("example.com", 7, 64);
	struct store_policy found = {0};

	(void)state;
	snprintf(policy.failed_id, sizeof(policy.failed_id), "8a");
	policy.failed_s = T0 + 9;
	policy.failed_how = POLICY_WEBPKI_INVALID;
	snprintf(
	    policy.failed_detail, sizeof(policy.failed_detail), "no_such_name");
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 0);
	assert_int_equal(store_put_policy(store, &policy, NULL), 0);
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 1);
	assert_string_equal(found.domain, "example.com");
	assert_string_equal(found.id, "7");
	assert_int_equal(found.length, 64);
	assert_string_equal(found.body, policy.body);
	assert_int_equal(found.fetched_s, T0 + 7);
	assert_int_equal(found.expires_s, T0 + 7 + 86400);
	assert_string_equal(found.failed_id, "8a");
	assert_int_equal(found.failed_s, T0 + 9);
	assert_int_equal(found.failed_how, POLICY_WEBPKI_INVALID);
	assert_string_equal(found.failed_detail, "no_such_name");
	store_policy_fini(&found);
	store_policy_fini(&policy);
}

static void
a_failure_alone_is_kept_without_a_body(void **state)
{
	struct store_policy policy = {
	    .domain = "example.com",
	    .failed_id = "1",
	    .failed_s = T0,
	    .failed_how = POLICY_INVALID,
	};
	AUTO(store) struct store *store = open_store();
	struct store_policy found = {.body = (char *)dir};

	(void)state;
	assert_int_equal(store_put_policy(store, &policy, NULL), 0);
	assert_int_equal(
	    store_get_policy(store, "example.com", &found, NULL), 1);
	assert_null(found.body);
	assert_int_equal(found.length, 0);
	assert_string_equal(found.id, "");
	assert_int_equal(found.failed_how, POLICY_INVALID);
}

static void
a_second_put_replaces_and_a_drop_forgets(void **state)
{
	AUTO(store) struct store *store = open_store();

	(void)state;
	assert_int_equal(put(store, "example.com", 1), 0);
	assert_int_equal(put(store, "example.com", 2), 0);
	assert_int_equal(get(store, "example.com"), 2);
	assert_int_equal(store_drop_policy(store, "example.com", NULL), 1);
	assert_int_equal(get(store, "example.com"), 0);
	assert_int_equal(store_drop_policy(store, "example.com", NULL), 0);
}

static void
all_can_be_dropped_at_once(void **state)
{
	AUTO(store) struct store *store = open_store();

	(void)state;
	assert_int_equal(put(store, "a.example", 1), 0);
	assert_int_equal(put(store, "b.example", 2), 0);
	assert_int_equal(store_drop_policy(store, NULL, NULL), 2);
	assert_int_equal(get(store, "a.example"), 0);
	assert_int_equal(store_drop_policy(store, NULL, NULL), 0);
	assert_int_equal(put(store, "c.example", 3), 0);
	assert_int_equal(get(store, "c.example"), 3);
}

/* "DOMAIN=ID" of the row behind a domain, "" at the end */
static const char *
next_to(struct store *store, const char *after)
{
	static char text[LIMIT_DOMAIN_SIZE + LIMIT_STS_ID + 2];
	struct store_policy row;
	int found = store_next_policy(store, after, &row, NULL);

	assert_true(found >= 0);
	text[0] = '\0';
	if (found == 1) {
		snprintf(text, sizeof(text), "%s=%s", row.domain, row.id);
		store_policy_fini(&row);
	}
	return text;
}

static void
rows_are_walked_by_domain(void **state)
{
	AUTO(store) struct store *store = open_store();

	(void)state;
	assert_string_equal(next_to(store, ""), "");
	assert_int_equal(put(store, "b.example", 2), 0);
	assert_int_equal(put(store, "a.example", 1), 0);
	assert_string_equal(next_to(store, ""), "a.example=1");
	assert_string_equal(next_to(store, "a.example"), "b.example=2");
	assert_string_equal(next_to(store, "aa.example"), "b.example=2");
	assert_string_equal(next_to(store, "b.example"), "");
}

/* What each row of store_each_policy is told. */
struct listing {
	struct store *store; /* put to, when not NULL */
	char text[512];
};

static void
list_row(void *arg, const struct store_policy *row)
{
	struct listing *listing = arg;
	size_t used = strlen(listing->text);

	snprintf(listing->text + used, sizeof(listing->text) - used, "%s%s=%s",
	    used == 0 ? "" : " ", row->domain, row->id);
	if (listing->store != NULL)
		assert_int_equal(
		    store_drop_policy(listing->store, row->domain, NULL), 1);
}

static void
assert_listing(struct store *store, int count, const char *text)
{
	struct listing listing = {.text = ""};
	struct err err = {.text = ""};
	int rc = store_each_policy(store, list_row, &listing, &err);

	assert_string_equal(err.text, "");
	assert_string_equal(listing.text, text);
	assert_int_equal(rc, count);
}

static void
each_goes_by_domain_and_may_call_the_store(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct listing listing = {.store = store};

	(void)state;
	assert_listing(store, 0, "");
	assert_int_equal(put(store, "b.example", 2), 0);
	assert_int_equal(put(store, "a.example", 1), 0);
	assert_int_equal(put(store, "c.example", 3), 0);
	assert_listing(store, 3, "a.example=1 b.example=2 c.example=3");
	assert_int_equal(store_each_policy(store, list_row, &listing, NULL), 3);
	assert_listing(store, 0, "");
}

static void
a_flip_is_said_once(void **state)
{
	AUTO(store) struct store *store = open_store();
	char old[STORE_RESULT_SIZE] = "none";

	(void)state;
#define FLIP(result, now) \
	store_flip(store, "example.com", (result), (now), old, NULL)
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("pass", T0 + 1), 0);
	assert_string_equal(old, "none");
	assert_int_equal(FLIP("fail", T0 + 2), 1);
	assert_string_equal(old, "pass");
	assert_int_equal(FLIP("fail", T0 + 3), 0);
	store_free(store);
	store = open_store();
	assert_int_equal(FLIP("fail", T0 + 4), 0);
	assert_int_equal(FLIP("softfail", T0 + 5), 1);
	assert_string_equal(old, "fail");
	assert_int_equal(
	    store_flip(store, "other.example", "fail", T0, old, NULL), 0);
	assert_int_equal(
	    store_flip(store, "other.example", "pass", T0, old, NULL), 1);
	assert_string_equal(old, "fail");
}

static void
the_same_result_is_noted_again_after_a_day(void **state)
{
	AUTO(store) struct store *store = open_store();
	char old[32];

	(void)state;
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("pass", T0 + 86399), 0);
	assert_answer("SELECT noted FROM flip", "1700000000");
	assert_int_equal(FLIP("pass", T0 + 86400), 0);
	assert_answer("SELECT noted FROM flip", "1700086400");
}

static void
what_breaks_a_limit_is_not_put(void **state)
{
	AUTO(store) struct store *store = open_store();
	char old[32];
	static const struct {
		const char *id;
		struct store_policy policy;
	} rows[] = {
	    {"no domain", {.domain = ""}},
	    {"upper case", {.domain = "Example.com"}},
	    {"final dot", {.domain = "example.com."}},
	    {"not a name", {.domain = "a b"}},
	    {"id", {.domain = "a.example", .id = "a-b"}},
	    {"failed id", {.domain = "a.example", .failed_id = "\n"}},
	    {"no body", {.domain = "a.example", .length = 1}},
	    {"time", {.domain = "a.example", .fetched_s = -1}},
	    {"far", {.domain = "a.example", .failed_s = 253402300800}},
	    {"max_age", {.domain = "a.example", .expires_s = 31557601}},
	    {"how", {.domain = "a.example", .failed_how = 77}},
	    {"detail", {.domain = "a.example", .failed_detail = "\033[1m"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.kind = ERR_TEMP};

		ROW(rows[i].id,
		    store_put_policy(store, &rows[i].policy, &err) == -1);
		ROW(rows[i].id, err.kind == ERR_DATA);
	}
	assert_int_equal(
	    put_sized(store, "a.example", 1, LIMIT_STS_BODY + 1, NULL), -1);
	assert_int_equal(
	    put_sized(store, "a.example", 1, LIMIT_STS_BODY, NULL), 0);
	assert_int_equal(get(store, "a.example"), 1);
	assert_int_equal(store_drop_policy(store, "a..example", NULL), -1);
	assert_int_equal(get(store, "A.example"), -1);
	assert_int_equal(FLIP("", T0), -1);
	assert_int_equal(FLIP("two words", T0), -1);
	assert_int_equal(FLIP("pass", -1), -1);
}

/* As SQL has them. */
#define VERDICTS "100000"
#define POLICIES "20000"
static_assert(LIMIT_CACHED_VERDICTS == 100000 && LIMIT_CACHED_POLICIES == 20000,
    "the limits are others");

/* The store is full but for three: the strangers' policies hold for a year. */
static void
fill_with_strangers(void)
{
	assert_true(
	    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < " POLICIES " - 3) INSERT INTO policy SELECT"
		" 'd' || i || '.example', '2', x'61', 1700000002, 1731557602,"
		" '', 0, '', '', 1, 1700000002 FROM n"));
}

static void
what_is_used_least_goes_when_there_is_too_much(void **state)
{
	static const char *const goes[] = {
	    "failed.example", "long-ago.example", "new1.example"};
	struct store_policy failed = {
	    .domain = "failed.example", .failed_s = T0, .used_s = T0 + 9};
	struct store_policy used = policy_of("used.example", 7, 64);
	AUTO(store) struct store *store = open_store();
	struct store_policy gone;
	char name[32];

	(void)state;
	fill_with_strangers();
	used.again = true;
	used.used_s = T0 - 9;
	assert_int_equal(store_put_policy(store, &used, NULL), 0);
	store_policy_fini(&used);
	assert_int_equal(put(store, "long-ago.example", 1), 0);
	assert_int_equal(store_put_policy(store, &failed, NULL), 0);
	for (unsigned i = 0; i < COUNT(goes); i++) {
		snprintf(name, sizeof(name), "new%u.example", i + 1);
		assert_int_equal(put(store, name, i + 10), 0);
		assert_answer("SELECT count(*) FROM policy", POLICIES);
		ROW(goes[i],
		    store_get_policy(store, goes[i], &gone, NULL) == 0);
	}
	assert_int_equal(get(store, "used.example"), 7);
	assert_int_equal(get(store, "new3.example"), 12);
}

static void
what_was_noted_longest_ago_goes_when_there_is_too_much(void **state)
{
	AUTO(store) struct store *store = open_store();
	char old[32];

	(void)state;
	assert_true(
	    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < " VERDICTS ") INSERT INTO flip SELECT"
		" 'd' || i || '.example', 'pass', 1700000001 + (i > 1)"
		" FROM n"));
	assert_int_equal(
	    store_flip(store, "a.example", "pass", T0, old, NULL), 0);
	assert_answer("SELECT count(*) FROM flip", VERDICTS);
	assert_answer("SELECT count(*) FROM flip WHERE domain IN"
		      " ('a.example', 'd1.example')",
	    "1");
	assert_answer(
	    "SELECT count(*) FROM flip WHERE domain = 'a.example'", "1");
}

/* Else it would never be written again, and never go. */
static void
what_a_clock_that_was_ahead_noted_counts_as_of_now(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct store_policy ahead = policy_of("ahead.example", 1, 64);
	char old[32];

	(void)state;
	assert_int_equal(
	    store_flip(store, "a.example", "pass", T0 + 99999999, old, NULL),
	    0);
	assert_int_equal(
	    store_flip(store, "b.example", "pass", T0 + 99999999, old, NULL),
	    0);
	assert_int_equal(
	    store_flip(store, "a.example", "pass", T0, old, NULL), 0);
	assert_answer(
	    "SELECT count(*) FROM flip WHERE noted = 1700000000", "2");
	ahead.used_s = 33333333333;
	assert_int_equal(store_put_policy(store, &ahead, NULL), 0);
	store_policy_fini(&ahead);
	assert_answer(
	    "SELECT count(*) FROM policy WHERE used = 33333333333", "0");
}

static void
what_an_older_version_left_is_read_and_counts_as_used(void **state)
{
	struct store_policy found;
	AUTO(store) struct store *store = NULL;

	(void)state;
	assert_true(sql(
	    "CREATE TABLE policy ("
	    " domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, body BLOB,"
	    " fetched INTEGER NOT NULL, expires INTEGER NOT NULL,"
	    " failed_id TEXT NOT NULL, failed INTEGER NOT NULL,"
	    " failed_how TEXT NOT NULL, failed_detail TEXT NOT NULL) STRICT;"
	    "CREATE INDEX policy_expires ON policy (expires);"
	    "CREATE TABLE flip ("
	    " domain TEXT PRIMARY KEY NOT NULL, result TEXT NOT NULL,"
	    " noted INTEGER NOT NULL) STRICT;"
	    "CREATE INDEX flip_noted ON flip (noted);"
	    "INSERT INTO policy VALUES ('a.example', '1', x'61', 1700000000,"
	    " 1700000099, '', 0, '', '');"
	    "INSERT INTO policy VALUES ('b.example', '', NULL, 0, 0, '2',"
	    " 1700000000, 'fetch-error', 'x');"
	    "PRAGMA application_id = 1349743730; PRAGMA user_version = 1"));
	store = open_store();
	assert_int_equal(store_get_policy(store, "a.example", &found, NULL), 1);
	assert_string_equal(found.body, "a");
	assert_true(found.again);
	assert_int_equal(found.used_s, 1700000000);
	store_policy_fini(&found);
	assert_int_equal(store_get_policy(store, "b.example", &found, NULL), 1);
	assert_null(found.body);
	assert_false(found.again);
	assert_answer("PRAGMA user_version", "2");
}

/* --- what it survives --- */

static void
it_survives_being_opened_again(void **state)
{
	struct store *store = open_store();

	(void)state;
	assert_int_equal(put(store, "example.com", 5), 0);
	assert_int_equal(put(store, "gone.example", 6), 0);
	assert_int_equal(store_drop_policy(store, "gone.example", NULL), 1);
	store_free(store);
	assert_false(is_there(beside("-wal")));
	store = open_store();
	assert_listing(store, 1, "example.com=5");
	store_free(store);
	assert_answer("PRAGMA application_id", "1349743730");
	assert_answer("PRAGMA user_version", "2");
}

static void
the_file_has_the_mode_of_the_umask(void **state)
{
	static const struct {
		const char *id;
		mode_t umask, mode;
	} rows[] = {{"077", 077, 0600}, {"027", 027, 0640}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		mode_t before = umask(rows[i].umask);
		struct store *store = open_store();
		struct stat st;

		umask(before);
		assert_int_equal(put(store, "example.com", 1), 0);
		assert_int_equal(stat(path, &st), 0);
		ROW(rows[i].id, (st.st_mode & 0777) == rows[i].mode);
		assert_int_equal(stat(beside("-wal"), &st), 0);
		ROW(rows[i].id, (st.st_mode & 0777) == rows[i].mode);
		store_free(store);
		assert_int_equal(unlink(path), 0);
	}
}

/*
 * Puts until it is killed, and tells each that returned 0: the numbers go on
 * from first, over forty domains.
 */
static void
write_until_killed(int to, uint32_t first)
{
	struct store *store = store_open(path, false, NULL, NULL);
	char domain[32];

	CHECK(store != NULL);
	for (uint32_t n = first;; n++) {
		snprintf(domain, sizeof(domain), "d%u.example", n % 40);
		CHECK(
		    put_sized(store, domain, n, 64 + n % 7 * 3000, NULL) == 0);
		CHECK(write(to, &n, sizeof(n)) == sizeof(n));
	}
}

/* Reads what is told, kills after so many, and returns the last that was. */
static uint32_t
kill_after(pid_t pid, int from, unsigned count, unsigned more_us)
{
	uint32_t last = 0, n;

	while (count-- > 0 && read(from, &n, sizeof(n)) == sizeof(n))
		last = n;
	usleep(more_us);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while (read(from, &n, sizeof(n)) == sizeof(n))
		last = n;
	return last;
}

static void
assert_all_there(const uint32_t told[40], int round)
{
	AUTO(store) struct store *store = open_store();
	char domain[32];

	for (unsigned d = 0; d < 40; d++) {
		int64_t found;

		snprintf(domain, sizeof(domain), "d%u.example", d);
		found = get(store, domain);
		/* one more than was told may be there, the last */
		if (found != told[d] &&
		    (found < (int64_t)told[d] || found % 40 != d))
			fail_msg("round %d: %s: %lld, told %u", round, domain,
			    (long long)found, told[d]);
	}
}

static void
nothing_told_is_lost_by_kill_9(void **state)
{
	uint32_t told[40] = {0};
	uint32_t last = 0;
	unsigned seed = 4;

	(void)state;
	for (int round = 0; round < KILLS; round++) {
		uint32_t first = last + 1;
		uint32_t now;
		int ends[2];
		pid_t pid;

		/* some are killed while they make it */
		if (round % 10 == 0) {
			memset(told, 0, sizeof(told));
			unlink(path);
			unlink(beside("-wal"));
			unlink(beside("-shm"));
			unlink(beside("-journal"));
		}
		assert_int_equal(pipe(ends), 0);
		pid = fork_test();
		if (pid == 0) {
			close(ends[0]);
			write_until_killed(ends[1], first);
		}
		close(ends[1]);
		now = kill_after(pid, ends[0], (unsigned)(round % 10) * 3,
		    (unsigned)rand_r(&seed) % 8000);
		close(ends[0]);
		for (uint32_t n = first; n <= now; n++)
			told[n % 40] = n;
		/* one that was put but not told is not to be put again */
		last = now > last ? now + 1 : last + 1;
		assert_all_there(told, round);
		assert_answer("PRAGMA integrity_check", "ok");
	}
	assert_int_equal(files_with("damaged"), 0);
}

static void
each_put_is_synced(void **state)
{
	AUTO(store) struct store *store = open_store();

	(void)state;
	for (unsigned i = 1; i < 10; i++) {
		unsigned before = syncs;

		assert_int_equal(put(store, "a.example", i), 0);
		assert_true(syncs > before);
		before = syncs;
		assert_int_equal(
		    store_drop_policy(store, "a.example", NULL), 1);
		assert_true(syncs > before);
	}
}

static void
a_sync_that_fails_is_said(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct err err = {.kind = ERR_TEMP};
	int64_t found;

	(void)state;
	assert_int_equal(put(store, "a.example", 1), 0);
	sync_fails = true;
	assert_int_equal(put_sized(store, "a.example", 2, 64, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(put_sized(store, "a.example", 2, 64, &err), -1);
	sync_fails = false;
	found = get(store, "a.example");
	assert_in_range(found, 1, 2);
	assert_int_equal(put(store, "a.example", 3), 0);
	assert_int_equal(get(store, "a.example"), 3);
	assert_int_equal(files_with("damaged"), 0);
}

/* --- damage --- */

static void
fill_sized(unsigned count, size_t length)
{
	struct store *store = open_store();
	char domain[32];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		assert_int_equal(put_sized(store, domain, i, length, NULL), 0);
	}
	store_free(store);
}

static void
fill(unsigned count)
{
	fill_sized(count, 64);
}

static void
truncate_to(off_t size)
{
	assert_int_equal(truncate(path, size), 0);
}

static void
garble_header(void)
{
	overwrite(path, 0, "garbage, garbage", 16);
}

static void
truncate_middle(void)
{
	truncate_to(3 * 4096);
}

static void
truncate_odd(void)
{
	truncate_to(4096 + 77);
}

static void
garble_page(void)
{
	char noise[4096];

	memset(noise, 0xa5, sizeof(noise));
	overwrite(path, 4096, noise, sizeof(noise));
}

static void
garble_schema(void)
{
	assert_true(sql("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET"
			" sql = 'CREATE TABLE' WHERE name = 'policy'"));
}

static void
add_trigger(void)
{
	assert_true(sql("CREATE TRIGGER t AFTER INSERT ON policy BEGIN"
			" DELETE FROM policy; END"));
}

static void
view_for_table(void)
{
	assert_true(sql("DROP TABLE flip; CREATE VIEW flip AS SELECT 'a' AS"
			" domain, 'pass' AS result, 1 AS noted"));
}

static void
version_below_all(void)
{
	assert_true(sql("PRAGMA user_version = -3"));
}

static void
huge_key(void)
{
	assert_true(sql("INSERT INTO policy VALUES (hex(zeroblob(1000000)),"
			" '1', x'61', 1, 2, '', 0, '', '', 1, 1)"));
}

static void
log_without_its_file(void)
{
	truncate_to(0);
	overwrite(beside("-wal"), 0, "log", 3);
}

/* As a command that lists; -1 when it cannot open or read. */
static int
read_all(struct err *err)
{
	AUTO(store) struct store *store = store_open(path, true, NULL, err);
	struct listing listing = {.text = ""};

	if (store == NULL)
		return -1;
	return store_each_policy(store, list_row, &listing, err);
}

static void
what_is_damaged_is_moved_aside(void **state)
{
	static const struct {
		const char *id;
		void (*damage)(void);
	} rows[] = {
	    {"header", garble_header},
	    {"truncated", truncate_middle},
	    {"truncated within a page", truncate_odd},
	    {"page", garble_page},
	    {"schema", garble_schema},
	    {"trigger", add_trigger},
	    {"view", view_for_table},
	    {"version", version_below_all},
	    {"huge key", huge_key},
	    {"log only", log_without_its_file},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.text = ""};
		bool renamed = false;
		struct store *store;

		fill(300);
		rows[i].damage();
		ROW(rows[i].id, read_all(&err) < 0);
		ROW(rows[i].id, err.kind == ERR_LOCAL);
		ROW(rows[i].id, files_with("damaged") == 0);
		store = store_open(path, false, &renamed, &err);
		ROW(rows[i].id, store != NULL);
		ROW(rows[i].id, renamed);
		ROW(rows[i].id, files_with("state.db.damaged-") > 0);
		ROW(rows[i].id, get(store, "d1.example") == 0);
		ROW(rows[i].id, put(store, "d1.example", 9) == 0);
		store_free(store);
		store = open_store();
		ROW(rows[i].id, get(store, "d1.example") == 9);
		store_free(store);
		teardown(state);
		setup(state);
	}
}

static void
assert_content(const char *name, const char *wanted)
{
	char content[64] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, content, sizeof(content) - 1) >= 0);
	close(fd);
	assert_string_equal(content, wanted);
}

static void
what_is_moved_aside_is_kept_as_it_was(void **state)
{
	static const char text[] = "this is no database but a text";
	glob_t found;

	(void)state;
	/* three in one second have three names, and keep their logs */
	for (int i = 0; i < 3; i++) {
		bool renamed = false;
		struct store *store;

		overwrite(path, 0, text, sizeof(text));
		overwrite(beside("-wal"), 0, "log", 3);
		store = store_open(path, false, &renamed, NULL);
		assert_non_null(store);
		assert_true(renamed);
		store_free(store);
		assert_int_equal(unlink(path), 0);
	}
	find_files("damaged-*-wal", &found);
	assert_int_equal(found.gl_pathc, 3);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		assert_content(found.gl_pathv[i], "log");
		*strrchr(found.gl_pathv[i], '-') = '\0';
		assert_content(found.gl_pathv[i], text);
	}
	globfree(&found);
}

/* Each octet of the header: a store, aside or not, or a reason; no crash. */
static void
no_octet_of_the_header_is_fatal(void **state)
{
	(void)state;
	for (off_t at = 0; at < 100; at++) {
		/* the schema's format, our version and our id */
		bool refused = (at >= 44 && at <= 47) ||
			       (at >= 60 && at <= 63) || (at >= 68 && at <= 71);
		struct err err = {.kind = ERR_LOCAL};
		struct store *store;

		fill(2);
		overwrite(path, at, "\x81", 1);
		store = store_open(path, true, NULL, NULL);
		if (store != NULL)
			get(store, "d1.example");
		store_free(store);
		store = store_open(path, false, NULL, &err);
		if (err.kind != ERR_LOCAL || (store == NULL && !refused) ||
		    (store != NULL && put(store, "d1.example", 3) < 0))
			fail_msg("octet %d: %s", (int)at, err.text);
		store_free(store);
		teardown(state);
		setup(state);
	}
}

static void
damage_at_work_is_found_and_moved_aside(void **state)
{
	AUTO(store) struct store *store = NULL;
	struct err err = {.text = ""};
	char noise[4096];

	(void)state;
	/* more than the pages that SQLite keeps in memory */
	fill_sized(80, 60000);
	store = open_store();
	memset(noise, 0xa5, sizeof(noise));
	for (off_t page = 1; page < 1000; page++)
		overwrite(path, page * 4096, noise, sizeof(noise));
	assert_int_equal(get(store, "d40.example"), -1);
	assert_int_equal(put_sized(store, "d1.example", 9, 64, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "moved aside"));
	assert_true(files_with("damaged") > 0);
	assert_int_equal(put(store, "d1.example", 10), 0);
	assert_int_equal(get(store, "d1.example"), 10);
}

/* An index without the entry of a row: only who changes the row can tell. */
static void
damage_that_a_put_finds_is_moved_aside_too(void **state)
{
	AUTO(store) struct store *store = NULL;
	struct err err = {.text = ""};
	char text[512];
	char *root;

	(void)state;
	fill(2);
	root = ask("SELECT rootpage FROM sqlite_schema"
		   " WHERE name = 'policy_used'");
	assert_true(sql("PRAGMA writable_schema = ON; DELETE FROM"
			" sqlite_schema WHERE name = 'policy_used'"));
	assert_true(sql("UPDATE policy SET used = 5"
			" WHERE domain = 'd1.example'"));
	snprintf(text, sizeof(text),
	    "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES"
	    " ('index', 'policy_used', 'policy', %s,"
	    " 'CREATE INDEX policy_used ON policy (use, used)')",
	    root);
	free(root);
	assert_true(sql(text));
	store = open_store();
	assert_int_equal(get(store, "d2.example"), 2);
	assert_int_equal(put(store, "d1.example", 3), -1);
	assert_int_equal(put_sized(store, "d1.example", 3, 64, &err), -1);
	assert_non_null(strstr(err.text, "moved aside"));
	assert_int_equal(put(store, "d1.example", 3), 0);
	assert_int_equal(get(store, "d2.example"), 0);
}

static void
assert_refused(const char *id, const char *why)
{
	for (int read_only = 0; read_only < 2; read_only++) {
		struct err err = {.kind = ERR_TEMP};
		bool renamed = false;

		ROW(id, store_open(path, read_only, &renamed, &err) == NULL);
		ROW(id, err.kind == ERR_LOCAL);
		if (strstr(err.text, why) == NULL)
			fail_msg("%s: %s", id, err.text);
		ROW(id, !renamed);
		ROW(id, files_with("damaged") == 0);
	}
}

static void
what_is_not_ours_is_left_alone(void **state)
{
	(void)state;
	fill(3);
	assert_true(sql("PRAGMA user_version = 3"));
	assert_refused("newer schema", "newer");
	assert_answer("SELECT count(*) FROM policy", "3");
	assert_true(sql("PRAGMA user_version = 2; PRAGMA application_id = 5"));
	assert_refused("another's id", "none of Postern");
	assert_answer("SELECT count(*) FROM policy", "3");
	teardown(state);
	setup(state);
	assert_true(sql("CREATE TABLE mine (a)"));
	assert_refused("another's table", "none of Postern");
	assert_answer("SELECT count(*) FROM sqlite_schema", "1");
	assert_answer("PRAGMA journal_mode", "delete");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused("directory", "not a regular file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused("fifo", "not a regular file");
	snprintf(path, sizeof(path), "%s/none/state.db", dir);
	assert_refused("no directory", "");
}

static void
a_name_means_nothing_but_a_file(void **state)
{
	static const char *const names[] = {
	    "state?mode=memory", "a%20b#c", ":memory:", "file:x", "\xc3\xa9 '"};
	char before[512];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(dir), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s", names[i]);
		fill(1);
		ROW(names[i], is_there(names[i]));
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fill(1);
	}
	assert_int_equal(chdir(before), 0);
	assert_int_equal(files_with(""), COUNT(names));
}

static void
rows_of_a_stranger_are_skipped(void **state)
{
	static const char *const rows[] = {
	    "'', '1', x'61', 1, 2, '', 0, '', ''",
	    "'UPPER.example', '1', x'61', 1, 2, '', 0, '', ''",
	    "'a b', '1', x'61', 1, 2, '', 0, '', ''",
	    "'n.example' || char(0), '1', x'61', 1, 2, '', 0, '', ''",
	    "'n.example' || char(0) || 'x', '1', x'61', 1, 2, '', 0, '', ''",
	    "replace(hex(zeroblob(127)), '00', 'a.'), '1', x'61', 1, 2, '', 0,"
	    " '', ''",
	    "hex(zeroblob(200000)), '1', x'61', 1, 2, '', 0, '', ''",
	    "'h.example', 'not an id', x'61', 1, 2, '', 0, '', ''",
	    "'h.example', hex(zeroblob(17)), x'61', 1, 2, '', 0, '', ''",
	    "'h.example', '1', zeroblob(3), 1, 2, '', 0, '', ''",
	    "'h.example', '1', cast(hex(zeroblob(32769)) as blob), 1, 2, '',"
	    " 0, '', ''",
	    "'h.example', '1', zeroblob(3000000), 1, 2, '', 0, '', ''",
	    "'h.example', hex(zeroblob(1000000)), x'61', 1, 2, '', 0, '', ''",
	    "'h.example', '1', x'61', -1, 2, '', 0, '', ''",
	    "'h.example', '1', x'61', 1, -2, '', 0, '', ''",
	    "'h.example', '1', x'61', 1, 2, '', -9223372036854775808, '', ''",
	    "'h.example', '1', x'61', 9223372036854775807, 2, '', 0, '', ''",
	    "'h.example', '1', x'61', 1, 31557602, '', 0, '', ''",
	    "'h.example', '1', x'61', 1, 2, '\n', 0, '', ''",
	    "'h.example', '1', x'61', 1, 2, '', 0, 'no such word', ''",
	    "'h.example', '1', x'61', 1, 2, '', 0, '', char(27) || '[1m'",
	    "'h.example', '1', x'61', 1, 2, '', 0, '', hex(zeroblob(61))",
	};
	char text[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store *store;
		struct listing listing = {.text = ""};

		fill(2);
		snprintf(text, sizeof(text),
		    "INSERT INTO policy VALUES (%s, 1, 1)", rows[i]);
		ROW(rows[i], sql(text));
		store = open_store();
		ROW(rows[i],
		    store_each_policy(store, list_row, &listing, NULL) == 2);
		ROW_TEXT(rows[i], listing.text, "d1.example=1 d2.example=2");
		ROW(rows[i], get(store, "h.example") == 0);
		ROW(rows[i], get(store, "n.example") == 0);
		ROW(rows[i], put(store, "h.example", 4) == 0);
		ROW(rows[i], get(store, "h.example") == 4);
		store_free(store);
		teardown(state);
		setup(state);
	}
}

static void
a_strangers_flip_is_as_none(void **state)
{
	AUTO(store) struct store *store = open_store();
	char old[STORE_RESULT_SIZE] = "none";

	(void)state;
	assert_int_equal(FLIP("pass", T0), 0);
	assert_true(sql("UPDATE flip SET result = char(27)"));
	assert_int_equal(FLIP("fail", T0), 0);
	assert_true(sql("UPDATE flip SET noted = -1"));
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("fail", T0), 1);
	assert_string_equal(old, "pass");
}

/* --- what is in the way --- */

/*
 * Puts large bodies until one fails, then, when there is room again, another:
 * nothing that was there has changed.
 */
static void
run_out_of_room(void (*fill_up)(void), void (*give_room)(void))
{
	struct store *store = store_open(path, false, NULL, NULL);
	struct err err = {.kind = ERR_TEMP};
	char domain[32], old[STORE_RESULT_SIZE];
	unsigned n = 0;

	CHECK(store != NULL);
	CHECK(put(store, "old.example", 7) == 0);
	fill_up();
	do
		snprintf(domain, sizeof(domain), "d%u.example", ++n);
	while (n < 200 && put_sized(store, domain, n, 60000, &err) == 0);
	printf("# full after %u: %s\n", n, err.text);
	CHECK(n < 200 && err.kind == ERR_LOCAL);
	for (int i = 0; i < 5; i++) {
		CHECK(put_sized(store, "old.example", 8, 60000, NULL) == -1);
		CHECK(
		    store_flip(store, "a.example", "pass", T0, old, NULL) <= 0);
	}
	give_room();
	CHECK(get(store, "old.example") == 7);
	CHECK(get(store, domain) == 0);
	CHECK(put_sized(store, "old.example", 9, 60000, &err) == 0);
	CHECK(put_sized(store, domain, n, 60000, &err) == 0);
	store_free(store);
	store = store_open(path, true, NULL, NULL);
	CHECK(store != NULL && get(store, "old.example") == 9);
	for (unsigned i = 1; i <= n; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		CHECK(get(store, domain) == i);
	}
	CHECK(files_with("damaged") == 0);
	store_free(store);
}

static void
limit_size(void)
{
	struct rlimit limit = {300000, RLIM_INFINITY};

	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void
lift_limit(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void
a_file_that_may_not_grow_loses_nothing(void **state)
{
	pid_t pid = fork_test();

	(void)state;
	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		run_out_of_room(limit_size, lift_limit);
		fflush(NULL);
		_exit(0);
	}
	assert_child(pid);
}

static void
put_filler(void)
{
	char name[sizeof(dir) + 16];
	char block[16384] = "";
	int fd;

	snprintf(name, sizeof(name), "%s/filler", dir);
	fd = open(name, O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	CHECK(errno == ENOSPC);
	CHECK(close(fd) == 0);
}

static void
take_filler(void)
{
	char name[sizeof(dir) + 16];

	snprintf(name, sizeof(name), "%s/filler", dir);
	CHECK(unlink(name) == 0);
}

/* False where this process may not mount. */
static bool
mount_small_disk(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", dir, "tmpfs", 0, "size=1m") == 0;
}

static void
a_full_disk_loses_nothing(void **state)
{
	pid_t pid = fork_test();

	(void)state;
	if (pid == 0) {
		struct err err;

		if (!mount_small_disk()) {
			printf("# no small tmpfs: not allowed to mount\n");
			fflush(NULL);
			_exit(0);
		}
		run_out_of_room(put_filler, take_filler);
		/* no room to begin with */
		snprintf(path, sizeof(path), "%s/other.db", dir);
		put_filler();
		CHECK(store_open(path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		take_filler();
		fill(3);
		fflush(NULL);
		_exit(0);
	}
	assert_child(pid);
}

static void
a_disk_that_turns_read_only_loses_nothing(void **state)
{
	pid_t pid = fork_test();

	(void)state;
	if (pid == 0) {
		struct store *store;
		struct err err = {.kind = ERR_TEMP};

		if (!mount_small_disk()) {
			printf("# no read-only disk: not allowed to mount\n");
			fflush(NULL);
			_exit(0);
		}
		fill(3);
		CHECK(mount("none", dir, "tmpfs", MS_REMOUNT | MS_RDONLY,
			  NULL) == 0);
		CHECK(store_open(path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		store = store_open(path, true, NULL, &err);
		CHECK(store != NULL && get(store, "d2.example") == 2);
		CHECK(put(store, "d2.example", 3) == -1);
		CHECK(get(store, "d2.example") == 2);
		CHECK(mount("none", dir, "tmpfs", MS_REMOUNT, NULL) == 0);
		CHECK(put(store, "d2.example", 3) == -1);
		store_free(store);
		fill(3);
		fflush(NULL);
		_exit(0);
	}
	assert_child(pid);
}

/* In directory and file of these modes, as one who is not their owner. */
static void
check_rights(mode_t dir_mode, mode_t file_mode, bool may_read)
{
	pid_t pid;

	assert_int_equal(chmod(path, file_mode), 0);
	assert_int_equal(chmod(dir, dir_mode), 0);
	pid = fork_test();
	if (pid == 0) {
		struct err err = {.kind = ERR_TEMP};
		struct store *store;

		drop_root();
		CHECK(store_open(path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		store = store_open(path, true, NULL, &err);
		CHECK((store != NULL) == may_read);
		CHECK(may_read || err.kind == ERR_LOCAL);
		if (may_read) {
			CHECK(get(store, "d2.example") == 2);
			CHECK(put_sized(store, "d2.example", 3, 9, &err) == -1);
			CHECK(err.kind == ERR_LOCAL);
			CHECK(get(store, "d2.example") == 2);
			store_free(store);
		}
		_exit(0);
	}
	assert_child(pid);
	assert_int_equal(chmod(dir, 0755), 0);
}

static void
who_may_only_read_reads(void **state)
{
	(void)state;
	fill(3);
	check_rights(0555, 0444, true);
	check_rights(0777, 0444, true);
	check_rights(0555, 0666, true);
	if (geteuid() == 0)
		check_rights(0755, 0600, false);
	assert_int_equal(files_with("state"), 1);
	fill(3);
}

/* --- readers --- */

static void
a_reader_makes_nothing(void **state)
{
	AUTO(store) struct store *store = NULL;
	struct err err = {.kind = ERR_TEMP};

	(void)state;
	assert_null(store_open(path, true, NULL, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(files_with("state"), 0);
	fill(2);
	store = store_open(path, true, NULL, NULL);
	assert_non_null(store);
	assert_listing(store, 2, "d1.example=1 d2.example=2");
	assert_int_equal(files_with("state"), 1);
	assert_int_equal(put_sized(store, "d1.example", 3, 16, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(store_drop_policy(store, "d1.example", NULL), -1);
	assert_listing(store, 2, "d1.example=1 d2.example=2");
}

static void
a_reader_without_locks_sees_that_a_writer_came(void **state)
{
	AUTO(store) struct store *reader = NULL;
	struct store *writer;

	(void)state;
	fill(2);
	reader = store_open(path, true, NULL, NULL);
	assert_non_null(reader);
	assert_int_equal(get(reader, "d1.example"), 1);
	writer = open_store();
	assert_int_equal(put(writer, "d1.example", 5), 0);
	assert_int_equal(get(reader, "d1.example"), 5);
	assert_int_equal(put(writer, "d1.example", 6), 0);
	assert_int_equal(get(reader, "d1.example"), 6);
	store_free(writer);
	assert_int_equal(get(reader, "d1.example"), 6);
}

/* Reads for as long as the writer lives: numbers never go back. */
static void
read_beside(int from, bool other_user)
{
	struct store *store;
	int64_t before = 0;
	char octet;
	int seen = 0;

	if (other_user)
		drop_root();
	CHECK(read(from, &octet, 1) == 1);
	CHECK(fcntl(from, F_SETFL, O_NONBLOCK) == 0);
	while (read(from, &octet, 1) != 0) {
		struct err err = {.text = ""};
		int64_t now;

		store = store_open(path, true, NULL, &err);
		if (store == NULL)
			fprintf(stderr, "# reader: %s\n", err.text);
		CHECK(store != NULL);
		for (int i = 0; i < 20; i++) {
			now = get(store, "a.example");
			CHECK(now >= before);
			seen += now > before;
			before = now;
		}
		store_free(store);
	}
	CHECK(seen > 0);
}

static void
readers_in_other_processes_read_beside_the_writer(void **state)
{
	AUTO(store) struct store *store = NULL;
	pid_t pids[2];
	int ends[2][2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(ends[i]), 0);
		pids[i] = fork_test();
		if (pids[i] == 0) {
			close(ends[0][1]);
			if (i == 1)
				close(ends[1][1]);
			read_beside(ends[i][0], i == 1);
			_exit(0);
		}
	}
	store = open_store();
	for (unsigned n = 1; n <= 400; n++) {
		assert_int_equal(
		    put_sized(store, "a.example", n, 16 + n * 50, NULL), 0);
		if (n == 1)
			for (int i = 0; i < 2; i++)
				assert_int_equal(write(ends[i][1], "", 1), 1);
	}
	for (int i = 0; i < 2; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
	assert_child(pids[0]);
	assert_child(pids[1]);
	assert_int_equal(get(store, "a.example"), 400);
}

static void
a_reader_reads_what_a_killed_writer_left(void **state)
{
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork_test();
	if (pid == 0) {
		close(ends[0]);
		write_until_killed(ends[1], 41);
	}
	close(ends[1]);
	assert_true(kill_after(pid, ends[0], 5, 0) >= 45);
	close(ends[0]);
	assert_true(is_there(beside("-wal")));
	assert_int_equal(chmod(dir, 0555), 0);
	pid = fork_test();
	if (pid == 0) {
		struct store *store;
		struct err err = {.text = ""};

		drop_root();
		store = store_open(path, true, NULL, &err);
		if (store == NULL)
			fprintf(stderr, "# %s\n", err.text);
		CHECK(store != NULL);
		CHECK(get(store, "d1.example") == 41);
		CHECK(get(store, "d4.example") == 44);
		store_free(store);
		_exit(0);
	}
	assert_child(pid);
}

/* --- changed under it --- */

static void
remove_all(void)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(beside("-wal")), 0);
	assert_int_equal(unlink(beside("-shm")), 0);
}

static void
remove_file(void)
{
	assert_int_equal(unlink(path), 0);
}

static void
remove_log(void)
{
	assert_int_equal(unlink(beside("-wal")), 0);
}

/* Another store, with d1.example=1 and d2.example=2, comes in its place. */
static void
replace_file(void)
{
	char other[sizeof(path)];

	memcpy(other, path, sizeof(path));
	snprintf(path, sizeof(path), "%s/new.db", dir);
	fill(2);
	assert_int_equal(rename(path, other), 0);
	memcpy(path, other, sizeof(path));
}

static void
a_file_that_is_gone_is_said_and_made_again(void **state)
{
	static const struct {
		const char *id;
		void (*change)(void);
		int64_t d1, old;
		int aside;
	} rows[] = {
	    {"deleted", remove_all, 0, 0, 0},
	    {"deleted without its log", remove_file, 0, 0, 2},
	    {"log deleted", remove_log, 0, 7, 0},
	    {"replaced", replace_file, 1, 0, 2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct store *store = open_store();
		struct err err = {.kind = ERR_TEMP};

		assert_int_equal(put(store, "old.example", 7), 0);
		rows[i].change();
		ROW(rows[i].id,
		    put_sized(store, "b.example", 2, 64, &err) == -1);
		ROW(rows[i].id, err.kind == ERR_LOCAL);
		ROW(rows[i].id, strstr(err.text, "replaced") != NULL);
		ROW(rows[i].id, put(store, "b.example", 3) == 0);
		ROW(rows[i].id, get(store, "b.example") == 3);
		ROW(rows[i].id, get(store, "d1.example") == rows[i].d1);
		ROW(rows[i].id, get(store, "old.example") == rows[i].old);
		ROW(rows[i].id, files_with("damaged") == rows[i].aside);
		store_free(store);
		store = open_store();
		ROW(rows[i].id, get(store, "b.example") == 3);
		ROW(rows[i].id, get(store, "old.example") == rows[i].old);
		store_free(store);
		assert_answer("PRAGMA integrity_check", "ok");
		teardown(state);
		setup(state);
	}
}

static void
a_directory_that_comes_back_works_again(void **state)
{
	AUTO(store) struct store *store = open_store();
	char away[sizeof(dir) + 8];
	struct err err = {.kind = ERR_TEMP};

	(void)state;
	assert_int_equal(put(store, "a.example", 1), 0);
	snprintf(away, sizeof(away), "%s.away", dir);
	assert_int_equal(rename(dir, away), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    put_sized(store, "a.example", 2, 64, &err), -1);
		assert_int_equal(err.kind, ERR_LOCAL);
		assert_int_equal(get(store, "a.example"), -1);
	}
	assert_int_equal(rename(away, dir), 0);
	assert_int_equal(get(store, "a.example"), 1);
	assert_int_equal(put(store, "a.example", 2), 0);
	assert_int_equal(get(store, "a.example"), 2);
}

static void
a_locked_store_is_waited_for_a_second(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct err err = {.kind = ERR_TEMP};
	struct timespec before, after;
	sqlite3 *other;

	(void)state;
	assert_int_equal(put(store, "a.example", 1), 0);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(put_sized(store, "a.example", 2, 64, &err), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_in_range((after.tv_sec - before.tv_sec) * 1000 +
			    (after.tv_nsec - before.tv_nsec) / 1000000,
	    900, 2500);
	assert_int_equal(get(store, "a.example"), 1);
	sqlite3_close(other);
	assert_int_equal(put(store, "a.example", 2), 0);
	assert_int_equal(get(store, "a.example"), 2);
}

/* --- threads --- */

struct worker {
	struct store *store;
	unsigned number;
	bool failed;
};

static bool
work(void *arg, int64_t until_ms)
{
	struct worker *worker = arg;
	char domain[32], old[STORE_RESULT_SIZE];

	(void)until_ms;
	snprintf(domain, sizeof(domain), "t%u.example", worker->number);
	for (unsigned i = 1; i <= 20; i++) {
		struct listing listing = {.text = ""};

		if (put(worker->store, domain, i) < 0 ||
		    get(worker->store, domain) != i ||
		    store_flip(worker->store, domain, i % 2 ? "pass" : "fail",
			T0, old, NULL) != (i > 1) ||
		    store_each_policy(worker->store, list_row, &listing, NULL) <
			1)
			worker->failed = true;
	}
	return true;
}

static void
threads_share_it(void **state)
{
	AUTO(store) struct store *store = open_store();
	struct pool *pool = pool_new("test", 6, 6, NULL);
	struct worker workers[6];

	(void)state;
	assert_non_null(pool);
	for (unsigned i = 0; i < COUNT(workers); i++) {
		workers[i] = (struct worker){.store = store, .number = i};
		assert_true(pool_submit(pool, POOL_NEW, work, &workers[i]));
	}
	pool_free(pool);
	for (unsigned i = 0; i < COUNT(workers); i++)
		assert_false(workers[i].failed);
	assert_listing(store, 6,
	    "t0.example=20 t1.example=20 t2.example=20 t3.example=20"
	    " t4.example=20 t5.example=20");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest store[] = {
	    TEST(what_is_put_is_got),
	    TEST(a_failure_alone_is_kept_without_a_body),
	    TEST(a_second_put_replaces_and_a_drop_forgets),
	    TEST(all_can_be_dropped_at_once),
	    TEST(rows_are_walked_by_domain),
	    TEST(each_goes_by_domain_and_may_call_the_store),
	    TEST(a_flip_is_said_once),
	    TEST(the_same_result_is_noted_again_after_a_day),
	    TEST(what_breaks_a_limit_is_not_put),
	    TEST(what_is_used_least_goes_when_there_is_too_much),
	    TEST(what_was_noted_longest_ago_goes_when_there_is_too_much),
	    TEST(what_a_clock_that_was_ahead_noted_counts_as_of_now),
	    TEST(what_an_older_version_left_is_read_and_counts_as_used),
	    TEST(it_survives_being_opened_again),
	    TEST(the_file_has_the_mode_of_the_umask),
	    TEST(nothing_told_is_lost_by_kill_9),
	    TEST(each_put_is_synced),
	    TEST(a_sync_that_fails_is_said),
	    TEST(what_is_damaged_is_moved_aside),
	    TEST(what_is_moved_aside_is_kept_as_it_was),
	    TEST(no_octet_of_the_header_is_fatal),
	    TEST(damage_at_work_is_found_and_moved_aside),
	    TEST(damage_that_a_put_finds_is_moved_aside_too),
	    TEST(what_is_not_ours_is_left_alone),
	    TEST(a_name_means_nothing_but_a_file),
	    TEST(rows_of_a_stranger_are_skipped),
	    TEST(a_strangers_flip_is_as_none),
	    TEST(a_file_that_may_not_grow_loses_nothing),
	    TEST(a_full_disk_loses_nothing),
	    TEST(a_disk_that_turns_read_only_loses_nothing),
	    TEST(who_may_only_read_reads),
	    TEST(a_reader_makes_nothing),
	    TEST(a_reader_without_locks_sees_that_a_writer_came),
	    TEST(readers_in_other_processes_read_beside_the_writer),
	    TEST(a_reader_reads_what_a_killed_writer_left),
	    TEST(a_file_that_is_gone_is_said_and_made_again),
	    TEST(a_directory_that_comes_back_works_again),
	    TEST(a_locked_store_is_waited_for_a_second),
	    TEST(threads_share_it),
	};

	return RUN_TESTS(store);
}
