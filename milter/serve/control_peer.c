/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/serve/control_peer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"

/* Linux: NGROUPS_MAX */
enum { GROUPS_MAX = 65536 };

static bool
has_group(int fd, gid_t wanted)
{
	socklen_t size = 0;
	gid_t *groups;
	bool found = false;

	/* asked without room it tells the size */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 ||
	    size == 0 || size > GROUPS_MAX * sizeof(gid_t))
		return false;
	groups = xmalloc(size);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		for (size_t i = 0; i < size / sizeof(gid_t); i++)
			found |= groups[i] == wanted;
	free(groups);
	return found;
}

enum control_right
control_peer_right(int fd, const char *path)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct stat status;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return CONTROL_MAY_NOTHING;
	if (peer.uid == 0 || peer.uid == geteuid())
		return CONTROL_MAY_ALL;
	if (lstat(path, &status) != 0 || (status.st_mode & S_IWGRP) == 0)
		return CONTROL_MAY_NOTHING;
	return peer.gid == status.st_gid || has_group(fd, status.st_gid)
		   ? CONTROL_MAY_ASK
		   : CONTROL_MAY_NOTHING;
}
