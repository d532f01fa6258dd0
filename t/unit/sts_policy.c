/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_policy.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define V "version: STSv1\n"
#define E "mode: enforce\n"
#define A "max_age: 86400\n"
#define MX "mx: mx1.d.example\n"

/* Octets of a body that nothing stands before or behind. */
static struct sts_policy *
parse_octets(const char *body, struct err *err)
{
	size_t length = strlen(body);
	char *octets = xmemdup(body, length);
	struct sts_policy *policy = sts_policy_parse(octets, length, err);

	free(octets);
	return policy;
}

static struct sts_policy *
parse(const char *body)
{
	return parse_octets(body, NULL);
}

#define UNPRINTABLE \
	"line 5: field value: it has octets that are no printable text"
#define NO_NAME \
	"line 5: field name: not 1 to 32 letters, digits, \"_\", \"-\", \".\""

static const struct {
	const char *id, *body;
	enum sts_mode mode;
	uint32_t max_age_s;
	size_t mx_count;
	unsigned notes;
} valid_ones[] = {
    {"M01", V E A MX, STS_MODE_ENFORCE, 86400, 1, 0},
    {"M28 no final newline", V E A "mx: mx1.d.example", STS_MODE_ENFORCE, 86400,
	1, 0},
    {"M28 CRLF",
	"version: STSv1\r\nmode: enforce\r\nmax_age: 86400\r\n"
	"mx: mx1.d.example\r\n",
	STS_MODE_ENFORCE, 86400, 1, 0},
    {"M28 mixed",
	"version: STSv1\r\n" E "max_age: 86400\r\n"
	"mx: mx1.d.example",
	STS_MODE_ENFORCE, 86400, 1, 0},
    {"M30", MX A E V, STS_MODE_ENFORCE, 86400, 1, 0},
    {"M32 tight", V "mode:enforce\n" A MX, STS_MODE_ENFORCE, 86400, 1, 0},
    {"M32 blanks", V "mode: \t enforce  \n" A MX, STS_MODE_ENFORCE, 86400, 1,
	0},
    {"blanks before CRLF", V "mode: enforce \t\r\n" A MX, STS_MODE_ENFORCE,
	86400, 1, 0},
    {"M34", V E "mode: none\n" A MX, STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_DUPLICATE_KEY},
    {"second version", V E A MX "version: STSv2\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_DUPLICATE_KEY},
    {"second max_age", V E A MX "max_age: soon\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_DUPLICATE_KEY},
    {"M40", V E "max_age: 0\n" MX, STS_MODE_ENFORCE, 0, 1, 0},
    {"maximum", V E "max_age: 31557600\n" MX, STS_MODE_ENFORCE, 31557600, 1, 0},
    {"M41", V E "max_age: 31557601\n" MX, STS_MODE_ENFORCE, 31557600, 1,
	STS_NOTE_MAX_AGE_CLAMPED},
    {"M41 10 digits", V E "max_age: 9999999999\n" MX, STS_MODE_ENFORCE,
	31557600, 1, STS_NOTE_MAX_AGE_CLAMPED},
    {"leading zeros", V E "max_age: 0000086400\n" MX, STS_MODE_ENFORCE, 86400,
	1, 0},
    {"M44", V "mode: none\n" A, STS_MODE_NONE, 86400, 0, 0},
    {"M44 with mx", V "mode: none\n" A MX, STS_MODE_NONE, 86400, 1, 0},
    {"M49", V E A MX "note: hi\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_UNKNOWN_KEY},
    {"M49 UTF-8", V E A MX "note: gr\u00fc\u00dfe \u20ac \U0001f512\n",
	STS_MODE_ENFORCE, 86400, 1, STS_NOTE_UNKNOWN_KEY},
    {"testing", V "mode: testing\n" A MX "mx: *.d.example\n", STS_MODE_TESTING,
	86400, 2, 0},
    {"UTF-8 at its ends",
	V E A MX "note: ~ \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf "
		 "\xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
	STS_MODE_ENFORCE, 86400, 1, STS_NOTE_UNKNOWN_KEY},
    {"the last in UTF-8", V E A MX "note: \u00fc", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_UNKNOWN_KEY},
    {"name of 32", V E A MX "a2345678901234567890123456789012: x\n",
	STS_MODE_ENFORCE, 86400, 1, STS_NOTE_UNKNOWN_KEY},
    {"name of one", V E A MX "a: x\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_UNKNOWN_KEY},
    {"trailing CRLF", V E A MX "\r\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_TRAILING_BLANK_LINES},
    {"trailing blank lines", V E A MX "\n \r\n\t\n", STS_MODE_ENFORCE, 86400, 1,
	STS_NOTE_TRAILING_BLANK_LINES},
};

static void
a_valid_policy_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid_ones); i++) {
		AUTO(sts_policy)
		struct sts_policy *policy = parse(valid_ones[i].body);

		ROW(valid_ones[i].id, policy != NULL);
		ROW(valid_ones[i].id, policy->mode == valid_ones[i].mode);
		ROW(valid_ones[i].id,
		    policy->max_age_s == valid_ones[i].max_age_s);
		ROW(valid_ones[i].id,
		    policy->mx_count == valid_ones[i].mx_count);
		ROW(valid_ones[i].id, policy->notes == valid_ones[i].notes);
	}
}

static const struct {
	const char *id, *body, *error;
} broken[] = {
    {"empty", "", "no version"},
    {"HTML", "<!DOCTYPE html>\n", "line 1: field without \":\""},
    {"M27", "\x1f\x8b\x08", "line 1: field without \":\""},
    {"M29", "version: STSv1\rmode: enforce\r",
	"line 1: field value: a CR without LF stands in it"},
    {"CR within", "version: STSv1\r \n" E A MX,
	"line 1: field value: a CR without LF stands in it"},
    {"M31 front", V " mode: enforce\n" A MX,
	"line 2: field name: the line is indented"},
    {"M31 back", V "mode : enforce\n" A MX,
	"line 2: field name: white space stands before \":\""},
    {"M33", V E "\n" A MX, "line 3: blank"},
    {"M33 white space", V E " \t\r\n" A MX, "line 3: blank"},
    {"blank first", "\n" V E A MX, "line 1: blank"},
    {"blank only", "\n\n", "line 1: blank"},
    {"M35", E A MX, "no version"},
    {"M36", "version: STSv2\n" E A MX, "line 1: version is not STSv1"},
    {"M36 case", "version: stsv1\n" E A MX, "line 1: version is not STSv1"},
    {"M37", V A MX, "no mode"},
    {"M38 value", V "mode: Enforce\n" A MX,
	"line 2: mode is not enforce, testing or none"},
    {"M38 key", V "Mode: enforce\n" A MX, "no mode"},
    {"M39", V E MX, "no max_age"},
    {"M42 negative", V E "max_age: -1\n" MX,
	"line 3: max_age is not 1 to 10 digits"},
    {"M42 exponent", V E "max_age: 1e3\n" MX,
	"line 3: max_age is not 1 to 10 digits"},
    {"M42 unit", V E "max_age: 86400s\n" MX,
	"line 3: max_age is not 1 to 10 digits"},
    {"M42 11 digits", V E "max_age: 00000086400\n" MX,
	"line 3: max_age is not 1 to 10 digits"},
    {"M43", V E A, "no mx"},
    {"M43 testing", V "mode: testing\n" A, "no mx"},
    {"BOM", "\xef\xbb\xbf" V E A MX,
	"line 1: field name: a byte order mark (UTF-8) stands before it"},
    {"UTF-16, little end", "\xff\xfev: x\n",
	"line 1: field name: this is UTF-16, not ASCII"},
    {"UTF-16, big end", "\xfe\xffv: x\n",
	"line 1: field name: this is UTF-16, not ASCII"},
    {"empty value", V E A MX "note:\n",
	"line 5: field value: there is none behind \":\""},
    {"blank value", V E A MX "note: \t\n",
	"line 5: field value: there is none behind \":\""},
    {"TAB in value", V E A MX "note: a\tb\n", UNPRINTABLE},
    {"control", V E A MX "note: \x1b[0m\n", UNPRINTABLE},
    {"DEL", V E A MX "note: \x7f\n", UNPRINTABLE},
    {"not UTF-8", V E A MX "note: \xfc\n", UNPRINTABLE},
    {"overlong", V E A MX "note: \xc0\x80\n", UNPRINTABLE},
    {"overlong 3", V E A MX "note: \xe0\x9f\xbf\n", UNPRINTABLE},
    {"overlong 4", V E A MX "note: \xf0\x8f\xbf\xbf\n", UNPRINTABLE},
    {"surrogate", V E A MX "note: \xed\xa0\x80\n", UNPRINTABLE},
    {"above Unicode", V E A MX "note: \xf4\x90\x80\x80\n", UNPRINTABLE},
    {"cut UTF-8", V E A MX "note: \xe2\x82", UNPRINTABLE},
    {"lone lead", V E A MX "note: \xc3", UNPRINTABLE},
    {"lone lead, last", V E A MX "note: ab\xc3", UNPRINTABLE},
    {"second octet of a name", V E A MX "a!: x\n", NO_NAME},
    {"lone lead before ASCII",
	V E A MX "note: \xc3"
		 "A\n",
	UNPRINTABLE},
    {"no lead", V E A MX "note: \x80\x80\x80\x80\n", UNPRINTABLE},
    {"third octet",
	V E A MX "note: \xe2\x82"
		 "A\n",
	UNPRINTABLE},
    {"octet F5", V E A MX "note: \xf5\x80\x80\x80\n", UNPRINTABLE},
    {"one octet behind", V E A MX "x", "line 5: field without \":\""},
    {"one octet after a blank line", V E A MX "\nx", "line 5: blank"},
    {"one octet and LF after it", V E A MX "\nx\n", "line 5: blank"},
    {"no value at the end",
	V E A MX "note:", "line 5: field value: there is none behind \":\""},
    {"name of 33", V E A MX "a23456789012345678901234567890123: x\n", NO_NAME},
    {"name begins with dot", V E A MX ".a: x\n", NO_NAME},
};

static void
a_broken_policy_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct err err;
		struct sts_policy *policy = parse_octets(broken[i].body, &err);

		ROW(broken[i].id, policy == NULL && err.kind == ERR_DATA);
		ROW_TEXT(broken[i].id, err.text, broken[i].error);
	}
}

static void
an_mx_is_a_host_name_or_a_wildcard_and_one(void **state)
{
	static const struct {
		const char *id, *mx;
		bool valid;
	} rows[] = {
	    {"name", "mx1.d.example", true},
	    {"wildcard", "*.d.example", true},
	    {"A-label", "xn--mller-kva.example", true},
	    {"digit first", "1.mx.example", true},
	    {"label of digits", "mx.1.example", true},
	    {"one label", "localhost", true},
	    {"M48", "MX1.D.EXAMPLE", true},
	    {"M47 final dot", "mx1.d.example.", false},
	    {"M47 U-label", "m\u00fcller.example", false},
	    {"shortest wildcard", "*.a", true},
	    {"wildcard, hyphen last", "*.d.example-", false},
	    {"M47 star", "*", false},
	    {"M47 star dot", "*.", false},
	    {"M47 partial", "mx*.d.example", false},
	    {"M47 IPv4", "192.0.2.1", false},
	    {"literal", "[192.0.2.1]", false},
	    {"IPv6", "2001:db8::1", false},
	    {"wildcard twice", "*.*.d.example", false},
	    {"wildcard inside", "mx.*.example", false},
	    {"leading dot", ".d.example", false},
	    {"two dots", "mx1..example", false},
	    {"underscore", "mx_1.d.example", false},
	    {"hyphen first", "-mx.d.example", false},
	    {"hyphen last", "mx-.d.example", false},
	    {"two names", "mx1.d.example mx2.d.example", false},
	    {"comma", "mx1.d.example,mx2.d.example", false},
	    {"label of 63",
		"a234567890123456789012345678901234567890123456789012345678901"
		"23.example",
		true},
	    {"label of 64",
		"a234567890123456789012345678901234567890123456789012345678901"
		"234.example",
		false},
	};
	char body[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(body, sizeof(body), V E A "mx: %s\n", rows[i].mx);
		AUTO(sts_policy) struct sts_policy *policy = parse(body);

		ROW(rows[i].id, (policy != NULL) == rows[i].valid);
	}
}

static void
patterns_name_hosts_as_the_rfc_says(void **state)
{
	static const struct {
		const char *id, *mx, *host;
		bool named;
	} rows[] = {
	    {"M01", "mx1.d.example", "mx1.d.example", true},
	    {"M45", "*.d.example", "mx1.d.example", true},
	    {"M46 parent", "*.d.example", "d.example", false},
	    {"M46 two labels", "*.d.example", "a.b.d.example", false},
	    {"M46 suffix", "*.d.example", "mx1.ad.example", false},
	    {"M48", "MX1.D.EXAMPLE", "mx1.d.example", true},
	    {"M48 wildcard", "*.D.EXAMPLE", "mx1.d.example", true},
	    {"M51", "mx2.d.example", "mx1.d.example", false},
	    {"M70", "d.example", "d.example", true},
	    {"top-level", "*.example", "d.example", true},
	    {"one label", "*.example", "example", false},
	    {"no host", "*.example", "", false},
	};
	char body[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(body, sizeof(body), V E A "mx: %s\n", rows[i].mx);
		AUTO(sts_policy) struct sts_policy *policy = parse(body);

		ROW(rows[i].id, policy != NULL);
		ROW(rows[i].id,
		    sts_policy_names(policy, rows[i].host) == rows[i].named);
	}
}

static void
any_of_several_patterns_names_the_host(void **state)
{
	AUTO(sts_policy)
	struct sts_policy *policy = parse(V E A MX "mx: *.other.example\n");

	(void)state;
	assert_non_null(policy);
	assert_true(sts_policy_names(policy, "mx1.d.example"));
	assert_true(sts_policy_names(policy, "a.other.example"));
	assert_false(sts_policy_names(policy, "mx2.d.example"));
}

static void
a_nul_octet_is_in_no_rule(void **state)
{
	static const char in_value[] = V E A MX "note: a\0b\n";
	static const char in_name[] = V E A MX "no\0te: a\n";
	static const char in_mx[] = V E A "mx: mx1.d.example\0.evil.example\n";

	(void)state;
	assert_null(sts_policy_parse(in_value, sizeof(in_value) - 1, NULL));
	assert_null(sts_policy_parse(in_name, sizeof(in_name) - 1, NULL));
	assert_null(sts_policy_parse(in_mx, sizeof(in_mx) - 1, NULL));
}

/* V E A and then the line again and again. */
static struct sts_policy *
parse_repeated(const char *line, size_t count, struct err *err)
{
	size_t head = strlen(V E A);
	size_t step = strlen(line);
	char *body = xmalloc(head + count * step);
	struct sts_policy *policy;

	memcpy(body, V E A, head);
	for (size_t i = 0; i < count; i++)
		memcpy(body + head + i * step, line, step);
	policy = sts_policy_parse(body, head + count * step, err);
	free(body);
	return policy;
}

static void
size_and_count_have_their_limits(void **state)
{
	struct sts_policy *policy;
	struct err err;

	(void)state;
	policy = parse_repeated(MX, LIMIT_STS_MX, NULL);
	assert_non_null(policy);
	sts_policy_free(policy);
	assert_null(parse_repeated(MX, LIMIT_STS_MX + 1, &err));
	assert_string_equal(err.text, "line 260: too many mx");
	assert_null(parse_repeated("x: y\n", LIMIT_STS_BODY / 5, &err));
	assert_string_equal(err.text, "longer than 64 KiB"); /* M25 */
}

static void
a_body_of_64_kib_is_read_and_no_larger_one(void **state)
{
	size_t head = strlen(V E A MX "note: ");
	char *body = xmalloc(LIMIT_STS_BODY + 1);
	struct sts_policy *policy;

	(void)state;
	memcpy(body, V E A MX "note: ", head);
	memset(body + head, 'x', LIMIT_STS_BODY + 1 - head);
	policy = sts_policy_parse(body, LIMIT_STS_BODY, NULL);
	assert_non_null(policy);
	sts_policy_free(policy);
	assert_null(sts_policy_parse(body, LIMIT_STS_BODY + 1, NULL));
	free(body);
}

static void
the_longest_mx_is_printed_and_a_longer_one_refused(void **state)
{
	char mx[5 + LIMIT_DOMAIN + 3] = "mx: ";
	struct sts_policy *policy;
	char *body;

	(void)state;
	for (size_t i = 0; i < LIMIT_DOMAIN; i++)
		mx[4 + i] = i % 2 == 0 ? 'a' : '.';
	mx[4 + LIMIT_DOMAIN] = '\n';
	policy = parse_repeated(mx, 1, NULL);
	assert_non_null(policy);
	body = sts_policy_print(policy);
	assert_non_null(strstr(body, mx));
	free(body);
	sts_policy_free(policy);
	memcpy(mx + 4 + LIMIT_DOMAIN, ".a\n", 3);
	assert_null(parse_repeated(mx, 1, NULL));
}

static void
as_many_mx_as_there_may_be_are_printed(void **state)
{
	struct sts_policy *policy = parse_repeated(MX, LIMIT_STS_MX, NULL);
	char *body = sts_policy_print(policy);
	AUTO(sts_policy) struct sts_policy *again = parse(body);

	(void)state;
	assert_non_null(again);
	assert_int_equal(again->mx_count, LIMIT_STS_MX);
	assert_int_equal(again->max_age_s, 86400);
	free(body);
	sts_policy_free(policy);
}

static void
the_media_type_is_text_plain(void **state)
{
	static const struct {
		const char *id, *type;
		bool plain;
	} rows[] = {
	    {"plain", "text/plain", true},
	    {"M24 charset", "text/plain; charset=utf-8", true},
	    {"M24 other charset", "text/plain; charset=iso-8859-1", true},
	    {"M24 parameter", "text/plain;foo=bar", true},
	    {"M24 case", "TEXT/PLAIN", true},
	    {"blanks", " text/plain \t; charset=utf-8", true},
	    {"M23", "text/html", false},
	    {"M23 absent", NULL, false},
	    {"empty", "", false},
	    {"longer", "text/plainer", false},
	    {"shorter", "text", false},
	    {"list", "text/plain, text/html", false},
	    {"two words", "text/plain charset=utf-8", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].id, sts_media_type(rows[i].type) == rows[i].plain);
}

static void
what_is_printed_is_read_again(void **state)
{
	char host[] = "mx1.d.example", rest[] = "*.d.example";
	char *mx[] = {host, rest};
	struct sts_policy policy = {.mode = STS_MODE_ENFORCE,
	    .max_age_s = LIMIT_STS_MAX_AGE_S,
	    .mx_count = 2,
	    .mx = mx};
	char *body = sts_policy_print(&policy);
	AUTO(sts_policy)
	struct sts_policy *read = sts_policy_parse(body, strlen(body), NULL);

	(void)state;
	assert_string_equal(body,
	    "version: STSv1\nmode: enforce\nmx: mx1.d.example\n"
	    "mx: *.d.example\nmax_age: 31557600\n");
	free(body);
	assert_non_null(read);
	assert_int_equal(read->mode, STS_MODE_ENFORCE);
	assert_int_equal(read->max_age_s, LIMIT_STS_MAX_AGE_S);
	assert_int_equal(read->mx_count, 2);
	assert_string_equal(read->mx[1], rest);
	assert_int_equal(read->notes, 0);
}

static void
join_mistake(void *arg, const char *text)
{
	char *out = arg;
	size_t length = strlen(out);

	snprintf(
	    out + length, 2000 - length, "%s%s", length == 0 ? "" : "|", text);
}

static void
lint_tells_all_mistakes(void **state)
{
	static const struct {
		const char *body, *mistakes;
	} rows[] = {
	    {V E A MX, ""},
	    {"", "no version|no mode|no max_age"},
	    {"version: STSv2\nmode: Enforce\nmax_age: 1d\nmx: a_b\n",
		"line 1: version is not STSv1|"
		"line 2: mode is not enforce, testing or none|"
		"line 3: max_age is not 1 to 10 digits|"
		"line 4: mx is no host name of A-labels, nor \"*.\" and one"},
	    {"\xef\xbb\xbf" V E A "  " MX,
		"line 1: field name: a byte order mark (UTF-8) stands before "
		"it|line 4: field name: the line is indented"},
	    {"\xff\xfe: x\n" V E A MX,
		"line 1: field name: this is UTF-16, not ASCII"},
	    {V E ": x\n" A MX "x\n",
		"line 3: field name: there is none before \":\"|"
		"line 6: field without \":\""},
	    {V "\n" E "\n" A MX "\n\n", "line 2: blank|line 4: blank"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char found[2000] = "", first[2000] = "";
		struct err err = {.text = ""};
		size_t count = sts_policy_lint(
		    rows[i].body, strlen(rows[i].body), join_mistake, found);
		AUTO(sts_policy)
		struct sts_policy *policy =
		    sts_policy_parse(rows[i].body, strlen(rows[i].body), &err);

		ROW_TEXT(rows[i].body, found, rows[i].mistakes);
		ROW(rows[i].body, (count == 0) == (policy != NULL));
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(found, "|"),
		    found);
		ROW_TEXT(rows[i].body, err.text, first);
	}
}

static void
mistakes_that_are_told_are_bounded(void **state)
{
	char body[4 * LIMIT_CONF_FAULTS + 1] = "";
	char found[2000] = "";

	(void)state;
	for (size_t i = 0; i < 4 * LIMIT_CONF_FAULTS; i += 2)
		memcpy(body + i, "x\n", 3);
	assert_int_equal(
	    sts_policy_lint(body, strlen(body), join_mistake, found),
	    LIMIT_CONF_FAULTS);
}

int
main(void)
{
	static const struct CMUnitTest sts_policy[] = {
	    cmocka_unit_test(a_valid_policy_is_read),
	    cmocka_unit_test(a_broken_policy_is_refused_with_its_line),
	    cmocka_unit_test(an_mx_is_a_host_name_or_a_wildcard_and_one),
	    cmocka_unit_test(patterns_name_hosts_as_the_rfc_says),
	    cmocka_unit_test(any_of_several_patterns_names_the_host),
	    cmocka_unit_test(a_nul_octet_is_in_no_rule),
	    cmocka_unit_test(size_and_count_have_their_limits),
	    cmocka_unit_test(a_body_of_64_kib_is_read_and_no_larger_one),
	    cmocka_unit_test(
		the_longest_mx_is_printed_and_a_longer_one_refused),
	    cmocka_unit_test(as_many_mx_as_there_may_be_are_printed),
	    cmocka_unit_test(the_media_type_is_text_plain),
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(lint_tells_all_mistakes),
	    cmocka_unit_test(mistakes_that_are_told_are_bounded),
	};

	return RUN_TESTS(sts_policy);
}
