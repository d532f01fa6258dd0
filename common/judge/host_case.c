/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/host_case.h"

#include <string.h>

/* Mode none is as no policy at all: RFC 8461 section 5. */
static const struct sts_policy *
policy_in_force(const struct facts *facts)
{
	const struct policy_facts *fetched = facts->sts.policy;

	if (fetched == NULL || fetched->fetch != POLICY_FETCHED ||
	    fetched->policy->mode == STS_MODE_NONE)
		return NULL;
	return fetched->policy;
}

static bool
is_enforced(const struct sts_policy *policy)
{
	return policy != NULL && policy->mode == STS_MODE_ENFORCE;
}

static bool
enforced_policy_omits(const struct facts *facts, const struct host_facts *host)
{
	const struct sts_policy *policy = policy_in_force(facts);

	return is_enforced(policy) && !sts_policy_names(policy, host->name);
}

static bool
has_given_names(const struct demand *demand)
{
	const struct rule *rule = demand->rule;

	if (demand->level != LEVEL_SECURE || rule == NULL)
		return false;
	for (size_t i = 0; i < rule->match_count; i++)
		if (strcmp(rule->match[i], "hostname") == 0)
			return false;
	return rule->match_count > 0;
}

/* Whether a forged MX RRset, naming a host of the forger's own, could not get
 * round what is demanded: only that is lost to a rule for a host. */
static bool
holds_at_any_host(const struct facts *facts, const struct host_facts *host,
    const struct demand *demand)
{
	return demand->level == LEVEL_DANE_ONLY || has_given_names(demand) ||
	       (demand->sts && enforced_policy_omits(facts, host));
}

/*
 * What the admin demands of the host.  Under an MX RRset that anybody may
 * forge, the forger chooses which rule for a host applies: then such a rule
 * lifts nothing that would hold at any other host he may name.
 */
static struct demand
demand_at(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now)
{
	struct demand own = terms_demand(terms, host->name, now);
	struct demand domain = terms_demand_domain(terms);

	if (own.rule == domain.rule || facts_mx_is_vouched(facts) ||
	    !holds_at_any_host(facts, host, &domain))
		return own;
	if (own.level != LEVEL_DANE_ONLY)
		return domain;
	/* nothing is stricter; its actions may be laxer */
	own.rule = domain.rule;
	return own;
}

/* Whether TLSA records were to be asked for, and were not. */
static bool
is_unasked(const struct host_case *c)
{
	struct tlsa_search search =
	    tlsa_search(c->host, c->facts->next_hop.port);

	return c->host->tlsa.state == LOOKUP_NOT_ASKED &&
	       (search.ask_alias || search.count > 0);
}

/* RFC 7672 section 2.2.1: an insecure MX RRset leaves us the choice. */
static bool
is_not_elected(const struct host_case *c)
{
	switch (c->terms->insecure_mx) {
	case INSECURE_MX_DANE:
	case INSECURE_MX_ENCRYPT:
		break;
	case INSECURE_MX_MAY:
		return c->half;
	case INSECURE_MX_POLICY:
		return c->half && is_enforced(c->sts);
	}
	return false;
}

/* What the TLSA lookup comes to. */
static enum dane_demand
dane_demand_of(const struct host_case *c)
{
	const struct host_facts *host = c->host;

	if (!c->demand.dane || is_not_elected(c))
		return DEMAND_NONE;
	/* RFC 7672 section 2.1.2: an error is not the absence of records */
	if (lookup_failed(&host->cname) || lookup_failed(&host->tlsa) ||
	    is_unasked(c))
		return DEMAND_UNKNOWN;
	/* RFC 7672 section 2.2: insecure records are no records */
	if (host->tlsa.state != LOOKUP_DATA || !host->tlsa.secure)
		return DEMAND_NONE;
	if (c->half && c->terms->insecure_mx == INSECURE_MX_ENCRYPT)
		return DEMAND_ENCRYPT;
	/* RFC 7672 section 2.2: records, but none usable: TLS without names */
	return tlsa_set_usable(&host->records) == 0 ? DEMAND_ENCRYPT
						    : DEMAND_VERIFY;
}

struct host_case
host_case_of(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now)
{
	struct host_case c = {.facts = facts,
	    .host = host,
	    .terms = terms,
	    .demand = demand_at(facts, host, terms, now),
	    .now = now,
	    .half = facts_mx_is_insecure(facts)};

	c.sts = c.demand.sts ? policy_in_force(facts) : NULL;
	c.dane = dane_demand_of(&c);
	c.sts_named = c.sts != NULL && sts_policy_names(c.sts, host->name);
	return c;
}

/* RFC 8461 section 4.1: a host that the policy does not name fails it whatever
 * it would show; no MTA connects to it. */
bool
case_is_forbidden(const struct host_case *c)
{
	return c->dane != DEMAND_VERIFY && is_enforced(c->sts) && !c->sts_named;
}

bool
case_enforces_webpki(const struct host_case *c)
{
	return c->demand.level == LEVEL_SECURE || is_enforced(c->sts);
}

bool
case_demands_tls(const struct host_case *c)
{
	return c->dane == DEMAND_ENCRYPT || c->dane == DEMAND_VERIFY ||
	       c->demand.encrypt || case_enforces_webpki(c);
}

bool
case_names_are_given(const struct host_case *c)
{
	return has_given_names(&c->demand);
}

bool
host_wants_tlsa(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now)
{
	if (facts_mx_is_insecure(facts) &&
	    terms->insecure_mx == INSECURE_MX_MAY)
		return false;
	/* the policy that may set a rule aside is not known yet */
	return terms_demand(terms, host->name, now).dane ||
	       (!facts_mx_is_vouched(facts) && terms_demand_domain(terms).dane);
}

const char *
host_sni(const struct facts *facts, const struct host_facts *host,
    const struct judge_terms *terms, time_t now)
{
	if (host->literal)
		return "";
	return host_case_of(facts, host, terms, now).dane == DEMAND_VERIFY
		   ? host->base_domain
		   : host->name;
}

static bool
is_insecure_data(const struct lookup *lookup)
{
	return lookup->state == LOOKUP_DATA && !lookup->secure;
}

static void
search_at(struct tlsa_search *search, const char *name, uint16_t port)
{
	char owner[LIMIT_DOMAIN_SIZE];

	if (tlsa_owner(owner, port, name))
		search->names[search->count++] = name;
}

struct tlsa_search
tlsa_search(const struct host_facts *host, uint16_t port)
{
	struct tlsa_search search = {.ask_alias = false};
	bool alias = strcmp(host->expanded, host->name) != 0;

	if (host->address_count == 0 || host->literal)
		return search;
	if (!is_insecure_data(&host->a) && !is_insecure_data(&host->aaaa)) {
		if (alias)
			search_at(&search, host->expanded, port);
		search_at(&search, host->name, port);
	} else if (alias) {
		/* insecure addresses: DANE does not apply, but for an alias
		 * that is itself secure */
		search.ask_alias = host->cname.state == LOOKUP_NOT_ASKED;
		if (host->cname.state == LOOKUP_DATA && host->cname.secure)
			search_at(&search, host->name, port);
	}
	return search;
}

size_t
host_reference_names(const struct facts *facts, const struct host_facts *host,
    const char *names[HOST_REFERENCE_NAMES])
{
	size_t count = 0;

	names[count++] = host->base_domain;
	if (facts_mx_is_insecure(facts))
		return count;
	names[count++] = facts->next_hop.host;
	if (strcmp(facts->expanded, facts->next_hop.host) != 0)
		names[count++] = facts->expanded;
	return count;
}

bool
host_may_have_address(const struct host_facts *host)
{
	return host->address_count > 0 || lookup_failed(&host->a) ||
	       lookup_failed(&host->aaaa) || host->a.state == LOOKUP_DATA ||
	       host->aaaa.state == LOOKUP_DATA;
}
