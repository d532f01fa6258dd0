/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/handed.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/text.h"
#include "milter/serve/socket.h"

enum { FIRST_FD = 3, MOST_FDS = 64 };

static int handed_count;
static bool handed_taken[MOST_FDS];

void
handed_open(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t of, count;

	if (pid != NULL && fds != NULL && text_uint(pid, INT_MAX, &of) == 0 &&
	    (pid_t)of == getpid() && text_uint(fds, MOST_FDS, &count) == 0)
		handed_count = (int)count;
	for (int i = 0; i < handed_count; i++)
		fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static bool
same_ipv4(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port &&
	       a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool
same_ipv6(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
	return a->sin6_port == b->sin6_port &&
	       memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

static bool
same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	switch (a->ss_family) {
	case AF_INET:
		return same_ipv4((const struct sockaddr_in *)a,
		    (const struct sockaddr_in *)b);
	case AF_INET6:
		return same_ipv6((const struct sockaddr_in6 *)a,
		    (const struct sockaddr_in6 *)b);
	default:
		return strcmp(((const struct sockaddr_un *)a)->sun_path,
			   ((const struct sockaddr_un *)b)->sun_path) == 0;
	}
}

static bool
is_handed_at(int fd, const struct sockaddr_storage *wanted)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);
	int listens = 0;
	socklen_t length = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) ==
		   0 &&
	       listens &&
	       getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	       same_address(&address, wanted);
}

int
handed_take(const char *socket_text)
{
	struct sockaddr_storage wanted = {0};
	socklen_t size;

	if (handed_count == 0 ||
	    socket_resolve(socket_text, &wanted, &size, NULL) != 0)
		return -1;
	for (int i = 0; i < handed_count; i++) {
		int fd = FIRST_FD + i;

		if (handed_taken[i] || !is_handed_at(fd, &wanted))
			continue;
		handed_taken[i] = true;
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fd;
	}
	return -1;
}
