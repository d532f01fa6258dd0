/* SPDX-License-Identifier: BSD-2-Clause */
/* A bare key as the anchor of a path: RFC 7671 section 5.2.3. */
#include "common/proto/x509.h"

#include "t/unit/pki.h"
#include "t/unit/tap.h"

static enum x509_status
verify_key(const struct cert_made *const made[], size_t count, struct der key)
{
	struct x509_chain *chain = certs_chain(made, count);
	enum x509_status status = x509_verify_key(chain, key, CERTS_NOW);

	x509_chain_free(chain);
	return status;
}

static void
a_bare_key_is_an_anchor_for_what_it_signed(void **state)
{
	struct der root = cert_spki(pki.root);
	struct der int1 = cert_spki(pki.int1);

	(void)state;
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf, pki.int1), root), X509_TRUSTED);
	assert_int_equal(verify_key(CHAIN(pki.leaf), int1), X509_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf, pki.int1), cert_spki(pki.other)),
	    X509_NOT_TRUSTED); /* D14 */
	assert_int_equal(verify_key(CHAIN(pki.leaf), root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.alone, pki.int1), root), X509_NOT_TRUSTED);
	/* the topmost, which the key signed */
	assert_int_equal(
	    verify_key(CHAIN(pki.alone), cert_spki(pki.alone)), X509_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf), cert_der(pki.int1)), X509_NOT_TRUSTED);
	assert_int_equal(verify_key(CHAIN(pki.leaf), (struct der){NULL, 0}),
	    X509_NOT_TRUSTED);
}

static void
what_a_bare_key_signed_is_checked_as_well(void **state)
{
	static const struct {
		const char *id;
		unsigned int1, leaf;
		enum x509_status status;
	} rows[] = {
	    {"good", 0, 0, X509_TRUSTED},
	    {"unknown critical", 0, CERTS_STRANGE, X509_NOT_TRUSTED},
	    {"unknown critical, the first extension of all", 0,
		CERTS_STRANGE | CERTS_UNSAID, X509_NOT_TRUSTED},
	    {"key usage", 0, CERTS_SIGN_ONLY, X509_NOT_TRUSTED},
	    {"D28 topmost does not say", CERTS_UNSAID, 0, X509_NOT_TRUSTED},
	    {"topmost for clients", CERTS_CLIENT_ONLY, 0, X509_NOT_TRUSTED},
	    {"expired leaf", 0, CERTS_EXPIRED, X509_EXPIRED},
	    {"expired topmost", CERTS_EXPIRED, 0, X509_EXPIRED},
	    {"topmost not begun", CERTS_FUTURE, 0, X509_NOT_YET_VALID},
	    {"SHA-1 topmost", CERTS_SHA1, 0, X509_NOT_TRUSTED},
	    {"SHA-1 leaf", 0, CERTS_SHA1, X509_NOT_TRUSTED},
	    {"EKU", 0, CERTS_CLIENT_ONLY, X509_NOT_TRUSTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_made *int1 =
		    cert_make(&(struct cert_spec){.cn = "Int",
			.ca = true,
			.issuer = pki.root,
			.flaws = rows[i].int1});
		struct cert_made *leaf = cert_make(
		    &(struct cert_spec){.issuer = int1, .flaws = rows[i].leaf});

		ROW(rows[i].id, verify_key(CHAIN(leaf, int1),
				    cert_spki(pki.root)) == rows[i].status);
		/* the leaf itself is the topmost */
		if (rows[i].int1 == 0)
			ROW(rows[i].id, verify_key(CHAIN(leaf),
					    cert_spki(int1)) == rows[i].status);
		cert_made_free(leaf);
		cert_made_free(int1);
	}
}

int
main(void)
{
	const struct CMUnitTest x509_bare_key[] = {
	    cmocka_unit_test(a_bare_key_is_an_anchor_for_what_it_signed),
	    cmocka_unit_test(what_a_bare_key_signed_is_checked_as_well),
	};

	return RUN_TESTS_WITH(x509_bare_key, pki_make, pki_free);
}
