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

/* Which addresses a host's mail may go to. */
enum families { FAMILIES_ALL, FAMILIES_IPV4, FAMILIES_IPV6 };

/* families_have - whether family, AF_INET or AF_INET6, is one of them */
bool families_have(enum families families, int family);

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
 * globally reachable, multicast, and the ranges and forms of IPv6 addresses
 * that carry an IPv4 address inside; but for the one of address_translated,
 * whose address has to be asked about by itself.
 */
bool address_is_special(const struct address *address);

/*
 * address_is_local_translation - whether it is of 64:ff9b:1::/48, which is for
 * NAT64 gates of the own network (RFC 8215), and special for no other reason
 */
bool address_is_local_translation(const struct address *address);

/*
 * address_translated - what a connection to the address really reaches: itself,
 * or the IPv4 address in one of 64:ff9b::/96, behind a NAT64 gate
 *
 * RFC 6052 section 2.1.  out may be the address.
 */
void address_translated(const struct address *address, struct address *out);

#endif
