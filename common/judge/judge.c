/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <assert.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/host.h"
#include "common/judge/reasons.h"
#include "common/judge/requiretls.h"

/* A verdict that lived shorter would cost more checks than the sooner sight of
 * a change is worth. */
enum { TTL_FLOOR_S = 30 };

/* Beside a host's name: its words, the longest of each, and ",+99999" */
enum { WALK_WORDS = 64 };

/* How the walk over the hosts ended. */
struct walk {
	const struct host_verdict *taker;   /* the host that takes the mail */
	const struct host_verdict *failed;  /* last that failed its policy */
	const struct host_verdict *skipped; /* last that could not be used */
	enum reason failed_reason;
};

static struct verdict *
judge_trouble(const struct facts *facts)
{
	switch (facts->trouble) {
	case TROUBLE_NAME_INVALID:
		return verdict_new(RESULT_NONE, REASON_NAME_INVALID);
	case TROUBLE_LITERAL:
		return verdict_new(RESULT_SKIP, REASON_NO_POLICY);
	case TROUBLE_DEADLINE:
		return verdict_new(RESULT_TEMPERROR, REASON_DEADLINE);
	case TROUBLE_QUEUE_FULL:
		return verdict_new(RESULT_TEMPERROR, REASON_QUEUE_FULL);
	case TROUBLE_NOT_VALIDATING:
		return verdict_new(
		    RESULT_TEMPERROR, REASON_RESOLVER_NOT_VALIDATING);
	case TROUBLE_INTERNAL:
		return verdict_new(RESULT_TEMPERROR, REASON_INTERNAL_ERROR);
	case TROUBLE_NONE:
		break;
	}
	return NULL;
}

/*
 * RFC 7672 section 2.2.1, RFC 5321 section 5.1: an MX lookup that fails delays
 * the mail, and never falls back to A; a domain that is not there, or that says
 * it takes no mail (RFC 7505), is the MTA's to bounce.
 */
static struct verdict *
judge_mx(const struct facts *facts, const struct rules *rules, time_t now)
{
	if (lookup_failed(&facts->mx)) {
		struct verdict *verdict =
		    verdict_new(RESULT_TEMPERROR, lookup_reason(&facts->mx));

		if (facts->detail[0] != '\0')
			verdict->detail = xstrdup(facts->detail);
		if (rules_demand(rules, facts->next_hop.host, now).dane)
			verdict->dane = DANE_STATE_TEMPERROR;
		return verdict;
	}
	if (facts->mx.state == LOOKUP_NXDOMAIN)
		return verdict_new(RESULT_NONE, REASON_NXDOMAIN);
	if (facts->null_mx)
		return verdict_new(RESULT_NONE, REASON_NULL_MX);
	return NULL;
}

static bool
is_weaker(const struct host_verdict *a, const struct host_verdict *b)
{
	if (a->outcome != b->outcome)
		return a->outcome > b->outcome;
	return a->mixed && !b->mixed;
}

/* Look at the hosts of one preference, first to end - 1: any of them may be
 * tried first, so the weakest that takes mail counts. */
static void
walk_equals(
    const struct verdict *verdict, size_t first, size_t end, struct walk *walk)
{
	for (size_t i = first; i < end; i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		if (host->outcome == HOST_SKIP) {
			if (walk->skipped == NULL ||
			    host->reason != REASON_NO_ADDRESS)
				walk->skipped = host;
			continue;
		}
		if (host->outcome == HOST_FAIL || host->mixed) {
			walk->failed = host;
			walk->failed_reason = host->outcome == HOST_FAIL
						  ? host->reason
						  : host->mixed_reason;
		}
		if (host_is_good(host->outcome) &&
		    (walk->taker == NULL || is_weaker(host, walk->taker)))
			walk->taker = host;
	}
}

/*
 * RFC 7672 section 2.2.1: hosts are tried in the order of preference, and a
 * host of worse preference never pre-empts a better one for being more secure.
 */
static struct walk
walk_hosts(const struct facts *facts, const struct verdict *verdict)
{
	struct walk walk = {.taker = NULL};
	size_t end;

	for (size_t i = 0; i < facts->host_count && walk.taker == NULL;
	     i = end) {
		end = i;
		while (
		    end < facts->host_count &&
		    facts->hosts[end].preference == facts->hosts[i].preference)
			end++;
		walk_equals(verdict, i, end, &walk);
	}
	return walk;
}

/* What the chosen host says of the whole: reason, policy, and the name. */
static void
take_host(struct verdict *verdict, const struct facts *facts,
    const struct host_verdict *host, enum reason reason)
{
	verdict->policy = host->policy;
	verdict->level = host->level;
	verdict->reason = reason;
	verdict->rt = host->rt;
	verdict->rule = rule_ref(host->rule);
	verdict->mx = xstrdup(facts->hosts[host - verdict->hosts].name);
	if (host->detail[0] != '\0')
		verdict->detail = xstrdup(host->detail);
}

/* A host takes the mail. */
static void
conclude_taken(
    struct verdict *verdict, const struct facts *facts, const struct walk *walk)
{
	const struct host_verdict *taker = walk->taker;

	verdict->settled = taker->probed;
	if (walk->failed != NULL) {
		verdict->result = RESULT_SOFTFAIL;
		take_host(verdict, facts, walk->failed, walk->failed_reason);
		verdict->rt = reason_rt(walk->failed_reason);
		verdict->level = taker->level;
		return;
	}
	take_host(verdict, facts, taker, taker->reason);
	if (taker->sts == STS_STATE_TESTING_FAIL &&
	    taker->dane != DANE_STATE_PASS) {
		verdict->result = RESULT_SOFTFAIL;
		verdict->reason = REASON_STS_TESTING;
		verdict->rt = reason_rt(taker->sts_reason);
	} else if (taker->reason == REASON_NOT_PROBED ||
		   taker->outcome == HOST_NO_POLICY ||
		   taker->outcome == HOST_ENCRYPT_ONLY) {
		verdict->result = RESULT_NONE;
	} else {
		verdict->result = RESULT_PASS;
	}
}

/* No host takes the mail: a policy that was broken outweighs what was only
 * out of reach. */
static void
conclude_untaken(
    struct verdict *verdict, const struct facts *facts, const struct walk *walk)
{
	if (walk->failed != NULL) {
		verdict->result = RESULT_FAIL;
		take_host(verdict, facts, walk->failed, walk->failed_reason);
	} else if (walk->skipped != NULL &&
		   walk->skipped->reason != REASON_NO_ADDRESS) {
		verdict->result = RESULT_TEMPERROR;
		take_host(verdict, facts, walk->skipped, walk->skipped->reason);
	} else {
		verdict->result = RESULT_NONE;
		verdict->reason = REASON_NO_ADDRESS;
	}
}

/* DANE and MTA-STS each alone, of the host that takes the mail, else of the
 * last one walked. */
static void
tell_states(
    struct verdict *verdict, const struct facts *facts, const struct walk *walk)
{
	const struct host_verdict *host = walk->taker;

	if (host == NULL && verdict->host_count > 0)
		host = &verdict->hosts[verdict->host_count - 1];
	if (host != NULL) {
		verdict->dane = host->dane;
		verdict->sts = host->sts;
		verdict->sts_reason = host->sts_reason;
	}
	if (host != NULL && !host->sts_counts)
		return;
	if (facts->sts.policy != NULL &&
	    facts->sts.policy->fetch == POLICY_FETCHED)
		verdict->mode = sts_mode_text(facts->sts.policy->policy->mode);
	if (verdict->sts_reason == REASON_OK)
		verdict->sts_reason = policy_fetch_reason(facts->sts.failed);
	if (facts->sts.policy != NULL &&
	    facts->sts.policy->fetch != POLICY_FETCHED) {
		verdict->sts = STS_STATE_ERROR;
		verdict->sts_reason =
		    policy_fetch_reason(facts->sts.policy->fetch);
	}
}

/* RFC 8461 section 3.3: a kept policy counts, and that it could not be renewed
 * is reported beside it. */
static void
tell_stale_policy(struct verdict *verdict, const struct facts *facts)
{
	if (verdict->policy == POLICY_TYPE_STS && verdict->rt[0] == '\0')
		verdict->rt = reason_rt(policy_fetch_reason(facts->sts.failed));
}

/* RFC 8461 section 3.3: without a policy the mail goes as if there were no
 * MTA-STS; the domain that wanted one is told why it has none. */
static void
tell_lost_policy(struct verdict *verdict, const struct facts *facts)
{
	if (verdict->result != RESULT_NONE ||
	    verdict->reason != REASON_NO_POLICY ||
	    verdict->sts != STS_STATE_ERROR)
		return;
	verdict->policy = POLICY_TYPE_STS;
	verdict->reason = verdict->sts_reason;
	verdict->rt = reason_rt(verdict->sts_reason);
	if (verdict->detail == NULL && facts->sts.policy->detail[0] != '\0')
		verdict->detail = xstrdup(facts->sts.policy->detail);
}

static void
tell_requiretls(struct verdict *verdict, const struct facts *facts)
{
	verdict->requiretls = requiretls_of_domain(facts, verdict);
	if (verdict->requiretls != REQUIRETLS_MET)
		verdict->settled = false;
}

/* "mx1.example/fail/certificate-expired,mx2.example/secure-dane/ok", and
 * ",+3" for those that there is no room for. */
static void
tell_walk(struct verdict *verdict, const struct facts *facts)
{
	char words[LIMIT_WALK_SIZE];
	struct text text;

	text_init(&text, words, sizeof(words));
	for (size_t i = 0; i < verdict->host_count; i++) {
		const struct host_verdict *host = &verdict->hosts[i];
		const char *comma = i > 0 ? "," : "";
		const char *name = facts->hosts[i].name;

		if (text.size - text.len < strlen(name) + WALK_WORDS) {
			text_addf(&text, "%s+%zu", comma,
			    (size_t)verdict->host_count - i);
			break;
		}
		text_addf(&text, "%s%s/%s/%s", comma, name,
		    host_outcome_text(host->outcome),
		    reason_text(host->reason));
	}
	if (text.len > 0)
		verdict->walk = xstrdup(words);
}

/* The MTA hands the mail to a host of the admin's choice: that this one has no
 * policy says nothing of the recipient's domain. */
static void
tell_relay(struct verdict *verdict, const struct facts *facts)
{
	if (verdict->result == RESULT_NONE &&
	    verdict->reason == REASON_NO_POLICY &&
	    strcmp(facts->domain, facts->next_hop.host) != 0)
		verdict->reason = REASON_RELAYED;
}

static struct verdict *
judge_hosts(const struct facts *facts, const struct rules *rules, time_t now)
{
	struct verdict *verdict = verdict_new(RESULT_NONE, REASON_NO_POLICY);
	struct walk walk;

	assert(facts->host_count <= LIMIT_MX_HOSTS);
	verdict->host_count = (uint16_t)facts->host_count;
	verdict->hosts = xcalloc(facts->host_count, sizeof(*verdict->hosts));
	for (size_t i = 0; i < facts->host_count; i++)
		host_judge(
		    facts, &facts->hosts[i], rules, now, &verdict->hosts[i]);
	walk = walk_hosts(facts, verdict);
	if (walk.taker != NULL)
		conclude_taken(verdict, facts, &walk);
	else
		conclude_untaken(verdict, facts, &walk);
	tell_states(verdict, facts, &walk);
	tell_stale_policy(verdict, facts);
	tell_lost_policy(verdict, facts);
	tell_relay(verdict, facts);
	tell_walk(verdict, facts);
	return verdict;
}

static void
lower(uint32_t *ttl_s, const struct lookup *lookup)
{
	if (lookup->state != LOOKUP_NOT_ASKED && !lookup_failed(lookup) &&
	    lookup->ttl_s < *ttl_s)
		*ttl_s = lookup->ttl_s;
}

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
		    verdict->hosts[i].reason != REASON_NO_ADDRESS)
			return true;
	return false;
}

/* A verdict lives as long as all that it rests on, and what may heal soon is
 * looked at again soon. */
static uint32_t
verdict_ttl(const struct verdict *verdict, const struct facts *facts,
    const struct rules *rules, time_t now)
{
	uint32_t ttl_s = rules->verdict_ttl_s;

	if (verdict->result == RESULT_TEMPERROR ||
	    verdict->requiretls == REQUIRETLS_UNKNOWN)
		ttl_s = rules->temperror_ttl_s;
	else if (verdict->result == RESULT_FAIL ||
		 verdict->result == RESULT_SOFTFAIL ||
		 verdict->sts == STS_STATE_ERROR || rests_on_skipped(verdict) ||
		 verdict->requiretls > REQUIRETLS_MET)
		ttl_s = rules->fail_ttl_s;
	lower_to_policy(&ttl_s, facts, now);
	lower(&ttl_s, &facts->mx);
	lower(&ttl_s, &facts->sts.txt);
	for (size_t i = 0; i < facts->host_count; i++) {
		lower(&ttl_s, &facts->hosts[i].a);
		lower(&ttl_s, &facts->hosts[i].aaaa);
		lower(&ttl_s, &facts->hosts[i].cname);
		lower(&ttl_s, &facts->hosts[i].tlsa);
	}
	return ttl_s < TTL_FLOOR_S ? TTL_FLOOR_S : ttl_s;
}

struct verdict *
judge(const struct facts *facts, const struct rules *rules, time_t now)
{
	struct verdict *verdict = judge_trouble(facts);

	if (verdict == NULL)
		verdict = judge_mx(facts, rules, now);
	if (verdict == NULL)
		verdict = judge_hosts(facts, rules, now);
	if (verdict->mx == NULL)
		verdict->rule = rule_ref(rules->rule);
	verdict->probed = facts->probed;
	if (rules->require_tls)
		tell_requiretls(verdict, facts);
	verdict->ttl_s = verdict_ttl(verdict, facts, rules, now);
	return verdict;
}
