/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/doctor/doctor_connect.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/text.h"
#include "milter/conf/settings.h"

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_copy(address.sun_path, sizeof(address.sun_path), path);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int kept = errno;

		close(fd);
		errno = kept;
		return -1;
	}
	return fd;
}

static int
connect_any(const struct addrinfo *info)
{
	int fd = -1;

	for (; info != NULL && fd < 0; info = info->ai_next) {
		fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 &&
		    connect(fd, info->ai_addr, info->ai_addrlen) < 0) {
			int kept = errno;

			close(fd);
			errno = kept;
			fd = -1;
		}
	}
	return fd;
}

static int
connect_inet(const char *text)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *info;
	char copy[300];
	char *host;
	int fd;

	text_copy(copy, sizeof(copy), text);
	host = settings_cut_host(copy);
	if (getaddrinfo(host, copy, &hints, &info) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = connect_any(info);
	freeaddrinfo(info);
	return fd;
}

int
doctor_connect(const char *socket_text)
{
	const char *rest = strchr(socket_text, ':') + 1;

	return rest[0] == '/' ? connect_unix(rest) : connect_inet(rest);
}
