/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/text.h"
#include "milter/conf/settings.h"

/* Whether a server answers at the Unix socket; else it is of no use. */
static int
claim_path(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;
	int fd;
	int rc;

	if (lstat(path, &status) < 0)
		return errno == ENOENT
			   ? 0
			   : err_status(err, EX_CANTCREAT, "%.150s: %s", path,
				 strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return err_status(err, EX_CANTCREAT,
		    "%.150s is there and is no socket", path);
	text_copy(address.sun_path, sizeof(address.sun_path), path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_status(err, EX_OSERR, "socket: %s", strerror(errno));
	rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (rc < 0)
		rc = errno;
	close(fd);
	/* EAGAIN: somebody lets them wait */
	if (rc == 0 || rc == EAGAIN)
		return err_status(err, EX_UNAVAILABLE,
		    "%.150s is in use by another process", path);
	if (rc != ECONNREFUSED && rc != ENOENT)
		return err_status(
		    err, EX_CANTCREAT, "%.150s: %s", path, strerror(rc));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_status(err, EX_CANTCREAT, "cannot remove %.150s: %s",
		    path, strerror(errno));
	return 0;
}

/* Whether a listener could have the directory of path; libmilter says it to
 * syslog alone. */
static int
try_directory(const char *path, struct err *err)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	text_copy(directory, sizeof(directory), path);
	slash = strrchr(directory, '/');
	slash[slash == directory] = '\0';
	if (access(directory, W_OK | X_OK) < 0)
		return err_status(err, EX_CANTCREAT,
		    "cannot make a socket in %.150s: %s", directory,
		    strerror(errno));
	return 0;
}

/* Bind as libmilter is going to, and let go. */
static int
try_bind(const struct addrinfo *info, const char *socket_text, struct err *err)
{
	int on = 1;
	int status = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_status(err, EX_UNAVAILABLE, "%.150s: %s",
		    socket_text, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0)
		status = err_status(err,
		    errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE, "%.150s: %s",
		    socket_text, strerror(errno));
	close(fd);
	return status;
}

/* The addresses of "inet:port@host" or "inet6:port@host", for freeaddrinfo. */
static int
find_port(const char *socket_text, struct addrinfo **info, struct err *err)
{
	struct addrinfo hints = {.ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char copy[300];
	char *host;
	int rc;

	if (strncmp(socket_text, "inet6:", 6) == 0)
		hints.ai_family = AF_INET6;
	text_copy(copy, sizeof(copy), strchr(socket_text, ':') + 1);
	host = settings_cut_host(copy);
	rc = getaddrinfo(host, copy, &hints, info);
	if (rc != 0)
		return err_status(err, EX_NOHOST, "%.150s: %s", socket_text,
		    gai_strerror(rc));
	return 0;
}

static int
claim_port(const char *socket_text, struct err *err)
{
	struct addrinfo *info;
	int rc = find_port(socket_text, &info, err);

	if (rc != 0)
		return rc;
	rc = try_bind(info, socket_text, err);
	freeaddrinfo(info);
	return rc;
}

int
socket_resolve(const char *text, struct sockaddr_storage *out, socklen_t *size,
    struct err *err)
{
	const char *rest = strchr(text, ':') + 1;
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct addrinfo *info;
	int rc;

	if (rest[0] == '/') {
		text_copy(path.sun_path, sizeof(path.sun_path), rest);
		*size = sizeof(path);
		memcpy(out, &path, sizeof(path));
		return 0;
	}
	rc = find_port(text, &info, err);
	if (rc != 0)
		return rc;
	*size = info->ai_addrlen;
	memcpy(out, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return 0;
}

int
socket_claim(const char *text, struct err *err)
{
	const char *rest = strchr(text, ':') + 1;
	int status;

	if (rest[0] != '/')
		return claim_port(text, err);
	status = try_directory(rest, err);
	return status != 0 ? status : claim_path(rest, err);
}

void
socket_own(const char *text, struct socket_owned *own)
{
	const char *rest = strchr(text, ':') + 1;
	struct stat status;

	if (rest[0] == '/' && lstat(rest, &status) == 0)
		*own = (struct socket_owned){status.st_dev, status.st_ino};
}

void
socket_release(const char *text, struct socket_owned *own)
{
	struct socket_owned there = {0, 0};

	if (own->inode == 0)
		return;
	socket_own(text, &there);
	if (there.device == own->device && there.inode == own->inode)
		unlink(strchr(text, ':') + 1);
	own->inode = 0;
}

static int
bind_there(int fd, const char *text, mode_t mode, int backlog,
    struct socket_owned *own, struct err *err)
{
	const char *rest = strchr(text, ':') + 1;
	struct sockaddr_storage address;
	socklen_t size;
	int on = 1;
	int status = socket_resolve(text, &address, &size, err);

	if (status != 0)
		return status;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, size) < 0)
		return err_status(
		    err, EX_CANTCREAT, "%.150s: %s", text, strerror(errno));
	socket_own(text, own);
	/* nobody connects before it listens, by when it has its mode */
	if (rest[0] == '/' && mode != SOCKET_UMASK && chmod(rest, mode) < 0)
		return err_status(
		    err, EX_CANTCREAT, "%.150s: %s", text, strerror(errno));
	if (listen(fd, backlog) < 0)
		return err_status(
		    err, EX_CANTCREAT, "%.150s: %s", text, strerror(errno));
	return 0;
}

int
socket_listen(const char *text, mode_t mode, int backlog,
    struct socket_owned *own, int *fd, struct err *err)
{
	bool ipv6 = strncmp(text, "inet6:", 6) == 0;
	int family = strchr(text, ':')[1] == '/' ? AF_UNIX
		     : ipv6                      ? AF_INET6
						 : AF_INET;
	int status = socket_claim(text, err);

	if (status != 0)
		return status;
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return err_status(err, EX_OSERR, "socket: %s", strerror(errno));
	return bind_there(*fd, text, mode, backlog, own, err);
}
