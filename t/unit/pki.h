/* pki - the certificates that most tests of X.509 need, made once. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_PKI_H
#define T_UNIT_PKI_H

#include "t/fake/certs.h"

extern struct pki {
	struct cert_made *root; /* signs int1 */
	struct cert_made *int1; /* signs leaf */
	struct cert_made *leaf;
	struct cert_made *other; /* a root that signed none of them */
	struct cert_made *alone; /* a self-signed leaf */
} pki;

/* Before and after all tests. */
int pki_make(void **state);
int pki_free(void **state);

/* Certificates in a row, and how many: two arguments. */
#define CHAIN(...)                                   \
	((const struct cert_made *[]){__VA_ARGS__}), \
	    COUNT(((const struct cert_made *[]){__VA_ARGS__}))

#endif
