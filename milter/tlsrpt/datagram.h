/* datagram - what an MTA tells of a session, by libtlsrpt's protocol. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DATAGRAM_H
#define MILTER_TLSRPT_DATAGRAM_H

#include <stddef.h>

#include "common/proto/tlsrpt_session.h"

enum datagram_outcome {
	DATAGRAM_MALFORMED, /* no JSON, or not what it should be */
	DATAGRAM_VERSION,   /* of another version of the protocol */
	DATAGRAM_NO_RUA,    /* the record names nowhere to report to */
	DATAGRAM_GOOD,
};

/*
 * datagram_read - read size octets; out, of GOOD alone, is the caller's
 *
 * The protocol has no document but the library: a JSON object with the next hop
 * (d), its record (pr) and policies, each with a type, an outcome (f) and
 * failures.  A datagram is taken whole or not at all; of a failure what cannot
 * be reported is left out (tlsrpt_detail_read).  Version 0.5.0rc1, which Debian
 * 13 has, tells no version (dpv).
 */
enum datagram_outcome
datagram_read(const char *octets, size_t size, struct tlsrpt_session **out);

#endif
