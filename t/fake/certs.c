/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/certs.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

struct cert_made {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	gnutls_datum_t der;
	gnutls_datum_t spki;
};

/* GnuTLS makes no such key: openssl genpkey, rsa_keygen_pubexp of 2^80 + 273 */
static const char big_exponent_key[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICYwIBAAKBgQDGAL88oaWNgMBrSRI5i6tqJmZbqAFCLdnz3bcbcAkK4NOQVCxR\n"
    "C2glfqZmH1VPMsVE20QYW7YxQJ5DFFbw0fJpH8ei/bDfCAf0c6wrlZqWqiZxlpyu\n"
    "3MJUUdvZApCyP+89VmWNf4itiPWUJenQhPvsn9sDBc/XQY521366D1krBwILAQAA\n"
    "AAAAAAAAARECgYB7WEN4Y6Fy1nfSDYRGL+23NH9SwsEYzks2CG6ZMqSa91qblpd/\n"
    "VTB4SJSfWZ+9Fn1xwOgUPUw+k+xKPNePfFV8k6u5DmiwMvknNP4GSsZ6qrqko4DG\n"
    "kO/OMXcKW1eS5B9e6GbXmn3M4UH6kCxvNbRG/caMRQENxh/Fko7Tj3pkEQJBAOqi\n"
    "As22Vc37Pa1xR7/tz+jQEFRwc3LX5n+UKCIpSbiWxhzsyPvqNUUYXXCbSsLwqyTR\n"
    "NQaMSGGzj+5UM5JDs9ECQQDYCMiMGKOvSe5jLuU/0MzUbgRhl+JCQ6simQsBwQzn\n"
    "RttPuKMzqD9m1njsAk3dpNQufwKk0L1sBpGdEQYGdN9XAkAzD8lg8DaR/5S9cng2\n"
    "vWFBz9urDI2nNHoodiv0wq2DJcbQM8VGkVbXKie79wsYAgwxqpOCpqlni2DJsLsJ\n"
    "bKIRAkBDlvpQ7YvuM3LU0EfRTLZ8lDqt3UQg4qpMC9miGfr1GxL4/H2XP0g9Rdhc\n"
    "3sM5oZmhdOUIW0jQhHjTcXbzJw1HAkBLETFZbIbMy7wpYUAnWoRrUamaG1uw97f+\n"
    "50CMnMYauZv4DqXbAIMN4UnCW7F4bAn+7TSfFzSTpBFXWV61dimz\n"
    "-----END RSA PRIVATE KEY-----\n";

static void
must(int rc)
{
	if (rc < 0)
		fprintf(stderr, "GnuTLS: %s\n", gnutls_strerror(rc));
	assert(rc >= 0);
}

static void
import_key(gnutls_x509_privkey_t key, const char *pem)
{
	gnutls_datum_t datum = {
	    xmemdup(pem, strlen(pem)), (unsigned)strlen(pem)};

	must(gnutls_x509_privkey_import(key, &datum, GNUTLS_X509_FMT_PEM));
	free(datum.data);
}

static void
make_key(struct cert_made *made, const struct cert_spec *spec)
{
	must(gnutls_x509_privkey_init(&made->key));
	if (spec->key_of != NULL)
		must(gnutls_x509_privkey_cpy(made->key, spec->key_of->key));
	else if (spec->flaws & CERTS_RSA_512)
		must(gnutls_x509_privkey_generate(
		    made->key, GNUTLS_PK_RSA, 512, 0));
	else if (spec->flaws & CERTS_RSA_1024)
		must(gnutls_x509_privkey_generate(
		    made->key, GNUTLS_PK_RSA, 1024, 0));
	else if (spec->flaws & CERTS_BIG_EXPONENT)
		import_key(made->key, big_exponent_key);
	else
		must(gnutls_x509_privkey_generate(made->key, GNUTLS_PK_ECDSA,
		    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
}

static void
set_dates(gnutls_x509_crt_t crt, unsigned flaws)
{
	time_t from = CERTS_NOW - 30 * CERTS_DAY;
	time_t to = CERTS_NOW + 30 * CERTS_DAY;

	if (flaws & CERTS_EXPIRED)
		to = CERTS_NOW - CERTS_DAY;
	if (flaws & CERTS_FUTURE)
		from = CERTS_NOW + CERTS_DAY;
	must(gnutls_x509_crt_set_activation_time(crt, from));
	must(gnutls_x509_crt_set_expiration_time(crt, to));
}

static void
set_names(gnutls_x509_crt_t crt, const struct cert_spec *spec)
{
	for (int i = 0; i < spec->other_cns; i++)
		must(gnutls_x509_crt_set_dn_by_oid(
		    crt, GNUTLS_OID_X520_COMMON_NAME, 0, "other", 5));
	if (spec->cn != NULL)
		must(gnutls_x509_crt_set_dn_by_oid(crt,
		    GNUTLS_OID_X520_COMMON_NAME, 0, spec->cn,
		    (unsigned)strlen(spec->cn)));
	for (size_t i = 0; spec->names[i] != NULL; i++)
		must(gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_DNSNAME, spec->names[i],
		    (unsigned)strlen(spec->names[i]), GNUTLS_FSAN_APPEND));
	if (spec->san != NULL)
		must(gnutls_x509_crt_set_extension_by_oid(
		    crt, GNUTLS_X509EXT_OID_SAN, spec->san, spec->san_size, 0));
}

static void
set_permitted(gnutls_x509_crt_t crt, const char *permitted)
{
	gnutls_x509_name_constraints_t constraints;
	gnutls_datum_t name = {NULL, (unsigned)strlen(permitted)};

	name.data = xmemdup(permitted, name.size);
	must(gnutls_x509_name_constraints_init(&constraints));
	must(gnutls_x509_name_constraints_add_permitted(
	    constraints, GNUTLS_SAN_DNSNAME, &name));
	must(gnutls_x509_crt_set_name_constraints(crt, constraints, 1));
	gnutls_x509_name_constraints_deinit(constraints);
	free(name.data);
}

static void
set_usage(gnutls_x509_crt_t crt, const struct cert_spec *spec)
{
	bool said = !(spec->flaws & CERTS_UNSAID);

	if (said)
		must(gnutls_x509_crt_set_basic_constraints(
		    crt, spec->ca, spec->path_length - 1));
	if ((said && spec->ca) || (spec->flaws & CERTS_SIGN_ONLY))
		must(gnutls_x509_crt_set_key_usage(
		    crt, GNUTLS_KEY_KEY_CERT_SIGN));
	if (spec->flaws & CERTS_CIPHER_ONLY)
		must(gnutls_x509_crt_set_key_usage(
		    crt, GNUTLS_KEY_KEY_ENCIPHERMENT));
	if (spec->flaws & CERTS_MAY_SIGN)
		must(gnutls_x509_crt_set_key_usage(
		    crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
}

/* ExtKeyUsageSyntax of RFC 5280 section 4.2.1.12: another purpose, then
 * serverAuth time and again, as often as may be or once more. */
static void
set_purposes(gnutls_x509_crt_t crt, bool most)
{
	enum { HEAD = 4, OTHER = 4, SIZE = 10, ROOM = LIMIT_CERT_PURPOSES };
	static const uint8_t other[OTHER] = {6, 2, 0x2a, 3};
	static const uint8_t server[SIZE] = {6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1};
	size_t all = HEAD + OTHER + (most ? 0 : SIZE);
	uint8_t list[ROOM + SIZE] = {0x30, 0x82};

	all += (ROOM - HEAD - OTHER) / SIZE * SIZE;
	assert(most == (all == ROOM));
	list[2] = (uint8_t)((all - HEAD) >> 8);
	list[3] = (uint8_t)(all - HEAD);
	memcpy(list + HEAD, other, OTHER);
	for (size_t i = HEAD + OTHER; i < all; i += SIZE)
		memcpy(list + i, server, SIZE);
	must(gnutls_x509_crt_set_extension_by_oid(
	    crt, GNUTLS_X509EXT_OID_EXTENDED_KEY_USAGE, list, all, 0));
}

/* An extension as policyConstraints may look. */
static void
set_critical(gnutls_x509_crt_t crt, const char *oid)
{
	static const uint8_t policy[] = {0x30, 3, 0x80, 1, 0};

	must(gnutls_x509_crt_set_extension_by_oid(
	    crt, oid, policy, sizeof(policy), 1));
}

static void
set_extensions(gnutls_x509_crt_t crt, const struct cert_spec *spec)
{
	set_usage(crt, spec);
	if (spec->flaws & CERTS_STRANGE)
		set_critical(crt, "1.2.3.4");
	if (spec->flaws & CERTS_POLICY)
		set_critical(crt, "2.5.29.36");
	if (spec->permitted != NULL)
		set_permitted(crt, spec->permitted);
	if (spec->flaws & (CERTS_PURPOSES | CERTS_PURPOSES_MOST))
		set_purposes(crt, !(spec->flaws & CERTS_PURPOSES));
	if (spec->flaws & CERTS_ANY_PURPOSE)
		must(
		    gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_ANY, 0));
	if (spec->flaws & CERTS_CLIENT_ONLY)
		must(gnutls_x509_crt_set_key_purpose_oid(
		    crt, GNUTLS_KP_TLS_WWW_CLIENT, 0));
}

static void
sign(struct cert_made *made, const struct cert_spec *spec)
{
	const struct cert_made *issuer =
	    spec->issuer != NULL ? spec->issuer : made;

	must(gnutls_x509_crt_sign2(made->crt, issuer->crt, issuer->key,
	    spec->flaws & CERTS_SHA1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0));
	must(gnutls_x509_crt_export2(
	    made->crt, GNUTLS_X509_FMT_DER, &made->der));
}

/* By GnuTLS, not by the code under test. */
static void
export_spki(struct cert_made *made)
{
	gnutls_pubkey_t key;

	must(gnutls_pubkey_init(&key));
	must(gnutls_pubkey_import_x509(key, made->crt, 0));
	must(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &made->spki));
	gnutls_pubkey_deinit(key);
}

struct cert_made *
cert_make(const struct cert_spec *spec)
{
	static unsigned serial;
	struct cert_made *made = xcalloc(1, sizeof(*made));
	unsigned number = htonl(++serial);

	make_key(made, spec);
	must(gnutls_x509_crt_init(&made->crt));
	must(gnutls_x509_crt_set_version(
	    made->crt, spec->flaws & CERTS_VERSION_1 ? 1 : 3));
	must(gnutls_x509_crt_set_serial(made->crt, &number, sizeof(number)));
	must(gnutls_x509_crt_set_key(made->crt, made->key));
	set_dates(made->crt, spec->flaws);
	set_names(made->crt, spec);
	if (!(spec->flaws & CERTS_VERSION_1))
		set_extensions(made->crt, spec);
	sign(made, spec);
	export_spki(made);
	return made;
}

void
cert_made_free(struct cert_made *made)
{
	if (made == NULL)
		return;
	gnutls_free(made->der.data);
	gnutls_free(made->spki.data);
	gnutls_x509_crt_deinit(made->crt);
	gnutls_x509_privkey_deinit(made->key);
	free(made);
}

struct der
cert_der(const struct cert_made *made)
{
	struct der der = {made->der.data, made->der.size};

	return der;
}

struct der
cert_spki(const struct cert_made *made)
{
	struct der der = {made->spki.data, made->spki.size};

	return der;
}

struct x509_chain *
certs_chain(const struct cert_made *const made[], size_t count)
{
	struct der *ders = xcalloc(count, sizeof(*ders));
	struct x509_chain *chain;

	for (size_t i = 0; i < count; i++)
		ders[i] = cert_der(made[i]);
	chain = x509_chain_new(ders, count, NULL);
	assert(chain != NULL);
	free(ders);
	return chain;
}

char *
certs_pem(const struct cert_made *const made[], size_t count)
{
	size_t size = 4096 * count + 1;
	struct text text;
	gnutls_datum_t one;
	char *pem;

	for (size_t i = 0; i < count; i++)
		size += 2 * made[i]->der.size;
	pem = xmalloc(size);
	text_init(&text, pem, size);
	for (size_t i = 0; i < count; i++) {
		must(gnutls_x509_crt_export2(
		    made[i]->crt, GNUTLS_X509_FMT_PEM, &one));
		text_addf(&text, "%.*s", (int)one.size, (char *)one.data);
		gnutls_free(one.data);
	}
	assert(!text.cut);
	return pem;
}

char *
cert_key_pem(const struct cert_made *made)
{
	gnutls_datum_t pem;
	char *text;

	must(gnutls_x509_privkey_export2_pkcs8(
	    made->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem));
	text = xstrdup((const char *)pem.data);
	gnutls_free(pem.data);
	return text;
}

void
certs_tlsa(struct tlsa_set *set, enum tlsa_usage usage,
    enum tlsa_selector selector, enum tlsa_mtype mtype,
    const struct cert_made *made)
{
	struct der der =
	    selector == TLSA_CERT ? cert_der(made) : cert_spki(made);
	uint8_t *rdata = xmalloc(3 + 64 + der.size);
	size_t size = der.size;

	rdata[0] = (uint8_t)usage;
	rdata[1] = (uint8_t)selector;
	rdata[2] = (uint8_t)mtype;
	switch (mtype) {
	case TLSA_FULL:
		memcpy(rdata + 3, der.data, der.size);
		break;
	case TLSA_SHA2_256:
		x509_sha256(der, rdata + 3);
		size = 32;
		break;
	case TLSA_SHA2_512:
		x509_sha512(der, rdata + 3);
		size = 64;
		break;
	}
	tlsa_set_add(set, rdata, 3 + size);
	free(rdata);
}
