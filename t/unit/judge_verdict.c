/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

static void
what_each_host_comes_to_is_told_in_one_line(void **state)
{
	const struct row two = {.mx = SEC,
	    .hosts = {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}};
	const struct row none = {.mx = NXD};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *facts = fact_row_make(&two);
	AUTO(facts) struct facts *no_facts = fact_row_make(&none);
	AUTO(verdict) struct verdict *verdict = NULL;
	AUTO(verdict) struct verdict *whole = NULL;
	AUTO(verdict) struct verdict *cut = NULL;
	AUTO(verdict) struct verdict *empty = NULL;
	enum { WALK_WORDS = 64 }; /* the room that a host's two words want */
	size_t room;

	(void)state;
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(verdict->walk,
	    MX1 "/fail/validation-failure," MX2 "/secure-dane/ok");
	memset(facts->hosts[0].name, 'x', LIMIT_DOMAIN);
	room = LIMIT_WALK_SIZE - LIMIT_DOMAIN -
	       strlen("/fail/validation-failure") - WALK_WORDS;
	memset(facts->hosts[1].name, 'x', room);
	facts->hosts[1].name[room] = '\0';
	whole = judge(facts, &terms, CERTS_NOW);
	assert_non_null(strstr(whole->walk, "x/secure-dane/ok"));
	facts->hosts[1].name[room] = 'x';
	facts->hosts[1].name[room + 1] = '\0';
	cut = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(
	    cut->walk + LIMIT_DOMAIN, "/fail/validation-failure,+1");
	empty = judge(no_facts, &terms, CERTS_NOW);
	assert_null(empty->walk);
	facts->host_count = 1; /* the first alone */
	verdict_free(verdict);
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(
	    verdict->walk + LIMIT_DOMAIN, "/fail/validation-failure");
	facts->host_count = 2;
}

/* What the MTA was told to send elsewhere is judged by where it goes. */
static void
a_relay_without_a_policy_is_told_from_a_domain_without(void **state)
{
	static const struct {
		const char *domain;
		enum tlsa_kind tlsa;
		enum probe_kind probe;
		const char *reason;
	} rows[] = {
	    {"d.example", T_NIL, P_GOOD, "no-policy"},
	    {"other.example", T_NIL, P_GOOD, "relayed"},
	    {"other.example", T_NIL, P_NOT, "relayed"},
	    {"other.example", T_OK, P_GOOD, "ok"},
	    {"other.example", T_OK, P_NOT, "not-probed"},
	    {"other.example", T_BAD, P_GOOD, "validation-failure"},
	    {"other.example", T_NIL, P_CLOSED, "connect-failed"},
	};
	struct judge_terms terms = {.store = fact_pki.store};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {
		    .mx = SEC, .hosts = ONE(SEC, rows[i].tlsa, rows[i].probe)};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		text_copy(facts->domain, sizeof(facts->domain), rows[i].domain);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(rows[i].reason, reason_text(verdict->reason),
		    rows[i].reason);
		ROW_TEXT(rows[i].reason, verdict->mx, MX1);
	}
}

static void
dane_and_mta_sts_are_told_apart(void **state)
{
	static const struct {
		const char *id;
		enum tlsa_kind tlsa;
		enum probe_kind probe;
		enum sts_kind sts;
		const char *dane_state, *sts_state;
	} rows[] = {
	    {"M71", T_OK, P_GOOD, S_ONLY_2, "pass", "fail"},
	    {"M72", T_BAD, P_GOOD, S_ENFORCE, "fail", "pass"},
	    {"M73", T_ERR, P_GOOD, S_ENFORCE, "temperror", "pass"},
	    {"no answer", T_OK, P_SLOW, S_NIL, "temperror", "none"},
	    {"no answer, no DANE", T_NIL, P_SLOW, S_NIL, "none", "none"},
	    {"M74", T_PKIX, P_GOOD, S_ENFORCE, "encrypt", "pass"},
	    {"M59", T_NIL, P_SELF, S_TESTING, "none", "testing-fail"},
	    {"M17", T_OK, P_GOOD, S_ERROR, "pass", "error"},
	    {"M01", T_NIL, P_GOOD, S_ENFORCE, "none", "pass"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, rows[i].tlsa, rows[i].probe),
		    .sts = rows[i].sts};
		AUTO(verdict) struct verdict *verdict = fact_row_judge(&row);

		ROW_TEXT(rows[i].id, dane_state_text(verdict->dane),
		    rows[i].dane_state);
		ROW_TEXT(rows[i].id, sts_state_text(verdict->sts),
		    rows[i].sts_state);
	}
}

static void
dane_is_undecided_without_the_mx_unless_it_does_not_count(void **state)
{
	struct row row = {.mx = BOG};
	AUTO(verdict) struct verdict *open = fact_row_judge(&row);
	AUTO(verdict) struct verdict *waived = NULL;

	(void)state;
	assert_int_equal(open->dane, DANE_STATE_TEMPERROR);
	row.level = LEVEL_MAY;
	waived = fact_row_judge(&row);
	assert_int_equal(waived->dane, DANE_STATE_NONE);
}

/* The policy is kept, and its record or its body is not to be had. */
static void
a_kept_policy_counts_and_its_failure_is_told(void **state)
{
	static const struct {
		const char *id;
		enum policy_fetch failed;
		enum probe_kind probe;
		enum result result;
		const char *rt, *sts_reason;
	} rows[] = {
	    {"M03", POLICY_FETCH_ERROR, P_GOOD, RESULT_PASS,
		"sts-policy-fetch-error", "sts-policy-fetch-error"},
	    {"M62", POLICY_INVALID, P_GOOD, RESULT_PASS, "sts-policy-invalid",
		"sts-policy-invalid"},
	    {"M62 webpki", POLICY_WEBPKI_INVALID, P_SELF, RESULT_FAIL,
		"certificate-not-trusted", "certificate-not-trusted"},
	    {"fresh", POLICY_NOT_FETCHED, P_GOOD, RESULT_PASS, "", "ok"},
	};
	struct judge_terms terms = {
	    .store = fact_pki.store, .verdict_ttl_s = 3600};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = ONE(SEC, T_NIL, rows[i].probe),
		    .sts = S_ENFORCE};
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		facts->sts.cached = true;
		facts->sts.failed = rows[i].failed;
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW(rows[i].id, verdict->result == rows[i].result);
		ROW_TEXT(rows[i].id, verdict->rt, rows[i].rt);
		ROW_TEXT(rows[i].id, reason_text(verdict->sts_reason),
		    rows[i].sts_reason);
	}
}

static void
a_verdict_lives_no_longer_than_its_facts(void **state)
{
	static const struct row two = {.mx = SEC,
	    .hosts = {{10, SEC, T_OK, P_SLOW}, {20, SEC, T_OK, P_GOOD}}};
	static const struct row good = {
	    .mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 30};
	static const struct {
		uint32_t tlsa_ttl_s;
		bool skipped; /* a host was out of reach */
		time_t policy_left_s;
		uint32_t expected_s;
	} rows[] = {{86400, false, 86400, 3600}, {600, false, 86400, 600},
	    {5, false, 86400, 30}, {86400, true, 86400, 300},
	    {86400, false, 50, 50}, {86400, false, -5, 30}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts)
		struct facts *facts =
		    fact_row_make(rows[i].skipped ? &two : &good);
		struct verdict *verdict;

		facts->hosts[0].tlsa.ttl_s = rows[i].tlsa_ttl_s;
		facts_note(facts, &facts->hosts[0].tlsa);
		facts->sts.policy = fact_row_policy(S_ENFORCE);
		facts->sts.policy->fetched_s =
		    CERTS_NOW - 86400 + rows[i].policy_left_s;
		verdict = judge(facts, &terms, CERTS_NOW);
		assert_int_equal(verdict->ttl_s, rows[i].expected_s);
		verdict_free(verdict);
	}
}

/* The zero of what is decided is never good. */
static void
what_nobody_filled_in_does_not_pass(void **state)
{
	static const struct host_verdict host;
	static const struct address_verdict address;
	static const struct verdict verdict;
	const struct row row = {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *nothing = facts_new();
	AUTO(facts) struct facts *bare = fact_row_make(&row);
	AUTO(verdict) struct verdict *of_nothing = NULL;
	AUTO(verdict) struct verdict *of_bare = NULL;
	AUTO(verdict) struct verdict *of_unasked = NULL;
	struct host_facts *bared = &bare->hosts[0];

	(void)state;
	assert_false(host_is_good(host.outcome));
	assert_int_not_equal(host.reason, REASON_OK);
	assert_int_not_equal(host.dane, DANE_STATE_PASS);
	assert_int_not_equal(host.sts, STS_STATE_PASS);
	assert_int_not_equal(host.requiretls, REQUIRETLS_MET);
	assert_false(host_is_good(address.outcome));
	assert_int_not_equal(address.reason, REASON_OK);
	assert_true(result_is_worse(verdict.result, RESULT_TEMPERROR));
	of_nothing = judge(nothing, &terms, CERTS_NOW);
	assert_int_equal(of_nothing->result, RESULT_TEMPERROR);
	assert_int_equal(of_nothing->reason, REASON_INTERNAL_ERROR);
	bared->tlsa = (struct lookup){.state = LOOKUP_NOT_ASKED};
	of_unasked = judge(bare, &terms, CERTS_NOW);
	assert_int_equal(of_unasked->result, RESULT_TEMPERROR);
	assert_int_equal(of_unasked->reason, REASON_INTERNAL_ERROR);
	bared->tlsa = fact_row_lookup(SEC);
	probe_facts_free(bared->addresses[0].probe);
	free(bared->addresses);
	bared->addresses = NULL;
	bared->address_count = 0;
	of_bare = judge(bare, &terms, CERTS_NOW);
	assert_int_equal(of_bare->result, RESULT_TEMPERROR);
	assert_int_equal(of_bare->reason, REASON_DNS_SERVFAIL);
}

static void
mta_sts_is_told_of_the_host_that_decides(void **state)
{
	static const struct {
		const char *id;
		struct host_row hosts[2];
		enum sts_kind sts;
		const char *dane, *sts_state;
	} rows[] = {
	    {"the second is out of reach",
		{{10, SEC, T_NIL, P_OTHER}, {20, SEC, T_NIL, P_CLOSED}},
		S_ENFORCE, "none", "fail"},
	    {"the second is not to be looked up",
		{{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_ERR, P_GOOD}}, S_ENFORCE,
		"fail", "pass"},
	    {"the first is out of reach",
		{{10, SEC, T_NIL, P_CLOSED}, {20, SEC, T_NIL, P_OTHER}},
		S_ENFORCE, "none", "fail"},
	    {"the second takes the mail",
		{{10, SEC, T_NIL, P_OTHER}, {20, SEC, T_NIL, P_GOOD}},
		S_ENFORCE, "none", "pass"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.mx = SEC,
		    .hosts = {rows[i].hosts[0], rows[i].hosts[1]},
		    .sts = rows[i].sts};
		AUTO(verdict) struct verdict *verdict = fact_row_judge(&row);

		ROW_TEXT(
		    rows[i].id, dane_state_text(verdict->dane), rows[i].dane);
		ROW_TEXT(rows[i].id, sts_state_text(verdict->sts),
		    rows[i].sts_state);
	}
}

/* A tested policy that would fail, no mail being kept from anybody. */
static void
a_softfail_lives_no_longer_than_a_fail(void **state)
{
	const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_NIL, P_GOOD), .sts = S_TEST_2};
	struct judge_terms terms = {.store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 45};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	AUTO(verdict) struct verdict *verdict = NULL;

	(void)state;
	facts->sts.policy->fetched_s = CERTS_NOW;
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(verdict->result, RESULT_SOFTFAIL);
	assert_int_equal(verdict->ttl_s, 300);
}

/* Lookups that stand nowhere in the facts count as well: one of another TLSA
 * name, that of the record of MTA-STS. */
static void
a_lookup_that_failed_lets_a_verdict_live_shortly(void **state)
{
	static const struct {
		const char *id;
		struct lookup lookup;
		uint32_t expected_s;
	} rows[] = {
	    {"denied", {LOOKUP_NODATA, true, 120}, 120},
	    {"no such name", {LOOKUP_NXDOMAIN, true, 7200}, 3600},
	    {"SERVFAIL", {LOOKUP_SERVFAIL, false, 0}, 45},
	    {"bogus", {LOOKUP_BOGUS, false, 0}, 45},
	    {"no answer", {LOOKUP_TIMEOUT, false, 0}, 45},
	    {"not asked", {LOOKUP_NOT_ASKED, false, 0}, 3600},
	};
	const struct row row = {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)};
	struct judge_terms terms = {.store = fact_pki.store,
	    .verdict_ttl_s = 3600,
	    .fail_ttl_s = 300,
	    .temperror_ttl_s = 45};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts) struct facts *facts = fact_row_make(&row);
		AUTO(verdict) struct verdict *verdict = NULL;

		facts_note(facts, &rows[i].lookup);
		verdict = judge(facts, &terms, CERTS_NOW);
		assert_int_equal(verdict->result, RESULT_PASS);
		if (verdict->ttl_s != rows[i].expected_s)
			fail_msg("%s: %u", rows[i].id, verdict->ttl_s);
	}
}

static const struct {
	const char *id;
	struct row row;
	const char *detail; /* begin of it; NULL: none */
} detailed[] = {
    {"MX", {.mx = ERR}, "of MX"},
    {"kept", {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)}, "of probe"},
    {"no policy to be had",
	{.mx = SEC, .hosts = ONE(SEC, T_NIL, P_PLAIN), .sts = S_ERROR},
	"of probe"},
    {"TLSA", {.mx = SEC, .hosts = ONE(SEC, T_ERR, P_GOOD)}, "of host"},
    {"address", {.mx = SEC, .hosts = ONE(ERR, T_NIL, P_NOT)}, "of host"},
    {"no address", {.mx = SEC, .hosts = ONE(NIL, T_NIL, P_NOT)}, NULL},
    {"not named",
	{.mx = SEC, .hosts = ONE(SEC, T_NIL, P_GOOD), .sts = S_ONLY_2}, NULL},
    {"no STARTTLS", {.mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)}, "of probe"},
    {"another key", {.mx = SEC, .hosts = ONE(SEC, T_BAD, P_GOOD)},
	"presented_3_1_1_"},
    {"another issuer",
	{.mx = SEC, .hosts = ONE(SEC, T_NIL, P_SELF), .sts = S_ENFORCE},
	"issuer_"},
    {"another name",
	{.mx = SEC, .hosts = ONE(SEC, T_NIL, P_OTHER), .sts = S_ENFORCE},
	"subject_"},
    {"for testing",
	{.mx = SEC, .hosts = ONE(SEC, T_NIL, P_SELF), .sts = S_TESTING},
	"issuer_"},
};

static void
the_detail_is_that_of_what_decides(void **state)
{

	(void)state;
	for (size_t i = 0; i < COUNT(detailed); i++) {
		struct judge_terms terms = {.store = fact_pki.store};
		AUTO(facts)
		struct facts *facts = fact_row_make(&detailed[i].row);
		AUTO(verdict) struct verdict *verdict = NULL;
		const char *wanted = detailed[i].detail;

		text_copy(facts->detail, sizeof(facts->detail), "of MX");
		for (size_t k = 0; k < facts->host_count; k++) {
			struct host_facts *host = &facts->hosts[k];

			text_copy(
			    host->detail, sizeof(host->detail), "of host");
			if (host->address_count > 0 &&
			    host->addresses[0].probe != NULL)
				text_copy(host->addresses[0].probe->detail,
				    LIMIT_DETAIL_SIZE, "of probe");
		}
		verdict = judge(facts, &terms, CERTS_NOW);
		if (wanted == NULL)
			ROW(detailed[i].id, verdict->detail == NULL);
		else if (verdict->detail == NULL ||
			 strncmp(verdict->detail, wanted, strlen(wanted)) != 0)
			fail_msg("%s: %s", detailed[i].id,
			    verdict->detail == NULL ? "-" : verdict->detail);
	}
}

static void
there_is_no_detail_where_nobody_said_any(void **state)
{
	static const struct row rows[] = {{.mx = ERR},
	    {.mx = SEC, .hosts = ONE(SEC, T_OK, P_GOOD)},
	    {.mx = SEC, .hosts = ONE(SEC, T_OK, P_PLAIN)}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *verdict = fact_row_judge(&rows[i]);

		assert_null(verdict->detail);
	}
}

static void
why_there_is_no_policy_is_told_where_the_host_says_nothing(void **state)
{
	const struct row row = {
	    .mx = SEC, .hosts = ONE(SEC, T_NIL, P_GOOD), .sts = S_ERROR};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	AUTO(verdict) struct verdict *verdict = NULL;

	(void)state;
	text_copy(facts->sts.policy->detail, LIMIT_DETAIL_SIZE, "status 404");
	verdict = judge(facts, &terms, CERTS_NOW);
	assert_string_equal(verdict->detail, "status 404");
}

static void
mode_depth_and_whether_it_is_settled_are_told(void **state)
{
	static const struct {
		const char *id;
		enum tlsa_kind tlsa;
		enum probe_kind probe;
		enum sts_kind sts;
		bool requiretls, settled;
		const char *mode;
	} rows[] = {
	    {"no policy", T_OK, P_GOOD, S_NIL, false, true, ""},
	    {"enforce", T_NIL, P_GOOD, S_ENFORCE, false, true, "enforce"},
	    {"testing", T_NIL, P_GOOD, S_TESTING, false, true, "testing"},
	    {"none", T_NIL, P_GOOD, S_MODE_NONE, false, true, "none"},
	    {"no policy to be had", T_NIL, P_GOOD, S_ERROR, false, true, ""},
	    {"fails", T_BAD, P_GOOD, S_NIL, false, false, ""},
	    {"not probed", T_OK, P_NOT, S_NIL, false, false, ""},
	    {"REQUIRETLS is not met", T_OK, P_GOOD, S_NIL, true, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int probed = 0; probed < 2; probed++) {
			struct row row = {.mx = SEC,
			    .hosts = ONE(SEC, rows[i].tlsa, rows[i].probe),
			    .sts = rows[i].sts};
			struct judge_terms terms = {.store = fact_pki.store,
			    .requiretls = rows[i].requiretls};
			AUTO(facts) struct facts *facts = fact_row_make(&row);
			AUTO(verdict) struct verdict *verdict = NULL;

			facts->probed = probed == 1;
			verdict = judge(facts, &terms, CERTS_NOW);
			ROW_TEXT(rows[i].id, verdict->mode, rows[i].mode);
			ROW(rows[i].id, verdict->settled == rows[i].settled);
			ROW(rows[i].id, verdict->probed == facts->probed);
		}
}

/* A certificate that was not looked at, for an address that no mail gets to,
 * has matched no record. */
static void
an_address_without_a_certificate_has_matched_nothing(void **state)
{
	const struct row row = {.mx = SEC, .hosts = ONE(SEC, T_OK, P_CLOSED)};
	struct judge_terms terms = {.store = fact_pki.store};
	AUTO(facts) struct facts *facts = fact_row_make(&row);
	AUTO(verdict) struct verdict *closed = NULL;
	AUTO(verdict) struct verdict *untried = NULL;

	(void)state;
	closed = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(closed->hosts[0].addresses[0].matched, -1);
	facts->hosts[0].addresses[0].untried = true;
	untried = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(untried->hosts[0].addresses[0].matched, -1);
}

int
main(void)
{
	const struct CMUnitTest judge_verdict[] = {
	    cmocka_unit_test(what_each_host_comes_to_is_told_in_one_line),
	    cmocka_unit_test(
		a_relay_without_a_policy_is_told_from_a_domain_without),
	    cmocka_unit_test(dane_and_mta_sts_are_told_apart),
	    cmocka_unit_test(
		dane_is_undecided_without_the_mx_unless_it_does_not_count),
	    cmocka_unit_test(a_kept_policy_counts_and_its_failure_is_told),
	    cmocka_unit_test(a_verdict_lives_no_longer_than_its_facts),
	    cmocka_unit_test(a_softfail_lives_no_longer_than_a_fail),
	    cmocka_unit_test(a_lookup_that_failed_lets_a_verdict_live_shortly),
	    cmocka_unit_test(what_nobody_filled_in_does_not_pass),
	    cmocka_unit_test(mta_sts_is_told_of_the_host_that_decides),
	    cmocka_unit_test(the_detail_is_that_of_what_decides),
	    cmocka_unit_test(there_is_no_detail_where_nobody_said_any),
	    cmocka_unit_test(
		why_there_is_no_policy_is_told_where_the_host_says_nothing),
	    cmocka_unit_test(mode_depth_and_whether_it_is_settled_are_told),
	    cmocka_unit_test(
		an_address_without_a_certificate_has_matched_nothing),
	};

	return RUN_TESTS_WITH(judge_verdict, fact_pki_make, fact_pki_drop);
}
