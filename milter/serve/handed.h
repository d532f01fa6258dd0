/* handed - listening sockets that the service manager made. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_HANDED_H
#define MILTER_SERVE_HANDED_H

/*
 * handed_open - look which there are: sd_listen_fds(3)
 *
 * In the main thread, once, before anything opens a descriptor or forks.
 */
void handed_open(void);

/* handed_take - the one that listens at "unix:/path" or "inet:port@host", as
 * MapSocket has it, which does not block; -1: there is none such */
int handed_take(const char *socket);

#endif
