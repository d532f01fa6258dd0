/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/verdict_life.h"

#include "common/judge/host_walk.h"

/* A verdict that lived shorter would cost more checks than the sooner sight of
 * a change is worth. */
enum { TTL_FLOOR_S = 30 };

/* RFC 8461 section 3.2: a policy counts until max_age has passed. */
static void
lower_to_policy(uint32_t *ttl_s, const struct facts *facts, time_t now)
{
	const struct policy_facts *policy = facts->sts.policy;
	time_t left_s;

	if (policy == NULL || policy->fetch != POLICY_FETCHED)
		return;
	left_s = policy->fetched_s + (time_t)policy->policy->max_age_s - now;
	if (left_s < (time_t)*ttl_s)
		*ttl_s = left_s < 0 ? 0 : (uint32_t)left_s;
}

/* A host that was out of reach, or whose lookup failed, may be back soon, and
 * then it is the one that counts. */
static bool
rests_on_skipped(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->host_count; i++)
		if (verdict->hosts[i].outcome == HOST_SKIP &&
		    !host_is_out_of_the_way(&verdict->hosts[i]))
			return true;
	return false;
}

uint32_t
verdict_life_s(const struct verdict *verdict, const struct facts *facts,
    const struct judge_terms *terms, time_t now)
{
	uint32_t ttl_s = terms->verdict_ttl_s;

	if (verdict->result == RESULT_TEMPERROR ||
	    verdict->requiretls == REQUIRETLS_UNKNOWN)
		ttl_s = terms->temperror_ttl_s;
	else if (verdict->result == RESULT_FAIL ||
		 verdict->result == RESULT_SOFTFAIL ||
		 verdict->sts == STS_STATE_ERROR || rests_on_skipped(verdict) ||
		 (verdict->requiretls != REQUIRETLS_NOT_ASKED &&
		     verdict->requiretls != REQUIRETLS_MET))
		ttl_s = terms->fail_ttl_s;
	if (facts->any_failed && terms->temperror_ttl_s < ttl_s)
		ttl_s = terms->temperror_ttl_s;
	if (facts->least_ttl_s < ttl_s)
		ttl_s = facts->least_ttl_s;
	lower_to_policy(&ttl_s, facts, now);
	return ttl_s < TTL_FLOOR_S ? TTL_FLOOR_S : ttl_s;
}
