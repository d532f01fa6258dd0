/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/day_report.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

static const struct day_report report = {.day = 20785,
    .domain = "d.ex",
    .organization = "Example Org",
    .contact = "tlsrpt@example.org",
    .store_id = "00112233445566778899aabbccddeeff"};

static char tlsa_body[] = "[[\"3 1 1 A6\"],[]]";
static char no_body[] = "";

static const char wanted[] =
    "{\"organization-name\":\"Example Org\",\"date-range\":{"
    "\"start-datetime\":\"2026-11-28T00:00:00Z\",\"end-datetime\":"
    "\"2026-11-28T23:59:59Z\"},\"contact-info\":"
    "\"tlsrpt@example.org\",\"report-id\":"
    "\"20261128.d3d4c30a.d.ex@example.org\",\"policies\":[{\"policy\":"
    "{\"policy-type\":\"tlsa\",\"policy-string\":[\"3 1 1 A6\"],"
    "\"policy-domain\":\"mx1.d.ex\"},\"summary\":{"
    "\"total-successful-session-count\":117,"
    "\"total-failure-session-count\":3},\"failure-details\":[{"
    "\"result-type\":\"certificate-not-trusted\",\"sending-mta-ip\":"
    "\"192.0.2.9\",\"receiving-mx-hostname\":\"mx1.d.ex\","
    "\"receiving-mx-helo\":\"mx1.d.ex\",\"receiving-ip\":"
    "\"192.0.2.1\",\"failed-session-count\":3}]},{\"policy\":{"
    "\"policy-type\":\"sts\",\"policy-string\":[],\"policy-domain\":"
    "\"d.ex\",\"mx-host\":[]},\"summary\":{"
    "\"total-successful-session-count\":0,"
    "\"total-failure-session-count\":2},\"failure-details\":[{"
    "\"result-type\":\"sts-policy-fetch-error\","
    "\"failed-session-count\":2,\"failure-reason-code\":\"http-404\"}]"
    "}]}";

/* J01, J02, J04, J05, J06 */
static void
a_report_is_as_rfc_8460_has_it(void **state)
{
	struct tlsrpt_failures failed[] = {
	    {.source = TLSRPT_SOURCE_MTA,
		.detail = {.result = TLSRPT_CERTIFICATE_NOT_TRUSTED,
		    .sending = "192.0.2.9",
		    .receiving = "192.0.2.1",
		    .mx = "mx1.d.ex",
		    .helo = "mx1.d.ex"},
		.count = 2},
	    {.source = TLSRPT_SOURCE_REFUSED,
		.detail = {.result = TLSRPT_CERTIFICATE_NOT_TRUSTED,
		    .sending = "192.0.2.9",
		    .receiving = "192.0.2.1",
		    .mx = "mx1.d.ex",
		    .helo = "mx1.d.ex"},
		.count = 1}};
	struct tlsrpt_failures fetch[] = {
	    {.detail = {.result = TLSRPT_STS_POLICY_FETCH_ERROR,
		 .reason = "http-404"},
		.count = 2}};
	struct tlsrpt_tally tlsa = {.type = TLSRPT_POLICY_TLSA,
	    .policy_domain = "mx1.d.ex",
	    .body = tlsa_body,
	    .ok = 117,
	    .failed = 3,
	    .failure_count = 2,
	    .failures = failed};
	struct tlsrpt_tally sts = {.type = TLSRPT_POLICY_STS,
	    .policy_domain = "d.ex",
	    .body = no_body,
	    .failed = 2,
	    .failure_count = 1,
	    .failures = fetch};
	struct tlsrpt_tally *tallies[] = {&tlsa, &sts};
	char *text = day_report_print(&report, tallies, 2);
	char *same = day_report_print(&report, tallies, 2);

	(void)state;
	assert_string_equal(text, wanted);
	assert_string_equal(text, same);
	free(text);
	free(same);
}

/* J01 J05 J06: as UTF-8 without escapes; an empty list is one; what somebody
 * said of a failure is there */
static void
what_is_not_ascii_or_not_there_is_well_formed(void **state)
{
	struct tlsrpt_failures failed[] = {
	    {.detail = {.result = TLSRPT_VALIDATION_FAILURE,
		 .info = "https://s.ex/1",
		 .reason = "why"},
		.count = 1}};
	struct tlsrpt_tally bad = {.type = TLSRPT_POLICY_NONE,
	    .policy_domain = "d.ex",
	    .body = no_body,
	    .failed = 1,
	    .failure_count = 1,
	    .failures = failed};
	struct tlsrpt_tally good = {.type = TLSRPT_POLICY_TLSA,
	    .policy_domain = "mx.d.ex",
	    .body = no_body,
	    .ok = 1};
	static const char head[] =
	    "{\"organization-name\":\"M\xc3\xbcller \\\"& Co\\\"\",";
	struct tlsrpt_tally *tallies[] = {&good, &bad};
	struct day_report other = report;
	char *text;

	(void)state;
	other.organization = "M\xc3\xbcller \"& Co\"";
	text = day_report_print(&other, tallies, 2);
	assert_memory_equal(text, head, sizeof(head) - 1);
	assert_non_null(strstr(text,
	    "\"policy-string\":[],\"policy-domain\":\"mx.d.ex\"},\"summary\":{"
	    "\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":0},\"failure-details\":[]}"));
	assert_non_null(strstr(text,
	    "\"failure-details\":[{\"result-type\":\"validation-failure\","
	    "\"failed-session-count\":1,"
	    "\"additional-information\":\"https://s.ex/1\","
	    "\"failure-reason-code\":\"why\"}]"));
	free(text);
}

/* J11 */
static void
minimal_details_have_type_mx_and_count(void **state)
{
	struct tlsrpt_failures failed[] = {
	    {.detail = {.result = TLSRPT_CERTIFICATE_EXPIRED,
		 .receiving = "192.0.2.1",
		 .mx = "mx1.d.ex",
		 .reason = "x"},
		.count = 2},
	    {.detail = {.result = TLSRPT_CERTIFICATE_EXPIRED,
		 .receiving = "192.0.2.2",
		 .mx = "mx1.d.ex"},
		.count = 5}};
	struct tlsrpt_tally tally = {.type = TLSRPT_POLICY_NONE,
	    .policy_domain = "d.ex",
	    .body = no_body,
	    .failed = 7,
	    .failure_count = 2,
	    .failures = failed};
	struct tlsrpt_tally *tallies[] = {&tally};
	struct day_report minimal = report;
	char *text;

	(void)state;
	minimal.details = DAY_REPORT_HOSTS;
	text = day_report_print(&minimal, tallies, 1);
	assert_non_null(strstr(text,
	    "\"failure-details\":[{\"result-type\":\"certificate-expired\","
	    "\"receiving-mx-hostname\":\"mx1.d.ex\","
	    "\"failed-session-count\":7}]"));
	free(text);
}

/* J03 */
static void
the_id_is_of_the_store_the_day_and_the_domain(void **state)
{
	struct day_report other = report;
	char id[DAY_REPORT_ID_SIZE], again[DAY_REPORT_ID_SIZE];
	char name[LIMIT_DOMAIN_SIZE];

	(void)state;
	day_report_id(&report, id);
	day_report_id(&report, again);
	assert_string_equal(id, again);
	other.store_id = "another";
	day_report_id(&other, again);
	assert_string_not_equal(id, again);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	other.domain = name;
	day_report_id(&other, again);
	assert_int_equal(strlen(again),
	    strlen("20261128.01234567.") + 200 + strlen("@example.org"));
}

static void
equal_policies_have_one_body(void **state)
{
	AUTO(tlsrpt_session)
	struct tlsrpt_session *session = tlsrpt_session_new("d.ex");
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_TLSA);
	char *body;

	(void)state;
	tlsrpt_lines_add(&outcome->strings, "3 1 1 b\"6");
	tlsrpt_lines_add(&outcome->strings, "2 1 1 A6");
	tlsrpt_outcome_finish(outcome, NULL, "d.ex");
	body = day_report_body(outcome);
	assert_string_equal(body, "[[\"2 1 1 A6\",\"3 1 1 B\\\"6\"],[]]");
	free(body);
}

int
main(void)
{
	const struct CMUnitTest day_report[] = {
	    cmocka_unit_test(a_report_is_as_rfc_8460_has_it),
	    cmocka_unit_test(what_is_not_ascii_or_not_there_is_well_formed),
	    cmocka_unit_test(minimal_details_have_type_mx_and_count),
	    cmocka_unit_test(the_id_is_of_the_store_the_day_and_the_domain),
	    cmocka_unit_test(equal_policies_have_one_body),
	};

	return RUN_TESTS(day_report);
}
