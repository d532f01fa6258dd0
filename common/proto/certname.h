/* certname - a name of a certificate against a host name. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_CERTNAME_H
#define COMMON_PROTO_CERTNAME_H

#include <stdbool.h>

/*
 * certname_match - whether the presented identifier covers the name
 *
 * presented: a dNSName or CN as it stands in the certificate; name: normalised
 * (see domain.h).  Compared as A-labels, ASCII case ignored; a final dot stands
 * in no name (RFC 5280 section 4.2.1.6).  A wildcard is the whole first label
 * "*." and stands for exactly one label; "*" within a label, or anywhere else,
 * matches nothing.  "*.example" matches nothing either: no wildcard for a whole
 * top-level domain, as OpenSSL and GnuTLS have it.
 * A name with a leading dot stands for all names below it, at any depth, and a
 * wildcard for them: Postfix's match=.example.
 * RFC 7672 section 3.2.3, RFC 8461 section 4.2, RFC 6125 section 6.4.3.
 */
bool certname_match(const char *presented, const char *name);

#endif
