/* control_peer - who is at the other end of a Unix socket, and may be. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_PEER_H
#define MILTER_SERVE_CONTROL_PEER_H

enum control_right {
	CONTROL_MAY_NOTHING,
	CONTROL_MAY_ASK, /* what changes nothing */
	CONTROL_MAY_ALL,
};

/*
 * control_peer_right - what the peer of fd may
 *
 * Root and our own user may all; who is of the group of the socket at path may
 * ask, while its mode lets that group write.  The kernel keeps others from a
 * socket of mode 0660 already; this holds when somebody has changed the mode.
 */
enum control_right control_peer_right(int fd, const char *path);

#endif
