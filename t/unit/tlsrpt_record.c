/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* Of octets of their own, so that a read past them is seen. */
static struct tlsrpt_record
select_text(const char *text)
{
	char *octets = xmemdup(text, strlen(text));
	struct sts_txt txt = {octets, strlen(text)};
	struct tlsrpt_record record = tlsrpt_record_select(&txt, 1, NULL, NULL);

	free(octets);
	return record;
}

static const char *
parse_rua(const char *uri, struct tlsrpt_rua *rua)
{
	char *octets = xmemdup(uri, strlen(uri));
	const char *why = tlsrpt_rua_parse(octets, strlen(uri), rua);

	free(octets);
	return why;
}

/* "scheme target host" of each, joined by "|" */
static const char *
list_ruas(const struct tlsrpt_record *record)
{
	static char list[8192];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < record->count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%s %s", i == 0 ? "" : "|", record->rua[i].target,
		    record->rua[i].host);
	return list;
}

static void
a_record_names_where_reports_go(void **state)
{
	static const struct {
		const char *id, *text, *ruas;
	} rows[] = {
	    {"L01", "v=TLSRPTv1; rua=mailto:a@d.ex", "a@d.ex d.ex"},
	    {"L01 without space", "v=TLSRPTv1;rua=mailto:a@d.ex",
		"a@d.ex d.ex"},
	    {"L01 final", "v=TLSRPTv1; rua=mailto:a@d.ex;", "a@d.ex d.ex"},
	    {"L02", "v=TLSRPTv1 ;rua=mailto:a@d.ex", "a@d.ex d.ex"},
	    {"L06 not second", "v=TLSRPTv1; x=y; rua=mailto:a@d.ex",
		"a@d.ex d.ex"},
	    {"L06 two", "v=TLSRPTv1; rua=mailto:a@d.ex; rua=https://r.ex/1",
		"a@d.ex d.ex|https://r.ex/1 r.ex"},
	    {"L07", "v=TLSRPTv1; rua=mailto:a@d.ex , https://r.ex/v1",
		"a@d.ex d.ex|https://r.ex/v1 r.ex"},
	    {"L08 address", "v=TLSRPTv1; rua=mailto:a%21b@d.ex",
		"a!b@d.ex d.ex"},
	    {"L08 URL", "v=TLSRPTv1; rua=https://r.ex/a%2Cb%21%3B",
		"https://r.ex/a%2Cb%21%3B r.ex"},
	    {"L09", "v=TLSRPTv1; rua=postmaster@d.ex,mailto:a@d.ex",
		"a@d.ex d.ex"},
	    {"L09 schemes",
		"v=TLSRPTv1; rua=http://r.ex/,ftp://r.ex/,directory:x,"
		"mailto:a@d.ex",
		"a@d.ex d.ex"},
	    {"L10 query", "v=TLSRPTv1; rua=mailto:a@d.ex?subject=x",
		"a@d.ex d.ex"},
	    {"L10 comma", "v=TLSRPTv1; rua=mailto:a@d.ex,b@d.ex",
		"a@d.ex d.ex"},
	    {"L10 literal",
		"v=TLSRPTv1; rua=mailto:a@[192.0.2.1],mailto:b@d.ex",
		"b@d.ex d.ex"},
	    {"L10 not ASCII",
		"v=TLSRPTv1; rua=mailto:\xc3\xbc@d.ex,mailto:b@d.ex",
		"b@d.ex d.ex"},
	    {"scheme in capitals", "v=TLSRPTv1; rua=MAILTO:a@D.ex",
		"a@D.ex d.ex"},
	    {"tabs", "v=TLSRPTv1\t;\trua=\tmailto:a@d.ex\t,\thttps://r.ex/\t;",
		"a@d.ex d.ex|https://r.ex/ r.ex"},
	    {"percent signs",
		"v=TLSRPTv1; rua=mailto:%61%7A%30%39%4a%4F%6f~@d.e%78",
		"az09JOo~@d.ex d.ex"},
	    {"tilde", "v=TLSRPTv1; rua=https://r.ex/~a",
		"https://r.ex/~a r.ex"},
	    {"empty URIs", "v=TLSRPTv1; rua=,mailto:a@d.ex,,", "a@d.ex d.ex"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_record record = select_text(rows[i].text);

		ROW(rows[i].id, record.outcome == TLSRPT_RECORD_VALID);
		ROW_TEXT(rows[i].id, list_ruas(&record), rows[i].ruas);
		ROW_TEXT(rows[i].id, record.why, "");
		ROW(rows[i].id, !record.cut);
	}
}

static void
what_names_nowhere_is_no_record(void **state)
{
	static const struct {
		const char *id, *text;
		enum tlsrpt_record_outcome outcome;
	} rows[] = {
	    {"L05 alone", "v=TLSRPTv1;", TLSRPT_RECORD_NO_RUA},
	    {"L05 unknown fields", "v=TLSRPTv1; x=y", TLSRPT_RECORD_NO_RUA},
	    {"L05 case", "v=tlsrptv1; rua=mailto:a@d.ex", TLSRPT_RECORD_ABSENT},
	    {"L05 version", "v=TLSRPTv10; rua=mailto:a@d.ex",
		TLSRPT_RECORD_ABSENT},
	    {"no delimiter", "v=TLSRPTv1", TLSRPT_RECORD_ABSENT},
	    {"white space alone", "v=TLSRPTv1 rua=mailto:a@d.ex",
		TLSRPT_RECORD_NO_RUA},
	    {"nothing behind it", "v=TLSRPTv1 ", TLSRPT_RECORD_NO_RUA},
	    {"an octet in place of the ;", "v=TLSRPTv1 xrua=mailto:a@d.ex",
		TLSRPT_RECORD_NO_RUA},
	    {"RUA", "v=TLSRPTv1; RUA=mailto:a@d.ex", TLSRPT_RECORD_NO_RUA},
	    {"none that can be used", "v=TLSRPTv1; rua=ftp://r.ex/",
		TLSRPT_RECORD_NO_RUA},
	    {"another", "v=spf1 -all", TLSRPT_RECORD_ABSENT},
	    {"empty", "", TLSRPT_RECORD_ABSENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_record record = select_text(rows[i].text);

		ROW(rows[i].id, record.outcome == rows[i].outcome);
		ROW(rows[i].id, record.count == 0 && record.why[0] != '\0');
	}
}

static void
of_several_records_one_must_announce_reports(void **state)
{
	static const struct sts_txt rows[] = {
	    {"v=spf1 -all", 11},
	    {"v=TLSRPTv1; rua=mailto:a@d.ex", 29},
	    {"v=TLSRPTv1; rua=mailto:b@d.ex", 29},
	};
	struct tlsrpt_record record;

	(void)state;
	record = tlsrpt_record_select(rows, 2, NULL, NULL); /* L04 */
	assert_string_equal(list_ruas(&record), "a@d.ex d.ex");
	record = tlsrpt_record_select(rows, 3, NULL, NULL); /* L04 */
	assert_int_equal(record.outcome, TLSRPT_RECORD_MANY);
	assert_string_equal(record.why, "more than one record of TLSRPTv1");
	record = tlsrpt_record_select(NULL, 0, NULL, NULL);
	assert_int_equal(record.outcome, TLSRPT_RECORD_ABSENT);
}

/* V50: why a record does not count */
static void
what_was_meant_for_reports_is_told(void **state)
{
	static const struct {
		struct sts_txt txt;
		enum tlsrpt_record_outcome outcome;
		size_t named;
		bool other;
	} rows[] = {
	    {{"v=TLSRPTv10; rua=mailto:a@d.ex", 30}, TLSRPT_RECORD_ABSENT, 0,
		true},
	    {{"V=TLSRPT", 8}, TLSRPT_RECORD_ABSENT, 0, true},
	    {{"v=TLSRP", 7}, TLSRPT_RECORD_ABSENT, 0, false},
	    {{"v=TLSRPT", 7}, TLSRPT_RECORD_ABSENT, 0, false},
	    {{"v=TLSRPX", 8}, TLSRPT_RECORD_ABSENT, 0, false},
	    {{"v=spf1 -all", 11}, TLSRPT_RECORD_ABSENT, 0, false},
	    {{"v=TLSRPTv1; a=b", 15}, TLSRPT_RECORD_NO_RUA, 0, false},
	    {{"v=TLSRPTv1; rua=", 16}, TLSRPT_RECORD_NO_RUA, 0, false},
	    {{"v=TLSRPTv1; rua=ftp:a", 21}, TLSRPT_RECORD_NO_RUA, 1, false},
	    {{"v=TLSRPTv1; rua=ftp:a,mailto:a@d.ex", 35}, TLSRPT_RECORD_VALID,
		2, false},
	};

	(void)state;
	for (size_t n = 0; n < 2 * COUNT(rows); n++) {
		const size_t i = n / 2;
		struct sts_txt both[] = {
		    {"what a wildcard has", 19}, {"what a wildcard has", 19}};
		struct tlsrpt_record record;

		both[n % 2] = rows[i].txt;
		record = tlsrpt_record_select(both, 2, NULL, NULL);
		ROW(rows[i].txt.data, record.outcome == rows[i].outcome);
		ROW(rows[i].txt.data, record.named == rows[i].named);
		ROW(rows[i].txt.data, record.other == rows[i].other);
	}
}

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* H04, H05, S22 */
static void
a_hostile_destination_is_refused(void **state)
{
	static const char *const bad[] = {"mailto:a%0d%0ab@d.ex",
	    "mailto:a%0Ab@d.ex", "mailto:a%00@d.ex", "mailto:a%4", "mailto:a%",
	    "mailto:%zz@d.ex", "mailto:\"a%20b\"@d.ex", "mailto:%22a%22@d.ex",
	    "mailto:@d.ex", "mailto:a@", "mailto:a",
	    "mailto:", "mailto:.a@d.ex", "mailto:a..b@d.ex", "mailto:a.@d.ex",
	    "mailto:a@b@d.ex", "mailto:a@192.0.2.1", "mailto:a@d..ex",
	    "mailto:a<b@d.ex", "mailto:" A64 "a@d.ex", "https://", "https:///x",
	    "https://user@r.ex/", "https://u:p@r.ex/", "https://127.0.0.1/",
	    "https://[::1]/", "https://[2001:db8::1]:443/", "https://r.ex:22/",
	    "https://r.ex:80/", "https://r.ex:0/", "https://r.ex:65536/",
	    "https://r.ex:443x/", "https://r.ex:/", "https://r.ex/#x",
	    "https://r.ex/a b", "https://r.ex/\r\nX: y", "https://r.ex/\"",
	    "https://r.ex/\xc3\xbc", "https:/r.ex/", "http://r.ex/", ""};
	static const char *const good[] = {"mailto:-oQ/@d.ex",
	    "mailto:" A64 "@d.ex", "https://r.ex", "https://r.ex?x",
	    "https://r.ex:443/", "https://r.ex:1024/", "https://R.ex.:8443/a?b",
	    "https://xn--bcher-kva.ex/"};
	struct tlsrpt_rua rua = {.scheme = TLSRPT_HTTPS};
	char long_url[LIMIT_TLSRPT_URI + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		ROW(bad[i], parse_rua(bad[i], &rua) != NULL);
	for (size_t i = 0; i < COUNT(good); i++)
		ROW(good[i], parse_rua(good[i], &rua) == NULL);
	parse_rua("mailto:a@d.ex", &rua);
	assert_int_equal(rua.scheme, TLSRPT_MAILTO);
	memset(long_url, 'a', sizeof(long_url));
	memcpy(long_url, "https://r.ex/", strlen("https://r.ex/"));
	assert_null(tlsrpt_rua_parse(long_url, LIMIT_TLSRPT_URI, &rua));
	assert_int_equal(strlen(rua.target), LIMIT_TLSRPT_URI);
	assert_non_null(tlsrpt_rua_parse(long_url, LIMIT_TLSRPT_URI + 1, &rua));
}

/* What the owner of the record is told. */
static void
why_a_destination_is_refused_is_told(void **state)
{
	static const struct {
		const char *uri, *why;
	} rows[] = {
	    {"", "neither mailto: nor https:"},
	    {"mailto", "neither mailto: nor https:"},
	    {"mailto:", "no address"},
	    {"mailto:a", "no address"},
	    {"mailto:@d.ex", "the part before \"@\""},
	    {"mailto:a@", "the part behind \"@\" is no domain"},
	    {"mailto:a%4", "an octet that no address has, or too many"},
	    {"mailto:%6g@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%6G@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%/1@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%:1@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%`1@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%@1@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%7f@d.ex", "an octet that no address has, or too many"},
	    {"mailto:%20@d.ex", "an octet that no address has, or too many"},
	    {"https:/", "neither mailto: nor https:"},
	    {"https://", "no host name"},
	    {"https://\x7f", "an octet that no such URL has"},
	    {"https://r.ex/\x7f", "an octet that no such URL has"},
	    {"https://r.ex/ ", "an octet that no such URL has"},
	    {"https://u@r.ex/", "a user name in the URL"},
	    {"https://[::1]/", "an address for a host name"},
	    {"https://r.ex:x/", "the port"},
	    {"https://r.ex:65536/", "the port"},
	    {"https://r.ex:442/", "a port below 1024 that is not 443"},
	    {"https://r.ex:1023/", "a port below 1024 that is not 443"},
	    {"https://r..ex/", "no host name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_rua rua;
		const char *why = parse_rua(rows[i].uri, &rua);

		ROW(rows[i].uri, why != NULL);
		ROW_TEXT(rows[i].uri, why, rows[i].why);
	}
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* An address of 254 octets; and a host name of 253 with all that may follow. */
static void
a_destination_is_as_long_as_may_be(void **state)
{
	static const char address[] = "mailto:" A64 "@" A63 "." A63 ".";
	enum { REST = 254 - (sizeof(address) - 1 - (sizeof("mailto:") - 1)) };
	char uri[400];
	struct tlsrpt_rua rua;

	(void)state;
	snprintf(uri, sizeof(uri), "%s%.*s", address, (int)REST, A63);
	assert_null(parse_rua(uri, &rua));
	assert_int_equal(strlen(rua.target), 254);
	snprintf(uri, sizeof(uri), "%s%.*s", address, (int)REST + 1, A63);
	assert_string_equal(
	    parse_rua(uri, &rua), "an octet that no address has, or too many");
	snprintf(uri, sizeof(uri), "https://%s.%s.%s.%.61s.:65535/", A63, A63,
	    A63, A63);
	assert_null(parse_rua(uri, &rua));
	assert_int_equal(strlen(rua.host), LIMIT_DOMAIN);
	snprintf(uri, sizeof(uri), "https://%s.%s.%s.%.62s.:65535/", A63, A63,
	    A63, A63);
	assert_string_equal(parse_rua(uri, &rua), "the host name is too long");
}

struct seen {
	unsigned good, bad;
	char last[64];
};

static void
note_uri(void *arg, const char *uri, size_t length,
    const struct tlsrpt_rua *rua, const char *why)
{
	struct seen *seen = arg;

	seen->good += rua != NULL;
	seen->bad += why != NULL;
	assert_true((rua != NULL) == (why == NULL));
	snprintf(seen->last, sizeof(seen->last), "%.*s", (int)length, uri);
}

/* L12 */
static void
few_of_many_destinations_count(void **state)
{
	char text[LIMIT_TLSRPT_RECORD + 1000] = "v=TLSRPTv1; rua=";
	struct tlsrpt_record record;
	struct seen seen = {0};
	struct sts_txt txt = {text, 0};

	(void)state;
	for (int i = 0; i < 7; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "x:,mailto:a%d@d.ex,", i);
	txt.length = strlen(text);
	record = tlsrpt_record_select(&txt, 1, note_uri, &seen);
	assert_int_equal(record.count, LIMIT_TLSRPT_RUA);
	assert_string_equal(record.rua[4].target, "a4@d.ex");
	assert_true(record.cut);
	assert_int_equal(seen.good, LIMIT_TLSRPT_RUA);
	assert_int_equal(seen.bad, 5);
	assert_string_equal(seen.last, "mailto:a4@d.ex");

	snprintf(text, sizeof(text), "v=TLSRPTv1; rua=");
	for (int i = 0; i < LIMIT_TLSRPT_URIS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "x:%d,", i);
	snprintf(
	    text + strlen(text), sizeof(text) - strlen(text), "mailto:a@d.ex");
	record = select_text(text);
	assert_int_equal(record.outcome, TLSRPT_RECORD_NO_RUA);
	assert_true(record.cut);

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "v=TLSRPTv1; rua=mailto:a@d.ex,https://r.ex/",
	    strlen("v=TLSRPTv1; rua=mailto:a@d.ex,https://r.ex/"));
	text[sizeof(text) - 1] = '\0';
	record = select_text(text);
	assert_string_equal(list_ruas(&record), "a@d.ex d.ex");
	assert_true(record.cut);
}

/* L12: nothing is left out of what keeps to them. */
static void
limits_of_a_record_may_be_reached(void **state)
{
	char text[LIMIT_TLSRPT_RECORD + 64];
	struct tlsrpt_record record;
	struct text out;

	(void)state;
	text_init(&out, text, sizeof(text));
	text_add(&out, "v=TLSRPTv1; rua=");
	for (int i = 1; i < LIMIT_TLSRPT_URIS; i++)
		text_addf(&out, "x:%d,", i);
	text_add(&out, "mailto:a@d.ex");
	record = select_text(text);
	assert_string_equal(list_ruas(&record), "a@d.ex d.ex");
	assert_false(record.cut);

	text_init(&out, text, sizeof(text));
	text_add(&out, "v=TLSRPTv1; rua=");
	for (int i = 0; i < LIMIT_TLSRPT_RUA; i++)
		text_addf(&out, "mailto:a%d@d.ex,", i);
	record = select_text(text);
	assert_int_equal(record.count, LIMIT_TLSRPT_RUA);
	assert_false(record.cut);

	/* behind the version so many octets, and one more */
	for (size_t more = 0; more < 2; more++) {
		static const char begin[] = "v=TLSRPTv1; rua=mailto:a@d.ex; x=";
		size_t length =
		    strlen("v=TLSRPTv1") + LIMIT_TLSRPT_RECORD + more;

		memset(text, 'x', length);
		memcpy(text, begin, strlen(begin));
		text[length] = '\0';
		record = select_text(text);
		assert_string_equal(list_ruas(&record), "a@d.ex d.ex");
		assert_int_equal(record.cut, more);
	}

	/* no end of a field at all */
	memset(text + strlen("v=TLSRPTv1 "), 'x',
	    sizeof(text) - strlen("v=TLSRPTv1 "));
	text[strlen("v=TLSRPTv1")] = ' ';
	text[sizeof(text) - 1] = '\0';
	record = select_text(text);
	assert_int_equal(record.outcome, TLSRPT_RECORD_NO_RUA);
	assert_string_equal(record.why, "no rua that can be used");
	assert_true(record.cut);
}

/* The limit is within the domain of the last of them. */
static void
a_destination_that_is_cut_is_none(void **state)
{
	static const struct {
		const char *begin, *end;
		unsigned bad;
	} rows[] = {
	    {"v=TLSRPTv1; rua=mailto:a@d.ex; x=", "; rua=mailto:b@d.ex", 0},
	    {"v=TLSRPTv1; rua=mailto:a@d.ex,x:", ",mailto:b@d.ex", 1},
	};
	const size_t most = strlen("v=TLSRPTv1") + LIMIT_TLSRPT_RECORD;
	char text[LIMIT_TLSRPT_RECORD + 64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sts_txt txt = {text, most + strlen("ample; x=y")};
		struct tlsrpt_record record;
		struct seen seen = {0};

		memset(text, 'x', sizeof(text));
		memcpy(text, rows[i].begin, strlen(rows[i].begin));
		memcpy(text + most - strlen(rows[i].end), rows[i].end,
		    strlen(rows[i].end));
		memcpy(text + most, "ample; x=y", strlen("ample; x=y"));
		record = tlsrpt_record_select(&txt, 1, note_uri, &seen);
		ROW_TEXT(rows[i].begin, list_ruas(&record), "a@d.ex d.ex");
		ROW(rows[i].begin, record.cut);
		ROW(rows[i].begin, seen.good == 1 && seen.bad == rows[i].bad);
	}
}

static void
a_url_has_a_port_and_a_path(void **state)
{
	static const struct {
		const char *url, *path;
		unsigned port;
	} rows[] = {{"https://r.ex", "/", 443}, {"https://r.ex/", "/", 443},
	    {"https://r.ex/v1?a=b:8", "/v1?a=b:8", 443},
	    {"https://r.ex:8443?a", "/?a", 8443},
	    {"https://r.ex:65535/a/b", "/a/b", 65535}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[TLSRPT_PATH_SIZE];
		struct tlsrpt_rua rua;
		uint16_t port;

		assert_null(
		    tlsrpt_rua_parse(rows[i].url, strlen(rows[i].url), &rua));
		tlsrpt_rua_url(&rua, &port, path);
		assert_string_equal(path, rows[i].path);
		assert_int_equal(port, rows[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tlsrpt_record[] = {
	    cmocka_unit_test(a_record_names_where_reports_go),
	    cmocka_unit_test(what_names_nowhere_is_no_record),
	    cmocka_unit_test(of_several_records_one_must_announce_reports),
	    cmocka_unit_test(a_hostile_destination_is_refused),
	    cmocka_unit_test(why_a_destination_is_refused_is_told),
	    cmocka_unit_test(a_destination_is_as_long_as_may_be),
	    cmocka_unit_test(limits_of_a_record_may_be_reached),
	    cmocka_unit_test(a_destination_that_is_cut_is_none),
	    cmocka_unit_test(what_was_meant_for_reports_is_told),
	    cmocka_unit_test(few_of_many_destinations_count),
	    cmocka_unit_test(a_url_has_a_port_and_a_path),
	};

	return RUN_TESTS(tlsrpt_record);
}
