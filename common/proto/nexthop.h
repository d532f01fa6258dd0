/* nexthop - where the MTA will send a recipient's mail. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_NEXTHOP_H
#define COMMON_PROTO_NEXTHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"

struct nexthop {
	char host[LIMIT_DOMAIN_SIZE]; /* normalised; a literal: the address */
	uint16_t port;                /* host order */
	bool mx_lookup;               /* false for "[host]" and addresses */
	bool literal;                 /* host is an IP address */
};

/*
 * nexthop_port - read a port: 1 to 65535, or one of the names of mail services
 * that Postfix knows by itself (known_tcp_ports in postconf(5)), in any case:
 * lmtp smtp smtps submissions submission
 *
 * DATA for anything else.
 */
int nexthop_port(const char *text, uint16_t *port, struct err *err);

/*
 * nexthop_parse - read {rcpt_host}: "domain" "[host]" "[host]:port" "host:port"
 * "[192.0.2.1]", or several of them with commas or white space between
 *
 * A port is as for nexthop_port.  default_port is taken where there is none,
 * as in "host:".  Returns how many next hops stand in out, in the MTA's order,
 * or -1; what is behind LIMIT_NEXTHOPS of them is not read.  "a:b" where b is
 * no port is Sendmail's list of two hosts; Postfix delivers to no such next
 * hop.  A port alone does not switch the MX look-up off (Postfix transport(5)).
 * DATA when a part is no host, or there is none.
 */
int nexthop_parse(const char *text, uint16_t default_port,
    struct nexthop out[LIMIT_NEXTHOPS], struct err *err);

enum {
	NEXTHOP_TEXT_SIZE = LIMIT_DOMAIN_SIZE + 16,
	NEXTHOP_LIST_SIZE = LIMIT_NEXTHOPS * NEXTHOP_TEXT_SIZE,
};

/*
 * nexthop_print - the canonical spelling, "[host]:port" and its kin, without
 * the port if it is 25
 *
 * Next hops print alike if they are equal and only then: a key.
 */
void nexthop_print(const struct nexthop *hop, char out[NEXTHOP_TEXT_SIZE]);

/* nexthop_print_list - several of them, with "," between, as nexthop_parse
 * reads them */
void nexthop_print_list(
    const struct nexthop hops[], size_t count, char out[NEXTHOP_LIST_SIZE]);

#endif
