/* smtp - the STARTTLS probe of one address. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SMTP_H
#define COMMON_IO_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/judge/facts.h"

struct smtp_target {
	const char *address; /* IPv4 or IPv6, text */
	uint16_t port;       /* 465: TLS from the first octet (RFC 8314) */
	const char *sni;     /* normalised; "" for none */
	const char *helo;    /* our name in EHLO */
};

/*
 * smtp_probe - connect, EHLO, STARTTLS, handshake, EHLO again, QUIT
 *
 * Never MAIL FROM.  Where EHLO is refused, HELO tells whether we are, or EHLO.
 * TLS 1.2 at least; nothing is verified here, the presented chain is the fact.
 * Plaintext behind the 220 is discarded.  Always gives facts, at deadline_ms
 * (clock_mono_ms) at the latest.
 * RFC 3207, RFC 7672 section 8.1 (SNI), RFC 8689 (REQUIRETLS).
 */
struct probe_facts *smtp_probe(const struct smtp_target *target,
    int64_t deadline_ms) OWNED(probe_facts_free);

/* smtp_library - the version of the library behind this, a constant */
const char *smtp_library(void);

#endif
