/* smtp - the STARTTLS probe of one address. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_SMTP_H
#define COMMON_IO_SMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/io/smtp_socket.h"
#include "common/io/tls_client.h"
#include "common/judge/facts.h"

struct smtp_target {
	const char *address; /* IPv4 or IPv6, text */
	uint16_t port;       /* 465: TLS from the first octet (RFC 8314) */
	const char *sni;     /* normalised; "" for none */
	const char *helo;    /* our name in EHLO */
	struct smtp_source source; /* where it leaves from */
	enum tls_floor floor;      /* the oldest version that will do */
	enum tls_keys keys;        /* that the certificate may be of */

	/* Time for the greeting, which hosts hold back on purpose, and for the
	 * connection and for all that follows the greeting; 0: no limit but
	 * the deadline */
	int greeting_ms;
	int timeout_ms;
};

/*
 * smtp_probe - connect, EHLO, STARTTLS, handshake, EHLO again, QUIT
 *
 * Never MAIL FROM.  At each step the same is a yes as for Postfix's smtp(8)
 * where it must have TLS: any 2yz; EHLO refused with other than 421 is tried
 * again as HELO, and so is a greeting that a firewall has masked; with HELO
 * there is no TLS, but inside TLS it is a yes.  The handshake is that of
 * tls_client.h, and of it the presented chain is the fact.  Plaintext behind
 * the answer to STARTTLS is discarded.
 *
 * A server that takes none of our suites is connected to once more, to see the
 * chain that it shows who has more of them: PROBE_TLS_UNSUPPORTED if there is
 * one (tls_beyond.h), else the first session's facts stand.
 *
 * An address to leave from that this host has not is PROBE_NO_SOURCE.
 *
 * Always gives facts, at deadline_ms (clock_mono_ms) at the latest.
 * RFC 3207, RFC 7672 section 8.1 (SNI), RFC 8689 (REQUIRETLS).
 */
struct probe_facts *smtp_probe(const struct smtp_target *target,
    int64_t deadline_ms) OWNED(probe_facts_free);

/*
 * smtp_look - smtp_probe, but for QUIT, whose answer tells nothing
 *
 * *left: a session that smtp_quit is still to end in the same way, for which
 * target stays; NULL where there is none.  smtp_quit(NULL) is fine.
 */
struct smtp_session;
struct probe_facts *smtp_look(const struct smtp_target *target,
    int64_t deadline_ms, struct smtp_session **left) OWNED(probe_facts_free);
void smtp_quit(struct smtp_session *left);

/* smtp_library - the version of the library behind this, a constant */
const char *smtp_library(void);

#endif
