/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_session.h"

#include <string.h>

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
equal_policies_have_equal_lines(void **state)
{
	static const struct {
		const char *id;
		enum tlsrpt_policy_type type;
		const char *in[6], *out[6];
	} rows[] = {
	    {"R08 order and case", TLSRPT_POLICY_TLSA,
		{"3 1 1 ab", "2 1 1 CD", "3 1 1 AB"}, {"2 1 1 CD", "3 1 1 AB"}},
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

		if (rows[i].mx != NULL)
			tlsrpt_outcome_add(outcome, &raw);
		tlsrpt_outcome_finish(outcome, rows[i].domain, "d.ex");
		ROW_TEXT(rows[i].id, outcome->domain, rows[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tlsrpt_session[] = {
	    cmocka_unit_test(of_a_failure_what_can_be_reported_is_taken),
	    cmocka_unit_test(long_texts_of_a_failure_are_cut_or_left_out),
	    cmocka_unit_test(equal_policies_have_equal_lines),
	    cmocka_unit_test(a_policy_without_a_domain_is_of_the_next_hop),
	};

	return RUN_TESTS(tlsrpt_session);
}
