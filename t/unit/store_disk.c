/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "t/unit/state.h"
#include "t/unit/tap.h"

enum { KILLS = 50 };

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

static void
it_survives_being_opened_again(void **state)
{
	struct store *store = state_open();

	(void)state;
	assert_int_equal(state_put(store, "example.com", 5), 0);
	assert_int_equal(state_put(store, "gone.example", 6), 0);
	assert_int_equal(store_drop_policy(store, "gone.example", NULL), 1);
	store_free(store);
	assert_false(is_file_there(state_beside("-wal")));
	store = state_open();
	state_assert_listing(store, 1, "example.com=5");
	store_free(store);
	state_assert_answer("PRAGMA application_id", "1349743730");
	state_assert_answer("PRAGMA user_version", "4");
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
		struct store *store = state_open();
		struct stat st;

		umask(before);
		assert_int_equal(state_put(store, "example.com", 1), 0);
		assert_int_equal(stat(state_path, &st), 0);
		ROW(rows[i].id, (st.st_mode & 0777) == rows[i].mode);
		assert_int_equal(stat(state_beside("-wal"), &st), 0);
		ROW(rows[i].id, (st.st_mode & 0777) == rows[i].mode);
		store_free(store);
		assert_int_equal(unlink(state_path), 0);
	}
}

static void
assert_all_there(const uint32_t told[40], int round)
{
	AUTO(store) struct store *store = state_open();
	char domain[32];

	for (unsigned d = 0; d < 40; d++) {
		int64_t found;

		snprintf(domain, sizeof(domain), "d%u.example", d);
		found = state_get(store, domain);
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
			unlink(state_path);
			unlink(state_beside("-wal"));
			unlink(state_beside("-shm"));
			unlink(state_beside("-journal"));
		}
		assert_int_equal(pipe(ends), 0);
		pid = state_fork();
		if (pid == 0) {
			close(ends[0]);
			state_write_until_killed(ends[1], first);
		}
		close(ends[1]);
		now = state_kill_after(pid, ends[0], (unsigned)(round % 10) * 3,
		    (unsigned)rand_r(&seed) % 8000);
		close(ends[0]);
		for (uint32_t n = first; n <= now; n++)
			told[n % 40] = n;
		/* one that was put but not told is not to be put again */
		last = now > last ? now + 1 : last + 1;
		assert_all_there(told, round);
		state_assert_answer("PRAGMA integrity_check", "ok");
	}
	assert_int_equal(state_files_with("damaged"), 0);
}

static void
each_put_is_synced(void **state)
{
	AUTO(store) struct store *store = state_open();

	(void)state;
	for (unsigned i = 1; i < 10; i++) {
		unsigned before = syncs;

		assert_int_equal(state_put(store, "a.example", i), 0);
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
	AUTO(store) struct store *store = state_open();
	struct err err = {.kind = ERR_TEMP};
	int64_t found;

	(void)state;
	assert_int_equal(state_put(store, "a.example", 1), 0);
	sync_fails = true;
	assert_int_equal(state_put_sized(store, "a.example", 2, 64, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(state_put_sized(store, "a.example", 2, 64, &err), -1);
	sync_fails = false;
	found = state_get(store, "a.example");
	assert_in_range(found, 1, 2);
	assert_int_equal(state_put(store, "a.example", 3), 0);
	assert_int_equal(state_get(store, "a.example"), 3);
	assert_int_equal(state_files_with("damaged"), 0);
}

/*
 * Puts large bodies until one fails, then, when there is room again, another:
 * nothing that was there has changed.
 */
static void
run_out_of_room(void (*fill_up)(void), void (*give_room)(void))
{
	struct store *store = store_open(state_path, false, NULL, NULL);
	struct err err = {.kind = ERR_TEMP};
	char domain[32], old[STORE_RESULT_SIZE];
	unsigned n = 0;

	CHECK(store != NULL);
	CHECK(state_put(store, "old.example", 7) == 0);
	fill_up();
	do
		snprintf(domain, sizeof(domain), "d%u.example", ++n);
	while (n < 200 && state_put_sized(store, domain, n, 60000, &err) == 0);
	printf("# full after %u: %s\n", n, err.text);
	CHECK(n < 200 && err.kind == ERR_LOCAL);
	for (int i = 0; i < 5; i++) {
		CHECK(state_put_sized(store, "old.example", 8, 60000, NULL) ==
		      -1);
		CHECK(
		    state_flip(store, "a.example", "pass", T0, old, NULL) <= 0);
	}
	give_room();
	CHECK(state_get(store, "old.example") == 7);
	CHECK(state_get(store, domain) == 0);
	CHECK(state_put_sized(store, "old.example", 9, 60000, &err) == 0);
	CHECK(state_put_sized(store, domain, n, 60000, &err) == 0);
	store_free(store);
	store = store_open(state_path, true, NULL, NULL);
	CHECK(store != NULL && state_get(store, "old.example") == 9);
	for (unsigned i = 1; i <= n; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		CHECK(state_get(store, domain) == i);
	}
	CHECK(state_files_with("damaged") == 0);
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
	pid_t pid = state_fork();

	(void)state;
	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		run_out_of_room(limit_size, lift_limit);
		fflush(NULL);
		_exit(0);
	}
	state_assert_child(pid);
}

static void
put_filler(void)
{
	char name[sizeof(state_dir) + 16];
	char block[16384] = "";
	int fd;

	snprintf(name, sizeof(name), "%s/filler", state_dir);
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
	char name[sizeof(state_dir) + 16];

	snprintf(name, sizeof(name), "%s/filler", state_dir);
	CHECK(unlink(name) == 0);
}

/* False where this process may not mount. */
static bool
mount_small_disk(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", state_dir, "tmpfs", 0, "size=1m") == 0;
}

static void
a_full_disk_loses_nothing(void **state)
{
	pid_t pid = state_fork();

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
		snprintf(
		    state_path, sizeof(state_path), "%s/other.db", state_dir);
		put_filler();
		CHECK(store_open(state_path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		take_filler();
		state_fill(3);
		fflush(NULL);
		_exit(0);
	}
	state_assert_child(pid);
}

static void
a_disk_that_turns_read_only_loses_nothing(void **state)
{
	pid_t pid = state_fork();

	(void)state;
	if (pid == 0) {
		struct store *store;
		struct err err = {.kind = ERR_TEMP};

		if (!mount_small_disk()) {
			printf("# no read-only disk: not allowed to mount\n");
			fflush(NULL);
			_exit(0);
		}
		state_fill(3);
		CHECK(mount("none", state_dir, "tmpfs", MS_REMOUNT | MS_RDONLY,
			  NULL) == 0);
		CHECK(store_open(state_path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		store = store_open(state_path, true, NULL, &err);
		CHECK(store != NULL && state_get(store, "d2.example") == 2);
		CHECK(state_put(store, "d2.example", 3) == -1);
		CHECK(state_get(store, "d2.example") == 2);
		CHECK(mount("none", state_dir, "tmpfs", MS_REMOUNT, NULL) == 0);
		CHECK(state_put(store, "d2.example", 3) == -1);
		store_free(store);
		state_fill(3);
		fflush(NULL);
		_exit(0);
	}
	state_assert_child(pid);
}

int
main(void)
{
	const struct CMUnitTest store_disk[] = {
	    STATE_TEST(it_survives_being_opened_again),
	    STATE_TEST(the_file_has_the_mode_of_the_umask),
	    STATE_TEST(nothing_told_is_lost_by_kill_9),
	    STATE_TEST(each_put_is_synced),
	    STATE_TEST(a_sync_that_fails_is_said),
	    STATE_TEST(a_file_that_may_not_grow_loses_nothing),
	    STATE_TEST(a_full_disk_loses_nothing),
	    STATE_TEST(a_disk_that_turns_read_only_loses_nothing),
	};

	return RUN_TESTS(store_disk);
}
