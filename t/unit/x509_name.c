/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/x509.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "t/unit/pki.h"
#include "t/unit/tap.h"

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

int
main(void)
{
	static const struct CMUnitTest x509_name[] = {
	    cmocka_unit_test(a_name_of_254_octets_is_none),
	    cmocka_unit_test(names_are_taken_from_san_and_only_then_from_cn),
	    cmocka_unit_test(eight_common_names_are_looked_at),
	    cmocka_unit_test(any_of_the_reference_names_will_do),
	    cmocka_unit_test(a_nul_within_a_name_is_no_end),
	    cmocka_unit_test(an_address_or_mailbox_is_no_dns_name),
	    cmocka_unit_test(thousands_of_names_are_looked_at_to_the_limit),
	    cmocka_unit_test(names_are_told_in_order_and_escaped),
	};

	return RUN_TESTS_WITH(x509_name, pki_make, pki_free);
}
