/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "common/proto/sts_policy.h"
#include "common/proto/tlsa.h"
#include "t/unit/tap.h"

static void
of_a_failure_what_can_be_reported_is_taken(void **state)
{
	static const struct {
		const char *id;
		struct tlsrpt_raw_detail raw;
		struct tlsrpt_detail detail;
	} rows[] = {
	    {"R02",
		{TLSRPT_CERTIFICATE_EXPIRED, "192.0.2.9", "192.0.2.1",
		    "mx1.d.ex", "250-mx1.d.ex\r\n250 STARTTLS",
		    "https://d.ex/why", "self-signed_certificate"},
		{TLSRPT_CERTIFICATE_EXPIRED, "192.0.2.9", "192.0.2.1",
		    "mx1.d.ex", "mx1.d.ex", "https://d.ex/why",
		    "self-signed_certificate"}},
	    {"nothing is known",
		{TLSRPT_DANE_REQUIRED, NULL, NULL, NULL, NULL, NULL, NULL},
		{TLSRPT_DANE_REQUIRED, "", "", "", "", "", ""}},
	    {"R13 words", {.helo = "250 mx1.d.ex at your service"},
		{.helo = "mx1.d.ex"}},
	    {"R13 no code", {.helo = "mx1.d.ex"}, {.helo = "mx1.d.ex"}},
	    {"R13 literal", {.helo = "250 [192.0.2.1]\r\n"},
		{.helo = "[192.0.2.1]"}},
	    {"R13 no name", {.helo = "250 <b>mx</b>"}, {.helo = ""}},
	    {"R13 empty", {.helo = "250-\r\n250 x"}, {.helo = ""}},
	    {"R13 one letter", {.helo = "250 a"}, {.helo = "a"}},
	    {"R13 no literal", {.helo = "250 [x]"}, {.helo = ""}},
	    {"R13 no code first", {.helo = "x50 mx.d.ex"}, {.helo = "x50"}},
	    {"R13 no code second", {.helo = "2x0 mx.d.ex"}, {.helo = "2x0"}},
	    {"R13 no code third", {.helo = "25x mx.d.ex"}, {.helo = "25x"}},
	    {"R13 a bare address", {.helo = "250 192.0.2.1"}, {.helo = ""}},
	    {"R19 no address", {.sending = "x", .receiving = "192.0.2"},
		{.sending = "", .receiving = ""}},
	    {"R19 mapped",
		{.sending = "::ffff:192.0.2.9", .receiving = "::FFFF:c000:201"},
		{.sending = "192.0.2.9", .receiving = "192.0.2.1"}},
	    {"J09", {.sending = "2001:DB8:0:0:0:0:0:1"},
		{.sending = "2001:db8::1"}},
	    {"R19 no host name", {.mx = "a b"}, {.mx = ""}},
	    {"R19 name", {.mx = "MX1.D.ex."}, {.mx = "mx1.d.ex"}},
	    {"R19 no https URI", {.info = "http://d.ex/"}, {.info = ""}},
	    {"R19 mailto", {.info = "mailto:a@d.ex"}, {.info = ""}},
	    {"H07", {.reason = "a\x1b[2J\r\nb\xc3\xbc"},
		{.reason = "a?[2J??b??"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_detail detail;

		tlsrpt_detail_read(&detail, &rows[i].raw);
		ROW(rows[i].id, detail.result == rows[i].detail.result);
		ROW_TEXT(rows[i].id, detail.sending, rows[i].detail.sending);
		ROW_TEXT(
		    rows[i].id, detail.receiving, rows[i].detail.receiving);
		ROW_TEXT(rows[i].id, detail.mx, rows[i].detail.mx);
		ROW_TEXT(rows[i].id, detail.helo, rows[i].detail.helo);
		ROW_TEXT(rows[i].id, detail.info, rows[i].detail.info);
		ROW_TEXT(rows[i].id, detail.reason, rows[i].detail.reason);
	}
}

/* J07 */
static void
long_texts_of_a_failure_are_cut_or_left_out(void **state)
{
	char reason[300], helo[LIMIT_TLSRPT_HELO + 2];
	struct tlsrpt_raw_detail raw = {.reason = reason, .helo = helo};
	struct tlsrpt_detail detail;

	(void)state;
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	memset(helo, 'a', sizeof(helo) - 1);
	helo[sizeof(helo) - 1] = '\0';
	tlsrpt_detail_read(&detail, &raw);
	assert_int_equal(strlen(detail.reason), LIMIT_TLSRPT_REASON);
	assert_string_equal(detail.helo, "");
}

static void
a_failure_takes_no_more_room_than_it_has(void **state)
{
	enum { LONG = 8192 };
	struct tlsrpt_detail *detail = xmalloc(sizeof(*detail));
	char *helo = xcalloc(1, LONG), uri[LIMIT_TLSRPT_URI + 2];
	struct tlsrpt_raw_detail raw = {.helo = helo, .info = uri};

	(void)state;
	memset(helo, 'a', LONG - 1);
	memset(uri, 'a', sizeof(uri));
	memcpy(uri, "https://d.ex/", strlen("https://d.ex/"));
	uri[LIMIT_TLSRPT_URI] = '\0';
	tlsrpt_detail_read(detail, &raw);
	assert_string_equal(detail->helo, "");
	assert_string_equal(detail->info, uri);
	free(helo);
	free(detail);
}

static void
equal_policies_have_equal_lines(void **state)
{
	static const struct {
		const char *id;
		enum tlsrpt_policy_type type;
		const char *in[6], *out[6];
	} rows[] = {
	    {"R08 order and case", TLSRPT_POLICY_TLSA,
		{"3 1 1 ab", "2 1 1 CD", "3 1 1 AB"}, {"2 1 1 CD", "3 1 1 AB"}},
	    {"R08 each in capitals", TLSRPT_POLICY_TLSA,
		{"3 1 1 AB", "2 1 1 cd", "3 1 1 ab", "2 1 1 z"},
		{"2 1 1 CD", "2 1 1 Z", "3 1 1 AB"}},
	    {"R08 two", TLSRPT_POLICY_TLSA, {"3 1 1 AB", "2 1 1 CD"},
		{"2 1 1 CD", "3 1 1 AB"}},
	    {"R08 two alike", TLSRPT_POLICY_TLSA, {"2 1 1 CD", "2 1 1 cd"},
		{"2 1 1 CD"}},
	    {"R09", TLSRPT_POLICY_STS,
		{"mx: b.d.ex", "mx: a.d.ex", "max_age: 86400", "mode: enforce",
		    "version: STSv1"},
		{"version: STSv1", "mode: enforce", "mx: b.d.ex", "mx: a.d.ex",
		    "max_age: 86400"}},
	    {"R09 others", TLSRPT_POLICY_STS,
		{"x: y", "version: STSv1", "mx: a.d.ex", "a: b"},
		{"version: STSv1", "mx: a.d.ex", "x: y", "a: b"}},
	    {"no policy", TLSRPT_POLICY_NONE, {"b", "a"}, {"b", "a"}},
	    {"control characters", TLSRPT_POLICY_STS, {"mode: \x1b\n"},
		{"mode: ??"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_lines lines = {0, NULL};

		for (size_t n = 0; rows[i].in[n] != NULL; n++)
			tlsrpt_lines_add(&lines, rows[i].in[n]);
		tlsrpt_lines_order(&lines, rows[i].type);
		for (size_t n = 0; n < lines.count; n++)
			ROW_TEXT(rows[i].id, lines.lines[n], rows[i].out[n]);
		ROW(rows[i].id, rows[i].out[lines.count] == NULL);
		tlsrpt_lines_fini(&lines);
		tlsrpt_lines_add(&lines, "it may be filled again");
		ROW(rows[i].id, lines.count == 1);
		tlsrpt_lines_fini(&lines);
	}
}

/* R11 */
static void
a_policy_without_a_domain_is_of_the_next_hop(void **state)
{
	static const struct {
		const char *id;
		enum tlsrpt_policy_type type;
		const char *domain, *mx, *out;
	} rows[] = {
	    {"given", TLSRPT_POLICY_TLSA, "MX1.d.ex", "mx2.d.ex", "mx1.d.ex"},
	    {"R11 sts", TLSRPT_POLICY_STS, NULL, "mx2.d.ex", "d.ex"},
	    {"R11 none", TLSRPT_POLICY_NONE, NULL, NULL, "d.ex"},
	    {"R11 tlsa", TLSRPT_POLICY_TLSA, NULL, "mx2.d.ex", "mx2.d.ex"},
	    {"R11 tlsa, no failure", TLSRPT_POLICY_TLSA, NULL, NULL, "d.ex"},
	    {"no domain", TLSRPT_POLICY_STS, "a b", NULL, "d.ex"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(tlsrpt_session)
		struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
		struct tlsrpt_outcome *outcome =
		    tlsrpt_session_add(session, rows[i].type);
		struct tlsrpt_raw_detail raw = {.mx = rows[i].mx};

		assert_string_equal(session->domain, "d.ex");
		if (rows[i].mx != NULL)
			tlsrpt_outcome_add(outcome, &raw);
		tlsrpt_outcome_finish(outcome, rows[i].domain, "d.ex");
		ROW_TEXT(rows[i].id, outcome->domain, rows[i].out);
	}
}

static void
check_lines(const struct tlsrpt_lines *lines, const char *const wanted[])
{
	size_t count = 0;

	for (; wanted[count] != NULL; count++) {
		assert_true(count < lines->count);
		assert_string_equal(lines->lines[count], wanted[count]);
	}
	assert_int_equal(lines->count, count);
}

/* RFC 8460 section 4.4, of records that are usable (RFC 7672 section 3.1.3). */
static void
records_are_told_as_they_are_published(void **state)
{
	static const char *const wanted[] = {"2 0 1 CD",
	    "3 1 1 000102030405060708090A0B0C0D0E0F"
	    "101112131415161718191A1B1C1D1E1F",
	    NULL};
	uint8_t digest[35] = {3, 1, 1};
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_TLSA);
	struct tlsa_set set = {0};

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		digest[3 + i] = i;
	tlsa_set_add(&set, digest, sizeof(digest));
	tlsa_set_add(&set, (const uint8_t *)"\1\1\1\xee", 4);
	tlsa_set_add(&set, (const uint8_t *)"\2\0\1\xcd", 4);
	tlsrpt_outcome_take_tlsa(outcome, &set);
	tlsrpt_outcome_finish(outcome, "mx.d.ex", "d.ex");
	check_lines(&outcome->strings, wanted);
	tlsa_set_fini(&set);
}

static void
a_policy_is_told_as_its_file_has_it(void **state)
{
	char longest[LIMIT_DOMAIN_SIZE], line[LIMIT_DOMAIN_SIZE + 8];
	const char *const strings[] = {"version: STSv1", "mode: enforce",
	    "mx: a.ex", line, "max_age: 86400", NULL};
	const char *const mx[] = {"a.ex", longest, NULL};
	char text[1024];
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	AUTO(sts_policy) struct sts_policy *policy = NULL;

	(void)state;
	for (size_t i = 0; i < LIMIT_DOMAIN; i++)
		longest[i] = i % 50 == 49 ? '.' : 'b';
	longest[LIMIT_DOMAIN] = '\0';
	snprintf(line, sizeof(line), "mx: %s", longest);
	snprintf(text, sizeof(text),
	    "version: STSv1\nmode: enforce\nmx: a.ex\nmx: %s\n"
	    "mx: a.ex\nmx: %s\nmax_age: 86400\n",
	    longest, longest);
	policy = sts_policy_parse(text, strlen(text), NULL);
	assert_non_null(policy);
	tlsrpt_outcome_take_sts(outcome, policy);
	tlsrpt_outcome_finish(outcome, "d.ex", "d.ex");
	check_lines(&outcome->strings, strings);
	check_lines(&outcome->mx, mx);
}

static void
each_line_of_each_outcome_counts_by_its_octets(void **state)
{
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
	size_t before;

	(void)state;
	tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	before = tlsrpt_session_octets(session);
	for (size_t i = 0; i < 4; i++) {
		struct tlsrpt_outcome *outcome = &session->outcomes[i / 2];

		tlsrpt_lines_add(
		    i % 2 == 0 ? &outcome->strings : &outcome->mx, "12345");
		tlsrpt_lines_add(&outcome->strings, "1");
		before += 2 * sizeof(char *) + 6 + 2;
		assert_int_equal(tlsrpt_session_octets(session), before);
	}
}

int
main(void)
{
	const struct CMUnitTest tlsrpt_session[] = {
	    cmocka_unit_test(of_a_failure_what_can_be_reported_is_taken),
	    cmocka_unit_test(long_texts_of_a_failure_are_cut_or_left_out),
	    cmocka_unit_test(a_failure_takes_no_more_room_than_it_has),
	    cmocka_unit_test(records_are_told_as_they_are_published),
	    cmocka_unit_test(a_policy_is_told_as_its_file_has_it),
	    cmocka_unit_test(each_line_of_each_outcome_counts_by_its_octets),
	    cmocka_unit_test(equal_policies_have_equal_lines),
	    cmocka_unit_test(a_policy_without_a_domain_is_of_the_next_hop),
	};

	return RUN_TESTS(tlsrpt_session);
}
