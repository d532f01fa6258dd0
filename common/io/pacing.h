/* pacing - when an address may be connected to: how many at once, how soon
 * after the last, and whether it wants to be left alone. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_PACING_H
#define COMMON_IO_PACING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "common/base/err.h"
#include "common/base/own.h"

struct pacing_options {
	unsigned per_address; /* connections to an address at once */
	int gap_ms;    /* from the begin of a connection to that of the next at
			  the same address, of IPv6 the same /64; 0: none */
	unsigned rate; /* connections that begin in a second, in all; 0: any */
	bool back_off; /* leave those alone that fail in a row */
};

enum {
	/* A line at an address that takes longer is not joined */
	PACING_LINE_MS = 60 * 1000,

	/* So many failures in a row, and for how long it is then left alone;
	 * after the same once more, for good */
	PACING_FAILURES = 3,
	PACING_REST_MS = 600 * 1000,
};

/* What waits for its turn: part of what the caller has. */
struct pacing_turn {
	TAILQ_ENTRY(pacing_turn) next;
	char address[INET6_ADDRSTRLEN];
};

/* pacing_go - it is this one's turn; by a thread of its own, or in
 * pacing_enter's */
typedef void pacing_go(void *arg, struct pacing_turn *turn);

/*
 * pacing_new - LOCAL when the system gives no thread, which it wants for a gap,
 * a rate or back_off alone
 *
 * pacing_free: no turn may wait, or have begun.
 */
struct pacing;
void pacing_free(struct pacing *pacing);
struct pacing *pacing_new(const struct pacing_options *options, pacing_go *go,
    void *arg, struct err *err) OWNED(pacing_free);

/* How the caller stands with an address. */
enum pacing_place {
	PACING_WAITS, /* in line: go is called when its turn comes */
	PACING_GOES,  /* it is its turn: pacing_leave ends it */
	PACING_FULL,  /* the line is too long: neither */
};

/* pacing_enter - join the line of turn->address */
enum pacing_place pacing_enter(struct pacing *pacing, struct pacing_turn *turn);

/* What was made of a turn. */
enum pacing_use {
	PACING_UNUSED, /* no connection: the next need not wait for a gap */
	PACING_ANSWERED,
	PACING_FAILED, /* nobody answered, or sent us away */
};

/* pacing_leave - end a turn; whose turn it is now, or NULL */
struct pacing_turn *
pacing_leave(struct pacing *pacing, const char *address, enum pacing_use use);

/*
 * pacing_mood - whether an address that it is somebody's turn at may be
 * connected to
 *
 * Turns at one that is to be left alone come at once.
 */
enum pacing_mood { PACING_NEVER, PACING_LATER, PACING_NOW };
enum pacing_mood pacing_mood(struct pacing *pacing, const char *address);

/*
 * pacing_end - from now on all are to be left alone
 *
 * Who waited for a gap or the rate has had his turn when it returns; who waits
 * behind another goes after him.  Not in pacing_go.
 */
void pacing_end(struct pacing *pacing);

#endif
