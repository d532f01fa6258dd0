/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/tap.h"

/* The flags that each descriptor has in a child that closed some of them, a
 * digit each: 0 to read, 1 to write, 2 for both, "-" for what is not open. */
static void
flags_without(const int *closed, size_t count, char out[5])
{
	int ends[2], status = -1;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < count; i++)
			close(closed[i]);
		standard_open();
		for (int fd = 0; fd <= 2; fd++) {
			int flags = fcntl(fd, F_GETFL);

			out[fd] =
			    flags < 0 ? '-' : (char)('0' + (flags & O_ACCMODE));
		}
		out[3] = open("/dev/null", O_RDONLY) > 2 ? '+' : '-';
		_exit(write(ends[1], out, 4) == 4 ? 0 : 1);
	}
	assert_int_equal(read(ends[0], out, 4), 4);
	out[4] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
}

static void
what_is_closed_can_be_used_for_nothing(void **state)
{
	static const int all[] = {0, 1, 2};
	char flags[5];

	(void)state;
	/* no reader's input, no writer's output */
	flags_without(all, 3, flags);
	assert_string_equal(flags, "102+");
	flags_without(all, 1, flags);
	assert_int_equal(flags[0], '1');
	flags_without(all + 1, 1, flags);
	assert_int_equal(flags[1], '0');
	flags_without(all + 2, 1, flags);
	assert_int_equal(flags[2], '2');
}

static void
what_is_open_stays_as_it_is(void **state)
{
	char flags[5];

	(void)state;
	assert_true(fcntl(STDOUT_FILENO, F_GETFL) >= 0);
	flags_without(NULL, 0, flags);
	for (int fd = 0; fd <= 2; fd++) {
		int before = fcntl(fd, F_GETFL);

		if (before >= 0)
			assert_int_equal(flags[fd], '0' + (before & O_ACCMODE));
	}
}

int
main(void)
{
	const struct CMUnitTest standard[] = {
	    cmocka_unit_test(what_is_closed_can_be_used_for_nothing),
	    cmocka_unit_test(what_is_open_stays_as_it_is),
	};

	return RUN_TESTS(standard);
}
