/* dane - the host step: addresses, then TLSA records, side by side for all
 * hosts. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_DANE_H
#define COMMON_GATHER_DANE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/io/dns.h"
#include "common/judge/facts.h"
#include "common/proto/address.h"

struct dane_step;

/* dane_start - ask for the addresses of the first hosts of facts, in these
 * families: an MTA that uses one asks for no others */
struct dane_step *dane_start(struct dns *dns, struct facts *facts,
    enum families families, int64_t deadline_ms);

/*
 * dane_finish - await those of all hosts and, with want_tlsa, do what follows
 * from them; ends the step
 *
 * Fills a and aaaa, but for a family that is not used, cname, tlsa,
 * base_domain, records and addresses of each host. TLSA is asked for only where
 * the addresses are secure, or the host name is a secure alias.  RFC 7672
 * section 2.2.2 and 2.2.3.
 */
void dane_finish(struct dane_step *step, bool want_tlsa);

#endif
