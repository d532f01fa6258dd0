/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/stale.h"

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* One address, and a verdict on it. */
static bool
is_stale(bool remembered, enum result result,
    const struct address_verdict *judged, enum requiretls_state requiretls)
{
	AUTO(facts) struct facts *facts = facts_new();
	AUTO(verdict) struct verdict *verdict = verdict_new(result, REASON_OK);

	facts->host_count = verdict->host_count = 1;
	facts->hosts = xcalloc(1, sizeof(*facts->hosts));
	facts->hosts[0].address_count = 1;
	facts->hosts[0].addresses = xcalloc(1, sizeof(struct address_facts));
	facts->hosts[0].addresses[0].remembered = remembered;
	verdict->hosts = xcalloc(1, sizeof(*verdict->hosts));
	verdict->hosts[0].address_count = 1;
	verdict->hosts[0].addresses = xcalloc(1, sizeof(*judged));
	verdict->hosts[0].addresses[0] = *judged;
	verdict->requiretls = requiretls;
	return stale_probe(facts, verdict, 0, 0);
}

static void
only_a_remembered_failure_is_looked_at_again(void **state)
{
	static const struct {
		const char *what;
		enum result result;
		enum host_outcome outcome;
		enum reason sts_reason;
		bool stale;
		enum reason reason;
	} rows[] = {
	    {"not named by the policy", RESULT_FAIL, HOST_FAIL,
		REASON_STS_MX_MISMATCH, false, REASON_STS_MX_MISMATCH},
	    {"not named, testing mode", RESULT_SOFTFAIL, HOST_NO_POLICY,
		REASON_STS_MX_MISMATCH, false, REASON_OK},
	    {"not named, and DANE fails", RESULT_FAIL, HOST_FAIL,
		REASON_STS_MX_MISMATCH, true, REASON_VALIDATION_FAILURE},
	    {"fail", RESULT_FAIL, HOST_FAIL, REASON_OK, true, REASON_OK},
	    {"mixed, the bad address", RESULT_SOFTFAIL, HOST_FAIL, REASON_OK,
		true, REASON_OK},
	    {"mixed, the good address", RESULT_SOFTFAIL, HOST_SECURE_DANE,
		REASON_OK, false, REASON_OK},
	    {"testing mode", RESULT_SOFTFAIL, HOST_NO_POLICY,
		REASON_CERTIFICATE_EXPIRED, true, REASON_OK},
	    {"out of reach beside a failure", RESULT_FAIL, HOST_SKIP, REASON_OK,
		false, REASON_OK},
	    {"out of reach", RESULT_TEMPERROR, HOST_SKIP, REASON_OK, false,
		REASON_OK},
	    {"pass", RESULT_PASS, HOST_SECURE_DANE, REASON_OK, false,
		REASON_OK},
	    {"pass by DANE, not by MTA-STS", RESULT_PASS, HOST_SECURE_DANE,
		REASON_CERTIFICATE_NOT_TRUSTED, false, REASON_OK},
	    {"no policy", RESULT_NONE, HOST_NO_POLICY, REASON_OK, false,
		REASON_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address_verdict judged = {.outcome = rows[i].outcome,
		    .sts_reason = rows[i].sts_reason,
		    .reason = rows[i].reason,
		    .requiretls = REQUIRETLS_NOT_ASKED};

		ROW(rows[i].what, is_stale(true, rows[i].result, &judged,
				      REQUIRETLS_NOT_ASKED) == rows[i].stale);
		ROW(rows[i].what, !is_stale(false, rows[i].result, &judged,
				      REQUIRETLS_NOT_ASKED));
	}
}

/* It would refuse the mail for good. */
static void
a_remembered_lack_of_requiretls_is_looked_at_again(void **state)
{
	struct address_verdict judged = {.outcome = HOST_SECURE_DANE,
	    .sts_reason = REASON_OK,
	    .requiretls = REQUIRETLS_NOT_OFFERED};

	(void)state;
	assert_true(
	    is_stale(true, RESULT_PASS, &judged, REQUIRETLS_NOT_OFFERED));
	assert_false(
	    is_stale(false, RESULT_PASS, &judged, REQUIRETLS_NOT_OFFERED));
	assert_false(is_stale(true, RESULT_PASS, &judged, REQUIRETLS_MET));
	judged.requiretls = REQUIRETLS_NO_AUTH;
	assert_false(
	    is_stale(true, RESULT_PASS, &judged, REQUIRETLS_NOT_OFFERED));
}

int
main(void)
{
	const struct CMUnitTest stale[] = {
	    cmocka_unit_test(only_a_remembered_failure_is_looked_at_again),
	    cmocka_unit_test(
		a_remembered_lack_of_requiretls_is_looked_at_again),
	};

	return RUN_TESTS(stale);
}
