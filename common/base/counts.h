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
	COUNTS_PROBE_BLOCKED, /* never made: the address is special */
};
enum { COUNTS_PROBES = COUNTS_PROBE_BLOCKED + 1 };

/* What came of a fetch of a policy. */
enum counts_fetch {
	COUNTS_FETCH_NONE,    /* we lacked what it takes */
	COUNTS_FETCH_INVALID, /* what came is no policy */
	COUNTS_FETCH_HTTP,    /* another status than 200, or no HTTP */
	COUNTS_FETCH_TLS,
	COUNTS_FETCH_TIMEOUT,
	COUNTS_FETCH_CONNECT,
	COUNTS_FETCH_DNS,       /* no address that may be connected to */
	COUNTS_FETCH_UNCHANGED, /* the policy that is known already */
	COUNTS_FETCH_OK,
};
enum { COUNTS_FETCHES = COUNTS_FETCH_OK + 1 };

/* Of a lookup: what was asked for, and what came of it. */
enum counts_lookup {
	COUNTS_LOOKUP_MX,
	COUNTS_LOOKUP_A,
	COUNTS_LOOKUP_AAAA,
	COUNTS_LOOKUP_TLSA,
	COUNTS_LOOKUP_TXT,
	COUNTS_LOOKUP_CNAME,
	COUNTS_LOOKUP_DS,
};
enum { COUNTS_LOOKUPS = COUNTS_LOOKUP_DS + 1 };
enum counts_status {
	COUNTS_STATUS_TIMEOUT,
	COUNTS_STATUS_SERVFAIL,
	COUNTS_STATUS_BOGUS,
	COUNTS_STATUS_NODATA,
	COUNTS_STATUS_INSECURE,
	COUNTS_STATUS_SECURE,
};
enum { COUNTS_STATUSES = COUNTS_STATUS_SECURE + 1 };

/* Zeroed is none.  Each figure is right for itself, whatever the others. */
struct counts {
	_Atomic uint64_t checks; /* begun */
	_Atomic uint64_t running, running_max;
	_Atomic uint64_t waiting, waiting_max;
	_Atomic uint64_t queue_full; /* checks that found no room to wait */
	_Atomic uint64_t probes;
	_Atomic uint64_t probed[COUNTS_PROBES]; /* of them, so far */
	_Atomic uint64_t fetched[COUNTS_FETCHES];
	_Atomic uint64_t lookups[COUNTS_LOOKUPS][COUNTS_STATUSES];
};

/* Each takes a NULL counts and then does nothing. */
void counts_wait(struct counts *counts);  /* a check waits for a worker */
void counts_begin(struct counts *counts); /* one that waited runs */
void counts_end(struct counts *counts);
/* counts_refuse - for want of room one is given up, before it ran or after */
void counts_refuse(struct counts *counts, bool begun);
void counts_probe(struct counts *counts);
void counts_probed(struct counts *counts, enum counts_probe outcome);
void counts_fetched(struct counts *counts, enum counts_fetch outcome);
void counts_looked_up(
    struct counts *counts, enum counts_lookup type, enum counts_status status);

/* counts_fetches - all that were made; counts_fetches_failed - of them */
uint64_t counts_fetches(const struct counts *counts);
uint64_t counts_fetches_failed(const struct counts *counts);

#endif
