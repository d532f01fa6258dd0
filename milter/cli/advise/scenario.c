/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/advise/scenario.h"

bool
scenario_has(const struct advice_case *found, enum scenario scenario)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->scenarios[i] == scenario)
			return true;
	return false;
}

static bool
is_unsigned(const struct sight *sight)
{
	return sight->chain == CHAIN_UNSIGNED ||
	       sight->chain == CHAIN_PARENT_UNSIGNED;
}

static bool
cannot_be_signed(const struct sight *sight, const struct advise_wish *wish)
{
	return is_unsigned(sight) &&
	       (wish->cannot_sign || sight->chain == CHAIN_PARENT_UNSIGNED ||
		   (sight->dns_provider != NULL &&
		       sight->dns_provider->dnssec == PROVIDER_NO));
}

static bool
has_own_host(const struct sight *sight)
{
	for (size_t i = 0; i < sight->facts->host_count; i++)
		if (sight->hosts[i].own)
			return true;
	return false;
}

static bool
scenario_holds(const struct sight *sight, const struct advise_wish *wish,
    enum scenario scenario)
{
	size_t hosts = sight->facts->host_count;

	switch (scenario) {
	case SCENARIO_NO_DNSSEC:
		return cannot_be_signed(sight, wish);
	case SCENARIO_ONE_MX:
		return sight->chain == CHAIN_SECURE && hosts == 1 &&
		       sight_hosts_secure(sight);
	case SCENARIO_SEVERAL_MX:
		return sight->chain == CHAIN_SECURE && hosts > 1;
	case SCENARIO_MICROSOFT:
		return sight_has_provider(sight, "microsoft");
	case SCENARIO_GOOGLE:
		return sight_has_provider(sight, "google");
	case SCENARIO_OWN_HOST:
		return has_own_host(sight);
	case SCENARIO_BULK:
		return wish->bulk;
	case SCENARIO_REGULATED:
		return wish->regulated;
	}
	return false;
}

static enum publish
wanted_dane(const struct sight *sight)
{
	return sight->chain == CHAIN_SECURE && sight_hosts_secure(sight)
		   ? PUBLISH_YES
		   : PUBLISH_AFTER_SIGNING;
}

/* The first of the scenarios says, but that nothing can be anchored in a zone
 * that cannot be signed. */
static enum publish
publish_dane(const struct advice_case *found, const struct sight *sight)
{
	enum scenario first = found->count == 0 ? 0 : found->scenarios[0];

	if (first == SCENARIO_REGULATED)
		return wanted_dane(sight);
	if (first == SCENARIO_MICROSOFT)
		return PUBLISH_PROVIDER;
	if (first == SCENARIO_GOOGLE || scenario_has(found, SCENARIO_NO_DNSSEC))
		return PUBLISH_NO;
	if (first == SCENARIO_SEVERAL_MX)
		return PUBLISH_PER_HOST;
	return wanted_dane(sight);
}

struct advice_case
scenario_of(const struct sight *sight, const struct advise_wish *wish)
{
	static const enum scenario order[SCENARIOS] = {SCENARIO_REGULATED,
	    SCENARIO_MICROSOFT, SCENARIO_GOOGLE, SCENARIO_BULK,
	    SCENARIO_OWN_HOST, SCENARIO_SEVERAL_MX, SCENARIO_ONE_MX,
	    SCENARIO_NO_DNSSEC};
	struct advice_case found = {.count = 0};

	if (!standing_takes_mail(&sight->standing))
		return found;
	for (size_t i = 0; i < SCENARIOS; i++)
		if (scenario_holds(sight, wish, order[i]))
			found.scenarios[found.count++] = order[i];
	found.mta_sts = PUBLISH_YES;
	found.tls_rpt = PUBLISH_YES;
	found.dane = publish_dane(&found, sight);
	found.contradicted = wish->cannot_sign && !is_unsigned(sight) &&
			     sight->chain == CHAIN_SECURE;
	return found;
}

const char *
scenario_text(enum scenario scenario)
{
	switch (scenario) {
	case SCENARIO_NO_DNSSEC:
		return "a zone that cannot be signed where it is";
	case SCENARIO_ONE_MX:
		return "DNSSEC, and one MX host";
	case SCENARIO_SEVERAL_MX:
		return "DNSSEC, and several MX hosts";
	case SCENARIO_MICROSOFT:
		return "mail at Microsoft 365";
	case SCENARIO_GOOGLE:
		return "mail at Google Workspace";
	case SCENARIO_OWN_HOST:
		return "a mail host of its own";
	case SCENARIO_BULK:
		return "one of many domains";
	case SCENARIO_REGULATED:
		return "regulated: DANE is a must";
	}
	return "";
}

const char *
publish_text(enum publish publish)
{
	static const char *const words[] = {
	    [PUBLISH_NO] = "no",
	    [PUBLISH_YES] = "yes",
	    [PUBLISH_PER_HOST] = "per-host",
	    [PUBLISH_PROVIDER] = "provider",
	    [PUBLISH_AFTER_SIGNING] = "after-signing",
	};

	return words[publish];
}

/* Of a domain that no mail goes to, or that cannot be seen. */
static const char *
verdict_without_mail(const struct sight *sight)
{
	switch (sight->standing.mx) {
	case STANDING_MX_NULL:
		return "It takes no mail, and says so: there is nothing to "
		       "publish.";
	case STANDING_MX_NXDOMAIN:
		return "There is no such domain.";
	case STANDING_MX_NO_ADDRESS:
		return "No mail gets there: none of its hosts has an address. "
		       "If it takes none, publish a null MX (RFC 7505).";
	case STANDING_MX_ERROR:
	case STANDING_MX_RECORDS:
	case STANDING_MX_IMPLICIT:
		break;
	}
	return "Its MX records cannot be looked up.";
}

/* TLSA records that nobody looks for, or that nobody believes, are named. */
static const char *
verdict_without_dane(const struct advice_case *found, const struct sight *sight)
{
	bool google = scenario_has(found, SCENARIO_GOOGLE);

	if (sight->standing.dane == STANDING_DANE_MISPLACED ||
	    sight->standing.dane == STANDING_DANE_INSECURE)
		return google
			   ? "Publish MTA-STS. No DANE: the zone of Google's "
			     "mail hosts is not signed. The TLSA records that "
			     "are there are of no use."
			   : "Publish MTA-STS. No DANE: it cannot be anchored "
			     "in a zone that is not signed. The TLSA records "
			     "that are there are of no use.";
	return google ? "Publish MTA-STS. No DANE: the zone of Google's mail "
			"hosts is not signed."
		      : "Publish MTA-STS. No DANE: it cannot be anchored in a "
			"zone that is not signed.";
}

/* What is there already counts. */
static const char *
verdict_with_dane(const struct advice_case *found, const struct sight *sight)
{
	const struct standing *standing = &sight->standing;
	bool fetched = standing->sts_policy == STANDING_POLICY_FETCHED;
	bool testing = fetched && standing->sts_mode == STS_MODE_TESTING;
	bool enforced = fetched && standing->sts_mode == STS_MODE_ENFORCE;

	if (standing->dane == STANDING_DANE_FULL)
		return enforced ? "MTA-STS and DANE are both published: keep "
				  "them as they are, and mend what is below."
		       : testing
			   ? "DANE is published, and MTA-STS is tested: have "
			     "it enforced when reports tell of no failures."
			   : "DANE is published: publish MTA-STS as well.";
	if (enforced)
		return "MTA-STS is enforced: publish DANE at every mail host "
		       "as well.";
	if (testing)
		return "MTA-STS is tested: have it enforced when reports tell "
		       "of no failures, and publish DANE at every mail host.";
	return found->dane == PUBLISH_PER_HOST
		   ? "Publish MTA-STS, and DANE at every mail host: a TLSA "
		     "record set for each."
		   : "Publish MTA-STS, and DANE at the mail hosts.";
}

const char *
scenario_verdict(const struct advice_case *found, const struct sight *sight)
{
	if (chain_is_bogus(sight->chain))
		return "Mend DNSSEC first: mail from every sender that "
		       "validates waits today.";
	if (!standing_takes_mail(&sight->standing))
		return verdict_without_mail(sight);
	switch (found->dane) {
	case PUBLISH_NO:
		return verdict_without_dane(found, sight);
	case PUBLISH_YES:
	case PUBLISH_PER_HOST:
		return verdict_with_dane(found, sight);
	case PUBLISH_PROVIDER:
		return "Publish MTA-STS, with a policy host of your own. DANE "
		       "comes from the provider, once the domain is signed and "
		       "its MX moved.";
	case PUBLISH_AFTER_SIGNING:
		break;
	}
	return "Publish MTA-STS now, and DANE when all zones it rests on are "
	       "signed.";
}
