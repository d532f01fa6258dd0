/* nat64 - the prefixes of a NAT64 gate, as ipv4only.arpa shows them. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_NAT64_H
#define COMMON_PROTO_NAT64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/proto/address.h"

struct nat64_prefix {
	uint8_t octets[12];
	unsigned bits; /* 32, 40, 48, 56, 64 or 96 */
};

struct nat64 {
	size_t count;
	struct nat64_prefix prefixes[LIMIT_NAT64_PREFIXES];
};

/*
 * nat64_find - the prefixes that the AAAA records of ipv4only.arpa show
 *
 * 192.0.0.170 and 192.0.0.171 are looked for at each position of RFC 6052
 * section 2.2.  Where an address has one at several positions, those count at
 * which the other one is found under the same prefix, or all if there are none
 * such.  RFC 7050 section 3.
 *
 * Only two kinds of prefix are believed, since the answer is not signed, and
 * whoever forges it must not open this host's own network:
 *   - one of global unicast addresses (2000::/3) and of no special purpose. It
 *     can only block: an address under it is judged by itself as well;
 *   - one in 64:ff9b:1::/48, which RFC 8215 keeps for translation alone, so
 *     that no host has an address in it.  Of those addresses, all of which are
 *     blocked else, it opens the ones with a public IPv4 address inside.  At
 *     worst a forged one makes us read another IPv4 address than the gate does.
 * Unique local, link-local and IPv4-mapped prefixes are passed over: our own
 * network has addresses there, and none of them may count as a public one.
 */
void nat64_find(const struct address *answer, size_t count, struct nat64 *out);

/*
 * nat64_inside - whether the address is under the prefix, and the IPv4 address
 * that it then reaches
 *
 * Whatever the bits are that have no meaning: a gate may pass over them.
 */
bool nat64_inside(const struct nat64_prefix *prefix,
    const struct address *address, struct address *out);

#endif
