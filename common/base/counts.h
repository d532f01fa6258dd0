/* counts - what engines did since the start, counted. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_COUNTS_H
#define COMMON_BASE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* What came of a connection to a mail host. */
enum counts_probe {
	COUNTS_PROBE_TLS_FAILED, /* handshake, or what followed it */
	COUNTS_PROBE_REFUSED,    /* no connection, or no SMTP to be had */
	COUNTS_PROBE_TIMEOUT,
	COUNTS_PROBE_PLAINTEXT, /* it offers no TLS, or takes none */
	COUNTS_PROBE_TLS,
};
enum { COUNTS_PROBES = COUNTS_PROBE_TLS + 1 };

/* Zeroed is none.  Each figure is right for itself, whatever the others. */
struct counts {
	_Atomic uint64_t checks; /* begun */
	_Atomic uint64_t running, running_max;
	_Atomic uint64_t waiting, waiting_max;
	_Atomic uint64_t queue_full; /* checks that found no room to wait */
	_Atomic uint64_t probes;
	_Atomic uint64_t probed[COUNTS_PROBES]; /* of them, so far */
	_Atomic uint64_t fetches;               /* of policies */
	_Atomic uint64_t fetches_failed;
};

/* Each takes a NULL counts and then does nothing. */
void counts_wait(struct counts *counts);  /* a check waits for a worker */
void counts_begin(struct counts *counts); /* one that waited runs */
void counts_end(struct counts *counts);
/* counts_refuse - for want of room one is given up, before it ran or after */
void counts_refuse(struct counts *counts, bool begun);
void counts_probe(struct counts *counts);
void counts_probed(struct counts *counts, enum counts_probe outcome);
void counts_fetch(struct counts *counts, bool failed);

#endif
