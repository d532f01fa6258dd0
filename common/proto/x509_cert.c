/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_cert.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/x509_effort.h"
#include "common/proto/x509_parts.h"

enum {
	/* Octets of a subject or issuer that are shown */
	MAX_DN = 512,

	/* Octets of an OID as text, with its end */
	MAX_OID = 128,
};

/* GnuTLS has no datum of constant octets, and does not write to this one. */
gnutls_datum_t
x509_datum(struct der der)
{
	union {
		const uint8_t *constant;
		unsigned char *plain;
	} octets = {der.data};
	gnutls_datum_t datum = {octets.plain, (unsigned)der.size};

	return datum;
}

static bool
slice_certificate(struct x509_cert *cert)
{
	struct x509_parts parts;

	if (!x509_parts_read(&parts, cert->der))
		return false;
	cert->tbs = parts.tbs;
	cert->issuer_dn = parts.issuer_dn;
	cert->subject_dn = parts.subject_dn;
	cert->spki = parts.spki;
	cert->signature = parts.signature;
	return true;
}

/*
 * A distinguished name as printable ASCII: an octet that is none becomes "\XX",
 * which RFC 4514 section 2.4 allows for any.
 */
static char *
printable_name(const gnutls_datum_t *dn)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t length = dn->size < MAX_DN ? dn->size : MAX_DN;
	char *text = xmalloc(3 * length + 1);
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		if (dn->data[i] >= ' ' && dn->data[i] <= '~') {
			text[out++] = (char)dn->data[i];
			continue;
		}
		text[out++] = '\\';
		text[out++] = digits[dn->data[i] >> 4];
		text[out++] = digits[dn->data[i] & 15];
	}
	text[out] = '\0';
	return text;
}

static char *
dn_text(gnutls_x509_crt_t crt,
    int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
	gnutls_datum_t dn;
	char *text;

	if (get(crt, &dn, 0) < 0)
		return xstrdup("");
	text = printable_name(&dn);
	gnutls_free(dn.data);
	return text;
}

/* A key that is neither weak nor made to keep us busy. */
bool
x509_is_fit_to_sign(gnutls_pubkey_t key, struct der spki)
{
	char reason[X509_EFFORT_REASON];
	unsigned bits;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm < 0 ||
	    gnutls_pk_bits_to_sec_param(algorithm, bits) < GNUTLS_SEC_PARAM_LOW)
		return false;
	switch (algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
	case GNUTLS_PK_ECDSA:
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return x509_effort_is_bounded_key(spki, reason);
	default:
		return false; /* DSA, GOST: not in use */
	}
}

static bool
has_fit_key(const struct x509_cert *cert)
{
	gnutls_pubkey_t key;
	bool fit;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	fit = gnutls_pubkey_import_x509(key, cert->crt, 0) == 0 &&
	      x509_is_fit_to_sign(key, cert->spki);
	gnutls_pubkey_deinit(key);
	return fit;
}

/*
 * The extensions that may be critical: those that RFC 5280 section 4.2 has
 * everyone know.  Of policies none is asked for, so what constrains or maps
 * them holds of itself; GnuTLS does not know those two.
 */
static bool
is_known_extension(const char *oid)
{
	static const char *const known[] = {
	    "2.5.29.15", /* keyUsage */
	    "2.5.29.17", /* subjectAltName */
	    "2.5.29.19", /* basicConstraints */
	    "2.5.29.30", /* nameConstraints */
	    "2.5.29.31", /* cRLDistributionPoints */
	    "2.5.29.32", /* certificatePolicies */
	    "2.5.29.33", /* policyMappings */
	    "2.5.29.36", /* policyConstraints */
	    "2.5.29.37", /* extKeyUsage */
	    "2.5.29.54", /* inhibitAnyPolicy */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(oid, known[i]) == 0)
			return true;
	return false;
}

/* RFC 5280 section 4.2: what is critical and not known spoils the whole. */
static bool
is_understood(gnutls_x509_crt_t crt)
{
	unsigned critical;

	for (unsigned i = 0;; i++) {
		char oid[MAX_OID];
		size_t size = sizeof(oid);
		int rc = gnutls_x509_crt_get_extension_info(
		    crt, i, oid, &size, &critical);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return true;
		if (rc < 0 || (critical && !is_known_extension(oid)))
			return false;
	}
}

static bool
has_long_extension(gnutls_x509_crt_t crt, const char *oid, size_t most)
{
	gnutls_datum_t content;
	size_t size;

	if (gnutls_x509_crt_get_extension_by_oid2(crt, oid, 0, &content, NULL) <
	    0)
		return false;
	size = content.size;
	gnutls_free(content.data);
	return size > most;
}

static bool
is_for_servers(gnutls_x509_crt_t crt)
{
	return !has_long_extension(crt, GNUTLS_X509EXT_OID_EXTENDED_KEY_USAGE,
		   LIMIT_CERT_PURPOSES) &&
	       gnutls_x509_crt_check_key_purpose(
		   crt, GNUTLS_KP_TLS_WWW_SERVER, 0) != 0;
}

/*
 * RFC 5280 section 4.2.1.9: a CA says that it is one.  Before version 3 it
 * could not, and only a root is taken; one that says so by its key usage alone
 * is what OpenSSL takes as well.
 */
static bool
is_ca(const struct x509_cert *cert)
{
	int status = gnutls_x509_crt_get_ca_status(cert->crt, NULL);
	unsigned usage;

	if (status >= 0)
		return status > 0;
	if (gnutls_x509_crt_get_version(cert->crt) < 3)
		return der_equal(cert->issuer_dn, cert->subject_dn);
	return gnutls_x509_crt_get_key_usage(cert->crt, &usage, NULL) >= 0 &&
	       (usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0;
}

/* GnuTLS asks this of a path, but not of its anchor, which DANE may find
 * anywhere. */
static bool
is_issuer(const struct x509_cert *cert)
{
	return is_ca(cert) && is_understood(cert->crt) &&
	       is_for_servers(cert->crt);
}

/* RFC 5280 section 4.2.1.3, and 4.2.1.12 for the purpose: a key usage, where
 * there is one, has one of those that TLS makes use of. */
static bool
is_server(const struct x509_cert *cert)
{
	unsigned usage;

	if (gnutls_x509_crt_get_key_usage(cert->crt, &usage, NULL) >= 0 &&
	    (usage &
		(GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT |
		    GNUTLS_KEY_KEY_AGREEMENT)) == 0)
		return false;
	return is_understood(cert->crt) && is_for_servers(cert->crt);
}

void
x509_cert_fini(struct x509_cert *cert)
{
	if (cert->crt != NULL)
		gnutls_x509_crt_deinit(cert->crt);
	free(cert->octets);
	free(cert->subject);
	free(cert->issuer);
	memset(cert, 0, sizeof(*cert));
}

/* Returns 0, or a GnuTLS error with the cert all zero. */
int
x509_cert_init(struct x509_cert *cert, struct der der)
{
	gnutls_datum_t datum = x509_datum(der);
	int rc;

	memset(cert, 0, sizeof(*cert));
	rc = gnutls_x509_crt_init(&cert->crt);
	if (rc < 0)
		return rc;
	cert->octets = xmemdup(der.data, der.size);
	cert->der.data = cert->octets;
	cert->der.size = der.size;
	rc = gnutls_x509_crt_import(cert->crt, &datum, GNUTLS_X509_FMT_DER);
	if (rc >= 0 && !slice_certificate(cert))
		rc = GNUTLS_E_ASN1_DER_ERROR;
	if (rc < 0) {
		x509_cert_fini(cert);
		return rc;
	}
	cert->subject = dn_text(cert->crt, gnutls_x509_crt_get_dn3);
	cert->issuer = dn_text(cert->crt, gnutls_x509_crt_get_issuer_dn3);
	cert->not_before = gnutls_x509_crt_get_activation_time(cert->crt);
	cert->not_after = gnutls_x509_crt_get_expiration_time(cert->crt);
	cert->may_sign = is_issuer(cert) && has_fit_key(cert);
	cert->may_serve = is_server(cert);
	return 0;
}

void
x509_certs_fini(struct x509_certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		x509_cert_fini(&certs->items[i]);
	free(certs->items);
}

/* Returns 0, or a GnuTLS error with the certs as they were. */
int
x509_certs_add(struct x509_certs *certs, struct der der)
{
	struct x509_cert cert;
	int rc = x509_cert_init(&cert, der);

	if (rc < 0)
		return rc;
	certs->items = xrealloc(certs->items, certs->count + 1, sizeof(cert));
	certs->items[certs->count++] = cert;
	return 0;
}

int
x509_certs_add_cut(struct x509_certs *certs, struct der der)
{
	struct x509_cert cert = {.octets = xmemdup(der.data, der.size)};

	cert.der.data = cert.octets;
	cert.der.size = der.size;
	if (!slice_certificate(&cert)) {
		x509_cert_fini(&cert);
		return -1;
	}
	cert.subject = xstrdup("");
	cert.issuer = xstrdup("");
	certs->items = xrealloc(certs->items, certs->count + 1, sizeof(cert));
	certs->items[certs->count++] = cert;
	return 0;
}

int
x509_certs_add_crt(struct x509_certs *certs, gnutls_x509_crt_t crt)
{
	gnutls_datum_t datum;
	struct der der;
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &datum);

	if (rc < 0)
		return rc;
	der.data = datum.data;
	der.size = datum.size;
	rc = x509_certs_add(certs, der);
	gnutls_free(datum.data);
	return rc;
}

/* Every certificate of PEM text in its order. */
int
x509_certs_add_pem(struct x509_certs *certs, const gnutls_datum_t *pem)
{
	gnutls_x509_crt_t *crts;
	unsigned count;
	int rc;

	rc = gnutls_x509_crt_list_import2(
	    &crts, &count, pem, GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < count; i++) {
		if (rc >= 0)
			rc = x509_certs_add_crt(certs, crts[i]);
		gnutls_x509_crt_deinit(crts[i]);
	}
	gnutls_free(crts);
	return rc;
}
