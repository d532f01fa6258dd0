/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/tls_sessions.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

/* A session as text, an outcome a line: "tlsa mx1.d.example 1 F: RESULT REASON
 * MX, ..."; the number of its lines, and F, S or - for one that is counted
 * elsewhere. */
static void
print_session(const struct tlsrpt_session *session, char *out, size_t size)
{
	struct text text;

	text_init(&text, out, size);
	for (size_t i = 0; session != NULL && i < session->outcome_count; i++) {
		const struct tlsrpt_outcome *outcome = &session->outcomes[i];

		text_addf(&text, "%s%s %s %zu %s", i == 0 ? "" : "\n",
		    tlsrpt_policy_type_text(outcome->type), outcome->domain,
		    outcome->strings.count,
		    outcome->failed              ? "F"
		    : outcome->counted_elsewhere ? "-"
						 : "S");
		for (size_t j = 0; j < outcome->detail_count; j++)
			text_addf(&text, "%s %s %.27s %s", j == 0 ? ":" : ",",
			    tlsrpt_result_text(outcome->details[j].result),
			    outcome->details[j].reason, outcome->details[j].mx);
	}
}

/* The row's facts, with probes that were made just now. */
static struct facts *
make_sessions(const struct row *row)
{
	struct facts *facts = fact_row_make(row);

	for (size_t i = 0; i < facts->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];
		struct probe_facts *probe =
		    host->address_count == 0 ? NULL : host->addresses[0].probe;

		if (probe == NULL)
			continue;
		probe->connected = probe->outcome != PROBE_CONNECT_FAILED &&
				   probe->outcome != PROBE_BLOCKED;
		text_copy(probe->sight.source, INET6_ADDRSTRLEN, "192.0.2.9");
		text_copy(probe->sight.helo, sizeof(probe->sight.helo),
		    "helo.d.example");
	}
	return facts;
}

static struct verdict *
judge_row_facts(const struct row *row, const struct facts *facts)
{
	struct judge_terms terms = {.level = row->level,
	    .insecure_mx = INSECURE_MX_DANE,
	    .store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};

	return judge(facts, &terms, CERTS_NOW);
}

struct counted_row {
	struct row row;
	const char *events; /* whatever becomes of the mail */
	const char *refused;
};

static const struct counted_row counted_rows[] = {
    {{.id = "no policy", .mx = SEC, .hosts = ONE(SEC, T_NIL, P_SELF)}, "", ""},
    {{.id = "all is well",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_GOOD),
	 .sts = S_ENFORCE},
	"", ""},
    {{.id = "R30 TLSA matches not",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_BAD, P_GOOD)},
	"",
	"tlsa mx1.d.example 1 F: validation-failure "
	"presented_3_1_1_"},
    {{.id = "R30 no STARTTLS", .mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)}, "",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example"},
    {{.id = "R30 an alias of another name",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_TA, P_OTHER)},
	"",
	"tlsa mx1.d.example 1 F: certificate-host-mismatch "
	"certificate-host-mismatch mx1.d.example"},
    {{.id = "J08 half-dane", .mx = INS, .hosts = ONE(SEC, T_OK, P_PLAIN)}, "",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example"},
    {{.id = "R30 MTA-STS",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_EXPIRED),
	 .sts = S_ENFORCE},
	"",
	"sts d.example 5 F: certificate-expired certificate-expired "
	"mx1.d.example"},
    {{.id = "R30 MTA-STS, and what is told beside plain words",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_SELF),
	 .sts = S_ENFORCE},
	"", "sts d.example 5 F: certificate-not-trusted issuer_ mx1.d.example"},
    {{.id = "R30 each host",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_OK, P_PLAIN}, {20, SEC, T_OK, P_PLAIN}}},
	"",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example\n"
	"tlsa mx2.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx2.d.example"},
    {{.id = "R30 a host that fails before one that does not",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_OK, P_PLAIN}, {20, SEC, T_OK, P_GOOD}}},
	"",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example"},
    {{.id = "R30 none behind the one that takes it",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_PLAIN}}},
	"", ""},
    {{.id = "R30 by the admin's level",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_PLAIN),
	 .sts = 0,
	 .level = LEVEL_ENCRYPT},
	"",
	"no-policy-found d.example 0 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example"},
    {{.id = "R33 bogus", .mx = SEC, .hosts = ONE(SEC, T_BOG, P_GOOD)},
	"tlsa mx1.d.example 0 F: dnssec-invalid dnssec-invalid mx1.d.example",
	""},
    {{.id = "R33 each host",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_BOG, P_GOOD}, {20, SEC, T_BOG, P_GOOD}}},
	"tlsa mx1.d.example 0 F: dnssec-invalid dnssec-invalid mx1.d.example\n"
	"tlsa mx2.d.example 0 F: dnssec-invalid dnssec-invalid mx2.d.example",
	""},
    {{.id = "R33 SERVFAIL", .mx = SEC, .hosts = ONE(SEC, T_ERR, P_GOOD)},
	"tlsa mx1.d.example 0 F: dnssec-invalid dns-servfail mx1.d.example",
	""},
    {{.id = "R33 no answer", .mx = SEC, .hosts = ONE(SEC, T_TMO, P_GOOD)}, "",
	""},
    {{.id = "R34 MX lookup", .mx = BOG, .hosts = {{0}}, .sts = 0, .level = 0},
	"", ""},
    {{.id = "R34 addresses", .mx = SEC, .hosts = ONE(BOG, T_NIL, P_NOT)}, "",
	""},
    {{.id = "R34 out of reach",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_CLOSED),
	 .sts = S_ENFORCE},
	"", ""},
    {{.id = "R34 no answer",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_SLOW),
	 .sts = S_ENFORCE},
	"", ""},
    {{.id = "R36",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_PLAIN),
	 .sts = S_ENFORCE},
	"",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example\n"
	"sts d.example 5 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example"},
    {{.id = "R36 DANE is kept",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_GOOD),
	 .sts = S_ONLY_2},
	"", ""},
    {{.id = "R36 not named either",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_PLAIN),
	 .sts = S_ONLY_2},
	"",
	"tlsa mx1.d.example 1 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example\n"
	"sts d.example 4 F: validation-failure sts-mx-mismatch "
	"mx1.d.example"},
    {{.id = "R37",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_GOOD),
	 .sts = 0,
	 .level = LEVEL_DANE_ONLY},
	"",
	"tlsa mx1.d.example 0 F: dane-required dane-required mx1.d.example"},
    {{.id = "R38", .mx = SEC, .hosts = ONE(SEC, T_PKIX, P_PLAIN)}, "",
	"tlsa mx1.d.example 0 F: starttls-not-supported "
	"starttls-not-supported mx1.d.example, tlsa-invalid tlsa-unusable "
	"mx1.d.example"},
    {{.id = "R42 enforce",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_GOOD),
	 .sts = S_ONLY_2},
	"sts d.example 4 F: validation-failure sts-mx-mismatch mx1.d.example",
	""},
    {{.id = "R42 testing",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_GOOD),
	 .sts = S_TEST_2},
	"sts d.example 4 -: validation-failure sts-mx-mismatch mx1.d.example",
	""},
    {{.id = "R42 not probed",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_NOT),
	 .sts = S_ONLY_2},
	"sts d.example 4 F: validation-failure sts-mx-mismatch mx1.d.example",
	""},
    {{.id = "R42 mode none",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_SELF),
	 .sts = S_MODE_NONE},
	"", ""},
};

static void
each_failure_counts_under_its_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(counted_rows); i++) {
		const struct counted_row *row = &counted_rows[i];
		AUTO(facts) struct facts *facts = make_sessions(&row->row);
		AUTO(verdict)
		struct verdict *verdict = judge_row_facts(&row->row, facts);
		AUTO(tlsrpt_session)
		struct tlsrpt_session *events =
		    tls_sessions_events(facts, verdict, true);
		struct tls_refusal *refusal = tls_refusal_new(facts, verdict);
		char text[1024];

		print_session(events, text, sizeof(text));
		ROW_TEXT(row->row.id, text, row->events);
		print_session(tls_refusal_take(refusal), text, sizeof(text));
		if (strstr(row->refused, "presented_") != NULL)
			text[strlen(row->refused)] = '\0';
		ROW_TEXT(row->row.id, text, row->refused);
		tls_refusal_free(refusal);
	}
}

static void
what_the_probe_saw_comes_along(void **state)
{
	static const struct row row = {
	    .id = "J06", .mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)};
	AUTO(facts) struct facts *facts = make_sessions(&row);
	AUTO(verdict) struct verdict *verdict = judge_row_facts(&row, facts);
	struct tls_refusal *refusal = tls_refusal_new(facts, verdict);
	const struct tlsrpt_detail *detail =
	    &tls_refusal_take(refusal)->outcomes[0].details[0];

	(void)state;
	assert_string_equal(detail->sending, "192.0.2.9");
	assert_string_equal(detail->receiving, "192.0.2.1");
	assert_string_equal(detail->helo, "helo.d.example");
	assert_true(tls_refusal_octets(refusal) > sizeof(*detail));
	tls_refusal_free(refusal);
	assert_int_equal(tls_refusal_octets(NULL), 0);
}

/* A second address of the first host, as the row has its probe. */
static void
add_address(struct facts *facts, const struct row *row)
{
	AUTO(facts) struct facts *other = make_sessions(row);
	struct host_facts *host = &facts->hosts[0];
	struct address_facts *address;

	host->addresses =
	    xrealloc(host->addresses, 2, sizeof(*host->addresses));
	host->address_count = 2;
	address = &host->addresses[1];
	*address = other->hosts[0].addresses[0];
	other->hosts[0].address_count = 0;
	text_copy(address->text, sizeof(address->text), "192.0.2.2");
}

/* J06: a failure each; under the name at which the records stand. */
static void
each_address_of_a_host_counts(void **state)
{
	static const struct row row = {
	    .id = "J06", .mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)};
	AUTO(facts) struct facts *facts = make_sessions(&row);
	AUTO(verdict) struct verdict *verdict = NULL;
	const struct tlsrpt_session *session;
	struct tls_refusal *refusal;

	(void)state;
	add_address(facts, &row);
	text_copy(
	    facts->hosts[0].base_domain, LIMIT_DOMAIN_SIZE, "alias.example");
	verdict = judge_row_facts(&row, facts);
	refusal = tls_refusal_new(facts, verdict);
	session = tls_refusal_take(refusal);
	assert_int_equal(session->outcome_count, 1);
	assert_string_equal(session->outcomes[0].domain, "alias.example");
	assert_int_equal(session->outcomes[0].detail_count, 2);
	assert_string_equal(
	    session->outcomes[0].details[1].receiving, "192.0.2.2");
	assert_in_range(tls_refusal_octets(refusal),
	    tlsrpt_session_octets(session) + 1,
	    tlsrpt_session_octets(session) + 64);
	tls_refusal_free(refusal);
}

/* R43 */
static void
addresses_that_differ_tell_nothing_of_a_tested_policy(void **state)
{
	static const struct row good = {.id = "R43",
	    .mx = SEC,
	    .hosts = ONE(SEC, T_NIL, P_GOOD),
	    .sts = S_TESTING,
	    .level = 0};
	static const struct row expired = {.id = "R43",
	    .mx = SEC,
	    .hosts = ONE(SEC, T_NIL, P_EXPIRED),
	    .sts = S_TESTING,
	    .level = 0};

	(void)state;
	for (int same = 0; same <= 1; same++) {
		AUTO(facts) struct facts *facts = make_sessions(&expired);
		AUTO(verdict) struct verdict *verdict = NULL;
		AUTO(tlsrpt_session) struct tlsrpt_session *session = NULL;

		add_address(facts, same ? &expired : &good);
		verdict = judge_row_facts(&good, facts);
		session = tls_sessions_tested(facts, verdict);
		assert_int_equal(session != NULL, same);
		if (same)
			assert_string_equal(session->outcomes[0].details[0].mx,
			    "mx1.d.example");
	}
}

/* R31, R35 */
static void
a_probe_counts_once_and_for_the_check_that_made_it(void **state)
{
	static const struct row row = {
	    .id = "R31", .mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)};
	AUTO(facts) struct facts *facts = make_sessions(&row);
	AUTO(verdict) struct verdict *verdict = judge_row_facts(&row, facts);
	struct tls_refusal *first, *second;

	(void)state;
	facts->hosts[0].addresses[0].remembered = true;
	assert_null(tls_refusal_new(facts, verdict));
	facts->hosts[0].addresses[0].remembered = false;
	first = tls_refusal_new(facts, verdict);
	second = tls_refusal_new(facts, verdict);
	assert_non_null(first);
	assert_null(second);
	assert_non_null(tls_refusal_take(first));
	assert_null(tls_refusal_take(first));
	assert_null(tls_refusal_take(second));
	tls_refusal_free(first);
}

/* R17, R35: a relay is the admin's own affair */
static void
of_a_relay_nothing_is_counted(void **state)
{
	static const struct row row = {.id = "R17",
	    .mx = SEC,
	    .hosts = ONE(SEC, T_BOG, P_PLAIN),
	    .sts = S_TEST_2,
	    .level = 0};
	AUTO(facts) struct facts *facts = make_sessions(&row);
	AUTO(verdict) struct verdict *verdict = judge_row_facts(&row, facts);

	(void)state;
	text_copy(facts->domain, sizeof(facts->domain), "other.example");
	assert_null(tls_sessions_events(facts, verdict, true));
	assert_null(tls_sessions_tested(facts, verdict));
	assert_null(tls_refusal_new(facts, verdict));
}

static void
only_events_of_a_policy_in_force_are_asked_for(void **state)
{
	static const struct row row = {.id = "R42",
	    .mx = SEC,
	    .hosts = ONE(SEC, T_NIL, P_GOOD),
	    .sts = S_TEST_2,
	    .level = 0};
	AUTO(facts) struct facts *facts = make_sessions(&row);
	AUTO(verdict) struct verdict *verdict = judge_row_facts(&row, facts);

	(void)state;
	assert_null(tls_sessions_events(facts, verdict, false));
}

static const struct counted_row tested_rows[] = {
    {{.id = "R43 kept",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_GOOD),
	 .sts = S_TESTING},
	"sts d.example 4 S", NULL},
    {{.id = "R43 expired",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_EXPIRED),
	 .sts = S_TESTING},
	"sts d.example 4 F: certificate-expired certificate-expired "
	"mx1.d.example",
	NULL},
    {{.id = "R43 not named",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_GOOD),
	 .sts = S_TEST_2},
	"sts d.example 4 F: validation-failure sts-mx-mismatch mx1.d.example",
	NULL},
    {{.id = "R43 refused by level",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_PLAIN),
	 .sts = S_TESTING,
	 .level = LEVEL_AUTO},
	"sts d.example 4 F: starttls-not-supported starttls-not-supported "
	"mx1.d.example",
	NULL},
    {{.id = "R43 one behind it is not asked",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_GOOD}, {20, SEC, T_NIL, P_NOT}},
	 .sts = S_TESTING},
	"sts d.example 4 S", NULL},
    {{.id = "R43 the first is out of reach",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_CLOSED}, {20, SEC, T_NIL, P_SELF}},
	 .sts = S_TEST_2},
	"sts d.example 4 F: certificate-not-trusted certificate-not-trusted "
	"mx2.d.example",
	NULL},
    {{.id = "R43 not named and not probed",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_NOT),
	 .sts = S_TEST_2},
	"", NULL},
    {{.id = "R43 two alike that keep it",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_GOOD}, {10, SEC, T_NIL, P_GOOD}},
	 .sts = S_TEST_BOTH},
	"sts d.example 5 S", NULL},
    {{.id = "R43 two alike that do not: no one host is told",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_EXPIRED}, {10, SEC, T_NIL, P_EXPIRED}},
	 .sts = S_TEST_BOTH},
	"sts d.example 5 F: certificate-expired certificate-expired ", NULL},
    {{.id = "R43 two that fail by other reasons",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_EXPIRED}, {10, SEC, T_NIL, P_PLAIN}},
	 .sts = S_TEST_BOTH},
	"", NULL},
    {{.id = "R43 two alike",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_PLAIN}, {10, SEC, T_NIL, P_PLAIN}},
	 .sts = S_TESTING},
	"", NULL}, /* the second is not named, so that it fails otherwise */
    {{.id = "R43 an equal one that nobody has seen",
	 .mx = SEC,
	 .hosts = {{10, SEC, T_NIL, P_GOOD}, {10, SEC, T_NIL, P_NOT}},
	 .sts = S_TESTING},
	"", NULL},
    {{.id = "R43 not probed",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_NOT),
	 .sts = S_TESTING},
	"", NULL},
    {{.id = "R43 out of reach",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_CLOSED),
	 .sts = S_TESTING},
	"", NULL},
    {{.id = "R43 under DANE",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_OK, P_GOOD),
	 .sts = S_TESTING},
	"", NULL},
    {{.id = "R43 in force",
	 .mx = SEC,
	 .hosts = ONE(SEC, T_NIL, P_SELF),
	 .sts = S_ENFORCE},
	"", NULL},
    {{.id = "R43 no policy", .mx = SEC, .hosts = ONE(SEC, T_NIL, P_SELF)}, "",
	NULL},
};

static void
a_tested_policy_is_kept_or_not_as_all_hosts_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tested_rows); i++) {
		const struct counted_row *row = &tested_rows[i];
		AUTO(facts) struct facts *facts = make_sessions(&row->row);
		AUTO(verdict)
		struct verdict *verdict = judge_row_facts(&row->row, facts);
		AUTO(tlsrpt_session)
		struct tlsrpt_session *session =
		    tls_sessions_tested(facts, verdict);
		char text[1024];

		print_session(session, text, sizeof(text));
		ROW_TEXT(row->row.id, text, row->events);
	}
}

/* R34: what kept us from an end, whatever was seen before */
static void
no_end_of_a_check_is_no_session(void **state)
{
	static const struct {
		enum trouble trouble;
		const char *reason;
	} rows[] = {
	    {TROUBLE_DEADLINE, "deadline"},
	    {TROUBLE_QUEUE_FULL, "queue-full"},
	    {TROUBLE_NOT_VALIDATING, "resolver-not-validating"},
	    {TROUBLE_INTERNAL, "internal-error"},
	};
	static const struct row row = {.id = "R34",
	    .mx = SEC,
	    .hosts = {{10, SEC, T_BOG, P_PLAIN}, {20, SEC, T_OK, P_PLAIN}},
	    .sts = S_TEST_2};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts) struct facts *facts = make_sessions(&row);
		AUTO(verdict) struct verdict *seen = NULL;
		AUTO(verdict) struct verdict *verdict = NULL;

		seen = judge_row_facts(&row, facts);
		facts->trouble = rows[i].trouble;
		verdict = judge_row_facts(&row, facts);
		assert_string_equal(
		    reason_text(verdict->reason), rows[i].reason);
		assert_null(tls_refusal_new(facts, verdict));
		assert_null(tls_refusal_new(facts, seen));
		assert_null(tls_sessions_events(facts, seen, true));
		assert_null(tls_sessions_tested(facts, seen));
	}
}

/* R34: an address that nobody has seen keep or fail anything */
static void
no_word_on_an_address_is_no_session(void **state)
{
	static const enum reason reasons[] = {REASON_CONNECT_FAILED,
	    REASON_PROBE_TIMEOUT, REASON_RATE_LIMITED, REASON_INTERNAL_ERROR};
	static const struct row row = {
	    .id = "R34", .mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)};

	(void)state;
	for (size_t i = 0; i < COUNT(reasons); i++) {
		AUTO(facts) struct facts *facts = make_sessions(&row);
		AUTO(verdict)
		struct verdict *verdict = judge_row_facts(&row, facts);
		struct host_verdict *host = &verdict->hosts[0];

		host->addresses[0].outcome = host->outcome = HOST_SKIP;
		host->addresses[0].reason = host->reason = reasons[i];
		assert_null(tls_refusal_new(facts, verdict));
	}
}

int
main(void)
{
	const struct CMUnitTest tls_sessions[] = {
	    cmocka_unit_test(each_failure_counts_under_its_policy),
	    cmocka_unit_test(each_address_of_a_host_counts),
	    cmocka_unit_test(
		addresses_that_differ_tell_nothing_of_a_tested_policy),
	    cmocka_unit_test(what_the_probe_saw_comes_along),
	    cmocka_unit_test(
		a_probe_counts_once_and_for_the_check_that_made_it),
	    cmocka_unit_test(of_a_relay_nothing_is_counted),
	    cmocka_unit_test(only_events_of_a_policy_in_force_are_asked_for),
	    cmocka_unit_test(a_tested_policy_is_kept_or_not_as_all_hosts_are),
	    cmocka_unit_test(no_end_of_a_check_is_no_session),
	    cmocka_unit_test(no_word_on_an_address_is_no_session),
	};

	return RUN_TESTS_WITH(tls_sessions, fact_pki_make, fact_pki_drop);
}
