/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/advice.h"

#include <string.h>

#include "common/base/clock.h"
#include "milter/act/advice_words.h"

/* The probe that the verdict speaks of, or NULL. */
static const struct probe_facts *
judged_probe(const struct verdict *verdict, const struct facts *facts)
{
	for (size_t i = 0; i < verdict->host_count; i++) {
		const struct host_verdict *host = &verdict->hosts[i];

		if (verdict->mx == NULL ||
		    strcmp(facts->hosts[i].name, verdict->mx) != 0)
			continue;
		for (size_t k = 0; k < host->address_count; k++)
			if (host->addresses[k].reason == verdict->reason)
				return facts->hosts[i].addresses[k].probe;
	}
	return NULL;
}

static const struct host_facts *
host_of(const struct verdict *verdict, const struct facts *facts)
{
	for (size_t i = 0; verdict->mx != NULL && i < facts->host_count; i++)
		if (strcmp(facts->hosts[i].name, verdict->mx) == 0)
			return &facts->hosts[i];
	return NULL;
}

static struct advice
ok_of(const struct verdict *verdict)
{
	switch (verdict->policy) {
	case POLICY_TYPE_TLSA:
		return (struct advice){"The host that takes the mail matches "
				       "its DNSSEC-signed TLSA records.",
		    NOBODY, ""};
	case POLICY_TYPE_STS:
		return (struct advice){"The host that takes the mail has a "
				       "valid certificate and is named by the "
				       "domain's MTA-STS policy.",
		    NOBODY, ""};
	case POLICY_TYPE_LOCAL:
		if (verdict->level == LEVEL_ENCRYPT)
			return (struct advice){"TLS is a must here by a rule "
					       "or a level of yours, and the "
					       "host has it; nobody is "
					       "authenticated.",
			    NOBODY, ""};
		return (struct advice){"The host that takes the mail has the "
				       "certificate that a rule or a level of "
				       "yours demands.",
		    NOBODY, ""};
	case POLICY_TYPE_NONE:
		break;
	}
	return advice_for(REASON_OK);
}

static bool
has_policy(const struct facts *facts, enum sts_mode mode)
{
	return facts->sts.policy != NULL &&
	       facts->sts.policy->fetch == POLICY_FETCHED &&
	       facts->sts.policy->policy->mode == mode;
}

/* Rules that ask for less than the destination publishes, and what it
 * publishes in vain. */
static struct advice
no_policy_of(const struct verdict *verdict, const struct facts *facts)
{
	enum sts_record_outcome record = facts->sts.record.outcome;

	if (facts->trouble == TROUBLE_LITERAL)
		return (struct advice){"An address literal is no domain that "
				       "could publish a policy.",
		    NOBODY, ""};
	if (verdict->policy == POLICY_TYPE_LOCAL)
		return (struct advice){"A rule or a level of yours asks for "
				       "nothing here, whatever the "
				       "destination publishes.",
		    NOBODY,
		    "To have its own policy count, take the rule back, or "
		    "look with --level auto."};
	if (verdict->rule != NULL)
		return (struct advice){"Of the policies that your rule lets "
				       "count, the destination publishes "
				       "none.",
		    NOBODY, "What else it publishes shows --level auto."};
	if (record == STS_RECORD_INVALID || record == STS_RECORD_MANY)
		return (struct advice){"The domain has no DNSSEC-signed TLSA "
				       "records, and what it publishes for "
				       "MTA-STS is no valid record, which "
				       "counts as none.",
		    THEIR_STS,
		    "Mend the TXT record at _mta-sts: \"postern sts lint "
		    "--txt\" tells what is wrong with one."};
	if (has_policy(facts, STS_MODE_NONE))
		return (struct advice){"The domain has no DNSSEC-signed TLSA "
				       "records, and its MTA-STS policy has "
				       "the mode none: it asks for nothing.",
		    NOBODY, ""};
	return advice_for(REASON_NO_POLICY);
}

static struct advice
starttls_of(const struct verdict *verdict, const struct facts *facts)
{
	const struct probe_facts *probe = judged_probe(verdict, facts);

	if (probe != NULL && probe->outcome == PROBE_STARTTLS_REFUSED)
		return (struct advice){"A policy demands TLS; the host offers "
				       "STARTTLS, but refuses it when asked.",
		    THEM,
		    "Its log should say why: often the certificate or its key "
		    "cannot be read."};
	return advice_for(REASON_STARTTLS_NOT_SUPPORTED);
}

static struct advice
mismatch_of(const struct verdict *verdict)
{
	if (verdict->policy == POLICY_TYPE_TLSA)
		return (struct advice){"The certificate comes from the trust "
				       "anchor of the TLSA records, but is "
				       "made out for another name.",
		    THEM,
		    "Issue one with the MX host name in its subjectAltName, "
		    "or publish a \"3 1 1\" record, for which names do not "
		    "count."};
	if (verdict->policy == POLICY_TYPE_LOCAL)
		return (struct advice){"The certificate is trusted, but has "
				       "none of the names that your rule "
				       "wants.",
		    BOTH,
		    "Compare its subjectAltName with the rule's match=; "
		    "without match= it is the MX host name that counts."};
	return advice_for(REASON_CERTIFICATE_HOST_MISMATCH);
}

static struct advice
not_trusted_of(const struct verdict *verdict)
{
	if (verdict->policy == POLICY_TYPE_TLSA)
		return (struct advice){"No certificate that the host sends "
				       "comes from what its TLSA records "
				       "(usage 2) name.",
		    THEM,
		    "The server must send its whole chain, with the "
		    "certificate that the record names."};
	return advice_for(REASON_CERTIFICATE_NOT_TRUSTED);
}

static bool
is_young(const struct probe_facts *probe)
{
	AUTO(x509_chain)
	struct x509_chain *chain =
	    x509_chain_new(probe->certs, probe->cert_count, NULL);

	for (size_t i = 0; chain != NULL && i < x509_count(chain); i++)
		if (x509_not_before(chain, i) > clock_wall_s())
			return true;
	return false;
}

static struct advice
validation_of(const struct verdict *verdict, const struct facts *facts)
{
	const struct probe_facts *probe = judged_probe(verdict, facts);
	const struct host_facts *host = host_of(verdict, facts);
	bool by_key = false;

	if (probe == NULL)
		return advice_for(REASON_VALIDATION_FAILURE);
	if (probe->outcome == PROBE_TLS_FAILED)
		return (struct advice){"The host offers STARTTLS, but no TLS "
				       "session comes about.",
		    THEM,
		    "Look at its log; usual causes are TLS older than 1.2, "
		    "and a certificate whose key does not fit."};
	for (size_t i = 0; host != NULL && i < host->records.count; i++)
		by_key |= host->records.records[i].considered &&
			  host->records.records[i].usage == TLSA_DANE_EE;
	if (!by_key && is_young(probe))
		return (struct advice){"A certificate of the chain is not "
				       "valid yet.",
		    THEM, "Compare its dates with the clocks of both hosts."};
	if (verdict->policy == POLICY_TYPE_TLSA)
		return (struct advice){"The certificate that the host shows "
				       "matches none of its TLSA records.",
		    THEM,
		    "Publish a TLSA record of the present key; at the next "
		    "change of keys publish the new record first, and wait a "
		    "TTL before the old key goes."};
	return advice_for(REASON_VALIDATION_FAILURE);
}

static struct advice
dane_required_of(const struct verdict *verdict, const struct facts *facts)
{
	const struct host_facts *host = host_of(verdict, facts);

	if (facts_mx_is_insecure(facts))
		return (struct advice){"A rule or a level of yours demands "
				       "DANE, and the domain's MX records are "
				       "not signed.",
		    BOTH, TAKE_BACK};
	if (host != NULL && host->records.count > 0)
		return (struct advice){"A rule or a level of yours demands "
				       "DANE, and none of the host's TLSA "
				       "records can be used for mail.",
		    BOTH, TAKE_BACK};
	return advice_for(REASON_DANE_REQUIRED);
}

/* In the words of libunbound. */
static bool
is_ahead_of_us(const struct facts *facts, const struct host_facts *host)
{
	return strstr(facts->detail, "before inception") != NULL ||
	       (host != NULL &&
		   strstr(host->detail, "before inception") != NULL);
}

static struct advice
lookup_of(const struct verdict *verdict, const struct facts *facts)
{
	const struct host_facts *host = host_of(verdict, facts);

	if (verdict->reason == REASON_DNSSEC_INVALID &&
	    strcmp(facts->domain, facts->next_hop.host) != 0)
		return (struct advice){"The mail goes to a next hop of your "
				       "choice, and DNSSEC says that its name "
				       "is forged: often one that only the "
				       "local resolver knows.",
		    US,
		    "If that is so (split DNS), name its zone in "
		    "InsecureDomains; else look at the zone with delv."};
	if (verdict->reason == REASON_DNSSEC_INVALID &&
	    is_ahead_of_us(facts, host))
		return (struct advice){"A signature of the domain's DNS is not "
				       "valid yet: this host's clock is "
				       "behind, or the signer's is ahead.",
		    BOTH, "Compare this host's clock first (doctor does)."};
	if (verdict->reason == REASON_DNSSEC_INVALID)
		return advice_for(REASON_DNSSEC_INVALID);
	if (host != NULL && lookup_failed(&host->tlsa))
		return (struct advice){"The domain's name servers fail when "
				       "asked for TLSA records, and while it "
				       "is not known what they demand no mail "
				       "may go there.",
		    THEIR_DNS,
		    "Ask each of its authoritative servers for the TLSA "
		    "record; those that refuse or ignore the question, or a "
		    "firewall before them, must be mended."};
	return advice_for(verdict->reason);
}

static struct advice
unreachable_of(const struct verdict *verdict, const struct facts *facts)
{
	const struct probe_facts *probe = judged_probe(verdict, facts);

	if (probe != NULL && probe->outcome == PROBE_CONNECT_FAILED &&
	    strcmp(probe->detail, FACTS_NO_ROUTE) == 0)
		return (struct advice){"This host has no route to the mail "
				       "host's address.",
		    US,
		    "Look with \"ip route get\"; where mail goes by one family "
		    "of addresses alone, set ProbeFamilies."};
	if (probe != NULL && probe->outcome == PROBE_REFUSED)
		return (struct advice){"The host answers, but takes no mail "
				       "from here now.",
		    THEM,
		    "Its reply says why; if it blocks this host's address, ask "
		    "for that to be lifted."};
	if (probe != NULL && probe->cert_count > 0)
		return (struct advice){"The host accepts TLS, and then lets "
				       "nobody in: it ends the session, or "
				       "answers no.",
		    THEM,
		    "Its log should say why: often it wants a certificate of "
		    "the client."};
	if (probe != NULL && probe->outcome == PROBE_NOT_SMTP)
		return (struct advice){"Something answers at the host's SMTP "
				       "port, but does not speak SMTP.",
		    THEM, "Look what listens there, and what stands between."};
	return advice_for(REASON_CONNECT_FAILED);
}

/* An address of another family does not help who sends by one. */
static struct advice
no_address_of(const struct facts *facts)
{
	const struct host_facts *host;

	if (facts->host_count == 0)
		return advice_for(REASON_NO_ADDRESS);
	host = &facts->hosts[0];
	if (host->aaaa.state == LOOKUP_NOT_ASKED && !host->literal)
		return (struct advice){"No mail host of the domain has an IPv4 "
				       "address, and by ProbeFamilies mail "
				       "goes by IPv4 alone.",
		    THEM, "To reach IPv6 hosts, the MTA needs IPv6."};
	if (host->a.state == LOOKUP_NOT_ASKED)
		return (struct advice){"No mail host of the domain has an IPv6 "
				       "address, and by ProbeFamilies mail "
				       "goes by IPv6 alone.",
		    THEM, "To reach IPv4 hosts, the MTA needs IPv4."};
	return advice_for(REASON_NO_ADDRESS);
}

static struct advice
insecure_mx_of(const struct verdict *verdict)
{
	if (verdict->result == RESULT_NONE)
		return (struct advice){"The MX records are not signed, so by "
				       "InsecureMX the host's TLSA records "
				       "make TLS a must and authenticate "
				       "nobody.",
		    THEIR_DNS, "Sign the zone of the domain as well."};
	return advice_for(REASON_INSECURE_MX);
}

struct advice
advice_of(const struct verdict *verdict, const struct facts *facts)
{
	if (facts == NULL)
		return advice_for(verdict->reason);
	switch (verdict->reason) {
	case REASON_OK:
		return ok_of(verdict);
	case REASON_NO_POLICY:
		return no_policy_of(verdict, facts);
	case REASON_INSECURE_MX:
		return insecure_mx_of(verdict);
	case REASON_STARTTLS_NOT_SUPPORTED:
		return starttls_of(verdict, facts);
	case REASON_CERTIFICATE_HOST_MISMATCH:
		return mismatch_of(verdict);
	case REASON_CERTIFICATE_NOT_TRUSTED:
		return not_trusted_of(verdict);
	case REASON_VALIDATION_FAILURE:
		return validation_of(verdict, facts);
	case REASON_DANE_REQUIRED:
		return dane_required_of(verdict, facts);
	case REASON_DNSSEC_INVALID:
	case REASON_DNS_SERVFAIL:
	case REASON_DNS_TIMEOUT:
		return lookup_of(verdict, facts);
	case REASON_NO_ADDRESS:
		return no_address_of(facts);
	case REASON_CONNECT_FAILED:
		return unreachable_of(verdict, facts);
	default: /* the others mean the same wherever they come */
		return advice_for(verdict->reason);
	}
}
