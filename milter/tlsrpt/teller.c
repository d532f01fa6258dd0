/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/teller.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "common/base/clock.h"

enum {
	MEMBER_MS = 60 * 1000,
	GROUPS = 64,
};

/* A datagram carries one group of its sender: the others are not in it. */
static bool
find_membership(uid_t uid, gid_t group)
{
	char room[4096];
	struct passwd entry, *found = NULL;
	gid_t groups[GROUPS];
	int count = GROUPS;

	if (getpwuid_r(uid, &entry, room, sizeof(room), &found) != 0 ||
	    found == NULL)
		return false;
	if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &count) < 0)
		count = GROUPS; /* those that fitted */
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool
teller_may_tell(struct teller *teller, uid_t uid, gid_t gid, gid_t group)
{
	int64_t now_ms = clock_mono_ms();

	if (uid == 0 || uid == geteuid() || gid == group)
		return true;
	if (teller->uid != uid || teller->group != group ||
	    now_ms >= teller->until_ms) {
		teller->uid = uid;
		teller->group = group;
		teller->is_member = find_membership(uid, group);
		teller->until_ms = now_ms + MEMBER_MS;
	}
	return teller->is_member;
}
