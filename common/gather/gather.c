/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/gather.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/dane.h"
#include "common/gather/guard.h"
#include "common/gather/mx.h"
#include "common/judge/judge.h"

/* The probes of the hosts of one preference. */
struct probes {
	size_t count;
	struct {
		struct probe *probe;
		struct address_facts *address;
	} * list;
};

static bool
wants_dane(const struct facts *facts, const struct rules *rules,
    const struct host_facts *host)
{
	bool insecure = facts->mx.state == LOOKUP_DATA && !facts->mx.secure;

	if (insecure && rules->insecure_mx == INSECURE_MX_MAY)
		return false;
	return rules_demand(rules, host->name, clock_wall_s()).dane;
}

static bool
any_wants_dane(const struct facts *facts, const struct rules *rules)
{
	for (size_t i = 0; i < facts->host_count; i++)
		if (wants_dane(facts, rules, &facts->hosts[i]))
			return true;
	return false;
}

/*
 * RFC 7672 section 8.1: SNI is the TLSA base domain where DANE will verify;
 * RFC 8461 section 4.1: elsewhere the name in the MX record.
 */
static void
choose_sni(const struct facts *facts, const struct rules *rules,
    struct host_facts *host)
{
	bool insecure = facts->mx.state == LOOKUP_DATA && !facts->mx.secure;
	bool verify = wants_dane(facts, rules, host) &&
		      tlsa_set_usable(&host->records) > 0 &&
		      !(insecure && rules->insecure_mx != INSECURE_MX_DANE);

	if (facts->next_hop.literal)
		return;
	text_copy(host->sni, sizeof(host->sni),
	    verify ? host->base_domain : host->name);
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
start_probes(const struct gatherer *gatherer, const struct facts *facts,
    struct host_facts *host, struct probes *probes, int64_t deadline_ms)
{
	probes->list = xrealloc(probes->list,
	    probes->count + host->address_count, sizeof(*probes->list));
	for (size_t i = 0; i < host->address_count; i++) {
		struct address_facts *address = &host->addresses[i];

		if (!may_connect(gatherer, facts, address->text)) {
			address->probe = probe_facts_new(PROBE_BLOCKED);
			continue;
		}
		if (clock_left_ms(deadline_ms) == 0) {
			address->probe = probe_facts_new(PROBE_TIMEOUT);
			continue;
		}
		probes->list[probes->count].address = address;
		probes->list[probes->count++].probe =
		    probe_start(gatherer->prober, address->text,
			facts->next_hop.port, host->sni, deadline_ms);
	}
}

/* Start the hosts from first on that share its preference; returns the end. */
static size_t
start_equals(const struct gatherer *gatherer, struct facts *facts,
    const struct rules *rules, size_t first, struct probes *probes,
    int64_t deadline_ms)
{
	size_t i = first;

	for (; i < facts->host_count &&
	       facts->hosts[i].preference == facts->hosts[first].preference;
	     i++) {
		choose_sni(facts, rules, &facts->hosts[i]);
		start_probes(
		    gatherer, facts, &facts->hosts[i], probes, deadline_ms);
	}
	return i;
}

static void
finish_probes(struct probes *probes, int64_t deadline_ms)
{
	for (size_t i = 0; i < probes->count; i++)
		probes->list[i].address->probe =
		    probe_finish(probes->list[i].probe, deadline_ms);
	free(probes->list);
}

static bool
is_settled(const struct facts *facts, const struct rules *rules)
{
	AUTO(verdict)
	struct verdict *verdict = judge(facts, rules, clock_wall_s());

	return verdict->settled;
}

/* As an MTA walks: worse preferences only where the better do not do. */
static void
probe_worse(const struct gatherer *gatherer, struct facts *facts,
    const struct rules *rules, size_t next, int64_t deadline_ms)
{
	while (next < facts->host_count &&
	       (facts->all_hosts || !is_settled(facts, rules))) {
		struct probes probes = {.count = 0};

		next = start_equals(
		    gatherer, facts, rules, next, &probes, deadline_ms);
		finish_probes(&probes, deadline_ms);
	}
}

void
gather(const struct gatherer *gatherer, struct facts *facts,
    const struct rules *rules, int64_t deadline_ms)
{
	struct dns_query *mx = mx_ask(gatherer->dns, facts, deadline_ms);
	struct sts_step *sts = NULL;
	struct probes best = {.count = 0};
	struct dane_step *dane;
	size_t next = 0;

	if (rules_may_want_sts(rules, clock_wall_s()))
		sts = sts_start(
		    gatherer->policies, gatherer->dns, facts, deadline_ms);
	mx_learn(facts, mx);
	dane = dane_start(gatherer->dns, facts, deadline_ms);
	if (sts != NULL)
		sts_fetch(sts);
	dane_finish(dane, any_wants_dane(facts, rules));
	if (facts->probed)
		next =
		    start_equals(gatherer, facts, rules, 0, &best, deadline_ms);
	if (sts != NULL)
		sts_finish(sts);
	finish_probes(&best, deadline_ms);
	if (facts->probed)
		probe_worse(gatherer, facts, rules, next, deadline_ms);
}
