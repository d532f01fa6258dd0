/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/xalloc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/tap.h"

static void
a_size_of_nothing_gives_what_free_takes(void **state)
{
	void *pointers[] = {xmalloc(0), xcalloc(0, 8), xcalloc(8, 0),
	    xrealloc(NULL, 0, 8), xmemdup(NULL, 0)};

	(void)state;
	for (size_t i = 0; i < COUNT(pointers); i++) {
		assert_non_null(pointers[i]);
		free(pointers[i]);
	}
}

static void
copies_are_whole_and_end(void **state)
{
	char *whole = xstrdup("abc"), *cut = xstrndup("abc", 2);
	char *octets = xmemdup("a\0c", 3);
	int *numbers = xcalloc(3, sizeof(*numbers));

	(void)state;
	assert_string_equal(whole, "abc");
	assert_string_equal(cut, "ab");
	assert_memory_equal(octets, "a\0c", 3);
	assert_int_equal(numbers[2], 0);
	numbers[2] = 7;
	numbers = xrealloc(numbers, 300, sizeof(*numbers));
	assert_int_equal(numbers[2], 7);
	free(whole);
	free(cut);
	free(octets);
	free(numbers);
}

/* Sizes on both sides of where pages come new. */
static void
what_was_there_before_is_zeroed(void **state)
{
	static const size_t sizes[] = {1, 24, 4095, 4096, 4097, 1 << 18};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		unsigned char *used = xmalloc(sizes[i]), *fresh;

		memset(used, 0xa5, sizes[i]);
		free(used);
		fresh = xcalloc(1, sizes[i]);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(fresh[at], 0);
		free(fresh);
	}
}

/* More items than have a size: the allocator, which a sanitizer may have made
 * another, is not asked. */
static void
await_end_of_too_much(bool zeroed)
{
	char told[64] = "";
	int ends[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		free(zeroed ? xcalloc(SIZE_MAX / 4 + 2, 8)
			    : xrealloc(NULL, SIZE_MAX / 4 + 2, 8));
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], told, sizeof(told) - 1) > 0);
	close(ends[0]);
	assert_string_equal(told, "postern: out of memory\n");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
no_memory_ends_the_process_with_a_line(void **state)
{
	(void)state;
	await_end_of_too_much(false);
	await_end_of_too_much(true);
}

int
main(void)
{
	const struct CMUnitTest xalloc[] = {
	    cmocka_unit_test(a_size_of_nothing_gives_what_free_takes),
	    cmocka_unit_test(copies_are_whole_and_end),
	    cmocka_unit_test(what_was_there_before_is_zeroed),
	    cmocka_unit_test(no_memory_ends_the_process_with_a_line),
	};

	return RUN_TESTS(xalloc);
}
