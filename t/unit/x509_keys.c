/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <gnutls/gnutls.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/x509_key.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/* A CA, one below it, and two hosts. */
static struct cert_made *root, *sub, *mx, *other;

static int
make_hosts(void **state)
{
	(void)state;
	root = cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	sub = cert_make(
	    &(struct cert_spec){.cn = "Sub", .issuer = root, .ca = true});
	mx = cert_make(&(struct cert_spec){.cn = "mx", .issuer = sub});
	other = cert_make(&(struct cert_spec){.cn = "other", .issuer = root});
	return 0;
}

static int
free_hosts(void **state)
{
	(void)state;
	cert_made_free(root);
	cert_made_free(sub);
	cert_made_free(mx);
	cert_made_free(other);
	return 0;
}

#define MOST 4

/* Text, certificates, a private key, text: what admins put into one file. */
struct file {
	const char *before;
	const struct cert_made *certs[MOST];
	const struct cert_made *key;
	const char *behind;
};

static char *
join_texts(const char *const texts[4])
{
	size_t size = 1;
	struct text joined;
	char *out;

	for (size_t i = 0; i < 4; i++)
		size += strlen(texts[i]);
	out = xmalloc(size);
	text_init(&joined, out, size);
	for (size_t i = 0; i < 4; i++)
		text_add(&joined, texts[i]);
	return out;
}

static struct x509_keys *
read_file(const struct file *file, struct err *err)
{
	size_t count = 0;
	char *pem, *key, *text;
	struct x509_keys *keys;

	while (count < MOST && file->certs[count] != NULL)
		count++;
	pem = certs_pem(file->certs, count);
	key = file->key == NULL ? xstrdup("") : cert_key_pem(file->key);
	text =
	    join_texts((const char *[]){file->before, pem, key, file->behind});
	keys = x509_keys_read(text, strlen(text), err);
	free(text);
	free(key);
	free(pem);
	return keys;
}

static bool
is_key_of(const struct x509_key *key, const struct cert_made *made)
{
	return der_equal(key->spki, cert_spki(made));
}

static void
the_private_key_tells_whose_file_it_is(void **state)
{
	static const char unread[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n"
				     "-----END PRIVATE KEY-----\n";
	const struct {
		const char *id;
		struct file file;
		const struct cert_made *leaf;
		bool disordered, of_ca;
	} rows[] = {
	    {"behind its certificate", {"", {mx, sub}, mx, ""}, mx, false,
		false},
	    {"the CA first", {"", {sub, mx}, mx, ""}, mx, true, false},
	    {"a CA that is a host by its key", {"", {sub, root}, sub, ""}, sub,
		false, false},
	    {"a CA without a key", {"", {sub, root}, NULL, ""}, sub, false,
		true},
	    {"a root and a CA below it", {"", {root, sub}, NULL, ""}, root,
		false, false},
	    {"text before each of them",
		{"subject=CN = mx\n\n", {mx}, mx, "# the end"}, mx, false,
		false},
	    {"a key that cannot be read", {unread, {mx}, mx, unread}, mx, false,
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(x509_keys)
		struct x509_keys *keys = read_file(&rows[i].file, NULL);

		ROW(rows[i].id, keys != NULL);
		ROW(rows[i].id, keys->count == 1);
		ROW(rows[i].id, is_key_of(keys->items[0], rows[i].leaf));
		ROW(rows[i].id, keys->disordered == rows[i].disordered);
		ROW(rows[i].id, keys->of_ca == rows[i].of_ca);
	}
}

static void
the_key_of_another_is_refused(void **state)
{
	const struct file file = {"", {mx, sub}, other, ""};
	struct err err;

	(void)state;
	assert_null(read_file(&file, &err));
	assert_string_equal(
	    err.text, "the private key in it is not the certificate's");
}

/* The CA of each host comes behind it, wherever it stands in the file. */
static void
what_follows_a_certificate_comes_first_in_its_chain(void **state)
{
	const struct file file = {"", {root, mx, sub}, NULL, ""};
	const struct file two = {"", {mx, other, sub, root}, NULL, ""};
	AUTO(x509_keys) struct x509_keys *keys = read_file(&file, NULL);
	AUTO(x509_keys) struct x509_keys *both = read_file(&two, NULL);

	(void)state;
	assert_non_null(keys);
	assert_int_equal(keys->count, 1);
	assert_int_equal(x509_count(keys->items[0]->chain), 3);
	assert_string_equal(x509_subject(keys->items[0]->chain, 1), "CN=Sub");
	assert_string_equal(x509_subject(keys->items[0]->chain, 2), "CN=Root");
	assert_non_null(both);
	assert_int_equal(both->count, 2);
	assert_true(is_key_of(both->items[0], mx));
	assert_string_equal(x509_subject(both->items[0]->chain, 1), "CN=Sub");
	assert_true(is_key_of(both->items[1], other));
	assert_string_equal(x509_subject(both->items[1]->chain, 1), "CN=Sub");
	assert_int_equal(x509_count(both->items[1]->chain), 3);
}

/* As "openssl ecparam -genkey" writes them. */
static void
a_key_may_stand_behind_its_parameters(void **state)
{
	const struct file file = {"-----BEGIN EC PARAMETERS-----\n"
				  "BggqhkjOPQMBBw==\n"
				  "-----END EC PARAMETERS-----\n",
	    {NULL}, mx, ""};
	AUTO(x509_keys) struct x509_keys *keys = read_file(&file, NULL);

	(void)state;
	assert_non_null(keys);
	assert_int_equal(keys->count, 1);
	assert_int_equal(keys->items[0]->source, X509_KEY_PRIVATE);
	assert_true(is_key_of(keys->items[0], mx));
}

static void
the_last_line_need_not_end(void **state)
{
	char *key = cert_key_pem(mx);
	char *text = join_texts((const char *[]){
	    "# of mx: its lines are shorter than what stands here, so that\n",
	    key, "", ""});
	AUTO(x509_keys) struct x509_keys *keys = NULL;

	(void)state;
	free(key);
	*strrchr(text, '\n') = '\0';
	keys = x509_keys_read(text, strlen(text), NULL);
	assert_non_null(keys);
	assert_true(is_key_of(keys->items[0], mx));
	free(text);
}

/* LIMIT_CHAIN_CERTS */
static void
no_more_keys_are_read_than_a_chain_has_certificates(void **state)
{
	enum { ALL = LIMIT_CHAIN_CERTS + 1 };
	const struct cert_made *same[ALL];
	char *text = xstrdup(""), *pem;
	AUTO(x509_keys) struct x509_keys *keys = NULL;
	AUTO(x509_keys) struct x509_keys *one = NULL;

	(void)state;
	for (size_t i = 0; i < ALL; i++) {
		AUTO(cert_made)
		struct cert_made *made =
		    cert_make(&(struct cert_spec){.cn = "x"});
		char *key = cert_key_pem(made), *more;

		/* each of them twice */
		more = join_texts((const char *[]){text, key, key, ""});
		free(text);
		free(key);
		text = more;
		same[i] = mx;
	}
	keys = x509_keys_read(text, strlen(text), NULL);
	assert_non_null(keys);
	assert_int_equal(keys->count, LIMIT_CHAIN_CERTS);
	for (size_t i = 1; i < keys->count; i++)
		assert_false(
		    der_equal(keys->items[i]->spki, keys->items[i - 1]->spki));
	free(text);
	pem = certs_pem(same, LIMIT_CHAIN_CERTS);
	one = x509_keys_read(pem, strlen(pem), NULL);
	assert_non_null(one);
	assert_int_equal(one->count, 1);
	free(pem);
	pem = certs_pem(same, ALL);
	assert_null(x509_keys_read(pem, strlen(pem), NULL));
	free(pem);
}

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

static gnutls_datum_t
octets_of(const char *label, const char *text)
{
	union {
		const char *constant;
		unsigned char *plain;
	} pem = {text};
	gnutls_datum_t datum = {pem.plain, (unsigned)strlen(text)}, out;

	assert_int_equal(gnutls_pem_base64_decode2(label, &datum, &out), 0);
	return out;
}

static void
each_form_is_read_as_der_as_well(void **state)
{
	static const struct {
		const char *label, *text;
		enum x509_key_source source;
	} rows[] = {
	    {"PUBLIC KEY", public_pem, X509_KEY_PUBLIC},
	    {"PRIVATE KEY", private_pem, X509_KEY_PRIVATE},
	    {"CERTIFICATE REQUEST", request_pem, X509_KEY_REQUEST},
	};
	gnutls_datum_t public = octets_of("PUBLIC KEY", public_pem);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		gnutls_datum_t der = octets_of(rows[i].label, rows[i].text);
		AUTO(x509_key)
		struct x509_key *key =
		    x509_key_read((const char *)der.data, der.size, NULL);

		ROW(rows[i].label, key != NULL);
		ROW(rows[i].label, key->source == rows[i].source);
		ROW(rows[i].label, key->spki.size == public.size);
		ROW(rows[i].label,
		    memcmp(key->spki.data, public.data, public.size) == 0);
		gnutls_free(der.data);
	}
	gnutls_free(public.data);
}

/* RFC 5280 section 4.1.2.7: a key is of whole octets. */
static void
a_request_for_a_key_that_is_none_is_refused(void **state)
{
	gnutls_datum_t der = octets_of("CERTIFICATE REQUEST", request_pem);
	unsigned char *key = memmem(der.data, der.size, "\3\41\0", 3);

	(void)state;
	assert_non_null(key);
	key[2] = 1; /* unused bits */
	assert_null(x509_key_read((const char *)der.data, der.size, NULL));
	gnutls_free(der.data);
}

int
main(void)
{
	const struct CMUnitTest x509_keys[] = {
	    cmocka_unit_test(the_private_key_tells_whose_file_it_is),
	    cmocka_unit_test(the_key_of_another_is_refused),
	    cmocka_unit_test(
		what_follows_a_certificate_comes_first_in_its_chain),
	    cmocka_unit_test(a_key_may_stand_behind_its_parameters),
	    cmocka_unit_test(the_last_line_need_not_end),
	    cmocka_unit_test(
		no_more_keys_are_read_than_a_chain_has_certificates),
	    cmocka_unit_test(each_form_is_read_as_der_as_well),
	    cmocka_unit_test(a_request_for_a_key_that_is_none_is_refused),
	};

	return RUN_TESTS_WITH(x509_keys, make_hosts, free_hosts);
}
