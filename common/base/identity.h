/* identity - what another user of this host may do, found by doing it as that
 * user in a child process.  One thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_IDENTITY_H
#define COMMON_BASE_IDENTITY_H

#include <sys/types.h>

#include "common/base/err.h"

enum { IDENTITY_GROUPS = 64 };

struct identity {
	char name[65];
	uid_t uid;
	gid_t gid;
	int count;
	gid_t groups[IDENTITY_GROUPS];
};

/* identity_find - of "USER" or "USER:GROUP", with all groups; LOCAL when there
 * is no such user or group */
int identity_find(const char *user, struct identity *out, struct err *err);

/* What came of a try that could not be made: only root, or the user itself, can
 * try. */
enum { IDENTITY_UNKNOWN = -1 };

/* identity_access - 0, errno of access(2), or IDENTITY_UNKNOWN */
int identity_access(const struct identity *who, const char *path, int mode);

/* identity_connect - the same of connect(2) to a Unix stream socket */
int identity_connect(const struct identity *who, const char *path);

#endif
