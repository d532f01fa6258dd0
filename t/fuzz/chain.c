/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/dane_match.h"
#include "common/proto/x509.h"
#include "t/fuzz/fuzz.h"

enum {
	MAX_CERTS = LIMIT_CHAIN_CERTS + 2,

	/* Issuers looked at in one chain: each costs signature checks */
	FEW_ISSUERS = 3,

	/* Up to here no limit of the search for a path is in the way */
	FEW_CERTS = 4,
};

static const char *const names[] = {
    FUZZ_HOST, "d.example", "mx.w.example", "xn--mller-kva.example"};

static struct x509_chain *
fixed_root(void)
{
	static struct x509_chain *root;

	if (root == NULL)
		root =
		    x509_chain_pem(fuzz_root_pem, strlen(fuzz_root_pem), NULL);
	assert(root != NULL);
	return root;
}

/* A store of the fixed root, through a file as ever. */
static struct x509_store *
fixed_store(void)
{
	static struct x509_store *store;
	char path[] = "/tmp/postern-fuzz-XXXXXX";
	const ssize_t length = (ssize_t)strlen(fuzz_root_pem);
	int fd;

	if (store != NULL)
		return store;
	fd = mkstemp(path);
	assert(fd >= 0);
	assert(write(fd, fuzz_root_pem, (size_t)length) == length);
	close(fd);
	store = x509_store_load(path, NULL);
	unlink(path);
	assert(store != NULL);
	return store;
}

static void
check_dn(const char *dn)
{
	for (; *dn != '\0'; dn++)
		assert(*dn >= ' ' && *dn <= '~');
}

static void
check_cert(const struct x509_chain *chain, size_t i, struct der der)
{
	struct der cert = x509_cert(chain, i);
	struct der spki = x509_spki(chain, i);

	assert(cert.size == der.size);
	assert(memcmp(cert.data, der.data, der.size) == 0);
	assert(memmem(der.data, der.size, spki.data, spki.size));
	check_dn(x509_subject(chain, i));
	check_dn(x509_issuer(chain, i));
}

/* What stands in the chain is the certificates that were presented. */
static void
check_parsed(
    const struct x509_chain *chain, const struct fuzz_pieces *presented)
{
	size_t parsed = 0;

	assert(x509_is_cert(presented->items[0]) == x509_leaf_is_read(chain));
	for (size_t i = 0; i < presented->count; i++)
		if (i == 0 || x509_is_cert(presented->items[i]))
			check_cert(chain, parsed++, presented->items[i]);
	assert(x509_count(chain) == parsed);
}

/* Of several names one that is there suffices; the CN is only looked at more.
 */
static void
check_names(const struct x509_chain *chain)
{
	bool any_san = false, any = false;

	for (size_t i = 0; i < COUNT(names); i++) {
		bool san =
		    x509_leaf_has_name(chain, names + i, 1, X509_NAMES_SAN);
		bool cn = x509_leaf_has_name(
		    chain, names + i, 1, X509_NAMES_SAN_OR_CN);

		assert(cn || !san);
		any_san = any_san || san;
		any = any || cn;
	}
	assert(any_san ==
	       x509_leaf_has_name(chain, names, COUNT(names), X509_NAMES_SAN));
	assert(any == x509_leaf_has_name(
			  chain, names, COUNT(names), X509_NAMES_SAN_OR_CN));
	assert(!x509_leaf_has_name(chain, NULL, 0, X509_NAMES_SAN_OR_CN));
}

/* The result of a single record computed from a certificate. */
static struct dane_result
match_record(const struct x509_chain *chain, size_t i, const uint8_t fields[3],
    size_t name_count, time_t now)
{
	struct der der =
	    fields[1] == TLSA_CERT ? x509_cert(chain, i) : x509_spki(chain, i);
	uint8_t *rdata = xmalloc(3 + 64 + der.size);
	struct tlsa_set set = {0, NULL};
	struct dane_result result;
	size_t size = der.size;

	memcpy(rdata, fields, 3);
	if (fields[2] == TLSA_FULL)
		memcpy(rdata + 3, der.data, der.size);
	else
		size = 32U * fields[2];
	if (fields[2] == TLSA_SHA2_256)
		x509_sha256(der, rdata + 3);
	if (fields[2] == TLSA_SHA2_512)
		x509_sha512(der, rdata + 3);
	tlsa_set_add(&set, rdata, 3 + size);
	tlsa_set_finish(&set);
	result = dane_match(&set, chain, names, name_count, now);
	tlsa_set_fini(&set);
	free(rdata);
	return result;
}

/* RFC 7672 section 3.1.1: the leaf's own record matches, come what may. */
static void
check_dane_ee(const struct x509_chain *chain)
{
	for (uint8_t i = 0; i < 6; i++) {
		const uint8_t fields[] = {TLSA_DANE_EE, i / 3, i % 3};
		struct dane_result result =
		    match_record(chain, 0, fields, 0, 0);

		if (fields[2] == TLSA_FULL &&
		    (fields[1] == TLSA_SPKI ? !x509_is_spki(x509_spki(chain, 0))
					    : !x509_leaf_is_read(chain))) {
			assert(result.outcome == DANE_UNUSABLE);
			continue;
		}
		assert(result.outcome == DANE_MATCHED);
		assert(result.record == 0 && result.depth == 0);
	}
}

static void
check_dates(const struct x509_chain *chain, enum x509_status status)
{
	if (status != X509_TRUSTED)
		return;
	assert(x509_not_before(chain, 0) <= FUZZ_NOW);
	assert(x509_not_after(chain, 0) >= FUZZ_NOW);
}

static enum dane_outcome
outcome_of(enum x509_status status, bool named)
{
	switch (status) {
	case X509_TRUSTED:
		return named ? DANE_MATCHED : DANE_NAME_MISMATCH;
	case X509_EXPIRED:
		return DANE_EXPIRED;
	case X509_NOT_YET_VALID:
		return DANE_NOT_YET_VALID;
	case X509_NOT_TRUSTED:
	case X509_TOO_COSTLY:
		return DANE_NOT_TRUSTED;
	}
	assert(false); /* every enum value is above */
	return DANE_NOT_TRUSTED;
}

/* A record of certificate i says what verifying to that anchor says. */
static void
check_dane_ta(const struct x509_chain *chain, size_t i)
{
	static const uint8_t digest[] = {
	    TLSA_DANE_TA, TLSA_CERT, TLSA_SHA2_256};
	static const uint8_t full[] = {TLSA_DANE_TA, TLSA_CERT, TLSA_FULL};
	bool named = x509_leaf_has_name(
	    chain, names, COUNT(names), X509_NAMES_SAN_OR_CN);
	struct der anchor = x509_cert(chain, i);
	enum x509_status status =
	    x509_verify(chain, &anchor, 1, FUZZ_NOW, NULL);
	struct dane_result by_digest =
	    match_record(chain, i, digest, COUNT(names), FUZZ_NOW);
	struct dane_result by_full =
	    match_record(chain, i, full, COUNT(names), FUZZ_NOW);

	check_dates(chain, status);
	if (by_digest.outcome == DANE_MATCHED)
		assert(status == X509_TRUSTED && named && by_digest.depth > 0);
	if (by_full.outcome == DANE_MATCHED)
		assert(status == X509_TRUSTED && named && by_full.depth > 0);
	if (x509_count(chain) > FEW_CERTS)
		return;
	assert(by_digest.outcome == outcome_of(status, named));
	assert(by_full.outcome == outcome_of(status, named));
}

/* RFC 7671 section 5.2.3: the same for the bare key of certificate i. */
static void
check_bare_key(const struct x509_chain *chain, size_t i)
{
	static const uint8_t fields[] = {TLSA_DANE_TA, TLSA_SPKI, TLSA_FULL};
	enum x509_status status =
	    x509_verify_key(chain, x509_spki(chain, i), FUZZ_NOW);
	struct dane_result result =
	    match_record(chain, i, fields, COUNT(names), FUZZ_NOW);

	check_dates(chain, status);
	if (status == X509_TRUSTED)
		assert(result.outcome == DANE_MATCHED ||
		       result.outcome == DANE_NAME_MISMATCH ||
		       !x509_is_spki(x509_spki(chain, i)));
	if (result.outcome == DANE_MATCHED)
		assert(result.depth > 0);
}

static void
check_roots(const struct x509_chain *chain)
{
	struct der roots[] = {{(const uint8_t *)"0", 1},
	    x509_cert(fixed_root(), 0), x509_cert(chain, 0)};
	enum x509_status status;
	size_t used = 99;

	/* the leaf is never its own anchor */
	assert(x509_verify(chain, roots + 2, 1, FUZZ_NOW, NULL) ==
	       X509_NOT_TRUSTED);
	assert(
	    x509_verify(chain, NULL, 0, FUZZ_NOW, &used) == X509_NOT_TRUSTED);
	assert(used == 99);
	status = x509_verify(chain, roots, 3, FUZZ_NOW, &used);
	assert(used == (status == X509_NOT_TRUSTED ? 99 : 1));
	assert(status == x509_verify_store(chain, fixed_store(), FUZZ_NOW));
	check_dates(chain, status);
}

/* A leaf that is only cut is compared, and trusted by nobody. */
static void
check_cut(const struct x509_chain *chain)
{
	assert(x509_verify_store(chain, fixed_store(), FUZZ_NOW) ==
	       X509_NOT_TRUSTED);
	assert(!x509_is_ca(chain, 0));
	for (size_t i = 0; i < x509_count(chain) && i <= FEW_ISSUERS; i++)
		assert(x509_verify_key(chain, x509_spki(chain, i), FUZZ_NOW) ==
		       X509_NOT_TRUSTED);
}

static void
try_chain(const struct fuzz_pieces *presented)
{
	AUTO(x509_chain) struct x509_chain *chain = NULL;
	struct err err;

	fuzz_err_init(&err);
	chain = x509_chain_new(presented->items, presented->count, &err);
	if (chain == NULL) {
		fuzz_check_refusal(&err);
		return;
	}
	check_parsed(chain, presented);
	check_names(chain);
	check_roots(chain);
	check_dane_ee(chain);
	if (!x509_leaf_is_read(chain)) {
		check_cut(chain);
		return;
	}
	for (size_t i = 0; i < x509_count(chain) && i <= FEW_ISSUERS; i++) {
		check_dane_ta(chain, i);
		check_bare_key(chain, i);
	}
}

/* Pieces are certificates in DER, leaf first. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(fuzz_pieces)
	struct fuzz_pieces *pieces = fuzz_pieces_new(data, size, MAX_CERTS);

	for (size_t i = 0; i < pieces->count; i++)
		x509_is_spki(pieces->items[i]);
	try_chain(pieces);
	return 0;
}
