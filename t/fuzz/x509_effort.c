/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "common/base/limits.h"
#include "common/proto/x509_effort.h"
#include "t/fuzz/fuzz.h"

static void
check_exponent(gnutls_pubkey_t key)
{
	gnutls_datum_t modulus, exponent;
	unsigned at = 0;

	if (gnutls_pubkey_export_rsa_raw(key, &modulus, &exponent) < 0)
		return;
	while (at < exponent.size && exponent.data[at] == 0)
		at++;
	assert(exponent.size - at <= LIMIT_RSA_EXPONENT_BITS / 8);
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
}

/* What the library makes of octets that we called bounded. */
static void
check_bounded(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	assert(algorithm != GNUTLS_PK_DH);
	if (algorithm == GNUTLS_PK_DSA)
		assert(bits <= LIMIT_DSA_BITS);
	if (algorithm != GNUTLS_PK_RSA && algorithm != GNUTLS_PK_RSA_PSS)
		return;
	assert(bits <= LIMIT_RSA_BITS);
	check_exponent(key);
}

static void
import_bounded(gnutls_datum_t *der)
{
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;
	int rc = gnutls_x509_crt_init(&crt);

	assert(rc == 0);
	rc = gnutls_pubkey_init(&key);
	assert(rc == 0);
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_pubkey_import_x509(key, crt, 0) == 0)
		check_bounded(key);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
}

/* A certificate as a host presents it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct der der = {copy, size};
	char reason[X509_EFFORT_REASON];
	bool bounded;

	assert(copy != NULL);
	memcpy(copy, data, size);
	bounded = x509_effort_is_bounded(der, reason);
	assert(memchr(reason, '\0', sizeof(reason)) != NULL);
	assert(bounded == (reason[0] == '\0'));
	if (bounded)
		import_bounded(&(gnutls_datum_t){copy, (unsigned)size});
	free(copy);
	return 0;
}
