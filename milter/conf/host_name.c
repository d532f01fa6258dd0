/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/host_name.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/judge/facts.h"
#include "common/proto/domain.h"

/* The system's file of hosts has it, or a resolver that answers */
enum { LOOKUP_S = 2 };

/* In the child: getaddrinfo has no time-out of its own, and waits long for a
 * resolver that is silent. */
static void __attribute__((noreturn)) look_up(const char *name, int fd)
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME};
	struct addrinfo *info;

	signal(SIGALRM, SIG_DFL);
	alarm(LOOKUP_S);
	if (getaddrinfo(name, NULL, &hints, &info) == 0 &&
	    info->ai_canonname != NULL && strchr(info->ai_canonname, '.') &&
	    write(fd, info->ai_canonname, strlen(info->ai_canonname)) > 0)
		_exit(0);
	_exit(1);
}

/* All that the child says; it ends in time, whatever it does. */
static void
read_child_answer(int fd, char *out, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = read(fd, out + length, size - 1 - length);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	out[length] = '\0';
}

static void
complete_name(char name[LIMIT_DOMAIN_SIZE])
{
	char whole[LIMIT_DOMAIN_SIZE] = "";
	int fds[2];
	pid_t child;

	if (pipe(fds) < 0)
		return;
	child = fork();
	if (child == 0)
		look_up(name, fds[1]);
	close(fds[1]);
	if (child > 0)
		read_child_answer(fds[0], whole, sizeof(whole));
	close(fds[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (whole[0] != '\0')
		text_copy(name, LIMIT_DOMAIN_SIZE, whole);
}

void
host_name_find(char out[LIMIT_DOMAIN_SIZE])
{
	static char found[LIMIT_DOMAIN_SIZE];
	char name[LIMIT_DOMAIN_SIZE] = "";

	if (found[0] == '\0') {
		gethostname(name, sizeof(name) - 1);
		if (name[0] != '\0' && strchr(name, '.') == NULL)
			complete_name(name);
		if (domain_normalise(name, found, NULL) < 0)
			text_copy(found, sizeof(found), "localhost");
	}
	text_copy(out, LIMIT_DOMAIN_SIZE, found);
}
