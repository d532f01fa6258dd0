/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/store.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/state.h"
#include "t/unit/tap.h"

static void
overwrite_file(const char *name, off_t at, const char *octets, size_t length)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, octets, length, at), length);
	close(fd);
}

static void
truncate_to(off_t size)
{
	assert_int_equal(truncate(state_path, size), 0);
}

static void
garble_header(void)
{
	overwrite_file(state_path, 0, "garbage, garbage", 16);
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
	overwrite_file(state_path, 4096, noise, sizeof(noise));
}

static void
garble_schema(void)
{
	assert_true(
	    state_sql("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET"
		      " sql = 'CREATE TABLE' WHERE name = 'policy'"));
}

static void
add_trigger(void)
{
	assert_true(state_sql("CREATE TRIGGER t AFTER INSERT ON policy BEGIN"
			      " DELETE FROM policy; END"));
}

static void
view_for_table(void)
{
	assert_true(
	    state_sql("DROP TABLE flip; CREATE VIEW flip AS SELECT 'a' AS"
		      " domain, 'pass' AS result, 1 AS noted"));
}

static void
version_below_all(void)
{
	assert_true(state_sql("PRAGMA user_version = -3"));
}

static void
huge_key(void)
{
	assert_true(
	    state_sql("INSERT INTO policy VALUES (hex(zeroblob(1000000)),"
		      " '1', x'61', 1, 2, '', 0, '', '', 1, 1, '', 0, 0, 0)"));
}

static void
log_without_its_file(void)
{
	truncate_to(0);
	overwrite_file(state_beside("-wal"), 0, "log", 3);
}

/* As a command that lists; -1 when it cannot open or read. */
static int
read_all(struct err *err)
{
	AUTO(store)
	struct store *store = store_open(state_path, true, NULL, err);
	struct state_listing state_listing = {.text = ""};

	if (store == NULL)
		return -1;
	return store_each_policy(store, state_list_row, &state_listing, err);
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

		state_fill(300);
		rows[i].damage();
		ROW(rows[i].id, read_all(&err) < 0);
		ROW(rows[i].id, err.kind == ERR_LOCAL);
		ROW(rows[i].id, state_files_with("damaged") == 0);
		store = store_open(state_path, false, &renamed, &err);
		ROW(rows[i].id, store != NULL);
		ROW(rows[i].id, renamed);
		ROW(rows[i].id, state_files_with("state.db.damaged-") > 0);
		ROW(rows[i].id, state_get(store, "d1.example") == 0);
		ROW(rows[i].id, state_put(store, "d1.example", 9) == 0);
		store_free(store);
		store = state_open();
		ROW(rows[i].id, state_get(store, "d1.example") == 9);
		store_free(store);
		state_teardown(state);
		state_setup(state);
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

		overwrite_file(state_path, 0, text, sizeof(text));
		overwrite_file(state_beside("-wal"), 0, "log", 3);
		store = store_open(state_path, false, &renamed, NULL);
		assert_non_null(store);
		assert_true(renamed);
		store_free(store);
		assert_int_equal(unlink(state_path), 0);
	}
	state_find_files("damaged-*-wal", &found);
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

		state_fill(2);
		overwrite_file(state_path, at, "\x81", 1);
		store = store_open(state_path, true, NULL, NULL);
		if (store != NULL)
			state_get(store, "d1.example");
		store_free(store);
		store = store_open(state_path, false, NULL, &err);
		if (err.kind != ERR_LOCAL || (store == NULL && !refused) ||
		    (store != NULL && state_put(store, "d1.example", 3) < 0))
			fail_msg("octet %d: %s", (int)at, err.text);
		store_free(store);
		state_teardown(state);
		state_setup(state);
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
	state_fill_sized(80, 60000);
	store = state_open();
	memset(noise, 0xa5, sizeof(noise));
	for (off_t page = 1; page < 1000; page++)
		overwrite_file(state_path, page * 4096, noise, sizeof(noise));
	assert_int_equal(state_get(store, "d40.example"), -1);
	assert_int_equal(state_put_sized(store, "d1.example", 9, 64, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "moved aside"));
	assert_true(state_files_with("damaged") > 0);
	assert_int_equal(state_put(store, "d1.example", 10), 0);
	assert_int_equal(state_get(store, "d1.example"), 10);
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
	state_fill(2);
	root = state_ask("SELECT rootpage FROM sqlite_schema"
			 " WHERE name = 'policy_used'");
	assert_true(state_sql("PRAGMA writable_schema = ON; DELETE FROM"
			      " sqlite_schema WHERE name = 'policy_used'"));
	assert_true(state_sql("UPDATE policy SET used = 5"
			      " WHERE domain = 'd1.example'"));
	snprintf(text, sizeof(text),
	    "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES"
	    " ('index', 'policy_used', 'policy', %s,"
	    " 'CREATE INDEX policy_used ON policy (use, used)')",
	    root);
	free(root);
	assert_true(state_sql(text));
	store = state_open();
	assert_int_equal(state_get(store, "d2.example"), 2);
	assert_int_equal(state_put(store, "d1.example", 3), -1);
	assert_int_equal(state_put_sized(store, "d1.example", 3, 64, &err), -1);
	assert_non_null(strstr(err.text, "moved aside"));
	assert_int_equal(state_put(store, "d1.example", 3), 0);
	assert_int_equal(state_get(store, "d2.example"), 0);
}

static void
assert_refused(const char *id, const char *why)
{
	for (int read_only = 0; read_only < 2; read_only++) {
		struct err err = {.kind = ERR_TEMP};
		bool renamed = false;

		ROW(id,
		    store_open(state_path, read_only, &renamed, &err) == NULL);
		ROW(id, err.kind == ERR_LOCAL);
		if (strstr(err.text, why) == NULL)
			fail_msg("%s: %s", id, err.text);
		ROW(id, !renamed);
		ROW(id, state_files_with("damaged") == 0);
	}
}

static void
what_is_not_ours_is_left_alone(void **state)
{
	(void)state;
	state_fill(3);
	assert_true(state_sql("PRAGMA user_version = 5"));
	assert_refused("newer schema", "newer");
	state_assert_answer("SELECT count(*) FROM policy", "3");
	assert_true(
	    state_sql("PRAGMA user_version = 4; PRAGMA application_id = 5"));
	assert_refused("another's id", "none of Postern");
	state_assert_answer("SELECT count(*) FROM policy", "3");
	state_teardown(state);
	state_setup(state);
	assert_true(state_sql("CREATE TABLE mine (a)"));
	assert_refused("another's table", "none of Postern");
	state_assert_answer("SELECT count(*) FROM sqlite_schema", "1");
	state_assert_answer("PRAGMA journal_mode", "delete");
	assert_int_equal(unlink(state_path), 0);
	assert_int_equal(mkdir(state_path, 0755), 0);
	assert_refused("directory", "not a regular file");
	assert_int_equal(rmdir(state_path), 0);
	assert_int_equal(mkfifo(state_path, 0600), 0);
	assert_refused("fifo", "not a regular file");
	snprintf(state_path, sizeof(state_path), "%s/none/state.db", state_dir);
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
	assert_int_equal(chdir(state_dir), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(state_path, sizeof(state_path), "%s", names[i]);
		state_fill(1);
		ROW(names[i], is_file_there(names[i]));
		snprintf(state_path, sizeof(state_path), "%s/%s", state_dir,
		    names[i]);
		state_fill(1);
	}
	assert_int_equal(chdir(before), 0);
	assert_int_equal(state_files_with(""), COUNT(names));
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
		struct state_listing state_listing = {.text = ""};

		state_fill(2);
		snprintf(text, sizeof(text),
		    "INSERT INTO policy VALUES (%s, 1, 1, '', 0, 0, 0)",
		    rows[i]);
		ROW(rows[i], state_sql(text));
		store = state_open();
		ROW(rows[i], store_each_policy(store, state_list_row,
				 &state_listing, NULL) == 2);
		ROW_TEXT(
		    rows[i], state_listing.text, "d1.example=1 d2.example=2");
		ROW(rows[i], state_get(store, "h.example") == 0);
		ROW(rows[i], state_get(store, "n.example") == 0);
		ROW(rows[i], state_put(store, "h.example", 4) == 0);
		ROW(rows[i], state_get(store, "h.example") == 4);
		store_free(store);
		state_teardown(state);
		state_setup(state);
	}
}

static void
a_strangers_flip_is_as_none(void **state)
{
	AUTO(store) struct store *store = state_open();
	char old[STORE_RESULT_SIZE] = "none";

	(void)state;
	assert_int_equal(FLIP("pass", T0), 0);
	assert_true(state_sql("UPDATE flip SET result = char(27)"));
	assert_int_equal(FLIP("fail", T0), 0);
	assert_true(state_sql("UPDATE flip SET noted = -1"));
	assert_int_equal(FLIP("pass", T0), 0);
	assert_int_equal(FLIP("fail", T0), 1);
	assert_string_equal(old, "pass");
}

static void
remove_all(void)
{
	assert_int_equal(unlink(state_path), 0);
	assert_int_equal(unlink(state_beside("-wal")), 0);
	assert_int_equal(unlink(state_beside("-shm")), 0);
}

static void
remove_file(void)
{
	assert_int_equal(unlink(state_path), 0);
}

static void
remove_log(void)
{
	assert_int_equal(unlink(state_beside("-wal")), 0);
}

/* Another store, with d1.example=1 and d2.example=2, comes in its place. */
static void
replace_file(void)
{
	char other[sizeof(state_path)];

	memcpy(other, state_path, sizeof(state_path));
	snprintf(state_path, sizeof(state_path), "%s/new.db", state_dir);
	state_fill(2);
	assert_int_equal(rename(state_path, other), 0);
	memcpy(state_path, other, sizeof(state_path));
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
		struct store *store = state_open();
		struct err err = {.kind = ERR_TEMP};

		assert_int_equal(state_put(store, "old.example", 7), 0);
		rows[i].change();
		ROW(rows[i].id,
		    state_put_sized(store, "b.example", 2, 64, &err) == -1);
		ROW(rows[i].id, err.kind == ERR_LOCAL);
		ROW(rows[i].id, strstr(err.text, "replaced") != NULL);
		ROW(rows[i].id, state_put(store, "b.example", 3) == 0);
		ROW(rows[i].id, state_get(store, "b.example") == 3);
		ROW(rows[i].id, state_get(store, "d1.example") == rows[i].d1);
		ROW(rows[i].id, state_get(store, "old.example") == rows[i].old);
		ROW(rows[i].id, state_files_with("damaged") == rows[i].aside);
		store_free(store);
		store = state_open();
		ROW(rows[i].id, state_get(store, "b.example") == 3);
		ROW(rows[i].id, state_get(store, "old.example") == rows[i].old);
		store_free(store);
		state_assert_answer("PRAGMA integrity_check", "ok");
		state_teardown(state);
		state_setup(state);
	}
}

static void
a_directory_that_comes_back_works_again(void **state)
{
	AUTO(store) struct store *store = state_open();
	char away[sizeof(state_dir) + 8];
	struct err err = {.kind = ERR_TEMP};

	(void)state;
	assert_int_equal(state_put(store, "a.example", 1), 0);
	snprintf(away, sizeof(away), "%s.away", state_dir);
	assert_int_equal(rename(state_dir, away), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    state_put_sized(store, "a.example", 2, 64, &err), -1);
		assert_int_equal(err.kind, ERR_LOCAL);
		assert_int_equal(state_get(store, "a.example"), -1);
	}
	assert_int_equal(rename(away, state_dir), 0);
	assert_int_equal(state_get(store, "a.example"), 1);
	assert_int_equal(state_put(store, "a.example", 2), 0);
	assert_int_equal(state_get(store, "a.example"), 2);
}

int
main(void)
{
	const struct CMUnitTest store_damage[] = {
	    STATE_TEST(what_is_damaged_is_moved_aside),
	    STATE_TEST(what_is_moved_aside_is_kept_as_it_was),
	    STATE_TEST(no_octet_of_the_header_is_fatal),
	    STATE_TEST(damage_at_work_is_found_and_moved_aside),
	    STATE_TEST(damage_that_a_put_finds_is_moved_aside_too),
	    STATE_TEST(what_is_not_ours_is_left_alone),
	    STATE_TEST(a_name_means_nothing_but_a_file),
	    STATE_TEST(rows_of_a_stranger_are_skipped),
	    STATE_TEST(a_strangers_flip_is_as_none),
	    STATE_TEST(a_file_that_is_gone_is_said_and_made_again),
	    STATE_TEST(a_directory_that_comes_back_works_again),
	};

	return RUN_TESTS(store_damage);
}
