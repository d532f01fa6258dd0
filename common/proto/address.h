/* address - IP addresses as text and octets, and those of special purpose.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_ADDRESS_H
#define COMMON_PROTO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {
	int family; /* AF_INET or AF_INET6 */
	uint8_t octets[16];
	size_t size; /* octets used: 4 or 16 */
};

/* address_parse - read an address without brackets, port or zone; 0, or -1 */
int address_parse(const char *text, struct address *out);

bool address_equal(const struct address *a, const struct address *b);

/*
 * address_from_rdata - the text of an A or AAAA record
 *
 * rdata is 4 or 16 octets in network order.  Returns 0, or -1 if it has
 * another size.
 */
int address_from_rdata(
    const uint8_t *rdata, size_t size, char out[INET6_ADDRSTRLEN]);

/*
 * address_is_special - whether no public mail or policy host can have it
 *
 * Ranges of the IANA special-purpose registries (RFC 6890) that are not
 * globally reachable, multicast, and the IPv6 ranges that carry an IPv4 address
 * inside.  What is no address is special too.
 */
bool address_is_special(const char *text);

#endif
