/* tlsd - a server on loopback for tests, which does as it is told. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_TLSD_H
#define T_FAKE_TLSD_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/own.h"

/* What may be odd about its certificate. */
enum tlsd_flaw {
	TLSD_EXPIRED = 1,
	TLSD_RSA_1024 = 2,
	TLSD_KEY_ENCIPHERMENT = 4, /* RSA, keyUsage without digitalSignature */
	TLSD_CN_ONLY = 8,          /* the name stands in the subject alone */
	TLSD_LONG_CHAIN = 16,      /* 20 certificates behind the leaf */
	TLSD_ED25519 = 32,         /* its key; else P-256 */
	TLSD_ED448 = 64,
	TLSD_RSA = 128,
	TLSD_HUGE_MODULUS = 256,  /* RSA of 65536 bits, but not its key */
	TLSD_HUGE_EXPONENT = 512, /* RSA, an exponent of 16000 bits, likewise */
	TLSD_VERSION_1 = 1024,    /* version 1, with extensions all the same */
	TLSD_LONG_DN = 32768,     /* a subject over LIMIT_CERT_DN */
	TLSD_UNSIGNING = 16384,   /* keyUsage keyAgreement, but it signs */
	TLSD_NO_ISSUER = 8192,    /* what is no certificate follows the leaf */

	TLSD_HUGE_CHAIN = 4096, /* one certificate over LIMIT_TLS_CERTIFICATE */
	TLSD_CLIENT_CERTIFICATE = 2048, /* of the server: it wants one */
};

struct tlsd_options {
	/*
	 * Steps for each connection, to a NULL: text is sent as it is, these
	 * are done:
	 */
#define TLSD_READ "<"      /* take a line */
#define TLSD_READ_HEAD "{" /* take lines to an empty one */
#define TLSD_TLS "T"       /* handshake */
#define TLSD_HANG "H"      /* be silent until the end */
#define TLSD_DRIP "D"      /* an octet every 20 ms until the end */
#define TLSD_FLOOD "F"     /* 10 MB of lines of EHLO or of a header */
#define TLSD_LONG_LINE "L" /* 1 MB of one line */
#define TLSD_GARBAGE "G"   /* octets of all values */
#define TLSD_PAUSE "P"     /* be silent for some time */
#define TLSD_ALERT "A"     /* a fatal alert: certificate required */
#define TLSD_RESET "R"     /* close at once, without ceremony */
#define TLSD_COSTLY "K"    /* the flight of a server with a huge key, unasked */
#define TLSD_OCTETS "O"    /* send octets, which follow here */
	const char *const *steps;
	const char *const *later_steps; /* of all connections but the first;
					   NULL: as the first */
	const void *octets;
	size_t octet_count;
	const char *name;     /* in its certificate */
	unsigned flaws;       /* of enum tlsd_flaw */
	const char *priority; /* NULL: GnuTLS's normal one */
	unsigned dh_bits;     /* of its own DH group; 0: none */
	size_t cut;           /* close after so many octets; 0: never */
};

enum { TLSD_PAUSE_MS = 600 };

struct tlsd;

/* tlsd_new - listen at a port of 127.0.0.1; trouble ends the test */
void tlsd_free(struct tlsd *server);
struct tlsd *tlsd_new(const struct tlsd_options *options) OWNED(tlsd_free);
AUTO_DEFINE(tlsd);

uint16_t tlsd_port(const struct tlsd *server);

/* tlsd_certificate, tlsd_root - PEM text of the leaf and of its issuer, which
 * is not sent; borrowed */
const char *tlsd_certificate(const struct tlsd *server);
const char *tlsd_root(const struct tlsd *server);

/* What the last client sent: its lines, and its SNI.  Ends the server. */
const char *tlsd_heard(struct tlsd *server);
const char *tlsd_sni(struct tlsd *server);

/* tlsd_connections - how many there were.  Ends the server. */
unsigned tlsd_connections(struct tlsd *server);

#endif
