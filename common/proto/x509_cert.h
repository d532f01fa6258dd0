/* x509_cert - one certificate as x509 and x509_path look at it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_X509_CERT_H
#define COMMON_PROTO_X509_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "common/proto/der.h"

struct x509_cert {
	gnutls_x509_crt_t crt; /* NULL: only cut, see x509_certs_add_cut */
	uint8_t *octets;       /* owned; der and its slices point into it */
	struct der der;
	struct der tbs;
	struct der issuer_dn;
	struct der subject_dn;
	struct der spki;
	struct der signature;
	char *subject;
	char *issuer;
	time_t not_before;
	time_t not_after;
	bool may_sign;  /* may issue others, and has a key fit for it */
	bool may_serve; /* may be a server's, as the path's first */
};

struct x509_certs {
	size_t count;
	struct x509_cert *items;
	unsigned *checks_left; /* of signatures; NULL: as many as it takes */
};

/* x509_cert_init - parse a copy of der: 0, or a GnuTLS error with the cert all
 * zero, which may neither sign nor serve */
int x509_cert_init(struct x509_cert *cert, struct der der);
void x509_cert_fini(struct x509_cert *cert);

/* x509_certs_add - one more: 0, or a GnuTLS error with the certs as they were;
 * x509_certs_add_pem - all of a PEM text, as far as they are good */
int x509_certs_add(struct x509_certs *certs, struct der der);
int x509_certs_add_crt(struct x509_certs *certs, gnutls_x509_crt_t crt);
int x509_certs_add_pem(struct x509_certs *certs, const gnutls_datum_t *pem);
void x509_certs_fini(struct x509_certs *certs);

/* x509_certs_add_cut - one that GnuTLS refuses, cut by its outer structure: it
 * has its octets and its SPKI, and may neither sign nor serve; 0, or -1 */
int x509_certs_add_cut(struct x509_certs *certs, struct der der);

/* x509_is_fit_to_sign - a key that is neither weak nor made to keep us busy;
 * spki is the same key's octets */
bool x509_is_fit_to_sign(gnutls_pubkey_t key, struct der spki);

/* x509_datum - borrowed; GnuTLS does not write to it */
gnutls_datum_t x509_datum(struct der der);

#endif
