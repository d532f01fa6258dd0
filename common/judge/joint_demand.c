/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.  One demand that all hosts have counts for all.  Of several the
 * strictest does, where that is one that demands TLS; but no rule for one host
 * takes from another what it has to keep, its TLSA records or its policy: then
 * that counts, with TLS a must where any rule says so.  Who forges an insecure
 * MX RRset chooses the hosts, and with them the rules.
 */
#include "common/judge/joint_demand.h"

#include <string.h>

#include "common/judge/host_case.h"

static bool
equal_demands(const struct demand *a, const struct demand *b)
{
	const struct rule *x = a->rule, *y = b->rule;

	if (a->level != b->level || a->encrypt != b->encrypt ||
	    a->dane != b->dane || a->sts != b->sts)
		return false;
	if (a->level != LEVEL_SECURE || x == y)
		return true;
	if (x == NULL || y == NULL || x->match_count != y->match_count)
		return false;
	for (size_t i = 0; i < x->match_count; i++)
		if (strcmp(x->match[i], y->match[i]) != 0)
			return false;
	return true;
}

/* Of levels that demand TLS, the greater the stricter; else 0. */
static int
level_strictness(enum level level)
{
	switch (level) {
	case LEVEL_ENCRYPT:
		return 1;
	case LEVEL_SECURE:
		return 2;
	case LEVEL_DANE_ONLY:
		return 3;
	case LEVEL_AUTO:
	case LEVEL_NONE:
	case LEVEL_MAY:
	case LEVEL_DANE:
	case LEVEL_HALF_DANE:
		break;
	}
	return 0;
}

/* What the hosts demand, each for itself. */
struct demands {
	size_t seen;
	bool mixed;
	struct demand first;
	struct demand strictest; /* of level_strictness */
	struct demand all;       /* what any of them demands */
};

static void
add_demand(struct demands *d, const struct demand *own)
{
	if (d->seen++ == 0)
		d->first = *own;
	d->mixed |= !equal_demands(own, &d->first);
	if (level_strictness(own->level) > level_strictness(d->strictest.level))
		d->strictest = *own;
	d->all.encrypt |= own->encrypt || level_strictness(own->level) > 0;
	d->all.dane |= own->dane;
	d->all.sts |= own->sts;
}

static bool
is_policy_in_force(const struct facts *facts)
{
	const struct policy_facts *got = facts->sts.policy;

	return got != NULL && got->fetch == POLICY_FETCHED &&
	       got->policy->mode == STS_MODE_ENFORCE;
}

/* Whether a host without a rule has to keep TLSA records, or a policy. */
static bool
has_more_to_keep(const struct demand *all, const struct facts *facts,
    const struct judge_terms *terms, time_t now)
{
	if (all->sts && is_policy_in_force(facts))
		return true;
	if (!all->dane || facts_mx_is_insecure(facts))
		return false;
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		if (host->address_count > 0 &&
		    host_case_of(facts, host, terms, now).dane == DEMAND_VERIFY)
			return true;
	}
	return false;
}

/* The domain's own demand holds beside those of its hosts where it is to find
 * out what there is. */
static struct demand
with_domain(const struct demand *all, const struct demand *domain)
{
	struct demand both = *all;

	if (domain->level == LEVEL_AUTO) {
		both.encrypt |= domain->encrypt;
		both.dane |= domain->dane;
		both.sts |= domain->sts;
	}
	return both;
}

static struct demands
demands_of_hosts(
    const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct demands d = {.all.level = LEVEL_AUTO};

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];
		struct demand own;

		if (!host_may_have_address(host))
			continue;
		own = host_case_of(facts, host, terms, now).demand;
		add_demand(&d, &own);
	}
	return d;
}

/* The rule of a host that one demand for all does not do justice to. */
static struct rule *
find_unheard(const struct demand *joint, const struct facts *facts,
    const struct judge_terms *terms, time_t now)
{
	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];
		struct demand own;

		if (!host_may_have_address(host))
			continue;
		own = host_case_of(facts, host, terms, now).demand;
		if (own.rule != NULL && rule_is_of_host(own.rule) &&
		    !equal_demands(&own, joint))
			return own.rule;
	}
	return NULL;
}

struct joint_demand
joint_demand(
    const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct demands d = demands_of_hosts(facts, terms, now);
	struct demand domain = terms_demand_domain(terms);
	struct joint_demand joint = {.demand = domain, .mixed = d.mixed};

	if (d.seen == 0)
		return joint;
	if (!d.mixed)
		joint.demand = d.first;
	else if (d.strictest.level == LEVEL_DANE_ONLY ||
		 (level_strictness(d.strictest.level) > 0 &&
		     !has_more_to_keep(&d.all, facts, terms, now)))
		joint.demand = d.strictest;
	else if (d.all.dane || d.all.sts || domain.level != LEVEL_AUTO)
		joint.demand = with_domain(&d.all, &domain);
	if (d.mixed)
		joint.unheard = find_unheard(&joint.demand, facts, terms, now);
	return joint;
}
