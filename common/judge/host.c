/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/host.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/host_case.h"
#include "common/judge/reasons.h"
#include "common/judge/requiretls.h"
#include "common/proto/dane_match.h"

bool
host_is_good(enum host_outcome outcome)
{
	return outcome != HOST_SKIP && outcome != HOST_FAIL;
}

/*
 * Whether the host can be used at all, else out says why not.  RFC 7672 section
 * 2.1.2 and 2.2.2: no address, no host; a failed lookup is no denial, but one
 * family that answers is enough.
 */
static bool
judge_lookups(const struct host_case *c, struct host_verdict *out)
{
	const struct host_facts *host = c->host;
	bool data =
	    host->a.state == LOOKUP_DATA || host->aaaa.state == LOOKUP_DATA;
	const struct lookup *failed = NULL;

	if (!data && lookup_failed(&host->a))
		failed = &host->a;
	else if (!data && lookup_failed(&host->aaaa))
		failed = &host->aaaa;
	else if (c->demand.dane && lookup_failed(&host->cname))
		failed = &host->cname;
	else if (c->dane == DEMAND_UNKNOWN)
		failed = &host->tlsa;
	if (failed == NULL && data)
		return true;
	out->outcome = HOST_SKIP;
	out->reason = REASON_NO_ADDRESS;
	if (failed == NULL)
		return false;
	out->reason = lookup_failed(failed) ? lookup_reason(failed)
					    : REASON_INTERNAL_ERROR;
	text_copy(out->detail, sizeof(out->detail), host->detail);
	if (c->demand.dane)
		out->dane = DANE_STATE_TEMPERROR;
	if (failed == &host->tlsa || failed == &host->cname) {
		out->policy = POLICY_TYPE_TLSA;
		out->level = LEVEL_DANE;
		out->rt = "dnssec-invalid";
	}
	return false;
}

/* Postfix's words of a match: the rest are names, or ".name". */
static const char *
match_name(const struct host_case *c, const char *word,
    char dotted[LIMIT_DOMAIN_SIZE + 1])
{
	if (strcmp(word, "hostname") == 0)
		return c->host->name;
	if (strcmp(word, "nexthop") == 0)
		return c->facts->next_hop.host;
	if (strcmp(word, "dot-nexthop") != 0)
		return word;
	dotted[0] = '.';
	text_copy(dotted + 1, LIMIT_DOMAIN_SIZE, c->facts->next_hop.host);
	return dotted;
}

/* RFC 8461 section 4.2: the MX host as a dNSName, a CN does not count; or one
 * of the names that the admin's rule wants. */
static bool
leaf_is_named(const struct host_case *c, const struct x509_chain *chain)
{
	const struct rule *rule = c->demand.rule;
	char dotted[LIMIT_DOMAIN_SIZE + 1];
	const char *name = c->host->name;

	if (c->demand.level != LEVEL_SECURE || rule == NULL ||
	    rule->match_count == 0)
		return x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN);
	for (size_t i = 0; i < rule->match_count; i++) {
		name = match_name(c, rule->match[i], dotted);
		if (x509_leaf_has_name(chain, &name, 1, X509_NAMES_SAN))
			return true;
	}
	return false;
}

enum reason
host_webpki(const struct host_case *c, const struct x509_chain *chain)
{
	switch (x509_verify_store(chain, c->rules->store, c->now)) {
	case X509_NOT_TRUSTED:
		return REASON_CERTIFICATE_NOT_TRUSTED;
	case X509_EXPIRED:
		return REASON_CERTIFICATE_EXPIRED;
	case X509_NOT_YET_VALID:
		return REASON_VALIDATION_FAILURE;
	case X509_TRUSTED:
		break;
	}
	return leaf_is_named(c, chain) ? REASON_OK
				       : REASON_CERTIFICATE_HOST_MISMATCH;
}

static void
address_fail(struct address_verdict *out, enum reason reason)
{
	out->outcome = HOST_FAIL;
	out->reason = reason;
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

/* RFC 7672 section 3: the certificate against the TLSA records, and against the
 * names where the record that matches asks for them. */
static void
judge_dane(const struct host_case *c, const struct x509_chain *chain,
    struct address_verdict *out)
{
	const char *names[HOST_REFERENCE_NAMES];
	size_t count = host_reference_names(c->facts, c->host, names);
	struct dane_result match =
	    dane_match(&c->host->records, chain, names, count, c->now);

	if (match.outcome != DANE_MATCHED) {
		address_fail(out, dane_outcome_reason(match.outcome));
		return;
	}
	out->outcome = c->half ? HOST_HALF_DANE : HOST_SECURE_DANE;
	out->reason = c->half ? REASON_INSECURE_MX : REASON_OK;
	out->matched = (int)match.record;
	out->verified = true;
}

/* What stands where nobody is to be authenticated. */
static void
judge_unauthenticated(const struct host_case *c, struct address_verdict *out)
{
	if (c->dane == DEMAND_ENCRYPT) {
		out->outcome = HOST_ENCRYPT_ONLY;
		out->reason = tlsa_set_usable(&c->host->records) == 0
				  ? REASON_TLSA_UNUSABLE
				  : REASON_INSECURE_MX;
	} else if (c->demand.encrypt) {
		out->outcome = HOST_ENCRYPT_ONLY;
		out->reason = REASON_OK;
	} else {
		out->outcome = HOST_NO_POLICY;
		out->reason = REASON_NO_POLICY;
	}
}

/* Also where MTA-STS is only tested. */
static bool
looks_at_webpki(const struct host_case *c)
{
	return c->demand.level == LEVEL_SECURE || c->sts != NULL;
}

/* RFC 8461 section 2: DANE decides where it can; what it leaves open is the
 * policy's; what that leaves open is opportunistic. */
static void
judge_demands(const struct host_case *c, const struct x509_chain *chain,
    enum reason tls, enum reason webpki, struct address_verdict *out)
{
	bool must_encrypt = c->dane == DEMAND_ENCRYPT ||
			    c->dane == DEMAND_VERIFY || c->demand.encrypt;

	if (must_encrypt && tls != REASON_OK) {
		address_fail(out, tls);
	} else if (c->dane == DEMAND_VERIFY) {
		judge_dane(c, chain, out);
	} else if (case_enforces_webpki(c) && webpki != REASON_OK) {
		address_fail(out, webpki);
	} else if (looks_at_webpki(c) && webpki == REASON_OK) {
		out->outcome = HOST_STS_OK;
		out->reason = REASON_OK;
		out->verified = true;
	} else {
		judge_unauthenticated(c, out);
	}
}

/* Before any probe: what would be decided if TLS showed nothing wrong. */
static void
judge_unprobed(const struct host_case *c, struct address_verdict *out)
{
	bool sts_failed = c->sts != NULL && !c->sts_named;

	out->reason = REASON_NOT_PROBED;
	out->outcome = HOST_NO_POLICY;
	out->sts_reason = sts_failed ? REASON_STS_MX_MISMATCH : REASON_OK;
	if (c->dane == DEMAND_NONE && c->demand.level != LEVEL_SECURE &&
	    !c->demand.encrypt && c->sts == NULL)
		out->reason = REASON_NO_POLICY;
	else if (case_is_forbidden(c))
		address_fail(out, REASON_STS_MX_MISMATCH);
	out->requiretls = requiretls_unprobed(c, out);
}

static void
judge_probed(const struct host_case *c, const struct probe_facts *probe,
    struct address_verdict *out)
{
	enum reason tls = probe_reason(probe), webpki = tls;
	AUTO(x509_chain) struct x509_chain *chain = NULL;

	if (tls == REASON_OK) {
		chain = x509_chain_new(probe->certs, probe->cert_count, NULL);
		if (chain == NULL)
			tls = webpki = REASON_VALIDATION_FAILURE;
	}
	if (c->sts != NULL && !c->sts_named)
		webpki = REASON_STS_MX_MISMATCH;
	else if (chain != NULL && looks_at_webpki(c))
		webpki = host_webpki(c, chain);
	out->sts_reason = c->sts == NULL ? REASON_OK : webpki;
	judge_demands(c, chain, tls, webpki, out);
	out->requiretls = requiretls_of_address(c, chain, probe, out);
	if (chain != NULL && out->reason != REASON_STS_MX_MISMATCH &&
	    (out->outcome == HOST_FAIL || out->sts_reason != REASON_OK))
		reason_detail(chain,
		    out->outcome == HOST_FAIL ? out->reason : out->sts_reason,
		    out->detail);
	else if (out->reason == REASON_STS_MX_MISMATCH)
		out->detail[0] = '\0';
}

/* Nothing was learnt of TLS there: the MTA would try the next address. */
static bool
is_unreachable(enum reason reason)
{
	return reason == REASON_CONNECT_FAILED ||
	       reason == REASON_PROBE_TIMEOUT ||
	       reason == REASON_ADDRESS_BLOCKED ||
	       reason == REASON_TLS_UNSUPPORTED;
}

static void
judge_address(const struct host_case *c, const struct address_facts *address,
    struct address_verdict *out)
{
	const struct probe_facts *probe = address->probe;

	out->matched = -1;
	if (probe == NULL || probe->outcome == PROBE_NOT_DONE) {
		judge_unprobed(c, out);
		return;
	}
	text_copy(out->detail, sizeof(out->detail), probe->detail);
	if (is_unreachable(probe_reason(probe)) && case_is_forbidden(c)) {
		address_fail(out, REASON_STS_MX_MISMATCH);
		out->sts_reason = REASON_STS_MX_MISMATCH;
		out->detail[0] = '\0';
		return;
	}
	if (is_unreachable(probe_reason(probe))) {
		out->outcome = HOST_SKIP;
		out->reason = probe_reason(probe);
		out->sts_reason = REASON_OK;
		return;
	}
	judge_probed(c, probe, out);
}

/* A host is as its weakest good address, and good if it has one. */
static void
combine_addresses(struct host_verdict *out)
{
	const struct address_verdict *chosen = NULL;

	for (size_t i = 0; i < out->address_count; i++) {
		const struct address_verdict *a = &out->addresses[i];

		if (a->outcome == HOST_FAIL && !out->mixed) {
			out->mixed = true;
			out->mixed_reason = a->reason;
		}
		if (chosen == NULL ||
		    host_is_good(a->outcome) > host_is_good(chosen->outcome) ||
		    (host_is_good(a->outcome) ==
			    host_is_good(chosen->outcome) &&
			a->outcome > chosen->outcome))
			chosen = a;
	}
	if (chosen == NULL)
		return;
	out->outcome = chosen->outcome;
	out->reason = chosen->reason;
	out->sts_reason = chosen->sts_reason;
	text_copy(out->detail, sizeof(out->detail), chosen->detail);
	if (!host_is_good(out->outcome))
		out->mixed = false;
}

/* RFC 7672 section 6: with DANE a must, anything less is a failure. */
static void
require_dane(const struct host_case *c, struct host_verdict *out)
{
	if (c->demand.level != LEVEL_DANE_ONLY ||
	    (c->dane == DEMAND_VERIFY && !c->half))
		return;
	out->outcome = HOST_FAIL;
	out->reason = REASON_DANE_REQUIRED;
	out->mixed = false;
	out->detail[0] = '\0';
}

/* Which policy is the host's, and what an MTA enforces under it. */
static void
name_policy(const struct host_case *c, struct host_verdict *out)
{
	out->policy = POLICY_TYPE_NONE;
	out->level = LEVEL_MAY;
	if (c->demand.level == LEVEL_DANE_ONLY) {
		out->policy = POLICY_TYPE_TLSA;
		out->level = LEVEL_DANE_ONLY;
	} else if (c->dane == DEMAND_VERIFY) {
		out->policy = POLICY_TYPE_TLSA;
		out->level = c->half ? LEVEL_HALF_DANE : LEVEL_DANE_ONLY;
	} else if (c->sts != NULL) {
		out->policy = POLICY_TYPE_STS;
		out->level = c->sts->mode == STS_MODE_ENFORCE ? LEVEL_SECURE
			     : c->dane == DEMAND_ENCRYPT || c->demand.encrypt
				 ? LEVEL_ENCRYPT
				 : LEVEL_MAY;
	} else if (c->dane == DEMAND_ENCRYPT) {
		out->policy = POLICY_TYPE_TLSA;
		out->level = LEVEL_ENCRYPT;
	} else if (c->demand.encrypt) {
		out->policy = POLICY_TYPE_LOCAL;
		out->level = LEVEL_ENCRYPT;
	} else if (c->demand.level != LEVEL_AUTO &&
		   c->demand.level != LEVEL_DANE) {
		out->policy = POLICY_TYPE_LOCAL;
		out->level = c->demand.level;
	}
}

/* DANE alone, as if there were no MTA-STS. */
static enum dane_state
dane_state(const struct host_case *c, const struct host_verdict *out)
{
	if (c->dane == DEMAND_UNKNOWN)
		return DANE_STATE_TEMPERROR;
	if (c->demand.level == LEVEL_DANE_ONLY && out->outcome == HOST_FAIL)
		return DANE_STATE_FAIL;
	if (c->dane == DEMAND_NONE || !out->probed)
		return DANE_STATE_NONE;
	if (out->outcome == HOST_SKIP)
		return DANE_STATE_TEMPERROR;
	if (c->dane == DEMAND_ENCRYPT)
		return DANE_STATE_ENCRYPT;
	return out->outcome == HOST_FAIL ? DANE_STATE_FAIL : DANE_STATE_PASS;
}

/* MTA-STS alone, as if there were no DANE. */
static void
judge_sts_alone(const struct host_case *c, struct host_verdict *out)
{
	bool passed = false;

	out->sts = STS_STATE_NONE;
	out->sts_reason = REASON_OK;
	if (c->sts == NULL)
		return;
	for (size_t i = 0; i < out->address_count; i++) {
		const struct address_verdict *a = &out->addresses[i];

		if (a->sts_reason != REASON_OK)
			out->sts_reason = a->sts_reason;
		else if (a->reason != REASON_NOT_PROBED &&
			 !is_unreachable(a->reason))
			passed = true;
	}
	if (passed) {
		out->sts = STS_STATE_PASS;
		out->sts_reason = REASON_OK;
	} else if (out->sts_reason != REASON_OK) {
		out->sts = c->sts->mode == STS_MODE_ENFORCE
			       ? STS_STATE_FAIL
			       : STS_STATE_TESTING_FAIL;
	}
}

static bool
any_probed(const struct host_facts *host)
{
	for (size_t i = 0; i < host->address_count; i++)
		if (host->addresses[i].probe != NULL)
			return true;
	return false;
}

/* RFC 8460 section 4.3: the result type of a failure, and of records that are
 * there but unusable whatever stands in for them. */
static void
name_result_type(const struct host_case *c, struct host_verdict *out)
{
	if (out->outcome == HOST_FAIL || out->reason == REASON_TLSA_UNUSABLE)
		out->rt = reason_rt(out->reason);
	else if (out->dane == DANE_STATE_ENCRYPT &&
		 tlsa_set_usable(&c->host->records) == 0)
		out->rt = reason_rt(REASON_TLSA_UNUSABLE);
}

void
host_judge(const struct facts *facts, const struct host_facts *host,
    const struct rules *rules, time_t now, struct host_verdict *out)
{
	struct host_case c = host_case_of(facts, host, rules, now);
	bool usable;

	out->rt = "";
	out->rule = rule_ref(c.demand.rule);
	out->sts_counts = c.demand.sts;
	out->probed = any_probed(host);
	out->address_count = host->address_count;
	out->addresses = xcalloc(host->address_count, sizeof(*out->addresses));
	for (size_t i = 0; i < host->address_count; i++)
		judge_address(&c, &host->addresses[i], &out->addresses[i]);
	combine_addresses(out);
	name_policy(&c, out);
	require_dane(&c, out);
	judge_sts_alone(&c, out);
	out->dane = dane_state(&c, out);
	/* what the addresses show is told of a host that is skipped, too */
	usable = judge_lookups(&c, out);
	out->requiretls = requiretls_of_host(out);
	if (usable)
		name_result_type(&c, out);
}
