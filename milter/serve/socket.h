/* socket - the place where a listener is to be: made free, and given back. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_SOCKET_H
#define MILTER_SERVE_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * socket_claim - make way for a listener at "unix:/path", "local:/path",
 * "inet:port@host" or "inet6:port@host"
 *
 * A Unix socket that nobody serves is removed.  EX_UNAVAILABLE when somebody
 * does, EX_CANTCREAT when the place is not ours, EX_NOHOST when host is
 * unknown.
 */
int socket_claim(const char *socket, struct err *err);

/* socket_resolve - the address of a listener at the same text; EX_NOHOST when
 * host is unknown */
int socket_resolve(const char *socket, struct sockaddr_storage *out,
    socklen_t *size, struct err *err);

/* A Unix socket that is ours; zeroed: none. */
struct socket_owned {
	dev_t device;
	ino_t inode;
};

/*
 * socket_listen - claim the place, and listen there
 *
 * mode: of a Unix socket, or SOCKET_UMASK.  *fd does not block.  On failure
 * *fd and *own are as far as it came: close what is not -1, and release.
 */
enum { SOCKET_UMASK = 0 };
int socket_listen(const char *socket, mode_t mode, int backlog,
    struct socket_owned *own, int *fd, struct err *err);

/*
 * socket_own - remember what listens at the path, and
 * socket_release - remove it, unless another took its place
 *
 * socket: as above; of inet there is nothing to remember.
 */
void socket_own(const char *socket, struct socket_owned *own);
void socket_release(const char *socket, struct socket_owned *own);

#endif
