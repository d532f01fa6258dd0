/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/judge.h"

#include <assert.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/judge/host.h"
#include "common/judge/host_walk.h"
#include "common/judge/reasons.h"
#include "common/judge/requiretls.h"
#include "common/judge/verdict_life.h"

/* DANE and MTA-STS each alone, of the host that decides. */
struct states {
	enum dane_state dane;
	enum sts_state sts;
	enum reason sts_reason;
	const char *mode;
};

/* What the walk comes to. */
struct conclusion {
	enum result result;
	enum reason reason;
	const char *rt;
	enum level level;
	enum policy_type policy;
	const struct host_verdict
	    *host; /* that the reason speaks of, or NULL */
	const char *detail;
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
judge_mx(const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	if (lookup_failed(&facts->mx)) {
		struct verdict *verdict =
		    verdict_new(RESULT_TEMPERROR, lookup_reason(&facts->mx));

		if (facts->detail[0] != '\0')
			verdict->detail = xstrdup(facts->detail);
		if (strcmp(facts->domain, facts->next_hop.host) != 0)
			verdict->mx = xstrdup(facts->next_hop.host);
		if (terms_demand(terms, facts->next_hop.host, now).dane)
			verdict->dane = DANE_STATE_TEMPERROR;
		return verdict;
	}
	if (facts->mx.state == LOOKUP_NXDOMAIN)
		return verdict_new(RESULT_NONE, REASON_NXDOMAIN);
	if (facts->null_mx)
		return verdict_new(RESULT_NONE, REASON_NULL_MX);
	return NULL;
}

static struct states
states_of(const struct facts *facts, const struct host_walk *walk)
{
	const struct host_verdict *host = host_walk_decides(walk);
	const struct policy_facts *policy = facts->sts.policy;
	struct states states = {DANE_STATE_NONE, STS_STATE_NONE, REASON_OK, ""};

	if (host != NULL)
		states = (struct states){
		    host->dane, host->sts, host->sts_reason, ""};
	if (host != NULL && !host->sts_counts)
		return states;
	if (policy != NULL && policy->fetch == POLICY_FETCHED)
		states.mode = sts_mode_text(policy->policy->mode);
	if (states.sts_reason == REASON_OK)
		states.sts_reason = policy_fetch_reason(facts->sts.failed);
	if (policy != NULL && policy->fetch != POLICY_FETCHED) {
		states.sts = STS_STATE_ERROR;
		states.sts_reason = policy_fetch_reason(policy->fetch);
	}
	return states;
}

/* What the chosen host says of the whole. */
static struct conclusion
conclude_by(
    enum result result, const struct host_verdict *host, enum reason reason)
{
	return (struct conclusion){.result = result,
	    .reason = reason,
	    .rt = host->rt,
	    .level = host->level,
	    .policy = host->policy,
	    .host = host,
	    .detail = host->detail};
}

/*
 * RFC 8461 section 3.3: without a policy the mail goes as if there were no
 * MTA-STS; the domain that wanted one is told why it has none.  A host of the
 * admin's choice that has no policy says nothing of the recipient's domain.
 */
static struct conclusion
conclude_without_policy(const struct facts *facts,
    const struct host_verdict *taker, const struct states *states)
{
	struct conclusion c = conclude_by(RESULT_NONE, taker, REASON_NO_POLICY);

	if (states->sts == STS_STATE_ERROR) {
		c.policy = POLICY_TYPE_STS;
		c.reason = states->sts_reason;
		c.rt = reason_rt(states->sts_reason);
		if (c.detail[0] == '\0')
			c.detail = facts->sts.policy->detail;
	} else if (strcmp(facts->domain, facts->next_hop.host) != 0) {
		c.reason = REASON_RELAYED;
	}
	return c;
}

/* RFC 8461 section 3.3: a kept policy counts, and that it could not be renewed
 * is reported beside it. */
static const char *
type_beside(const struct conclusion *c, const struct facts *facts)
{
	return c->policy == POLICY_TYPE_STS && c->rt[0] == '\0'
		   ? reason_rt(policy_fetch_reason(facts->sts.failed))
		   : c->rt;
}

/* A host takes the mail, and none failed before it. */
static struct conclusion
conclude_clean(const struct facts *facts, const struct host_verdict *taker,
    const struct states *states)
{
	struct conclusion c;

	if (host_fails_test(taker)) {
		c = conclude_by(RESULT_SOFTFAIL, taker, REASON_STS_TESTING);
		c.rt = reason_rt(taker->sts_reason);
		return c;
	}
	if (taker->reason == REASON_NO_POLICY)
		return conclude_without_policy(facts, taker, states);
	switch (taker->outcome) {
	case HOST_SECURE_DANE:
	case HOST_HALF_DANE:
	case HOST_STS_OK:
		return conclude_by(RESULT_PASS, taker, taker->reason);
	case HOST_SKIP:
	case HOST_FAIL:
	case HOST_NO_POLICY:
	case HOST_ENCRYPT_ONLY:
		break;
	}
	return conclude_by(RESULT_NONE, taker, taker->reason);
}

/* A policy that was broken outweighs what was only out of reach. */
static struct conclusion
conclude_untaken(const struct host_walk *walk)
{
	const struct host_verdict *skipped = walk->skipped;

	if (walk->failed != NULL)
		return conclude_by(
		    RESULT_FAIL, walk->failed, walk->failed_reason);
	if (skipped != NULL && skipped->reason != REASON_NO_ADDRESS)
		return conclude_by(RESULT_TEMPERROR, skipped, skipped->reason);
	return (struct conclusion){.result = RESULT_NONE,
	    .reason = REASON_NO_ADDRESS,
	    .rt = "",
	    .level = LEVEL_MAY,
	    .policy = POLICY_TYPE_NONE,
	    .detail = ""};
}

static struct conclusion
conclude_walk(const struct facts *facts, const struct host_walk *walk,
    const struct states *states)
{
	struct conclusion c;

	if (walk->taker == NULL)
		return conclude_untaken(walk);
	if (walk->failed == NULL)
		return conclude_clean(facts, walk->taker, states);
	c = conclude_by(RESULT_SOFTFAIL, walk->failed, walk->failed_reason);
	c.rt = reason_rt(walk->failed_reason);
	c.level = walk->taker->level;
	return c;
}

static const char *
name_of(const struct facts *facts, const struct host_verdict *hosts,
    const struct host_verdict *host)
{
	return facts->hosts[host - hosts].name;
}

static bool
is_among_own(const struct host_facts *host)
{
	size_t seen = 0;

	for (size_t i = 0; i < host->address_count; i++) {
		const struct probe_facts *probe = host->addresses[i].probe;

		if (probe == NULL)
			continue;
		if (probe->outcome != PROBE_OWN)
			return false;
		seen++;
	}
	return seen > 0;
}

/* RFC 5321 section 5.1 - an MTA that is among the mail hosts leaves out itself
 * and those that are not better, here all. */
static bool
mx_comes_back(const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		if (host->preference > facts->hosts[0].preference)
			return false;
		if (is_among_own(host))
			return true;
	}
	return false;
}

static struct verdict *
build_verdict(const struct facts *facts, struct host_verdict *hosts)
{
	struct host_walk walk = host_walk(facts, hosts);
	struct states states = states_of(facts, &walk);
	struct conclusion c = conclude_walk(facts, &walk, &states);
	struct verdict *verdict = verdict_new(c.result, c.reason);

	verdict->policy = c.policy;
	verdict->level = c.level;
	verdict->rt = type_beside(&c, facts);
	verdict->dane = states.dane;
	verdict->sts = states.sts;
	verdict->sts_reason = states.sts_reason;
	verdict->mode = states.mode;
	verdict->comes_back = mx_comes_back(facts);
	verdict->settled = walk.taker != NULL && walk.taker->probed;
	if (c.host != NULL) {
		verdict->rule = rule_ref(c.host->rule);
		verdict->mx = xstrdup(name_of(facts, hosts, c.host));
	}
	if (c.detail[0] != '\0')
		verdict->detail = xstrdup(c.detail);
	verdict->walk = host_walk_text(facts, hosts);
	verdict->host_count = (uint16_t)facts->host_count;
	verdict->hosts = hosts;
	return verdict;
}

static struct verdict *
judge_hosts(
    const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct host_verdict *hosts = xcalloc(facts->host_count, sizeof(*hosts));

	assert(facts->host_count <= LIMIT_MX_HOSTS);
	for (size_t i = 0; i < facts->host_count; i++)
		hosts[i] = host_judge(facts, &facts->hosts[i], terms, now);
	return build_verdict(facts, hosts);
}

/* What nobody filled in: no next hop is without a host, but for MX records
 * none of which names one. */
static bool
is_unfilled(const struct facts *facts)
{
	return facts->host_count == 0 && facts->mx.state != LOOKUP_DATA;
}

static struct verdict *
judge_facts(
    const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct verdict *verdict = judge_trouble(facts);

	if (verdict == NULL)
		verdict = judge_mx(facts, terms, now);
	if (verdict == NULL && is_unfilled(facts))
		verdict = verdict_new(RESULT_TEMPERROR, REASON_INTERNAL_ERROR);
	return verdict == NULL ? judge_hosts(facts, terms, now) : verdict;
}

struct verdict *
judge(const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct verdict *verdict = judge_facts(facts, terms, now);

	if (verdict->mx == NULL)
		verdict->rule = rule_ref(terms->rule);
	verdict->probed = facts->probed;
	if (terms->requiretls)
		verdict->requiretls = requiretls_of_domain(facts, verdict);
	/* while it is not met, a further host may do */
	if (terms->requiretls && verdict->requiretls != REQUIRETLS_MET)
		verdict->settled = false;
	verdict->ttl_s = verdict_life_s(verdict, facts, terms, now);
	return verdict;
}
