/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_key.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

/* A copy of the file, which is wiped: it may hold a private key. */
struct file {
	gnutls_datum_t text;
	gnutls_x509_crt_fmt_t format;
};

/* What PEM calls them, in the order of preference. */
static const struct label {
	const char *name;
	enum x509_key_source source;
} labels[] = {
    {"CERTIFICATE", X509_KEY_CERT},
    {"X509 CERTIFICATE", X509_KEY_CERT},
    {"CERTIFICATE REQUEST", X509_KEY_REQUEST},
    {"NEW CERTIFICATE REQUEST", X509_KEY_REQUEST},
    {"PUBLIC KEY", X509_KEY_PUBLIC},
    {"PRIVATE KEY", X509_KEY_PRIVATE},
    {"RSA PRIVATE KEY", X509_KEY_PRIVATE},
    {"EC PRIVATE KEY", X509_KEY_PRIVATE},
    {"ENCRYPTED PRIVATE KEY", X509_KEY_PRIVATE},
};

enum { LABELS = sizeof(labels) / sizeof(labels[0]) };

static bool
file_contains(const struct file *file, const char *text)
{
	return memmem(file->text.data, file->text.size, text, strlen(text)) !=
	       NULL;
}

static bool
has_label(const struct file *file, const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "-----BEGIN %s-----", name);
	return file_contains(file, line);
}

/* PKCS #8, and the older form of OpenSSL's (RFC 1421 section 4.6.1.1) */
static bool
has_locked_key(const struct file *file)
{
	return has_label(file, "ENCRYPTED PRIVATE KEY") ||
	       file_contains(file, "\nProc-Type: 4,ENCRYPTED");
}

static int
fail_key(struct err *err, const char *what, int rc)
{
	return err_set(err, ERR_DATA, "%s: %s", what, gnutls_strerror(rc));
}

static void
keep_public_key(struct x509_key *key, struct der octets)
{
	key->octets = xmemdup(octets.data, octets.size);
	key->spki.data = key->octets;
	key->spki.size = octets.size;
}

/* The SPKI as GnuTLS writes it: an algorithm, its parameters, the key. */
static int
keep_pubkey(struct x509_key *key, gnutls_pubkey_t pubkey)
{
	gnutls_datum_t out;
	int rc = gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &out);

	if (rc < 0)
		return rc;
	keep_public_key(key, (struct der){out.data, out.size});
	gnutls_free(out.data);
	return 0;
}

static int
keep_privkey(struct x509_key *key, gnutls_privkey_t privkey)
{
	gnutls_pubkey_t pubkey;
	int rc = gnutls_pubkey_init(&pubkey);

	if (rc < 0)
		return rc;
	rc = gnutls_pubkey_import_privkey(pubkey, privkey, 0, 0);
	if (rc >= 0)
		rc = keep_pubkey(key, pubkey);
	gnutls_pubkey_deinit(pubkey);
	return rc;
}

static int
read_privkey(const struct file *file, struct x509_key *key, struct err *err)
{
	gnutls_privkey_t privkey;
	int rc;

	if (has_locked_key(file))
		return err_set(err, ERR_DATA,
		    "the private key is under a password; give the "
		    "certificate, or the public key (openssl pkey -pubout)");
	rc = gnutls_privkey_init(&privkey);
	if (rc < 0)
		return fail_key(err, "private key", rc);
	rc = gnutls_privkey_import_x509_raw(privkey, &file->text, file->format,
	    NULL, file->format == GNUTLS_X509_FMT_DER ? GNUTLS_PKCS_PLAIN : 0);
	if (rc >= 0)
		rc = keep_privkey(key, privkey);
	gnutls_privkey_deinit(privkey);
	return rc < 0 ? fail_key(err, "private key", rc) : 0;
}

/* Octets as they stand: a key of an unknown algorithm is one all the same. */
static int
read_public(const struct file *file, struct x509_key *key, struct err *err)
{
	gnutls_datum_t der = {.data = NULL};
	struct der spki = {file->text.data, file->text.size};
	int rc = 0;

	if (file->format == GNUTLS_X509_FMT_PEM) {
		rc = gnutls_pem_base64_decode2("PUBLIC KEY", &file->text, &der);
		spki = (struct der){der.data, der.size};
	}
	if (rc < 0)
		return fail_key(err, "public key", rc);
	if (x509_is_spki(spki))
		keep_public_key(key, spki);
	else
		rc = err_set(err, ERR_DATA, "public key: no such structure");
	gnutls_free(der.data);
	return rc;
}

/* CertificationRequestInfo of RFC 2986 section 4.1: its key as it stands. */
static int
keep_request(struct x509_key *key, struct der request)
{
	struct der content, info, spki;
	struct wire in;

	der_open(&in, request);
	content = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, content);
	info = der_take(&in, DER_SEQUENCE, NULL);
	der_open(&in, info);
	der_take(&in, DER_INTEGER, NULL);  /* version */
	der_take(&in, DER_SEQUENCE, NULL); /* subject */
	der_take(&in, DER_SEQUENCE, &spki);
	if (in.bad || !x509_is_spki(spki))
		return GNUTLS_E_ASN1_DER_ERROR;
	keep_public_key(key, spki);
	return 0;
}

static int
read_request(const struct file *file, struct x509_key *key, struct err *err)
{
	gnutls_x509_crq_t request;
	gnutls_datum_t out;
	int rc = gnutls_x509_crq_init(&request);

	if (rc < 0)
		return fail_key(err, "certificate request", rc);
	rc = gnutls_x509_crq_import(request, &file->text, file->format);
	if (rc >= 0)
		rc =
		    gnutls_x509_crq_export2(request, GNUTLS_X509_FMT_DER, &out);
	if (rc >= 0) {
		rc = keep_request(key, (struct der){out.data, out.size});
		gnutls_free(out.data);
	}
	gnutls_x509_crq_deinit(request);
	return rc < 0 ? fail_key(err, "certificate request", rc) : 0;
}

static void
keep_file_chain(struct x509_key *key, struct x509_chain *chain)
{
	key->chain = chain;
	key->spki = x509_spki(chain, 0);
}

/* --- the certificates of a file --- */

/* The next "-----BEGIN LABEL-----" to "-----END" of a source; the rest of the
 * file is left in it. */
static bool
next_block(struct file *rest, enum x509_key_source source, struct file *block)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";

	for (;;) {
		unsigned char *at = memmem(
		    rest->text.data, rest->text.size, begin, strlen(begin));
		unsigned char *stop;
		size_t left;

		if (at == NULL)
			return false;
		left = rest->text.size - (size_t)(at - rest->text.data);
		stop = memmem(at, left, end, strlen(end));
		if (stop == NULL)
			return false;
		stop = memchr(stop, '\n', left - (size_t)(stop - at));
		*block = *rest;
		block->text.data = at;
		block->text.size =
		    stop == NULL ? (unsigned)left : (unsigned)(stop - at + 1);
		rest->text.data = at + block->text.size;
		rest->text.size = (unsigned)(left - block->text.size);
		for (size_t i = 0; i < LABELS; i++)
			if (labels[i].source == source &&
			    has_label(block, labels[i].name))
				return true;
	}
}

static bool
same_der(struct der a, struct der b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* A host's own certificate, or what stands for it where there is none: the
 * first, and one that signed itself and has the same name but another key. */
static void
mark_by_shape(const struct x509_chain *chain, bool leaves[])
{
	const char *subject = x509_subject(chain, 0);
	bool any = false;

	for (size_t i = 0; i < x509_count(chain); i++)
		any |= leaves[i] |= !x509_is_ca(chain, i);
	for (size_t i = 0; !any && i < x509_count(chain); i++)
		leaves[i] =
		    i == 0 ||
		    (strcmp(x509_subject(chain, i), subject) == 0 &&
			strcmp(x509_issuer(chain, i), subject) == 0 &&
			!same_der(x509_spki(chain, i), x509_spki(chain, 0)));
}

/* The certificates of the private keys that are there; one of none of them is
 * what a server would not start with. */
static int
mark_by_keys(const struct file *file, const struct x509_chain *chain,
    bool leaves[], struct err *err)
{
	struct file rest = *file, block;

	while (next_block(&rest, X509_KEY_PRIVATE, &block)) {
		struct x509_key own = {.source = X509_KEY_PRIVATE};
		bool found = false;

		if (read_privkey(&block, &own, NULL) != 0)
			continue;
		for (size_t i = 0; !found && i < x509_count(chain); i++)
			if (same_der(x509_spki(chain, i), own.spki))
				found = leaves[i] = true;
		free(own.octets);
		if (!found)
			return err_set(err, ERR_DATA,
			    "the private key in it is not the certificate's");
	}
	return 0;
}

static void
add_key(struct x509_keys *keys, struct x509_key *key)
{
	keys->items =
	    xrealloc(keys->items, keys->count + 1, sizeof(*keys->items));
	keys->items[keys->count++] = key;
}

static bool
has_key(const struct x509_keys *keys, struct der spki)
{
	for (size_t i = 0; i < keys->count; i++)
		if (same_der(keys->items[i]->spki, spki))
			return true;
	return false;
}

/* The leaf, then what follows it up to the next one, then the rest. */
static void
add_leaf(struct x509_keys *keys, const struct x509_chain *chain,
    const bool leaves[], size_t leaf)
{
	struct der certs[LIMIT_CHAIN_CERTS];
	size_t all = x509_count(chain), count = 0;
	struct x509_chain *made;

	if (has_key(keys, x509_spki(chain, leaf)))
		return;
	certs[count++] = x509_cert(chain, leaf);
	for (size_t i = 1; i < all; i++)
		if (!leaves[(leaf + i) % all])
			certs[count++] = x509_cert(chain, (leaf + i) % all);
	made = x509_chain_new(certs, count, NULL);
	if (made != NULL)
		add_key(keys, x509_key_of_chain(made));
}

static int
read_certs(const struct file *file, struct x509_keys *keys, struct err *err)
{
	struct der der = {file->text.data, file->text.size};
	bool pem = file->format == GNUTLS_X509_FMT_PEM;
	bool leaves[LIMIT_CHAIN_CERTS] = {false};
	AUTO(x509_chain)
	struct x509_chain *chain =
	    pem ? x509_chain_pem(
		      (const char *)file->text.data, file->text.size, err)
		: x509_chain_new(&der, 1, err);
	bool own;

	if (chain == NULL ||
	    (pem && mark_by_keys(file, chain, leaves, err) != 0))
		return -1;
	own = leaves[0];
	mark_by_shape(chain, leaves);
	for (size_t i = 0; i < x509_count(chain); i++)
		if (leaves[i])
			add_leaf(keys, chain, leaves, i);
	keys->disordered = !leaves[0];
	keys->of_ca =
	    !own && x509_is_ca(chain, 0) && leaves[0] &&
	    strcmp(x509_subject(chain, 0), x509_issuer(chain, 0)) != 0;
	return 0;
}

/* --- files --- */

static int
read_bare(const struct file *file, struct x509_key *key, struct err *err)
{
	switch (key->source) {
	case X509_KEY_CERT:
		break;
	case X509_KEY_REQUEST:
		return read_request(file, key, err);
	case X509_KEY_PUBLIC:
		return read_public(file, key, err);
	case X509_KEY_PRIVATE:
		return read_privkey(file, key, err);
	}
	return -1;
}

static int
add_bare(const struct file *file, enum x509_key_source source,
    struct x509_keys *keys, struct err *err)
{
	struct x509_key *key = xcalloc(1, sizeof(*key));
	int rc;

	key->source = source;
	rc = read_bare(file, key, err);
	if (rc == 0 && !has_key(keys, key->spki))
		add_key(keys, key);
	else
		x509_key_free(key);
	return rc;
}

static int
read_as(const struct file *file, enum x509_key_source source,
    struct x509_keys *keys, struct err *err)
{
	struct file rest = *file, block;
	int rc;

	if (source == X509_KEY_CERT)
		return read_certs(file, keys, err);
	if (file->format == GNUTLS_X509_FMT_DER ||
	    !next_block(&rest, source, &block))
		return add_bare(file, source, keys, err);
	do
		rc = add_bare(&block, source, keys, err);
	while (rc == 0 && keys->count < LIMIT_CHAIN_CERTS &&
	       next_block(&rest, source, &block));
	return rc;
}

static int
read_pem(const struct file *file, struct x509_keys *keys, struct err *err)
{
	for (size_t i = 0; i < LABELS; i++)
		if (has_label(file, labels[i].name))
			return read_as(file, labels[i].source, keys, err);
	return err_set(err, ERR_DATA,
	    "no certificate, request or key of a kind that TLS has");
}

static int
read_der(const struct file *file, struct x509_keys *keys, struct err *err)
{
	for (int source = X509_KEY_CERT; source <= X509_KEY_PRIVATE; source++)
		if (read_as(file, source, keys, NULL) == 0)
			return 0;
	return err_set(err, ERR_DATA, "no certificate, request or key");
}

static int
read_key_file(struct file *file, struct x509_keys *keys, struct err *err)
{
	if (file->text.size == 0)
		return err_set(err, ERR_DATA, "it is empty");
	if (file_contains(file, "-----BEGIN "))
		return read_pem(file, keys, err);
	file->format = GNUTLS_X509_FMT_DER;
	return read_der(file, keys, err);
}

struct x509_keys *
x509_keys_read(const char *text, size_t length, struct err *err)
{
	struct x509_keys *keys = xcalloc(1, sizeof(*keys));
	struct file file = {
	    {xmemdup(text, length), (unsigned)length}, GNUTLS_X509_FMT_PEM};
	int rc = read_key_file(&file, keys, err);

	explicit_bzero(file.text.data, length);
	free(file.text.data);
	if (rc == 0)
		return keys;
	x509_keys_free(keys);
	return NULL;
}

void
x509_keys_free(struct x509_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++)
		x509_key_free(keys->items[i]);
	free(keys->items);
	free(keys);
}

struct x509_key *
x509_keys_take(struct x509_keys *keys, size_t i)
{
	struct x509_key *key = keys->items[i];

	keys->items[i] = NULL;
	return key;
}

struct x509_key *
x509_key_read(const char *text, size_t length, struct err *err)
{
	AUTO(x509_keys)
	struct x509_keys *keys = x509_keys_read(text, length, err);

	return keys == NULL ? NULL : x509_keys_take(keys, 0);
}

struct x509_key *
x509_key_of_chain(struct x509_chain *chain)
{
	struct x509_key *key = xcalloc(1, sizeof(*key));

	key->source = X509_KEY_CERT;
	keep_file_chain(key, chain);
	return key;
}

void
x509_key_free(struct x509_key *key)
{
	if (key == NULL)
		return;
	x509_chain_free(key->chain);
	free(key->octets);
	free(key);
}

const char *
x509_key_source_text(enum x509_key_source source)
{
	switch (source) {
	case X509_KEY_CERT:
		return "certificate";
	case X509_KEY_REQUEST:
		return "request";
	case X509_KEY_PUBLIC:
		return "public-key";
	case X509_KEY_PRIVATE:
		return "private-key";
	}
	return "";
}
