/* tls_beyond - a look at a server that takes only what our TLS library lacks:
 * which certificate it shows. Pure but for random octets; one thread an
 * object. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_TLS_BEYOND_H
#define COMMON_IO_TLS_BEYOND_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/io/tls_watch.h"

enum {
	/* A ClientHello with the longest name, in its record */
	TLS_BEYOND_HELLO_SIZE = 256 + LIMIT_DOMAIN_SIZE,
};

/* Whose ClientHello ours follows: that of smtp(8) at level "dane". */
enum tls_offer {
	TLS_OFFER_3_0, /* Postfix 3.7 with OpenSSL 3.0 */
	TLS_OFFER_3_5, /* Postfix 3.10 with OpenSSL 3.5 */
};

enum tls_beyond_state {
	TLS_BEYOND_NOTHING, /* no such server, or no TLS: ask no further */
	TLS_BEYOND_MORE,    /* it is not known yet */
	TLS_BEYOND_CHAIN,   /* OpenSSL would go on; the chain is in watch */
};

struct tls_beyond {
	enum tls_beyond_state state;
	enum tls_offer offer;
	struct tls_watch watch; /* what was presented */
	uint8_t head[5];        /* of the record */
	size_t head_size;
	size_t record_left; /* octets of its fragment that are to come */
	unsigned warnings;  /* alerts that were passed over */
	uint16_t suite;     /* of the ServerHello; 0: none yet */
	uint8_t *message;   /* owned: of the handshake, as far as it came */
	size_t size;
};

/* tls_beyond_init - for what answers the hello with that offer */
void tls_beyond_init(struct tls_beyond *beyond, enum tls_offer offer);
void tls_beyond_fini(struct tls_beyond *beyond);

/*
 * tls_beyond_hello - write a ClientHello of TLS 1.2 and return its size
 *
 * It lists the suites that OpenSSL offers at Postfix's level "dane" and GnuTLS
 * does not have, and no others; else it is OpenSSL's.  sni is "" for none.  0:
 * there are no random octets.
 * RFC 5246 section 7.4.1.2, RFC 6209 (ARIA), RFC 5746.
 */
size_t tls_beyond_hello(uint8_t hello[TLS_BEYOND_HELLO_SIZE],
    enum tls_offer offer, const char *sni);

/*
 * tls_beyond_feed - take what the server answers, as it comes in
 *
 * TLS_BEYOND_CHAIN: it chose one of these suites, with RFC 5746, and presented
 * a chain.  A server that could have had TLS 1.3 says so in its ServerHello
 * (RFC 8446 section 4.1.3) and is TLS_BEYOND_NOTHING: for MTAs, which offer
 * that, the suite is not what fails.  Nothing is computed with what comes, no
 * more than LIMIT_TLS_CERTIFICATE of a message is kept, and no third message
 * is read.
 */
enum tls_beyond_state
tls_beyond_feed(struct tls_beyond *beyond, const void *octets, size_t size);

#endif
