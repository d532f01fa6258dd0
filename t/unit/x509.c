/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

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
certificates_may_be_so_large_and_no_larger(void **state)
{
	uint8_t *filler = xcalloc(1, LIMIT_CHAIN_OCTETS);
	struct der certs[] = {cert_der(pki.leaf), {filler, 0}};
	struct x509_chain *chain;

	(void)state;
	certs[1].size = LIMIT_CHAIN_OCTETS - certs[0].size;
	chain = x509_chain_new(certs, 2, NULL);
	assert_non_null(chain);
	x509_chain_free(chain);
	certs[1].size++;
	assert_null(x509_chain_new(certs, 2, NULL));
	free(filler);
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
a_ca_says_that_it_is_one(void **state)
{
	AUTO(cert_made)
	struct cert_made *unsaid = cert_make(
	    &(struct cert_spec){.cn = "x", .ca = true, .flaws = CERTS_UNSAID});
	const struct cert_made *made[] = {pki.leaf, pki.int1, unsaid};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 3);

	(void)state;
	assert_false(x509_is_ca(chain, 0));
	assert_true(x509_is_ca(chain, 1));
	assert_false(x509_is_ca(chain, 2));
}

static void
each_anchor_is_looked_at(void **state)
{
	const struct cert_made *made[] = {pki.leaf, pki.int1};
	AUTO(x509_chain) struct x509_chain *chain = certs_chain(made, 2);
	struct der anchors[] = {cert_der(pki.other), cert_der(pki.root)};
	size_t used = 7;

	(void)state;
	assert_int_equal(
	    x509_verify(chain, anchors, 2, CERTS_NOW, &used), X509_TRUSTED);
	assert_int_equal(used, 1);
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
eight_common_names_are_looked_at(void **state)
{
	struct cert_spec spec = {.cn = "mx1.d.example", .other_cns = 7};

	(void)state;
	assert_true(leaf_has(&spec, spec.cn, X509_NAMES_SAN_OR_CN));
	spec.other_cns++;
	assert_false(leaf_has(&spec, spec.cn, X509_NAMES_SAN_OR_CN));
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

/* One that is no longer than what names are compared in, but for its end. */
static void
a_name_of_254_octets_is_none(void **state)
{
	uint8_t san[7 + LIMIT_DOMAIN_SIZE] = {0x30, 0x82, 1,
	    LIMIT_DOMAIN_SIZE + 3 - 256, 0x82, 0x81, LIMIT_DOMAIN_SIZE};
	struct cert_spec spec = {.san = san, .san_size = sizeof(san)};

	(void)state;
	memset(san + 7, 'a', LIMIT_DOMAIN_SIZE);
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
	/* a list that is longer than its octets */
	spec.san_size = make_san(san, 0x82, "a", 1, 1, "last.example");
	san[1]++;
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

static void
key_usage_says_whether_a_leaf_may_sign(void **state)
{
	static const struct {
		const char *id;
		unsigned flaws;
		bool may_sign;
	} rows[] = {
	    {"as most", 0, true},
	    {"digital signature", CERTS_MAY_SIGN, true},
	    {"unsaid", CERTS_UNSAID, true},
	    {"no extensions", CERTS_VERSION_1, true},
	    {"key encipherment", CERTS_CIPHER_ONLY, false},
	    {"of a CA", CERTS_SIGN_ONLY, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(cert_made)
		struct cert_made *leaf = cert_make(
		    &(struct cert_spec){.cn = "x", .flaws = rows[i].flaws});
		const struct cert_made *made[] = {leaf, pki.leaf};
		AUTO(x509_chain)
		struct x509_chain *chain = certs_chain(made, 1);

		ROW(rows[i].id, x509_leaf_may_sign(chain) == rows[i].may_sign);
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
	unsigned bits = 7;

	(void)state;
	assert_true(leaf.size <= sizeof(octets));
	memcpy(octets, leaf.data, leaf.size);
	version = memmem(octets, leaf.size, version_3, sizeof(version_3));
	assert_non_null(version);
	version[4] = 0;
	chain = x509_chain_new(certs, 2, NULL);
	assert_non_null(chain);
	assert_false(x509_leaf_is_read(chain));
	assert_true(x509_leaf_may_sign(chain));
	assert_string_equal(x509_key_type(chain, 0, &bits), "");
	assert_int_equal(bits, 0);
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

int
main(void)
{
	const struct CMUnitTest x509[] = {
	    cmocka_unit_test(a_chain_gives_back_what_was_presented),
	    cmocka_unit_test(
		a_leaf_that_cannot_be_read_has_octets_and_no_trust),
	    cmocka_unit_test(what_is_no_chain_is_refused),
	    cmocka_unit_test(certificates_may_be_so_large_and_no_larger),
	    cmocka_unit_test(behind_the_leaf_what_does_not_parse_is_left_out),
	    cmocka_unit_test(pem_text_gives_its_certificates_in_order),
	    cmocka_unit_test(
		full_association_data_must_parse_to_the_last_octet),
	    cmocka_unit_test(a_key_has_an_algorithm_and_whole_octets),
	    cmocka_unit_test(a_ca_says_that_it_is_one),
	    cmocka_unit_test(each_anchor_is_looked_at),
	    cmocka_unit_test(a_name_of_254_octets_is_none),
	    cmocka_unit_test(a_changed_octet_is_parsed_or_refused),
	    cmocka_unit_test(subjects_are_shown_as_printable_ascii),
	    cmocka_unit_test(a_name_of_16_kilobytes_is_cut),
	    cmocka_unit_test(digests_are_those_of_fips_180),
	    cmocka_unit_test(names_are_taken_from_san_and_only_then_from_cn),
	    cmocka_unit_test(eight_common_names_are_looked_at),
	    cmocka_unit_test(a_bare_key_that_is_weak_vouches_for_nobody),
	    cmocka_unit_test(any_of_the_reference_names_will_do),
	    cmocka_unit_test(a_nul_within_a_name_is_no_end),
	    cmocka_unit_test(an_address_or_mailbox_is_no_dns_name),
	    cmocka_unit_test(thousands_of_names_are_looked_at_to_the_limit),
	    cmocka_unit_test(names_are_told_in_order_and_escaped),
	    cmocka_unit_test(the_type_and_size_of_a_key_are_told),
	    cmocka_unit_test(a_key_that_nobody_knows_has_no_size),
	    cmocka_unit_test(key_usage_says_whether_a_leaf_may_sign),
	};

	return RUN_TESTS_WITH(x509, pki_make, pki_free);
}
