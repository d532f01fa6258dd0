/* forbidden_address - addresses that a stranger must not make us connect to. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_FORBIDDEN_ADDRESS_H
#define COMMON_IO_FORBIDDEN_ADDRESS_H

#include <stdbool.h>

#include "common/proto/nat64.h"

/*
 * forbidden_address_is - whether the address is special-purpose (see
 * address.h), or one of this host's own; or one that it is translated to is
 *
 * prefixes: of NAT64 gates, besides 64:ff9b::/96.  An address in 64:ff9b:1::/48
 * is blocked unless one of them translates it.
 * What is no address is blocked, and all are while this host's own cannot be
 * had.
 * Any sender chooses the recipient's domain, and that domain's DNS chooses the
 * address: without this, mail could make us talk to our own network.
 */
bool forbidden_address_is(const char *address, const struct nat64 *prefixes);

/* forbidden_address_is_own - whether the address is known to be one of this
 * host's own */
bool forbidden_address_is_own(const char *address);

#endif
