/* x509_parts - a certificate cut into its parts, as the octets stand. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_PARTS_H
#define COMMON_PROTO_X509_PARTS_H

#include <stdbool.h>

#include "common/proto/der.h"

/* Each whole, with tag and length, but for the signature. */
struct x509_parts {
	struct der tbs;
	struct der issuer_dn;
	struct der subject_dn;
	struct der spki;
	struct der signature; /* its octets alone */
};

/*
 * x509_parts_read - cut the octets of a certificate; what is got is borrowed
 *
 * Only the outer structure is looked at, so that a certificate which a library
 * refuses for its content can be cut as well.  False where it is no
 * Certificate of RFC 5280 section 4.1 with nothing behind it.
 */
bool x509_parts_read(struct x509_parts *parts, struct der certificate);

#endif
