/* dane - the host step: addresses, then TLSA records, side by side for all
 * hosts. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_DANE_H
#define COMMON_GATHER_DANE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cache.h"
#include "common/io/dns.h"
#include "common/judge/facts.h"
#include "common/proto/address.h"

struct dane_step;

/* What is to be learnt, and by when. */
struct dane_wish {
	struct dns *dns;
	enum families families; /* an MTA that uses one asks for no others */
	bool tlsa;
	int64_t deadline_ms;
};

/*
 * dane_start - ask for the addresses of the first hosts of facts
 *
 * dane_watch - see that ready is called for each lookup that is awaited, maybe
 * at once, and return how many there are
 *
 * dane_deadline - when the last of them has had its time
 *
 * dane_proceed - take what has come, and what has not by then as a time-out;
 * true: more is asked, watch again; false: all is learnt, and the step has
 * ended
 *
 * dane_drop - end it before that
 *
 * They fill a and aaaa, but for a family that is not used, cname, tlsa,
 * base_domain, records and addresses of each host.  TLSA counts only where the
 * addresses are secure, or the host name is a secure alias: else its lookup is
 * no fact, even if it failed.  It is asked for after the addresses, but for a
 * host that seems to be in a signed zone: its own name or its parent's is that
 * of an MX RRset that is secure.  RFC 7672 section 2.2.2 and 2.2.3.
 */
struct dane_step *dane_start(const struct dane_wish *wish, struct facts *facts);
unsigned dane_watch(struct dane_step *step, cache_ready *ready, void *arg);
int64_t dane_deadline(const struct dane_step *step);
bool dane_proceed(struct dane_step *step);
void dane_drop(struct dane_step *step);

#endif
