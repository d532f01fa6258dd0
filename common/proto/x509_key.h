/* x509_key - the public key in a file of one's own: of a certificate, a
 * request, a private key, or bare. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_KEY_H
#define COMMON_PROTO_X509_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/base/own.h"
#include "common/proto/der.h"
#include "common/proto/x509.h"

/* What the file holds, the most telling first. */
enum x509_key_source {
	X509_KEY_CERT,
	X509_KEY_REQUEST, /* PKCS #10 */
	X509_KEY_PUBLIC,
	X509_KEY_PRIVATE,
};

struct x509_key {
	enum x509_key_source source;
	struct x509_chain *chain; /* X509_KEY_CERT: leaf first; else NULL */
	struct der spki;          /* of the leaf, or all there is */
	uint8_t *octets;          /* where there is no chain, it stands here */
};

/*
 * x509_key_read - what PEM or DER text holds, the first key of several
 *
 * Of several things the first in the order of the enum counts, and of a private
 * key nothing is kept.  DATA when there is none, when it is broken, when it is
 * a private key under a password, or when a private key stands beside a
 * certificate of another key.
 */
void x509_key_free(struct x509_key *key);
struct x509_key *x509_key_read(const char *text, size_t length, struct err *err)
    OWNED(x509_key_free);
AUTO_DEFINE(x509_key);

/* The keys of a file; with certificates a chain each. */
struct x509_keys {
	size_t count; /* at least 1 */
	struct x509_key **items;
	bool disordered; /* a CA's certificate stands before the host's */
	bool of_ca;      /* there is none of a host, only of a CA */
};

/*
 * x509_keys_read - the same, of all keys that a file holds, each once
 *
 * As a server with several types of key has them: the certificates that private
 * keys are for, and all that are no CA's.  Where there is no such certificate
 * the first counts.
 */
void x509_keys_free(struct x509_keys *keys);
struct x509_keys *x509_keys_read(
    const char *text, size_t length, struct err *err) OWNED(x509_keys_free);
AUTO_DEFINE(x509_keys);

/* x509_keys_take - number i, which is the caller's from here on; once */
struct x509_key *
x509_keys_take(struct x509_keys *keys, size_t i) OWNED(x509_key_free);

/* x509_key_of_chain - the same of a chain, which is the key's from here on */
struct x509_key *
x509_key_of_chain(struct x509_chain *chain) OWNED(x509_key_free);

/* x509_key_source_text - "certificate", "request", ...; a constant */
const char *x509_key_source_text(enum x509_key_source source);

#endif
