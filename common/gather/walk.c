/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/walk.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/io/forbidden_address.h"
#include "common/judge/host_case.h"
#include "common/judge/judge.h"
#include "common/judge/stale.h"

/*
 * How it works: as an MTA walks.
 *
 * - walk_start begins the probes of the best hosts, as many as may run at once.
 * - walk_proceed takes what has come, and what has not is a time-out.  It
 *   begins more probes of hosts of the same preference, or of the next one if
 *   the judge says that none takes the mail yet.
 * - When there is no more to probe, and the verdict would be a failure that
 *   rests on remembered probes (see stale.h), it begins those again, once.  A
 *   check so connects to an address at most once, as if nothing were
 *   remembered.  Then it walks on, where that showed another host to be the
 *   one that counts.
 */

/* A next hop that the admin's MTA chose may well be in his own network. */
static bool
may_connect(const struct walk *w, const char *address)
{
	return w->wish.allow_private ||
	       !forbidden_address_is(address, &w->prefixes) ||
	       strcmp(w->facts->domain, w->facts->next_hop.host) != 0;
}

/* A probe of the address that is newer than seen; see probe_again. */
static struct probe *
probe_newer(const struct walk *w, const struct host_facts *host,
    const char *address, const struct probe_facts *seen)
{
	uint16_t port = w->facts->next_hop.port;

	if (seen != NULL || w->wish.trial)
		return probe_again(
		    w->wish.prober, address, port, host->sni, seen);
	return probe_start(w->wish.prober, address, port, host->sni);
}

static void
start_probe(struct walk *w, const struct host_facts *host,
    struct address_facts *address)
{
	AUTO(probe_facts) struct probe_facts *seen = address->probe;

	assert(w->probe_count < WALK_PROBES);
	address->probe = NULL;
	address->remembered = false;
	if (!may_connect(w, address->text)) {
		address->probe = probe_facts_new(
		    forbidden_address_is_own(address->text) ? PROBE_OWN
							    : PROBE_BLOCKED);
		prober_count_blocked(w->wish.prober);
		return;
	}
	if (clock_left_ms(w->deadline_ms) == 0) {
		address->probe = probe_facts_new(PROBE_TIMEOUT);
		return;
	}
	w->probes[w->probe_count].address = address;
	w->probes[w->probe_count].again = seen != NULL;
	w->probes[w->probe_count++].probe =
	    probe_newer(w, host, address->text, seen);
}

/* Whether the next host is as good as the one before it. */
static bool
is_equal(const struct walk *w)
{
	return w->host > 0 && w->facts->hosts[w->host].preference ==
				  w->facts->hosts[w->host - 1].preference;
}

/* Start probes of hosts of one preference, from where we stand: as many as may
 * run at once. */
static void
start_probes(struct walk *w)
{
	bool begun = false;

	while (w->host < w->facts->host_count && w->probe_count < WALK_PROBES) {
		struct host_facts *host = &w->facts->hosts[w->host];

		if (w->address == 0 && begun && !is_equal(w))
			return;
		begun = true;
		if (w->address == 0)
			text_copy(host->sni, sizeof(host->sni),
			    host_sni(w->facts, host, w->terms, clock_wall_s()));
		if (w->address < host->address_count) {
			struct address_facts *address =
			    &host->addresses[w->address++];

			if (!address->untried)
				start_probe(w, host, address);
			continue;
		}
		w->host++;
		w->address = 0;
	}
}

static void
finish_probes(struct walk *w)
{
	for (size_t i = 0; i < w->probe_count; i++) {
		struct address_facts *address = w->probes[i].address;
		bool joined = probe_is_joined(w->probes[i].probe);

		assert(address->probe == NULL);
		address->probe =
		    probe_finish(w->probes[i].probe, w->deadline_ms);
		address->remembered =
		    address->probe->shared ||
		    (joined && !w->probes[i].again &&
			address->probe->begun_ms <= w->begun_ms);
	}
	w->probe_count = 0;
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
wants_probes(const struct walk *w)
{
	const struct facts *facts = w->facts;

	if (!facts->probed || w->host >= facts->host_count)
		return false;
	if (w->wish.trial && !facts_connected(facts))
		return false;
	return w->address > 0 || is_equal(w) || facts->all_hosts ||
	       !is_settled(facts, w->terms);
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
start_again(struct walk *w)
{
	AUTO(verdict) struct verdict *verdict = NULL;
	struct facts *facts = w->facts;

	if (w->wish.once || !any_remembered(facts))
		return false;
	verdict = judge(facts, w->terms, clock_wall_s());
	for (size_t i = 0; i < verdict->host_count; i++) {
		struct host_facts *host = &facts->hosts[i];

		for (size_t j = 0; j < host->address_count; j++)
			if (w->probe_count < WALK_PROBES &&
			    stale_probe(facts, verdict, i, j))
				start_probe(w, host, &host->addresses[j]);
	}
	return w->probe_count > 0;
}

void
walk_init(struct walk *w, const struct walk_wish *wish, struct facts *facts,
    const struct judge_terms *terms)
{
	memset(w, 0, sizeof(*w));
	w->wish = *wish;
	w->facts = facts;
	w->terms = terms;
	w->begun_ms = clock_mono_ms();
}

void
walk_start(struct walk *w)
{
	assert(w->probe_count == 0 && w->host == 0 && w->address == 0);
	start_probes(w);
}

unsigned
walk_watch(struct walk *w, cache_ready *ready, void *arg)
{
	for (size_t i = 0; i < w->probe_count; i++)
		probe_watch(w->probes[i].probe, ready, arg);
	return (unsigned)w->probe_count;
}

bool
walk_proceed(struct walk *w)
{
	finish_probes(w);
	if (!wants_probes(w))
		return start_again(w);
	start_probes(w);
	return true;
}
