/* shared_address - where a store that hosts share listens, as a setting names
 * it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SHARED_ADDRESS_H
#define COMMON_IO_SHARED_ADDRESS_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"

enum shared_scheme { SHARED_TLS, SHARED_TCP, SHARED_UNIX };

/* Where a store listens. */
struct shared_address {
	enum shared_scheme scheme;
	char host[LIMIT_DOMAIN_SIZE]; /* or the path of a socket */
	uint16_t port;
};

/*
 * shared_address_parse - "unix:/path", "tls://host" with ":port" or without, or
 * "tcp://" and a loopback address with one
 *
 * A host of IPv6 stands in brackets.  DATA for anything else: without TLS
 * nothing may go over a network, for passwords would go with it.
 */
int shared_address_parse(
    const char *text, struct shared_address *out, struct err *err);

#endif
