/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/downtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/tap.h"

enum { NOW = 1800000000 };

static char directory[] = "/tmp/postern-downtime-XXXXXX";
static char record[sizeof(directory) + 16];
static struct settings settings = {.state_directory = directory};

static int
make_directory(void **state)
{
	(void)state;
	settings.store = strdup("state.db");
	if (mkdtemp(directory) == NULL || settings.store == NULL)
		return -1;
	snprintf(record, sizeof(record), "%s/stopped", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	free(settings.store);
	unlink(record);
	return rmdir(directory);
}

static void
put(const char *text)
{
	FILE *out = fopen(record, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static bool
is_there(void)
{
	struct stat info;

	return lstat(record, &info) == 0;
}

static void
a_stop_is_known_once(void **state)
{
	(void)state;
	assert_int_equal(downtime_end(&settings, NOW), 0);
	downtime_begin(&settings, NOW - 60);
	assert_true(is_there());
	assert_int_equal(downtime_end(&settings, NOW), NOW - 60);
	assert_int_equal(downtime_end(&settings, NOW), 0);
	assert_false(is_there());
}

static void
what_is_no_time_that_has_passed_is_not_believed(void **state)
{
	static const char *const texts[] = {"", "\n", "0\n", "-5\n", " 5\n",
	    "5", "5\n6\n", "5x\n", "99999999999999999999999999\n",
	    "1800000001\n", "1799999999999999999999999999999999999999999\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		put(texts[i]);
		ROW(texts[i], downtime_end(&settings, NOW) == 0);
		ROW(texts[i], !is_there());
	}
	put("1800000000\n");
	assert_int_equal(downtime_end(&settings, NOW), NOW);
}

static void
nothing_but_a_file_of_its_own_is_read_or_written(void **state)
{
	char other[sizeof(record) + 8];

	(void)state;
	snprintf(other, sizeof(other), "%s-other", record);
	assert_int_equal(mkfifo(record, 0600), 0);
	downtime_begin(&settings, NOW);
	assert_int_equal(downtime_end(&settings, NOW), 0);
	put("5\n");
	assert_int_equal(rename(record, other), 0);
	assert_int_equal(symlink(other, record), 0);
	downtime_begin(&settings, NOW);
	assert_int_equal(downtime_end(&settings, NOW), 0);
	assert_int_equal(unlink(other), 0);
}

static void
without_a_store_nothing_is_kept(void **state)
{
	struct settings none = {.state_directory = directory};

	(void)state;
	downtime_begin(&none, NOW);
	assert_false(is_there());
	put("5\n");
	assert_int_equal(downtime_end(&none, NOW), 0);
	assert_int_equal(downtime_end(&settings, NOW), 5);
}

int
main(void)
{
	const struct CMUnitTest downtime[] = {
	    cmocka_unit_test(a_stop_is_known_once),
	    cmocka_unit_test(what_is_no_time_that_has_passed_is_not_believed),
	    cmocka_unit_test(nothing_but_a_file_of_its_own_is_read_or_written),
	    cmocka_unit_test(without_a_store_nothing_is_kept),
	};

	return RUN_TESTS_WITH(downtime, make_directory, remove_directory);
}
