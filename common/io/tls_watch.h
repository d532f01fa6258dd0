/* tls_watch - what a server presents in a TLS handshake, taken down while it
 * runs. One thread, that of the session. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_TLS_WATCH_H
#define COMMON_IO_TLS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/proto/der.h"

struct gnutls_session_int; /* GnuTLS's */

struct tls_watch {
	bool begun;
	char refused[LIMIT_DETAIL_SIZE]; /* why we ended it; "" if we did not */
	size_t count; /* presented, leaf first; 0: none yet */
	struct der certs[LIMIT_CHAIN_CERTS]; /* their octets stand in octets */
	uint8_t *octets;                     /* owned */
};

/*
 * tls_watch_begin - watch a client's session whose handshake has not begun
 *
 * watch is zeroed, stays where it is until the session is freed, and is then
 * for tls_watch_fini.  It has begun unless memory ran out.  The session's
 * handshake hook belongs to the watch from the ClientHello on, whoever had it
 * before.  Called again for the same session, it does nothing.
 *
 * The handshake fails as soon as the server's certificate has come, before
 * anything is computed with its key, if the message cannot be read, is longer
 * than LIMIT_TLS_CERTIFICATE, or the leaf's key is none that we can afford to
 * check by; see x509_effort_is_bounded.  So it does where one of those kept is
 * no certificate (x509_parts_read) or has a subject or issuer of more than
 * LIMIT_CERT_DN octets, and for a DH group beyond LIMIT_DH_BITS or
 * below LIMIT_DH_LEAST_BITS.  Of more than LIMIT_CHAIN_CERTS certificates the
 * first are kept.
 */
void
tls_watch_begin(struct tls_watch *watch, struct gnutls_session_int *session);
void tls_watch_fini(struct tls_watch *watch);

/*
 * tls_watch_read - take down a Certificate message, without its header: whether
 * it is one
 *
 * RFC 8446 section 4.4.2 where tls13, else RFC 5246 section 7.4.2.
 */
bool tls_watch_read(
    struct tls_watch *watch, const uint8_t *message, size_t size, bool tls13);

/*
 * tls_watch_certificate - the same, and whether the handshake may go on
 * tls_watch_group - whether it may with the group of a ServerKeyExchange
 *
 * The latter is one of DHE, RFC 5246 section 7.4.3: the prime comes first.
 * False: watch has why it is refused.
 */
bool tls_watch_certificate(
    struct tls_watch *watch, const uint8_t *message, size_t size, bool tls13);
bool
tls_watch_group(struct tls_watch *watch, const uint8_t *message, size_t size);

#endif
