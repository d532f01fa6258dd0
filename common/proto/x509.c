/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <assert.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/certname.h"

enum {
	/* Octets of a subject or issuer that are shown */
	MAX_DN = 512,

	/* CNs looked at in one certificate; one is usual */
	MAX_CN = 8,

	/* Octets of an OID as text, with its end */
	MAX_OID = 128,

	/* Of a key that may have signed: OpenSSL stops at the same.  An RSA
	 * check costs its exponent's bits times the square of its modulus. */
	MAX_RSA_BITS = 16384,
	MAX_RSA_EXPONENT = 8 + 1, /* octets, with a leading zero */

	/* A chain of look-alikes has more paths than can be tried: so many are
	 * checked, and so many certificates appended in search of them */
	MAX_TRIES = 16,
	MAX_STEPS = 1024,
};

struct cert {
	gnutls_x509_crt_t crt;
	uint8_t *octets; /* owned; der and its slices point into it */
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

struct certs {
	size_t count;
	struct cert *items;
};

struct x509_chain {
	struct certs certs;
};

struct x509_store {
	struct certs certs;
};

static bool
same_octets(struct der a, struct der b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* GnuTLS has no datum of constant octets, and does not write to this one. */
static gnutls_datum_t
datum_of(struct der der)
{
	union {
		const uint8_t *constant;
		unsigned char *plain;
	} octets = {der.data};
	gnutls_datum_t datum = {octets.plain, (unsigned)der.size};

	return datum;
}

/* --- certificates --- */

/* TBSCertificate of RFC 5280 section 4.1, as far as the SPKI. */
static bool
slice_tbs(struct cert *cert, struct der content)
{
	struct wire in;

	der_open(&in, content);
	if (in.left > 0 && in.at[0] == DER_VERSION)
		der_take(&in, DER_VERSION, NULL);
	der_take(&in, DER_INTEGER, NULL);  /* serialNumber */
	der_take(&in, DER_SEQUENCE, NULL); /* signature */
	der_take(&in, DER_SEQUENCE, &cert->issuer_dn);
	der_take(&in, DER_SEQUENCE, NULL); /* validity */
	der_take(&in, DER_SEQUENCE, &cert->subject_dn);
	der_take(&in, DER_SEQUENCE, &cert->spki);
	return !in.bad;
}

/* Certificate of RFC 5280 section 4.1, with nothing behind it. */
static bool
slice(struct cert *cert)
{
	struct der content, tbs, bits;
	struct wire in;

	der_open(&in, cert->der);
	content = der_take(&in, DER_SEQUENCE, NULL);
	if (in.bad || in.left > 0)
		return false;
	der_open(&in, content);
	tbs = der_take(&in, DER_SEQUENCE, &cert->tbs);
	der_take(&in, DER_SEQUENCE, NULL); /* signatureAlgorithm */
	bits = der_take(&in, DER_BIT_STRING, NULL);
	if (in.bad || in.left > 0 || bits.size == 0)
		return false;
	cert->signature.data = bits.data + 1; /* behind "unused bits" */
	cert->signature.size = bits.size - 1;
	return slice_tbs(cert, tbs);
}

/*
 * A distinguished name as printable ASCII: an octet that is none becomes "\XX",
 * which RFC 4514 section 2.4 allows for any.
 */
static char *
printable(const gnutls_datum_t *dn)
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
	gnutls_datum_t dn = {NULL, 0};
	char *text;

	if (get(crt, &dn, 0) < 0)
		return xstrdup("");
	text = printable(&dn);
	gnutls_free(dn.data);
	return text;
}

static bool
has_small_exponent(gnutls_pubkey_t key)
{
	gnutls_datum_t modulus, exponent;
	bool is_small;

	if (gnutls_pubkey_export_rsa_raw(key, &modulus, &exponent) < 0)
		return false;
	is_small = exponent.size <= MAX_RSA_EXPONENT;
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return is_small;
}

/* A key that is neither weak nor made to keep us busy. */
static bool
is_fit_to_sign(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm < 0 ||
	    gnutls_pk_bits_to_sec_param(algorithm, bits) < GNUTLS_SEC_PARAM_LOW)
		return false;
	switch (algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		return bits <= MAX_RSA_BITS && has_small_exponent(key);
	case GNUTLS_PK_ECDSA:
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return true;
	default:
		return false; /* DSA, GOST: not in use, parameters unbounded */
	}
}

static bool
has_fit_key(gnutls_x509_crt_t crt)
{
	gnutls_pubkey_t key;
	bool fit;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	fit =
	    gnutls_pubkey_import_x509(key, crt, 0) == 0 && is_fit_to_sign(key);
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
is_for_servers(gnutls_x509_crt_t crt)
{
	return gnutls_x509_crt_check_key_purpose(
		   crt, GNUTLS_KP_TLS_WWW_SERVER, 0) != 0;
}

/*
 * RFC 5280 section 4.2.1.9: a CA says that it is one.  Before version 3 it
 * could not, and only a root is taken; one that says so by its key usage alone
 * is what OpenSSL takes as well.
 */
static bool
is_ca(const struct cert *cert)
{
	int status = gnutls_x509_crt_get_ca_status(cert->crt, NULL);
	unsigned usage;

	if (status >= 0)
		return status > 0;
	if (gnutls_x509_crt_get_version(cert->crt) < 3)
		return same_octets(cert->issuer_dn, cert->subject_dn);
	return gnutls_x509_crt_get_key_usage(cert->crt, &usage, NULL) >= 0 &&
	       (usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0;
}

/* GnuTLS asks this of a path, but not of its anchor, which DANE may find
 * anywhere. */
static bool
is_issuer(const struct cert *cert)
{
	return is_ca(cert) && is_understood(cert->crt) &&
	       is_for_servers(cert->crt);
}

/* RFC 5280 section 4.2.1.3, and 4.2.1.12 for the purpose: a key usage, where
 * there is one, has one of those that TLS makes use of. */
static bool
is_server(const struct cert *cert)
{
	unsigned usage;

	if (gnutls_x509_crt_get_key_usage(cert->crt, &usage, NULL) >= 0 &&
	    (usage &
		(GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT |
		    GNUTLS_KEY_KEY_AGREEMENT)) == 0)
		return false;
	return is_understood(cert->crt) && is_for_servers(cert->crt);
}

static void
cert_fini(struct cert *cert)
{
	if (cert->crt != NULL)
		gnutls_x509_crt_deinit(cert->crt);
	free(cert->octets);
	free(cert->subject);
	free(cert->issuer);
	memset(cert, 0, sizeof(*cert));
}

/* Returns 0, or a GnuTLS error with the cert all zero. */
static int
cert_init(struct cert *cert, struct der der)
{
	gnutls_datum_t datum = datum_of(der);
	int rc;

	memset(cert, 0, sizeof(*cert));
	rc = gnutls_x509_crt_init(&cert->crt);
	if (rc < 0)
		return rc;
	cert->octets = xmemdup(der.data, der.size);
	cert->der.data = cert->octets;
	cert->der.size = der.size;
	rc = gnutls_x509_crt_import(cert->crt, &datum, GNUTLS_X509_FMT_DER);
	if (rc >= 0 && !slice(cert))
		rc = GNUTLS_E_ASN1_DER_ERROR;
	if (rc < 0) {
		cert_fini(cert);
		return rc;
	}
	cert->subject = dn_text(cert->crt, gnutls_x509_crt_get_dn3);
	cert->issuer = dn_text(cert->crt, gnutls_x509_crt_get_issuer_dn3);
	cert->not_before = gnutls_x509_crt_get_activation_time(cert->crt);
	cert->not_after = gnutls_x509_crt_get_expiration_time(cert->crt);
	cert->may_sign = is_issuer(cert) && has_fit_key(cert->crt);
	cert->may_serve = is_server(cert);
	return 0;
}

static void
certs_fini(struct certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		cert_fini(&certs->items[i]);
	free(certs->items);
}

/* Returns 0, or a GnuTLS error with the certs as they were. */
static int
certs_add(struct certs *certs, struct der der)
{
	struct cert cert;
	int rc = cert_init(&cert, der);

	if (rc < 0)
		return rc;
	certs->items = xrealloc(certs->items, certs->count + 1, sizeof(cert));
	certs->items[certs->count++] = cert;
	return 0;
}

static int
certs_add_crt(struct certs *certs, gnutls_x509_crt_t crt)
{
	gnutls_datum_t datum;
	struct der der;
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &datum);

	if (rc < 0)
		return rc;
	der.data = datum.data;
	der.size = datum.size;
	rc = certs_add(certs, der);
	gnutls_free(datum.data);
	return rc;
}

/* Every certificate of PEM text in its order. */
static int
certs_add_pem(struct certs *certs, const gnutls_datum_t *pem)
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
			rc = certs_add_crt(certs, crts[i]);
		gnutls_x509_crt_deinit(crts[i]);
	}
	gnutls_free(crts);
	return rc;
}

/* --- chains --- */

static void
chain_release(struct x509_chain *chain)
{
	certs_fini(&chain->certs);
	free(chain);
}

void
x509_chain_free(struct x509_chain *chain)
{
	if (chain != NULL)
		chain_release(chain);
}

/* The rule about a chain's size that is broken, or NULL. */
static const char *
size_fault(const struct der *certs, size_t count)
{
	size_t octets = 0;

	if (count == 0)
		return "no certificate";
	if (count > LIMIT_CHAIN_CERTS)
		return "too many certificates";
	for (size_t i = 0; i < count; i++) {
		if (certs[i].size > LIMIT_CHAIN_OCTETS - octets)
			return "certificates too large";
		octets += certs[i].size;
	}
	return NULL;
}

struct x509_chain *
x509_chain_new(const struct der *certs, size_t count, struct err *err)
{
	const char *fault = size_fault(certs, count);
	struct x509_chain *chain;
	int rc;

	if (fault != NULL) {
		err_set(err, ERR_DATA, "%s", fault);
		return NULL;
	}
	chain = xcalloc(1, sizeof(*chain));
	rc = certs_add(&chain->certs, certs[0]);
	if (rc < 0) {
		err_set(err, ERR_DATA, "%s", gnutls_strerror(rc));
		chain_release(chain);
		return NULL;
	}
	/* RFC 7671 section 5.1: of the others DANE-EE wants nothing, and one
	 * that does not parse is on no path */
	for (size_t i = 1; i < count; i++)
		certs_add(&chain->certs, certs[i]);
	return chain;
}

struct x509_chain *
x509_chain_pem(const char *pem, size_t length, struct err *err)
{
	struct der text = {(const uint8_t *)pem, length};
	gnutls_datum_t datum = datum_of(text);
	struct x509_chain *chain = xcalloc(1, sizeof(*chain));
	int rc = certs_add_pem(&chain->certs, &datum);

	if (rc >= 0 && chain->certs.count <= LIMIT_CHAIN_CERTS)
		return chain;
	err_set(err, ERR_DATA, "%s",
	    rc < 0 ? gnutls_strerror(rc) : "too many certificates");
	chain_release(chain);
	return NULL;
}

static const struct cert *
cert_at(const struct x509_chain *chain, size_t i)
{
	assert(i < chain->certs.count);
	return &chain->certs.items[i];
}

size_t
x509_count(const struct x509_chain *chain)
{
	return chain->certs.count;
}

struct der
x509_cert(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->der;
}

struct der
x509_spki(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->spki;
}

const char *
x509_subject(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->subject;
}

const char *
x509_issuer(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->issuer;
}

time_t
x509_not_before(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->not_before;
}

time_t
x509_not_after(const struct x509_chain *chain, size_t i)
{
	return cert_at(chain, i)->not_after;
}

bool
x509_is_ca(const struct x509_chain *chain, size_t i)
{
	return gnutls_x509_crt_get_ca_status(cert_at(chain, i)->crt, NULL) > 0;
}

/* --- octets --- */

bool
x509_is_cert(struct der der)
{
	struct cert cert;

	if (cert_init(&cert, der) < 0)
		return false;
	cert_fini(&cert);
	return true;
}

/*
 * SubjectPublicKeyInfo of RFC 5280 section 4.1.  Only its form is looked at: a
 * key of an algorithm that GnuTLS does not know may match as well, and to call
 * it unusable would let TLSA fall back to no authentication.
 */
bool
x509_is_spki(struct der der)
{
	struct der content, algorithm, bits;
	struct wire in;

	der_open(&in, der);
	content = der_take(&in, DER_SEQUENCE, NULL);
	if (in.bad || in.left > 0)
		return false;
	der_open(&in, content);
	algorithm = der_take(&in, DER_SEQUENCE, NULL);
	bits = der_take(&in, DER_BIT_STRING, NULL);
	if (in.bad || in.left > 0 || bits.size < 2 || bits.data[0] != 0)
		return false;
	der_open(&in, algorithm);
	return der_take(&in, DER_OID, NULL).size > 0;
}

static void
digest(gnutls_digest_algorithm_t algorithm, struct der der, uint8_t *out)
{
	int rc = gnutls_hash_fast(algorithm, der.data, der.size, out);

	assert(rc == 0);
	(void)rc;
}

void
x509_sha256(struct der der, uint8_t out[32])
{
	digest(GNUTLS_DIG_SHA256, der, out);
}

void
x509_sha512(struct der der, uint8_t out[64])
{
	digest(GNUTLS_DIG_SHA512, der, out);
}

/* --- names of the leaf --- */

struct names {
	const char *const *names;
	size_t count;
};

/* A NUL within is no end: such a name matches nothing. */
static bool
is_one_of(const struct names *names, const uint8_t *octets, size_t length)
{
	char presented[LIMIT_DOMAIN_SIZE + 1]; /* and a final dot */

	if (length >= sizeof(presented) || memchr(octets, '\0', length) != NULL)
		return false;
	memcpy(presented, octets, length);
	presented[length] = '\0';
	for (size_t i = 0; i < names->count; i++)
		if (certname_match(presented, names->names[i]))
			return true;
	return false;
}

/*
 * GeneralNames of RFC 5280 section 4.2.1.6.  any becomes true if there is a
 * dNSName at all.  Read here so that a list of thousands costs one pass.
 */
static bool
san_matches(struct der san, const struct names *names, bool *any)
{
	struct der content;
	struct wire in;

	der_open(&in, san);
	content = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, content);
	for (int i = 0; in.left > 0 && !in.bad && i < LIMIT_CERT_NAMES; i++) {
		uint8_t tag = in.at[0];
		struct der name = der_take(&in, tag, NULL);

		if (in.bad || tag != DER_DNS_NAME)
			continue;
		*any = true;
		if (is_one_of(names, name.data, name.size))
			return true;
	}
	return false;
}

static bool
leaf_san_matches(const struct cert *leaf, const struct names *names, bool *any)
{
	gnutls_datum_t datum;
	struct der san;
	bool matches;

	*any = false;
	if (gnutls_x509_crt_get_extension_by_oid2(
		leaf->crt, GNUTLS_X509EXT_OID_SAN, 0, &datum, NULL) < 0)
		return false;
	san.data = datum.data;
	san.size = datum.size;
	matches = san_matches(san, names, any);
	gnutls_free(datum.data);
	return matches;
}

static bool
leaf_cn_matches(const struct cert *leaf, const struct names *names)
{
	for (unsigned i = 0; i < MAX_CN; i++) {
		uint8_t cn[LIMIT_DOMAIN_SIZE + 1];
		size_t size = sizeof(cn);
		int rc = gnutls_x509_crt_get_dn_by_oid(
		    leaf->crt, GNUTLS_OID_X520_COMMON_NAME, i, 0, cn, &size);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (rc >= 0 && is_one_of(names, cn, size))
			return true;
	}
	return false;
}

bool
x509_leaf_has_name(const struct x509_chain *chain, const char *const names[],
    size_t count, enum x509_names how)
{
	const struct cert *leaf = cert_at(chain, 0);
	const struct names wanted = {names, count};
	bool any;

	if (leaf_san_matches(leaf, &wanted, &any))
		return true;
	switch (how) {
	case X509_NAMES_SAN:
		return false;
	case X509_NAMES_SAN_OR_CN:
		return !any && leaf_cn_matches(leaf, &wanted);
	}
	assert(false); /* every enum value is above */
	return false;
}

/* --- paths --- */

/*
 * A search for a path from the leaf, through certificates presented, to an
 * anchor.  GnuTLS builds one path and judges that; servers send certificates in
 * any order, two that cross-sign one key, or some that have nothing to do with
 * the others, so the paths are built here and GnuTLS judges each as it stands.
 */
struct search {
	const struct certs *presented;
	const struct certs *anchors;
	time_t now;
	const struct cert *path[LIMIT_CHAIN_CERTS]; /* leaf first */
	size_t length;
	unsigned tries;
	unsigned steps;
	enum x509_status status; /* of the best path so far */
	size_t used;             /* its anchor */
};

/* RFC 4158 section 5.2: a name and key that come again make a loop.  So a
 * self-signed leaf has no issuer, be it sent twice or issued anew. */
static bool
on_path(const struct search *search, const struct cert *cert)
{
	for (size_t i = 0; i < search->length; i++)
		if (same_octets(
			search->path[i]->subject_dn, cert->subject_dn) &&
		    same_octets(search->path[i]->spki, cert->spki))
			return true;
	return false;
}

/* Whether the certificate may come next on the path. */
static bool
may_follow(const struct search *search, const struct cert *cert)
{
	const struct cert *last = search->path[search->length - 1];

	return cert->may_sign &&
	       same_octets(last->issuer_dn, cert->subject_dn) &&
	       !on_path(search, cert);
}

static enum x509_status
date_status(const struct cert *cert, time_t now)
{
	if (now > cert->not_after)
		return X509_EXPIRED;
	if (now < cert->not_before)
		return X509_NOT_YET_VALID;
	return X509_TRUSTED;
}

static bool
is_better(enum x509_status a, enum x509_status b)
{
	return a < b; /* the enum is in this order */
}

/* That of the path and its anchor which is told of several. */
static enum x509_status
path_date_status(const struct search *search, const struct cert *anchor)
{
	enum x509_status status = date_status(anchor, search->now);

	for (size_t i = 0; i < search->length; i++) {
		enum x509_status one =
		    date_status(search->path[i], search->now);

		if (one == X509_EXPIRED || status == X509_TRUSTED)
			status = one;
	}
	return status;
}

/*
 * Whether the path holds but for its dates: signatures, basicConstraints,
 * pathlen, name constraints, EKU; what it leaves to us is may_serve and
 * may_sign.  A list of its own for each call: GnuTLS may
 * write to one that it verifies against.
 */
static bool
path_holds(const struct search *search, const struct cert *anchor)
{
	char oid[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st purpose = {
	    GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)oid, 0};
	gnutls_x509_crt_t crts[LIMIT_CHAIN_CERTS];
	gnutls_x509_trust_list_t list;
	unsigned status = 0;
	int rc;

	for (size_t i = 0; i < search->length; i++)
		crts[i] = search->path[i]->crt;
	if (gnutls_x509_trust_list_init(&list, 1) < 0)
		return false;
	rc = gnutls_x509_trust_list_add_cas(list, &anchor->crt, 1, 0);
	if (rc == 1)
		rc = gnutls_x509_trust_list_verify_crt2(list, crts,
		    (unsigned)search->length, &purpose, 1,
		    GNUTLS_VERIFY_DO_NOT_ALLOW_SAME |
			GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			GNUTLS_VERIFY_IGNORE_UNKNOWN_CRIT_EXTENSIONS,
		    &status, NULL);
	else
		rc = -1;
	gnutls_x509_trust_list_deinit(list, 0);
	return rc == 0 && status == 0;
}

static void
try_anchor(struct search *search, size_t i)
{
	const struct cert *anchor = &search->anchors->items[i];
	enum x509_status status;

	search->tries++;
	if (!path_holds(search, anchor))
		return;
	status = path_date_status(search, anchor);
	if (!is_better(status, search->status))
		return;
	search->status = status;
	search->used = i;
}

static bool
is_over(const struct search *search)
{
	return search->status == X509_TRUSTED || search->tries >= MAX_TRIES ||
	       search->steps >= MAX_STEPS;
}

/* Depth first, so no deeper than the chain has certificates. */
static void
extend(struct search *search)
{
	const struct certs *anchors = search->anchors;
	const struct certs *presented = search->presented;

	for (size_t i = 0; i < anchors->count && !is_over(search); i++)
		if (may_follow(search, &anchors->items[i]))
			try_anchor(search, i);
	if (search->length == LIMIT_CHAIN_CERTS)
		return;
	for (size_t i = 1; i < presented->count && !is_over(search); i++) {
		if (!may_follow(search, &presented->items[i]))
			continue;
		search->steps++;
		search->path[search->length++] = &presented->items[i];
		extend(search);
		search->length--;
	}
}

static enum x509_status
find_path(const struct x509_chain *chain, const struct certs *anchors,
    time_t now, size_t *used)
{
	struct search search = {
	    .presented = &chain->certs,
	    .anchors = anchors,
	    .now = now,
	    .path = {cert_at(chain, 0)},
	    .length = 1,
	    .status = X509_NOT_TRUSTED,
	};

	if (search.path[0]->may_serve)
		extend(&search);
	if (used != NULL && search.status != X509_NOT_TRUSTED)
		*used = search.used;
	return search.status;
}

enum x509_status
x509_verify(const struct x509_chain *chain, const struct der *anchors,
    size_t count, time_t now, size_t *used)
{
	struct certs certs = {0, xcalloc(count, sizeof(certs.items[0]))};
	enum x509_status status;

	/* one that does not parse stays all zero, and may not sign */
	for (size_t i = 0; i < count; i++)
		cert_init(&certs.items[i], anchors[i]);
	certs.count = count;
	status = find_path(chain, &certs, now, used);
	certs_fini(&certs);
	return status;
}

enum x509_status
x509_verify_store(
    const struct x509_chain *chain, const struct x509_store *store, time_t now)
{
	return find_path(chain, &store->certs, now, NULL);
}

/* --- a bare key as the anchor --- */

/* GnuTLS gives no octets of a certificate's to-be-signed part, so cut it out.
 */
static bool
is_signed_by(const struct cert *cert, gnutls_pubkey_t key)
{
	int algorithm = gnutls_x509_crt_get_signature_algorithm(cert->crt);
	gnutls_datum_t tbs = datum_of(cert->tbs);
	gnutls_datum_t signature = datum_of(cert->signature);

	return algorithm > GNUTLS_SIGN_UNKNOWN &&
	       gnutls_sign_is_secure2(
		   algorithm, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) &&
	       gnutls_pubkey_verify_data2(
		   key, algorithm, 0, &tbs, &signature) >= 0;
}

/* The path that certificate i ends, which the key has signed. */
static enum x509_status
status_below(const struct x509_chain *chain, size_t i, time_t now)
{
	const struct cert *cert = cert_at(chain, i);

	if (i > 0)
		return x509_verify(chain, &cert->der, 1, now, NULL);
	return cert->may_serve ? date_status(cert, now) : X509_NOT_TRUSTED;
}

static enum x509_status
verify_pubkey(const struct x509_chain *chain, gnutls_pubkey_t key, time_t now)
{
	enum x509_status best = X509_NOT_TRUSTED;

	for (size_t i = 0; i < chain->certs.count; i++) {
		enum x509_status status;

		if (!is_signed_by(cert_at(chain, i), key))
			continue;
		status = status_below(chain, i, now);
		if (is_better(status, best))
			best = status;
	}
	return best;
}

enum x509_status
x509_verify_key(const struct x509_chain *chain, struct der spki, time_t now)
{
	gnutls_datum_t datum = datum_of(spki);
	enum x509_status status = X509_NOT_TRUSTED;
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return X509_NOT_TRUSTED;
	if (gnutls_pubkey_import(key, &datum, GNUTLS_X509_FMT_DER) >= 0 &&
	    is_fit_to_sign(key))
		status = verify_pubkey(chain, key, now);
	gnutls_pubkey_deinit(key);
	return status;
}

/* --- stores --- */

static void
store_release(struct x509_store *store)
{
	certs_fini(&store->certs);
	free(store);
}

void
x509_store_free(struct x509_store *store)
{
	if (store != NULL)
		store_release(store);
}

static int
load_file(struct certs *certs, const char *file)
{
	gnutls_datum_t pem;
	int rc = gnutls_load_file(file, &pem);

	if (rc < 0)
		return rc;
	rc = certs_add_pem(certs, &pem);
	gnutls_free(pem.data);
	return rc;
}

/* A certificate of the system's store that does not parse is left out. */
static int
load_system(struct certs *certs)
{
	gnutls_x509_trust_list_iter_t iterator = NULL;
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t crt;
	int rc = gnutls_x509_trust_list_init(&list, 0);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	while (rc >= 0 &&
	       gnutls_x509_trust_list_iter_get_ca(list, &iterator, &crt) == 0) {
		certs_add_crt(certs, crt);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_trust_list_iter_deinit(iterator);
	gnutls_x509_trust_list_deinit(list, 1);
	return rc;
}

struct x509_store *
x509_store_load(const char *file, struct err *err)
{
	struct x509_store *store = xcalloc(1, sizeof(*store));
	int rc = file == NULL ? load_system(&store->certs)
			      : load_file(&store->certs, file);

	if (rc >= 0 && store->certs.count > 0)
		return store;
	err_set(err, ERR_LOCAL, "%s: %s",
	    file == NULL ? "system trust store" : file,
	    rc < 0 ? gnutls_strerror(rc) : "no certificate");
	store_release(store);
	return NULL;
}

size_t
x509_store_count(const struct x509_store *store)
{
	return store->certs.count;
}
