/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

static void
full_association_data_must_parse_to_the_last_octet(void **state)
{
	struct der cert = cert_der(pki.leaf);
	struct der spki = cert_spki(pki.leaf);
	struct der none = {NULL, 0};
	uint8_t octets[256];

	(void)state;
	assert_true(x509_is_cert(cert));
	assert_false(x509_is_cert(spki));
	assert_false(x509_is_cert(none));
	assert_true(x509_is_spki(spki));
	assert_false(x509_is_spki(cert));
	assert_false(x509_is_spki(none));
	assert_true(spki.size < sizeof(octets));
	memcpy(octets, spki.data, spki.size);
	octets[spki.size] = 0;
	assert_false(x509_is_spki((struct der){octets, spki.size + 1}));
	for (size_t cut = 0; cut < spki.size; cut++)
		assert_false(x509_is_spki((struct der){octets, cut}));
	for (size_t cut = 0; cut < cert.size; cut++)
		assert_false(x509_is_cert((struct der){cert.data, cut}));
	octets[1] = (uint8_t)(octets[1] + 2); /* a NULL behind the key */
	octets[spki.size] = 0x05;
	octets[spki.size + 1] = 0;
	assert_false(x509_is_spki((struct der){octets, spki.size + 2}));
	octets[1] = 0x80; /* indefinite length */
	assert_false(x509_is_spki((struct der){octets, spki.size}));
}

/* DER has one form of each length; GnuTLS takes longer ones as well. */
static void
a_length_of_more_octets_than_it_needs_is_no_certificate(void **state)
{
	enum { LONGER = 3 };
	struct der cert = cert_der(pki.leaf);
	uint8_t *octets = xmalloc(cert.size + LONGER);

	(void)state;
	assert_memory_equal(cert.data, "\x30\x82", 2);
	memcpy(octets, "\x30\x85\0\0\0", 5);
	memcpy(octets + 5, cert.data + 2, cert.size - 2);
	assert_false(x509_is_cert((struct der){octets, cert.size + LONGER}));
	free(octets);
}

#define OCTETS(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static void
a_key_has_an_algorithm_and_whole_octets(void **state)
{
	static const struct der good =
	    OCTETS("\x30\x09\x30\x03\x06\x01\x2a\x03\x02\x00\xaa");
	static const struct der bad[] = {
	    OCTETS("\x30\x08\x30\x03\x06\x01\x2a\x03\x01\x00"),
	    OCTETS("\x30\x07\x30\x03\x06\x01\x2a\x03\x00"),
	    OCTETS("\x30\x09\x30\x03\x06\x01\x2a\x03\x02\x01\xaa"),
	    OCTETS("\x30\x08\x30\x02\x06\x00\x03\x02\x00\xaa"),
	    OCTETS("\x30\x0a\x30\x03\x06\x01\x2a\x03\x02\x00\xaa\x05"),
	};

	(void)state;
	assert_true(x509_is_spki(good));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(x509_is_spki(bad[i]));
}

static void
a_bare_key_that_is_weak_vouches_for_nobody(void **state)
{
	static const unsigned flaws[] = {0, CERTS_RSA_1024, CERTS_RSA_512};

	(void)state;
	for (size_t i = 0; i < COUNT(flaws); i++) {
		AUTO(cert_made)
		struct cert_made *root = cert_make(&(struct cert_spec){
		    .cn = "Root", .ca = true, .flaws = flaws[i]});
		AUTO(cert_made)
		struct cert_made *leaf =
		    cert_make(&(struct cert_spec){.cn = "x", .issuer = root});
		const struct cert_made *made[] = {leaf};
		AUTO(x509_chain)
		struct x509_chain *chain = certs_chain(made, 1);

		assert_int_equal(
		    x509_verify_key(chain, cert_spki(root), CERTS_NOW),
		    flaws[i] == CERTS_RSA_512 ? X509_NOT_TRUSTED
					      : X509_TRUSTED);
	}
}

static void
the_type_and_size_of_a_key_are_told(void **state)
{
	struct cert_spec spec = {.cn = "x", .flaws = CERTS_RSA_1024};
	struct cert_made *made[2] = {cert_make(&spec), NULL};
	struct x509_chain *chain;
	unsigned bits;

	(void)state;
	spec.flaws = 0;
	made[1] = cert_make(&spec);
	chain = certs_chain((const struct cert_made *const *)made, 2);
	assert_string_equal(x509_key_type(chain, 0, &bits), "RSA");
	assert_int_equal(bits, 1024);
	assert_string_equal(x509_key_type(chain, 1, &bits), "ECDSA");
	assert_int_equal(bits, 256);
	x509_chain_free(chain);
	cert_made_free(made[0]);
	cert_made_free(made[1]);
}

/* The leaf with another algorithm, of which an ECDSA key is none. */
static const char *
type_with_algorithm(const char *oid, unsigned *bits)
{
	static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1};
	struct der leaf = cert_der(pki.leaf);
	struct der certs[] = {leaf};
	uint8_t octets[4096], *algorithm;
	AUTO(x509_chain) struct x509_chain *chain = NULL;

	assert_true(leaf.size <= sizeof(octets));
	memcpy(octets, leaf.data, leaf.size);
	algorithm = memmem(octets, leaf.size, ecdsa, sizeof(ecdsa));
	assert_non_null(algorithm);
	memcpy(algorithm, oid, sizeof(ecdsa));
	certs[0].data = octets;
	chain = x509_chain_new(certs, 1, NULL);
	assert_non_null(chain);
	*bits = 7;
	return x509_key_type(chain, 0, bits);
}

static void
a_key_that_nobody_knows_has_no_size(void **state)
{
	unsigned bits;

	(void)state;
	assert_string_equal(
	    type_with_algorithm("\x2a\x86\x48\xce\x3d\x02\x09", &bits), "");
	assert_int_equal(bits, 0);
}

int
main(void)
{
	static const struct CMUnitTest x509_spki[] = {
	    cmocka_unit_test(
		full_association_data_must_parse_to_the_last_octet),
	    cmocka_unit_test(
		a_length_of_more_octets_than_it_needs_is_no_certificate),
	    cmocka_unit_test(a_key_has_an_algorithm_and_whole_octets),
	    cmocka_unit_test(a_bare_key_that_is_weak_vouches_for_nobody),
	    cmocka_unit_test(the_type_and_size_of_a_key_are_told),
	    cmocka_unit_test(a_key_that_nobody_knows_has_no_size),
	};

	return RUN_TESTS_WITH(x509_spki, pki_make, pki_free);
}
