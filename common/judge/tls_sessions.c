/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: hosts are looked at in the order in which mail tries them, up
 * to the first that takes it, and its equals.  What is wrong with one becomes
 * an outcome of a session for each policy that it fails, with a failure for
 * each address that was seen to fail.
 */
#include "common/judge/tls_sessions.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/judge/host_walk.h"
#include "common/judge/reasons.h"

/* Policies, hosts and their verdicts are there, and mail to the next hop is for
 * its own domain. */
static bool
may_report(const struct facts *facts, const struct verdict *verdict)
{
	return facts->trouble == TROUBLE_NONE && verdict->hosts != NULL &&
	       strcmp(facts->next_hop.host, facts->domain) == 0;
}

/* How many hosts mail may try: equal ones in any order. */
static size_t
tried_hosts(const struct facts *facts, const struct verdict *verdict)
{
	size_t count = 0;

	while (count < facts->host_count &&
	       !host_is_good(verdict->hosts[count].outcome))
		count++;
	for (size_t taker = count;
	     count < facts->host_count &&
	     facts->hosts[count].preference == facts->hosts[taker].preference;)
		count++;
	return count;
}

/* The session if it has anything to say, else NULL. */
static struct tlsrpt_session *
end_report_session(struct tlsrpt_session *session)
{
	if (session->outcome_count > 0)
		return session;
	tlsrpt_session_free(session);
	return NULL;
}

static void
finish_sts(struct tlsrpt_outcome *outcome, const struct facts *facts)
{
	const struct sts_policy *policy = sts_facts_policy(&facts->sts);

	if (policy != NULL)
		tlsrpt_outcome_take_sts(outcome, policy);
	tlsrpt_outcome_finish(
	    outcome, facts->next_hop.host, facts->next_hop.host);
}

static void
finish_tlsa(struct tlsrpt_outcome *outcome, const struct facts *facts,
    const struct host_facts *host)
{
	if (host->tlsa.state == LOOKUP_DATA)
		tlsrpt_outcome_take_tlsa(outcome, &host->records);
	tlsrpt_outcome_finish(outcome,
	    host->base_domain[0] != '\0' ? host->base_domain : host->name,
	    facts->next_hop.host);
}

/* --- what has no session --- */

static void
add_failed_lookup(struct tlsrpt_session *session, const struct facts *facts,
    const struct host_facts *host, const struct host_verdict *judged)
{
	struct tlsrpt_raw_detail raw = {.result = TLSRPT_DNSSEC_INVALID,
	    .mx = host->name,
	    .reason = reason_text(judged->reason)};
	struct tlsrpt_outcome *outcome;

	if (tlsrpt_result_of(judged->rt) != TLSRPT_DNSSEC_INVALID)
		return;
	outcome = tlsrpt_session_add(session, TLSRPT_POLICY_TLSA);
	outcome->failed = true;
	tlsrpt_outcome_add(outcome, &raw);
	finish_tlsa(outcome, facts, host);
}

/* Whether MTA-STS is what counts at the host, and does not name it. */
static bool
is_unnamed(const struct host_verdict *judged)
{
	return judged->policy == POLICY_TYPE_STS &&
	       judged->sts_reason == REASON_STS_MX_MISMATCH;
}

static void
add_unnamed(struct tlsrpt_session *session, const struct facts *facts,
    const struct host_facts *host, bool enforced)
{
	struct tlsrpt_raw_detail raw = {.result = TLSRPT_VALIDATION_FAILURE,
	    .mx = host->name,
	    .reason = reason_text(REASON_STS_MX_MISMATCH)};
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_STS);

	outcome->failed = enforced;
	outcome->counted_elsewhere = !enforced;
	tlsrpt_outcome_add(outcome, &raw);
	finish_sts(outcome, facts);
}

struct tlsrpt_session *
tls_sessions_events(
    const struct facts *facts, const struct verdict *verdict, bool tested)
{
	struct tlsrpt_session *session;
	size_t count;

	if (!may_report(facts, verdict))
		return NULL;
	session = tlsrpt_session_new(facts->next_hop.host);
	count = tried_hosts(facts, verdict);
	for (size_t i = 0; i < count; i++) {
		const struct host_verdict *judged = &verdict->hosts[i];
		bool enforced = judged->sts == STS_STATE_FAIL;

		add_failed_lookup(session, facts, &facts->hosts[i], judged);
		if (is_unnamed(judged) && (enforced || tested))
			add_unnamed(session, facts, &facts->hosts[i], enforced);
	}
	return end_report_session(session);
}

/* --- policies that are tested --- */

/* What the addresses of hosts were seen to be, as long as it is one thing. */
struct alike {
	bool seen, differs;
	const struct address_verdict *address;
	const char *mx; /* "" if there are several */
};

static void
see_alike(struct alike *alike, const struct host_facts *host,
    const struct address_facts *address, const struct address_verdict *judged)
{
	if (address->untried ||
	    (address->probe != NULL &&
		probe_session(address->probe) == SESSION_NOBODY))
		return; /* no mail gets there */
	if (address->probe == NULL || judged->sts == STS_STATE_NONE) {
		alike->differs = true; /* nobody knows */
		return;
	}
	if (alike->seen &&
	    (judged->sts != alike->address->sts ||
		judged->sts_reason != alike->address->sts_reason))
		alike->differs = true;
	if (!alike->seen)
		alike->mx = host->name;
	else if (strcmp(alike->mx, host->name) != 0)
		alike->mx = "";
	alike->seen = true;
	alike->address = judged;
}

/* All hosts that the mail may have gone to; of DANE an MTA tells by itself. */
static struct alike
see_hosts(const struct facts *facts, const struct verdict *verdict)
{
	struct alike alike = {.mx = ""};
	size_t count = tried_hosts(facts, verdict);

	for (size_t i = 0; i < count; i++) {
		const struct host_facts *host = &facts->hosts[i];
		const struct host_verdict *judged = &verdict->hosts[i];

		if (judged->policy != POLICY_TYPE_STS)
			continue;
		for (size_t j = 0; j < host->address_count; j++)
			see_alike(&alike, host, &host->addresses[j],
			    &judged->addresses[j]);
	}
	return alike;
}

struct tlsrpt_session *
tls_sessions_tested(const struct facts *facts, const struct verdict *verdict)
{
	const struct sts_policy *policy = sts_facts_policy(&facts->sts);
	struct tlsrpt_session *session;
	struct tlsrpt_outcome *outcome;
	struct tlsrpt_raw_detail raw = {.mx = NULL};
	struct alike alike;

	if (policy == NULL || policy->mode != STS_MODE_TESTING ||
	    !may_report(facts, verdict))
		return NULL;
	alike = see_hosts(facts, verdict);
	if (!alike.seen || alike.differs)
		return NULL;
	session = tlsrpt_session_new(facts->next_hop.host);
	outcome = tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	outcome->failed = alike.address->sts != STS_STATE_PASS;
	if (outcome->failed) {
		enum reason reason = alike.address->sts_reason;

		raw.result = tlsrpt_result_of(reason_rt(reason));
		raw.mx = alike.mx;
		raw.reason = reason_text(reason);
		tlsrpt_outcome_add(outcome, &raw);
	}
	finish_sts(outcome, facts);
	return session;
}

/* --- hosts that failed --- */

struct tls_refusal {
	_Atomic bool taken;
	struct tlsrpt_session *session;
};

/* Whether an address fails what the host is judged by, which is not MTA-STS. */
static bool
fails_by_itself(
    const struct host_verdict *judged, const struct address_verdict *address)
{
	return judged->policy != POLICY_TYPE_STS &&
	       address->outcome == HOST_FAIL &&
	       address->reason != REASON_STS_MX_MISMATCH;
}

/* Whether it fails MTA-STS: alone, where that it is not named is an event by
 * itself, or beside what it is judged by, where it fails that as well. */
static bool
fails_by_sts(
    const struct host_verdict *judged, const struct address_verdict *address)
{
	if (address->sts != STS_STATE_FAIL &&
	    address->sts != STS_STATE_TESTING_FAIL)
		return false;
	return judged->policy == POLICY_TYPE_STS
		   ? address->sts_reason != REASON_STS_MX_MISMATCH
		   : address->outcome == HOST_FAIL;
}

/* The probe was made for this check, connected, and nobody has counted it. */
static bool
claim_probe_of(const struct address_facts *address)
{
	struct probe_facts *probe = address->probe;

	return probe != NULL && probe->connected && !address->remembered &&
	       !atomic_exchange(&probe->reported, true);
}

/* A failure for each of the addresses that are marked and fail. */
struct part {
	const struct host_facts *host;
	const struct host_verdict *judged;
	const bool *fresh;
	bool by_sts;
};

/* RFC 8460 section 4.3.1: what the plain words do not tell is told beside them.
 */
static const char *
reason_code(const struct part *part, const struct address_verdict *address,
    enum reason reason)
{
	bool vague = reason == REASON_VALIDATION_FAILURE ||
		     reason == REASON_CERTIFICATE_NOT_TRUSTED;
	bool other = part->by_sts && part->judged->policy == POLICY_TYPE_TLSA;

	return vague && !other && address->detail[0] != '\0'
		   ? address->detail
		   : reason_text(reason);
}

static void
add_seen_address(
    struct tlsrpt_outcome *outcome, const struct part *part, size_t i)
{
	const struct address_facts *address = &part->host->addresses[i];
	const struct address_verdict *judged = &part->judged->addresses[i];
	enum reason reason = part->by_sts ? judged->sts_reason : judged->reason;
	struct tlsrpt_raw_detail raw = {
	    .result = tlsrpt_result_of(reason_rt(reason)),
	    .sending = address->probe->sight.source,
	    .receiving = address->text,
	    .mx = part->host->name,
	    .helo = address->probe->sight.helo,
	    .reason = reason_code(part, judged, reason)};
	bool unusable = !part->by_sts &&
			part->judged->policy == POLICY_TYPE_TLSA &&
			part->judged->level == LEVEL_ENCRYPT &&
			tlsa_set_usable(&part->host->records) == 0;

	tlsrpt_outcome_add(outcome, &raw);
	if (!unusable)
		return;
	raw.result = TLSRPT_TLSA_INVALID;
	raw.reason = reason_text(REASON_TLSA_UNUSABLE);
	tlsrpt_outcome_add(outcome, &raw);
}

static bool
part_has(const struct part *part, size_t i)
{
	const struct address_verdict *judged = &part->judged->addresses[i];

	return part->fresh[i] &&
	       (part->by_sts ? fails_by_sts(part->judged, judged)
			     : fails_by_itself(part->judged, judged));
}

static void
add_tls_part(struct tlsrpt_session *session, const struct facts *facts,
    const struct part *part)
{
	bool by_tlsa =
	    !part->by_sts && part->judged->policy == POLICY_TYPE_TLSA;
	enum tlsrpt_policy_type type = by_tlsa        ? TLSRPT_POLICY_TLSA
				       : part->by_sts ? TLSRPT_POLICY_STS
						      : TLSRPT_POLICY_NONE;
	struct tlsrpt_outcome *outcome = NULL;

	for (size_t i = 0; i < part->host->address_count; i++) {
		if (!part_has(part, i))
			continue;
		if (outcome == NULL)
			outcome = tlsrpt_session_add(session, type);
		add_seen_address(outcome, part, i);
	}
	if (outcome == NULL)
		return;
	outcome->failed = true;
	if (by_tlsa)
		finish_tlsa(outcome, facts, part->host);
	else if (part->by_sts)
		finish_sts(outcome, facts);
	else
		tlsrpt_outcome_finish(outcome, NULL, facts->next_hop.host);
}

/* RFC 7672 section 6, by the admin's rule: no probe could tell more. */
static void
add_dane_required(struct tlsrpt_session *session, const struct facts *facts,
    const struct host_facts *host)
{
	struct tlsrpt_raw_detail raw = {.result = TLSRPT_DANE_REQUIRED,
	    .mx = host->name,
	    .reason = reason_text(REASON_DANE_REQUIRED)};
	struct tlsrpt_outcome *outcome =
	    tlsrpt_session_add(session, TLSRPT_POLICY_TLSA);

	outcome->failed = true;
	tlsrpt_outcome_add(outcome, &raw);
	finish_tlsa(outcome, facts, host);
}

static void
add_failed_host(struct tlsrpt_session *session, const struct facts *facts,
    const struct host_facts *host, const struct host_verdict *judged)
{
	struct part part = {.host = host, .judged = judged};
	bool *fresh;

	if (judged->outcome == HOST_FAIL &&
	    judged->reason == REASON_DANE_REQUIRED) {
		add_dane_required(session, facts, host);
		return;
	}
	fresh = xcalloc(host->address_count, sizeof(*fresh));
	for (size_t i = 0; i < host->address_count; i++) {
		const struct address_verdict *address = &judged->addresses[i];

		fresh[i] = (fails_by_itself(judged, address) ||
			       fails_by_sts(judged, address)) &&
			   claim_probe_of(&host->addresses[i]);
	}
	part.fresh = fresh;
	add_tls_part(session, facts, &part);
	part.by_sts = true;
	add_tls_part(session, facts, &part);
	free(fresh);
}

struct tls_refusal *
tls_refusal_new(const struct facts *facts, const struct verdict *verdict)
{
	struct tlsrpt_session *session;
	struct tls_refusal *refusal;
	size_t count;

	if (!may_report(facts, verdict))
		return NULL;
	session = tlsrpt_session_new(facts->next_hop.host);
	count = tried_hosts(facts, verdict);
	for (size_t i = 0; i < count; i++)
		add_failed_host(
		    session, facts, &facts->hosts[i], &verdict->hosts[i]);
	session = end_report_session(session);
	if (session == NULL)
		return NULL;
	refusal = xcalloc(1, sizeof(*refusal));
	refusal->session = session;
	return refusal;
}

void
tls_refusal_free(struct tls_refusal *refusal)
{
	if (refusal == NULL)
		return;
	tlsrpt_session_free(refusal->session);
	free(refusal);
}

const struct tlsrpt_session *
tls_refusal_take(struct tls_refusal *refusal)
{
	if (refusal == NULL || atomic_exchange(&refusal->taken, true))
		return NULL;
	return refusal->session;
}

size_t
tls_refusal_octets(const struct tls_refusal *refusal)
{
	return refusal == NULL
		   ? 0
		   : sizeof(*refusal) + tlsrpt_session_octets(refusal->session);
}
