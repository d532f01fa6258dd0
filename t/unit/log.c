/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "t/unit/tap.h"

enum {
	PATIENCE_MS = 60 * 1000,
	MORE = 1000,
	WRITERS = 8,
	LINES_OF_EACH = 500,
	SHORT_MS = 100,
};

static char directory[] = "/tmp/postern-log.XXXXXX";
static char path[sizeof(directory) + sizeof("/log")];
static _Atomic unsigned nudges;

static int
tell_lost(char *line, uintmax_t count)
{
	snprintf(line, LIMIT_LOG_LINE + 1, "lost %ju", count);
	return LOG_WARNING;
}

static void
count_nudge(void)
{
	nudges++;
}

static const struct log_options options = {.path = path,
    .name = "posternd",
    .facility = LOG_MAIL,
    .lost = tell_lost,
    .kept = count_nudge};

static bool
flush(void)
{
	int fd;

	return log_flush(&fd);
}

/* --- a syslog --- */

static int
listen_as(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, sizeof(path));
	assert_true(fd >= 0);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Also what is on its way at the end of a test is nobody's after it. */
static void
close_log(int fd)
{
	char text[2048];
	ssize_t got;

	do {
		flush();
		got = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	} while (got > 0);
	close(fd);
	unlink(path);
}

/* The next line; posternd's main loop is played by this one. */
static const char *
next(int fd, char text[2048])
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	ssize_t got;

	do {
		flush();
		got = recv(fd, text, 2047, MSG_DONTWAIT);
	} while (got < 0 && clock_left_ms(deadline_ms) > 0);
	assert_true(got > 0);
	text[got] = '\0';
	return text;
}

/* Behind "<22>Nov 22 10:12:44 posternd[4711]: ". */
static const char *
told(int fd, char text[2048])
{
	const char *end = strstr(next(fd, text), "]: ");

	assert_non_null(end);
	return end + 3;
}

static unsigned
number_of(const char *line)
{
	assert_memory_equal(line, "line ", 5);
	return (unsigned)strtoul(line + 5, NULL, 10);
}

static void
write_number(unsigned number)
{
	char line[32];

	snprintf(line, sizeof(line), "line %u", number);
	log_write(LOG_INFO, line);
}

/* Lines until the socket takes no more and one waits: the next number. */
static unsigned
fill(void)
{
	unsigned before = nudges;
	unsigned number = 0;

	while (nudges == before)
		write_number(number++);
	return number;
}

/* --- the tests --- */

static void
a_line_has_the_form_that_syslog_gives_it(void **state)
{
	static const char form[] =
	    "^<20>[A-Z][a-z][a-z] [ 123][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] "
	    "posternd\\[([0-9]+)\\]: a=b c$";
	int fd = listen_as(SOCK_DGRAM);
	char text[2048];
	regmatch_t pid[2];
	regex_t regex;

	(void)state;
	log_write(LOG_WARNING, "a=b c");
	next(fd, text);
	assert_int_equal(regcomp(&regex, form, REG_EXTENDED), 0);
	if (regexec(&regex, text, 2, pid, 0) != 0)
		fail_msg("%s", text);
	assert_int_equal(strtol(text + pid[1].rm_so, NULL, 10), getpid());
	regfree(&regex);
	close_log(fd);
}

static void
the_longest_line_is_whole(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	char line[LIMIT_LOG_LINE + 1];
	char text[2048];

	(void)state;
	memset(line, 'x', LIMIT_LOG_LINE);
	line[LIMIT_LOG_LINE] = '\0';
	log_write(LOG_INFO, line);
	assert_string_equal(told(fd, text), line);
	close_log(fd);
}

static void
what_is_not_taken_waits_and_what_is_too_much_is_counted(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	unsigned first = fill();
	unsigned last = first + LIMIT_LOG_BACKLOG - 1;
	unsigned kept = nudges;
	char text[2048];

	(void)state;
	for (unsigned i = first; i < last + MORE; i++)
		write_number(i);
	assert_int_equal(nudges, kept);
	for (unsigned i = 0; i < last; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	assert_string_equal(told(fd, text), "lost 1000");
	assert_true(strncmp(text, "<20>", 4) == 0);
	write_number(7);
	assert_int_equal(number_of(told(fd, text)), 7);
	close_log(fd);
}

static void
nothing_is_lost_at_the_limit(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	unsigned first = fill();
	unsigned last = first + LIMIT_LOG_BACKLOG - 1;
	char text[2048];

	(void)state;
	for (unsigned i = first; i < last; i++)
		write_number(i);
	for (unsigned i = 0; i < last; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	close_log(fd);
}

static void
what_is_lost_is_told_before_what_comes_later(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	unsigned first = fill();
	unsigned last = first + LIMIT_LOG_BACKLOG - 1;
	char text[2048];

	(void)state;
	for (unsigned i = first; i <= last; i++)
		write_number(i);
	for (unsigned i = 0; i < MORE; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	write_number(4711);
	for (unsigned i = MORE; i < last; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	assert_string_equal(told(fd, text), "lost 1");
	assert_int_equal(number_of(told(fd, text)), 4711);
	close_log(fd);
}

static void
lines_wait_for_a_socket_that_goes_and_comes(void **state)
{
	char text[2048];
	int fd = listen_as(SOCK_DGRAM);

	(void)state;
	write_number(0);
	assert_int_equal(number_of(told(fd, text)), 0);
	for (unsigned i = 1; i < 10; i++) {
		close_log(fd);
		write_number(2 * i);
		assert_true(flush());
		log_close(clock_mono_ms() + PATIENCE_MS);
		fd = listen_as(SOCK_DGRAM);
		write_number(2 * i + 1);
		assert_int_equal(number_of(told(fd, text)), 2 * i);
		assert_int_equal(number_of(told(fd, text)), 2 * i + 1);
		assert_false(flush());
	}
	close_log(fd);
}

static void
the_end_waits_no_longer_than_it_may(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	unsigned lines = fill();
	int64_t until_ms = clock_mono_ms() + SHORT_MS;
	char text[2048];

	(void)state;
	log_close(until_ms);
	assert_int_equal(clock_left_ms(until_ms), 0);
	for (unsigned i = 0; i < lines; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	log_close(clock_mono_ms() + PATIENCE_MS);
	close_log(fd);
}

/* --- a stream --- */

/* Up to the NUL. */
static void
next_in_stream(int fd, char text[2048])
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	size_t length = 0;

	do {
		flush();
		if (recv(fd, text + length, 1, MSG_DONTWAIT) == 1)
			length++;
		assert_true(length < 2048 && clock_left_ms(deadline_ms) > 0);
	} while (length == 0 || text[length - 1] != '\0');
}

static void
a_stream_takes_all_too(void **state)
{
	int listener = listen_as(SOCK_STREAM);
	unsigned lines = fill();
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char text[2048];

	(void)state;
	assert_true(fd >= 0);
	write_number(lines);
	for (unsigned i = 0; i <= lines; i++) {
		next_in_stream(fd, text);
		assert_int_equal(text[0], '<');
		assert_int_equal(number_of(strstr(text, "]: ") + 3), i);
	}
	close(fd);
	close_log(listener);
}

/* --- others --- */

static void
the_c_librarys_syslog_does_not_wait_either(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	unsigned lines = fill();
	char text[2048];

	(void)state;
	syslog(LOG_ERR, "%s %u", "line", lines);
	syslog(LOG_DAEMON | LOG_ERR, "line %u", lines + 1);
	for (unsigned i = 0; i < lines; i++)
		assert_int_equal(number_of(told(fd, text)), i);
	assert_int_equal(number_of(told(fd, text)), lines);
	assert_true(strncmp(text, "<19>", 4) == 0);
	assert_int_equal(number_of(told(fd, text)), lines + 1);
	assert_true(strncmp(text, "<27>", 4) == 0);
	close_log(fd);
}

static void *
write_many(void *arg)
{
	for (unsigned i = 0; i < LINES_OF_EACH; i++)
		write_number(i);
	return arg;
}

static void
many_threads_lose_nothing(void **state)
{
	int fd = listen_as(SOCK_DGRAM);
	pthread_t threads[WRITERS];
	unsigned sum = 0;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, write_many, NULL), 0);
	for (size_t i = 0; i < (size_t)WRITERS * LINES_OF_EACH; i++)
		sum += number_of(told(fd, text));
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(
	    sum, WRITERS * LINES_OF_EACH * (LINES_OF_EACH - 1) / 2);
	close_log(fd);
}

static void
before_it_is_open_nothing_happens(void **state)
{
	(void)state;
	log_write(LOG_INFO, "x");
	syslog(LOG_INFO, "x");
	assert_false(flush());
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
	log_open(&options);
	assert_false(flush());
}

static int
remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int
main(void)
{
	static const struct CMUnitTest log[] = {
	    cmocka_unit_test(before_it_is_open_nothing_happens),
	    cmocka_unit_test(a_line_has_the_form_that_syslog_gives_it),
	    cmocka_unit_test(the_longest_line_is_whole),
	    cmocka_unit_test(
		what_is_not_taken_waits_and_what_is_too_much_is_counted),
	    cmocka_unit_test(nothing_is_lost_at_the_limit),
	    cmocka_unit_test(what_is_lost_is_told_before_what_comes_later),
	    cmocka_unit_test(lines_wait_for_a_socket_that_goes_and_comes),
	    cmocka_unit_test(the_end_waits_no_longer_than_it_may),
	    cmocka_unit_test(a_stream_takes_all_too),
	    cmocka_unit_test(the_c_librarys_syslog_does_not_wait_either),
	    cmocka_unit_test(many_threads_lose_nothing),
	};

	return RUN_TESTS_WITH(log, NULL, remove_directory);
}
