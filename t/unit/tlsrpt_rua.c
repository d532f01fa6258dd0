/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* In octets of its own, so that nothing may be read behind them. */
static const char *
parse_exact(const char *uri, struct tlsrpt_rua *rua)
{
	char *exact = xmemdup(uri, strlen(uri));
	const char *why = tlsrpt_rua_parse(exact, strlen(uri), rua);

	free(exact);
	return why == NULL ? "" : why;
}

/* What a record says of its URIs, and how many it names. */
struct seen {
	struct tlsrpt_record record;
	unsigned uris;
};

static void
count_uri(void *arg, const char *uri, size_t length,
    const struct tlsrpt_rua *rua, const char *why)
{
	struct seen *seen = arg;

	(void)uri;
	(void)rua;
	(void)why;
	assert_true(length > 0);
	seen->uris++;
}

static void
see_exact(const char *text, struct seen *seen)
{
	char *exact = xmemdup(text, strlen(text));
	struct sts_txt txt = {exact, strlen(text)};

	seen->uris = 0;
	seen->record = tlsrpt_record_select(&txt, 1, count_uri, seen);
	free(exact);
}

/* RFC 3986 section 2.1 */
static void
each_hex_digit_of_an_address_is_read(void **state)
{
	static const struct {
		const char *uri, *target;
	} rows[] = {
	    {"mailto:%30%31%32%33%34%35%36%37%38%39@d.ex", "0123456789@d.ex"},
	    {"mailto:%60%61%6a%6b%6c%6d%6e%6f%70%7e@d.ex", "`ajklmnop~@d.ex"},
	    {"mailto:%6A%6B%6C%6D%6E%6F%2a@d.ex", "jklmno*@d.ex"},
	    {"mailto:a@d.e%78", "a@d.ex"},
	    {"mailto:~@d.ex?subject=%zz", "~@d.ex"},
	};
	struct tlsrpt_rua rua;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(&rua, 0xff, sizeof(rua));
		ROW_TEXT(rows[i].uri, parse_exact(rows[i].uri, &rua), "");
		ROW_TEXT(rows[i].uri, rua.target, rows[i].target);
		ROW_TEXT(rows[i].uri, rua.host, "d.ex");
		ROW(rows[i].uri, rua.scheme == TLSRPT_MAILTO);
	}
}

static void
why_a_uri_is_refused_is_told(void **state)
{
	static const char octet[] = "an octet that no address has, or too many";
	static const char url[] = "an octet that no such URL has";
	static const struct {
		const char *uri, *why;
	} rows[] = {
	    {"mailto:a@d.ex%4", octet},
	    {"mailto:a@d.ex%", octet},
	    {"mailto:a%zz@d.ex", octet},
	    {"mailto:a%4g@d.ex", octet},
	    {"mailto:a%4:@d.ex", octet},
	    {"mailto:a%4/@d.ex", octet},
	    {"mailto:a%4G@d.ex", octet},
	    {"mailto:a%4@@d.ex", octet},
	    {"mailto:a%20@d.ex", octet},
	    {"mailto:a%7f@d.ex", octet},
	    {"mailto:a%ff@d.ex", octet},
	    {"mailto:", "no address"},
	    {"mailto", "neither mailto: nor https:"},
	    {"https://", "no host name"},
	    {"https://{r.ex/", url},
	    {"https://r.ex/{", url},
	    {"https://r.ex/\x7f", url},
	};
	struct tlsrpt_rua rua;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW_TEXT(
		    rows[i].uri, parse_exact(rows[i].uri, &rua), rows[i].why);
	assert_string_equal(parse_exact("https://r.ex/~a", &rua), "");
	assert_string_equal(parse_exact("https://r.ex", &rua), "");
}

/* RFC 5321 section 4.5.3.1.3 */
static void
an_address_may_be_so_long_and_no_longer(void **state)
{
	enum { HEAD = 7, MOST = 254 };
	char uri[HEAD + MOST + 2] = "mailto:a@";
	struct tlsrpt_rua rua;

	(void)state;
	for (size_t i = strlen(uri); i < HEAD + MOST; i++)
		uri[i] = i % 50 == 0 ? '.' : 'b';
	assert_string_equal(parse_exact(uri, &rua), "");
	assert_int_equal(strlen(rua.target), MOST);
	uri[HEAD + MOST] = 'b';
	assert_string_equal(parse_exact(uri, &rua),
	    "an octet that no address has, or too many");
}

static void
a_host_name_of_a_url_may_be_as_long_as_one_is(void **state)
{
	enum { HEAD = 8, MOST = LIMIT_DOMAIN + sizeof(":65535") };
	char uri[HEAD + MOST + 2] = "https://";
	struct tlsrpt_rua rua;
	char *end = uri + HEAD + LIMIT_DOMAIN;

	(void)state;
	for (char *at = uri + HEAD; at < end; at++)
		*at = (at - uri) % 50 == 0 ? '.' : 'b';
	memcpy(end, ":65535", sizeof(":65535"));
	assert_string_equal(parse_exact(uri, &rua), "");
	assert_int_equal(strlen(rua.host), LIMIT_DOMAIN);
	memcpy(end, "b:65535", sizeof("b:65535"));
	assert_string_equal(parse_exact(uri, &rua), "no host name");
	memcpy(end, "bb:65535", sizeof("bb:65535"));
	assert_string_equal(
	    parse_exact(uri, &rua), "the host name is too long");
}

/* A record tells of what is a URI, and of nothing else. */
static void
what_is_empty_is_no_uri(void **state)
{
	static const struct {
		const char *text;
		unsigned uris;
		const char *why;
	} rows[] = {
	    {"v=TLSRPTv1; rua=mailto:a@d.ex,", 1, ""},
	    {"v=TLSRPTv1; rua= ,mailto:a@d.ex", 1, ""},
	    {"v=TLSRPTv1; rua= \t ,\tmailto:a@d.ex\t", 1, ""},
	    {"v=TLSRPTv1; rua=x,mailto:a@d.ex", 2, ""},
	    {"v=TLSRPTv1; rua=", 0, "no rua that can be used"},
	    {"v=TLSRPTv1 ", 0, "no rua that can be used"},
	    {"v=TLSRPTv1 ;", 0, "no rua that can be used"},
	    {"v=TLSRPTv1 xrua=mailto:a@d.ex", 0, "no rua that can be used"},
	    {"v=TLSRPTv1", 0, "no record of TLSRPTv1"},
	};
	const struct sts_txt two[] = {{rows[0].text, strlen(rows[0].text)},
	    {rows[1].text, strlen(rows[1].text)}};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		see_exact(rows[i].text, &seen);
		ROW(rows[i].text, seen.uris == rows[i].uris);
		ROW_TEXT(rows[i].text, seen.record.why, rows[i].why);
	}
	seen.record = tlsrpt_record_select(two, 2, NULL, NULL);
	assert_string_equal(
	    seen.record.why, "more than one record of TLSRPTv1");
}

/* LIMIT_TLSRPT_URIS */
static void
so_many_uris_are_looked_at_and_no_more(void **state)
{
	struct text text;
	char record[1024];
	struct seen seen;

	(void)state;
	text_init(&text, record, sizeof(record));
	text_add(&text, "v=TLSRPTv1; rua=");
	for (int i = 1; i < LIMIT_TLSRPT_URIS; i++)
		text_add(&text, "x:,");
	text_add(&text, "mailto:a@d.ex");
	see_exact(record, &seen);
	assert_int_equal(seen.uris, LIMIT_TLSRPT_URIS);
	assert_int_equal(seen.record.count, 1);
	assert_false(seen.record.cut);
	text_add(&text, ",x:");
	see_exact(record, &seen);
	assert_int_equal(seen.uris, LIMIT_TLSRPT_URIS);
	assert_true(seen.record.cut);
}

/* A record with so many octets behind its version, which end as told. */
static void
see_record_of(size_t size, const char *end, struct seen *seen)
{
	static const char version[] = "v=TLSRPTv1";
	size_t head = strlen(version);
	char *text = xmalloc(head + size + 1);

	memset(text, 'y', head + size);
	memcpy(text, version, head);
	text[head] = ';';
	memcpy(text + head + size - strlen(end), end, strlen(end));
	text[head + size] = '\0';
	see_exact(text, seen);
	free(text);
}

/* LIMIT_TLSRPT_RECORD */
static void
of_a_long_record_whole_uris_are_read(void **state)
{
	enum { MOST = LIMIT_TLSRPT_RECORD };
	static const char two[] = ";rua=mailto:a@d.ex,mailto:b@d.ex";
	static const struct {
		size_t size;
		const char *end;
		unsigned uris;
		bool cut;
	} rows[] = {
	    {MOST, two, 2, false},
	    {MOST + 1, two, 1, true},
	    {MOST + 13, two, 1, true},
	    {MOST + 14, two, 0, true},
	    {MOST + 1, ";rua=mailto:a@d.ex;z", 1, true},
	    {MOST + 2, ";rua=mailto:a@d.ex;zz", 1, true},
	    {MOST + 3, ";rua=mailto:a@d.ex;zzz", 1, true},
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		see_record_of(rows[i].size, rows[i].end, &seen);
		ROW(rows[i].end, seen.uris == rows[i].uris);
		ROW(rows[i].end, seen.record.cut == rows[i].cut);
	}
}

static void
a_long_record_without_fields_has_no_uri(void **state)
{
	static const char version[] = "v=TLSRPTv1 ";
	char text[LIMIT_TLSRPT_RECORD + sizeof(version)];
	struct seen seen;

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	memcpy(text, version, strlen(version));
	text[sizeof(text) - 1] = '\0';
	see_exact(text, &seen);
	assert_int_equal(seen.record.outcome, TLSRPT_RECORD_NO_RUA);
	assert_int_equal(seen.uris, 0);
}

int
main(void)
{
	const struct CMUnitTest tlsrpt_rua[] = {
	    cmocka_unit_test(each_hex_digit_of_an_address_is_read),
	    cmocka_unit_test(why_a_uri_is_refused_is_told),
	    cmocka_unit_test(an_address_may_be_so_long_and_no_longer),
	    cmocka_unit_test(a_host_name_of_a_url_may_be_as_long_as_one_is),
	    cmocka_unit_test(what_is_empty_is_no_uri),
	    cmocka_unit_test(so_many_uris_are_looked_at_and_no_more),
	    cmocka_unit_test(of_a_long_record_whole_uris_are_read),
	    cmocka_unit_test(a_long_record_without_fields_has_no_uri),
	};

	return RUN_TESTS(tlsrpt_rua);
}
