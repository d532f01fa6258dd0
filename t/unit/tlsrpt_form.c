/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

#define SUM(good, bad)                                          \
	"\"summary\":{\"total-successful-session-count\":" good \
	",\"total-failure-session-count\":" bad "}"
#define DAY                                          \
	"\"date-range\":{\"start-datetime\":"        \
	"\"2026-11-28T00:00:00Z\",\"end-datetime\":" \
	"\"2026-11-28T23:59:59Z\"}"
#define HEAD "\"organization-name\":\"Org\"," DAY ",\"contact-info\":\"a@o.ex\""
#define POLICY(type, strings, domain)                                    \
	"{\"policy\":{\"policy-type\":\"" type                           \
	"\",\"policy-string\":[" strings "],\"policy-domain\":\"" domain \
	"\"}," SUM("1", "0") "}"
#define REPORT(policies) \
	"{" HEAD ",\"report-id\":\"r1\",\"policies\":[" policies "]}"

static struct tlsrpt_report *
parse_form(const char *text, const struct tlsrpt_hints *hints, struct err *err)
{
	static const struct tlsrpt_hints none;
	json_t *object = json_loads(text, 0, NULL);
	struct tlsrpt_report *report;

	assert_non_null(object);
	report =
	    tlsrpt_report_parse(object, hints == NULL ? &none : hints, err);
	json_decref(object);
	return report;
}

/* RFC 8460 section 4.4, and keys of the reporter's own in each place. */
static void
a_report_is_written_as_it_was_read(void **state)
{
	static const char text[] =
	    "{" HEAD ",\"report-id\":\"r1\",\"own\":1,\"policies\":["
	    "{\"policy\":{\"policy-type\":\"tlsa\",\"policy-string\":"
	    "[\"3 1 1 ab\",\"3 1 1 cd\"],\"policy-domain\":\"mx.d.ex\","
	    "\"mx-host\":[\"mx.d.ex\"]}," SUM("5",
		"0") ",\"failure-details\":[]},"
		     "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":"
		     "[\"mode: testing\",\"model: "
		     "enforce\"],\"policy-domain\":\"d.ex\","
		     "\"mx-host\":[\"*.d.ex\",\"mx.ex\"],\"own\":2},"
		     "\"summary\":{\"total-successful-session-count\":7,"
		     "\"total-failure-session-count\":3,\"own\":3},"
		     "\"failure-details\":[{\"result-type\":\"certificate-"
		     "expired\","
		     "\"sending-mta-ip\":\"192.0.2.1\","
		     "\"receiving-mx-hostname\":\"mx.d.ex\","
		     "\"receiving-mx-helo\":\"helo.d.ex\","
		     "\"receiving-ip\":\"2001:db8::1\",\"failed-session-"
		     "count\":2,"
		     "\"additional-information\":\"https://o.ex/1\","
		     "\"failure-reason-code\":\"code\",\"own\":4},"
		     "{\"result-type\":\"of-its-own\",\"failed-session-count\":"
		     "1}],"
		     "\"own\":5}]}";
	struct tlsrpt_report *report = parse_form(text, NULL, NULL);
	json_t *wanted = json_loads(text, 0, NULL);
	json_t *got = tlsrpt_report_json(report);

	(void)state;
	if (json_equal(got, wanted) != 1)
		fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
	assert_string_equal(report->policies[1].mode, "testing");
	json_decref(got);
	json_decref(wanted);
	tlsrpt_report_free(report);
}

/* A report has one order, whoever wrote it: its digest tells duplicates. */
static void
policies_are_sorted_by_type_domain_and_strings(void **state)
{
	static const char *const order[] = {
	    POLICY("tlsa", "", "a.ex"),
	    POLICY("tlsa", "\"a\"", "a.ex"),
	    POLICY("tlsa", "\"a\",\"b\"", "a.ex"),
	    POLICY("tlsa", "\"a\",\"c\"", "a.ex"),
	    POLICY("tlsa", "\"b\"", "a.ex"),
	    POLICY("tlsa", "\"b\",\"a\"", "a.ex"),
	    POLICY("tlsa", "", "b.ex"),
	    POLICY("sts", "", "a.ex"),
	    POLICY("of-its-own", "", "a.ex"),
	};
	char sorted[TLSRPT_DIGEST_SIZE], key[TLSRPT_DIGEST_SIZE];
	char content[TLSRPT_DIGEST_SIZE], text[4096];

	(void)state;
	for (size_t turn = 0; turn < 2 * COUNT(order); turn++) {
		struct tlsrpt_report *report;
		size_t used = (size_t)snprintf(text, sizeof(text),
		    "{" HEAD ",\"report-id\":\"r1\",\"policies\":[");

		for (size_t i = 0; i < COUNT(order); i++) {
			size_t at = (turn + i) % COUNT(order);

			if (turn >= COUNT(order))
				at = COUNT(order) - 1 - at;
			used +=
			    (size_t)snprintf(text + used, sizeof(text) - used,
				"%s%s", i == 0 ? "" : ",", order[at]);
		}
		snprintf(text + used, sizeof(text) - used, "]}");
		report = parse_form(text, NULL, NULL);
		tlsrpt_report_key(report, key, content);
		if (turn == 0)
			memcpy(sorted, content, sizeof(sorted));
		assert_string_equal(content, sorted);
		assert_int_equal(report->policies[0].strings.count, 0);
		assert_int_equal(report->policies[2].strings.count, 2);
		assert_string_equal(report->policies[4].strings.items[0], "b");
		assert_string_equal(report->policies[6].domain, "b.ex");
		assert_string_equal(report->policies[8].word, "of-its-own");
		tlsrpt_report_free(report);
	}
}

static void
a_time_has_a_date_and_a_zone(void **state)
{
	static const struct {
		const char *text;
		long long at; /* -1: it is none */
		bool zoned;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0, true},
	    {"1970-01-01T00:00:01z", 1, true},
	    {"1970-01-01T00:00:00", 0, false},
	    {"1970-01-01 00:00:02Z", 2, true},
	    {"1970-01-01T00:00:03.25Z", 3, true},
	    {"1970-01-01T00:00:03.25", 3, false},
	    {"1970-01-01T00:00:00-00:30", 1800, true},
	    {"1970-01-01T00:30:00+00:30", 0, true},
	    {"1970-01-01T00:00:00+00:01", -1, false},
	    {"1970-01-01T00:00:00-1959", 71940, true},
	    {"1970-01-02T00:00:00+23:59", 60, true},
	    {"1970-01-02T00:00:00+24:00", -1, false},
	    {"1970-01-02T00:00:00+01:60", -1, false},
	    {"1970-01-02T00:00:00+1/:00", -1, false},
	    {"1970-01-02T00:00:00+1::00", -1, false},
	    {"1970-01-02T00:00:00+01:xx", -1, false},
	    {"1970-01-02T00:00:00+01:00x", -1, false},
	    {"1970-01-02T00:00:00x", -1, false},
	    {"9999-12-31T23:59:59Z", 253402300799, true},
	    {"10000-01-01T00:00:00Z", -1, false},
	    {"2026-02-31T00:00:00Z", -1, false},
	    {"1969-12-31T23:59:59Z", -1, false},
	    {"x", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool zoned;
		time_t at;

		if (tlsrpt_time_parse(rows[i].text, &at, &zoned) != 0) {
			ROW(rows[i].text, rows[i].at == -1);
			continue;
		}
		ROW(rows[i].text, at == rows[i].at);
		ROW(rows[i].text, zoned == rows[i].zoned);
	}
}

static void
a_count_is_a_whole_number_up_to_2_to_the_53rd(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {REPORT("{" SUM("\"0\"", "0") "}"), ""},
	    {REPORT("{" SUM("9007199254740992", "0") "}"), ""},
	    {REPORT("{" SUM("9007199254740992.0", "0") "}"), ""},
	    {REPORT("{" SUM("9007199254740993", "0") "}"),
		"total-successful-session-count is over 2^53"},
	    {REPORT("{" SUM("18014398509481984.0", "0") "}"),
		"total-successful-session-count is over 2^53"},
	    {REPORT("{" SUM("25000000000000000.0", "0") "}"),
		"total-successful-session-count is no count"},
	    {REPORT("{" SUM("\" 5\"", "0") "}"),
		"total-successful-session-count is no count"},
	    {REPORT("{" SUM("\"inf\"", "0") "}"),
		"total-successful-session-count is no count"},
	    {REPORT("{" SUM("\"+5\"", "0") "}"),
		"total-successful-session-count is no count"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {.text = ""};
		struct tlsrpt_report *report =
		    parse_form(rows[i].text, NULL, &err);

		ROW_TEXT(
		    rows[i].text, report == NULL ? err.text : "", rows[i].why);
		tlsrpt_report_free(report);
	}
}

static void
an_address_has_its_one_spelling(void **state)
{
	static const struct {
		const char *given, *shown;
	} rows[] = {
	    {"2001:DB8:0:0::1", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"192.0.2.1", "192.0.2.1"},
	    {"none", "none"},
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_report *report;

		snprintf(text, sizeof(text),
		    REPORT("{" SUM(
			"1", "1") ",\"failure-details\":[{\"sending-mta-ip\":"
				  "\"%s\",\"failed-session-count\":1}]}"),
		    rows[i].given);
		report = parse_form(text, NULL, NULL);
		assert_non_null(report);
		ROW_TEXT(rows[i].given,
		    report->policies[0].details[0].sending_ip, rows[i].shown);
		tlsrpt_report_free(report);
	}
}

/* Of the mail's header first, of policies but TLSA's then, of the id last. */
static void
a_report_is_about_a_domain_that_is_told_somewhere(void **state)
{
	static const struct tlsrpt_hints header = {.domain = "h.ex"};
	static const char both[] =
	    REPORT(POLICY("tlsa", "", "mx.d.ex") "," POLICY(
		"sts", "", "d.ex") "," POLICY("sts", "", "e.ex"));
	static const char by_id[] =
	    "{" HEAD ",\"report-id\":\"20261128.1f0c22ab.i.ex@o.ex\","
	    "\"policies\":[" POLICY("tlsa", "", "mx.d.ex") "]}";
	const struct {
		const char *text;
		const struct tlsrpt_hints *hints;
		const char *domain;
	} rows[] = {
	    {both, &header, "h.ex"},
	    {both, NULL, "d.ex"},
	    {by_id, NULL, "i.ex"},
	    {REPORT(POLICY("tlsa", "", "mx.d.ex")), NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_report *report =
		    parse_form(rows[i].text, rows[i].hints, NULL);

		ROW(rows[i].text, report != NULL);
		ROW_TEXT(rows[i].text, report->domain, rows[i].domain);
		tlsrpt_report_free(report);
	}
}

static void
what_is_missing_is_told(void **state)
{
	static const struct tlsrpt_hints hints = {.begin = 1, .end = 2};
	static const char *const texts[] = {
	    "{" HEAD ",\"policies\":[" POLICY("sts", "", "d.ex") "]}",
	    "{\"organization-name\":\"Org\",\"contact-info\":\"a@o.ex\","
	    "\"report-id\":\"r1\",\"policies\":[" POLICY(
		"sts", "", "d.ex") "]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct tlsrpt_report *report =
		    parse_form(texts[i], &hints, NULL);

		ROW(texts[i], report != NULL);
		ROW(texts[i],
		    (report->quirks & TLSRPT_QUIRK(TLSRPT_MISSING)) != 0);
		tlsrpt_report_free(report);
	}
}

int
main(void)
{
	static const struct CMUnitTest tlsrpt_form[] = {
	    cmocka_unit_test(a_report_is_written_as_it_was_read),
	    cmocka_unit_test(policies_are_sorted_by_type_domain_and_strings),
	    cmocka_unit_test(a_time_has_a_date_and_a_zone),
	    cmocka_unit_test(a_count_is_a_whole_number_up_to_2_to_the_53rd),
	    cmocka_unit_test(an_address_has_its_one_spelling),
	    cmocka_unit_test(a_report_is_about_a_domain_that_is_told_somewhere),
	    cmocka_unit_test(what_is_missing_is_told),
	};

	return RUN_TESTS(tlsrpt_form);
}
