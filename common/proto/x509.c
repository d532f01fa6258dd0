/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <assert.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/certname.h"
#include "common/proto/x509_cert.h"
#include "common/proto/x509_parts.h"
#include "common/proto/x509_path.h"

/* CNs looked at in one certificate; one is usual */
enum { MAX_CN = 8 };

struct x509_chain {
	struct x509_certs certs;
};

struct x509_store {
	struct x509_certs certs;
};

/* --- chains --- */

static void
chain_release(struct x509_chain *chain)
{
	x509_certs_fini(&chain->certs);
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

static const char *
size_fault_of(const struct x509_certs *certs)
{
	struct der ders[LIMIT_CHAIN_CERTS];

	for (size_t i = 0; i < certs->count && i < LIMIT_CHAIN_CERTS; i++)
		ders[i] = certs->items[i].der;
	return size_fault(ders, certs->count);
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
	rc = x509_certs_add(&chain->certs, certs[0]);
	if (rc < 0 && x509_certs_add_cut(&chain->certs, certs[0]) != 0) {
		err_set(err, ERR_DATA, "%s", gnutls_strerror(rc));
		chain_release(chain);
		return NULL;
	}
	/* RFC 7671 section 5.1: of the others DANE-EE wants nothing, and one
	 * that does not parse is on no path */
	for (size_t i = 1; i < count; i++)
		x509_certs_add(&chain->certs, certs[i]);
	return chain;
}

bool
x509_leaf_octets(
    const struct der *certs, size_t count, struct der *leaf, struct der *spki)
{
	struct x509_parts parts;

	if (size_fault(certs, count) != NULL ||
	    !x509_parts_read(&parts, certs[0]))
		return false;
	*leaf = certs[0];
	*spki = parts.spki;
	return true;
}

struct x509_chain *
x509_chain_pem(const char *pem, size_t length, struct err *err)
{
	struct der text = {(const uint8_t *)pem, length};
	gnutls_datum_t datum = x509_datum(text);
	struct x509_chain *chain = xcalloc(1, sizeof(*chain));
	int rc = x509_certs_add_pem(&chain->certs, &datum);
	const char *fault =
	    rc < 0 ? gnutls_strerror(rc) : size_fault_of(&chain->certs);

	if (fault == NULL)
		return chain;
	err_set(err, ERR_DATA, "%s", fault);
	chain_release(chain);
	return NULL;
}

void
x509_chain_charge(struct x509_chain *chain, unsigned *left)
{
	chain->certs.checks_left = left;
}

static const struct x509_cert *
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

const char *
x509_key_type(const struct x509_chain *chain, size_t i, unsigned *bits)
{
	const struct x509_cert *cert = cert_at(chain, i);
	int algorithm;

	algorithm = cert->crt == NULL
			? GNUTLS_PK_UNKNOWN
			: gnutls_x509_crt_get_pk_algorithm(cert->crt, bits);
	switch (algorithm) {
	case GNUTLS_PK_RSA:
	case GNUTLS_PK_RSA_PSS:
		return "RSA";
	case GNUTLS_PK_ECDSA:
		return "ECDSA";
	case GNUTLS_PK_EDDSA_ED25519:
	case GNUTLS_PK_EDDSA_ED448:
		return "EdDSA";
	default:
		break;
	}
	if (algorithm <= GNUTLS_PK_UNKNOWN) {
		*bits = 0;
		return "";
	}
	return gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm);
}

bool
x509_leaf_is_read(const struct x509_chain *chain)
{
	return cert_at(chain, 0)->crt != NULL;
}

bool
x509_leaf_may_sign(const struct x509_chain *chain)
{
	gnutls_x509_crt_t crt = cert_at(chain, 0)->crt;
	unsigned usage;

	return crt == NULL ||
	       gnutls_x509_crt_get_key_usage(crt, &usage, NULL) < 0 ||
	       (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) != 0;
}

bool
x509_is_ca(const struct x509_chain *chain, size_t i)
{
	const struct x509_cert *cert = cert_at(chain, i);

	return cert->crt != NULL &&
	       gnutls_x509_crt_get_ca_status(cert->crt, NULL) > 0;
}

/* --- octets --- */

bool
x509_is_cert(struct der der)
{
	struct x509_cert cert;

	if (x509_cert_init(&cert, der) < 0)
		return false;
	x509_cert_fini(&cert);
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
digest_octets(gnutls_digest_algorithm_t algorithm, struct der der, uint8_t *out)
{
	int rc = gnutls_hash_fast(algorithm, der.data, der.size, out);

	assert(rc == 0);
	(void)rc;
}

void
x509_sha256(struct der der, uint8_t out[32])
{
	digest_octets(GNUTLS_DIG_SHA256, der, out);
}

void
x509_sha512(struct der der, uint8_t out[64])
{
	digest_octets(GNUTLS_DIG_SHA512, der, out);
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
	char presented[LIMIT_DOMAIN_SIZE];

	if (length >= sizeof(presented) || memchr(octets, '\0', length) != NULL)
		return false;
	memcpy(presented, octets, length);
	presented[length] = '\0';
	for (size_t i = 0; i < names->count; i++)
		if (certname_match(presented, names->names[i]))
			return true;
	return false;
}

/* What to do with each dNSName; true: no more of them. */
typedef bool on_name(void *arg, struct der name);

/* GeneralNames of RFC 5280 section 4.2.1.6.  Read here so that a list of
 * thousands costs one pass. */
static void
walk_san(struct der san, on_name *tell, void *arg)
{
	struct der content;
	struct wire in;

	der_open(&in, san);
	content = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, content);
	for (int i = 0; in.left > 0 && !in.bad && i < LIMIT_CERT_NAMES; i++) {
		uint8_t tag = in.at[0];
		struct der name = der_take(&in, tag, NULL);

		if (!in.bad && tag == DER_DNS_NAME && tell(arg, name))
			return;
	}
}

static void
walk_names(const struct x509_cert *cert, on_name *tell, void *arg)
{
	gnutls_datum_t datum;
	struct der san;

	if (cert->crt == NULL ||
	    gnutls_x509_crt_get_extension_by_oid2(
		cert->crt, GNUTLS_X509EXT_OID_SAN, 0, &datum, NULL) < 0)
		return;
	san.data = datum.data;
	san.size = datum.size;
	walk_san(san, tell, arg);
	gnutls_free(datum.data);
}

struct name_search {
	const struct names *wanted;
	bool any; /* there is a dNSName at all */
	bool matches;
};

static bool
search_name(void *arg, struct der name)
{
	struct name_search *search = arg;

	search->any = true;
	search->matches = is_one_of(search->wanted, name.data, name.size);
	return search->matches;
}

struct name_telling {
	void (*tell)(void *arg, const char *name);
	void *arg;
};

static bool
tell_name(void *arg, struct der name)
{
	const struct name_telling *telling = arg;
	char text[4 * LIMIT_DOMAIN_SIZE];

	text_escape(text, sizeof(text), (const char *)name.data, name.size);
	telling->tell(telling->arg, text);
	return false;
}

void
x509_each_name(const struct x509_chain *chain, size_t i,
    void (*tell)(void *arg, const char *name), void *arg)
{
	struct name_telling telling = {tell, arg};

	walk_names(cert_at(chain, i), tell_name, &telling);
}

static bool
leaf_cn_matches(const struct x509_cert *leaf, const struct names *names)
{
	for (unsigned i = 0; i < MAX_CN; i++) {
		uint8_t cn[LIMIT_DOMAIN_SIZE];
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
	const struct x509_cert *leaf = cert_at(chain, 0);
	const struct names wanted = {names, count};
	struct name_search search = {.wanted = &wanted};

	if (leaf->crt == NULL)
		return false;
	walk_names(leaf, search_name, &search);
	if (search.matches)
		return true;
	switch (how) {
	case X509_NAMES_SAN:
		return false;
	case X509_NAMES_SAN_OR_CN:
		return !search.any && leaf_cn_matches(leaf, &wanted);
	}
	assert(false); /* every enum value is above */
	return false;
}

/* --- trust --- */

enum x509_status
x509_verify(const struct x509_chain *chain, const struct der *anchors,
    size_t count, time_t now, size_t *used)
{
	struct x509_certs certs = {
	    .items = xcalloc(count, sizeof(certs.items[0]))};
	enum x509_status status;

	/* one that does not parse stays all zero, and may not sign */
	for (size_t i = 0; i < count; i++)
		x509_cert_init(&certs.items[i], anchors[i]);
	certs.count = count;
	status = x509_path_find(&chain->certs, &certs, now, used);
	x509_certs_fini(&certs);
	return status;
}

enum x509_status
x509_verify_store(
    const struct x509_chain *chain, const struct x509_store *store, time_t now)
{
	return x509_path_find(&chain->certs, &store->certs, now, NULL);
}

enum x509_status
x509_verify_key(const struct x509_chain *chain, struct der spki, time_t now)
{
	gnutls_datum_t datum = x509_datum(spki);
	enum x509_status status = X509_NOT_TRUSTED;
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return X509_NOT_TRUSTED;
	if (gnutls_pubkey_import(key, &datum, GNUTLS_X509_FMT_DER) >= 0 &&
	    x509_is_fit_to_sign(key, spki))
		status = x509_path_find_key(&chain->certs, key, now);
	gnutls_pubkey_deinit(key);
	return status;
}

/* --- stores --- */

static void
store_release(struct x509_store *store)
{
	x509_certs_fini(&store->certs);
	free(store);
}

void
x509_store_free(struct x509_store *store)
{
	if (store != NULL)
		store_release(store);
}

static int
load_file(struct x509_certs *certs, const char *file)
{
	gnutls_datum_t pem;
	int rc = gnutls_load_file(file, &pem);

	if (rc < 0)
		return rc;
	rc = x509_certs_add_pem(certs, &pem);
	gnutls_free(pem.data);
	return rc;
}

/* A certificate of the system's store that does not parse is left out. */
static int
load_system(struct x509_certs *certs)
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
		x509_certs_add_crt(certs, crt);
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

struct x509_store *
x509_store_of(const struct der *certs, size_t count)
{
	struct x509_store *store = xcalloc(1, sizeof(*store));

	for (size_t i = 0; i < count; i++)
		x509_certs_add(&store->certs, certs[i]);
	return store;
}

static bool
may_have_issued(const struct x509_cert *root, const struct x509_chain *chain)
{
	for (size_t i = 0; i < chain->certs.count; i++)
		if (der_equal(
			root->subject_dn, chain->certs.items[i].issuer_dn))
			return true;
	return false;
}

void
x509_store_issuers(const struct x509_store *store,
    const struct x509_chain *chain, void (*tell)(void *arg, struct der cert),
    void *arg)
{
	for (size_t i = 0; i < store->certs.count; i++)
		if (may_have_issued(&store->certs.items[i], chain))
			tell(arg, store->certs.items[i].der);
}
