/* outbound - whether any mail host can be connected to. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_OUTBOUND_H
#define COMMON_GATHER_OUTBOUND_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/own.h"

/*
 * Where port 25 is closed on the way out, no probe comes about, and no verdict
 * may wait for one.  But who sends mail chooses what is probed: he may name
 * hosts that refuse, or that are not there, in a quiet hour.  So the way counts
 * as shut only if, for five minutes, no connection has come about, and
 *   - connections to four networks failed; addresses of one /24, or /48, are
 *     one network, for who has one of them mostly has them all;
 *   - and so did those to every witness.
 * A witness is a host that could be connected to before.  There are four at
 * most, of as many networks, the first that were found; one leaves when it is
 * out of reach while others are not, so that nobody drives them out by having
 * hosts of his own come and go.  They are asked for when the rest holds, not
 * waited for, and each of them opens the way.
 *
 * Before the first connection of all there is no witness, and four networks
 * are enough: a daemon behind a closed port never gets one.  The first check
 * after that, and of each minute, is a trial that is probed all the same.
 */
struct outbound;

/* A host that is to be connected to, to see whether that is possible. */
struct outbound_witness {
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	char sni[LIMIT_DOMAIN_SIZE];
};

/* The way out is open once more, or it is shut; by whoever notes it.  It must
 * not block. */
typedef void outbound_changed(void *arg, bool open);

/*
 * outbound_new - watch connections to port; it counts as open
 *
 * changed may be NULL.
 */
void outbound_free(struct outbound *outbound);
struct outbound *outbound_new(
    uint16_t port, outbound_changed *changed, void *arg) OWNED(outbound_free);

/*
 * outbound_note - a connection to address, for the host sni, was tried, and
 * came about or not
 *
 * Other ports than the watched one say nothing.
 */
void outbound_note(struct outbound *outbound, const char *address,
    const char *sni, uint16_t port, bool connected);

bool outbound_is_shut(struct outbound *outbound);

/* outbound_wants_trial - it is shut, and time to try whether it still is: true
 * at first, and then once a minute */
bool outbound_wants_trial(struct outbound *outbound);

/*
 * outbound_wants_witness - true if a witness is to be connected to now
 *
 * Ask after each outbound_note and each trial, until it is false; each witness
 * is told once a minute at most.
 */
bool
outbound_wants_witness(struct outbound *outbound, struct outbound_witness *out);

#endif
