/* inbox - the socket at which MTAs tell of their sessions: a thread of its own
 * takes each datagram at once. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_INBOX_H
#define MILTER_TLSRPT_INBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct inbox;

/*
 * inbox_open - make the socket at path, of mode 0660, and receive
 *
 * Who sends does not wait: what nobody takes in time is lost, and the MTA says
 * so in its log.  So up to LIMIT_TLSRPT_WAITING datagrams, and
 * LIMIT_TLSRPT_WAITING_OCTETS, wait here.  A socket that nobody listens at is
 * replaced; where somebody does, another collector is at work.  LOCAL when the
 * socket cannot be made.
 */
void inbox_free(struct inbox *inbox); /* removes the socket, if it is ours */
struct inbox *inbox_open(const char *path, struct err *err) OWNED(inbox_free);

struct inbox_datagram {
	time_t at; /* it came */
	uid_t uid; /* of who sent it, as the kernel says */
	gid_t gid;
	size_t size;
	char *octets; /* for free() */
};

/* What did not come in, since it was last asked for. */
struct inbox_lost {
	uint64_t full; /* too many waited */
	uint64_t cut;  /* longer than LIMIT_TLSRPT_DATAGRAM */
};

/*
 * inbox_take - the datagram that has waited longest, by deadline_ms
 * (clock_mono_ms): 1 and out, 0 when there is none
 *
 * lost is set either way.
 */
int inbox_take(struct inbox *inbox, int64_t deadline_ms,
    struct inbox_datagram *out, struct inbox_lost *lost);

/* inbox_nudge - have inbox_take return at once, once; inbox_wake - from here
 * on */
void inbox_nudge(struct inbox *inbox);
void inbox_wake(struct inbox *inbox);

#endif
