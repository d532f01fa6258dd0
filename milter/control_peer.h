/* control_peer - who is at the other end of a Unix socket, and may be. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONTROL_PEER_H
#define MILTER_CONTROL_PEER_H

#include <stdbool.h>

/*
 * control_peer_may - whether the peer of fd is root, our own user, or of the
 * group of the socket at path while its mode lets that group write
 *
 * The kernel keeps others from a socket of mode 0660 already; this holds when
 * somebody has changed the mode.
 */
bool control_peer_may(int fd, const char *path);

#endif
