/* teller - whether who sends a datagram may tell of sessions. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_TELLER_H
#define MILTER_TLSRPT_TELLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What was found of the last user that was looked for; all zero to begin. */
struct teller {
	uid_t uid;
	gid_t group;
	bool is_member;
	int64_t until_ms; /* of clock_mono_ms */
};

/*
 * teller_may_tell - whether a sender of that user and group may tell
 *
 * Root and our own user may, and who is of the group of the socket: as their
 * first group, which costs nothing, or as another, which is looked for in the
 * user database and holds for a minute.  Whom the control socket would answer;
 * see control_peer.h.
 */
bool teller_may_tell(struct teller *teller, uid_t uid, gid_t gid, gid_t group);

#endif
