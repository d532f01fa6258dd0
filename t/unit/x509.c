/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/* Certificates that most tests need; made once. */
static struct {
	struct cert_made *root; /* signs int1 */
	struct cert_made *int1; /* signs leaf */
	struct cert_made *leaf;
	struct cert_made *other; /* a root that signed none of them */
	struct cert_made *alone; /* a self-signed leaf */
} pki;

static int
make_pki(void **state)
{
	(void)state;
	pki.root = cert_make(&(struct cert_spec){.cn = "Root", .ca = true});
	pki.int1 = cert_make(
	    &(struct cert_spec){.cn = "Int", .ca = true, .issuer = pki.root});
	pki.leaf = cert_make(&(struct cert_spec){
	    .cn = "mx1", .names = {"mx1.d.example"}, .issuer = pki.int1});
	pki.other = cert_make(&(struct cert_spec){.cn = "Other", .ca = true});
	pki.alone = cert_make(&(struct cert_spec){
	    .cn = "mx1.d.example", .names = {"mx1.d.example"}});
	return 0;
}

static int
free_pki(void **state)
{
	(void)state;
	cert_made_free(pki.root);
	cert_made_free(pki.int1);
	cert_made_free(pki.leaf);
	cert_made_free(pki.other);
	cert_made_free(pki.alone);
	return 0;
}

/* --- parsing --- */

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
	}
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = leaf;
	assert_null(x509_chain_new(many, 0, &err));
	assert_string_equal(err.text, "no certificate");
	assert_null(x509_chain_new(many, LIMIT_CHAIN_CERTS + 1, &err));
	assert_string_equal(err.text, "too many certificates");
	chain = x509_chain_new(many, LIMIT_CHAIN_CERTS, NULL);
	assert_non_null(chain);
	x509_chain_free(chain);
	many[1].size = LIMIT_CHAIN_OCTETS;
	assert_null(x509_chain_new(many, 2, &err));
	assert_string_equal(err.text, "certificates too large");
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
	const struct cert_made *made[] = {odd, empty};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 2);

	(void)state;
	assert_string_equal(
	    x509_subject(chain, 0), "CN=Zo\\C3\\AB\\1B[2J\\0A\\, O=Evil");
	assert_string_equal(x509_subject(chain, 1), "");
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

/* --- names --- */

static bool
leaf_has(const struct cert_spec *spec, const char *name, enum x509_names how)
{
	struct cert_made *made = cert_make(spec);
	struct x509_chain *chain =
	    certs_chain((const struct cert_made *[]){made}, 1);
	bool has = x509_leaf_has_name(chain, &name, 1, how);

	x509_chain_free(chain);
	cert_made_free(made);
	return has;
}

static void
names_are_taken_from_san_and_only_then_from_cn(void **state)
{
	static const struct {
		const char *id;
		const char *cn;
		const char *names[3];
		bool san, san_or_cn;
	} rows[] = {
	    {"D15", NULL, {"mx1.d.example"}, true, true},
	    {"second", NULL, {"a.example", "mx1.d.example"}, true, true},
	    {"case", NULL, {"MX1.D.Example"}, true, true},
	    {"final dot", "mx1.d.example.", {NULL}, false, false},
	    {"D16", "mx1", {"other.example"}, false, false},
	    {"D17", NULL, {"*.d.example"}, true, true},
	    {"D18", NULL, {"*.example"}, false, false},
	    {"D19", NULL, {"mx*.d.example", "*1.d.example"}, false, false},
	    {"D20 M58", "mx1.d.example", {NULL}, false, true},
	    {"D21", "mx1.d.example", {"other.example"}, false, false},
	    {"CN wildcard", "*.d.example", {NULL}, false, true},
	    {"CN in a sentence", "mx1.d.example, O=x", {NULL}, false, false},
	    {"nothing", NULL, {NULL}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_spec spec = {.cn = rows[i].cn};

		memcpy(spec.names, rows[i].names, sizeof(rows[i].names));
		ROW(rows[i].id, leaf_has(&spec, "mx1.d.example",
				    X509_NAMES_SAN) == rows[i].san);
		ROW(rows[i].id, leaf_has(&spec, "mx1.d.example",
				    X509_NAMES_SAN_OR_CN) == rows[i].san_or_cn);
	}
}

static void
any_of_the_reference_names_will_do(void **state)
{
	const char *names[] = {"a.example", "mx1.d.example"};
	struct x509_chain *chain =
	    certs_chain((const struct cert_made *[]){pki.leaf}, 1);

	(void)state;
	assert_true(x509_leaf_has_name(chain, names, 2, X509_NAMES_SAN));
	assert_false(x509_leaf_has_name(chain, names, 1, X509_NAMES_SAN));
	assert_false(x509_leaf_has_name(chain, names, 0, X509_NAMES_SAN));
	x509_chain_free(chain);
}

/* GeneralNames from entries of a tag and text, each text below 128 octets. */
static size_t
make_san(uint8_t *out, uint8_t tag, const char *text, size_t length,
    size_t count, const char *last)
{
	size_t body = count * (2 + length) + (last ? 2 + strlen(last) : 0);
	size_t used = 0;

	assert_true(body < 1 << 24);
	out[used++] = 0x30;
	out[used++] = 0x83;
	out[used++] = (uint8_t)(body >> 16);
	out[used++] = (uint8_t)(body >> 8);
	out[used++] = (uint8_t)body;
	if (body < 1 << 16) { /* DER: the shortest form */
		assert_true(body < 128);
		out[1] = (uint8_t)body;
		used = 2;
	}
	for (size_t i = 0; i < count; i++) {
		out[used++] = tag;
		out[used++] = (uint8_t)length;
		memcpy(out + used, text, length);
		used += length;
	}
	if (last != NULL) {
		out[used++] = 0x82;
		out[used++] = (uint8_t)strlen(last);
		memcpy(out + used, last, strlen(last));
		used += strlen(last);
	}
	return used;
}

static void
a_nul_within_a_name_is_no_end(void **state)
{
	static const char nul[] = "mx1.d.example\0.evil.example";
	uint8_t san[128];
	struct cert_spec spec = {.cn = "mx1.d.example", .san = san};

	(void)state;
	spec.san_size = make_san(san, 0x82, nul, sizeof(nul) - 1, 1, NULL);
	assert_false(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN));
	/* it is a dNSName all the same, so that the CN does not count */
	assert_false(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN_OR_CN));
}

static void
an_address_or_mailbox_is_no_dns_name(void **state)
{
	static const char text[] = "mx1.d.example";
	uint8_t san[128];
	struct cert_spec spec = {.cn = "mx1.d.example", .san = san};

	(void)state;
	spec.san_size = make_san(san, 0x81, text, sizeof(text) - 1, 1, NULL);
	assert_false(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN));
	assert_true(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN_OR_CN));
	spec.san_size = make_san(san, 0x87, "\xc0\0\2\1", 4, 1, NULL);
	assert_true(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN_OR_CN));
}

static void
thousands_of_names_are_looked_at_to_the_limit(void **state)
{
	static uint8_t san[LIMIT_CHAIN_OCTETS];
	char filler[100];
	struct cert_spec spec = {.san = san};

	(void)state;
	memset(filler, 'a', sizeof(filler));
	spec.san_size = make_san(san, 0x82, filler, sizeof(filler),
	    LIMIT_CERT_NAMES - 1, "mx1.d.example");
	assert_true(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN));
	spec.san_size = make_san(san, 0x82, filler, sizeof(filler),
	    LIMIT_CERT_NAMES, "mx1.d.example");
	assert_false(leaf_has(&spec, "mx1.d.example", X509_NAMES_SAN));
}

static void
add_line(void *arg, const char *name)
{
	text_addf(arg, "%s\n", name);
}

/* The names of a leaf, a line each. */
static const char *
names_of(const struct cert_spec *spec, char *out, size_t size)
{
	struct cert_made *made = cert_make(spec);
	struct x509_chain *chain =
	    certs_chain((const struct cert_made *[]){made}, 1);
	struct text lines;

	text_init(&lines, out, size);
	x509_each_name(chain, 0, add_line, &lines);
	x509_chain_free(chain);
	cert_made_free(made);
	return out;
}

static void
names_are_told_in_order_and_escaped(void **state)
{
	static const char odd[] = "mx1\0\033[2J\xff.example";
	static char many[LIMIT_CERT_NAMES * 128], filler[100];
	static uint8_t san[LIMIT_CHAIN_OCTETS];
	struct cert_spec plain = {
	    .cn = "x", .names = {"mx1.d.example", "*.d.example"}};
	struct cert_spec spec = {.cn = "x", .san = san};
	char out[256];

	(void)state;
	assert_string_equal(
	    names_of(&plain, out, sizeof(out)), "mx1.d.example\n*.d.example\n");
	spec.san_size =
	    make_san(san, 0x82, odd, sizeof(odd) - 1, 1, "last.example");
	assert_string_equal(names_of(&spec, out, sizeof(out)),
	    "mx1\\x00\\x1b[2J\\xff.example\nlast.example\n");
	spec.san_size = make_san(san, 0x81, "a@d.example", 11, 1, NULL);
	assert_string_equal(names_of(&spec, out, sizeof(out)), "");
	memset(filler, 'a', sizeof(filler));
	spec.san_size = make_san(san, 0x82, filler, sizeof(filler),
	    LIMIT_CERT_NAMES, "last.example");
	assert_null(strstr(names_of(&spec, many, sizeof(many)), "last"));
	assert_int_equal(strlen(many), (sizeof(filler) + 1) * LIMIT_CERT_NAMES);
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

/* --- trust --- */

static enum x509_status
verify(const struct cert_made *const made[], size_t count,
    const struct cert_made *anchor)
{
	struct x509_chain *chain = certs_chain(made, count);
	struct der der = cert_der(anchor);
	enum x509_status status = x509_verify(chain, &der, 1, CERTS_NOW, NULL);

	x509_chain_free(chain);
	return status;
}

#define CHAIN(...)                                   \
	((const struct cert_made *[]){__VA_ARGS__}), \
	    COUNT(((const struct cert_made *[]){__VA_ARGS__}))

static void
a_path_to_an_anchor_is_found_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(verify(CHAIN(pki.leaf, pki.int1, pki.root), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1), pki.root), X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1), pki.int1), X509_TRUSTED);
	assert_int_equal(verify(CHAIN(pki.leaf), pki.int1), X509_TRUSTED);
	assert_int_equal(verify(CHAIN(pki.leaf, pki.root, pki.int1), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.other, pki.alone, pki.int1, pki.root),
		pki.root),
	    X509_TRUSTED);
	assert_int_equal(verify(CHAIN(pki.leaf, pki.leaf, pki.int1, pki.int1,
				    pki.root, pki.root),
			     pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1, pki.root, pki.other), pki.root),
	    X509_TRUSTED);
}

static void
without_a_path_nothing_is_trusted(void **state)
{
	(void)state;
	assert_int_equal(verify(CHAIN(pki.leaf, pki.int1, pki.root), pki.other),
	    X509_NOT_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.root), pki.root), X509_NOT_TRUSTED);
	/* D27: the true anchor is appended */
	assert_int_equal(
	    verify(CHAIN(pki.alone, pki.root), pki.root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1, pki.other), pki.other),
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
	    verify(CHAIN(pki.alone, anew), anew), X509_NOT_TRUSTED);
	assert_int_equal(verify(CHAIN(pki.alone), anew), X509_NOT_TRUSTED);
	assert_int_equal(verify(CHAIN(pki.alone), pki.alone), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.alone, pki.alone), pki.alone), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1), pki.leaf), X509_NOT_TRUSTED);
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
		    verify(CHAIN(leaf, int1), root) == rows[i].status);
		ROW(rows[i].id,
		    verify(CHAIN(leaf, int1, root), root) == rows[i].status);
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
	    verify(CHAIN(pki.leaf, cross, pki.int1, pki.other), pki.root),
	    X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, pki.int1, cross, pki.root), pki.other),
	    X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, over, pki.int1), pki.root), X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, over, cross), pki.root), X509_EXPIRED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, fake, pki.int1), pki.root), X509_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, fake), pki.root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, fake, over), pki.root), X509_EXPIRED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, over, future), pki.root), X509_EXPIRED);
	assert_int_equal(
	    verify(CHAIN(pki.leaf, future, over), pki.root), X509_EXPIRED);
	cert_made_free(future);
	cert_made_free(cross);
	cert_made_free(over);
	cert_made_free(fake);
}

static void
a_crowd_of_look_alikes_does_not_stop_the_search(void **state)
{
	const struct cert_made *made[LIMIT_CHAIN_CERTS];
	struct cert_made *crowd[LIMIT_CHAIN_CERTS];

	(void)state;
	/* by its name each may have issued each: 15! orders */
	for (size_t i = 0; i < COUNT(crowd); i++)
		made[i] = crowd[i] =
		    cert_make(&(struct cert_spec){.cn = "Int", .ca = true});
	made[0] = pki.leaf;
	assert_int_equal(
	    verify(made, COUNT(made), pki.other), X509_NOT_TRUSTED);
	assert_int_equal(verify(made, COUNT(made), pki.root), X509_NOT_TRUSTED);
	assert_int_equal(verify(made, COUNT(made), pki.int1), X509_TRUSTED);
	for (size_t i = 0; i < COUNT(crowd); i++)
		cert_made_free(crowd[i]);
}

static enum x509_status
verify_key(const struct cert_made *const made[], size_t count, struct der key)
{
	struct x509_chain *chain = certs_chain(made, count);
	enum x509_status status = x509_verify_key(chain, key, CERTS_NOW);

	x509_chain_free(chain);
	return status;
}

static void
a_bare_key_is_an_anchor_for_what_it_signed(void **state)
{
	struct der root = cert_spki(pki.root);
	struct der int1 = cert_spki(pki.int1);

	(void)state;
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf, pki.int1), root), X509_TRUSTED);
	assert_int_equal(verify_key(CHAIN(pki.leaf), int1), X509_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf, pki.int1), cert_spki(pki.other)),
	    X509_NOT_TRUSTED); /* D14 */
	assert_int_equal(verify_key(CHAIN(pki.leaf), root), X509_NOT_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.alone, pki.int1), root), X509_NOT_TRUSTED);
	/* the topmost, which the key signed */
	assert_int_equal(
	    verify_key(CHAIN(pki.alone), cert_spki(pki.alone)), X509_TRUSTED);
	assert_int_equal(
	    verify_key(CHAIN(pki.leaf), cert_der(pki.int1)), X509_NOT_TRUSTED);
	assert_int_equal(verify_key(CHAIN(pki.leaf), (struct der){NULL, 0}),
	    X509_NOT_TRUSTED);
}

static void
what_a_bare_key_signed_is_checked_as_well(void **state)
{
	static const struct {
		const char *id;
		unsigned int1, leaf;
		enum x509_status status;
	} rows[] = {
	    {"good", 0, 0, X509_TRUSTED},
	    {"unknown critical", 0, CERTS_STRANGE, X509_NOT_TRUSTED},
	    {"key usage", 0, CERTS_SIGN_ONLY, X509_NOT_TRUSTED},
	    {"D28 topmost does not say", CERTS_UNSAID, 0, X509_NOT_TRUSTED},
	    {"topmost for clients", CERTS_CLIENT_ONLY, 0, X509_NOT_TRUSTED},
	    {"expired leaf", 0, CERTS_EXPIRED, X509_EXPIRED},
	    {"expired topmost", CERTS_EXPIRED, 0, X509_EXPIRED},
	    {"topmost not begun", CERTS_FUTURE, 0, X509_NOT_YET_VALID},
	    {"SHA-1 topmost", CERTS_SHA1, 0, X509_NOT_TRUSTED},
	    {"SHA-1 leaf", 0, CERTS_SHA1, X509_NOT_TRUSTED},
	    {"EKU", 0, CERTS_CLIENT_ONLY, X509_NOT_TRUSTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cert_made *int1 =
		    cert_make(&(struct cert_spec){.cn = "Int",
			.ca = true,
			.issuer = pki.root,
			.flaws = rows[i].int1});
		struct cert_made *leaf = cert_make(
		    &(struct cert_spec){.issuer = int1, .flaws = rows[i].leaf});

		ROW(rows[i].id, verify_key(CHAIN(leaf, int1),
				    cert_spki(pki.root)) == rows[i].status);
		/* the leaf itself is the topmost */
		if (rows[i].int1 == 0)
			ROW(rows[i].id, verify_key(CHAIN(leaf),
					    cert_spki(int1)) == rows[i].status);
		cert_made_free(leaf);
		cert_made_free(int1);
	}
}

/* --- stores --- */

static struct x509_store *
store_of(const char *text, struct err *err)
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
	struct x509_store *store = store_of(pem, NULL);

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
a_store_that_is_none_is_refused(void **state)
{
	struct err err;

	(void)state;
	assert_null(x509_store_load("/nonexistent/ca.pem", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
	assert_null(store_of("", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_null(store_of("no PEM\n", &err));
	assert_int_equal(err.kind, ERR_LOCAL);
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

	(void)state;
	assert_true(leaf.size <= sizeof(octets));
	memcpy(octets, leaf.data, leaf.size);
	version = memmem(octets, leaf.size, version_3, sizeof(version_3));
	assert_non_null(version);
	version[4] = 0;
	chain = x509_chain_new(certs, 2, NULL);
	assert_non_null(chain);
	assert_false(x509_leaf_is_read(chain));
	assert_int_equal(x509_count(chain), 2);
	assert_int_equal(x509_spki(chain, 0).size, cert_spki(pki.leaf).size);
	assert_string_equal(x509_subject(chain, 0), "");
	assert_false(x509_is_ca(chain, 0));
	assert_false(x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN_OR_CN));
	assert_int_equal(
	    x509_verify(chain, &root, 1, CERTS_NOW, NULL), X509_NOT_TRUSTED);
	assert_int_equal(
	    x509_verify_key(chain, key, CERTS_NOW), X509_NOT_TRUSTED);
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
	left = 3; /* leaf, CA, and the path to the CA */
	assert_int_equal(
	    x509_verify_key(chain, cert_spki(root), CERTS_NOW), X509_TRUSTED);
	assert_int_equal(left, 0);
}

int
main(void)
{
	static const struct CMUnitTest x509[] = {
	    cmocka_unit_test(a_chain_gives_back_what_was_presented),
	    cmocka_unit_test(
		a_leaf_that_cannot_be_read_has_octets_and_no_trust),
	    cmocka_unit_test(
		signature_checks_are_paid_for_and_end_with_what_is_left),
	    cmocka_unit_test(what_is_no_chain_is_refused),
	    cmocka_unit_test(behind_the_leaf_what_does_not_parse_is_left_out),
	    cmocka_unit_test(pem_text_gives_its_certificates_in_order),
	    cmocka_unit_test(
		full_association_data_must_parse_to_the_last_octet),
	    cmocka_unit_test(a_changed_octet_is_parsed_or_refused),
	    cmocka_unit_test(subjects_are_shown_as_printable_ascii),
	    cmocka_unit_test(a_name_of_16_kilobytes_is_cut),
	    cmocka_unit_test(digests_are_those_of_fips_180),
	    cmocka_unit_test(names_are_taken_from_san_and_only_then_from_cn),
	    cmocka_unit_test(any_of_the_reference_names_will_do),
	    cmocka_unit_test(a_nul_within_a_name_is_no_end),
	    cmocka_unit_test(an_address_or_mailbox_is_no_dns_name),
	    cmocka_unit_test(thousands_of_names_are_looked_at_to_the_limit),
	    cmocka_unit_test(names_are_told_in_order_and_escaped),
	    cmocka_unit_test(the_type_and_size_of_a_key_are_told),
	    cmocka_unit_test(a_path_to_an_anchor_is_found_in_any_order),
	    cmocka_unit_test(without_a_path_nothing_is_trusted),
	    cmocka_unit_test(the_leaf_is_never_its_own_anchor),
	    cmocka_unit_test(the_index_of_the_anchor_is_told),
	    cmocka_unit_test(dates_of_the_whole_path_count),
	    cmocka_unit_test(only_a_ca_may_issue),
	    cmocka_unit_test(each_certificate_is_for_servers_and_the_name),
	    cmocka_unit_test(weak_and_absurd_keys_and_digests_do_not_count),
	    cmocka_unit_test(what_is_critical_must_be_known),
	    cmocka_unit_test(of_several_paths_a_good_one_counts),
	    cmocka_unit_test(a_crowd_of_look_alikes_does_not_stop_the_search),
	    cmocka_unit_test(a_bare_key_is_an_anchor_for_what_it_signed),
	    cmocka_unit_test(what_a_bare_key_signed_is_checked_as_well),
	    cmocka_unit_test(a_store_is_all_that_is_trusted),
	    cmocka_unit_test(a_store_that_is_none_is_refused),
	    cmocka_unit_test(threads_share_a_store_each_with_its_own_time),
	};

	return RUN_TESTS_WITH(x509, make_pki, free_pki);
}
