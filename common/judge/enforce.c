/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/enforce.h"

#include <stdio.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/judge/host_case.h"
#include "common/judge/reasons.h"

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
	struct demand demand; /* of the admin, for all hosts */
	bool mixed_rules;
	size_t usable, unusable, none, unknown; /* hosts of each class */
	bool any_named; /* an unusable or none that the policy names */
	const struct host_facts *failed; /* the first that is unknown */
	const struct sts_policy *policy; /* of mode enforce, or NULL */
};

static void
take_rule_names(struct enforcement *e, const struct rule *rule)
{
	static char hostname[] = "hostname";
	char *const none[] = {hostname};

	if (rule == NULL || rule->match_count == 0)
		enforcement_take_names(e, none, 1);
	else
		enforcement_take_names(e, rule->match, rule->match_count);
}

/* --- hosts --- */

/* RFC 7672 section 2.2.2: one family that answers is enough.  A host without
 * an address is none: false. */
static bool
has_address(const struct host_facts *host)
{
	return host->address_count > 0 || lookup_failed(&host->a) ||
	       lookup_failed(&host->aaaa) || host->a.state == LOOKUP_DATA ||
	       host->aaaa.state == LOOKUP_DATA;
}

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
		if (has_address(&s->facts->hosts[i]))
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

/* --- rules --- */

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
	struct demand first;
	struct demand strictest; /* of level_strictness */
	struct demand all;       /* what any of them demands */
};

static void
add_demand(struct survey *s, struct demands *d, const struct demand *own)
{
	if (d->seen++ == 0)
		d->first = *own;
	s->mixed_rules |= !equal_demands(own, &d->first);
	if (level_strictness(own->level) > level_strictness(d->strictest.level))
		d->strictest = *own;
	d->all.encrypt |= own->encrypt || level_strictness(own->level) > 0;
	d->all.dane |= own->dane;
	d->all.sts |= own->sts;
}

static bool
is_policy_in_force(const struct survey *s)
{
	const struct policy_facts *got = s->facts->sts.policy;

	return got != NULL && got->fetch == POLICY_FETCHED &&
	       got->policy->mode == STS_MODE_ENFORCE;
}

/* Whether a host without a rule has to keep TLSA records, or a policy. */
static bool
has_more_to_keep(const struct survey *s, const struct demand *all)
{
	if (all->sts && is_policy_in_force(s))
		return true;
	if (!all->dane || is_insecure(s))
		return false;
	for (size_t i = 0; i < s->facts->host_count; i++)
		if (class_of(s, &s->facts->hosts[i]) == ENFORCE_HOST_USABLE)
			return true;
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

/*
 * What is demanded of the next hop, where rules for its hosts may differ from
 * the one for it.  One that all hosts have counts for all.  Of several the
 * strictest does, where that is one that demands TLS; but no rule for one host
 * takes from another what it has to keep: then that counts, with TLS a must
 * where any rule says so.  Who forges an insecure MX RRset chooses the hosts,
 * and with them the rules.
 */
static void
find_demand(struct survey *s)
{
	struct demands d = {.all.level = LEVEL_AUTO};
	struct demand domain = terms_demand_domain(s->terms);

	s->demand = domain;
	for (size_t i = 0; i < s->facts->host_count; i++) {
		const struct host_facts *host = &s->facts->hosts[i];
		struct demand own;

		if (!has_address(host))
			continue;
		own = host_case_of(s->facts, host, s->terms, s->now).demand;
		add_demand(s, &d, &own);
	}
	if (d.seen == 0)
		return;
	if (!s->mixed_rules)
		s->demand = d.first;
	else if (d.strictest.level == LEVEL_DANE_ONLY)
		s->demand = d.strictest;
	else if (level_strictness(d.strictest.level) > 0 &&
		 !has_more_to_keep(s, &d.all))
		s->demand = d.strictest;
	else if (d.all.dane || d.all.sts || domain.level != LEVEL_AUTO)
		s->demand = with_domain(&d.all, &domain);
}

/* The answer that a level is by itself; AUTO has none. */
static enum enforce_answer
answer_of_level(enum level level)
{
	switch (level) {
	case LEVEL_NONE:
		return ENFORCE_NONE;
	case LEVEL_MAY:
		return ENFORCE_MAY;
	case LEVEL_ENCRYPT:
		return ENFORCE_ENCRYPT;
	case LEVEL_DANE:
		return ENFORCE_DANE;
	case LEVEL_DANE_ONLY:
		return ENFORCE_DANE_ONLY;
	case LEVEL_SECURE:
		return ENFORCE_NAMES;
	case LEVEL_AUTO:
	case LEVEL_HALF_DANE:
		break;
	}
	return ENFORCE_TEMP;
}

/* An answer that the demand alone makes; NULL if there is more to know. */
static struct enforcement *
enforce_demand(const struct demand *demand)
{
	struct enforcement *e;

	if (demand->level == LEVEL_AUTO && (demand->dane || demand->sts))
		return NULL;
	e = enforcement_new(answer_of_level(demand->level));
	if (demand->level == LEVEL_AUTO)
		e->answer = demand->encrypt ? ENFORCE_ENCRYPT : ENFORCE_MAY;
	if (demand->level == LEVEL_SECURE)
		take_rule_names(e, demand->rule);
	e->level = demand->level;
	e->ruled = demand->rule != NULL;
	e->floor = demand->level == LEVEL_AUTO && demand->encrypt;
	return e;
}

struct enforcement *
enforce_by_terms(const struct judge_terms *terms, time_t now)
{
	struct demand demand = terms_demand_domain(terms);

	return terms_have_host_rules(terms, now) ? NULL
						 : enforce_demand(&demand);
}

/* --- MTA-STS --- */

static enum enforce_sts
sts_of(const struct survey *s)
{
	const struct policy_facts *policy = s->facts->sts.policy;

	if (!s->demand.sts)
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

static struct enforcement *
defer_for(enum reason reason, const char *what, const char *name)
{
	struct enforcement *e = enforcement_new(ENFORCE_TEMP);
	size_t size;

	e->reason = reason;
	if (what == NULL)
		return e;
	size = strlen(what) + strlen(name) + 2;
	e->where = xmalloc(size);
	snprintf(e->where, size, "%s %s", what, name);
	return e;
}

static struct enforcement *
defer_mx(const struct survey *s)
{
	return defer_for(
	    lookup_reason(&s->facts->mx), "MX", s->facts->next_hop.host);
}

/* The lookup of the first host that nothing is known of. */
static struct enforcement *
defer_host(const struct survey *s)
{
	const struct host_facts *host = s->failed;
	char owner[LIMIT_DOMAIN_SIZE];
	const struct lookup *address;

	if (host == NULL)
		return defer_for(
		    REASON_TOO_COSTLY, "MX", s->facts->next_hop.host);
	if (host->address_count == 0) {
		address = lookup_failed(&host->a) ? &host->a : &host->aaaa;
		return defer_for(lookup_failed(address) ? lookup_reason(address)
							: REASON_DNS_SERVFAIL,
		    "address", host->name);
	}
	if (lookup_failed(&host->cname))
		return defer_for(
		    lookup_reason(&host->cname), "CNAME", host->name);
	if (!lookup_failed(&host->tlsa) ||
	    !tlsa_owner(owner, s->facts->next_hop.port, host->name))
		return defer_for(REASON_INTERNAL_ERROR, "TLSA", host->name);
	return defer_for(lookup_reason(&host->tlsa), "TLSA", owner);
}

/* A policy of mode enforce, under a secure MX RRset. */
static struct enforcement *
enforce_both(const struct survey *s)
{
	if (s->usable == 0) {
		if (s->unknown == 0)
			return enforcement_new(ENFORCE_POLICY);
		return s->any_named ? enforcement_new(ENFORCE_HOSTS)
				    : defer_host(s);
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
		return defer_host(s);
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

static enum reason
unknown_reason(const struct facts *facts)
{
	switch (facts->trouble) {
	case TROUBLE_DEADLINE:
		return REASON_DEADLINE;
	case TROUBLE_QUEUE_FULL:
		return REASON_QUEUE_FULL;
	case TROUBLE_NOT_VALIDATING:
		return REASON_RESOLVER_NOT_VALIDATING;
	case TROUBLE_NONE:
	case TROUBLE_NAME_INVALID:
	case TROUBLE_LITERAL:
	case TROUBLE_INTERNAL:
		break;
	}
	return REASON_INTERNAL_ERROR;
}

/* Without DANE, by the admin's wish. */
static struct enforcement *
enforce_sts_alone(const struct survey *s, enum enforce_sts sts)
{
	if (sts == ENFORCE_STS_UNKNOWN)
		return defer_for(unknown_reason(s->facts), NULL, NULL);
	if (sts == ENFORCE_STS_ENFORCE)
		return enforcement_new(ENFORCE_POLICY);
	return enforcement_new(
	    s->demand.encrypt ? ENFORCE_ENCRYPT : ENFORCE_MAY);
}

/* Where DNS does not tell what it should. */
static struct enforcement *
enforce_blind(const struct survey *s, enum enforce_sts sts)
{
	bool not_validating = s->facts->trouble == TROUBLE_NOT_VALIDATING;

	if (sts != ENFORCE_STS_ENFORCE && !s->demand.encrypt)
		return enforcement_new(ENFORCE_DANE);
	return not_validating
		   ? defer_for(REASON_RESOLVER_NOT_VALIDATING, NULL, NULL)
		   : defer_mx(s);
}

/* The level AUTO; the order counts. */
static struct enforcement *
enforce_auto(const struct survey *s, enum enforce_sts sts)
{
	if (!s->demand.dane)
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
		return defer_for(unknown_reason(s->facts), NULL, NULL);
	if (s->facts->trouble == TROUBLE_NOT_VALIDATING ||
	    lookup_failed(&s->facts->mx))
		return enforce_blind(s, sts);
	if (s->facts->trouble != TROUBLE_NONE)
		return defer_for(unknown_reason(s->facts), NULL, NULL);
	if (sts == ENFORCE_STS_ENFORCE)
		return is_insecure(s) ? enforcement_new(ENFORCE_POLICY)
				      : enforce_both(s);
	return s->demand.encrypt ? enforce_floor(s)
				 : enforcement_new(answer_by_dane(s));
}

/* --- what is told beside it --- */

static void
take_enforced_hosts(struct enforcement *e, const struct survey *s)
{
	e->hosts = xcalloc(s->facts->host_count, sizeof(*e->hosts));
	for (size_t i = 0; i < s->facts->host_count; i++) {
		const struct host_facts *host = &s->facts->hosts[i];

		if (!has_address(host))
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

	e->level = s->demand.level;
	e->ruled = s->demand.rule != NULL;
	e->wants_dane = s->demand.level == LEVEL_AUTO && s->demand.dane;
	e->floor = s->demand.level == LEVEL_AUTO && s->demand.encrypt;
	e->mixed_rules = s->mixed_rules;
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
	struct survey s = {.facts = facts, .terms = terms, .now = now};
	struct enforcement *e;
	enum enforce_sts sts;

	find_demand(&s);
	sts = sts_of(&s);
	if (sts == ENFORCE_STS_ENFORCE)
		s.policy = facts->sts.policy->policy;
	count_hosts(&s);
	e = enforce_demand(&s.demand);
	if (e == NULL)
		e = enforce_auto(&s, sts);
	complete_enforcement(e, &s, sts);
	return e;
}
