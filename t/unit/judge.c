/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/fact_row.h"
#include "t/unit/tap.h"

static void
a_next_hop_whose_mx_lookup_fails_is_named(void **state)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};
	AUTO(facts) struct facts *facts = facts_new();
	AUTO(verdict) struct verdict *direct = NULL;
	AUTO(verdict) struct verdict *relayed = NULL;

	(void)state;
	text_copy(facts->domain, sizeof(facts->domain), "d.example");
	text_copy(
	    facts->next_hop.host, sizeof(facts->next_hop.host), "d.example");
	facts->mx.state = LOOKUP_BOGUS;
	direct = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(direct->reason, REASON_DNSSEC_INVALID);
	assert_null(direct->mx);
	text_copy(facts->next_hop.host, sizeof(facts->next_hop.host),
	    "corp.internal");
	relayed = judge(facts, &terms, CERTS_NOW);
	assert_int_equal(relayed->result, RESULT_TEMPERROR);
	assert_string_equal(relayed->mx, "corp.internal");
}

static void
what_an_own_address_takes_comes_back(void **state)
{
	static const struct {
		const char *id;
		enum probe_kind first, second; /* P_NOT: there is none */
		bool comes_back;
	} rows[] = {
	    {"own", P_OWN, P_NOT, true},
	    {"inner", P_PRIVATE, P_NOT, false},
	    {"not seen", P_NOT, P_NOT, false},
	    {"backup", P_CLOSED, P_OWN, false},
	    {"primary", P_OWN, P_CLOSED, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = {.id = rows[i].id,
		    .mx = SEC,
		    .hosts = {{10, SEC, T_NIL, rows[i].first},
			{20, SEC, T_NIL, rows[i].second}}};
		AUTO(verdict) struct verdict *verdict = NULL;

		if (rows[i].second == P_NOT)
			row.hosts[1].preference = 0;
		verdict = fact_row_judge(&row);
		ROW(row.id, verdict->comes_back == rows[i].comes_back);
	}
}

/* By each of its addresses that was looked at, and by any of the best hosts. */
static void
a_host_that_is_another_by_one_address_does_not_come_back(void **state)
{
	static const struct {
		const char *id;
		enum probe_outcome first, second;
		bool comes_back;
	} rows[] = {
	    {"both", PROBE_OWN, PROBE_OWN, true},
	    {"the first", PROBE_OWN, PROBE_CONNECT_FAILED, false},
	    {"the second", PROBE_CONNECT_FAILED, PROBE_OWN, false},
	};
	const struct row one = {.mx = SEC, .hosts = ONE(SEC, T_NIL, P_NOT)};
	const struct row equals = {.mx = SEC,
	    .hosts = {{10, SEC, T_NIL, P_CLOSED}, {10, SEC, T_NIL, P_OWN}}};
	AUTO(verdict) struct verdict *second = fact_row_judge(&equals);
	struct judge_terms terms = {.store = fact_pki.store};

	(void)state;
	assert_true(second->comes_back);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(facts) struct facts *facts = fact_row_make(&one);
		struct host_facts *host = &facts->hosts[0];
		AUTO(verdict) struct verdict *verdict = NULL;

		host->addresses =
		    xrealloc(host->addresses, 2, sizeof(*host->addresses));
		host->addresses[1] = host->addresses[0];
		host->addresses[0].probe = probe_facts_new(rows[i].first);
		host->addresses[1].probe = probe_facts_new(rows[i].second);
		host->address_count = 2;
		verdict = judge(facts, &terms, CERTS_NOW);
		ROW(rows[i].id, verdict->comes_back == rows[i].comes_back);
	}
}

static const struct row dane_decides[] = {
    {"3 1 1 ok", SEC, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
	LEVEL_DANE_ONLY, REASON_OK, "", MX1},
    {"D06", SEC, ONE(SEC, T_BAD, P_GOOD), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE, "validation-failure", MX1},
    {"D15", SEC, ONE(SEC, T_TA, P_NEXTHOP), 0, 0, RESULT_PASS, TLSA,
	LEVEL_DANE_ONLY, REASON_OK, "", MX1},
    {"D16", SEC, ONE(SEC, T_TA, P_OTHER), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"D22", SEC, ONE(SEC, T_TA, P_EXPIRED), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_CERTIFICATE_EXPIRED, "certificate-expired",
	MX1},
    {"D35", SEC, ONE(SEC, T_PKIX, P_SELF), 0, 0, RESULT_NONE, TLSA,
	LEVEL_ENCRYPT, REASON_TLSA_UNUSABLE, "tlsa-invalid", MX1},
    {"D43", SEC, ONE(SEC, T_PKIX, P_PLAIN), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_ENCRYPT, REASON_STARTTLS_NOT_SUPPORTED, "starttls-not-supported",
	MX1},
    {"D44", SEC, ONE(SEC, T_OK, P_PLAIN), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_STARTTLS_NOT_SUPPORTED,
	"starttls-not-supported", MX1},
    {"D45", SEC, ONE(SEC, T_OK, P_454), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_STARTTLS_NOT_SUPPORTED,
	"starttls-not-supported", MX1},
    {"D46", SEC, ONE(SEC, T_OK, P_ALERT), 0, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE, "validation-failure", MX1},
    {"D51", SEC, ONE(SEC, T_NIL, P_SELF), 0, 0, RESULT_NONE, NOPE, LEVEL_MAY,
	REASON_NO_POLICY, "", MX1},
    {"D51 plain", SEC, ONE(SEC, T_NIL, P_PLAIN), 0, 0, RESULT_NONE, NOPE,
	LEVEL_MAY, REASON_NO_POLICY, "", MX1},
    {"D53", SEC, ONE(SEC, T_INS, P_SELF), 0, 0, RESULT_NONE, NOPE, LEVEL_MAY,
	REASON_NO_POLICY, "", MX1},
    {"not probed", SEC, ONE(SEC, T_OK, P_NOT), 0, 0, RESULT_NONE, TLSA,
	LEVEL_DANE_ONLY, REASON_NOT_PROBED, "", MX1},
    {"slow", SEC, ONE(SEC, T_OK, P_SLOW), 0, 0, RESULT_TEMPERROR, TLSA,
	LEVEL_DANE_ONLY, REASON_PROBE_TIMEOUT, "", MX1},
    {"our own", SEC, ONE(SEC, T_NIL, P_OWN), 0, 0, RESULT_TEMPERROR, NOPE,
	LEVEL_MAY, REASON_ADDRESS_BLOCKED, "", MX1},
    {"blocked", SEC, ONE(SEC, T_NIL, P_PRIVATE), 0, 0, RESULT_TEMPERROR, NOPE,
	LEVEL_MAY, REASON_ADDRESS_BLOCKED, "", MX1},
    /* what was not asked, by our own fault, may be where mail goes */
    {"source", SEC, ONE(SEC, T_OK, P_SOURCE), 0, 0, RESULT_TEMPERROR, TLSA,
	LEVEL_DANE_ONLY, REASON_SOURCE_UNUSABLE, "", MX1},
    {"source, other good", SEC,
	{{10, SEC, T_NIL, P_SOURCE}, {10, SEC, T_OK, P_GOOD}}, 0, 0,
	RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "", MX1},
    {"source, other good, first", SEC,
	{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_NIL, P_SOURCE}}, 0, 0,
	RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "", MX2},
    {"source, worse good", SEC,
	{{10, SEC, T_NIL, P_SOURCE}, {20, SEC, T_OK, P_GOOD}}, 0, 0,
	RESULT_TEMPERROR, NOPE, LEVEL_MAY, REASON_SOURCE_UNUSABLE, "", MX1},
    {"worse source", SEC, {{10, SEC, T_OK, P_GOOD}, {20, SEC, T_OK, P_SOURCE}},
	0, 0, RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
    {"source, other bad", SEC,
	{{10, SEC, T_OK, P_SOURCE}, {10, SEC, T_OK, P_OTHER}}, 0, 0,
	RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
	"validation-failure", MX2},
};

static void
dane_decides_at_one_host(void **state)
{
	(void)state;
	fact_rows_check(dane_decides, COUNT(dane_decides));
}

static void
a_failed_lookup_is_never_a_fail(void **state)
{
	static const struct row rows[] = {
	    {"D54", SEC, ONE(SEC, T_BOG, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNSSEC_INVALID, "dnssec-invalid", MX1},
	    {"D55", SEC, ONE(SEC, T_ERR, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNS_SERVFAIL, "dnssec-invalid", MX1},
	    {"D56", SEC, ONE(SEC, T_TMO, P_GOOD), 0, 0, RESULT_TEMPERROR, TLSA,
		LEVEL_DANE, REASON_DNS_TIMEOUT, "", MX1},
	    {"D60", SEC, ONE(BOG, T_NIL, P_NOT), 0, 0, RESULT_TEMPERROR, NOPE,
		LEVEL_MAY, REASON_DNSSEC_INVALID, "", MX1},
	    {"D61", BOG, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNSSEC_INVALID, "", ""},
	    {"D62", ERR, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNS_SERVFAIL, "", ""},
	    {"D62 timeout", TMO, {{0}}, 0, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNS_TIMEOUT, "", ""},
	    {"M73", SEC, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE, 0,
		RESULT_TEMPERROR, TLSA, LEVEL_DANE, REASON_DNS_SERVFAIL,
		"dnssec-invalid", MX1},
	    {"M75", BOG, {{0}}, S_ENFORCE, 0, RESULT_TEMPERROR, NOPE, LEVEL_MAY,
		REASON_DNSSEC_INVALID, "", ""},
	};

	(void)state;
	fact_rows_check(rows, COUNT(rows));
}

static void
what_the_mta_bounces_is_none(void **state)
{
	static const struct row rows[] = {
	    {"D59", SEC, ONE(NIL, T_NIL, P_NOT), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_ADDRESS, "", ""},
	    {"D71", NXD, {{0}}, 0, 0, RESULT_NONE, NOPE, LEVEL_MAY,
		REASON_NXDOMAIN, "", ""},
	};

	(void)state;
	fact_rows_check(rows, COUNT(rows));
}

static void
an_insecure_mx_is_half_dane(void **state)
{
	static const struct row rows[] = {
	    {"D63", INS, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
		LEVEL_HALF_DANE, REASON_INSECURE_MX, "", MX1},
	    {"D64", INS, ONE(SEC, T_BAD, P_GOOD), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_HALF_DANE, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"D65", INS, ONE(SEC, T_TA, P_NEXTHOP), 0, 0, RESULT_FAIL, TLSA,
		LEVEL_HALF_DANE, REASON_CERTIFICATE_HOST_MISMATCH,
		"certificate-host-mismatch", MX1},
	    {"D66", INS, ONE(INS, T_NIL, P_SELF), 0, 0, RESULT_NONE, NOPE,
		LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"no MX", NIL, ONE(SEC, T_OK, P_GOOD), 0, 0, RESULT_PASS, TLSA,
		LEVEL_DANE_ONLY, REASON_OK, "", "d.example"},
	};

	(void)state;
	fact_rows_check(rows, COUNT(rows));
}

/* As Postfix with the map, Exim and Sendmail deliver. */
static void
a_policy_goes_before_tlsa_under_an_insecure_mx(void **state)
{
	static const struct row rows[] = {
	    {"N1 stale TLSA, good certificate", INS, ONE(SEC, T_BAD, P_GOOD),
		S_ENFORCE, 0, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "",
		MX1},
	    {"N1 good TLSA, self-signed", INS, ONE(SEC, T_OK, P_SELF),
		S_ENFORCE, 0, RESULT_FAIL, STS, LEVEL_SECURE,
		REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted", MX1},
	    {"N1 TLSA not to be had", INS, ONE(SEC, T_ERR, P_GOOD), S_ENFORCE,
		0, RESULT_PASS, STS, LEVEL_SECURE, REASON_OK, "", MX1},
	    {"N1 testing", INS, ONE(SEC, T_BAD, P_GOOD), S_TESTING, 0,
		RESULT_FAIL, TLSA, LEVEL_HALF_DANE, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"N1 secure MX", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, 0,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	};

	(void)state;
	fact_row_insecure_mx = INSECURE_MX_POLICY;
	fact_rows_check(rows, COUNT(rows));
	fact_row_insecure_mx = INSECURE_MX_DANE;
}

static void
preference_beats_security(void **state)
{
	static const struct row rows[] = {
	    {"D91", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_NIL, P_SELF}},
		0, 0, RESULT_SOFTFAIL, TLSA, LEVEL_MAY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX1},
	    {"D92", SEC, {{10, SEC, T_NIL, P_SELF}, {20, SEC, T_OK, P_GOOD}}, 0,
		0, RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX1},
	    {"D93", SEC, {{10, SEC, T_ERR, P_GOOD}, {20, SEC, T_OK, P_GOOD}}, 0,
		0, RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX2},
	    {"D94", SEC, {{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_BAD, P_GOOD}},
		0, 0, RESULT_FAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX2},
	    {"D95", SEC, {{10, SEC, T_OK, P_CLOSED}, {20, SEC, T_OK, P_GOOD}},
		0, 0, RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX2},
	    {"fail outweighs temperror", SEC,
		{{10, SEC, T_BAD, P_GOOD}, {20, SEC, T_ERR, P_GOOD}}, 0, 0,
		RESULT_FAIL, TLSA, LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE,
		"validation-failure", MX1},
	    {"equal: the weakest counts", SEC,
		{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_NIL, P_SELF}}, 0, 0,
		RESULT_NONE, NOPE, LEVEL_MAY, REASON_NO_POLICY, "", MX2},
	    {"equal: one fails", SEC,
		{{10, SEC, T_OK, P_GOOD}, {10, SEC, T_BAD, P_GOOD}}, 0, 0,
		RESULT_SOFTFAIL, TLSA, LEVEL_DANE_ONLY,
		REASON_VALIDATION_FAILURE, "validation-failure", MX2},
	    {"a worse host is not reached", SEC,
		{{10, SEC, T_OK, P_GOOD}, {20, SEC, T_BAD, P_GOOD}}, 0, 0,
		RESULT_PASS, TLSA, LEVEL_DANE_ONLY, REASON_OK, "", MX1},
	};

	(void)state;
	fact_rows_check(rows, COUNT(rows));
}

static const struct row sts_decides[] = {
    {"M01", SEC, ONE(SEC, T_NIL, P_GOOD), S_ENFORCE, 0, RESULT_PASS, STS,
	LEVEL_SECURE, REASON_OK, "", MX1},
    {"M17", SEC, ONE(SEC, T_NIL, P_GOOD), S_ERROR, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_POLICY_FETCH_ERROR, "sts-policy-fetch-error",
	MX1},
    {"M19", SEC, ONE(SEC, T_NIL, P_GOOD), S_WEBPKI, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_WEBPKI_INVALID, "sts-webpki-invalid", MX1},
    {"M23", SEC, ONE(SEC, T_NIL, P_GOOD), S_INVALID, 0, RESULT_NONE, STS,
	LEVEL_MAY, REASON_STS_POLICY_INVALID, "sts-policy-invalid", MX1},
    {"M50", SEC, {{10, SEC, T_NIL, P_GOOD}, {20, SEC, T_NIL, P_GOOD}}, S_ONLY_2,
	0, RESULT_SOFTFAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
    {"M51", SEC, ONE(SEC, T_NIL, P_GOOD), S_ONLY_2, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_STS_MX_MISMATCH, "validation-failure", MX1},
    {"M52", SEC, ONE(SEC, T_NIL, P_PLAIN), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_STARTTLS_NOT_SUPPORTED, "starttls-not-supported",
	MX1},
    {"M53", SEC, ONE(SEC, T_NIL, P_SELF), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted",
	MX1},
    {"M54", SEC, ONE(SEC, T_NIL, P_EXPIRED), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_EXPIRED, "certificate-expired", MX1},
    {"M55", SEC, ONE(SEC, T_NIL, P_OTHER), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M57", SEC, ONE(SEC, T_NIL, P_NEXTHOP), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M58", SEC, ONE(SEC, T_NIL, P_CN), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_HOST_MISMATCH,
	"certificate-host-mismatch", MX1},
    {"M59 M51", SEC, ONE(SEC, T_NIL, P_GOOD), S_TEST_2, 0, RESULT_SOFTFAIL, STS,
	LEVEL_MAY, REASON_STS_TESTING, "validation-failure", MX1},
    {"M59 M52", SEC, ONE(SEC, T_NIL, P_PLAIN), S_TESTING, 0, RESULT_SOFTFAIL,
	STS, LEVEL_MAY, REASON_STS_TESTING, "starttls-not-supported", MX1},
    {"M59 M53", SEC, ONE(SEC, T_NIL, P_SELF), S_TESTING, 0, RESULT_SOFTFAIL,
	STS, LEVEL_MAY, REASON_STS_TESTING, "certificate-not-trusted", MX1},
    {"M59 M51 at one of equals", SEC,
	{{10, SEC, T_NIL, P_NOT}, {10, SEC, T_NIL, P_GOOD}}, S_TESTING, 0,
	RESULT_SOFTFAIL, STS, LEVEL_MAY, REASON_STS_TESTING,
	"validation-failure", MX2},
    {"M60", SEC, ONE(SEC, T_NIL, P_PLAIN), S_MODE_NONE, 0, RESULT_NONE, NOPE,
	LEVEL_MAY, REASON_NO_POLICY, "", MX1},
    {"M71", SEC, ONE(SEC, T_OK, P_GOOD), S_ONLY_2, 0, RESULT_PASS, TLSA,
	LEVEL_DANE_ONLY, REASON_OK, "", MX1},
    {"M72", SEC, ONE(SEC, T_BAD, P_GOOD), S_ENFORCE, 0, RESULT_FAIL, TLSA,
	LEVEL_DANE_ONLY, REASON_VALIDATION_FAILURE, "validation-failure", MX1},
    {"M74 ok", SEC, ONE(SEC, T_PKIX, P_GOOD), S_ENFORCE, 0, RESULT_PASS, STS,
	LEVEL_SECURE, REASON_OK, "tlsa-invalid", MX1},
    {"M74 bad", SEC, ONE(SEC, T_PKIX, P_SELF), S_ENFORCE, 0, RESULT_FAIL, STS,
	LEVEL_SECURE, REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted",
	MX1},
    {"M51 out of reach", SEC, ONE(SEC, T_NIL, P_CLOSED), S_ONLY_2, 0,
	RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
    {"M51 without a probe", SEC, ONE(SEC, T_NIL, P_NOT), S_ONLY_2, 0,
	RESULT_FAIL, STS, LEVEL_SECURE, REASON_STS_MX_MISMATCH,
	"validation-failure", MX1},
};

static void
mta_sts_decides_where_dane_does_not(void **state)
{
	(void)state;
	fact_rows_check(sts_decides, COUNT(sts_decides));
}

int
main(void)
{
	const struct CMUnitTest judge[] = {
	    cmocka_unit_test(a_next_hop_whose_mx_lookup_fails_is_named),
	    cmocka_unit_test(what_an_own_address_takes_comes_back),
	    cmocka_unit_test(
		a_host_that_is_another_by_one_address_does_not_come_back),
	    cmocka_unit_test(dane_decides_at_one_host),
	    cmocka_unit_test(a_failed_lookup_is_never_a_fail),
	    cmocka_unit_test(what_the_mta_bounces_is_none),
	    cmocka_unit_test(an_insecure_mx_is_half_dane),
	    cmocka_unit_test(a_policy_goes_before_tlsa_under_an_insecure_mx),
	    cmocka_unit_test(preference_beats_security),
	    cmocka_unit_test(mta_sts_decides_where_dane_does_not),
	};

	return RUN_TESTS_WITH(judge, fact_pki_make, fact_pki_drop);
}
