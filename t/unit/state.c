/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/state.h"

#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/store.h"
#include "t/unit/tap.h"

enum { NOBODY = 65534 };

char state_dir[64];
char state_path[128];

const char *
state_beside(const char *suffix)
{
	static char name[sizeof(state_path) + 64];

	snprintf(name, sizeof(name), "%s%s", state_path, suffix);
	return name;
}

int
state_setup(void **state)
{
	(void)state;
	snprintf(state_dir, sizeof(state_dir), "/tmp/postern-store-XXXXXX");
	if (mkdtemp(state_dir) == NULL || chmod(state_dir, 0755) < 0)
		return -1;
	snprintf(state_path, sizeof(state_path), "%s/state.db", state_dir);
	return 0;
}

static int
remove_entry(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

int
state_teardown(void **state)
{
	(void)state;
	chmod(state_dir, 0755);
	return nftw(state_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

bool
is_file_there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

void
state_find_files(const char *part, glob_t *found)
{
	char pattern[sizeof(state_dir) + 64];

	snprintf(pattern, sizeof(pattern), "%s/*%s*", state_dir, part);
	memset(found, 0, sizeof(*found));
	glob(pattern, 0, NULL, found);
}

int
state_files_with(const char *part)
{
	glob_t found;
	int count;

	state_find_files(part, &found);
	count = (int)found.gl_pathc;
	globfree(&found);
	return count;
}

struct store *
state_open(void)
{
	struct err err = {.text = ""};
	bool renamed = true;
	struct store *store = store_open(state_path, false, &renamed, &err);

	if (store == NULL)
		fail_msg("%s", err.text);
	assert_false(renamed);
	return store;
}

struct store_policy
state_policy(const char *domain, unsigned number, size_t length)
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

int
state_put_sized(struct store *store, const char *domain, unsigned number,
    size_t length, struct err *err)
{
	struct store_policy policy = state_policy(domain, number, length);
	int rc = store_put_policy(store, &policy, err);

	store_policy_fini(&policy);
	return rc;
}

int
state_put(struct store *store, const char *domain, unsigned number)
{
	return state_put_sized(store, domain, number, 64, NULL);
}

int64_t
state_get(struct store *store, const char *domain)
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

bool
state_sql(const char *text)
{
	sqlite3 *db;
	bool ok = sqlite3_open(state_path, &db) == SQLITE_OK &&
		  sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;

	if (!ok)
		printf("# sqlite: %s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return ok;
}

char *
state_ask(const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char *answer = NULL;

	if (sqlite3_open(state_path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK) {
		if (sqlite3_step(stmt) == SQLITE_ROW)
			answer =
			    xstrdup((const char *)sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	return answer == NULL ? xstrdup("error") : answer;
}

void
state_assert_answer(const char *text, const char *wanted)
{
	char *answer = state_ask(text);

	assert_string_equal(answer, wanted);
	free(answer);
}

void
state_assert_child(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

pid_t
state_fork(void)
{
	fflush(NULL);
	return fork();
}

void
state_drop_root(void)
{
	if (geteuid() != 0)
		return;
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

void
state_list_row(void *arg, const struct store_policy *row)
{
	struct state_listing *state_listing = arg;
	size_t used = strlen(state_listing->text);

	snprintf(state_listing->text + used, sizeof(state_listing->text) - used,
	    "%s%s=%s", used == 0 ? "" : " ", row->domain, row->id);
	if (state_listing->store != NULL)
		assert_int_equal(
		    store_drop_policy(state_listing->store, row->domain, NULL),
		    1);
}

void
state_assert_listing(struct store *store, int count, const char *text)
{
	struct state_listing state_listing = {.text = ""};
	struct err err = {.text = ""};
	int rc = store_each_policy(store, state_list_row, &state_listing, &err);

	assert_string_equal(err.text, "");
	assert_string_equal(state_listing.text, text);
	assert_int_equal(rc, count);
}

void
state_write_until_killed(int to, uint32_t first)
{
	struct store *store = store_open(state_path, false, NULL, NULL);
	char domain[32];

	CHECK(store != NULL);
	for (uint32_t n = first;; n++) {
		snprintf(domain, sizeof(domain), "d%u.example", n % 40);
		CHECK(state_put_sized(
			  store, domain, n, 64 + n % 7 * 3000, NULL) == 0);
		CHECK(write(to, &n, sizeof(n)) == sizeof(n));
	}
}

uint32_t
state_kill_after(pid_t pid, int from, unsigned count, unsigned more_us)
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

void
state_fill_sized(unsigned count, size_t length)
{
	struct store *store = state_open();
	char domain[32];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		assert_int_equal(
		    state_put_sized(store, domain, i, length, NULL), 0);
	}
	store_free(store);
}

int
state_flip(struct store *store, const char *domain, const char *result,
    time_t now, char old[STORE_RESULT_SIZE], struct err *err)
{
	struct store_flip flip = {.domain = domain, .result = result};

	if (store_flips(store, &flip, 1, now, err) < 0)
		return -1;
	if (flip.differs)
		text_copy(old, STORE_RESULT_SIZE, flip.old);
	return flip.differs;
}

void
state_fill(unsigned count)
{
	state_fill_sized(count, 64);
}
