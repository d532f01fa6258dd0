/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/domain.h"

#include <string.h>

#include "t/unit/tap.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"
#define N253 L63 "." L63 "." L63 "." L61

static void
names_get_one_spelling(void **state)
{
	static const struct {
		const char *id, *in, *out;
	} rows[] = {
	    {"plain", "example.org", "example.org"},
	    {"case and dot", "MX1.Example.ORG.", "mx1.example.org"},
	    {"one label", "localhost", "localhost"},
	    {"first and last letters", "AZaz09.Example", "azaz09.example"},
	    {"the same and a final dot", "AZaz09.Example.", "azaz09.example"},
	    {"one letter", "a.", "a"},
	    {"underscore", "_25._TCP.mx1.d.example", "_25._tcp.mx1.d.example"},
	    {"hyphens IDNA refuses", "r3---sn.d.example", "r3---sn.d.example"},
	    {"the same and a final dot", "r3---sn.d.example.",
		"r3---sn.d.example"},
	    {"digits", "192.0.2.1", "192.0.2.1"},
	    {"A-label", "XN--mller-kva.example", "xn--mller-kva.example"},
	    {"D98", "m\u00fcller.example", "xn--mller-kva.example"},
	    {"D98 upper", "M\u00dcLLER.example.", "xn--mller-kva.example"},
	    {"D98 not NFC", "mu\u0308ller.example", "xn--mller-kva.example"},
	    {"non-transitional", "stra\u00dfe.example",
		"xn--strae-oqa.example"},
	    {"U-label beside underscore", "_mta-sts.m\u00fcller.example",
		"_mta-sts.xn--mller-kva.example"},
	    {"ideographic stop", "d\u3002example", "d.example"},
	    {"253 octets", N253, N253},
	    {"253 octets and a dot", N253 ".", N253},
	};
	char out[LIMIT_DOMAIN_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].id, domain_normalise(rows[i].in, out, NULL) == 0);
		ROW_TEXT(rows[i].id, out, rows[i].out);
	}
}

/* The names are what ICU 72 makes of them, not transitional, as smtp(8) asks.
 */
static void
names_that_idna2008_refuses_are_looked_up_as_by_the_mta(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"\u2615.example", "xn--53h.example"},
	    {"i\u2764.ws", "xn--i-7iq.ws"},
	    {"\U0001f600.example", "xn--e28h.example"},
	    {"\u0661a.example", "xn--a-9pc.example"},
	    {"1\u05d0.example", "xn--1-0hc.example"},
	    {"\u0660\u06f0.example", "xn--8hb20a.example"},
	    {"\u2615.\u00fc.example", "xn--53h.xn--tda.example"},
	    {"\u2167.example", "viii.example"},
	};
	static const char *const refused[] = {"ab--cd\u20ac.example",
	    "-\u2615.example", "\u2615-.example", "xn--a.\u2615.example",
	    "\u2615!.example", "\u2615 .example", "\u2615\u00df.example",
	    "\u2615\u03c2.example", "\u2615\u200c.example",
	    "\u2615\u200d.example"};
	char out[LIMIT_DOMAIN_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].out, domain_normalise(rows[i].in, out, NULL) == 0);
		ROW_TEXT(rows[i].out, out, rows[i].out);
	}
	for (size_t i = 0; i < COUNT(refused); i++)
		ROW(refused[i], domain_normalise(refused[i], out, NULL) < 0);
}

static void
what_is_no_name_is_refused(void **state)
{
	static const struct {
		const char *id, *in;
	} rows[] = {
	    {"empty", ""},
	    {"root", "."},
	    {"two dots", "a..example"},
	    {"two final dots", "a.example.."},
	    {"leading dot", ".example"},
	    {"space", "a b.example"},
	    {"slash", "a/b.example"},
	    {"wildcard", "*.example"},
	    {"literal", "[192.0.2.1]"},
	    {"escape", "a\\046b.example"},
	    {"control", "a\x1b[31m.example"},
	    {"label of 64", L63 "x.example"},
	    {"254 octets", N253 "x"},
	    {"U-label too long", "\u00fc" L63 ".example"},
	    {"not UTF-8", "m\xfcller.example"},
	    {"cut UTF-8", "m\xc3"},
	    {"slash beside a U-label", "a/b.m\u00fcller.example"},
	    {"full-width slash", "a\uff0fb.example"},
	    {"unassigned", "a\U000e0080.example"},
	};
	char out[LIMIT_DOMAIN_SIZE] = "untouched";
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		err.text[0] = '\0';
		ROW(rows[i].id, domain_normalise(rows[i].in, out, &err) == -1);
		ROW(rows[i].id, err.kind == ERR_DATA && err.text[0] != '\0');
		ROW_TEXT(rows[i].id, out, "untouched");
	}
}

static void
an_endless_text_is_refused(void **state)
{
	static char endless[1 << 20];
	char out[LIMIT_DOMAIN_SIZE];

	(void)state;
	memset(endless, 'a', sizeof(endless) - 1);
	assert_int_equal(domain_normalise(endless, out, NULL), -1);
	memset(endless, 0xc3, sizeof(endless) - 1);
	assert_int_equal(domain_normalise(endless, out, NULL), -1);
}

/* Octets that stand for nothing count as well, but only to a limit. */
static void
a_text_of_1012_octets_may_still_be_a_name(void **state)
{
	enum { NOTHING = 252 };
	char text[4 * NOTHING + sizeof("a.bcd")] = "";
	char out[LIMIT_DOMAIN_SIZE];
	struct err err;

	(void)state;
	for (size_t i = 0; i < NOTHING; i++)
		memcpy(text + 4 * i, "\U000e0100", 4);
	memcpy(text + 4 * NOTHING, "a.bc", 5);
	assert_int_equal(strlen(text), 4 * LIMIT_DOMAIN);
	assert_int_equal(domain_normalise(text, out, NULL), 0);
	assert_string_equal(out, "a.bc");
	memcpy(text + 4 * NOTHING, "a.bcd", 6);
	assert_int_equal(domain_normalise(text, out, &err), -1);
	assert_non_null(strstr(err.text, "name too long"));
}

static void
what_is_empty_is_said_to_be(void **state)
{
	char out[LIMIT_DOMAIN_SIZE];
	struct err err;

	(void)state;
	assert_int_equal(domain_normalise("", out, &err), -1);
	assert_string_equal(err.text, ": empty name");
	assert_int_equal(domain_normalise(".", out, &err), -1);
	assert_string_equal(err.text, ": empty name");
	assert_int_equal(domain_normalise("a.b..", out, &err), -1);
	assert_string_equal(err.text, "a.b.: empty label");
}

static void
an_error_shows_no_hostile_octet(void **state)
{
	char out[LIMIT_DOMAIN_SIZE];
	struct err err;

	(void)state;
	assert_int_equal(
	    domain_normalise("a\n\x1b[2J\"=\xff.example", out, &err), -1);
	for (const char *p = err.text; *p != '\0'; p++)
		assert_true(*p >= ' ' && *p <= '~');
}

#define WIRE(s) s, sizeof(s) - 1

static void
wire_names_are_read_in_the_same_spelling(void **state)
{
	static const struct {
		const char *id, *in;
		size_t length;
		const char *out; /* NULL: refused */
		size_t left;
	} rows[] = {
	    {"plain", WIRE("\3MX1\1d\7example\0rest"), "mx1.d.example", 4},
	    {"root", WIRE("\0"), "", 0},
	    {"underscore", WIRE("\4_tcp\1d\0"), "_tcp.d", 0},
	    {"empty", WIRE(""), NULL, 0},
	    {"no end", WIRE("\1d"), NULL, 0},
	    {"cut", WIRE("\5mx"), NULL, 0},
	    {"compressed", WIRE("\3mx1\xc0\x0c"), NULL, 0},
	    {"extended label", WIRE("\x41\x01\0"), NULL, 0},
	    {"label of 63", WIRE("\x3f" L63 "\0"), L63, 0},
	    {"label of 64", WIRE("\x40" L63 "0\0"), NULL, 0},
	    {"dot in label", WIRE("\3a.b\0"), NULL, 0},
	    {"NUL in label", WIRE("\3a\0b\0"), NULL, 0},
	    {"space in label", WIRE("\3a b\0"), NULL, 0},
	    {"UTF-8", WIRE("\2\xc3\xbc\0"), NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[LIMIT_DOMAIN_SIZE] = "untouched";
		struct err err;
		struct wire wire;
		int rc;

		wire_init(&wire, (const uint8_t *)rows[i].in, rows[i].length);
		rc = domain_from_wire(&wire, out, &err);
		ROW(rows[i].id, rc == (rows[i].out == NULL ? -1 : 0));
		ROW(rows[i].id, rc == 0 || err.kind == ERR_DATA);
		ROW_TEXT(rows[i].id, out,
		    rows[i].out == NULL ? "untouched" : rows[i].out);
		ROW(rows[i].id, rc < 0 || wire.left == rows[i].left);
	}
}

static void
a_wire_name_of_254_octets_is_refused(void **state)
{
	char out[LIMIT_DOMAIN_SIZE];
	struct wire wire;
	uint8_t name[300];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 126; i++) {
		name[used++] = 1;
		name[used++] = 'a';
	}
	name[used++] = 1; /* 127 labels: 253 octets of text */
	name[used++] = 'a';
	name[used] = 0;
	wire_init(&wire, name, used + 1);
	assert_int_equal(domain_from_wire(&wire, out, NULL), 0);
	assert_int_equal(strlen(out), LIMIT_DOMAIN);
	name[used++] = 1;
	name[used++] = 'a';
	name[used] = 0;
	wire_init(&wire, name, used + 1);
	assert_int_equal(domain_from_wire(&wire, out, NULL), -1);
}

static void
address_literals_are_told_from_names(void **state)
{
	static const struct {
		const char *text;
		bool literal;
	} rows[] = {
	    {"[192.0.2.1]", true},
	    {"[IPv6:2001:db8::1]", true},
	    {"[ipv6:2001:db8::1]", true},
	    {"[2001:db8::1]", true},
	    {"192.0.2.1", false},
	    {"[192.0.2.1", false},
	    {"[192.0.2.256]", false},
	    {"[mx1.d.example]", false},
	    {"[]", false},
	    {"[", false},
	    {"", false},
	    {"[IPv6:]", false},
	    {"[IPv6:2001:db8:0:0:0:0:0:1]", true},
	    {"x192.0.2.1]", false},
	    {"[192.0.2.1x", false},
	    {"]", false},
	    {"[0000000000000000000000000000000000000000000001]", false},
	    {"[00000000000000000000000000000000000000000000000001]", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].text,
		    domain_is_literal(rows[i].text) == rows[i].literal);
}

static void
the_domain_of_an_address_is_behind_the_last_at(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} rows[] = {
	    {"user@d.example", "d.example"},
	    {"<user@D.Example>", "D.Example"},
	    {"\"a@b\"@d.example", "d.example"},
	    {"<@relay.example:user@d.example>", "d.example"},
	    {"user@[192.0.2.1]", "[192.0.2.1]"},
	    {"user@m\u00fcller.example", "m\u00fcller.example"},
	    {"user@b.x", "b.x"},
	    {"user@d.example>", "d.example>"},
	    {"<user@d.example", "d.example"},
	    {"\"a@b\"", NULL},
	    {"\"a@\"", NULL},
	    {"user", NULL},
	    {"<>", NULL},
	    {"", NULL},
	    {"user@", NULL},
	    {"<user@>", NULL},
	    {"user@0123456789abcdef", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[16] = "untouched";
		int rc = domain_of_address(rows[i].in, out, sizeof(out), NULL);

		ROW(rows[i].in, rc == (rows[i].out == NULL ? -1 : 0));
		ROW_TEXT(rows[i].in, out,
		    rows[i].out == NULL ? "untouched" : rows[i].out);
	}
}

static void
under_is_at_label_boundaries(void **state)
{
	(void)state;
	assert_true(domain_under("d.example", "d.example"));
	assert_true(domain_under("a.b.d.example", "d.example"));
	assert_true(domain_under("d.example", ""));
	assert_false(domain_under("ad.example", "d.example"));
	assert_false(domain_under("example", "d.example"));
	assert_false(domain_under("c.example", "d.example"));
	assert_false(domain_under("a.d.example", "e.example"));
}

int
main(void)
{
	static const struct CMUnitTest domain[] = {
	    cmocka_unit_test(names_get_one_spelling),
	    cmocka_unit_test(
		names_that_idna2008_refuses_are_looked_up_as_by_the_mta),
	    cmocka_unit_test(what_is_no_name_is_refused),
	    cmocka_unit_test(an_endless_text_is_refused),
	    cmocka_unit_test(a_text_of_1012_octets_may_still_be_a_name),
	    cmocka_unit_test(what_is_empty_is_said_to_be),
	    cmocka_unit_test(an_error_shows_no_hostile_octet),
	    cmocka_unit_test(wire_names_are_read_in_the_same_spelling),
	    cmocka_unit_test(a_wire_name_of_254_octets_is_refused),
	    cmocka_unit_test(address_literals_are_told_from_names),
	    cmocka_unit_test(the_domain_of_an_address_is_behind_the_last_at),
	    cmocka_unit_test(under_is_at_label_boundaries),
	};

	return RUN_TESTS(domain);
}
