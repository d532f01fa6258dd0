/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/gather.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/dane.h"
#include "common/gather/mx.h"
#include "common/io/forbidden_address.h"
#include "common/judge/host_case.h"
#include "common/judge/judge.h"
#include "common/judge/stale.h"
#include "common/judge/tried.h"

/*
 * How it works: in the order in which it happens to a check.
 *
 * - gather_begin waits for DNS: the MX, then addresses and TLSA of all hosts
 *   side by side, and the MTA-STS record beside them.  It begins the fetch of
 *   the policy and the probes of the best hosts, as many as may run at once.
 * - The caller parks the check until all that was begun has come: gather_watch.
 * - gather_proceed takes what has come, and what has not is a time-out.  It
 *   begins more probes of hosts of the same preference, or of the next one if
 *   the judge says that none takes the mail yet.
 * - When there is no more to probe, and the verdict would be a failure that
 *   rests on remembered probes (see stale.h), it begins those again, once.  A
 *   check so connects to an address at most once, as if nothing were
 *   remembered.  Then it walks on, where that showed another host to be the
 *   one that counts.
 */

/* Connections of one check at once: hosts of one preference have fewer
 * addresses, but for those that want to keep us busy. */
enum { PROBES_AT_ONCE = 16 };

struct gathering {
	struct gatherer gatherer;
	struct facts *facts;
	const struct judge_terms *terms;
	struct nat64 prefixes; /* of gates, for the guard */
	int64_t begun_ms;
	int64_t deadline_ms;
	struct sts_step *sts; /* NULL: not wanted, or at its end */
	size_t host;          /* the next address to be probed */
	size_t address;
	size_t probe_count;
	struct {
		struct probe *probe;
		struct address_facts *address;
		bool again;
	} probes[PROBES_AT_ONCE];
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

/* A next hop that the admin's MTA chose may well be in his own network. */
static bool
may_connect(const struct gathering *g, const char *address)
{
	return g->gatherer.allow_private ||
	       !forbidden_address_is(address, &g->prefixes) ||
	       strcmp(g->facts->domain, g->facts->next_hop.host) != 0;
}

/* A probe of the address that is newer than seen; see probe_again. */
static struct probe *
probe_newer(const struct gathering *g, const struct host_facts *host,
    const char *address, const struct probe_facts *seen)
{
	uint16_t port = g->facts->next_hop.port;

	if (seen != NULL || g->gatherer.trial)
		return probe_again(
		    g->gatherer.prober, address, port, host->sni, seen);
	return probe_start(g->gatherer.prober, address, port, host->sni);
}

static void
start_probe(struct gathering *g, const struct host_facts *host,
    struct address_facts *address)
{
	AUTO(probe_facts) struct probe_facts *seen = address->probe;

	assert(g->probe_count < PROBES_AT_ONCE);
	address->probe = NULL;
	address->remembered = false;
	if (!may_connect(g, address->text)) {
		address->probe = probe_facts_new(
		    forbidden_address_is_own(address->text) ? PROBE_OWN
							    : PROBE_BLOCKED);
		return;
	}
	if (clock_left_ms(g->deadline_ms) == 0) {
		address->probe = probe_facts_new(PROBE_TIMEOUT);
		return;
	}
	g->probes[g->probe_count].address = address;
	g->probes[g->probe_count].again = seen != NULL;
	g->probes[g->probe_count++].probe =
	    probe_newer(g, host, address->text, seen);
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
			    host_sni(g->facts, host, g->terms, clock_wall_s()));
		if (g->address < host->address_count) {
			struct address_facts *address =
			    &host->addresses[g->address++];

			if (!address->untried)
				start_probe(g, host, address);
			continue;
		}
		g->host++;
		g->address = 0;
	}
}

static void
finish_probes(struct gathering *g)
{
	for (size_t i = 0; i < g->probe_count; i++) {
		struct address_facts *address = g->probes[i].address;
		bool joined = probe_is_joined(g->probes[i].probe);

		assert(address->probe == NULL);
		address->probe =
		    probe_finish(g->probes[i].probe, g->deadline_ms);
		address->remembered = joined && !g->probes[i].again &&
				      address->probe->begun_ms <= g->begun_ms;
	}
	g->probe_count = 0;
}

static bool
is_settled(const struct facts *facts, const struct judge_terms *terms)
{
	AUTO(verdict)
	struct verdict *verdict = judge(facts, terms, clock_wall_s());

	return verdict->settled;
}

/* As an MTA walks: worse preferences only where the better do not do. */
static bool
wants_probes(const struct gathering *g)
{
	const struct facts *facts = g->facts;

	if (!facts->probed || g->host >= facts->host_count)
		return false;
	if (g->gatherer.trial && !facts_connected(facts))
		return false;
	return g->address > 0 || is_equal(g) || facts->all_hosts ||
	       !is_settled(facts, g->terms);
}

static bool
any_remembered(const struct facts *facts)
{
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++)
			if (facts->hosts[i].addresses[j].remembered)
				return true;
	return false;
}

/* Begin those probes again that the verdict may not rest on, as many as may run
 * at once; false if there are none. */
static bool
start_again(struct gathering *g)
{
	AUTO(verdict) struct verdict *verdict = NULL;
	struct facts *facts = g->facts;

	if (!any_remembered(facts))
		return false;
	verdict = judge(facts, g->terms, clock_wall_s());
	for (size_t i = 0; i < verdict->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];

		for (size_t j = 0; j < host->address_count; j++)
			if (g->probe_count < PROBES_AT_ONCE &&
			    stale_probe(facts, verdict, i, j))
				start_probe(g, host, &host->addresses[j]);
	}
	return g->probe_count > 0;
}

/* Waits for lookups. */
static void
learn_dns(struct gathering *g, int64_t until_ms)
{
	const struct gatherer *gatherer = &g->gatherer;
	struct facts *facts = g->facts;
	struct dns_query *prefixes =
	    translation_ask(gatherer->translation, until_ms);
	struct dns_query *mx = mx_ask(gatherer->dns, facts, until_ms);
	struct dane_step *dane;

	if (terms_may_want_sts(g->terms, clock_wall_s()))
		g->sts = sts_start(
		    gatherer->policies, gatherer->dns, facts, until_ms);
	mx_learn(facts, mx);
	dane = dane_start(gatherer->dns, facts,
	    facts->all_hosts ? FAMILIES_ALL : gatherer->families, until_ms);
	if (g->sts != NULL)
		sts_fetch(g->sts);
	dane_finish(dane, any_wants_dane(facts, g->terms));
	if (!facts->all_hosts)
		tried_mark(facts, gatherer->address_limit);
	translation_learn(
	    gatherer->translation, prefixes, until_ms, &g->prefixes);
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

	g->gatherer = *gatherer;
	g->facts = facts;
	g->terms = terms;
	g->begun_ms = clock_mono_ms();
	g->deadline_ms = deadline_ms;
	learn_dns(g, until_ms < deadline_ms ? until_ms : deadline_ms);
	if (until_ms < deadline_ms && clock_left_ms(until_ms) == 0) {
		if (g->sts != NULL)
			sts_finish(g->sts, 0);
		free(g);
		return NULL;
	}
	if (facts->probed && !policy_decides_name(g))
		start_probes(g);
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
	if (start_again(g))
		return true;
	free(g);
	return false;
}
