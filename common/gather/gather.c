/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/gather.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/dane.h"
#include "common/gather/guard.h"
#include "common/gather/mx.h"
#include "common/judge/host_case.h"
#include "common/judge/judge.h"

/* Connections of one check at once: hosts of one preference have fewer
 * addresses, but for those that want to keep us busy. */
enum { PROBES_AT_ONCE = 16 };

struct gathering {
	struct gatherer gatherer;
	struct facts *facts;
	const struct rules *rules;
	int64_t deadline_ms;
	struct sts_step *sts; /* NULL: not wanted, or at its end */
	size_t host;          /* the next address to be probed */
	size_t address;
	size_t probe_count;
	struct {
		struct probe *probe;
		struct address_facts *address;
	} probes[PROBES_AT_ONCE];
};

static bool
any_wants_dane(const struct facts *facts, const struct rules *rules)
{
	for (size_t i = 0; i < facts->host_count; i++)
		if (host_wants_tlsa(
			facts, &facts->hosts[i], rules, clock_wall_s()))
			return true;
	return false;
}

/* A next hop that the admin's MTA chose may well be in his own network. */
static bool
may_connect(const struct gatherer *gatherer, const struct facts *facts,
    const char *address)
{
	return gatherer->allow_private || !guard_blocks(address) ||
	       strcmp(facts->domain, facts->next_hop.host) != 0;
}

static void
start_probe(struct gathering *g, const struct host_facts *host,
    struct address_facts *address)
{
	if (!may_connect(&g->gatherer, g->facts, address->text)) {
		address->probe = probe_facts_new(PROBE_BLOCKED);
		return;
	}
	if (clock_left_ms(g->deadline_ms) == 0) {
		address->probe = probe_facts_new(PROBE_TIMEOUT);
		return;
	}
	g->probes[g->probe_count].address = address;
	g->probes[g->probe_count++].probe = probe_start(g->gatherer.prober,
	    address->text, g->facts->next_hop.port, host->sni);
}

/* Whether the next host is as good as the one before it. */
static bool
is_equal(const struct gathering *g)
{
	return g->host > 0 && g->facts->hosts[g->host].preference ==
				  g->facts->hosts[g->host - 1].preference;
}

/* Start probes of hosts of one preference, from where we stand: as many as may
 * run at once. */
static void
start_probes(struct gathering *g)
{
	bool begun = false;

	while (
	    g->host < g->facts->host_count && g->probe_count < PROBES_AT_ONCE) {
		struct host_facts *host = &g->facts->hosts[g->host];

		if (g->address == 0 && begun && !is_equal(g))
			return;
		begun = true;
		if (g->address == 0)
			text_copy(host->sni, sizeof(host->sni),
			    host_sni(g->facts, host, g->rules, clock_wall_s()));
		if (g->address < host->address_count) {
			start_probe(g, host, &host->addresses[g->address++]);
			continue;
		}
		g->host++;
		g->address = 0;
	}
}

static void
finish_probes(struct gathering *g)
{
	for (size_t i = 0; i < g->probe_count; i++)
		g->probes[i].address->probe =
		    probe_finish(g->probes[i].probe, g->deadline_ms);
	g->probe_count = 0;
}

static bool
is_settled(const struct facts *facts, const struct rules *rules)
{
	AUTO(verdict)
	struct verdict *verdict = judge(facts, rules, clock_wall_s());

	return verdict->settled;
}

/* As an MTA walks: worse preferences only where the better do not do. */
static bool
wants_probes(const struct gathering *g)
{
	const struct facts *facts = g->facts;

	if (!facts->probed || g->host >= facts->host_count)
		return false;
	return g->address > 0 || is_equal(g) || facts->all_hosts ||
	       !is_settled(facts, g->rules);
}

/* The verdict does not rest on it, so nobody waits. */
static void
try_one(const struct gathering *g)
{
	const struct facts *facts = g->facts;

	for (size_t i = 0; i < facts->host_count; i++) {
		const struct host_facts *host = &facts->hosts[i];

		if (host->address_count == 0 ||
		    !may_connect(&g->gatherer, facts, host->addresses[0].text))
			continue;
		probe_try(g->gatherer.prober, host->addresses[0].text,
		    facts->next_hop.port, host->name);
		return;
	}
}

/* Waits for lookups. */
static void
learn_dns(struct gathering *g, int64_t until_ms)
{
	const struct gatherer *gatherer = &g->gatherer;
	struct facts *facts = g->facts;
	struct dns_query *mx = mx_ask(gatherer->dns, facts, until_ms);
	struct dane_step *dane;

	if (rules_may_want_sts(g->rules, clock_wall_s()))
		g->sts = sts_start(
		    gatherer->policies, gatherer->dns, facts, until_ms);
	mx_learn(facts, mx);
	dane = dane_start(gatherer->dns, facts, until_ms);
	if (g->sts != NULL)
		sts_fetch(g->sts);
	dane_finish(dane, any_wants_dane(facts, g->rules));
}

struct gathering *
gather_begin(const struct gatherer *gatherer, struct facts *facts,
    const struct rules *rules, int64_t deadline_ms, int64_t until_ms)
{
	struct gathering *g = xcalloc(1, sizeof(*g));

	g->gatherer = *gatherer;
	g->facts = facts;
	g->rules = rules;
	g->deadline_ms = deadline_ms;
	learn_dns(g, until_ms < deadline_ms ? until_ms : deadline_ms);
	if (until_ms < deadline_ms && clock_left_ms(until_ms) == 0) {
		if (g->sts != NULL)
			sts_finish(g->sts, 0);
		free(g);
		return NULL;
	}
	if (facts->probed)
		start_probes(g);
	else if (gatherer->trial)
		try_one(g);
	return g;
}

unsigned
gather_watch(struct gathering *g, cache_ready *ready, void *arg)
{
	unsigned count = 0;

	if (g->sts != NULL)
		count += sts_watch(g->sts, ready, arg);
	for (size_t i = 0; i < g->probe_count; i++, count++)
		probe_watch(g->probes[i].probe, ready, arg);
	return count;
}

bool
gather_proceed(struct gathering *g)
{
	if (g->sts != NULL)
		sts_finish(g->sts, g->deadline_ms);
	g->sts = NULL;
	finish_probes(g);
	if (wants_probes(g)) {
		start_probes(g);
		return true;
	}
	free(g);
	return false;
}
