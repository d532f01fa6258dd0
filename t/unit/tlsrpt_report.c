/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define QUIRK(number) (UINT32_C(1) << (number))

/* A report of one policy; each piece can be put otherwise. */
#define ORG "\"organization-name\":\"Example\""
#define RANGE(begin, end)                             \
	"\"date-range\":{\"start-datetime\":\"" begin \
	"\",\"end-datetime\":\"" end "\"}"
#define DAY RANGE("2026-11-28T00:00:00Z", "2026-11-28T23:59:59Z")
#define CONTACT "\"contact-info\":\"tls@s.ex\""
#define ID "\"report-id\":\"r1\""
#define HEAD ORG "," DAY "," CONTACT "," ID
#define SUM(good, bad)                                          \
	"\"summary\":{\"total-successful-session-count\":" good \
	",\"total-failure-session-count\":" bad "}"
#define STS                                                                  \
	"\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[\"version: " \
	"STSv1\",\"mode: enforce\"],\"policy-domain\":\"d.ex\",\"mx-host\":" \
	"[\"mx.d.ex\"]}"
#define POLICIES(inside) "\"policies\":[" inside "]"
#define ONE(inside) "{" HEAD "," POLICIES("{" inside "}") "}"
#define DETAIL(more)                                                     \
	"\"failure-details\":[{\"result-type\":\"certificate-expired\"," \
	"\"failed-session-count\":1" more "}]"

static struct tlsrpt_report *
parse_with(const char *text, const struct tlsrpt_hints *hints, struct err *err)
{
	json_error_t error;
	json_t *object = json_loads(text, 0, &error);
	struct tlsrpt_report *report;

	if (object == NULL)
		fail_msg("%s: %s", text, error.text);
	report = tlsrpt_report_parse(object, hints, err);
	json_decref(object);
	return report;
}

static struct tlsrpt_report *
parse_alone(const char *text, struct err *err)
{
	static const struct tlsrpt_hints none;

	return parse_with(text, &none, err);
}

static void
a_report_by_the_book_has_no_quirk(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report = parse_alone(
	    ONE(STS "," SUM("5", "1") "," DETAIL(
		",\"sending-mta-ip\":\"192.0.2.9\",\"receiving-mx-hostname\":"
		"\"MX.d.ex.\",\"receiving-mx-helo\":\"mx.d.ex\","
		"\"receiving-ip\":\"::ffff:192.0.2.1\","
		"\"additional-information\":\"https://s.ex/1\","
		"\"failure-reason-code\":\"why\"")),
	    NULL);
	const struct tlsrpt_policy *policy;
	const struct tlsrpt_failure *detail;

	(void)state;
	assert_non_null(report);
	assert_int_equal(report->quirks, 0);
	assert_string_equal(report->organization, "Example");
	assert_string_equal(report->contact, "tls@s.ex");
	assert_string_equal(report->id, "r1");
	assert_int_equal(report->begin, 1795824000);
	assert_int_equal(report->end, 1795824000 + 86399);
	assert_string_equal(report->domain, "d.ex");
	assert_int_equal(report->policy_count, 1);
	policy = &report->policies[0];
	assert_int_equal(policy->type, TLSRPT_POLICY_STS);
	assert_string_equal(policy->mode, "enforce");
	assert_int_equal(policy->strings.count, 2);
	assert_string_equal(policy->mx.items[0], "mx.d.ex");
	assert_int_equal(policy->succeeded, 5);
	assert_int_equal(policy->failed, 1);
	detail = &policy->details[0];
	assert_int_equal(detail->result, TLSRPT_CERTIFICATE_EXPIRED);
	assert_string_equal(detail->mx, "mx.d.ex");
	assert_string_equal(detail->sending_ip, "192.0.2.9");
	assert_string_equal(detail->receiving_ip, "192.0.2.1");
	assert_string_equal(detail->information, "https://s.ex/1");
	assert_string_equal(detail->reason, "why");
	assert_int_equal(detail->count, 1);
}

/* Each quirk: what it sets, and what is read. */
static const struct {
	const char *id, *text;
	uint32_t quirks;
	const char *json; /* a piece of the normalised form */
} tolerated[] = {
    {"T03",
	"{" ORG "," RANGE("2026-11-28T00:00:00",
	    "2026-11-28T23:59:59") "," CONTACT "," ID ",\"policies\":[]}",
	QUIRK(3), "\"start-datetime\":\"2026-11-28T00:00:00Z\""},
    {"T03 zones",
	"{" ORG "," RANGE("2026-11-28T02:00:00+02:00",
	    "2026-11-28T22:29:59.999-0130") "," CONTACT "," ID
					    ",\"policies\":[]}",
	0, "00:00:00Z\",\"end-datetime\":\"2026-11-28T23:59:59Z\""},
    {"T04 mx-host",
	ONE("\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-string\":[],\"policy-domain\":\"d.ex\"}," SUM("1", "0")),
	QUIRK(4), "\"mx-host\":[]"},
    {"T04 details", ONE(STS "," SUM("0", "1")), QUIRK(4),
	"\"failure-details\":[]"},
    {"T05 mx-host",
	ONE("\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-string\":[],\"policy-domain\":\"d.ex\","
	    "\"mx-host\":\"*.d.ex\"}," SUM("1", "0")),
	QUIRK(5), "\"mx-host\":[\"*.d.ex\"]"},
    {"T05 split at semicolons",
	ONE("\"policy\":{\"policy-type\":\"sts\",\"policy-string\":\"version: "
	    "STSv1; mode: testing; mx: a\",\"policy-domain\":\"d.ex\","
	    "\"mx-host\":[]}," SUM("1", "0")),
	QUIRK(5), "[\"version: STSv1\",\"mode: testing\",\"mx: a\"]"},
    {"T05 split at lines",
	ONE("\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[\"version: "
	    "STSv1\\r\\nmode: none\\r\\n\"],\"policy-domain\":\"d.ex\","
	    "\"mx-host\":[]}," SUM("1", "0")),
	QUIRK(5), "[\"version: STSv1\",\"mode: none\"]"},
    {"T06",
	"{" ORG "," RANGE("2026-11-28T00:00:00Z",
	    "2026-11-29T00:00:00Z") "," CONTACT "," ID ",\"policies\":[]}",
	QUIRK(6), "\"end-datetime\":\"2026-11-28T23:59:59Z\""},
    {"T07",
	ONE("\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":"
	    "\"d.ex\",\"mx-host\":[]}," SUM("0",
		"1") ","
		     "\"failure-details\":[{\"result-type\":\"sts-policy-fetch-"
		     "error\",\"failed-session-count\":1}]"),
	0,
	"{\"result-type\":\"sts-policy-fetch-error\","
	"\"failed-session-count\":1}"},
    {"T08",
	ONE(STS "," SUM("0",
	    "1") ",\"failure-details\":[{\"result-type\":"
		 "\"sts-policy-fetch-error\",\"failed-session-count\":2,"
		 "\"failure-reason-code\":\"bad https response code: 404\"}]"),
	QUIRK(8),
	"\"failed-session-count\":2,\"failure-reason-code\":\"bad "
	"https response code: 404\""},
    {"T09", "{" ORG "," DAY ",\"contact-info\":null," ID ",\"policies\":[]}",
	QUIRK(9), "T23:59:59Z\"},\"report-id\""},
    {"T11", ONE(STS ",\"summary\":{\"total-successful-session-count\":7}"),
	QUIRK(11),
	"{\"total-successful-session-count\":7,"
	"\"total-failure-session-count\":0}"},
    {"T12 text", ONE(STS "," SUM("\"12\"", "0")), QUIRK(12),
	"\"total-successful-session-count\":12,"},
    {"T12 point", ONE(STS "," SUM("3.0", "0")), QUIRK(12),
	"\"total-successful-session-count\":3,"},
    {"T13 words",
	ONE("\"policy\":{\"policy-type\":\"smtp-magic\","
	    "\"policy-domain\":\"d.ex\"}," SUM(
		"0", "1") ","
			  "\"failure-details\":[{\"result-type\":\"Odd_Thing\","
			  "\"failed-session-count\":1}]"),
	QUIRK(13), "\"policy-type\":\"smtp-magic\""},
    {"T13 result",
	ONE(STS
	    "," SUM("0", "1") ",\"failure-details\":[{"
			      "\"result-type\":\"Odd_Thing\",\"failed-session-"
			      "count\":1}]"),
	QUIRK(13), "\"result-type\":\"Odd_Thing\""},
    {"T13 keys",
	"{" HEAD ",\"x-own\":[1]," POLICIES("{" STS "," SUM(
	    "1", "0") ","
		      "\"failure-details\":[],\"x-more\":2}") "}",
	QUIRK(13), "\"x-more\":2}],\"x-own\":[1]}"},
    {"T14 information",
	ONE(STS "," SUM("0", "1") "," DETAIL(
	    ",\"additional-info-uri\":\"https://s.ex/2\"")),
	QUIRK(14), "\"additional-information\":\"https://s.ex/2\""},
    {"T14 pattern",
	ONE("\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-string\":[],\"policy-domain\":\"d.ex\","
	    "\"mx-host-pattern\":[\"a.d.ex\"]}," SUM("1", "0")),
	QUIRK(14), "\"mx-host\":[\"a.d.ex\"]"},
    {"T20 a week",
	"{" ORG "," RANGE("2026-11-21T00:00:00Z",
	    "2026-11-27T23:59:59Z") "," CONTACT "," ID ",\"policies\":[]}",
	0, "2026-11-21T00:00:00Z\",\"end-datetime\":\"2026-11-27T23:59:59Z"},
    {"T20 nothing",
	"{" ORG "," RANGE("2026-11-21T00:00:00Z",
	    "2026-11-21T00:00:00Z") "," CONTACT "," ID ",\"policies\":[]}",
	0, "2026-11-21T00:00:00Z\",\"end-datetime\":\"2026-11-21T00:00:00Z"},
    {"T22 name", "{" DAY "," CONTACT "," ID ",\"policies\":[]}", QUIRK(22),
	"{\"date-range\""},
    {"J04 order",
	"{" HEAD "," POLICIES(
	    "{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-domain\":\"d.ex\"}," SUM("1",
		"0") "},"
		     "{" STS "," SUM("2",
			 "0") "},"
			      "{\"policy\":{\"policy-type\":\"tlsa\",\"policy-"
			      "string\":[\"3 1 1 "
			      "AB\"],\"policy-domain\":\"mx2.d.ex\"}," SUM("3",
				  "0") "},"
				       "{\"policy\":{\"policy-type\":\"TLSA\","
				       "\"policy-string\":[],"
				       "\"policy-domain\":\"MX1.d.ex\"}," SUM(
					   "4", "0") "}") "}",
	0,
	"\"policies\":[{\"policy\":{\"policy-type\":\"tlsa\","
	"\"policy-string\":[],\"policy-domain\":\"mx1.d.ex\"}"},
};

static void
what_reporters_write_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tolerated); i++) {
		struct err err = {.text = ""};
		struct tlsrpt_report *report =
		    parse_alone(tolerated[i].text, &err);
		json_t *json;
		char *text;

		if (report == NULL)
			fail_msg("%s: %s", tolerated[i].id, err.text);
		if (report->quirks != tolerated[i].quirks)
			fail_msg(
			    "%s: quirks %x", tolerated[i].id, report->quirks);
		json = tlsrpt_report_json(report);
		text = json_dumps(json, JSON_COMPACT);
		if (strstr(text, tolerated[i].json) == NULL)
			fail_msg("%s: %s", tolerated[i].id, text);
		free(text);
		json_decref(json);
		tlsrpt_report_free(report);
	}
}

static const struct {
	const char *id, *text, *why;
} invalid[] = {
    {"T12 negative", ONE(STS "," SUM("-1", "0")),
	"total-successful-session-count is negative"},
    {"T12 negative text", ONE(STS "," SUM("\"-1\"", "0")),
	"total-successful-session-count is negative"},
    {"T12 over 2^53", ONE(STS "," SUM("9007199254740993", "0")),
	"total-successful-session-count is over 2^53"},
    {"T12 over 2^53 as a text", ONE(STS "," SUM("\"9007199254740994\"", "0")),
	"total-successful-session-count is over 2^53"},
    {"T12 half", ONE(STS "," SUM("0", "1.5")),
	"total-failure-session-count is no count"},
    {"T12 a word", ONE(STS "," SUM("0", "\"many\"")),
	"total-failure-session-count is no count"},
    {"T12 infinite", ONE(STS "," SUM("0", "\"inf\"")),
	"total-failure-session-count is no count"},
    {"T12 true", ONE(STS "," SUM("0", "true")),
	"total-failure-session-count is no count"},
    {"T12 a detail",
	ONE(STS "," SUM("0", "1") ",\"failure-details\":[{"
				  "\"failed-session-count\":-3}]"),
	"failed-session-count is negative"},
    {"T20",
	"{" ORG "," RANGE("2026-11-28T00:00:00Z",
	    "2026-11-27T00:00:00Z") "," CONTACT "," ID ",\"policies\":[]}",
	"date-range ends before it begins"},
    {"T22 range", "{" ORG "," CONTACT "," ID ",\"policies\":[]}",
	"no date-range that can be read"},
    {"a day that is none",
	"{" ORG "," RANGE("2026-02-31T00:00:00Z",
	    "2026-03-01T00:00:00Z") "," CONTACT "," ID ",\"policies\":[]}",
	"no date-range that can be read"},
    {"T22 policies", "{" HEAD "}", "no policies"},
    {"policies that are none", "{" HEAD ",\"policies\":{}}", "no policies"},
    {"a policy that is none", "{" HEAD ",\"policies\":[7]}",
	"a policy is no object"},
    {"details that are none",
	ONE(STS "," SUM("0", "1") ",\"failure-details\":\"x\""),
	"failure-details is no array"},
};

static void
what_cannot_be_counted_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		struct err err = {.text = ""};
		struct tlsrpt_report *report =
		    parse_alone(invalid[i].text, &err);

		ROW(invalid[i].id, report == NULL);
		ROW_TEXT(invalid[i].id, err.text, invalid[i].why);
		ROW(invalid[i].id, err.kind == ERR_DATA);
	}
}

static const struct tlsrpt_hints of_mail = {.domain = "d.ex",
    .submitter = "s.ex",
    .begin = 1795824000,
    .end = 1795910399};

/* T22, T09: header fields and the file name fill in */
static void
what_is_missing_comes_from_around(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report =
	    parse_with("{\"policies\":[]}", &of_mail, NULL);

	(void)state;
	assert_non_null(report);
	assert_int_equal(report->quirks, QUIRK(9) | QUIRK(22));
	assert_string_equal(report->organization, "s.ex");
	assert_int_equal(report->begin, of_mail.begin);
	assert_int_equal(report->end, of_mail.end);
	/* of the octets {"policies":[]} */
	assert_int_equal(strlen(report->id), 64);
	assert_string_equal(tlsrpt_report_reporter(report), "s.ex");
}

/* T09 */
static void
a_report_without_contact_has_its_organisation(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report = parse_alone(
	    "{" ORG "," DAY ",\"contact-info\":null," ID ",\"policies\":[]}",
	    NULL);

	(void)state;
	assert_string_equal(tlsrpt_report_reporter(report), "Example");
}

#define BARE                                                                  \
	"{" ORG "," DAY "," CONTACT ",\"report-id\":\"2026_d.ex\"," POLICIES( \
	    "{\"policy\":{\"policy-type\":\"no-policy-found\"}," SUM(         \
		"1", "0") "}") "}"

/* T10 */
static void
a_policy_without_domain_is_the_reports(void **state)
{
	static const struct tlsrpt_hints hints = {.domain = "header.ex"};
	struct tlsrpt_report *report = parse_with(BARE, &hints, NULL);

	(void)state;
	assert_string_equal(report->policies[0].domain, "header.ex");
	assert_int_equal(report->quirks, QUIRK(10));
	tlsrpt_report_free(report);
	report = parse_alone(BARE, NULL);
	assert_string_equal(report->policies[0].domain, "d.ex");
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[0]), "d.ex");
	tlsrpt_report_free(report);
}

/* T01, T02 */
static void
the_subjects_id_is_only_compared(void **state)
{
	struct tlsrpt_hints hints = {.subject_id = "other"};
	struct tlsrpt_report *report =
	    parse_with("{" HEAD ",\"policies\":[]}", &hints, NULL);

	(void)state;
	assert_string_equal(report->id, "r1");
	assert_int_equal(report->quirks, QUIRK(1));
	tlsrpt_report_free(report);
	memcpy(hints.subject_id, "r1", sizeof("r1"));
	hints.subject_bare = true;
	report = parse_with("{" HEAD ",\"policies\":[]}", &hints, NULL);
	assert_int_equal(report->quirks, QUIRK(2));
	tlsrpt_report_free(report);
}

/* A TLSA policy's own domain is a host's. */
static void
a_report_is_about_the_domain_of_its_other_policies(void **state)
{
	AUTO(tlsrpt_report)
	struct tlsrpt_report *report = parse_alone(
	    "{" HEAD "," POLICIES(
		"{\"policy\":{\"policy-type\":\"tlsa\",\"policy-domain\":"
		"\"mx.h.ex\"}," SUM("1", "0") "},{" STS
					      "," SUM("1", "0") "}") "}",
	    NULL);

	(void)state;
	assert_string_equal(report->policies[0].domain, "mx.h.ex");
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[0]), "d.ex");
	memcpy(report->domain, "other.ex", sizeof("other.ex"));
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[0]), "other.ex");
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[1]), "d.ex");
	report->domain[0] = '\0';
	assert_string_equal(
	    tlsrpt_report_about(report, &report->policies[0]), "mx.h.ex");
}

static char *
with_many(const char *begin, const char *item, size_t count, const char *end)
{
	char *text = xcalloc(
	    strlen(begin) + strlen(end) + 1 + count * (strlen(item) + 1), 1);
	char *at = stpcpy(text, begin);

	for (size_t i = 0; i < count; i++)
		at = stpcpy(stpcpy(at, i == 0 ? "" : ","), item);
	stpcpy(at, end);
	return text;
}

static void
the_most_is_taken_and_one_more_is_not(void **state)
{
	static const struct {
		const char *begin, *item, *end, *why;
		size_t most;
	} rows[] = {
	    {"{" HEAD ",\"policies\":[", "{}", "]}", "over 1000 policies",
		LIMIT_REPORT_POLICIES},
	    {"{" HEAD ",\"policies\":[{" STS
	     "," SUM("0", "1") ",\"failure-details\":[",
		"{}", "]}]}", "over 10000 details", LIMIT_REPORT_DETAILS},
	    /* one value of JSON, and each piece of it a text of its own */
	    {"{" HEAD ",\"policies\":[{\"policy\":{\"policy-string\":\"", "x;",
		"\"}}]}", "policies of over 400000 lines", LIMIT_REPORT_VALUES},
	    {"{" HEAD ",\"policies\":[{\"policy\":{\"mx-host\":[\"", "x\\n",
		"\"]}}]}", "policies of over 400000 lines",
		LIMIT_REPORT_VALUES},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = with_many(
		    rows[i].begin, rows[i].item, rows[i].most, rows[i].end);
		struct err err = {.text = ""};
		struct tlsrpt_report *report = parse_alone(text, &err);

		ROW(rows[i].why, report != NULL);
		tlsrpt_report_free(report);
		free(text);
		text = with_many(
		    rows[i].begin, rows[i].item, rows[i].most + 1, rows[i].end);
		report = parse_alone(text, &err);
		ROW(rows[i].why, report == NULL);
		ROW_TEXT(rows[i].why, err.text, rows[i].why);
		free(text);
	}
}

static void
counts_stay_at_the_greatest(void **state)
{
	(void)state;
	assert_int_equal(tlsrpt_count_add(1, 2), 3);
	assert_true(
	    tlsrpt_count_add(TLSRPT_COUNT_MAX - 1, 1) == TLSRPT_COUNT_MAX);
	assert_true(tlsrpt_count_add(TLSRPT_COUNT_MAX, 0) == TLSRPT_COUNT_MAX);
	assert_true(tlsrpt_count_add(TLSRPT_COUNT_MAX, TLSRPT_COUNT_MAX) ==
		    TLSRPT_COUNT_MAX);
	assert_true(
	    tlsrpt_count_add(TLSRPT_COUNT_MAX - 1, 2) == TLSRPT_COUNT_MAX);
	assert_true(
	    tlsrpt_count_add(TLSRPT_COUNT_MAX - 1, 0) == TLSRPT_COUNT_MAX - 1);
}

static void
keys_of(const char *text, const struct tlsrpt_hints *hints,
    char key[TLSRPT_DIGEST_SIZE], char content[TLSRPT_DIGEST_SIZE])
{
	struct tlsrpt_report *report = parse_with(text, hints, NULL);

	tlsrpt_report_key(report, key, content);
	tlsrpt_report_free(report);
}

/* Duplicates: what of a report is its key, and what is not. */
static void
a_key_is_reporter_id_range_and_domains(void **state)
{
	static const struct {
		const char *text;
		bool same_key, same_content;
	} rows[] = {
	    {"{" HEAD "," POLICIES("{" STS "," SUM("1", "0") "}") "}", true,
		true},
	    {"{" CONTACT "," ID "," ORG "," DAY
	     "," POLICIES("{" SUM("1.0", "0") "," STS "}") "}",
		true, true},
	    {"{\"organization-name\":\"EXAMPLE\"," DAY "," CONTACT "," ID
	     "," POLICIES("{" STS "," SUM("1", "0") "}") "}",
		true, false},
	    {"{" HEAD "," POLICIES("{" STS "," SUM("2", "0") "}") "}", true,
		false},
	    {"{" HEAD "," POLICIES("{" STS "," SUM("1",
		 "0") "},"
		      "{\"policy\":{\"policy-type\":\"sts\","
		      "\"policy-domain\":\"z.ex\"}," SUM("1", "0") "}") "}",
		false, false},
	    {"{" ORG "," DAY "," CONTACT ",\"report-id\":\"r2\"," POLICIES(
		 "{" STS "," SUM("1", "0") "}") "}",
		false, false},
	    {"{\"organization-name\":\"Other\"," DAY "," CONTACT "," ID
	     "," POLICIES("{" STS "," SUM("1", "0") "}") "}",
		false, false},
	    {"{" ORG "," RANGE("2026-11-27T00:00:00Z",
		 "2026-11-27T23:59:59Z") "," CONTACT "," ID
					 "," POLICIES(
					     "{" STS "," SUM("1", "0") "}") "}",
		false, false},
	    {"{" HEAD
	     "," POLICIES("{\"policy\":{\"policy-type\":\"sts\","
			  "\"policy-domain\":\"e.ex\"}," SUM("1", "0") "}") "}",
		false, false},
	};
	static const struct tlsrpt_hints none;
	char key[TLSRPT_DIGEST_SIZE], content[TLSRPT_DIGEST_SIZE];
	char other[TLSRPT_DIGEST_SIZE], rest[TLSRPT_DIGEST_SIZE];

	(void)state;
	keys_of(rows[0].text, &none, key, content);
	for (size_t i = 0; i < COUNT(rows); i++) {
		keys_of(rows[i].text, &none, other, rest);
		ROW(rows[i].text,
		    (strcmp(key, other) == 0) == rows[i].same_key);
		ROW(rows[i].text,
		    (strcmp(content, rest) == 0) == rows[i].same_content);
	}
	/* the submitter goes before the organisation */
	keys_of(rows[0].text, &of_mail, other, rest);
	assert_string_not_equal(key, other);
}

static void
quirks_have_numbers(void **state)
{
	char text[TLSRPT_QUIRKS_SIZE];

	(void)state;
	tlsrpt_quirks_text(0, text);
	assert_string_equal(text, "");
	tlsrpt_quirks_text(QUIRK(5) | QUIRK(23), text);
	assert_string_equal(text, "T05 T23");
	tlsrpt_quirks_text(QUIRK(1) | QUIRK(2), text);
	assert_string_equal(text, "T01 T02");
	tlsrpt_quirks_text(
	    QUIRK(0) | QUIRK(1) | QUIRK(5) | QUIRK(23) | QUIRK(24), text);
	assert_string_equal(text, "T01 T05 T23");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_by_the_book_has_no_quirk),
	    cmocka_unit_test(what_reporters_write_is_read),
	    cmocka_unit_test(what_cannot_be_counted_is_invalid),
	    cmocka_unit_test(what_is_missing_comes_from_around),
	    cmocka_unit_test(a_report_without_contact_has_its_organisation),
	    cmocka_unit_test(a_policy_without_domain_is_the_reports),
	    cmocka_unit_test(the_subjects_id_is_only_compared),
	    cmocka_unit_test(
		a_report_is_about_the_domain_of_its_other_policies),
	    cmocka_unit_test(the_most_is_taken_and_one_more_is_not),
	    cmocka_unit_test(counts_stay_at_the_greatest),
	    cmocka_unit_test(a_key_is_reporter_id_range_and_domains),
	    cmocka_unit_test(quirks_have_numbers),
	};

	return RUN_TESTS(tests);
}
