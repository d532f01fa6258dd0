/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/action.h"

#include "t/unit/tap.h"

static void
a_verdict_means_what_the_settings_say(void **state)
{
	static const struct {
		const char *id;
		enum result result;
		enum reason reason;
		enum policy_type policy;
		enum action wanted; /* of the settings, for all results */
		enum action expected;
	} rows[] = {
	    {"fail", RESULT_FAIL, REASON_VALIDATION_FAILURE, POLICY_TYPE_TLSA,
		ACTION_REJECT, ACTION_REJECT},
	    {"fail, hold", RESULT_FAIL, REASON_VALIDATION_FAILURE,
		POLICY_TYPE_TLSA, ACTION_HOLD, ACTION_HOLD},
	    {"MTA-STS", RESULT_FAIL, REASON_STS_MX_MISMATCH, POLICY_TYPE_STS,
		ACTION_REJECT, ACTION_DEFER},
	    {"testing", RESULT_SOFTFAIL, REASON_STS_TESTING, POLICY_TYPE_STS,
		ACTION_REJECT, ACTION_DEFER},
	    {"temperror", RESULT_TEMPERROR, REASON_DNS_TIMEOUT,
		POLICY_TYPE_NONE, ACTION_REJECT, ACTION_DEFER},
	    {"none", RESULT_NONE, REASON_NO_POLICY, POLICY_TYPE_NONE,
		ACTION_REJECT, ACTION_REJECT},
	    {"null MX", RESULT_NONE, REASON_NULL_MX, POLICY_TYPE_NONE,
		ACTION_REJECT, ACTION_NONE},
	    {"nxdomain", RESULT_NONE, REASON_NXDOMAIN, POLICY_TYPE_NONE,
		ACTION_DEFER, ACTION_NONE},
	    {"pass", RESULT_PASS, REASON_OK, POLICY_TYPE_TLSA, ACTION_REJECT,
		ACTION_NONE},
	    {"skip", RESULT_SKIP, REASON_EXEMPT, POLICY_TYPE_NONE,
		ACTION_REJECT, ACTION_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct settings settings = {.on_fail = rows[i].wanted,
		    .on_temperror = rows[i].wanted,
		    .on_softfail = rows[i].wanted,
		    .on_none = rows[i].wanted};
		struct verdict verdict = {.result = rows[i].result,
		    .reason = rows[i].reason,
		    .policy = rows[i].policy};

		ROW(rows[i].id,
		    action_for(&settings, &verdict) == rows[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest action[] = {
	    cmocka_unit_test(a_verdict_means_what_the_settings_say),
	};

	return RUN_TESTS(action);
}
