/* domain - names of the DNS as Postern compares and prints them. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_DOMAIN_H
#define COMMON_PROTO_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/wire.h"

/*
 * domain_normalise - the one spelling of a name: A-labels, lower case, no
 * final dot
 *
 * text is UTF-8 or ASCII, one final dot is dropped.  Labels are letters,
 * digits, "-" and "_", 1 to 63 octets, at most LIMIT_DOMAIN octets in all.
 * DATA when it is no such name; nothing of text stands in the error unescaped.
 * UTS 46 for U-labels, as MTAs have it; RFC 1035 section 2.3.4 for the sizes.
 */
int domain_normalise(
    const char *text, char out[LIMIT_DOMAIN_SIZE], struct err *err);

/*
 * domain_from_wire - read an uncompressed name of RDATA, in that same spelling
 *
 * The root is "".  DATA when it is cut short, compressed, or holds an octet
 * that no host name has.
 */
int domain_from_wire(
    struct wire *wire, char out[LIMIT_DOMAIN_SIZE], struct err *err);

/*
 * domain_is_literal - whether text is an address literal: "[192.0.2.1]",
 * "[IPv6:2001:db8::1]", or that without the tag
 */
bool domain_is_literal(const char *text);

/*
 * domain_of_address - the part behind the last "@" of an envelope address
 *
 * address may stand in "<>".  out gets a copy, not normalised, size octets at
 * most.  DATA when there is no "@", nothing behind it, or too much.
 * RFC 5321 section 4.1.2 - a quoted local part may hold an "@".
 */
int
domain_of_address(const char *address, char *out, size_t size, struct err *err);

/* domain_under - whether name is parent itself or a name below it; both are
 * normalised, and everything is under "" */
bool domain_under(const char *name, const char *parent);

/* domain_library - the version of the library behind this, a constant */
const char *domain_library(void);

#endif
