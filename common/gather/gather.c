/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/gather.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/gather/dane.h"
#include "common/gather/mx.h"
#include "common/gather/walk.h"
#include "common/judge/host_case.h"
#include "common/judge/tried.h"

/*
 * How it works: in the order in which it happens to a check.  Nothing here
 * waits: before each step the caller parks the check until all that was begun
 * has come, or its time is over (gather_watch), then gather_proceed takes it.
 *
 * - gather_begin asks for the MX, and for the MTA-STS record beside it.
 * - The MX leads to the addresses and TLSA records of all hosts (dane.c), side
 *   by side.  The MTA-STS record leads to the fetch of the policy, which is not
 *   waited for yet.
 * - With the addresses known, the hosts are probed (walk.c), and from now on
 *   the policy is awaited too, which may have less time than probes.
 */

enum gather_stage { AT_RECORD, AT_MX, AT_HOSTS, AT_GATES, AT_PROBES };

struct gathering {
	struct gatherer gatherer;
	struct facts *facts;
	const struct judge_terms *terms;
	int64_t deadline_ms;
	int64_t lookups_ms; /* the deadline of lookups: that, or sooner */
	enum gather_stage stage;
	struct dns_query *gates; /* NULL: another asks, or nobody */
	struct dns_query *mx;
	struct dane_step *dane; /* AT_HOSTS */
	struct sts_step *sts;   /* NULL: not wanted, or at its end */
	struct walk walk;       /* AT_PROBES */
};

static bool
any_wants_dane(const struct facts *facts, const struct judge_terms *terms)
{
	for (size_t i = 0; i < facts->host_count; i++)
		if (host_wants_tlsa(
			facts, &facts->hosts[i], terms, clock_wall_s()))
			return true;
	return false;
}

/* Whether the name that a probe is to ask for hangs on a policy that has not
 * come yet: an alias under an insecure MX RRset, see INSECURE_MX_POLICY. */
static bool
policy_decides_name(const struct gathering *g)
{
	const struct facts *facts = g->facts;

	if (g->sts == NULL || g->terms->insecure_mx != INSECURE_MX_POLICY ||
	    !facts_mx_is_insecure(facts))
		return false;
	for (size_t i = 0; i < facts->host_count; i++)
		if (strcmp(facts->hosts[i].base_domain, "") != 0 &&
		    strcmp(facts->hosts[i].base_domain, facts->hosts[i].name) !=
			0)
			return true;
	return false;
}

struct gathering *
gather_begin(const struct gatherer *gatherer, struct facts *facts,
    const struct judge_terms *terms, int64_t deadline_ms, int64_t until_ms)
{
	struct gathering *g = xcalloc(1, sizeof(*g));

	assert(facts->host_count == 0 && facts->next_hop.host[0] != '\0');
	g->gatherer = *gatherer;
	g->facts = facts;
	g->terms = terms;
	walk_init(&g->walk, &gatherer->walk, facts, terms);
	g->deadline_ms = g->walk.deadline_ms = deadline_ms;
	g->lookups_ms = until_ms < deadline_ms ? until_ms : deadline_ms;
	if (terms_may_want_sts(terms, clock_wall_s()))
		g->sts = sts_start(
		    gatherer->no_fetch ? NULL : gatherer->policies,
		    gatherer->dns, facts, gatherer->own_policy, g->lookups_ms);
	if (gatherer->policy_only) {
		g->stage = AT_RECORD;
		return g;
	}
	g->stage = AT_MX;
	g->gates = translation_ask(gatherer->translation, g->lookups_ms);
	g->mx = mx_ask(gatherer->dns, facts, g->lookups_ms);
	return g;
}

bool
gather_is_at_lookups(const struct gathering *g)
{
	return g->stage != AT_PROBES;
}

static int64_t
later_ms(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
query_deadline(const struct dns_query *query)
{
	return query == NULL ? 0 : dns_deadline(query);
}

static int64_t
hosts_deadline(const struct gathering *g)
{
	int64_t deadline_ms =
	    later_ms(dane_deadline(g->dane), query_deadline(g->gates));

	if (g->sts != NULL)
		deadline_ms =
		    later_ms(deadline_ms, sts_record_deadline(g->sts));
	return deadline_ms;
}

/* The policy may have less time than the probes beside it. */
static int64_t
probes_deadline(const struct gathering *g)
{
	int64_t until_ms = g->sts == NULL ? INT64_MAX : sts_until(g->sts);

	return until_ms < g->deadline_ms ? until_ms : g->deadline_ms;
}

int64_t
gather_until(const struct gathering *g)
{
	switch (g->stage) {
	case AT_RECORD:
		return g->sts == NULL ? 0 : sts_record_deadline(g->sts);
	case AT_MX:
		return query_deadline(g->mx);
	case AT_HOSTS:
		return hosts_deadline(g);
	case AT_GATES:
		return clock_sooner_ms(g->lookups_ms, TRANSLATION_WAIT_MS);
	case AT_PROBES:
		break;
	}
	return probes_deadline(g);
}

static unsigned
watch_query(struct dns_query *query, cache_ready *ready, void *arg)
{
	if (query == NULL)
		return 0;
	dns_watch(query, ready, arg);
	return 1;
}

static unsigned
watch_record(struct gathering *g, cache_ready *ready, void *arg)
{
	return g->sts == NULL ? 0 : sts_watch_record(g->sts, ready, arg);
}

static unsigned
watch_hosts(struct gathering *g, cache_ready *ready, void *arg)
{
	unsigned count = dane_watch(g->dane, ready, arg);

	count += watch_query(g->gates, ready, arg);
	return count + watch_record(g, ready, arg);
}

static unsigned
watch_probes(struct gathering *g, cache_ready *ready, void *arg)
{
	unsigned count = walk_watch(&g->walk, ready, arg);

	if (g->sts != NULL)
		count += sts_watch(g->sts, ready, arg);
	return count;
}

unsigned
gather_watch(struct gathering *g, cache_ready *ready, void *arg)
{
	switch (g->stage) {
	case AT_RECORD:
		return watch_record(g, ready, arg);
	case AT_MX:
		return watch_query(g->mx, ready, arg);
	case AT_HOSTS:
		return watch_hosts(g, ready, arg);
	case AT_GATES:
		return translation_watch(g->gatherer.translation, ready, arg);
	case AT_PROBES:
		break;
	}
	return watch_probes(g, ready, arg);
}

static void
proceed_to_hosts(struct gathering *g)
{
	struct facts *facts = g->facts;
	struct dane_wish wish = {.dns = g->gatherer.dns,
	    .families = facts->all_hosts && !g->gatherer.survey
			    ? FAMILIES_ALL
			    : g->gatherer.families,
	    .deadline_ms = g->lookups_ms};

	mx_learn(facts, g->mx);
	g->mx = NULL;
	wish.tlsa = any_wants_dane(facts, g->terms);
	g->dane = dane_start(&wish, facts);
	g->stage = AT_HOSTS;
}

/* Who asked for the prefixes of gates tells all others. */
static void
learn_gates(struct gathering *g)
{
	struct dns_query *query = g->gates;

	g->gates = NULL;
	if (query != NULL)
		translation_learn(g->gatherer.translation, query, g->lookups_ms,
		    &g->walk.prefixes);
}

static void
proceed_to_policy(struct gathering *g)
{
	if (g->sts != NULL)
		sts_fetch(g->sts);
	g->stage = AT_PROBES;
}

static void
proceed_with_hosts(struct gathering *g)
{
	learn_gates(g);
	if (g->sts != NULL)
		sts_fetch(g->sts);
	if (dane_proceed(g->dane))
		return;
	g->dane = NULL;
	if (!g->facts->all_hosts)
		tried_mark(g->facts, g->gatherer.address_limit);
	g->stage = AT_GATES;
}

/* Of a survey the policy decides which hosts are probed. */
static void
proceed_to_probes(struct gathering *g)
{
	translation_learn(g->gatherer.translation, NULL, 0, &g->walk.prefixes);
	g->stage = AT_PROBES;
	if (!g->facts->probed || policy_decides_name(g))
		return;
	if (g->gatherer.survey && g->sts != NULL)
		return;
	if (g->gatherer.survey)
		tried_mark_least(g->facts);
	walk_start(&g->walk);
}

/* Whether the gathering goes on. */
static bool
proceed_with_probes(struct gathering *g)
{
	int64_t until_ms = probes_deadline(g);

	if (g->sts != NULL)
		sts_finish(g->sts, g->deadline_ms);
	if (g->gatherer.survey && g->sts != NULL)
		tried_mark_least(g->facts);
	g->sts = NULL;
	/* the policy's time is over, and not that of the probes */
	if (until_ms < g->deadline_ms && clock_left_ms(until_ms) == 0)
		return true;
	return walk_proceed(&g->walk);
}

/* Whether those who gave it little time have been waiting for that long. */
static bool
is_too_short(const struct gathering *g)
{
	return g->lookups_ms < g->deadline_ms &&
	       clock_left_ms(g->lookups_ms) == 0;
}

/* All that is still on its way has had its time. */
static void
drop_gathering(struct gathering *g)
{
	assert(g->mx == NULL);
	learn_gates(g);
	if (g->dane != NULL)
		dane_drop(g->dane);
	if (g->sts != NULL)
		sts_finish(g->sts, 0);
	free(g);
}

enum gather_progress
gather_proceed(struct gathering *g)
{
	bool more = true;

	switch (g->stage) {
	case AT_RECORD:
		proceed_to_policy(g);
		break;
	case AT_MX:
		proceed_to_hosts(g);
		break;
	case AT_HOSTS:
		proceed_with_hosts(g);
		break;
	case AT_GATES:
		/* who was in a hurry has not waited for the prefixes */
		if (!is_too_short(g))
			proceed_to_probes(g);
		break;
	case AT_PROBES:
		more = proceed_with_probes(g);
		break;
	}
	if (more && gather_is_at_lookups(g) && is_too_short(g)) {
		drop_gathering(g);
		return GATHER_TOO_SHORT;
	}
	if (more)
		return GATHER_MORE;
	free(g);
	return GATHER_OVER;
}
