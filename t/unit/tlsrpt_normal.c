/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define QUIRK(number) (UINT32_C(1) << (number))

/* A report of policies, each "{"policy":...}". */
#define REPORT(more, policies)                                             \
	"{\"organization-name\":\"Example\",\"date-range\":{"              \
	"\"start-datetime\":\"2026-11-28T00:00:00Z\","                     \
	"\"end-datetime\":\"2026-11-28T23:59:59Z\"},"                      \
	"\"contact-info\":\"tls@s.ex\",\"report-id\":\"r1\",\"policies\":" \
	"[" policies "]" more "}"
#define SUMMARY                                             \
	",\"summary\":{\"total-successful-session-count\":" \
	"1,\"total-failure-session-count\":0"
#define POLICY(type, domain, strings)                                    \
	"{\"policy\":{\"policy-type\":\"" type                           \
	"\",\"policy-string\":[" strings "],\"policy-domain\":\"" domain \
	"\"}" SUMMARY "},\"failure-details\":[]}"
#define STS(strings)                                                       \
	"{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[" strings \
	"],\"policy-domain\":\"d.ex\",\"mx-host\":[]}" SUMMARY             \
	"},\"failure-details\":[]}"

static struct tlsrpt_report *
parse_text(const char *text, struct err *err)
{
	static const struct tlsrpt_hints none;
	json_t *object = json_loads(text, 0, NULL);
	struct tlsrpt_report *report;

	assert_non_null(object);
	report = tlsrpt_report_parse(object, &none, err);
	json_decref(object);
	return report;
}

static char *
normal_form(const char *text)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report = parse_text(text, NULL);
	json_t *json = tlsrpt_report_json(report);
	char *normal = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return normal;
}

/* All that there can be, each in its place. */
static void
a_report_in_the_normal_form_stays_as_it_is(void **state)
{
	static const char *const rows[] = {
	    REPORT(",\"x-report\":1",
		"{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":"
		"[\"version: STSv1\"],\"policy-domain\":\"d.ex\","
		"\"mx-host\":[\"mx1.d.ex\",\"*.e.ex\"],\"x-policy\":2}" SUMMARY
		",\"x-summary\":3},\"failure-details\":[{\"result-type\":"
		"\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.9\","
		"\"receiving-mx-hostname\":\"mx1.d.ex\","
		"\"receiving-mx-helo\":\"MX1\",\"receiving-ip\":\"192.0.2.1\","
		"\"failed-session-count\":4,"
		"\"additional-information\":\"https://s.ex/1\","
		"\"failure-reason-code\":\"why\",\"x-detail\":5},"
		"{\"result-type\":\"own-word\",\"failed-session-count\":6}],"
		"\"x-outer\":7}"),
	    REPORT("", POLICY("tlsa", "mx.d.ex", "\"3 1 1 AB\",\"x\"")),
	    REPORT("", POLICY("no-policy-found", "d.ex", "")),
	    REPORT("", POLICY("own-type", "d.ex", "\"x\"")),
	    REPORT("",
		"{\"policy\":{\"policy-type\":\"tlsa\",\"policy-string\":[],"
		"\"policy-domain\":\"d.ex\",\"mx-host\":[\"mx.ex\"]}" SUMMARY
		"},\"failure-details\":[]}"),
	    REPORT("", ""),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *normal = normal_form(rows[i]);

		ROW_TEXT(rows[i], normal, rows[i]);
		free(normal);
	}
}

/* J04: in whatever order they came */
static void
policies_are_in_order(void **state)
{
	static const char *const policies[] = {
	    POLICY("tlsa", "a.ex", ""),
	    POLICY("tlsa", "a.ex", "\"3 1 1 AA\""),
	    POLICY("tlsa", "a.ex", "\"3 1 1 AA\",\"3 1 1 BB\""),
	    POLICY("tlsa", "a.ex", "\"3 1 1 AA\",\"3 1 1 CC\""),
	    POLICY("tlsa", "a.ex", "\"3 1 1 BB\""),
	    POLICY("tlsa", "b.ex", ""),
	    STS("\"a\""),
	    POLICY("no-policy-found", "a.ex", ""),
	    POLICY("own-type", "a.ex", ""),
	};
	static const size_t orders[][COUNT(policies)] = {
	    {0, 1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1, 0},
	    {3, 7, 0, 5, 2, 6, 1, 8, 4}, {2, 8, 1, 0, 3, 7, 4, 6, 5}};

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		char text[4096], wanted[4096], whole[5000], *normal;
		struct text given, sorted;

		text_init(&given, text, sizeof(text));
		text_init(&sorted, wanted, sizeof(wanted));
		for (size_t n = 0; n < COUNT(policies); n++) {
			text_addf(&given, "%s%s", n == 0 ? "" : ",",
			    policies[orders[i][n]]);
			text_addf(
			    &sorted, "%s%s", n == 0 ? "" : ",", policies[n]);
		}
		snprintf(whole, sizeof(whole), REPORT("", "%s"), text);
		normal = normal_form(whole);
		if (strstr(normal, wanted) == NULL)
			fail_msg("%zu: %s", i, normal);
		free(normal);
	}
}

static void
what_stands_in_a_policy_is_read(void **state)
{
	static const struct {
		const char *id, *strings, *mode;
	} rows[] = {
	    {"enforce", "\"mode: enforce\"", "enforce"},
	    {"letters", "\"MODE:\\tTesting\"", "testing"},
	    {"no space", "\"mode:none\"", "none"},
	    {"another word", "\"mode: enforced\"", ""},
	    {"another first", "\"mode: x\",\"mode: none\"", "none"},
	    {"behind others", "\"version: STSv1\",\"mode: none\"", "none"},
	    {"no key", "\"mod: none\"", ""},
	    {"another sign", "\"mode=none\"", ""},
	    {"none", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[1024];
		AUTO(tlsrpt_report) struct tlsrpt_report *report = NULL;

		snprintf(
		    text, sizeof(text), REPORT("", STS("%s")), rows[i].strings);
		report = parse_text(text, NULL);
		ROW_TEXT(rows[i].id, report->policies[0].mode, rows[i].mode);
		ROW(rows[i].id, report->quirks == 0);
	}
}

/* T13 */
static void
a_type_of_its_own_is_noted(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report =
	    parse_text(REPORT("", POLICY("own-type", "d.ex", "")), NULL);

	(void)state;
	assert_int_equal(report->quirks, QUIRK(13));
}

static void
what_is_loaded_is_what_is_parsed(void **state)
{
	static const char text[] = REPORT("", POLICY("tlsa", "mx.ex", ""));
	struct err err = {.text = ""};
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report =
	    tlsrpt_report_load(text, strlen(text), &err);

	(void)state;
	assert_string_equal(report->policies[0].domain, "mx.ex");
	assert_null(tlsrpt_report_load("{", 1, &err));
	assert_string_equal(err.text, "JSON ends early, after 1 octets");
	assert_null(tlsrpt_report_load("{}", 2, &err));
}

/* All of its policies count, in their order. */
static void
a_key_has_each_domain(void **state)
{
	static const char *const texts[] = {
	    REPORT(
		"", POLICY("tlsa", "a.ex", "") "," POLICY("tlsa", "b.ex", "")),
	    REPORT(
		"", POLICY("tlsa", "a.ex", "") "," POLICY("tlsa", "c.ex", "")),
	    REPORT("", POLICY("tlsa", "a.ex", ""))};
	char keys[COUNT(texts)][TLSRPT_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		AUTO(tlsrpt_report)
		struct tlsrpt_report *report = parse_text(texts[i], NULL);
		char content[TLSRPT_DIGEST_SIZE];

		tlsrpt_report_key(report, keys[i], content);
	}
	assert_string_not_equal(keys[0], keys[1]);
	assert_string_not_equal(keys[0], keys[2]);
	assert_string_not_equal(keys[1], keys[2]);
}

/* The mode is one of MTA-STS alone. */
static void
other_policies_have_no_mode(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report = parse_text(
	    REPORT("", POLICY("tlsa", "mx.ex", "\"mode: enforce\"")), NULL);

	(void)state;
	assert_string_equal(report->policies[0].mode, "");
}

/* Each {"policy":..., "summary":...} with this behind. */
#define FAILED(count, details)                                       \
	"{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[]," \
	"\"policy-domain\":\"d.ex\",\"mx-host\":[]},\"summary\":{"   \
	"\"total-successful-session-count\":0,"                      \
	"\"total-failure-session-count\":" count "}" details "}"

static void
what_is_odd_about_details_is_told(void **state)
{
	static const struct {
		const char *id, *policy;
		uint32_t quirks;
	} rows[] = {
	    {"T04 none, and nothing failed", FAILED("0", ""), 0},
	    {"T04 none", FAILED("1", ""), QUIRK(4)},
	    {"T04 null", FAILED("1", ",\"failure-details\":null"), 0},
	    {"T08 as many",
		FAILED("3", ",\"failure-details\":[{\"result-type\":"
			    "\"tlsa-invalid\",\"failed-session-count\":1},"
			    "{\"result-type\":\"tlsa-invalid\","
			    "\"failed-session-count\":2}]"),
		0},
	    {"T08 more",
		FAILED("2", ",\"failure-details\":[{\"result-type\":"
			    "\"tlsa-invalid\",\"failed-session-count\":1},"
			    "{\"result-type\":\"tlsa-invalid\","
			    "\"failed-session-count\":2}]"),
		QUIRK(8)},
	    {"T13 no word",
		FAILED("2", ",\"failure-details\":[{"
			    "\"failed-session-count\":2}]"),
		QUIRK(13)},
	    {"T14 both keys",
		FAILED("2", ",\"failure-details\":[{\"result-type\":"
			    "\"tlsa-invalid\",\"failed-session-count\":2,"
			    "\"additional-information\":\"a\","
			    "\"additional-info-uri\":\"b\"}]"),
		QUIRK(14)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[1024];
		AUTO(tlsrpt_report) struct tlsrpt_report *report = NULL;

		snprintf(text, sizeof(text), REPORT("", "%s"), rows[i].policy);
		report = parse_text(text, NULL);
		ROW(rows[i].id, report != NULL);
		if (report->quirks != rows[i].quirks)
			fail_msg("%s: %x", rows[i].id, report->quirks);
	}
}

/* All policies of a report share them. */
static void
details_of_all_policies_are_counted(void **state)
{
	enum { HALF = LIMIT_REPORT_DETAILS / 2 };
	char *details = xcalloc(3, HALF + 1), *text;
	size_t size = 3 * 2 * HALF + 4096;

	(void)state;
	for (int i = 0; i < HALF; i++)
		memcpy(details + 3 * i, "{},", 3);
	text = xmalloc(size);
	for (int more = 0; more < 2; more++) {
		struct err err = {.text = ""};
		struct tlsrpt_report *report;

		snprintf(text, size,
		    REPORT("",
			FAILED("0", ",\"failure-details\":[%.*s%s]") "," FAILED(
			    "0", ",\"failure-details\":[%.*s]")),
		    3 * HALF - 1, details, more == 0 ? "" : ",{}", 3 * HALF - 1,
		    details);
		report = parse_text(text, &err);
		assert_int_equal(report == NULL, more);
		assert_string_equal(
		    err.text, more == 0 ? "" : "over 10000 details");
		tlsrpt_report_free(report);
	}
	free(text);
	free(details);
}

/* Of its policies but for TLSA the first whose domain is one. */
static void
a_report_without_a_header_field_has_a_domain(void **state)
{
	static const struct {
		const char *id, *policies, *domain;
	} rows[] = {
	    {"of a host", POLICY("tlsa", "mx.ex", ""), ""},
	    {"the first",
		POLICY("no-policy-found", "a.ex", "") "," POLICY(
		    "no-policy-found", "b.ex", ""),
		"a.ex"},
	    {"the first that is one",
		POLICY("no-policy-found", "a b", "") "," POLICY(
		    "no-policy-found", "b.ex", ""),
		"b.ex"},
	    {"behind a host's",
		POLICY("tlsa", "mx.ex", "") "," POLICY(
		    "no-policy-found", "b.ex", ""),
		"b.ex"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[2048];
		AUTO(tlsrpt_report) struct tlsrpt_report *report = NULL;

		snprintf(
		    text, sizeof(text), REPORT("", "%s"), rows[i].policies);
		report = parse_text(text, NULL);
		ROW_TEXT(rows[i].id, report->domain, rows[i].domain);
	}
}

#define WITH(range, id, policies)                   \
	"{\"organization-name\":\"Example\"," range \
	"\"contact-info\":\"tls@s.ex\"," id "\"policies\":[" policies "]}"
#define RANGE                                        \
	"\"date-range\":{\"start-datetime\":"        \
	"\"2026-11-28T00:00:00Z\",\"end-datetime\":" \
	"\"2026-11-28T23:59:59Z\"},"

static void
a_report_id_tells_the_domain_where_nothing_else_does(void **state)
{
	static const struct {
		const char *text, *domain;
	} rows[] = {
	    {WITH(RANGE, "\"report-id\":\"1_d.ex\",",
		 POLICY("tlsa", "mx.ex", "")),
		"d.ex"},
	    {WITH(RANGE, "\"report-id\":\"1_d.ex\",",
		 POLICY("no-policy-found", "a.ex", "")),
		"a.ex"},
	    {WITH(RANGE, "\"report-id\":\"1_d.ex\",", ""), "d.ex"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(tlsrpt_report)
		struct tlsrpt_report *report = parse_text(rows[i].text, NULL);

		ROW_TEXT(rows[i].text, report->domain, rows[i].domain);
	}
}

/* T22: each alone */
static void
what_is_missing_is_noted(void **state)
{
	static const struct tlsrpt_hints hints = {.begin = 1, .end = 2};
	static const char *const texts[] = {
	    WITH("", "\"report-id\":\"r1\",", ""), WITH(RANGE, "", "")};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *object = json_loads(texts[i], 0, NULL);
		struct tlsrpt_report *report =
		    tlsrpt_report_parse(object, &hints, NULL);

		ROW(texts[i], report->quirks == QUIRK(22));
		json_decref(object);
		tlsrpt_report_free(report);
	}
}

static void
a_policy_of_a_host_is_about_it_where_nothing_else_is_known(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report =
	    parse_text(REPORT("", POLICY("tlsa", "mx.ex", "")), NULL);

	(void)state;
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[0]), "mx.ex");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_in_the_normal_form_stays_as_it_is),
	    cmocka_unit_test(policies_are_in_order),
	    cmocka_unit_test(what_stands_in_a_policy_is_read),
	    cmocka_unit_test(a_type_of_its_own_is_noted),
	    cmocka_unit_test(what_is_loaded_is_what_is_parsed),
	    cmocka_unit_test(a_key_has_each_domain),
	    cmocka_unit_test(other_policies_have_no_mode),
	    cmocka_unit_test(what_is_odd_about_details_is_told),
	    cmocka_unit_test(details_of_all_policies_are_counted),
	    cmocka_unit_test(a_report_without_a_header_field_has_a_domain),
	    cmocka_unit_test(
		a_report_id_tells_the_domain_where_nothing_else_does),
	    cmocka_unit_test(what_is_missing_is_noted),
	    cmocka_unit_test(
		a_policy_of_a_host_is_about_it_where_nothing_else_is_known),
	};

	return RUN_TESTS(tests);
}
