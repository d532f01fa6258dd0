/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509_key.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

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
contains(const struct file *file, const char *text)
{
	return memmem(file->text.data, file->text.size, text, strlen(text)) !=
	       NULL;
}

static bool
has_label(const struct file *file, const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "-----BEGIN %s-----", name);
	return contains(file, line);
}

/* PKCS #8, and the older form of OpenSSL's (RFC 1421 section 4.6.1.1) */
static bool
has_locked_key(const struct file *file)
{
	return has_label(file, "ENCRYPTED PRIVATE KEY") ||
	       contains(file, "\nProc-Type: 4,ENCRYPTED");
}

static int
fault(struct err *err, const char *what, int rc)
{
	return err_set(err, ERR_DATA, "%s: %s", what, gnutls_strerror(rc));
}

static void
keep(struct x509_key *key, struct der octets)
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
	keep(key, (struct der){out.data, out.size});
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
		return fault(err, "private key", rc);
	rc = gnutls_privkey_import_x509_raw(privkey, &file->text, file->format,
	    NULL, file->format == GNUTLS_X509_FMT_DER ? GNUTLS_PKCS_PLAIN : 0);
	if (rc >= 0)
		rc = keep_privkey(key, privkey);
	gnutls_privkey_deinit(privkey);
	return rc < 0 ? fault(err, "private key", rc) : 0;
}

/* Octets as they stand: a key of an unknown algorithm is one all the same. */
static int
read_public(const struct file *file, struct x509_key *key, struct err *err)
{
	gnutls_datum_t der = {NULL, 0};
	struct der spki = {file->text.data, file->text.size};
	int rc = 0;

	if (file->format == GNUTLS_X509_FMT_PEM) {
		rc = gnutls_pem_base64_decode2("PUBLIC KEY", &file->text, &der);
		spki = (struct der){der.data, der.size};
	}
	if (rc < 0)
		return fault(err, "public key", rc);
	if (x509_is_spki(spki))
		keep(key, spki);
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
	keep(key, spki);
	return 0;
}

static int
read_request(const struct file *file, struct x509_key *key, struct err *err)
{
	gnutls_x509_crq_t request;
	gnutls_datum_t out;
	int rc = gnutls_x509_crq_init(&request);

	if (rc < 0)
		return fault(err, "certificate request", rc);
	rc = gnutls_x509_crq_import(request, &file->text, file->format);
	if (rc >= 0)
		rc =
		    gnutls_x509_crq_export2(request, GNUTLS_X509_FMT_DER, &out);
	if (rc >= 0) {
		rc = keep_request(key, (struct der){out.data, out.size});
		gnutls_free(out.data);
	}
	gnutls_x509_crq_deinit(request);
	return rc < 0 ? fault(err, "certificate request", rc) : 0;
}

static void
keep_chain(struct x509_key *key, struct x509_chain *chain)
{
	key->chain = chain;
	key->spki = x509_spki(chain, 0);
}

/* The one of a file that both are in for a server to read. */
static int
check_own_key(
    const struct file *file, const struct x509_key *key, struct err *err)
{
	struct x509_key own = {.source = X509_KEY_PRIVATE};
	bool same;

	if (!contains(file, "PRIVATE KEY-----") || has_locked_key(file) ||
	    read_privkey(file, &own, NULL) != 0)
		return 0;
	same = own.spki.size == key->spki.size &&
	       memcmp(own.spki.data, key->spki.data, own.spki.size) == 0;
	free(own.octets);
	return same ? 0
		    : err_set(err, ERR_DATA,
			  "the private key in it is not the certificate's");
}

static int
read_cert(const struct file *file, struct x509_key *key, struct err *err)
{
	struct der der = {file->text.data, file->text.size};
	struct x509_chain *chain =
	    file->format == GNUTLS_X509_FMT_PEM
		? x509_chain_pem(
		      (const char *)file->text.data, file->text.size, err)
		: x509_chain_new(&der, 1, err);

	if (chain == NULL)
		return -1;
	keep_chain(key, chain);
	return check_own_key(file, key, err);
}

static int
read_as(const struct file *file, enum x509_key_source source,
    struct x509_key *key, struct err *err)
{
	key->source = source;
	switch (source) {
	case X509_KEY_CERT:
		return read_cert(file, key, err);
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
read_pem(const struct file *file, struct x509_key *key, struct err *err)
{
	for (size_t i = 0; i < LABELS; i++)
		if (has_label(file, labels[i].name))
			return read_as(file, labels[i].source, key, err);
	return err_set(err, ERR_DATA,
	    "no certificate, request or key of a kind that TLS has");
}

static int
read_der(const struct file *file, struct x509_key *key, struct err *err)
{
	for (int source = X509_KEY_CERT; source <= X509_KEY_PRIVATE; source++)
		if (read_as(file, source, key, NULL) == 0)
			return 0;
	return err_set(err, ERR_DATA, "no certificate, request or key");
}

static int
read_file(struct file *file, struct x509_key *key, struct err *err)
{
	if (file->text.size == 0)
		return err_set(err, ERR_DATA, "it is empty");
	if (contains(file, "-----BEGIN "))
		return read_pem(file, key, err);
	file->format = GNUTLS_X509_FMT_DER;
	return read_der(file, key, err);
}

struct x509_key *
x509_key_read(const char *text, size_t length, struct err *err)
{
	struct x509_key *key = xcalloc(1, sizeof(*key));
	struct file file = {
	    {xmemdup(text, length), (unsigned)length}, GNUTLS_X509_FMT_PEM};
	int rc = read_file(&file, key, err);

	explicit_bzero(file.text.data, file.text.size);
	free(file.text.data);
	if (rc == 0)
		return key;
	x509_key_free(key);
	return NULL;
}

struct x509_key *
x509_key_of_chain(struct x509_chain *chain)
{
	struct x509_key *key = xcalloc(1, sizeof(*key));

	key->source = X509_KEY_CERT;
	keep_chain(key, chain);
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
