/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/facts_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "milter/view/facts_name.h"
#include "t/unit/tap.h"

enum { NOW = 1795996819, PATH_SIZE = 200 }; /* 2026-11-30T00:00:19Z */

static char base[64], path[PATH_SIZE];
static const struct facts_folder_bounds bounds = {
    .files = 3, .octets = 1000, .age_s = 10 * CLOCK_DAY_S};

static int
remove_any(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static int
folder_setup(void **state)
{
	(void)state;
	umask(022);
	snprintf(base, sizeof(base), "/tmp/postern-facts-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/facts", base);
	return 0;
}

static int
folder_teardown(void **state)
{
	(void)state;
	return nftw(base, remove_any, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *
name_of(time_t at, uint32_t number)
{
	static char name[FACTS_NAME_SIZE];

	assert_true(facts_name_print(at, number, name));
	return name;
}

static const char *
path_of(const char *name)
{
	static char whole[PATH_SIZE + 100];

	snprintf(whole, sizeof(whole), "%s/%s", path, name);
	return whole;
}

static bool
is_there(time_t at, uint32_t number)
{
	return access(path_of(name_of(at, number)), F_OK) == 0;
}

static unsigned
count_entries(void)
{
	DIR *entries = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(entries);
	return count;
}

static void
make_file(const char *name)
{
	FILE *out = fopen(path_of(name), "we");

	assert_non_null(out);
	fputs("{}", out);
	fclose(out);
}

static int
put_file(struct facts_folder *folder, time_t at, uint32_t number, size_t size)
{
	char text[2000];
	struct err err;
	int rc;

	memset(text, 'x', sizeof(text));
	rc = facts_folder_put(
	    folder, name_of(at, number), text, size, NOW, &err);
	assert_true(rc == 0 || err.kind == ERR_TEMP);
	return rc;
}

static void
a_name_tells_its_time_and_nothing_else_is_one(void **state)
{
	static const char *const wrong[] = {"", "20261130T000019Z-0000002a",
	    "20261130T000019Z-0000002A.json", "20261130T000019Z-0000002a.json ",
	    "20261130T000019z-0000002a.json", "20261130t000019Z-0000002a.json",
	    "20261330T000019Z-0000002a.json", "2026113 T000019Z-0000002a.json",
	    "20261130T00+019Z-0000002a.json", "../../../../../../etc/passwd00",
	    "20261130T000019Z_0000002a.json", "20261130T000019Z-0000002g.json",
	    "20261130T000019Z-0000002a.jso/"};
	char name[FACTS_NAME_SIZE];
	time_t at = 0;

	(void)state;
	assert_true(facts_name_print(NOW, 42, name));
	assert_string_equal(name, "20261130T000019Z-0000002a.json");
	assert_true(facts_name_read(name, &at));
	assert_int_equal(at, NOW);
	assert_true(facts_name_print(NOW, UINT32_MAX, name));
	assert_string_equal(name, "20261130T000019Z-ffffffff.json");
	assert_true(facts_name_read(name, NULL));
	assert_false(facts_name_print((time_t)1 << 40, 1, name));
	assert_string_equal(name, "");
	for (size_t i = 0; i < COUNT(wrong); i++)
		ROW(wrong[i], !facts_name_read(wrong[i], NULL));
}

static void
a_file_is_there_whole_and_no_stranger_may_read_it(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	struct stat status;

	(void)state;
	assert_int_equal(put_file(folder, NOW, 1, 300), 0);
	assert_int_equal(stat(path_of(name_of(NOW, 1)), &status), 0);
	assert_int_equal(status.st_size, 300);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	assert_int_equal(count_entries(), 1);
}

static void
the_oldest_go_where_there_are_too_many(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);

	(void)state;
	assert_int_equal(put_file(folder, NOW - 1, 1, 10), 0);
	assert_int_equal(put_file(folder, NOW, 2, 10), 0);
	assert_int_equal(put_file(folder, NOW - 5, 3, 10), 0);
	assert_int_equal(count_entries(), 3);
	assert_int_equal(put_file(folder, NOW, 4, 10), 0);
	assert_int_equal(count_entries(), 3);
	assert_false(is_there(NOW - 5, 3));
	assert_int_equal(put_file(folder, NOW, 5, 10), 0);
	assert_int_equal(count_entries(), 3);
	assert_false(is_there(NOW - 1, 1));
	assert_true(is_there(NOW, 2));
}

static void
the_oldest_go_where_they_are_too_large_together(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);

	(void)state;
	assert_int_equal(put_file(folder, NOW - 1, 1, 500), 0);
	assert_int_equal(put_file(folder, NOW, 2, 500), 0);
	assert_int_equal(count_entries(), 2);
	assert_int_equal(put_file(folder, NOW, 3, 1), 0);
	assert_int_equal(count_entries(), 2);
	assert_false(is_there(NOW - 1, 1));
	assert_int_equal(put_file(folder, NOW, 4, 1000), 0);
	assert_int_equal(count_entries(), 1);
	assert_int_equal(put_file(folder, NOW, 5, 1001), -1);
	assert_true(is_there(NOW, 4));
}

static void
what_is_too_old_goes(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);

	(void)state;
	assert_int_equal(put_file(folder, NOW - bounds.age_s + 1, 1, 10), 0);
	assert_int_equal(facts_folder_tidy(folder, NOW, NULL), 0);
	assert_int_equal(count_entries(), 1);
	assert_int_equal(facts_folder_tidy(folder, NOW + 1, NULL), 0);
	assert_int_equal(count_entries(), 0);
}

static void
what_was_there_before_counts_and_other_files_are_left_alone(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	char name[PATH_SIZE];

	(void)state;
	mkdir(path, 0755);
	for (uint32_t i = 0; i < 40; i++)
		make_file(name_of(NOW - 100 + i, i));
	make_file("notes.txt");
	make_file("20261130T000019Z-0000002A.json");
	snprintf(name, sizeof(name), "%s.new", name_of(NOW, 7));
	make_file(name);
	snprintf(name, sizeof(name), "%s.old", name_of(NOW, 8));
	make_file(name);
	assert_int_equal(symlink("/dev/null", path_of(name_of(NOW, 9))), 0);
	assert_int_equal(facts_folder_tidy(folder, NOW, NULL), 0);
	assert_int_equal(count_entries(), 3 + 4);
	assert_true(is_there(NOW - 61, 39));
	assert_true(is_there(NOW - 63, 37));
	assert_false(is_there(NOW - 64, 36));
	assert_int_equal(put_file(folder, NOW - 62, 50, 1), 0);
	assert_false(is_there(NOW - 63, 37));
	assert_int_equal(count_entries(), 3 + 4);
}

static void
a_folder_that_others_may_write_to_is_refused(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	static const mode_t modes[] = {0770, 0777, 0757, 01777};
	struct err err;

	(void)state;
	mkdir(path, 0755);
	for (size_t i = 0; i < COUNT(modes); i++) {
		chmod(path, modes[i]);
		assert_int_equal(put_file(folder, NOW, 1, 1), -1);
	}
	chmod(path, 0755);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(facts_folder_tidy(folder, NOW, &err), -1);
		assert_non_null(strstr(err.text, "belongs to another user"));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(count_entries(), 0);
	assert_int_equal(put_file(folder, NOW, 1, 1), 0);
}

static void
a_link_or_file_is_no_folder(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	struct err err;

	(void)state;
	assert_int_equal(symlink(base, path), 0);
	assert_int_equal(facts_folder_tidy(folder, NOW, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(put_file(folder, NOW, 1, 1), -1);
}

static void
a_folder_that_was_taken_away_is_made_anew(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	char moved[PATH_SIZE];

	(void)state;
	assert_int_equal(put_file(folder, NOW, 1, 1), 0);
	snprintf(moved, sizeof(moved), "%s/moved", base);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(put_file(folder, NOW, 2, 1), 0);
	assert_int_equal(count_entries(), 1);
	assert_true(is_there(NOW, 2));
	assert_int_equal(nftw(path, remove_any, 8, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(nftw(moved, remove_any, 8, FTW_DEPTH | FTW_PHYS), 0);
	snprintf(path, sizeof(path), "%s/not/there", base);
	facts_folder_free(folder);
	folder = facts_folder_new(path, &bounds);
	assert_int_equal(put_file(folder, NOW, 3, 1), -1);
}

/* A limit on the size of files stands for a disk that is full. */
static void
a_disk_that_is_full_leaves_no_half_file(void **state)
{
	AUTO(facts_folder)
	struct facts_folder *folder = facts_folder_new(path, &bounds);
	struct rlimit before, little = {.rlim_cur = 100};

	(void)state;
	assert_int_equal(put_file(folder, NOW, 1, 10), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_int_equal(put_file(folder, NOW, 2, 500), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(count_entries(), 1);
	assert_int_equal(put_file(folder, NOW, 3, 500), 0);
	assert_int_equal(count_entries(), 2);
}

int
main(void)
{
#define FOLDER_TEST(test) \
	cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest facts_folder[] = {
	    cmocka_unit_test(a_name_tells_its_time_and_nothing_else_is_one),
	    FOLDER_TEST(a_file_is_there_whole_and_no_stranger_may_read_it),
	    FOLDER_TEST(the_oldest_go_where_there_are_too_many),
	    FOLDER_TEST(the_oldest_go_where_they_are_too_large_together),
	    FOLDER_TEST(what_is_too_old_goes),
	    FOLDER_TEST(
		what_was_there_before_counts_and_other_files_are_left_alone),
	    FOLDER_TEST(a_folder_that_others_may_write_to_is_refused),
	    FOLDER_TEST(a_link_or_file_is_no_folder),
	    FOLDER_TEST(a_folder_that_was_taken_away_is_made_anew),
	    FOLDER_TEST(a_disk_that_is_full_leaves_no_half_file),
	};

	return RUN_TESTS(facts_folder);
}
