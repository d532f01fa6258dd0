/* SPDX-License-Identifier: BSD-2-Clause */
/* P5 to P9: what DANE rests on, its records, and the next key's. */
#include <string.h>

#include "milter/cli/advise/plan_parts.h"

enum {
	/* TR-03108 wants records that can be taken back soon */
	TLSA_TTL_S = 3600,
};

static const char *
sign_words(const struct planning *p)
{
	const struct provider *provider = p->sight->dns_provider;

	if (p->sight->chain == CHAIN_UNSUPPORTED)
		return " It is signed with algorithms that validators do not "
		       "know: sign it with number 13 (ECDSA).";
	if (p->sight->chain == CHAIN_PARENT_UNSIGNED)
		return " A zone above it is not signed, so it cannot be "
		       "chained to the root: take a name below one that is.";
	if (provider == NULL)
		return " Whoever runs its name servers can say whether they "
		       "sign zones; where not, change them.";
	if (provider->dnssec == PROVIDER_NO)
		return " Its DNS host does not sign zones: change it.";
	return provider->dnssec == PROVIDER_YES
		   ? " Its DNS host signs zones on request."
		   : " Its DNS host signs some zones: ask.";
}

static void
plan_signing(const struct planning *p)
{
	const struct sight *sight = p->sight;
	enum chain_state chain = sight->chain;
	bool cannot = p->wish->cannot_sign || chain == CHAIN_PARENT_UNSIGNED;
	struct step *step;

	if (!plan_wants_dane(p) ||
	    (chain != CHAIN_UNSIGNED && chain != CHAIN_PARENT_UNSIGNED &&
		chain != CHAIN_UNSUPPORTED))
		return;
	step = plan_put(p, 5, cannot ? STEP_BLOCKED : STEP_DO, "dns-host");
	plan_say(step, "Have the zone %s signed%s.%s%s%s DANE rests on it.",
	    sight->chain_facts.zone,
	    cannot ? ", or change the DNS host to one that does" : "",
	    sign_words(p), sight->dns_provider == NULL ? "" : " Its DNS host: ",
	    sight->dns_provider == NULL ? "" : sight->dns_provider->name);
}

static void
plan_anchoring(const struct planning *p)
{
	const struct sight *sight = p->sight;
	struct step *step;

	if (!plan_wants_dane(p) ||
	    (sight->chain != CHAIN_UNSIGNED && sight->chain != CHAIN_ISLAND))
		return;
	step = plan_put(p, 6, STEP_DO, "registrar");
	if (sight->chain == CHAIN_UNSIGNED)
		plan_need(step, 5);
	plan_say(step,
	    "Give the DS record of %s, which the DNS host shows, to its "
	    "registrar; then wait until the command says that it is secure.%s",
	    sight->chain_facts.zone,
	    sight->chain == CHAIN_ISLAND
		? " The zone is signed already; this step is all that is "
		  "missing."
		: "");
	plan_command(step, "postern advise %s", plan_domain(p));
}

/* Microsoft's own: RFC 7672 records come with the new MX host. */
static void
plan_microsoft(const struct planning *p)
{
	bool moved = true, foreign = false;
	struct step *step;

	for (size_t i = 0; i < p->sight->facts->host_count; i++) {
		const struct provider *provider = p->sight->hosts[i].provider;
		const char *name = provider == NULL ? "" : provider->name;

		foreign |= strncmp(name, "microsoft", 9) != 0;
		moved &= strcmp(name, "microsoft") != 0;
	}
	step =
	    plan_put(p, 7, moved && !foreign ? STEP_DONE : STEP_DO, "provider");
	if (step->state == STEP_DONE) {
		plan_say(step, "The MX host is one of Microsoft's that is "
			       "signed; the TLSA records are Microsoft's too.");
		return;
	}
	plan_need(step, 3);
	if (p->sight->chain == CHAIN_UNSIGNED ||
	    p->sight->chain == CHAIN_ISLAND)
		plan_need(step, 6);
	plan_say(step,
	    "When the domain is signed: have Exchange Online make the new MX "
	    "host (Enable-DnssecForVerifiedDomain), and let it be the single "
	    "MX, of preference 0 or 10, with no other beside it%s. Then turn "
	    "DANE on (Enable-SmtpDaneInbound). Publish no TLSA record of your "
	    "own.",
	    foreign ? "; the MX hosts of others go" : "");
	plan_command(step, "Enable-DnssecForVerifiedDomain -DomainName %s",
	    plan_domain(p));
}

static bool
has_unchained(const struct sight *sight)
{
	return !sight_hosts_secure(sight);
}

static void
plan_host_zones(const struct planning *p)
{
	const struct sight *sight = p->sight;
	char hosts[SIGHT_NAMES_SIZE];
	struct step *step;
	bool others = false;

	for (size_t i = 0; i < sight->facts->host_count; i++)
		others |= !sight->hosts[i].own && sight_is_unchained(sight, i);
	if (!plan_wants_dane(p) || (!others && (sight->chain != CHAIN_SECURE ||
						   !has_unchained(sight))))
		return;
	sight_hosts_text(sight, sight_is_unchained, hosts);
	if (!others) {
		/* below a domain that is signed, in a zone that is not */
		step = plan_put(p, 7, STEP_DO, "dns-host");
		plan_say(step,
		    "These MX hosts stand in zones of their own below %s that "
		    "are not secure: have them signed, and their DS records "
		    "put "
		    "into the zone above: %s.",
		    plan_domain(p), hosts);
		return;
	}
	step = plan_put(p, 7, STEP_DO, "mail-host");
	plan_say(step,
	    "Ask whoever runs them to have the zones of these MX hosts signed, "
	    "and TLSA records published there; or take MX hosts in signed "
	    "zones: %s.",
	    hosts);
}

static void
plan_records(const struct planning *p)
{
	const struct sight *sight = p->sight;
	char own[SIGHT_NAMES_SIZE], others[SIGHT_NAMES_SIZE];
	struct step *step;
	size_t lacking = 0;

	if (!plan_wants_dane(p) || sight->standing.dane == STANDING_DANE_FULL)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++) {
		if (!sight->hosts[i].own && sight_is_unchained(sight, i))
			return; /* P7 says it */
		lacking += sight_lacks_tlsa(sight, i);
	}
	sight_hosts_text(sight, sight_lacks_own_tlsa, own);
	sight_hosts_text(sight, sight_lacks_others_tlsa, others);
	if (lacking == 0)
		return;
	step = plan_put(p, 8, STEP_DO, "mail-host");
	if (sight->chain == CHAIN_UNSIGNED || sight->chain == CHAIN_ISLAND ||
	    sight->chain == CHAIN_UNSUPPORTED || has_unchained(sight))
		plan_need(step, sight->chain == CHAIN_UNSUPPORTED ? 5
				: sight->chain == CHAIN_SECURE    ? 7
								  : 6);
	plan_say(step,
	    "Publish TLSA records \"3 1 1\" of the present and of the next "
	    "key%s%s%s%s, with a TTL of %d s or less. The command prints the "
	    "one of the key that a host shows, with its name, as it goes into "
	    "the zone of the host. The next key is made now and used at the "
	    "next renewal: \"openssl genpkey -algorithm EC -pkeyopt "
	    "ec_paramgen_curve:P-256 -out next.key\" makes it, and \"postern "
	    "tlsa gen --name HOST next.key\" prints its record. DANE has no "
	    "testing mode: see first that all addresses of a host show the "
	    "same key (\"postern check -v %s\"), and at once when the records "
	    "are there that \"postern tlsa check %s\" finds nothing.%s",
	    own[0] == '\0' ? "" : " at ", own,
	    others[0] == '\0' ? ""
	    : own[0] == '\0'  ? " (ask whoever runs them) at "
			      : "; ask whoever runs them for the same at ",
	    others, TLSA_TTL_S, plan_domain(p), plan_domain(p),
	    sight->standing.dane == STANDING_DANE_MISPLACED
		? " The TLSA records at the domain's own name are of no use."
		: "");
	if (own[0] != '\0')
		plan_command(step, "postern tlsa gen mx:%.*s '3 1 1'",
		    (int)strcspn(own, ","), own);
}

static void
plan_rollover(const struct planning *p)
{
	const struct sight *sight = p->sight;
	bool two = true;
	struct step *step;

	if (sight->standing.dane != STANDING_DANE_FULL)
		return;
	for (size_t i = 0; i < sight->facts->host_count; i++)
		two &= tlsa_set_usable(&sight->facts->hosts[i].records) > 1;
	if (sight->standing.dane_health == STANDING_DEGRADED) {
		step = plan_put(p, 9, STEP_DO, "mail-host");
		plan_command(step, "postern tlsa check %s", plan_domain(p));
		plan_say(step,
		    "Mend what does not match: mail still goes, since another "
		    "host or address takes it. The command says where.");
		return;
	}
	step = plan_put(p, 9, two ? STEP_DONE : STEP_DO, "mail-host");
	if (two) {
		plan_say(step, "There is a second TLSA record at every host.");
		return;
	}
	plan_command(step, "postern tlsa plan --name %s CURRENT NEXT",
	    sight->facts->hosts[0].name);
	plan_say(step, "Before a key changes publish a second record, of the "
		       "next key (\"3 1 1\") or of the CA (\"2 1 1\"), and ask "
		       "\"postern tlsa plan\" in the hook that renews "
		       "certificates; CURRENT and NEXT are files of their "
		       "certificates or keys.");
}

void
plan_dane(const struct planning *p)
{
	plan_signing(p);
	plan_anchoring(p);
	if (scenario_has(p->found, SCENARIO_MICROSOFT) && plan_wants_dane(p))
		plan_microsoft(p);
	else
		plan_host_zones(p);
	if (!scenario_has(p->found, SCENARIO_MICROSOFT))
		plan_records(p);
	plan_rollover(p);
}
