/* losses - what is not counted, told to the log at most once a minute and
 * reason. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_LOSSES_H
#define MILTER_TLSRPT_LOSSES_H

#include <stdint.h>

enum loss {
	LOSS_MALFORMED, /* no session can be read of it */
	LOSS_FULL,      /* too many waited */
	LOSS_CUT,       /* longer than a datagram may be */
	LOSS_FOREIGN,   /* from somebody who may not tell */
	LOSS_UNSAVED,   /* the store cannot be written, and memory is full */
	LOSS_DOMAINS,   /* more next hops than are kept of a day */
};
enum { LOSS_KINDS = LOSS_DOMAINS + 1 };

/* All zero to begin. */
struct losses {
	uint64_t untold[LOSS_KINDS];
	int64_t told_ms[LOSS_KINDS]; /* of clock_mono_ms; 0: never */
};

/*
 * losses_note - so many more were lost
 *
 * event=tlsrpt-drop, at once when none was told within the last minute; else
 * they are in the number of the next such line.  With count 0 one is written if
 * it is due.
 */
void losses_note(struct losses *losses, enum loss loss, uint64_t count);

#endif
