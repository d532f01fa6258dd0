/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: a worker tells of each check that was made, and a leaf of each
 * policy that could not be fetched; what they come to is counted at once.
 * Hosts that failed wait with the check, for a message that is refused for it.
 */
#include "milter/tlsrpt/own_sessions.h"

#include <string.h>

#include "common/judge/reasons.h"
#include "common/sts/policies.h"
#include "milter/serve/service.h"
#include "milter/tlsrpt/collect.h"
#include "milter/tlsrpt/relays.h"
#include "milter/tlsrpt/tested.h"

static struct {
	int sources; /* enum tls_sources; 0: nothing is counted */
	bool told;   /* an MTA may tell of its sessions */
	int life_ms; /* of what was found of a policy that is tested */
	struct relays relays;
	struct tested *tested;
} own_sessions;

/* The session is taken. */
static void
count_event(struct tlsrpt_session *session)
{
	if (session == NULL)
		return;
	collect_count(TLSRPT_SOURCE_POLICY, session);
	tlsrpt_session_free(session);
}

static void
on_check(const struct facts *facts, const struct check *check)
{
	const char *hop = facts->next_hop.host;
	bool own = strcmp(hop, facts->domain) == 0;
	struct tlsrpt_session *tested;

	if (facts->trouble != TROUBLE_NONE)
		return;
	if (!own)
		relays_add(&own_sessions.relays, hop);
	if (!own || (own_sessions.sources & TLS_SOURCE_POLICY) == 0)
		return;
	tested = tls_sessions_tested(facts, check->verdict);
	count_event(tls_sessions_events(
	    facts, check->verdict, tested == NULL || !own_sessions.told));
	if (facts->probed && own_sessions.told)
		tested_learn(
		    own_sessions.tested, hop, tested, own_sessions.life_ms);
	else
		tlsrpt_session_free(tested);
}

/* RFC 8461 section 6: a policy that is announced and cannot be had.  One of
 * mode none that is kept asks for nothing. */
static void
on_failed_fetch(const char *domain, const struct policy_facts *failed,
    const struct sts_policy *kept)
{
	const char *why = reason_text(policy_fetch_reason(failed->fetch));
	struct tlsrpt_raw_detail raw = {
	    .result = tlsrpt_result_of(why), .reason = failed->detail};
	struct tlsrpt_session *session;
	struct tlsrpt_outcome *outcome;

	if (kept != NULL && kept->mode == STS_MODE_NONE)
		return;
	session = tlsrpt_session_new(domain);
	outcome = tlsrpt_session_add(session, TLSRPT_POLICY_STS);
	outcome->failed = true;
	tlsrpt_outcome_add(outcome, &raw);
	if (kept != NULL)
		tlsrpt_outcome_take_sts(outcome, kept);
	tlsrpt_outcome_finish(outcome, domain, domain);
	count_event(session);
}

void
own_sessions_open(const struct settings *settings)
{
	struct service_watch watch = {.looked = on_check};

	relays_init(&own_sessions.relays);
	own_sessions.tested = tested_new();
	if (settings->tls_reports == TLS_REPORTS_NO)
		return;
	own_sessions.sources = settings->tls_report_sources;
	own_sessions.told = (own_sessions.sources & TLS_SOURCE_MTA) != 0 &&
			    settings->tls_report_socket != NULL;
	own_sessions.life_ms = settings->verdict_ttl_ms;
	watch.keep_refusals = (own_sessions.sources & TLS_SOURCE_REFUSED) != 0;
	if ((own_sessions.sources & TLS_SOURCE_POLICY) != 0)
		watch.fetch_failed = on_failed_fetch;
	service_watch(&watch);
}

void
own_sessions_close(void)
{
	tested_free(own_sessions.tested);
	own_sessions.tested = NULL;
	relays_fini(&own_sessions.relays);
}

void
own_sessions_refused(const struct check *check)
{
	const struct tlsrpt_session *session = tls_refusal_take(check->refusal);

	if (session != NULL)
		collect_count(TLSRPT_SOURCE_REFUSED, session);
}

bool
own_sessions_relay(const char *domain)
{
	return relays_has(&own_sessions.relays, domain);
}

struct cache_entry *
own_sessions_tested(const struct tlsrpt_session *told)
{
	return tested_find(own_sessions.tested, told);
}
