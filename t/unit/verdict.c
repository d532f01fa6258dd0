/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/verdict.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* Each list from the worst to the best, and whole. */
static void
the_orders_are_as_told(void **state)
{
	static const enum result results[] = {RESULT_FAIL, RESULT_TEMPERROR,
	    RESULT_SOFTFAIL, RESULT_NONE, RESULT_PASS, RESULT_SKIP};
	static const enum host_outcome hosts[] = {HOST_FAIL, HOST_SKIP,
	    HOST_NO_POLICY, HOST_ENCRYPT_ONLY, HOST_STS_OK, HOST_HALF_DANE,
	    HOST_SECURE_DANE};
	static const enum requiretls_state states[] = {REQUIRETLS_NO_AUTH,
	    REQUIRETLS_NOT_OFFERED, REQUIRETLS_UNKNOWN, REQUIRETLS_UNPROBED,
	    REQUIRETLS_MET, REQUIRETLS_NOT_ASKED};
	static const enum sts_state sts[] = {STS_STATE_ERROR,
	    STS_STATE_TESTING_FAIL, STS_STATE_FAIL, STS_STATE_PASS,
	    STS_STATE_NONE};

	(void)state;
	assert_int_equal(COUNT(results), RESULTS);
	for (size_t a = 0; a < COUNT(hosts); a++)
		for (size_t b = 0; b < COUNT(hosts); b++) {
			assert_true(
			    host_is_weaker(hosts[a], hosts[b]) == (a < b));
			if (a < COUNT(results) && b < COUNT(results)) {
				assert_true(result_is_worse(results[a],
						results[b]) == (a < b));
				assert_true(requiretls_is_better(states[a],
						states[b]) == (a > b));
			}
			if (a < COUNT(sts) && b < COUNT(sts))
				assert_true(sts_state_is_worse(
						sts[a], sts[b]) == (a < b));
		}
	for (size_t i = 0; i < COUNT(hosts); i++)
		assert_true(host_is_good(hosts[i]) ==
			    (hosts[i] != HOST_FAIL && hosts[i] != HOST_SKIP));
}

static void
each_reason_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < REASONS; i++) {
		const char *word = reason_text((enum reason)i);

		assert_non_null(word);
		assert_int_equal(
		    strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    word, reason_text((enum reason)k));
	}
}

/* What nobody filled in does not pass. */
static void
zero_is_the_worst_of_all(void **state)
{
	static const struct verdict zero;

	(void)state;
	assert_string_equal(result_text(zero.result), "fail");
	assert_string_equal(reason_text(zero.reason), "internal-error");
	assert_string_equal(dane_state_text(zero.dane), "temperror");
	assert_string_equal(sts_state_text(zero.sts), "error");
	assert_int_equal(zero.requiretls, REQUIRETLS_UNKNOWN);
	assert_string_equal(host_outcome_text((enum host_outcome)0), "skip");
}

static void
mail_to_nowhere_is_told_by_three_reasons(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASONS; reason++)
		assert_int_equal(reason_is_nowhere((enum reason)reason),
		    reason == REASON_NULL_MX || reason == REASON_NXDOMAIN ||
			reason == REASON_NO_ADDRESS);
}

static void
a_new_verdict_knows_of_no_policy(void **state)
{
	AUTO(verdict)
	struct verdict *verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY);

	(void)state;
	assert_string_equal(
	    policy_type_text(verdict->policy), "no-policy-found");
	assert_string_equal(level_text(verdict->level), "may");
	assert_string_equal(dane_state_text(verdict->dane), "none");
	assert_string_equal(sts_state_text(verdict->sts), "none");
	assert_string_equal(verdict->rt, "");
	assert_string_equal(verdict->mode, "");
	assert_null(verdict->mx);
}

static struct verdict *
make_verdict_with_host(void)
{
	struct verdict *verdict =
	    verdict_new(RESULT_FAIL, REASON_VALIDATION_FAILURE);

	verdict->rt = "validation-failure";
	verdict->mx = xstrdup("mx1.d.example");
	verdict->detail = xstrdup("why");
	verdict->walk = xstrdup("each");
	verdict->ttl_s = 300;
	verdict->rule = rule_new();
	verdict->host_count = 1;
	verdict->hosts = xcalloc(1, sizeof(*verdict->hosts));
	verdict->hosts[0].addresses =
	    xcalloc(2, sizeof(*verdict->hosts[0].addresses));
	verdict->hosts[0].address_count = 2;
	verdict->hosts[0].rule = rule_ref(verdict->rule);
	return verdict;
}

static void
a_verdict_is_restated_without_its_hosts(void **state)
{
	AUTO(verdict) struct verdict *again = NULL;
	struct verdict *verdict = make_verdict_with_host();

	(void)state;
	again = verdict_restate(verdict, RESULT_TEMPERROR, REASON_DEADLINE);
	verdict_free(verdict);
	assert_int_equal(again->result, RESULT_TEMPERROR);
	assert_int_equal(again->reason, REASON_DEADLINE);
	assert_string_equal(again->rt, "");
	assert_string_equal(again->mx, "mx1.d.example");
	assert_string_equal(again->detail, "why");
	assert_string_equal(again->walk, "each");
	assert_int_equal(again->ttl_s, 300);
	assert_int_equal(again->rule->refs, 1);
	assert_int_equal(again->host_count, 0);
	assert_null(again->hosts);
}

static void
a_slim_verdict_has_no_hosts(void **state)
{
	AUTO(verdict) struct verdict *verdict = make_verdict_with_host();

	(void)state;
	verdict_slim(verdict);
	assert_int_equal(verdict->host_count, 0);
	assert_null(verdict->hosts);
	assert_int_equal(verdict->rule->refs, 1);
	assert_string_equal(verdict->mx, "mx1.d.example");
	verdict_slim(verdict);
}

int
main(void)
{
	const struct CMUnitTest verdict[] = {
	    cmocka_unit_test(the_orders_are_as_told),
	    cmocka_unit_test(each_reason_has_a_word_of_its_own),
	    cmocka_unit_test(zero_is_the_worst_of_all),
	    cmocka_unit_test(mail_to_nowhere_is_told_by_three_reasons),
	    cmocka_unit_test(a_new_verdict_knows_of_no_policy),
	    cmocka_unit_test(a_verdict_is_restated_without_its_hosts),
	    cmocka_unit_test(a_slim_verdict_has_no_hosts),
	};

	return RUN_TESTS(verdict);
}
