/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static char path[64];

static void
write_file(const char *text, size_t length)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/conf-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static struct conf *
read_text(const char *text, size_t length, struct conf_faults *faults)
{
	struct conf *conf;

	write_file(text, length);
	conf = conf_read(path, false, faults);
	unlink(path);
	return conf;
}

static void
lines_are_read_with_their_numbers(void **state)
{
	static const char text[] = "# all of it a comment\n"
				   "\n"
				   "Socket unix:/run/x\n"
				   "  On-Fail \t defer  # and why\n"
				   "Alone\r\n"
				   "Words one two\tthree \r\n"
				   "Hash a#b #c\n"
				   "Last \xc3\xa9t\xc3\xa9";
	static const struct {
		unsigned line;
		const char *keyword, *value;
	} rows[] = {{3, "Socket", "unix:/run/x"}, {4, "On-Fail", "defer"},
	    {5, "Alone", ""}, {6, "Words", "one two\tthree"},
	    {7, "Hash", "a#b"}, {8, "Last", "\xc3\xa9t\xc3\xa9"}};
	struct conf_faults faults = {0};
	AUTO(conf)
	struct conf *conf = read_text(text, sizeof(text) - 1, &faults);

	(void)state;
	assert_int_equal(faults.count, 0);
	assert_int_equal(conf->count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(conf->entries[i].line, rows[i].line);
		assert_string_equal(conf->entries[i].keyword, rows[i].keyword);
		assert_string_equal(conf->entries[i].value, rows[i].value);
	}
}

static void
what_is_no_text_is_a_fault_of_its_line(void **state)
{
	static const struct {
		const char *id, *text;
		size_t length;
		const char *fault; /* behind the path */
	} rows[] = {
	    {"NUL", "a b\nc \0d\ne f\n", 12, ":2: control character in line"},
	    {"NUL at the very end", "a b\0", 4,
		":1: control character in line"},
	    {"escape", "a \033[2J\n", 7, ":1: control character in line"},
	    {"CR within", "a b\rc d\n", 8, ":1: control character in line"},
	    {"DEL", "a \177\n", 4, ":1: control character in line"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf_faults faults = {0};
		struct conf *conf =
		    read_text(rows[i].text, rows[i].length, &faults);

		ROW(rows[i].id, conf != NULL && faults.count == 1);
		ROW_TEXT(
		    rows[i].id, faults.texts[0] + strlen(path), rows[i].fault);
		conf_free(conf);
		conf_faults_fini(&faults);
	}
}

static void
a_line_has_its_maximum(void **state)
{
	char *text = xmalloc(LIMIT_CONF_LINE + 2);
	struct conf_faults faults = {0};
	struct conf *conf;

	(void)state;
	memset(text, 'x', LIMIT_CONF_LINE + 1);
	text[1] = ' ';
	text[LIMIT_CONF_LINE] = '\n';
	conf = read_text(text, LIMIT_CONF_LINE + 1, &faults);
	assert_int_equal(faults.count, 0);
	assert_int_equal(strlen(conf->entries[0].value), LIMIT_CONF_LINE - 2);
	conf_free(conf);
	text[LIMIT_CONF_LINE] = 'x';
	text[LIMIT_CONF_LINE + 1] = '\n';
	conf = read_text(text, LIMIT_CONF_LINE + 2, &faults);
	assert_int_equal(faults.count, 1);
	assert_int_equal(conf->count, 0);
	conf_free(conf);
	conf_faults_fini(&faults);
	free(text);
}

static void
a_file_has_its_maximum(void **state)
{
	char *text = xmalloc(LIMIT_CONF_OCTETS + 1);
	struct conf_faults faults = {0};
	struct conf *conf;

	(void)state;
	memset(text, '\n', LIMIT_CONF_OCTETS + 1);
	text[0] = 'a';
	conf = read_text(text, LIMIT_CONF_OCTETS, &faults);
	assert_int_equal(faults.count, 0);
	assert_int_equal(conf->count, 1);
	conf_free(conf);
	conf = read_text(text, LIMIT_CONF_OCTETS + 1, &faults);
	assert_int_equal(faults.count, 1);
	assert_int_equal(conf->count, 0);
	conf_free(conf);
	conf_faults_fini(&faults);
	free(text);
}

static void
a_missing_file_is_a_fault_unless_it_may_be(void **state)
{
	struct conf_faults faults = {0};
	struct conf *conf = conf_read("/nonexistent/x", true, &faults);

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf->count, 0);
	assert_int_equal(faults.count, 0);
	conf_free(conf);
	assert_null(conf_read("/nonexistent/x", false, &faults));
	assert_string_equal(
	    faults.texts[0], "/nonexistent/x: No such file or directory");
	conf_faults_fini(&faults);
}

static void
a_directory_is_a_fault_though_a_file_may_be_missing(void **state)
{
	struct conf_faults faults = {0};

	(void)state;
	assert_null(conf_read("/tmp", true, &faults));
	assert_string_equal(faults.texts[0], "/tmp: Is a directory");
	conf_faults_fini(&faults);
}

static void
faults_are_kept_up_to_a_hundred(void **state)
{
	struct conf_faults faults = {0};

	(void)state;
	for (unsigned i = 1; i <= LIMIT_CONF_FAULTS + 1; i++)
		conf_fault(&faults, "f", i, "%s", "wrong");
	assert_int_equal(faults.count, LIMIT_CONF_FAULTS);
	assert_string_equal(faults.texts[99], "f:100: wrong");
	conf_faults_fini(&faults);
	assert_int_equal(faults.count, 0);
}

int
main(void)
{
	static const struct CMUnitTest conf[] = {
	    cmocka_unit_test(lines_are_read_with_their_numbers),
	    cmocka_unit_test(what_is_no_text_is_a_fault_of_its_line),
	    cmocka_unit_test(a_line_has_its_maximum),
	    cmocka_unit_test(a_file_has_its_maximum),
	    cmocka_unit_test(a_missing_file_is_a_fault_unless_it_may_be),
	    cmocka_unit_test(
		a_directory_is_a_fault_though_a_file_may_be_missing),
	    cmocka_unit_test(faults_are_kept_up_to_a_hundred),
	};

	return RUN_TESTS(conf);
}
