/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

enum { FIRST_SIZE = 4096, PATH_SIZE = 128 };

extern char **environ;

/* Administrators' programs, whatever PATH says. */
static int
spawn_program(pid_t *pid, const char *const argv[],
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr)
{
	char path[PATH_SIZE];
	char *const *words; /* the interface is older than const */
	int rc;

	memcpy(&words, &argv, sizeof(words));
	rc = posix_spawnp(pid, argv[0], actions, attr, words, environ);
	if (rc != ENOENT || strchr(argv[0], '/') != NULL)
		return rc;
	snprintf(path, sizeof(path), "/usr/sbin/%s", argv[0]);
	return posix_spawn(pid, path, actions, attr, words, environ);
}

/* What we ignore or block, it need not. */
static void
set_signals(posix_spawnattr_t *attr)
{
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(attr, &set);
	posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* in is -1 for none. */
static int
spawn_into(pid_t *pid, const char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (in < 0)
		posix_spawn_file_actions_addopen(
		    &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
	    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	set_signals(&attr);
	rc = spawn_program(pid, argv, &actions, &attr);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int
process_start(struct process *process, const char *const argv[],
    int64_t deadline_ms, struct err *err)
{
	return process_filter(process, argv, -1, deadline_ms, err);
}

int
process_filter(struct process *process, const char *const argv[], int in,
    int64_t deadline_ms, struct err *err)
{
	int fds[2];
	int rc;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_LOCAL, "pipe: %s", strerror(errno));
	rc = spawn_into(&process->pid, argv, in, fds[1]);
	close(fds[1]);
	if (rc != 0) {
		close(fds[0]);
		return err_set(err, ERR_LOCAL, "%s: %s", argv[0], strerror(rc));
	}
	process->fd = fds[0];
	process->deadline_ms = deadline_ms;
	return 0;
}

ssize_t
process_read(struct process *process, char *to, size_t size, struct err *err)
{
	struct pollfd poll_fd = {.fd = process->fd, .events = POLLIN};
	int left_ms = clock_left_ms(process->deadline_ms);
	ssize_t got;
	int ready;

	do
		ready = poll(&poll_fd, 1, left_ms);
	while (ready < 0 && errno == EINTR &&
	       (left_ms = clock_left_ms(process->deadline_ms)) > 0);
	if (ready <= 0)
		return err_set(err, ERR_TEMP, "no end in time");
	do
		got = read(process->fd, to, size);
	while (got < 0 && errno == EINTR);
	return got >= 0 ? got
			: err_set(err, ERR_LOCAL, "read: %s", strerror(errno));
}

int
process_end(struct process *process)
{
	int status = 0;
	pid_t ended;

	close(process->fd);
	do {
		ended = waitpid(process->pid, &status, WNOHANG);
		if (ended != 0 || clock_left_ms(process->deadline_ms) == 0)
			break;
		poll(NULL, 0, 10);
	} while (true);
	if (ended == 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
read_output(struct process *process, char **text, size_t max, struct err *err)
{
	size_t size = FIRST_SIZE, length = 0;
	ssize_t got;

	*text = xmalloc(size + 1);
	while ((got = process_read(
		    process, *text + length, size - length, err)) > 0) {
		length += (size_t)got;
		if (length > max)
			return err_set(err, ERR_DATA, "too much output");
		if (length == size) {
			size *= 2;
			*text = xrealloc(*text, size + 1, 1);
		}
	}
	(*text)[length] = '\0';
	return got < 0 ? -1 : 0;
}

char *
process_capture(
    const char *const argv[], int64_t deadline_ms, size_t max, struct err *err)
{
	struct process process;
	struct err why;
	char *text;
	int rc, status;

	if (process_start(&process, argv, deadline_ms, err) != 0)
		return NULL;
	rc = read_output(&process, &text, max, &why);
	if (rc != 0)
		process.deadline_ms = 0;
	status = process_end(&process);
	if (rc == 0 && status == 0)
		return text;
	free(text);
	if (rc != 0)
		err_set(err, why.kind, "%s: %s", argv[0], why.text);
	else
		err_set(err, ERR_LOCAL, "%s: exit status %d", argv[0], status);
	return NULL;
}
