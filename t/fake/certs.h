/* certs - certificates for tests, made in memory with GnuTLS. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_CERTS_H
#define T_FAKE_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/own.h"
#include "common/proto/tlsa.h"
#include "common/proto/x509.h"

/* The time of the tests; certificates are valid around it unless told. */
enum { CERTS_NOW = 1800000000, CERTS_DAY = 86400 };

/* What may be wrong with a certificate. */
enum certs_flaw {
	CERTS_EXPIRED = 1,      /* over since yesterday */
	CERTS_FUTURE = 2,       /* begins tomorrow */
	CERTS_SHA1 = 4,         /* signed over SHA-1 */
	CERTS_RSA_1024 = 8,     /* the subject's key */
	CERTS_CLIENT_ONLY = 16, /* EKU without serverAuth */
	CERTS_RSA_512 = 32,
	CERTS_BIG_EXPONENT = 64, /* an RSA key with one of 81 bits */
	CERTS_UNSAID =
	    128, /* no basicConstraints, no key usage but that told */
	CERTS_VERSION_1 = 256,    /* no extensions at all */
	CERTS_SIGN_ONLY = 512,    /* key usage of a CA */
	CERTS_CIPHER_ONLY = 1024, /* key usage keyEncipherment */
	CERTS_STRANGE = 2048,     /* a critical extension that nobody knows */
	CERTS_POLICY = 4096,      /* critical policyConstraints */
	CERTS_PURPOSES = 8192,    /* EKU with serverAuth, too long a list */
	CERTS_MAY_SIGN = 16384,   /* key usage digitalSignature: no flaw */
	CERTS_PURPOSES_MOST = 32768, /* EKU as long as may be: no flaw */
	CERTS_ANY_PURPOSE = 65536,   /* EKU anyExtendedKeyUsage: no flaw */
};

struct cert_made;

struct cert_spec {
	const char *cn;       /* NULL: an empty subject */
	int other_cns;        /* before that one */
	const char *names[8]; /* SAN dNSNames, up to a NULL */
	bool ca;
	int path_length;       /* of a CA; 0 is none at all, n is n - 1 */
	const char *permitted; /* name constraint of a CA, or NULL */
	const struct cert_made *issuer; /* NULL: self-signed */
	const struct cert_made *key_of; /* share that one's key, or NULL */
	unsigned flaws;                 /* of enum certs_flaw */
	const void *san;                /* raw SAN extension instead of names */
	size_t san_size;
};

/* cert_make - a certificate and its key; a failure of GnuTLS ends the test */
void cert_made_free(struct cert_made *made);
struct cert_made *cert_make(const struct cert_spec *spec) OWNED(cert_made_free);
AUTO_DEFINE(cert_made);

/* Borrowed octets of the certificate and of its SPKI */
struct der cert_der(const struct cert_made *made);
struct der cert_spki(const struct cert_made *made);

/* certs_chain - count certificates, leaf first, as a peer would present them */
struct x509_chain *certs_chain(
    const struct cert_made *const made[], size_t count) OWNED(x509_chain_free);

/* certs_pem - PEM text of them, for free() */
char *certs_pem(const struct cert_made *const made[], size_t count) OWNED(free);

/* cert_key_pem - PEM text of its private key, for free() */
char *cert_key_pem(const struct cert_made *made) OWNED(free);

/* certs_tlsa - append the record that matches the certificate */
void certs_tlsa(struct tlsa_set *set, enum tlsa_usage usage,
    enum tlsa_selector selector, enum tlsa_mtype mtype,
    const struct cert_made *made);

#endif
