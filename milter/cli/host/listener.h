/* listener - whether what an MTA connects to is the socket that posternd
 * listens at.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_LISTENER_H
#define MILTER_CLI_HOST_LISTENER_H

#include <stdint.h>

enum listener { LISTENER_UNSURE, LISTENER_OTHER, LISTENER_OURS };

/* listener_path - two paths, which may be two names of one socket */
enum listener listener_path(const char *path, const char *socket);

/*
 * listener_port - a host and a port as an MTA has them
 *
 * host: a name or an address, perhaps in brackets; NULL: this host.  port: a
 * number or the name of a service.  socket: as posternd's Socket.  UNSURE when
 * a name cannot be looked up by deadline_ms (clock_mono_ms).
 */
enum listener listener_port(const char *host, const char *port,
    const char *socket, int64_t deadline_ms);

#endif
