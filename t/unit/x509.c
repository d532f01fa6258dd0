/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

static void
a_chain_gives_back_what_was_presented(void **state)
{
	const struct cert_made *made[] = {pki.leaf, pki.int1, pki.root};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 3);

	(void)state;
	assert_int_equal(x509_count(chain), 3);
	for (size_t i = 0; i < 3; i++) {
		struct der cert = cert_der(made[i]);
		struct der spki = cert_spki(made[i]);

		assert_int_equal(x509_cert(chain, i).size, cert.size);
		assert_memory_equal(
		    x509_cert(chain, i).data, cert.data, cert.size);
		assert_int_equal(x509_spki(chain, i).size, spki.size);
		assert_memory_equal(
		    x509_spki(chain, i).data, spki.data, spki.size);
	}
	assert_string_equal(x509_subject(chain, 0), "CN=mx1");
	assert_string_equal(x509_issuer(chain, 0), "CN=Int");
	assert_string_equal(x509_issuer(chain, 2), "CN=Root");
	assert_int_equal(x509_not_before(chain, 0), CERTS_NOW - 30 * CERTS_DAY);
	assert_int_equal(x509_not_after(chain, 0), CERTS_NOW + 30 * CERTS_DAY);
}

/* The octets of a leaf are had without a chain where there would be one. */
static void
expect_leaf_octets(
    const struct der *certs, size_t count, const struct x509_chain *chain)
{
	struct der leaf, spki;

	assert_int_equal(
	    x509_leaf_octets(certs, count, &leaf, &spki), chain != NULL);
	if (chain == NULL)
		return;
	assert_true(der_equal(leaf, x509_cert(chain, 0)));
	assert_true(der_equal(spki, x509_spki(chain, 0)));
}

static void
what_is_no_chain_is_refused(void **state)
{
	struct der leaf = cert_der(pki.leaf);
	uint8_t longer[4096];
	struct der many[LIMIT_CHAIN_CERTS + 1];
	struct der rows[] = {{leaf.data, leaf.size - 1}, {NULL, 0},
	    {(const uint8_t *)"garbage", 7}, {longer, leaf.size + 1},
	    cert_spki(pki.leaf)};
	struct x509_chain *chain;
	struct err err;

	(void)state;
	memcpy(longer, leaf.data, leaf.size);
	longer[leaf.size] = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct der two[] = {rows[i], leaf};

		assert_null(x509_chain_new(two, 2, &err));
		assert_int_equal(err.kind, ERR_DATA);
		expect_leaf_octets(two, 2, NULL);
	}
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = leaf;
	assert_null(x509_chain_new(many, 0, &err));
	assert_string_equal(err.text, "no certificate");
	assert_null(x509_chain_new(many, LIMIT_CHAIN_CERTS + 1, &err));
	assert_string_equal(err.text, "too many certificates");
	expect_leaf_octets(many, 0, NULL);
	expect_leaf_octets(many, LIMIT_CHAIN_CERTS + 1, NULL);
	chain = x509_chain_new(many, LIMIT_CHAIN_CERTS, NULL);
	assert_non_null(chain);
	expect_leaf_octets(many, LIMIT_CHAIN_CERTS, chain);
	x509_chain_free(chain);
	many[1].size = LIMIT_CHAIN_OCTETS;
	assert_null(x509_chain_new(many, 2, &err));
	assert_string_equal(err.text, "certificates too large");
}

static void
certificates_may_be_so_large_and_no_larger(void **state)
{
	uint8_t *filler = xcalloc(1, LIMIT_CHAIN_OCTETS);
	struct der certs[] = {cert_der(pki.leaf), {filler, 0}};
	struct x509_chain *chain;

	(void)state;
	certs[1].size = LIMIT_CHAIN_OCTETS - certs[0].size;
	chain = x509_chain_new(certs, 2, NULL);
	assert_non_null(chain);
	x509_chain_free(chain);
	certs[1].size++;
	assert_null(x509_chain_new(certs, 2, NULL));
	free(filler);
}

static void
behind_the_leaf_what_does_not_parse_is_left_out(void **state)
{
	struct der certs[] = {cert_der(pki.leaf),
	    {(const uint8_t *)"garbage", 7}, cert_spki(pki.root),
	    cert_der(pki.int1), {NULL, 0}};
	struct der root = cert_der(pki.root);
	AUTO(x509_chain)
	struct x509_chain *chain = x509_chain_new(certs, COUNT(certs), NULL);

	(void)state;
	assert_non_null(chain);
	assert_int_equal(x509_count(chain), 2);
	assert_string_equal(x509_subject(chain, 1), "CN=Int");
	assert_int_equal(
	    x509_verify(chain, &root, 1, CERTS_NOW, NULL), X509_TRUSTED);
}

static void
pem_text_gives_its_certificates_in_order(void **state)
{
	const struct cert_made *made[LIMIT_CHAIN_CERTS + 1] = {
	    pki.leaf, pki.root};
	char *pem = certs_pem(made, 2);
	struct x509_chain *chain = x509_chain_pem(pem, strlen(pem), NULL);
	struct err err;

	(void)state;
	assert_non_null(chain);
	assert_int_equal(x509_count(chain), 2);
	assert_string_equal(x509_subject(chain, 0), "CN=mx1");
	assert_string_equal(x509_subject(chain, 1), "CN=Root");
	x509_chain_free(chain);
	assert_null(x509_chain_pem(pem, strlen(pem) / 3, &err));
	assert_int_equal(err.kind, ERR_DATA);
	free(pem);
	assert_null(x509_chain_pem("", 0, &err));
	assert_null(x509_chain_pem("no PEM", 6, &err));
	for (size_t i = 0; i < COUNT(made); i++)
		made[i] = pki.leaf;
	pem = certs_pem(made, COUNT(made));
	assert_null(x509_chain_pem(pem, strlen(pem), &err));
	assert_string_equal(err.text, "too many certificates");
	free(pem);
}

static void
a_ca_says_that_it_is_one(void **state)
{
	AUTO(cert_made)
	struct cert_made *unsaid = cert_make(
	    &(struct cert_spec){.cn = "x", .ca = true, .flaws = CERTS_UNSAID});
	const struct cert_made *made[] = {pki.leaf, pki.int1, unsaid};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 3);

	(void)state;
	assert_false(x509_is_ca(chain, 0));
	assert_true(x509_is_ca(chain, 1));
	assert_false(x509_is_ca(chain, 2));
}

static void
each_anchor_is_looked_at(void **state)
{
	const struct cert_made *made[] = {pki.leaf, pki.int1};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 2);
	struct der anchors[] = {cert_der(pki.other), cert_der(pki.root)};
	size_t used = 7;

	(void)state;
	assert_int_equal(
	    x509_verify(chain, anchors, 2, CERTS_NOW, &used), X509_TRUSTED);
	assert_int_equal(used, 1);
}

/* Parsing must stay within the octets whatever they say; ASan looks on. */
static void
a_changed_octet_is_parsed_or_refused(void **state)
{
	struct der cert = cert_der(pki.leaf);
	uint8_t *octets = xmemdup(cert.data, cert.size);
	const char *name = "mx1.d.example";

	(void)state;
	for (size_t i = 0; i < 4 * cert.size; i++) {
		static const uint8_t values[] = {0x00, 0x80, 0x84, 0xff};
		uint8_t *at = &octets[i / 4];
		uint8_t saved = *at;
		struct der der = {octets, cert.size};
		struct x509_chain *chain;

		*at = values[i % 4];
		chain = x509_chain_new(&der, 1, NULL);
		expect_leaf_octets(&der, 1, chain);
		if (chain != NULL)
			x509_leaf_has_name(
			    chain, &name, 1, X509_NAMES_SAN_OR_CN);
		x509_chain_free(chain);
		x509_is_spki(der);
		*at = saved;
	}
	free(octets);
}

static void
subjects_are_shown_as_printable_ascii(void **state)
{
	AUTO(cert_made)
	struct cert_made *odd =
	    cert_make(&(struct cert_spec){.cn = "Zo\u00eb\x1b[2J\n, O=Evil"});
	AUTO(cert_made)
	struct cert_made *empty = cert_make(&(struct cert_spec){0});
	AUTO(cert_made)
	struct cert_made *two =
	    cert_make(&(struct cert_spec){.cn = "~\x7f", .other_cns = 1});
	const struct cert_made *made[] = {odd, empty, two};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 3);

	(void)state;
	assert_string_equal(
	    x509_subject(chain, 0), "CN=Zo\\C3\\AB\\1B[2J\\0A\\, O=Evil");
	assert_string_equal(x509_subject(chain, 1), "");
	/* RFC 4514 section 2.1: from the last to the first */
	assert_string_equal(x509_subject(chain, 2), "CN=~\\7F,CN=other");
}

static void
a_name_of_16_kilobytes_is_cut(void **state)
{
	static char cn[16384];
	struct cert_made *made;
	struct x509_chain *chain;

	(void)state;
	memset(cn, 0xc3, sizeof(cn) - 1);
	for (size_t i = 1; i < sizeof(cn) - 1; i += 2)
		cn[i] = (char)0xbc;
	cn[sizeof(cn) - 2] = 'x';
	made = cert_make(&(struct cert_spec){.cn = cn});
	chain = certs_chain((const struct cert_made *[]){made}, 1);
	assert_true(strlen(x509_subject(chain, 0)) <= 3 * 512);
	x509_chain_free(chain);
	cert_made_free(made);
}

static void
digests_are_those_of_fips_180(void **state)
{
	struct der abc = {(const uint8_t *)"abc", 3};
	uint8_t sha256[32], sha512[64];

	(void)state;
	x509_sha256(abc, sha256);
	x509_sha512(abc, sha512);
	assert_memory_equal(sha256, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
	assert_memory_equal(sha512, "\xdd\xaf\x35\xa1\x93\x61\x7a\xba", 8);
	x509_sha256((struct der){NULL, 0}, sha256);
	assert_memory_equal(sha256, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
}

static void
key_usage_says_whether_a_leaf_may_sign(void **state)
{
	static const struct {
		const char *id;
		unsigned flaws;
		bool may_sign;
	} rows[] = {
	    {"as most", 0, true},
	    {"digital signature", CERTS_MAY_SIGN, true},
	    {"unsaid", CERTS_UNSAID, true},
	    {"no extensions", CERTS_VERSION_1, true},
	    {"key encipherment", CERTS_CIPHER_ONLY, false},
	    {"of a CA", CERTS_SIGN_ONLY, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(cert_made)
		struct cert_made *leaf = cert_make(
		    &(struct cert_spec){.cn = "x", .flaws = rows[i].flaws});
		const struct cert_made *made[] = {leaf, pki.leaf};
		AUTO(x509_chain)
		struct x509_chain *chain = certs_chain(made, 1);

		ROW(rows[i].id, x509_leaf_may_sign(chain) == rows[i].may_sign);
	}
}

/* Version 1 with extensions: GnuTLS refuses it, OpenSSL takes it. */
static void
a_leaf_that_cannot_be_read_has_octets_and_no_trust(void **state)
{
	static const uint8_t version_3[] = {0xa0, 3, 2, 1, 2};
	struct der leaf = cert_der(pki.leaf), key = cert_spki(pki.root);
	uint8_t octets[4096], *version;
	struct der certs[] = {{octets, leaf.size}, cert_der(pki.root)};
	struct der root = cert_der(pki.root);
	AUTO(x509_chain) struct x509_chain *chain = NULL;
	const char *name = "mx1";
	unsigned bits = 7;

	(void)state;
	assert_true(leaf.size <= sizeof(octets));
	memcpy(octets, leaf.data, leaf.size);
	version = memmem(octets, leaf.size, version_3, sizeof(version_3));
	assert_non_null(version);
	version[4] = 0;
	chain = x509_chain_new(certs, 2, NULL);
	assert_non_null(chain);
	assert_false(x509_leaf_is_read(chain));
	assert_true(x509_leaf_may_sign(chain));
	assert_string_equal(x509_key_type(chain, 0, &bits), "");
	assert_int_equal(bits, 0);
	assert_int_equal(x509_count(chain), 2);
	assert_int_equal(x509_spki(chain, 0).size, cert_spki(pki.leaf).size);
	assert_string_equal(x509_subject(chain, 0), "");
	assert_string_equal(x509_issuer(chain, 0), "");
	assert_false(x509_is_ca(chain, 0));
	assert_false(x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN_OR_CN));
	assert_int_equal(
	    x509_verify(chain, &root, 1, CERTS_NOW, NULL), X509_NOT_TRUSTED);
	assert_int_equal(
	    x509_verify_key(chain, key, CERTS_NOW), X509_NOT_TRUSTED);
}

int
main(void)
{
	static const struct CMUnitTest x509[] = {
	    cmocka_unit_test(a_chain_gives_back_what_was_presented),
	    cmocka_unit_test(
		a_leaf_that_cannot_be_read_has_octets_and_no_trust),
	    cmocka_unit_test(what_is_no_chain_is_refused),
	    cmocka_unit_test(certificates_may_be_so_large_and_no_larger),
	    cmocka_unit_test(behind_the_leaf_what_does_not_parse_is_left_out),
	    cmocka_unit_test(pem_text_gives_its_certificates_in_order),
	    cmocka_unit_test(a_ca_says_that_it_is_one),
	    cmocka_unit_test(each_anchor_is_looked_at),
	    cmocka_unit_test(a_changed_octet_is_parsed_or_refused),
	    cmocka_unit_test(subjects_are_shown_as_printable_ascii),
	    cmocka_unit_test(a_name_of_16_kilobytes_is_cut),
	    cmocka_unit_test(digests_are_those_of_fips_180),
	    cmocka_unit_test(key_usage_says_whether_a_leaf_may_sign),
	};

	return RUN_TESTS_WITH(x509, pki_make, pki_free);
}
