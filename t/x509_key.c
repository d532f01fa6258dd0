/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_key.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/certs.h"
#include "t/tap.h"

/* One key of Ed25519, as openssl writes it. */
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIGms9mRJqK4yVXmddZNXIEONTVKznWJe9XEH6b0yzgoA\n"
    "-----END PRIVATE KEY-----\n";
static const char public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAqZGehf2ljaGGhKpH+wqNy/k4ilHt3Y08wrn5QhGXd8k=\n"
    "-----END PUBLIC KEY-----\n";
static const char request_pem[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIGLMD8CAQAwDDEKMAgGA1UEAwwBeDAqMAUGAytlcAMhAKmRnoX9pY2hhoSqR/sK\n"
    "jcv5OIpR7d2NPMK5+UIRl3fJoAAwBQYDK2VwA0EA7Qe/iIaQw07Jly9xdww912en\n"
    "QFp7GnA+F1hznt1U7coGAfjpiuuCwmYw3scMU1zp9oA5cn/3u4Ifmg4bbTxRDw==\n"
    "-----END CERTIFICATE REQUEST-----\n";
static const char locked_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgwpMc9dkIUKwICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEEL+PxqBmkrFMEywjKwh7Z8EQOGE\n"
    "1Sh6GIzJDPLpDSLH2ywwJJnR2C/NymvMAkPbeNZqe0jfW8i+jDSQ5LJJr1vaZBap\n"
    "ZLOVKHX/qFzepf1ENbg=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static struct x509_key *
read_text(const char *text, struct err *err)
{
	return x509_key_read(text, strlen(text), err);
}

static bool
same(struct der a, struct der b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static void
each_form_holds_the_same_key(void **state)
{
	static const struct {
		const char *text;
		enum x509_key_source source;
	} rows[] = {
	    {private_pem, X509_KEY_PRIVATE},
	    {public_pem, X509_KEY_PUBLIC},
	    {request_pem, X509_KEY_REQUEST},
	};
	AUTO(x509_key) struct x509_key *first = read_text(private_pem, NULL);

	(void)state;
	assert_non_null(first);
	assert_true(x509_is_spki(first->spki));
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(x509_key)
		struct x509_key *key = read_text(rows[i].text, NULL);
		const char *word = x509_key_source_text(rows[i].source);

		ROW(word, key != NULL);
		ROW(word, key->source == rows[i].source);
		ROW(word, key->chain == NULL);
		ROW(word, same(key->spki, first->spki));
	}
}

static void
a_certificate_is_read_with_those_behind_it(void **state)
{
	AUTO(cert_made)
	struct cert_made *root =
	    cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	AUTO(cert_made)
	struct cert_made *leaf =
	    cert_make(&(struct cert_spec){.cn = "mx1", .issuer = root});
	const struct cert_made *both[] = {leaf, root};
	char *pem = certs_pem(both, 2);
	AUTO(x509_key) struct x509_key *key = read_text(pem, NULL);
	struct der der = cert_der(leaf);
	AUTO(x509_key)
	struct x509_key *bare =
	    x509_key_read((const char *)der.data, der.size, NULL);

	(void)state;
	free(pem);
	assert_non_null(key);
	assert_int_equal(key->source, X509_KEY_CERT);
	assert_int_equal(x509_count(key->chain), 2);
	assert_false(x509_is_ca(key->chain, 0));
	assert_true(x509_is_ca(key->chain, 1));
	assert_true(same(key->spki, cert_spki(leaf)));
	assert_non_null(bare);
	assert_int_equal(bare->source, X509_KEY_CERT);
	assert_true(same(bare->spki, cert_spki(leaf)));
}

/* Returns the error's text; the text is no key. */
static const char *
refusal(const char *text, struct err *err)
{
	struct x509_key *key = read_text(text, err);

	assert_null(key);
	assert_int_equal(err->kind, ERR_DATA);
	x509_key_free(key);
	return err->text;
}

static void
what_cannot_be_used_is_told(void **state)
{
	AUTO(cert_made)
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	const struct cert_made *list[] = {made};
	char *pem = certs_pem(list, 1);
	size_t size = strlen(pem) + sizeof(private_pem);
	char *odd = xmalloc(size);
	struct err err;

	(void)state;
	assert_non_null(strstr(refusal(locked_pem, &err), "under a password"));
	assert_non_null(strstr(refusal("-----BEGIN RSA PRIVATE KEY-----\n"
				       "Proc-Type: 4,ENCRYPTED\n\nAAAA\n"
				       "-----END RSA PRIVATE KEY-----\n",
				   &err),
	    "under a password"));
	assert_non_null(strstr(refusal("", &err), "empty"));
	refusal("nonsense", &err);
	refusal("-----BEGIN DH PARAMETERS-----\nAAAA\n"
		"-----END DH PARAMETERS-----\n",
	    &err);
	snprintf(odd, size, "%s%s", pem, private_pem);
	assert_non_null(strstr(refusal(odd, &err), "is not the certificate's"));
	free(odd);
	free(pem);
}

static void
a_text_that_is_cut_short_is_no_key(void **state)
{
	static const char *const texts[] = {
	    private_pem, public_pem, request_pem, locked_pem};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t cut = 0; cut + 30 < strlen(texts[i]); cut++)
			assert_null(x509_key_read(texts[i], cut, NULL));
}

static void
octets_that_are_cut_short_are_no_key(void **state)
{
	AUTO(cert_made)
	struct cert_made *made = cert_make(&(struct cert_spec){.cn = "mx1"});
	struct der parts[] = {cert_der(made), cert_spki(made)};

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++)
		for (size_t cut = 0; cut < parts[i].size; cut++) {
			char *octets = xmemdup(parts[i].data, cut);

			assert_null(x509_key_read(octets, cut, NULL));
			free(octets);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_holds_the_same_key),
	    cmocka_unit_test(a_certificate_is_read_with_those_behind_it),
	    cmocka_unit_test(what_cannot_be_used_is_told),
	    cmocka_unit_test(a_text_that_is_cut_short_is_no_key),
	    cmocka_unit_test(octets_that_are_cut_short_are_no_key),
	};

	return RUN_TESTS(tests);
}
