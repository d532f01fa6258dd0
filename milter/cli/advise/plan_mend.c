/* SPDX-License-Identifier: BSD-2-Clause */
/* P0: what keeps mail in queues today. */
#include <string.h>

#include "common/judge/reasons.h"
#include "milter/act/advice.h"
#include "milter/cli/advise/plan_parts.h"

static bool
queues_now(const struct sight *sight)
{
	enum outlook_end end = sight->standing.ends[OUTLOOK_AUTO];

	return chain_is_bogus(sight->chain) || end == OUTLOOK_QUEUED ||
	       end == OUTLOOK_LOOKUP;
}

/* The hosts that the policy does not name. */
static bool
is_uncovered(const struct sight *sight, size_t host)
{
	const struct policy_facts *policy = sight->facts->sts.policy;

	return policy != NULL && policy->policy != NULL &&
	       !sts_policy_names(
		   policy->policy, sight->facts->hosts[host].name);
}

static void
mend_policy(const struct planning *p, struct step *step)
{
	const struct policy_facts *policy = p->sight->facts->sts.policy;
	char hosts[SIGHT_NAMES_SIZE];

	step->who = "domain";
	sight_hosts_text(p->sight, is_uncovered, hosts);
	plan_say(step,
	    "Mail waits today (sts-mx-mismatch): the MTA-STS policy does not "
	    "name %s. Either that is no mail host of yours: then take it out "
	    "of "
	    "the MX records. Or serve the policy that the command prints, "
	    "which "
	    "names all MX hosts, at "
	    "https://mta-sts.%s/.well-known/mta-sts.txt, "
	    "and then publish the TXT record with its new id at _mta-sts.%s: "
	    "senders fetch the policy again when the id changes.",
	    hosts, plan_domain(p), plan_domain(p));
	plan_command(step, "postern sts gen --mode enforce --max-age %u %s",
	    policy == NULL || policy->policy == NULL
		? 0
		: policy->policy->max_age_s,
	    plan_domain(p));
}

/* By the reason of the judge. */
static void
mend_by_reason(const struct planning *p, struct step *step)
{
	const struct verdict *verdict = p->sight->verdict;
	struct advice advice = advice_of(verdict, p->sight->facts);
	bool dane = verdict->policy == POLICY_TYPE_TLSA &&
		    verdict->reason == REASON_VALIDATION_FAILURE;

	if (verdict->reason == REASON_STS_MX_MISMATCH) {
		mend_policy(p, step);
		return;
	}
	if (strncmp(reason_text(verdict->reason), "sts-", 4) == 0) {
		step->who = "domain";
		plan_command(step, "postern sts check %s", plan_domain(p));
	}
	plan_say(step, "Mail waits today (%s%s%s): %s%s%s%s%s%s",
	    reason_text(verdict->reason), verdict->mx == NULL ? "" : ", at ",
	    verdict->mx == NULL ? "" : verdict->mx, advice.why,
	    advice.what[0] == '\0' ? "" : " ", advice.what,
	    dane ? " The command prints the record of the key that the host "
		   "shows; when it is published \"postern tlsa check "
		 : "",
	    dane ? plan_domain(p) : "", dane ? "\" finds nothing." : "");
	if (dane && verdict->mx != NULL)
		plan_command(
		    step, "postern tlsa gen mx:%s '3 1 1'", verdict->mx);
}

void
plan_mending(const struct planning *p)
{
	const struct sight *sight = p->sight;
	struct step *step;

	if (!queues_now(sight))
		return;
	step = plan_put(p, 0, STEP_DO, "mail-host");
	plan_command(step, "postern check %s", plan_domain(p));
	if (sight->chain == CHAIN_BOGUS_DS) {
		step->who = "registrar";
		plan_say(step,
		    "Mail waits today: no key of %s fits the DS record at its "
		    "parent. Have the DS record of the key that signs the zone "
		    "now put there, or the DS record taken away.",
		    sight->chain_facts.zone);
		return;
	}
	if (sight->chain == CHAIN_BOGUS_SIG) {
		step->who = "dns-host";
		plan_say(step,
		    "Mail waits today: signatures of %s are wrong, expired or "
		    "missing. Have the zone signed anew.",
		    sight->chain_facts.zone);
		return;
	}
	mend_by_reason(p, step);
}
