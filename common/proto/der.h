/* der - DER octets, and reading them where GnuTLS gives none. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_DER_H
#define COMMON_PROTO_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/wire.h"

/* Octets in DER; who owns them is said where it is used. */
struct der {
	const uint8_t *data;
	size_t size;
};

/* Universal and context tags of X.690 as certificates and requests have them */
enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_VERSION = 0xa0,  /* [0] EXPLICIT of TBSCertificate */
	DER_DNS_NAME = 0x82, /* [2] IMPLICIT of GeneralName */
};

/* der_equal - whether both have the same octets */
bool der_equal(struct der a, struct der b);

void der_open(struct wire *wire, struct der der);

/*
 * der_take - the next element, which must have the tag: its content, borrowed
 *
 * whole, if not NULL, gets its octets with tag and length.  Another tag, or an
 * element that is cut short, makes the wire bad (see wire.h).
 */
struct der der_take(struct wire *in, uint8_t tag, struct der *whole);

#endif
