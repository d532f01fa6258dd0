/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

static enum x509_status
verify_made(const struct cert_made *const made[], size_t count,
    const struct cert_made *anchor)
{
	struct x509_chain *chain = certs_chain(made, count);
	struct der der = cert_der(anchor);
	enum x509_status status = x509_verify(chain, &der, 1, CERTS_NOW, NULL);

	x509_chain_free(chain);
	return status;
}

static void
a_path_to_an_anchor_is_found_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1, pki.root), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1), pki.root), X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1), pki.int1), X509_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.leaf), pki.int1), X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.root, pki.int1), pki.root),
	    X509_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.leaf, pki.other, pki.alone,
					 pki.int1, pki.root),
			     pki.root),
	    X509_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.leaf, pki.leaf, pki.int1,
					 pki.int1, pki.root, pki.root),
			     pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify_made(
		CHAIN(pki.leaf, pki.int1, pki.root, pki.other), pki.root),
	    X509_TRUSTED);
}

static void
without_a_path_nothing_is_trusted(void **state)
{
	(void)state;
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1, pki.root), pki.other),
	    X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.root), pki.root), X509_NOT_TRUSTED);
	/* D27: the true anchor is appended */
	assert_int_equal(verify_made(CHAIN(pki.alone, pki.root), pki.root),
	    X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1, pki.other), pki.other),
	    X509_NOT_TRUSTED);
}

static void
the_leaf_is_never_its_own_anchor(void **state)
{
	/* issued anew, with the same key */
	AUTO(cert_made)
	struct cert_made *anew = cert_make(&(struct cert_spec){
	    .cn = "mx1.d.example", .ca = true, .key_of = pki.alone});

	(void)state;
	assert_int_equal(
	    verify_made(CHAIN(pki.alone, anew), anew), X509_NOT_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.alone), anew), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.alone), pki.alone), X509_NOT_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.alone, pki.alone), pki.alone),
	    X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1), pki.leaf), X509_NOT_TRUSTED);
}

static void
the_index_of_the_anchor_is_told(void **state)
{
	struct x509_chain *chain = certs_chain(CHAIN(pki.leaf, pki.int1));
	struct der anchors[] = {{(const uint8_t *)"garbage", 7},
	    cert_der(pki.other), cert_der(pki.root)};
	size_t used = 99;

	(void)state;
	assert_int_equal(
	    x509_verify(chain, anchors, 2, CERTS_NOW, &used), X509_NOT_TRUSTED);
	assert_int_equal(used, 99);
	assert_int_equal(
	    x509_verify(chain, anchors, 3, CERTS_NOW, &used), X509_TRUSTED);
	assert_int_equal(used, 2);
	assert_int_equal(
	    x509_verify(chain, NULL, 0, CERTS_NOW, &used), X509_NOT_TRUSTED);
	x509_chain_free(chain);
}

/* Chains of three of which one certificate is not as it should be. */
struct path_row {
	const char *id;
	struct cert_spec root, int1, leaf;
	enum x509_status status;
};

static void
check_paths(const struct path_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cert_spec specs[] = {
		    rows[i].root, rows[i].int1, rows[i].leaf};
		struct cert_made *root, *int1, *leaf;

		specs[0].cn = "Root";
		root = cert_make(&specs[0]);
		specs[1].cn = "Int";
		specs[1].issuer = root;
		int1 = cert_make(&specs[1]);
		specs[2].names[0] = "mx1.d.example";
		specs[2].issuer = int1;
		leaf = cert_make(&specs[2]);
		ROW(rows[i].id,
		    verify_made(CHAIN(leaf, int1), root) == rows[i].status);
		ROW(rows[i].id, verify_made(CHAIN(leaf, int1, root), root) ==
				    rows[i].status);
		cert_made_free(leaf);
		cert_made_free(int1);
		cert_made_free(root);
	}
}

static void
dates_of_the_whole_path_count(void **state)
{
	static const struct path_row rows[] = {
	    {"good", {.ca = true}, {.ca = true}, {0}, X509_TRUSTED},
	    {"D22", {.ca = true}, {.ca = true}, {.flaws = CERTS_EXPIRED},
		X509_EXPIRED},
	    {"D23", {.ca = true}, {.ca = true, .flaws = CERTS_EXPIRED}, {0},
		X509_EXPIRED},
	    {"D24", {.ca = true, .flaws = CERTS_EXPIRED}, {.ca = true}, {0},
		X509_EXPIRED},
	    {"D25", {.ca = true}, {.ca = true}, {.flaws = CERTS_FUTURE},
		X509_NOT_YET_VALID},
	    {"D25 intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_FUTURE}, {0}, X509_NOT_YET_VALID},
	    {"D25 anchor", {.ca = true, .flaws = CERTS_FUTURE}, {.ca = true},
		{0}, X509_NOT_YET_VALID},
	    {"over and not begun", {.ca = true, .flaws = CERTS_EXPIRED},
		{.ca = true}, {.flaws = CERTS_FUTURE}, X509_EXPIRED},
	    {"not begun and over", {.ca = true, .flaws = CERTS_FUTURE},
		{.ca = true}, {.flaws = CERTS_EXPIRED}, X509_EXPIRED},
	    {"expired and no CA", {.ca = true}, {.flaws = CERTS_EXPIRED}, {0},
		X509_NOT_TRUSTED},
	    {"expired leaf, no CA", {.ca = true}, {0}, {.flaws = CERTS_EXPIRED},
		X509_NOT_TRUSTED},
	};

	(void)state;
	check_paths(rows, COUNT(rows));
}

/* RFC 5280 section 4.1.2.5: both ends belong to it. */
static void
a_certificate_is_valid_from_its_first_second_to_its_last(void **state)
{
	struct x509_chain *chain = certs_chain(CHAIN(pki.leaf, pki.int1));
	struct der anchor = cert_der(pki.root);
	time_t first = x509_not_before(chain, 0);
	time_t last = x509_not_after(chain, 0);

	(void)state;
	assert_int_equal(
	    x509_verify(chain, &anchor, 1, first, NULL), X509_TRUSTED);
	assert_int_equal(x509_verify(chain, &anchor, 1, first - 1, NULL),
	    X509_NOT_YET_VALID);
	assert_int_equal(
	    x509_verify(chain, &anchor, 1, last, NULL), X509_TRUSTED);
	assert_int_equal(
	    x509_verify(chain, &anchor, 1, last + 1, NULL), X509_EXPIRED);
	x509_chain_free(chain);
}

static void
only_a_ca_may_issue(void **state)
{
	static const struct path_row rows[] = {
	    {"D28 no CA", {.ca = true}, {0}, {0}, X509_NOT_TRUSTED},
	    {"D28 anchor no CA", {0}, {.ca = true}, {0}, X509_NOT_TRUSTED},
	    {"D28 pathlen", {.ca = true, .path_length = 1}, {.ca = true}, {0},
		X509_NOT_TRUSTED},
	    {"pathlen kept", {.ca = true, .path_length = 2}, {.ca = true}, {0},
		X509_TRUSTED},
	    {"D28 anchor does not say", {.flaws = CERTS_UNSAID}, {.ca = true},
		{0}, X509_NOT_TRUSTED},
	    {"D28 intermediate does not say", {.ca = true},
		{.flaws = CERTS_UNSAID}, {0}, X509_NOT_TRUSTED},
	    {"anchor that says so by its key usage alone",
		{.flaws = CERTS_UNSAID | CERTS_SIGN_ONLY}, {.ca = true}, {0},
		X509_TRUSTED},
	    {"anchor of another key usage",
		{.flaws = CERTS_UNSAID | CERTS_CIPHER_ONLY}, {.ca = true}, {0},
		X509_NOT_TRUSTED},
	    {"anchor of version 1", {.flaws = CERTS_VERSION_1}, {.ca = true},
		{0}, X509_TRUSTED},
	    {"D28 intermediate of version 1", {.ca = true},
		{.flaws = CERTS_VERSION_1}, {0}, X509_NOT_TRUSTED},
	};

	(void)state;
	check_paths(rows, COUNT(rows));
}

static void
each_certificate_is_for_servers_and_the_name(void **state)
{
	static const struct path_row rows[] = {
	    {"EKU", {.ca = true}, {.ca = true}, {.flaws = CERTS_CLIENT_ONLY},
		X509_NOT_TRUSTED},
	    {"EKU of the intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_CLIENT_ONLY}, {0},
		X509_NOT_TRUSTED},
	    {"EKU of any purpose", {.ca = true}, {.ca = true},
		{.flaws = CERTS_ANY_PURPOSE}, X509_TRUSTED},
	    {"EKU as long as may be", {.ca = true}, {.ca = true},
		{.flaws = CERTS_PURPOSES_MOST}, X509_TRUSTED},
	    {"EKU without end", {.ca = true}, {.ca = true},
		{.flaws = CERTS_PURPOSES}, X509_NOT_TRUSTED},
	    {"EKU without end of the intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_PURPOSES}, {0}, X509_NOT_TRUSTED},
	    {"EKU without end of the anchor",
		{.ca = true, .flaws = CERTS_PURPOSES}, {.ca = true}, {0},
		X509_NOT_TRUSTED},
	    {"name constraint", {.ca = true},
		{.ca = true, .permitted = "other.example"}, {0},
		X509_NOT_TRUSTED},
	    {"name constraint kept", {.ca = true},
		{.ca = true, .permitted = "d.example"}, {0}, X509_TRUSTED},
	    {"name constraint of the anchor",
		{.ca = true, .permitted = "other.example"}, {.ca = true}, {0},
		X509_NOT_TRUSTED},
	    {"EKU of the anchor", {.ca = true, .flaws = CERTS_CLIENT_ONLY},
		{.ca = true}, {0}, X509_NOT_TRUSTED},
	    {"leaf of a CA's usage", {.ca = true}, {.ca = true},
		{.flaws = CERTS_SIGN_ONLY}, X509_NOT_TRUSTED},
	    {"D99", {.ca = true}, {.ca = true}, {.flaws = CERTS_CIPHER_ONLY},
		X509_TRUSTED},
	};

	(void)state;
	check_paths(rows, COUNT(rows));
}

static void
weak_and_absurd_keys_and_digests_do_not_count(void **state)
{
	static const struct path_row rows[] = {
	    {"SHA-1 leaf", {.ca = true}, {.ca = true}, {.flaws = CERTS_SHA1},
		X509_NOT_TRUSTED},
	    {"SHA-1 intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_SHA1}, {0}, X509_NOT_TRUSTED},
	    {"SHA-1 anchor, not looked at", {.ca = true, .flaws = CERTS_SHA1},
		{.ca = true}, {0}, X509_TRUSTED},
	    {"RSA 1024 intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_RSA_1024}, {0}, X509_TRUSTED},
	    {"RSA 512 intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_RSA_512}, {0}, X509_NOT_TRUSTED},
	    {"absurd exponent", {.ca = true},
		{.ca = true, .flaws = CERTS_BIG_EXPONENT}, {0},
		X509_NOT_TRUSTED},
	    {"RSA 512 anchor", {.ca = true, .flaws = CERTS_RSA_512},
		{.ca = true}, {0}, X509_NOT_TRUSTED},
	};

	(void)state;
	check_paths(rows, COUNT(rows));
}

static void
what_is_critical_must_be_known(void **state)
{
	static const struct path_row rows[] = {
	    {"unknown critical of the leaf", {.ca = true}, {.ca = true},
		{.flaws = CERTS_STRANGE}, X509_NOT_TRUSTED},
	    {"unknown critical of the intermediate", {.ca = true},
		{.ca = true, .flaws = CERTS_STRANGE}, {0}, X509_NOT_TRUSTED},
	    {"unknown critical of the anchor",
		{.ca = true, .flaws = CERTS_STRANGE}, {.ca = true}, {0},
		X509_NOT_TRUSTED},
	    {"policyConstraints", {.ca = true, .flaws = CERTS_POLICY},
		{.ca = true, .flaws = CERTS_POLICY}, {0}, X509_TRUSTED},
	};

	(void)state;
	check_paths(rows, COUNT(rows));
}

static void
of_several_paths_a_good_one_counts(void **state)
{
	/* one key and name, certified twice: by a root, and by another */
	struct cert_made *cross = cert_make(&(struct cert_spec){
	    .cn = "Int", .ca = true, .issuer = pki.other, .key_of = pki.int1});
	struct cert_made *over = cert_make(&(struct cert_spec){.cn = "Int",
	    .ca = true,
	    .issuer = pki.root,
	    .key_of = pki.int1,
	    .flaws = CERTS_EXPIRED});
	struct cert_made *future = cert_make(&(struct cert_spec){.cn = "Int",
	    .ca = true,
	    .issuer = pki.root,
	    .key_of = pki.int1,
	    .flaws = CERTS_FUTURE});
	struct cert_made *fake = cert_make(
	    &(struct cert_spec){.cn = "Int", .ca = true, .issuer = pki.root});

	(void)state;
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, cross, pki.int1, pki.other), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, pki.int1, cross, pki.root), pki.other),
	    X509_TRUSTED);
	assert_int_equal(verify_made(CHAIN(pki.leaf, over, pki.int1), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, over, cross), pki.root), X509_EXPIRED);
	assert_int_equal(verify_made(CHAIN(pki.leaf, fake, pki.int1), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, fake), pki.root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, fake, over), pki.root), X509_EXPIRED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, over, future), pki.root), X509_EXPIRED);
	assert_int_equal(
	    verify_made(CHAIN(pki.leaf, future, over), pki.root), X509_EXPIRED);
	cert_made_free(future);
	cert_made_free(cross);
	cert_made_free(over);
	cert_made_free(fake);
}

/* RFC 4158 section 5.2: neither a name and key that come again nor a path
 * behind a good one costs anything. */
static void
no_signature_is_checked_in_vain(void **state)
{
	struct cert_made *own = cert_make(
	    &(struct cert_spec){.cn = "Int", .ca = true, .key_of = pki.int1});
	struct cert_made *fake =
	    cert_make(&(struct cert_spec){.cn = "Int", .ca = true});
	struct x509_chain *chain = certs_chain(CHAIN(pki.leaf, own));
	struct x509_chain *good = certs_chain(CHAIN(pki.leaf, pki.int1));
	struct der anchor = cert_der(fake);
	struct der roots[] = {cert_der(pki.root), cert_der(pki.root)};
	unsigned left = 100;

	(void)state;
	x509_chain_charge(chain, &left);
	assert_int_equal(
	    x509_verify(chain, &anchor, 1, CERTS_NOW, NULL), X509_NOT_TRUSTED);
	assert_int_equal(left, 100 - 1 - 2);
	left = 2;
	x509_chain_charge(good, &left);
	assert_int_equal(
	    x509_verify(good, roots, 2, CERTS_NOW, NULL), X509_TRUSTED);
	assert_int_equal(left, 0);
	x509_chain_free(chain);
	x509_chain_free(good);
	cert_made_free(own);
	cert_made_free(fake);
}

static void
of_two_failures_the_nearer_to_trust_is_told(void **state)
{
	static const enum x509_status order[] = {X509_NOT_TRUSTED,
	    X509_NOT_YET_VALID, X509_EXPIRED, X509_TOO_COSTLY, X509_TRUSTED};

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t j = 0; j < COUNT(order); j++)
			assert_int_equal(
			    x509_is_nearer(order[i], order[j]), i > j);
}

static void
a_crowd_of_look_alikes_does_not_stop_the_search(void **state)
{
	const struct cert_made *made[LIMIT_CHAIN_CERTS];
	struct cert_made *crowd[LIMIT_CHAIN_CERTS];
	struct x509_chain *chain;
	unsigned left = 1000;
	struct der anchor;

	(void)state;
	/* by its name each may have issued each: 15! orders */
	for (size_t i = 0; i < COUNT(crowd); i++)
		made[i] = crowd[i] =
		    cert_make(&(struct cert_spec){.cn = "Int", .ca = true});
	made[0] = pki.leaf;
	/* nor does it cost more than 16 paths, of 1 to 16 signatures */
	chain = certs_chain(made, COUNT(made));
	anchor = cert_der(crowd[0]);
	x509_chain_charge(chain, &left);
	assert_int_equal(
	    x509_verify(chain, &anchor, 1, CERTS_NOW, NULL), X509_NOT_TRUSTED);
	assert_int_equal(left, 1000 - 16 * 17 / 2);
	x509_chain_free(chain);
	assert_int_equal(
	    verify_made(made, COUNT(made), pki.other), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(made, COUNT(made), pki.root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_made(made, COUNT(made), pki.int1), X509_TRUSTED);
	for (size_t i = 0; i < COUNT(crowd); i++)
		cert_made_free(crowd[i]);
}

/* Each of two letters, its name and its issuer's.  The leaf's is A, which the
 * last of them is as well: it comes after all that leads nowhere. */
static void
a_search_among_look_alikes_has_an_end(void **state)
{
	static const char *const between[] = {"AB", "AB", "AC", "AC", "BC",
	    "BC", "CB", "CB", "CB", "CB", "CC", "AD"};
	struct cert_made *issuers[] = {NULL,
	    cert_make(&(struct cert_spec){.cn = "B", .ca = true}),
	    cert_make(&(struct cert_spec){.cn = "C", .ca = true}),
	    cert_make(&(struct cert_spec){.cn = "D", .ca = true})};
	struct cert_made *last = cert_make(
	    &(struct cert_spec){.cn = "A", .issuer = pki.root, .ca = true});
	struct cert_made *made[COUNT(between) + 2] = {
	    cert_make(&(struct cert_spec){.cn = "mx", .issuer = last})};
	const struct cert_made *chain[COUNT(made)] = {made[0]};
	size_t count = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(between); i++, count++) {
		const char name[] = {between[i][0], '\0'};

		chain[count] = made[count] =
		    cert_make(&(struct cert_spec){.cn = name,
			.issuer = issuers[between[i][1] - 'A'],
			.ca = true});
	}
	chain[count] = made[count] = last;
	/* the 1,024th that is appended is one too many */
	assert_int_equal(
	    verify_made(chain, count + 1, pki.root), X509_NOT_TRUSTED);
	chain[count - 1] = last;
	assert_int_equal(verify_made(chain, count, pki.root), X509_TRUSTED);
	for (size_t i = 0; i < COUNT(made); i++)
		cert_made_free(made[i]);
	for (size_t i = 0; i < COUNT(issuers); i++)
		cert_made_free(issuers[i]);
}

/* Two signatures to the root, by a certificate or by its bare key. */
static void
signature_checks_are_paid_for_and_end_with_what_is_left(void **state)
{
	static const struct {
		unsigned left, after;
		enum x509_status by_cert;
	} rows[] = {{0, 0, X509_TOO_COSTLY}, {1, 1, X509_TOO_COSTLY},
	    {2, 0, X509_TRUSTED}, {9, 7, X509_TRUSTED}};
	const struct cert_spec root_spec = {.cn = "root", .ca = true};
	AUTO(cert_made) struct cert_made *root = cert_make(&root_spec);
	const struct cert_spec ca_spec = {
	    .cn = "ca", .ca = true, .issuer = root};
	AUTO(cert_made) struct cert_made *ca = cert_make(&ca_spec);
	const struct cert_spec leaf_spec = {
	    .cn = "leaf", .names = {"mx1"}, .issuer = ca};
	AUTO(cert_made) struct cert_made *leaf = cert_make(&leaf_spec);
	const struct cert_made *made[] = {leaf, ca};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 2);
	struct der anchor = cert_der(root);
	unsigned left;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		left = rows[i].left;
		x509_chain_charge(chain, &left);
		assert_int_equal(
		    x509_verify(chain, &anchor, 1, CERTS_NOW, NULL),
		    rows[i].by_cert);
		assert_int_equal(left, rows[i].after);
	}
	left = 1; /* the leaf is not signed by it; then there is none left */
	x509_chain_charge(chain, &left);
	assert_int_equal(x509_verify_key(chain, cert_spki(root), CERTS_NOW),
	    X509_TOO_COSTLY);
	left = 1; /* what its key signed needs no look at what is behind it */
	assert_int_equal(
	    x509_verify_key(chain, cert_spki(ca), CERTS_NOW), X509_TRUSTED);
	assert_int_equal(left, 0);
	left = 3; /* leaf, CA, and the path to the CA */
	assert_int_equal(
	    x509_verify_key(chain, cert_spki(root), CERTS_NOW), X509_TRUSTED);
	assert_int_equal(left, 0);
}

int
main(void)
{
	const struct CMUnitTest x509_path[] = {
	    cmocka_unit_test(
		signature_checks_are_paid_for_and_end_with_what_is_left),
	    cmocka_unit_test(a_path_to_an_anchor_is_found_in_any_order),
	    cmocka_unit_test(without_a_path_nothing_is_trusted),
	    cmocka_unit_test(the_leaf_is_never_its_own_anchor),
	    cmocka_unit_test(the_index_of_the_anchor_is_told),
	    cmocka_unit_test(dates_of_the_whole_path_count),
	    cmocka_unit_test(
		a_certificate_is_valid_from_its_first_second_to_its_last),
	    cmocka_unit_test(only_a_ca_may_issue),
	    cmocka_unit_test(each_certificate_is_for_servers_and_the_name),
	    cmocka_unit_test(weak_and_absurd_keys_and_digests_do_not_count),
	    cmocka_unit_test(what_is_critical_must_be_known),
	    cmocka_unit_test(of_several_paths_a_good_one_counts),
	    cmocka_unit_test(no_signature_is_checked_in_vain),
	    cmocka_unit_test(of_two_failures_the_nearer_to_trust_is_told),
	    cmocka_unit_test(a_crowd_of_look_alikes_does_not_stop_the_search),
	    cmocka_unit_test(a_search_among_look_alikes_has_an_end),
	};

	return RUN_TESTS_WITH(x509_path, pki_make, pki_free);
}
