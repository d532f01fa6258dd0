/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

static struct x509_store *
load_store_text(const char *text, struct err *err)
{
	char name[] = "/tmp/postern-x509-XXXXXX";
	int fd = mkstemp(name);
	size_t length = strlen(text);
	struct x509_store *store;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
	store = x509_store_load(name, err);
	unlink(name);
	return store;
}

static struct x509_store *
store_of_roots(void)
{
	char *pem = certs_pem(CHAIN(pki.other, pki.root));
	struct x509_store *store = load_store_text(pem, NULL);

	assert_non_null(store);
	free(pem);
	return store;
}

static void
a_store_is_all_that_is_trusted(void **state)
{
	AUTO(x509_store) struct x509_store *store = store_of_roots();
	struct x509_chain *good = certs_chain(CHAIN(pki.leaf, pki.int1));
	struct x509_chain *cut = certs_chain(CHAIN(pki.leaf));
	struct x509_chain *alone = certs_chain(CHAIN(pki.alone)); /* M53 */

	(void)state;
	assert_int_equal(
	    x509_verify_store(good, store, CERTS_NOW), X509_TRUSTED);
	assert_int_equal(
	    x509_verify_store(good, store, CERTS_NOW + 31 * CERTS_DAY),
	    X509_EXPIRED); /* M54 */
	assert_int_equal(
	    x509_verify_store(good, store, CERTS_NOW - 31 * CERTS_DAY),
	    X509_NOT_YET_VALID);
	assert_int_equal(
	    x509_verify_store(cut, store, CERTS_NOW), X509_NOT_TRUSTED);
	assert_int_equal(
	    x509_verify_store(alone, store, CERTS_NOW), X509_NOT_TRUSTED);
	x509_chain_free(good);
	x509_chain_free(cut);
	x509_chain_free(alone);
}

static void
append_der(void *arg, struct der cert)
{
	struct der *issuers = arg;

	while (issuers->size > 0)
		issuers++;
	*issuers = cert;
}

static void
a_store_knows_who_may_have_issued_a_chain(void **state)
{
	AUTO(x509_store) struct x509_store *store = store_of_roots();
	struct x509_chain *good = certs_chain(CHAIN(pki.leaf, pki.int1));
	struct x509_chain *alone = certs_chain(CHAIN(pki.alone));
	AUTO(x509_store) struct x509_store *few = NULL;
	AUTO(x509_store) struct x509_store *none = x509_store_of(NULL, 0);
	struct der issuers[4] = {{NULL, 0}};

	(void)state;
	x509_store_issuers(store, alone, append_der, issuers);
	assert_int_equal(issuers[0].size, 0);
	x509_store_issuers(store, good, append_der, issuers);
	assert_true(der_equal(issuers[0], cert_der(pki.root)));
	assert_int_equal(issuers[1].size, 0);
	/* what is no certificate is left out */
	issuers[1] = (struct der){(const uint8_t *)"x", 1};
	few = x509_store_of(issuers, 2);
	assert_int_equal(x509_store_count(few), 1);
	assert_int_equal(x509_verify_store(good, few, CERTS_NOW), X509_TRUSTED);
	assert_int_equal(
	    x509_verify_store(good, none, CERTS_NOW), X509_NOT_TRUSTED);
	x509_chain_free(good);
	x509_chain_free(alone);
}

static void
each_root_and_each_certificate_is_looked_at(void **state)
{
	struct der roots[] = {cert_der(pki.root), cert_der(pki.other)};
	AUTO(x509_store) struct x509_store *store = x509_store_of(roots, 2);
	AUTO(cert_made)
	struct cert_made *direct =
	    cert_make(&(struct cert_spec){.cn = "x", .issuer = pki.root});
	struct x509_chain *chain = certs_chain(CHAIN(direct));
	struct der issuers[4] = {{NULL, 0}};
	char *pem = certs_pem(CHAIN(pki.root));
	AUTO(x509_store) struct x509_store *one = load_store_text(pem, NULL);

	(void)state;
	assert_int_equal(x509_store_count(store), 2);
	x509_store_issuers(store, chain, append_der, issuers);
	assert_true(der_equal(issuers[0], roots[0]));
	assert_int_equal(issuers[1].size, 0);
	assert_non_null(one);
	assert_int_equal(x509_store_count(one), 1);
	x509_chain_free(chain);
	free(pem);
}

/* Debian has all that the system trusts in one file, too. */
static void
roots_of_the_system_are_read(void **state)
{
	static const char file[] = "/etc/ssl/certs/ca-certificates.crt";
	AUTO(x509_store) struct x509_store *one_file = NULL;
	AUTO(x509_store) struct x509_store *store = NULL;
	struct err err;

	(void)state;
	one_file = x509_store_load(file, NULL);
	store = x509_store_load(NULL, &err);
	if (one_file == NULL)
		return;
	assert_non_null(store);
	assert_true(x509_store_count(store) > 0);
}

static bool system_is_bare;

/* Where a system has none, GnuTLS says that it added none. */
int
gnutls_x509_trust_list_add_system_trust(gnutls_x509_trust_list_t list,
    unsigned int flags, unsigned int verify_flags)
{
	int (*real)(gnutls_x509_trust_list_t, unsigned, unsigned) =
	    dlsym(RTLD_NEXT, "gnutls_x509_trust_list_add_system_trust");

	return system_is_bare ? 0 : real(list, flags, verify_flags);
}

static void
a_system_without_roots_is_told(void **state)
{
	struct err err;

	(void)state;
	system_is_bare = true;
	assert_null(x509_store_load(NULL, &err));
	system_is_bare = false;
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_string_equal(err.text, "system trust store: no certificate");
}

static void
a_store_that_is_none_is_refused(void **state)
{
	struct err err;

	(void)state;
	assert_null(x509_store_load("/nonexistent/ca.pem", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
	assert_null(load_store_text("", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_null(load_store_text("no PEM\n", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
}

/* PEM text of the root, with a length of more octets than it needs. */
static char *
longer_root_pem(void)
{
	enum { MORE = 3 };
	struct der root = cert_der(pki.root);
	uint8_t *octets = xmalloc(root.size + MORE);
	gnutls_datum_t der = {octets, (unsigned)root.size + MORE}, pem;
	char *text;

	memcpy(octets, "\x30\x85\0\0\0", 5);
	memcpy(octets + 5, root.data + 2, root.size - 2);
	assert_int_equal(
	    gnutls_pem_base64_encode2("CERTIFICATE", &der, &pem), 0);
	text = xstrdup((const char *)pem.data);
	gnutls_free(pem.data);
	free(octets);
	return text;
}

static void
a_store_with_one_that_is_no_certificate_is_refused(void **state)
{
	char *good = certs_pem(CHAIN(pki.root));
	char *odd = longer_root_pem();
	size_t size = strlen(good) + strlen(odd) + 1;
	char *both = xmalloc(size);
	struct err err;

	(void)state;
	snprintf(both, size, "%s%s", good, odd);
	assert_null(load_store_text(both, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	free(both);
	free(odd);
	free(good);
}

static void *
verify_often(void *argument)
{
	const struct x509_store *store = argument;
	struct x509_chain *chain = certs_chain(CHAIN(pki.leaf, pki.int1));
	intptr_t wrong = 0;

	for (int i = 0; i < 50; i++)
		wrong += x509_verify_store(chain, store,
			     CERTS_NOW + (i % 2) * 31 * CERTS_DAY) !=
			 (i % 2 == 0 ? X509_TRUSTED : X509_EXPIRED);
	x509_chain_free(chain);
	return (void *)wrong;
}

static void
threads_share_a_store_each_with_its_own_time(void **state)
{
	AUTO(x509_store) struct x509_store *store = store_of_roots();
	pthread_t threads[4];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, verify_often, store), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_store_is_all_that_is_trusted),
	    cmocka_unit_test(a_store_knows_who_may_have_issued_a_chain),
	    cmocka_unit_test(each_root_and_each_certificate_is_looked_at),
	    cmocka_unit_test(roots_of_the_system_are_read),
	    cmocka_unit_test(a_system_without_roots_is_told),
	    cmocka_unit_test(a_store_that_is_none_is_refused),
	    cmocka_unit_test(
		a_store_with_one_that_is_no_certificate_is_refused),
	    cmocka_unit_test(threads_share_a_store_each_with_its_own_time),
	};

	return RUN_TESTS_WITH(tests, pki_make, pki_free);
}
