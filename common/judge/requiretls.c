/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/requiretls.h"

#include <string.h>

#include "common/judge/host_case.h"

/*
 * RFC 8689 section 4.2.1: the name of the host must come from a signed MX
 * RRset or stand in an MTA-STS policy.  A policy in testing mode vouches for
 * nothing yet, and where TLSA records say that nobody can be authenticated, the
 * WebPKI is not asked instead.
 */
static bool
name_is_vouched_for(const struct host_case *c)
{
	if (c->demand.level == LEVEL_NONE)
		return false;
	if (c->dane == DEMAND_VERIFY && !c->half)
		return true;
	if (c->sts != NULL)
		return c->sts->mode == STS_MODE_ENFORCE && c->sts_named;
	if (c->dane == DEMAND_ENCRYPT)
		return false;
	return !c->half || case_names_are_given(c);
}

/* Of a certificate that DANE has not verified already. */
static enum requiretls_state
requiretls_of_webpki(const struct findings *found, bool verified)
{
	if (verified || found->webpki == REASON_OK)
		return REQUIRETLS_MET;
	return found->webpki == REASON_TOO_COSTLY ||
		       found->webpki == REASON_TLS_UNSUPPORTED
		   ? REQUIRETLS_UNKNOWN
		   : REQUIRETLS_NO_AUTH;
}

enum requiretls_state
requiretls_of_address(const struct host_case *c, const struct findings *found,
    const struct probe_facts *probe, const struct address_verdict *verdict)
{
	enum requiretls_state by_name;

	if (!c->terms->requiretls)
		return REQUIRETLS_NOT_ASKED;
	if (verdict->outcome == HOST_FAIL || !name_is_vouched_for(c))
		return REQUIRETLS_NO_AUTH;
	if (probe->outcome == PROBE_NOT_DONE)
		return REQUIRETLS_UNPROBED;
	if (verdict->outcome == HOST_SKIP)
		return REQUIRETLS_UNKNOWN;
	if (found == NULL)
		return REQUIRETLS_NO_AUTH;
	by_name = requiretls_of_webpki(found, verdict->verified);
	if (by_name != REQUIRETLS_MET)
		return by_name;
	if (!probe->tls_ehlo)
		return REQUIRETLS_UNKNOWN;
	return probe->requiretls ? REQUIRETLS_MET : REQUIRETLS_NOT_OFFERED;
}

enum requiretls_state
requiretls_of_host(const struct host_verdict *host)
{
	enum requiretls_state best = REQUIRETLS_NO_AUTH;

	if (host->outcome == HOST_SKIP && host->reason != REASON_NO_ADDRESS &&
	    host->reason != REASON_NOT_TRIED)
		return REQUIRETLS_UNKNOWN;
	if (!host_is_good(host->outcome))
		return REQUIRETLS_NO_AUTH;
	for (size_t i = 0; i < host->address_count; i++)
		if (host_is_good(host->addresses[i].outcome) &&
		    requiretls_is_better(host->addresses[i].requiretls, best))
			best = host->addresses[i].requiretls;
	return best;
}

enum requiretls_state
requiretls_of_domain(const struct facts *facts, const struct verdict *verdict)
{
	enum requiretls_state best = REQUIRETLS_NO_AUTH;

	if (facts->trouble != TROUBLE_NONE || lookup_failed(&facts->mx))
		return REQUIRETLS_UNKNOWN;
	for (size_t i = 0; i < verdict->host_count; i++)
		if (requiretls_is_better(verdict->hosts[i].requiretls, best))
			best = verdict->hosts[i].requiretls;
	return best;
}
