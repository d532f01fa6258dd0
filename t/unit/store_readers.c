/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/pool.h"
#include "t/unit/state.h"
#include "t/unit/tap.h"

/* In directory and file of these modes, as one who is not their owner. */
static void
check_rights(mode_t dir_mode, mode_t file_mode, bool may_read)
{
	pid_t pid;

	assert_int_equal(chmod(state_path, file_mode), 0);
	assert_int_equal(chmod(state_dir, dir_mode), 0);
	pid = state_fork();
	if (pid == 0) {
		struct err err = {.kind = ERR_TEMP};
		struct store *store;

		state_drop_root();
		CHECK(store_open(state_path, false, NULL, &err) == NULL);
		CHECK(err.kind == ERR_LOCAL);
		store = store_open(state_path, true, NULL, &err);
		CHECK((store != NULL) == may_read);
		CHECK(may_read || err.kind == ERR_LOCAL);
		if (may_read) {
			CHECK(state_get(store, "d2.example") == 2);
			CHECK(state_put_sized(
				  store, "d2.example", 3, 9, &err) == -1);
			CHECK(err.kind == ERR_LOCAL);
			CHECK(state_get(store, "d2.example") == 2);
			store_free(store);
		}
		_exit(0);
	}
	state_assert_child(pid);
	assert_int_equal(chmod(state_dir, 0755), 0);
}

static void
who_may_only_read_reads(void **state)
{
	(void)state;
	state_fill(3);
	check_rights(0555, 0444, true);
	check_rights(0777, 0444, true);
	check_rights(0555, 0666, true);
	if (geteuid() == 0)
		check_rights(0755, 0600, false);
	assert_int_equal(state_files_with("state"), 1);
	state_fill(3);
}

static void
a_reader_makes_nothing(void **state)
{
	AUTO(store) struct store *store = NULL;
	struct err err = {.kind = ERR_TEMP};

	(void)state;
	assert_null(store_open(state_path, true, NULL, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(state_files_with("state"), 0);
	state_fill(2);
	store = store_open(state_path, true, NULL, NULL);
	assert_non_null(store);
	state_assert_listing(store, 2, "d1.example=1 d2.example=2");
	assert_int_equal(state_files_with("state"), 1);
	assert_int_equal(state_put_sized(store, "d1.example", 3, 16, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_int_equal(store_drop_policy(store, "d1.example", NULL), -1);
	state_assert_listing(store, 2, "d1.example=1 d2.example=2");
}

static void
a_reader_without_locks_sees_that_a_writer_came(void **state)
{
	AUTO(store) struct store *reader = NULL;
	struct store *writer;

	(void)state;
	state_fill(2);
	reader = store_open(state_path, true, NULL, NULL);
	assert_non_null(reader);
	assert_int_equal(state_get(reader, "d1.example"), 1);
	writer = state_open();
	assert_int_equal(state_put(writer, "d1.example", 5), 0);
	assert_int_equal(state_get(reader, "d1.example"), 5);
	assert_int_equal(state_put(writer, "d1.example", 6), 0);
	assert_int_equal(state_get(reader, "d1.example"), 6);
	store_free(writer);
	assert_int_equal(state_get(reader, "d1.example"), 6);
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
		state_drop_root();
	CHECK(read(from, &octet, 1) == 1);
	CHECK(fcntl(from, F_SETFL, O_NONBLOCK) == 0);
	while (read(from, &octet, 1) != 0) {
		struct err err = {.text = ""};
		int64_t now;

		store = store_open(state_path, true, NULL, &err);
		if (store == NULL)
			fprintf(stderr, "# reader: %s\n", err.text);
		CHECK(store != NULL);
		for (int i = 0; i < 20; i++) {
			now = state_get(store, "a.example");
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
		pids[i] = state_fork();
		if (pids[i] == 0) {
			close(ends[0][1]);
			if (i == 1)
				close(ends[1][1]);
			read_beside(ends[i][0], i == 1);
			_exit(0);
		}
	}
	store = state_open();
	for (unsigned n = 1; n <= 400; n++) {
		assert_int_equal(
		    state_put_sized(store, "a.example", n, 16 + n * 50, NULL),
		    0);
		if (n == 1)
			for (int i = 0; i < 2; i++)
				assert_int_equal(write(ends[i][1], "", 1), 1);
	}
	for (int i = 0; i < 2; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
	state_assert_child(pids[0]);
	state_assert_child(pids[1]);
	assert_int_equal(state_get(store, "a.example"), 400);
}

/* By one who may write nothing: each put that was told is there. What came
 * after the last is of another domain. */
static void
read_what_is_left(uint32_t last)
{
	pid_t pid = state_fork();

	if (pid == 0) {
		struct store *store;
		struct err err = {.text = ""};

		state_drop_root();
		store = store_open(state_path, true, NULL, &err);
		if (store == NULL)
			fprintf(stderr, "# %s\n", err.text);
		CHECK(store != NULL);
		for (uint32_t n = last - 4; n <= last; n++) {
			char domain[32];

			snprintf(domain, sizeof(domain), "d%u.example", n % 40);
			CHECK(state_get(store, domain) == n);
		}
		store_free(store);
		_exit(0);
	}
	state_assert_child(pid);
}

static void
a_reader_reads_what_a_killed_writer_left(void **state)
{
	uint32_t last;
	int ends[2], index;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = state_fork();
	if (pid == 0) {
		close(ends[0]);
		state_write_until_killed(ends[1], 41);
	}
	close(ends[1]);
	last = state_kill_after(pid, ends[0], 5, 0);
	assert_true(last >= 45);
	close(ends[0]);
	assert_true(is_file_there(state_beside("-wal")));
	assert_int_equal(chmod(state_dir, 0555), 0);
	read_what_is_left(last);
	/* killed while it wrote the first of the index's two heads */
	index = open(state_beside("-shm"), O_WRONLY);
	assert_int_equal(pwrite(index, "torn", 4, 8), 4);
	close(index);
	read_what_is_left(last);
}

static void
a_locked_store_is_waited_for_a_second(void **state)
{
	AUTO(store) struct store *store = state_open();
	struct err err = {.kind = ERR_TEMP};
	struct timespec before, after;
	sqlite3 *other;

	(void)state;
	assert_int_equal(state_put(store, "a.example", 1), 0);
	assert_int_equal(sqlite3_open(state_path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(state_put_sized(store, "a.example", 2, 64, &err), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_in_range((after.tv_sec - before.tv_sec) * 1000 +
			    (after.tv_nsec - before.tv_nsec) / 1000000,
	    900, 2500);
	assert_int_equal(state_get(store, "a.example"), 1);
	sqlite3_close(other);
	assert_int_equal(state_put(store, "a.example", 2), 0);
	assert_int_equal(state_get(store, "a.example"), 2);
}

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
		struct state_listing state_listing = {.text = ""};

		if (state_put(worker->store, domain, i) < 0 ||
		    state_get(worker->store, domain) != i ||
		    state_flip(worker->store, domain, i % 2 ? "pass" : "fail",
			T0, old, NULL) != (i > 1) ||
		    store_each_policy(worker->store, state_list_row,
			&state_listing, NULL) < 1)
			worker->failed = true;
	}
	return true;
}

static void
threads_share_it(void **state)
{
	AUTO(store) struct store *store = state_open();
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
	state_assert_listing(store, 6,
	    "t0.example=20 t1.example=20 t2.example=20 t3.example=20"
	    " t4.example=20 t5.example=20");
}

int
main(void)
{
	const struct CMUnitTest store_readers[] = {
	    STATE_TEST(who_may_only_read_reads),
	    STATE_TEST(a_reader_makes_nothing),
	    STATE_TEST(a_reader_without_locks_sees_that_a_writer_came),
	    STATE_TEST(readers_in_other_processes_read_beside_the_writer),
	    STATE_TEST(a_reader_reads_what_a_killed_writer_left),
	    STATE_TEST(a_locked_store_is_waited_for_a_second),
	    STATE_TEST(threads_share_it),
	};

	return RUN_TESTS(store_readers);
}
