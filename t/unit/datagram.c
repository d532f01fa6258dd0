/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/datagram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define PR "\"pr\":\"v=TLSRPTv1; rua=mailto:t@d.ex\""
#define D "{\"d\":\"d.ex\"," PR ",\"policies\":["
/* LIMIT_TLSRPT_DEPTH levels, inside the three of a policy */
#define NEST_5 "[[[[[]]]]]"
#define NONE "{\"policy-type\":9,\"t\":0,\"f\":0}"

static enum datagram_outcome
read_text(const char *text, struct tlsrpt_session **out)
{
	return datagram_read(text, strlen(text), out);
}

/* As Postfix 3.10 sends them */
static const char success[] =
    "{\"d\": \"d.ex\",\"pr\": \"v=TLSRPTv1; rua=mailto:t@d.ex\",\"policies\":[{"
    "\"policy-type\":1,\"policy-domain\": \"mx1.d.ex\",\"policy-string\":["
    "\"3 1 1 A6\"],\"t\":0,\"f\":0}]}";
static const char failure[] =
    "{\"d\": \"D.ex.\"," PR ",\"policies\":[{\"policy-type\":2,"
    "\"policy-domain\": \"d.ex\",\"policy-string\":[\"version: STSv1\","
    "\"mode: enforce\",\"mx: mx1.d.ex\",\"max_age: 86400\"],"
    "\"mx-host\":[\"mx1.d.ex\"],\"failure-details\":[{\"c\":205,"
    "\"s\": \"192.0.2.9\",\"n\": \"mx1.d.ex\",\"h\": \"250-mx1.d.ex\\r\\n250 "
    "STARTTLS\",\"r\": \"192.0.2.1\",\"f\": \"self-signed_certificate\"}],"
    "\"t\":1,\"f\":1}]}";

static void
a_session_is_read_as_the_library_sends_it(void **state)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *good = NULL;
	AUTO(tlsrpt_session) struct tlsrpt_session *bad = NULL;

	(void)state;
	assert_int_equal(read_text(success, &good), DATAGRAM_GOOD); /* R01 */
	assert_string_equal(good->domain, "d.ex");
	assert_int_equal(good->outcome_count, 1);
	assert_int_equal(good->outcomes[0].type, TLSRPT_POLICY_TLSA);
	assert_string_equal(good->outcomes[0].domain, "mx1.d.ex");
	assert_string_equal(good->outcomes[0].strings.lines[0], "3 1 1 A6");
	assert_false(good->outcomes[0].failed);
	assert_int_equal(good->outcomes[0].detail_count, 0);

	assert_int_equal(read_text(failure, &bad), DATAGRAM_GOOD); /* R02 */
	assert_string_equal(bad->domain, "d.ex");                  /* R10 */
	assert_int_equal(bad->outcomes[0].type, TLSRPT_POLICY_STS);
	assert_int_equal(bad->outcomes[0].strings.count, 4);
	assert_string_equal(bad->outcomes[0].mx.lines[0], "mx1.d.ex");
	assert_true(bad->outcomes[0].failed);
	assert_int_equal(bad->outcomes[0].detail_count, 1);
	assert_int_equal(
	    bad->outcomes[0].details[0].result, TLSRPT_VALIDATION_FAILURE);
	assert_string_equal(bad->outcomes[0].details[0].helo, "mx1.d.ex");
	assert_string_equal(
	    bad->outcomes[0].details[0].reason, "self-signed_certificate");
}

static void
what_a_policy_says_counts_as_it_says_it(void **state)
{
	static const struct {
		const char *id, *policies;
		size_t count, failed, details;
	} rows[] = {
	    {"R03", "{\"policy-type\":9,\"t\":0,\"f\":1}", 1, 1, 0},
	    {"R04",
		"{\"policy-type\":1,\"f\":0,\"failure-details\":[{\"c\":201},"
		"{\"c\":204}]}",
		1, 0, 2},
	    {"R06 t", "{\"policy-type\":9,\"t\":7,\"f\":2}", 1, 1, 0},
	    {"R07", NONE ",{\"policy-type\":1,\"f\":1}", 2, 1, 0},
	    {"no f", "{\"policy-type\":9}", 1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;
		char text[1024];
		size_t failed = 0, details = 0;

		snprintf(text, sizeof(text), D "%s]}", rows[i].policies);
		ROW(rows[i].id, read_text(text, &session) == DATAGRAM_GOOD);
		ROW(rows[i].id, session->outcome_count == rows[i].count);
		for (size_t n = 0; n < session->outcome_count; n++) {
			failed += session->outcomes[n].failed;
			details += session->outcomes[n].detail_count;
		}
		ROW(rows[i].id, failed == rows[i].failed);
		ROW(rows[i].id, details == rows[i].details);
	}
}

/* R18 */
static void
an_unknown_code_is_a_validation_failure(void **state)
{
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;

	(void)state;
	assert_int_equal(
	    read_text(D "{\"policy-type\":2,\"f\":1,\"failure-details\":["
			"{\"c\":901,\"f\":\"x\"}]}]}",
		&session),
	    DATAGRAM_GOOD);
	assert_int_equal(
	    session->outcomes[0].details[0].result, TLSRPT_VALIDATION_FAILURE);
	assert_string_equal(session->outcomes[0].details[0].reason, "code-901");
}

static const struct {
	const char *id, *text;
	enum datagram_outcome outcome;
} dropped[] = {
    {"R12 absent", D NONE "]}", DATAGRAM_GOOD},
    {"R12 one", "{\"dpv\":\"1\",\"d\":\"d.ex\"," PR ",\"policies\":[" NONE "]}",
	DATAGRAM_GOOD},
    {"R12 two", "{\"dpv\":\"2\"}", DATAGRAM_VERSION},
    {"R12 number", "{\"dpv\":1}", DATAGRAM_VERSION},
    {"R15", "{\"d\":\"d.ex\",\"pr\":\"v=TLSRPTv1;\",\"policies\":[" NONE "]}",
	DATAGRAM_NO_RUA},
    {"R10", "{\"d\":\"a b\"," PR ",\"policies\":[" NONE "]}",
	DATAGRAM_MALFORMED},
    {"R18 type", D "{\"policy-type\":3,\"f\":0}]}", DATAGRAM_MALFORMED},
    {"no policy", D "]}", DATAGRAM_MALFORMED},
    {"no policies", "{\"d\":\"d.ex\"," PR "}", DATAGRAM_MALFORMED},
    {"no next hop", "{" PR ",\"policies\":[" NONE "]}", DATAGRAM_MALFORMED},
    {"no record", "{\"d\":\"d.ex\",\"policies\":[" NONE "]}",
	DATAGRAM_MALFORMED},
    {"H02 duplicate keys",
	"{\"d\":\"d.ex\",\"d\":\"e.ex\"," PR ",\"policies\":[" NONE "]}",
	DATAGRAM_MALFORMED},
    {"H02 infinity", D "{\"policy-type\":9,\"f\":1e999}]}", DATAGRAM_MALFORMED},
    {"H02 UTF-8", D "{\"policy-type\":9,\"policy-domain\":\"\xff\"}]}",
	DATAGRAM_MALFORMED},
    {"H02 NUL", D "{\"policy-type\":9,\"policy-domain\":\"\\u0000\"}]}",
	DATAGRAM_MALFORMED},
    {"a number for text",
	D "{\"policy-type\":9,\"policy-string\":[1]}"
	  "]}",
	DATAGRAM_MALFORMED},
    {"text for an array", D "{\"policy-type\":9,\"mx-host\":\"x\"}]}",
	DATAGRAM_MALFORMED},
    {"text for a code",
	D "{\"policy-type\":9,\"failure-details\":[{\"c\":\"201\"}]}]}",
	DATAGRAM_MALFORMED},
    {"H02 depth", D "{\"policy-type\":9,\"x\":" NEST_5 "}]}", DATAGRAM_GOOD},
    {"H02 more", D "{\"policy-type\":9,\"x\":[" NEST_5 "]}]}",
	DATAGRAM_MALFORMED},
    {"an array", "[]", DATAGRAM_MALFORMED},
    {"more behind it", D NONE "]}x", DATAGRAM_MALFORMED},
    {"nothing", "", DATAGRAM_MALFORMED},
};

static void
what_is_no_session_is_dropped_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dropped); i++) {
		AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;

		ROW(dropped[i].id,
		    read_text(dropped[i].text, &session) == dropped[i].outcome);
		ROW(dropped[i].id,
		    (session != NULL) == (dropped[i].outcome == DATAGRAM_GOOD));
	}
}

/* A datagram with count times what stands between; begin and end are its. */
static enum datagram_outcome
read_many(const char *begin, const char *between, size_t count, const char *end)
{
	size_t size =
	    strlen(begin) + count * (strlen(between) + 1) + strlen(end) + 1;
	char *text = xmalloc(size), *at = text;
	AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;
	enum datagram_outcome outcome;

	at += snprintf(at, size, "%s", begin);
	for (size_t i = 0; i < count; i++)
		at += snprintf(at, strlen(between) + 2, "%s%s",
		    i == 0 || between[0] == '[' ? "" : ",", between);
	snprintf(at, strlen(end) + 1, "%s", end);
	outcome = read_text(text, &session);
	free(text);
	return outcome;
}

/* H02 */
static void
a_datagram_is_bounded_in_every_way(void **state)
{
	static const char detail[] = "{\"c\":201}";
	static const char details[] =
	    D "{\"policy-type\":9,\"failure-details\":[";
	static const char lines[] = D "{\"policy-type\":9,\"policy-string\":[";

	(void)state;
	assert_int_equal(
	    read_many(D, NONE, LIMIT_TLSRPT_POLICIES, "]}"), DATAGRAM_GOOD);
	assert_int_equal(read_many(D, NONE, LIMIT_TLSRPT_POLICIES + 1, "]}"),
	    DATAGRAM_MALFORMED);
	assert_int_equal(
	    read_many(details, detail, LIMIT_TLSRPT_DETAILS, "]}]}"),
	    DATAGRAM_GOOD);
	assert_int_equal(
	    read_many(details, detail, LIMIT_TLSRPT_DETAILS + 1, "]}]}"),
	    DATAGRAM_MALFORMED);
	assert_int_equal(
	    read_many(lines, "\"3 1 1 A\"", LIMIT_TLSRPT_LINES, "]}]}"),
	    DATAGRAM_GOOD);
	assert_int_equal(
	    read_many(lines, "\"3 1 1 A\"", LIMIT_TLSRPT_LINES + 1, "]}]}"),
	    DATAGRAM_MALFORMED);
	assert_int_equal(read_many("", "[", 100000, ""), DATAGRAM_MALFORMED);
	assert_int_equal(read_many(D "{\"policy-type\":9,\"x\":[", "1",
			     LIMIT_TLSRPT_DATAGRAM / 2, "]}]}"),
	    DATAGRAM_MALFORMED);
	assert_int_equal(read_many(D "{\"policy-type\":9,\"x\":[", "1",
			     LIMIT_TLSRPT_DATAGRAM / 3, "]}]}"),
	    DATAGRAM_GOOD);
}

int
main(void)
{
	const struct CMUnitTest datagram[] = {
	    cmocka_unit_test(a_session_is_read_as_the_library_sends_it),
	    cmocka_unit_test(what_a_policy_says_counts_as_it_says_it),
	    cmocka_unit_test(an_unknown_code_is_a_validation_failure),
	    cmocka_unit_test(what_is_no_session_is_dropped_whole),
	    cmocka_unit_test(a_datagram_is_bounded_in_every_way),
	};

	return RUN_TESTS(datagram);
}
