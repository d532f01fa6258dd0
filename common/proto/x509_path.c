/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_path.h"

#include "common/base/limits.h"

enum {
	/* A chain of look-alikes has more paths than can be tried: so many are
	 * checked, and so many certificates appended in search of them */
	MAX_TRIES = 16,
	MAX_STEPS = 1024,
};

/*
 * A search for a path from the leaf, through certificates presented, to an
 * anchor.  GnuTLS builds one path and judges that; servers send certificates in
 * any order, two that cross-sign one key, or some that have nothing to do with
 * the others, so the paths are built here and GnuTLS judges each as it stands.
 */
struct search {
	const struct x509_certs *presented;
	const struct x509_certs *anchors;
	time_t now;
	const struct x509_cert *path[LIMIT_CHAIN_CERTS]; /* leaf first */
	size_t length;
	unsigned tries;
	unsigned steps;
	bool broke;              /* what was left to pay with did not suffice */
	enum x509_status status; /* of the best path so far */
	size_t used;             /* its anchor */
};

/* RFC 4158 section 5.2: a name and key that come again make a loop.  So a
 * self-signed leaf has no issuer, be it sent twice or issued anew. */
static bool
on_path(const struct search *search, const struct x509_cert *cert)
{
	for (size_t i = 0; i < search->length; i++)
		if (der_equal(search->path[i]->subject_dn, cert->subject_dn) &&
		    der_equal(search->path[i]->spki, cert->spki))
			return true;
	return false;
}

/* Whether the certificate may come next on the path. */
static bool
may_follow(const struct search *search, const struct x509_cert *cert)
{
	const struct x509_cert *last = search->path[search->length - 1];

	return cert->may_sign && der_equal(last->issuer_dn, cert->subject_dn) &&
	       !on_path(search, cert);
}

static enum x509_status
date_status(const struct x509_cert *cert, time_t now)
{
	if (now > cert->not_after)
		return X509_EXPIRED;
	if (now < cert->not_before)
		return X509_NOT_YET_VALID;
	return X509_TRUSTED;
}

/* Pay for signature checks, if that many are left. */
static bool
can_pay(const struct x509_certs *presented, size_t checks)
{
	unsigned *left = presented->checks_left;

	if (left == NULL)
		return true;
	if (*left < checks)
		return false;
	*left -= (unsigned)checks;
	return true;
}

/* That of the path and its anchor which is told of several. */
static enum x509_status
path_date_status(const struct search *search, const struct x509_cert *anchor)
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
 * pathlen, name constraints, EKU; what GnuTLS leaves to us is may_serve and
 * may_sign.  A list of its own for each call: GnuTLS may write to one that it
 * verifies against.
 */
static bool
path_holds(const struct search *search, const struct x509_cert *anchor)
{
	char oid[] = GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st purpose = {
	    GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)oid, 0};
	gnutls_x509_crt_t crts[LIMIT_CHAIN_CERTS];
	gnutls_x509_trust_list_t list;
	unsigned status;
	bool holds;

	for (size_t i = 0; i < search->length; i++)
		crts[i] = search->path[i]->crt;
	if (gnutls_x509_trust_list_init(&list, 1) < 0)
		return false;
	holds = gnutls_x509_trust_list_add_cas(list, &anchor->crt, 1, 0) == 1 &&
		gnutls_x509_trust_list_verify_crt2(list, crts,
		    (unsigned)search->length, &purpose, 1,
		    GNUTLS_VERIFY_DO_NOT_ALLOW_SAME |
			GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			GNUTLS_VERIFY_IGNORE_UNKNOWN_CRIT_EXTENSIONS,
		    &status, NULL) == 0 &&
		status == 0;
	gnutls_x509_trust_list_deinit(list, 0);
	return holds;
}

static void
try_anchor(struct search *search, size_t i)
{
	const struct x509_cert *anchor = &search->anchors->items[i];
	enum x509_status status;

	search->tries++;
	search->broke = !can_pay(search->presented, search->length);
	if (search->broke || !path_holds(search, anchor))
		return;
	status = path_date_status(search, anchor);
	if (!x509_is_nearer(status, search->status))
		return;
	search->status = status;
	search->used = i;
}

static bool
is_over(const struct search *search)
{
	return search->status == X509_TRUSTED || search->broke ||
	       search->tries >= MAX_TRIES || search->steps >= MAX_STEPS;
}

/* Depth first, so no deeper than the chain has certificates. */
static void
extend_path(struct search *search)
{
	const struct x509_certs *anchors = search->anchors;
	const struct x509_certs *presented = search->presented;

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
		extend_path(search);
		search->length--;
	}
}

enum x509_status
x509_path_find(const struct x509_certs *presented,
    const struct x509_certs *anchors, time_t now, size_t *used)
{
	struct search search = {
	    .presented = presented,
	    .anchors = anchors,
	    .now = now,
	    .path = {&presented->items[0]},
	    .length = 1,
	    .status = X509_NOT_TRUSTED,
	};

	if (search.path[0]->may_serve)
		extend_path(&search);
	if (search.broke)
		return X509_TOO_COSTLY;
	if (used != NULL && search.status != X509_NOT_TRUSTED)
		*used = search.used;
	return search.status;
}

/* GnuTLS gives no octets of a certificate's to-be-signed part, so cut it out.
 */
static bool
is_signed_by(const struct x509_cert *cert, gnutls_pubkey_t key)
{
	int algorithm =
	    cert->crt == NULL
		? GNUTLS_SIGN_UNKNOWN
		: gnutls_x509_crt_get_signature_algorithm(cert->crt);
	gnutls_datum_t tbs = x509_datum(cert->tbs);
	gnutls_datum_t signature = x509_datum(cert->signature);

	return algorithm > GNUTLS_SIGN_UNKNOWN &&
	       gnutls_sign_is_secure2(
		   algorithm, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) &&
	       gnutls_pubkey_verify_data2(
		   key, algorithm, 0, &tbs, &signature) >= 0;
}

/* The path that certificate i ends, which the key has signed. */
static enum x509_status
status_below(const struct x509_certs *presented, size_t i, time_t now)
{
	struct x509_cert *cert = &presented->items[i];
	struct x509_certs anchor = {.count = 1, .items = cert};

	if (i > 0)
		return x509_path_find(presented, &anchor, now, NULL);
	return cert->may_serve ? date_status(cert, now) : X509_NOT_TRUSTED;
}

enum x509_status
x509_path_find_key(
    const struct x509_certs *presented, gnutls_pubkey_t key, time_t now)
{
	enum x509_status best = X509_NOT_TRUSTED;

	for (size_t i = 0; i < presented->count && best != X509_TRUSTED; i++) {
		enum x509_status status;

		if (!can_pay(presented, 1))
			return X509_TOO_COSTLY;
		if (!is_signed_by(&presented->items[i], key))
			continue;
		status = status_below(presented, i, now);
		if (x509_is_nearer(status, best))
			best = status;
	}
	return best;
}
