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
 * How it works: in the order in which it happens to a check.  Nothing here
 * waits: before each step the caller parks the check until all that was begun
 * has come, or its time is over (gather_watch), then gather_proceed takes it.
 *
 * - gather_begin asks for the MX, and for the MTA-STS record beside it.
 * - The MX leads to the addresses and TLSA records of all hosts (dane.c), side
 *   by side.  The MTA-STS record leads to the fetch of the policy, which is not
 *   waited for yet.
 * - With the addresses known, the probes of the best hosts are begun, as many
 *   as may run at once.  From now on the policy is awaited too.
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

enum gather_stage { AT_RECORD, AT_MX, AT_HOSTS, AT_GATES, AT_PROBES };

struct gathering {
	struct gatherer gatherer;
	struct facts *facts;
	const struct judge_terms *terms;
	struct nat64 prefixes; /* of gates, for the guard */
	int64_t begun_ms;
	int64_t deadline_ms;
	int64_t lookups_ms; /* the deadline of lookups: that, or sooner */
	enum gather_stage stage;
	struct dns_query *gates; /* NULL: another asks, or nobody */
	struct dns_query *mx;
	struct dane_step *dane; /* AT_HOSTS */
	struct sts_step *sts;   /* NULL: not wanted, or at its end */
	size_t host;            /* the next address to be probed */
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
	g->begun_ms = clock_mono_ms();
	g->deadline_ms = deadline_ms;
	g->lookups_ms = until_ms < deadline_ms ? until_ms : deadline_ms;
	if (terms_may_want_sts(terms, clock_wall_s()))
		g->sts = sts_start(
		    gatherer->policies, gatherer->dns, facts, g->lookups_ms);
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
	return g->deadline_ms;
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
	unsigned count = 0;

	if (g->sts != NULL)
		count += sts_watch(g->sts, ready, arg);
	for (size_t i = 0; i < g->probe_count; i++, count++)
		probe_watch(g->probes[i].probe, ready, arg);
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
	    .families = facts->all_hosts ? FAMILIES_ALL : g->gatherer.families,
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
		    &g->prefixes);
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

static void
proceed_to_probes(struct gathering *g)
{
	translation_learn(g->gatherer.translation, NULL, 0, &g->prefixes);
	g->stage = AT_PROBES;
	if (g->facts->probed && !policy_decides_name(g))
		start_probes(g);
}

/* Whether the gathering goes on. */
static bool
proceed_with_probes(struct gathering *g)
{
	if (g->sts != NULL)
		sts_finish(g->sts, g->deadline_ms);
	g->sts = NULL;
	finish_probes(g);
	if (!wants_probes(g))
		return start_again(g);
	start_probes(g);
	return true;
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
