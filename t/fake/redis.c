/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/redis.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { START_MS = 60 * 1000, LOOK_US = 20 * 1000 };

struct redis {
	char directory[64];
	char path[108], conf[128];
	pid_t pid;
};

/* NULL where there is none. */
static const char *
find_program(void)
{
	static const char *const programs[] = {
	    "/usr/bin/valkey-server", "/usr/bin/redis-server"};

	for (size_t i = 0; i < COUNT(programs); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

bool
redis_is_there(void)
{
	return find_program() != NULL;
}

static void __attribute__((noreturn)) run_server(const struct redis *server)
{
	const char *program = find_program();
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl(program, program, server->conf, (char *)NULL);
	_exit(127);
}

/* The socket is there before anybody listens. */
static bool
is_listening(const struct redis *server)
{
	struct sockaddr_un there = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens;

	assert_true(fd >= 0);
	text_copy(there.sun_path, sizeof(there.sun_path), server->path);
	listens = connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0;
	close(fd);
	return listens;
}

void
redis_restart(struct redis *server)
{
	int64_t deadline_ms = clock_mono_ms() + START_MS;

	if (server->pid > 0)
		waitpid(server->pid, NULL, 0);
	unlink(server->path);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0)
		run_server(server);
	while (!is_listening(server)) {
		if (clock_left_ms(deadline_ms) == 0 ||
		    waitpid(server->pid, NULL, WNOHANG) != 0)
			fail_msg("redis-server does not start");
		usleep(LOOK_US);
	}
}

struct redis *
redis_new(const char *lines)
{
	struct redis *server = xcalloc(1, sizeof(*server));
	FILE *file;

	snprintf(server->directory, sizeof(server->directory),
	    "/tmp/postern-redis.XXXXXX");
	assert_non_null(mkdtemp(server->directory));
	snprintf(
	    server->path, sizeof(server->path), "%s/sock", server->directory);
	snprintf(
	    server->conf, sizeof(server->conf), "%s/conf", server->directory);
	file = fopen(server->conf, "w");
	assert_non_null(file);
	fprintf(file,
	    "port 0\nunixsocket %s\ndir %s\nsave \"\"\nappendonly no\n%s",
	    server->path, server->directory, lines);
	assert_int_equal(fclose(file), 0);
	redis_restart(server);
	return server;
}

const char *
redis_path(const struct redis *server)
{
	return server->path;
}

void
redis_signal(const struct redis *server, int number)
{
	kill(server->pid, number);
}

void
redis_free(struct redis *server)
{
	if (server == NULL)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	unlink(server->path);
	unlink(server->conf);
	rmdir(server->directory);
	free(server);
}
