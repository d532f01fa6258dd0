/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <string.h>

#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

static void
a_level_of_the_admin_is_kept_to(void **state)
{
	static const struct row rows[] = {
	    {"D96", SEC, ONE(SEC, T_NIL, P_GOOD), 0, LEVEL_DANE_ONLY,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED,
		"dane-required", MX1},
	    {"dane-only, insecure MX", INS, ONE(SEC, T_OK, P_GOOD), 0,
		LEVEL_DANE_ONLY, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_DANE_REQUIRED, "dane-required", MX1},
	    {"dane falls back", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		LEVEL_DANE, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		MX1},
	    {"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_MAY,
		RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"encrypt", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_ENCRYPT,
		RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		REASON_STARTTLS_NOT_SUPPORTED, "starttls-not-supported", MX1},
	    {"encrypt kept", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_ENCRYPT,
		RESULT_NONE, LOCAL, LEVEL_ENCRYPT, REASON_OK, "", MX1},
	    {"secure", SEC, ONE(SEC, T_BAD, P_GOOD), 0, LEVEL_SECURE,
		RESULT_PASS, LOCAL, LEVEL_SECURE, REASON_OK, "", MX1},
	    {"secure, other name", SEC, ONE(SEC, T_NIL, P_OTHER), 0,
		LEVEL_SECURE, RESULT_FAIL, LOCAL, LEVEL_SECURE,
		REASON_CERTIFICATE_HOST_MISMATCH, "certificate-host-mismatch",
		MX1},
	};

	(void)state;
	fact_rows_check(rows, COUNT(rows));
}

struct ruled_row {
	struct row row;
	struct rule_row terms[2];
	const char *rule; /* expected: its name, or NULL */
};

static void
check_ruled_rows(const struct ruled_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i].row;
		AUTO(rule_list)
		struct rule_list *list =
		    fact_row_rules(row->level, rows[i].terms);
		struct judge_terms terms = {.store = fact_pki.store};
		AUTO(facts) struct facts *facts = fact_row_make(row);
		AUTO(verdict) struct verdict *verdict = NULL;

		terms_set(&terms, list, "d.example", CERTS_NOW);
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW_TEXT(row->id, result_text(verdict->result),
		    result_text(row->result));
		ROW_TEXT(row->id, policy_type_text(verdict->policy),
		    policy_type_text(row->policy));
		ROW_TEXT(row->id, level_text(verdict->level),
		    level_text(row->enforced));
		ROW_TEXT(row->id, reason_text(verdict->reason),
		    reason_text(row->reason));
		ROW_TEXT(row->id,
		    verdict->rule == NULL ? "-" : verdict->rule->name,
		    rows[i].rule == NULL ? "-" : rows[i].rule);
	}
}

static void
a_rule_decides_for_its_destination(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"none", SEC, ONE(SEC, T_BAD, P_PLAIN), S_ENFORCE, LEVEL_AUTO,
		 RESULT_NONE, LOCAL, LEVEL_NONE, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_NONE), "d.example"},
	    {{"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_ENCRYPT,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_MAY), "d.example"},
	    {{"encrypt", SEC, ONE(SEC, T_BAD, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		D_RULE(LEVEL_ENCRYPT), "d.example"},
	    {{"dane", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ENFORCE, LEVEL_AUTO,
		 RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		D_RULE(LEVEL_DANE), "d.example"},
	    {{"dane-only", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, LEVEL_AUTO,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1},
		D_RULE(LEVEL_DANE_ONLY), "d.example"},
	    {{"auto, dane=no", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE,
		 LEVEL_AUTO, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, true, false, NULL), "d.example"},
	    {{"auto, sts=no", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		 LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, false, true, NULL), "d.example"},
	    {{"auto, sts=no, a policy lost", SEC, ONE(SEC, T_NIL, P_GOOD),
		 S_ERROR, LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY,
		 REASON_NO_POLICY, "", MX1},
		D_RULE_WITH(LEVEL_AUTO, false, true, NULL), "d.example"},
	    {{"dane=no, lookup failed", SEC, ONE(SEC, T_ERR, P_GOOD), 0,
		 LEVEL_AUTO, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "",
		 MX1},
		D_RULE_WITH(LEVEL_AUTO, true, false, NULL), "d.example"},
	    {{"a rule of another", SEC, ONE(SEC, T_OK, P_GOOD), 0, LEVEL_AUTO,
		 RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
		{{RULE_BELOW, ".d.example", LEVEL_NONE, 0, 0, {0}}}, NULL},
	    {{"no MX to be had", ERR, {{0}}, 0, LEVEL_AUTO, RESULT_TEMPERROR,
		 NOPE, LEVEL_MAY, REASON_DNS_SERVFAIL, "", NULL},
		D_RULE(LEVEL_SECURE), "d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
secure_wants_the_names_of_its_match(void **state)
{
#define SECURE(id, probe, ok, ...)                                           \
	{                                                                    \
		{id, SEC, ONE(SEC, T_NIL, probe), 0, LEVEL_AUTO,             \
		    (ok) ? RESULT_PASS : RESULT_FAIL, LOCAL, LEVEL_SECURE,   \
		    (ok) ? REASON_OK : REASON_CERTIFICATE_HOST_MISMATCH, "", \
		    MX1},                                                    \
		    D_RULE_WITH(LEVEL_SECURE, false, false, __VA_ARGS__),    \
		    "d.example"                                              \
	}
	static const struct ruled_row rows[] = {
	    SECURE("no match", P_GOOD, true, NULL),
	    SECURE("no match, next hop", P_NEXTHOP, false, NULL),
	    SECURE("no match, CN", P_CN, false, NULL),
	    SECURE("below", P_GOOD, true, ".d.example"),
	    SECURE("below, the name itself", P_NEXTHOP, false, ".d.example"),
	    SECURE("other", P_OTHER, true, "other.example"),
	    SECURE("other, not the host", P_GOOD, false, "other.example"),
	    SECURE("the second", P_GOOD, true, "other.example", ".example"),
	    SECURE("hostname", P_GOOD, true, "nexthop", "hostname"),
	    SECURE("nexthop", P_NEXTHOP, true, "nexthop"),
	    SECURE("nexthop, not the host", P_GOOD, false, "nexthop"),
	    SECURE("dot-nexthop", P_GOOD, true, "dot-nexthop"),
	    SECURE("dot-nexthop, not it", P_NEXTHOP, false, "dot-nexthop"),
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
rules_for_hosts_are_judged_host_by_host(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"the first is let go", SEC,
		 {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		 LEVEL_AUTO, RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY,
		 "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_MAY, 0, 0, {0}}},
		"mx1.d.example"},
	    {{"only the second has one", SEC,
		 {{10, SEC, T_NIL, P_CLOSED}, {20, SEC, T_NIL, P_GOOD}}, 0,
		 LEVEL_AUTO, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		 REASON_DANE_REQUIRED, "", MX2},
		{{RULE_MX, "mx2.d.example", LEVEL_DANE_ONLY, 0, 0, {0}}},
		"mx2.d.example"},
	    {{"all of a hoster", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{RULE_MX_BELOW, ".d.example", LEVEL_ENCRYPT, 0, 0, {0}}},
		".d.example"},
	    {{"above any", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_ENCRYPT, 0, 0, {0}},
		    {RULE_ANY, "", LEVEL_MAY, 0, 0, {0}}},
		"mx1.d.example"},
	    {{"below a domain's", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_AUTO,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_ENCRYPT, 0, 0, {0}},
		    {RULE_DOMAIN, "d.example", LEVEL_MAY, 0, 0, {0}}},
		"d.example"},
	    {{"MTA-STS at one host", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE,
		 LEVEL_MAY, RESULT_FAIL, STS, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{RULE_MX, "mx1.d.example", LEVEL_AUTO, 0, 0, {0}}},
		"mx1.d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

/* The forger chooses the host, and so the rule: MX1 is one of his choice. */
static void
a_forged_mx_finds_no_rule_that_lifts_what_would_hold(void **state)
{
#define FORGED(id, tlsa, probe, sts, level, ...)                        \
	{                                                               \
		id, INS, ONE(SEC, tlsa, probe), sts, level, __VA_ARGS__ \
	}
#define MX1_RULE(level, no_sts)                             \
	{                                                   \
		RULE_MX, "mx1.d.example", level, 0, no_sts, \
		{                                           \
			0                                   \
		}                                           \
	}
#define OMITTED RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH, "", MX1
	static const struct ruled_row rows[] = {
	    {FORGED("none", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_NONE, 0)}, NULL},
	    {FORGED("may", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("encrypt", T_NIL, P_SELF, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_ENCRYPT, 0)}, NULL},
	    {FORGED("dane", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_DANE, 0)}, NULL},
	    {FORGED("secure", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_SECURE, 0)}, NULL},
	    {FORGED("sts=no", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_AUTO, 1)}, NULL},
	    {FORGED(
		 "its actions", T_NIL, P_GOOD, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_AUTO, 0)}, NULL},
	    {FORGED("not probed", T_NIL, P_NOT, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("above any", T_NIL, P_PLAIN, S_ONLY_2, LEVEL_AUTO, OMITTED),
		{MX1_RULE(LEVEL_MAY, 0), {RULE_ANY, "", LEVEL_AUTO, 0, 0, {0}}},
		""},
	    {FORGED("dane-only by default", T_NIL, P_PLAIN, 0, LEVEL_DANE_ONLY,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1),
		{MX1_RULE(LEVEL_MAY, 0)}, NULL},
	    {FORGED("names of the admin's", T_NIL, P_OTHER, 0, LEVEL_AUTO,
		 RESULT_FAIL, LOCAL, LEVEL_SECURE,
		 REASON_CERTIFICATE_HOST_MISMATCH, "", MX1),
		{MX1_RULE(LEVEL_MAY, 0),
		    {RULE_ANY, "", LEVEL_SECURE, 0, 0, {"nexthop"}}},
		""},
	    {FORGED("stricter", T_OK, P_GOOD, S_ONLY_2, LEVEL_AUTO, RESULT_FAIL,
		 TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "", MX1),
		{MX1_RULE(LEVEL_DANE_ONLY, 0)}, NULL},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
a_rule_for_a_host_counts_where_the_host_is_vouched_for(void **state)
{
#define LET_GO RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1
	static const struct ruled_row rows[] = {
	    {FORGED("the policy names it", T_NIL, P_SELF, S_ENFORCE, LEVEL_AUTO,
		 LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {FORGED("no more than tested", T_NIL, P_SELF, S_TEST_2, LEVEL_AUTO,
		 LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {FORGED(
		 "encryption alone", T_NIL, P_PLAIN, 0, LEVEL_ENCRYPT, LET_GO),
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {{"signed MX", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ONLY_2, LEVEL_AUTO,
		 LET_GO},
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	    {{"signed MX, dane-only", SEC, ONE(SEC, T_NIL, P_PLAIN), 0,
		 LEVEL_DANE_ONLY, LET_GO},
		{MX1_RULE(LEVEL_MAY, 0)}, MX1},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

static void
the_default_level_holds_without_a_rule(void **state)
{
	static const struct ruled_row rows[] = {
	    {{"may", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, LEVEL_MAY,
		 RESULT_NONE, LOCAL, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, LEVEL_ENCRYPT,
		 RESULT_FAIL, LOCAL, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, TLS", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_ENCRYPT,
		 RESULT_NONE, LOCAL, LEVEL_ENCRYPT, REASON_OK, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, not probed", SEC, ONE(SEC, T_NIL, P_NOT), 0,
		 LEVEL_ENCRYPT, RESULT_NONE, LOCAL, LEVEL_ENCRYPT,
		 REASON_NOT_PROBED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, DANE", SEC, ONE(SEC, T_BAD, P_GOOD), 0, LEVEL_ENCRYPT,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		 "", MX1},
		{{0}}, NULL},
	    {{"encrypt, MTA-STS", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE,
		 LEVEL_ENCRYPT, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		 MX1},
		{{0}}, NULL},
	    {{"encrypt, MTA-STS not kept", SEC, ONE(SEC, T_NIL, P_SELF),
		 S_ENFORCE, LEVEL_ENCRYPT, RESULT_FAIL, STS, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{0}}, NULL},
	    {{"encrypt, testing, plain", SEC, ONE(SEC, T_NIL, P_PLAIN),
		 S_TESTING, LEVEL_ENCRYPT, RESULT_FAIL, STS, LEVEL_ENCRYPT,
		 REASON_STARTTLS_NOT_SUPPORTED, "", MX1},
		{{0}}, NULL},
	    {{"dane-only", SEC, ONE(SEC, T_NIL, P_GOOD), 0, LEVEL_DANE_ONLY,
		 RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_DANE_REQUIRED, "",
		 MX1},
		{{0}}, NULL},
	    {{"secure", SEC, ONE(SEC, T_NIL, P_SELF), 0, LEVEL_SECURE,
		 RESULT_FAIL, LOCAL, LEVEL_SECURE,
		 REASON_CERTIFICATE_NOT_TRUSTED, "", MX1},
		{{0}}, NULL},
	    {{"auto is no floor", SEC, ONE(SEC, T_NIL, P_PLAIN), 0,
		 LEVEL_ENCRYPT, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY,
		 "", MX1},
		D_RULE(LEVEL_AUTO), "d.example"},
	};

	(void)state;
	check_ruled_rows(rows, COUNT(rows));
}

int
main(void)
{
	const struct CMUnitTest judge_rules[] = {
	    cmocka_unit_test(a_level_of_the_admin_is_kept_to),
	    cmocka_unit_test(a_rule_decides_for_its_destination),
	    cmocka_unit_test(secure_wants_the_names_of_its_match),
	    cmocka_unit_test(rules_for_hosts_are_judged_host_by_host),
	    cmocka_unit_test(
		a_forged_mx_finds_no_rule_that_lifts_what_would_hold),
	    cmocka_unit_test(
		a_rule_for_a_host_counts_where_the_host_is_vouched_for),
	    cmocka_unit_test(the_default_level_holds_without_a_rule),
	};

	return RUN_TESTS_WITH(judge_rules, fact_pki_make, fact_pki_drop);
}
