/* manners - how a survey goes about mail hosts that many domains share. Plain
 * data. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_MANNERS_H
#define COMMON_GATHER_MANNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/judge/facts.h"

/*
 * Told by any thread, and borrowed for the call; none may block for long.
 *
 * manners_recall - what was kept of an address and a name, or NULL
 * manners_keep - what a connection showed
 * manners_differ - what was inferred of names at the address does not hold
 * manners_spare - whether it is not to be connected to
 */
typedef struct probe_facts *
manners_recall(void *arg, const char *address, uint16_t port, const char *name);
typedef void manners_keep(void *arg, const char *address, uint16_t port,
    const char *name, const struct probe_facts *facts);
typedef void manners_differ(void *arg, const char *address);
typedef bool manners_spare(void *arg, const char *address, const char *name);

struct manners {
	/*
	 * Each address is asked once for each name, and as long as it fails no
	 * more often than pacing.h has it; of hosts that neither DANE nor a
	 * policy is for, one address is.  What many names are shown is inferred
	 * for more: tenants.h.  False: as mail goes, and the rest does not
	 * count.
	 */
	bool survey;
	int gap_ms;          /* see pacing.h */
	unsigned rate;       /* likewise */
	unsigned fetch_rate; /* policies that are fetched in a second; 0: any;
				never more than two at once at an address */
	bool no_fetch;       /* none is */
	const char *agent;   /* see fetch_turn.h; needed to the end */
	manners_recall *recall;
	manners_keep *keep;
	manners_differ *differ;
	manners_spare *spare;
	void *arg;
};

#endif
