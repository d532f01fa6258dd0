/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_key.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/* One key of Ed25519, as openssl writes it. */
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIGms9mRJqK4yVXmddZNXIEONTVKznWJe9XEH6b0yzgoA\n"
    "-----END PRIVATE KEY-----\n";
/* And another. */
static const char other_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIA65wBQQTRwt3+XY6qSlLY/DOyZuBUli7vRPYGvB3vPP\n"
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

static struct x509_keys *
read_certs(
    const struct cert_made *const certs[], size_t count, const char *more)
{
	char *pem = certs_pem(certs, count);
	size_t size = strlen(pem) + strlen(more) + 1;
	char *text = xmalloc(size);
	struct x509_keys *keys;

	snprintf(text, size, "%s%s", more, pem);
	keys = x509_keys_read(text, strlen(text), NULL);
	free(text);
	free(pem);
	return keys;
}

static void
each_key_of_a_file_is_read(void **state)
{
	AUTO(cert_made)
	struct cert_made *root =
	    cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	AUTO(cert_made)
	struct cert_made *a =
	    cert_make(&(struct cert_spec){.cn = "mx1", .issuer = root});
	AUTO(cert_made)
	struct cert_made *b =
	    cert_make(&(struct cert_spec){.cn = "mx1", .issuer = root});
	const struct cert_made *const certs[] = {a, root, b, root, a};
	AUTO(x509_keys) struct x509_keys *keys = read_certs(certs, 5, "");
	char two[1000];

	(void)state;
	assert_non_null(keys);
	assert_int_equal(keys->count, 2);
	assert_false(keys->disordered || keys->of_ca);
	assert_true(same(keys->items[0]->spki, cert_spki(a)));
	assert_true(same(keys->items[1]->spki, cert_spki(b)));
	assert_true(x509_is_ca(keys->items[1]->chain, 1));
	x509_keys_free(keys);
	snprintf(
	    two, sizeof(two), "%s%s%s", private_pem, other_pem, private_pem);
	keys = x509_keys_read(two, strlen(two), NULL);
	assert_non_null(keys);
	assert_int_equal(keys->count, 2);
	assert_int_equal(keys->items[1]->source, X509_KEY_PRIVATE);
}

static void
the_order_of_a_chain_is_told(void **state)
{
	AUTO(cert_made)
	struct cert_made *root =
	    cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	AUTO(cert_made)
	struct cert_made *sub = cert_make(
	    &(struct cert_spec){.cn = "Sub", .issuer = root, .ca = true});
	AUTO(cert_made)
	struct cert_made *leaf =
	    cert_make(&(struct cert_spec){.cn = "mx1", .issuer = sub});
	AUTO(cert_made)
	struct cert_made *own =
	    cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	const struct {
		const char *about;
		const struct cert_made *certs[3];
		size_t count, keys;
		const struct cert_made *leaf;
		bool disordered, of_ca;
	} rows[] = {
	    {"as a server sends it", {leaf, sub, root}, 3, 1, leaf, false,
		false},
	    {"the CA first", {sub, leaf, root}, 3, 1, leaf, true, false},
	    {"the root first", {root, sub, leaf}, 3, 1, leaf, true, false},
	    {"no host's", {sub, root}, 2, 1, sub, false, true},
	    {"signed by itself", {root}, 1, 1, root, false, false},
	    {"two that signed themselves", {root, own}, 2, 2, root, false,
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(x509_keys)
		struct x509_keys *keys =
		    read_certs(rows[i].certs, rows[i].count, "");

		ROW(rows[i].about, keys != NULL);
		ROW(rows[i].about, keys->count == rows[i].keys);
		ROW(rows[i].about,
		    same(keys->items[0]->spki, cert_spki(rows[i].leaf)));
		ROW(rows[i].about, keys->disordered == rows[i].disordered);
		ROW(rows[i].about, keys->of_ca == rows[i].of_ca);
	}
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
certificates_of_too_many_octets_are_no_key(void **state)
{
	enum { ALL = LIMIT_CHAIN_OCTETS, HEAD = 5 };
	/* one name of nothing but NUL */
	static uint8_t san[ALL + 2 * HEAD] = {0x30, 0x83, ALL >> 16,
	    ALL >> 8 & 0xff, HEAD, 0x82, 0x83, ALL >> 16, ALL >> 8 & 0xff};
	AUTO(cert_made)
	struct cert_made *made = cert_make(&(struct cert_spec){
	    .cn = "mx1", .san = san, .san_size = sizeof(san)});
	const struct cert_made *list[] = {made};
	char *pem = certs_pem(list, 1);
	struct err err;

	(void)state;
	assert_non_null(strstr(refusal(pem, &err), "too large"));
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
	    cmocka_unit_test(each_key_of_a_file_is_read),
	    cmocka_unit_test(the_order_of_a_chain_is_told),
	    cmocka_unit_test(what_cannot_be_used_is_told),
	    cmocka_unit_test(certificates_of_too_many_octets_are_no_key),
	    cmocka_unit_test(a_text_that_is_cut_short_is_no_key),
	    cmocka_unit_test(octets_that_are_cut_short_are_no_key),
	};

	return RUN_TESTS(tests);
}
