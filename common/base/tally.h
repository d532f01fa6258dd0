/* tally - what engines did since the start, counted. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_TALLY_H
#define COMMON_BASE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed is none.  Each figure is right for itself, whatever the others. */
struct tally {
	_Atomic uint64_t checks; /* begun */
	_Atomic uint64_t running, running_max;
	_Atomic uint64_t waiting, waiting_max;
	_Atomic uint64_t queue_full; /* checks that found no room to wait */
	_Atomic uint64_t probes;
	_Atomic uint64_t fetches; /* of policies */
	_Atomic uint64_t fetches_failed;
};

/* Each takes a NULL tally and then does nothing. */
void tally_wait(struct tally *tally);  /* a check waits for a worker */
void tally_begin(struct tally *tally); /* one that waited runs */
void tally_end(struct tally *tally);
/* tally_refuse - for want of room one is given up, before it ran or after */
void tally_refuse(struct tally *tally, bool begun);
void tally_probe(struct tally *tally);
void tally_fetch(struct tally *tally, bool failed);

#endif
