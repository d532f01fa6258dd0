/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/enforce.h"

#include "common/base/xalloc.h"
#include "common/judge/host_case.h"
#include "common/judge/joint_demand.h"
#include "common/judge/level_answer.h"
#include "common/judge/put_off.h"

/*
 * How it works: what the facts say of each host becomes one of four classes,
 * and the classes, the security of the MX RRset and the state of MTA-STS become
 * one answer.  Postfix has one level for all hosts of a next hop.  Where two
 * would be needed, the answer is for some of the hosts and shuts the others
 * out.
 */

/* What the answer follows from. */
struct survey {
	const struct facts *facts;
	const struct judge_terms *terms;
	time_t now;
	struct joint_demand joint;
	size_t usable, unusable, none, unknown; /* hosts of each class */
	bool any_named; /* an unusable or none that the policy names */
	const struct host_facts *failed; /* the first that is unknown */
	const struct sts_policy *policy; /* of mode enforce, or NULL */
};

/* --- hosts --- */

static enum enforce_host
class_of(const struct survey *s, const struct host_facts *host)
{
	struct host_case c;

	if (host->address_count == 0)
		return ENFORCE_HOST_UNKNOWN;
	c = host_case_of(s->facts, host, s->terms, s->now);
	switch (c.dane) {
	case DEMAND_UNKNOWN:
		return ENFORCE_HOST_UNKNOWN;
	case DEMAND_NONE:
		return ENFORCE_HOST_NONE;
	case DEMAND_ENCRYPT:
		return ENFORCE_HOST_UNUSABLE;
	case DEMAND_VERIFY:
		break;
	}
	return ENFORCE_HOST_USABLE;
}

static void
count_host(struct survey *s, const struct host_facts *host)
{
	bool named =
	    s->policy != NULL && sts_policy_names(s->policy, host->name);

	switch (class_of(s, host)) {
	case ENFORCE_HOST_UNKNOWN:
		s->unknown++;
		if (s->failed == NULL)
			s->failed = host;
		break;
	case ENFORCE_HOST_NONE:
		s->none++;
		s->any_named |= named;
		break;
	case ENFORCE_HOST_UNUSABLE:
		s->unusable++;
		s->any_named |= named;
		break;
	case ENFORCE_HOST_USABLE:
		s->usable++;
		break;
	}
}

static void
count_hosts(struct survey *s)
{
	for (size_t i = 0; i < s->facts->host_count; i++)
		if (host_may_have_address(&s->facts->hosts[i]))
			count_host(s, &s->facts->hosts[i]);
	/* what was not looked at is not known */
	s->unknown += s->facts->more_hosts;
}

static bool
is_insecure(const struct survey *s)
{
	return facts_mx_is_insecure(s->facts);
}

static enum enforce_dane
dane_of(const struct survey *s)
{
	if (s->usable > 0) {
		if (is_insecure(s))
			return ENFORCE_DANE_HALF;
		return s->none + s->unusable + s->unknown == 0
			   ? ENFORCE_DANE_ALL
			   : ENFORCE_DANE_PARTIAL;
	}
	if (s->unknown > 0 || lookup_failed(&s->facts->mx) ||
	    s->facts->trouble != TROUBLE_NONE)
		return ENFORCE_DANE_UNKNOWN;
	return s->unusable > 0 ? ENFORCE_DANE_UNUSABLE : ENFORCE_DANE_NONE;
}

struct enforcement *
enforce_by_terms(const struct judge_terms *terms, time_t now)
{
	struct demand demand = terms_demand_domain(terms);

	return terms_have_host_rules(terms, now) ? NULL : level_answer(&demand);
}

/* --- MTA-STS --- */

static enum enforce_sts
sts_of(const struct survey *s)
{
	const struct policy_facts *policy = s->facts->sts.policy;

	if (!s->joint.demand.sts)
		return ENFORCE_STS_NONE;
	if (policy != NULL && policy->fetch == POLICY_FETCHED)
		switch (policy->policy->mode) {
		case STS_MODE_ENFORCE:
			return ENFORCE_STS_ENFORCE;
		case STS_MODE_TESTING:
			return ENFORCE_STS_TESTING;
		case STS_MODE_NONE:
			return ENFORCE_STS_NONE;
		}
	switch (s->facts->trouble) {
	case TROUBLE_DEADLINE:
	case TROUBLE_QUEUE_FULL:
	case TROUBLE_INTERNAL:
		return ENFORCE_STS_UNKNOWN;
	case TROUBLE_NOT_VALIDATING:
		if (s->facts->sts.txt.state == LOOKUP_NOT_ASKED)
			return ENFORCE_STS_UNKNOWN;
		break;
	case TROUBLE_NONE:
	case TROUBLE_NAME_INVALID:
	case TROUBLE_LITERAL:
		break;
	}
	return policy != NULL || lookup_failed(&s->facts->sts.txt)
		   ? ENFORCE_STS_ERROR
		   : ENFORCE_STS_NONE;
}

/* --- answers --- */

/* A policy of mode enforce, under a secure MX RRset. */
static struct enforcement *
enforce_both(const struct survey *s)
{
	if (s->usable == 0) {
		if (s->unknown == 0)
			return enforcement_new(ENFORCE_POLICY);
		return s->any_named ? enforcement_new(ENFORCE_HOSTS)
				    : put_off_host(s->facts, s->failed);
	}
	if (s->none + s->unusable == 0)
		return enforcement_new(ENFORCE_DANE_ONLY);
	switch (s->terms->partial_dane) {
	case PARTIAL_DANE_ONLY:
		break;
	case PARTIAL_DANE_SECURE:
		return enforcement_new(
		    s->any_named ? ENFORCE_HOSTS : ENFORCE_DANE_ONLY);
	case PARTIAL_DANE_DANE:
		return enforcement_new(ENFORCE_DANE);
	}
	return enforcement_new(ENFORCE_DANE_ONLY);
}

/* No policy that counts, and TLS is no must. */
static enum enforce_answer
answer_by_dane(const struct survey *s)
{
	return s->usable + s->unusable + s->unknown > 0 ? ENFORCE_DANE
							: ENFORCE_NOTHING;
}

/* No policy that counts, and TLS is a must: the MTA falls from "dane" to
 * cleartext where there are no records. */
static struct enforcement *
enforce_floor(const struct survey *s)
{
	if (s->usable == 0 && s->unknown > 0)
		return put_off_host(s->facts, s->failed);
	if (s->usable == 0 || (is_insecure(s) && s->none + s->unknown > 0))
		return enforcement_new(ENFORCE_ENCRYPT);
	if (is_insecure(s))
		return enforcement_new(ENFORCE_DANE);
	switch (s->terms->partial_dane) {
	case PARTIAL_DANE_ONLY:
		break;
	case PARTIAL_DANE_SECURE:
		return enforcement_new(ENFORCE_ENCRYPT);
	case PARTIAL_DANE_DANE:
		return enforcement_new(ENFORCE_DANE);
	}
	return enforcement_new(ENFORCE_DANE_ONLY);
}

static bool
takes_no_mail(const struct survey *s)
{
	const struct facts *facts = s->facts;

	if (facts->trouble == TROUBLE_NAME_INVALID ||
	    facts->trouble == TROUBLE_LITERAL)
		return true;
	if (facts->trouble != TROUBLE_NONE || lookup_failed(&facts->mx))
		return false;
	return facts->mx.state == LOOKUP_NXDOMAIN || facts->null_mx ||
	       s->usable + s->unusable + s->none + s->unknown == 0;
}

/* Whether DNSSEC says that the next hop takes no mail.  Else the MTA may be
 * told of another MX than we were, and ask for that. */
static bool
is_vouched_for(const struct survey *s)
{
	const struct facts *facts = s->facts;

	if (!facts_mx_is_vouched(facts))
		return false;
	for (size_t i = 0; i < facts->host_count; i++)
		if (!facts->hosts[i].a.secure || !facts->hosts[i].aaaa.secure)
			return false;
	return true;
}

/* Without DANE, by the admin's wish. */
static struct enforcement *
enforce_sts_alone(const struct survey *s, enum enforce_sts sts)
{
	if (sts == ENFORCE_STS_UNKNOWN)
		return put_off_trouble(s->facts);
	if (sts == ENFORCE_STS_ENFORCE)
		return enforcement_new(ENFORCE_POLICY);
	return enforcement_new(
	    s->joint.demand.encrypt ? ENFORCE_ENCRYPT : ENFORCE_MAY);
}

/* Where DNS does not tell what it should. */
static struct enforcement *
enforce_blind(const struct survey *s, enum enforce_sts sts)
{
	bool not_validating = s->facts->trouble == TROUBLE_NOT_VALIDATING;

	if (sts != ENFORCE_STS_ENFORCE && !s->joint.demand.encrypt)
		return enforcement_new(ENFORCE_DANE);
	return not_validating ? put_off_trouble(s->facts)
			      : put_off_mx(s->facts);
}

/* The level AUTO; the order counts. */
static struct enforcement *
enforce_auto(const struct survey *s, enum enforce_sts sts)
{
	if (!s->joint.demand.dane)
		return enforce_sts_alone(s, sts);
	if (takes_no_mail(s))
		return enforcement_new(
		    sts == ENFORCE_STS_ENFORCE &&
			    s->facts->trouble == TROUBLE_NONE &&
			    !is_vouched_for(s)
			? ENFORCE_POLICY
			: ENFORCE_NOTHING);
	if (s->usable > 0 && !is_insecure(s) &&
	    s->none + s->unusable + s->unknown == 0)
		return enforcement_new(ENFORCE_DANE_ONLY);
	if (sts == ENFORCE_STS_UNKNOWN)
		return put_off_trouble(s->facts);
	if (s->facts->trouble == TROUBLE_NOT_VALIDATING ||
	    lookup_failed(&s->facts->mx))
		return enforce_blind(s, sts);
	if (s->facts->trouble != TROUBLE_NONE)
		return put_off_trouble(s->facts);
	if (sts == ENFORCE_STS_ENFORCE)
		return is_insecure(s) ? enforcement_new(ENFORCE_POLICY)
				      : enforce_both(s);
	return s->joint.demand.encrypt ? enforce_floor(s)
				       : enforcement_new(answer_by_dane(s));
}

/* --- what is told beside it --- */

static void
take_enforced_hosts(struct enforcement *e, const struct survey *s)
{
	e->hosts = xcalloc(s->facts->host_count, sizeof(*e->hosts));
	for (size_t i = 0; i < s->facts->host_count; i++) {
		const struct host_facts *host = &s->facts->hosts[i];

		if (!host_may_have_address(host))
			continue;
		e->hosts[e->host_count++] =
		    (struct enforced_host){.name = xstrdup(host->name),
			.dane = class_of(s, host),
			.named = s->policy != NULL &&
				 sts_policy_names(s->policy, host->name)};
	}
}

/* Hosts are kept where an answer for one of them may be another than that for
 * all. */
static bool
needs_hosts(const struct enforcement *e)
{
	return e->sts == ENFORCE_STS_ENFORCE ||
	       (e->answer == ENFORCE_DANE_ONLY &&
		   (e->level == LEVEL_DANE_ONLY ||
		       e->dane != ENFORCE_DANE_ALL));
}

static void
complete_enforcement(
    struct enforcement *e, const struct survey *s, enum enforce_sts sts)
{
	const struct facts *facts = s->facts;

	e->ruled = s->joint.demand.rule != NULL;
	e->wants_dane =
	    s->joint.demand.level == LEVEL_AUTO && s->joint.demand.dane;
	e->floor =
	    s->joint.demand.level == LEVEL_AUTO && s->joint.demand.encrypt;
	e->mixed_rules = s->joint.mixed;
	e->unheard = rule_ref(s->joint.unheard);
	e->mx_secure = facts->trouble == TROUBLE_NONE && !is_insecure(s) &&
		       !lookup_failed(&facts->mx);
	e->sts = sts;
	e->dane = dane_of(s);
	if (s->policy != NULL) {
		e->domain = xstrdup(facts->next_hop.host);
		e->max_age_s = s->policy->max_age_s;
		enforcement_take_names(e, s->policy->mx, s->policy->mx_count);
	}
	if (needs_hosts(e))
		take_enforced_hosts(e, s);
}

struct enforcement *
enforce(const struct facts *facts, const struct judge_terms *terms, time_t now)
{
	struct survey s = {.facts = facts,
	    .terms = terms,
	    .now = now,
	    .joint = joint_demand(facts, terms, now)};
	struct enforcement *e;
	enum enforce_sts sts;

	sts = sts_of(&s);
	if (sts == ENFORCE_STS_ENFORCE)
		s.policy = facts->sts.policy->policy;
	count_hosts(&s);
	e = level_answer(&s.joint.demand);
	if (e == NULL)
		e = enforce_auto(&s, sts);
	complete_enforcement(e, &s, sts);
	return e;
}
