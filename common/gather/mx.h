/* mx - from the next hop to the hosts that take its mail. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_MX_H
#define COMMON_GATHER_MX_H

#include <stdint.h>

#include "common/io/dns.h"
#include "common/judge/facts.h"

/* mx_ask - start the MX lookup of facts->next_hop; NULL where none is due */
struct dns_query *
mx_ask(struct dns *dns, const struct facts *facts, int64_t deadline_ms);

/*
 * mx_learn - await it, and fill mx, expanded, null_mx and the list of hosts
 *
 * Hosts are sorted by preference, then by name, at most LIMIT_MX_HOSTS.  A next
 * hop without MX, in brackets or denied, is its own host.
 * RFC 5321 section 5.1, RFC 7672 section 2.2, RFC 7505.
 */
void mx_learn(struct facts *facts, struct dns_query *query);

#endif
