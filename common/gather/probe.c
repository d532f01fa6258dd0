/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/probe.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/cache.h"
#include "common/io/smtp.h"

struct prober {
	struct prober_options options;
	char *helo;
	struct cache *cache;
};

struct probe {
	struct cache_entry *entry;
};

/* One probe on its way through the leaf pool. */
struct probe_job {
	struct prober *prober;
	struct cache_entry *entry;
	char address[INET6_ADDRSTRLEN];
	char sni[LIMIT_DOMAIN_SIZE];
	uint16_t port;
	int64_t deadline_ms; /* of the check that wants it: to begin by */
};

static void
drop_facts(void *facts)
{
	probe_facts_free(facts);
}

struct prober *
prober_new(const struct prober_options *options)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));

	prober->options = *options;
	prober->helo = xstrdup(options->helo);
	prober->cache = cache_new(LIMIT_CACHED_PROBES, drop_facts);
	return prober;
}

void
prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	cache_free(prober->cache);
	free(prober->helo);
	free(prober);
}

/* What healing looks like differs: a host that is down may be up at once, a
 * certificate is renewed by somebody. */
static int64_t
keep_until(const struct prober *prober, const struct probe_facts *facts)
{
	uint32_t keep_s =
	    facts->outcome == PROBE_TLS || facts->outcome == PROBE_NO_STARTTLS
		? prober->options.keep_s
		: prober->options.keep_failed_s;

	return clock_mono_ms() + (int64_t)keep_s * 1000;
}

/* A probe that nobody awaits any more, or that the queue has no room for, is
 * not made; who comes later begins anew. */
static void
drop_probe(struct probe_job *job)
{
	struct probe_facts *facts = probe_facts_new(PROBE_TIMEOUT);

	text_copy(facts->detail, sizeof(facts->detail),
	    "too_many_probes_are_waiting");
	cache_fill(job->entry, facts, 0);
	cache_release(job->entry);
	free(job);
}

static void
run_probe(void *arg)
{
	struct probe_job *job = arg;
	struct prober *prober = job->prober;
	struct smtp_target target = {.address = job->address,
	    .port = job->port,
	    .sni = job->sni,
	    .helo = prober->helo};
	int64_t started_ms = clock_mono_ms();
	struct probe_facts *facts;

	if (started_ms >= job->deadline_ms) {
		drop_probe(job);
		return;
	}
	facts = smtp_probe(&target, started_ms + prober->options.timeout_ms);
	facts->ms = (unsigned)(clock_mono_ms() - started_ms);
	cache_fill(job->entry, facts, keep_until(prober, facts));
	cache_release(job->entry);
	free(job);
}

struct probe *
probe_start(struct prober *prober, const char *address, uint16_t port,
    const char *sni, int64_t deadline_ms)
{
	char key[INET6_ADDRSTRLEN + LIMIT_DOMAIN_SIZE + 16];
	struct probe *probe = xcalloc(1, sizeof(*probe));
	struct probe_job *job;
	bool mine;

	snprintf(key, sizeof(key), "%s %u %s", address, port, sni);
	probe->entry = cache_claim(prober->cache, key, &mine);
	if (!mine)
		return probe;
	job = xcalloc(1, sizeof(*job));
	job->prober = prober;
	job->entry = cache_hold(probe->entry);
	job->port = port;
	job->deadline_ms = deadline_ms;
	text_copy(job->address, sizeof(job->address), address);
	text_copy(job->sni, sizeof(job->sni), sni);
	if (!pool_submit(prober->options.leaves, run_probe, job))
		drop_probe(job);
	return probe;
}

struct probe_facts *
probe_finish(struct probe *probe, int64_t deadline_ms)
{
	struct probe_facts *facts = cache_await(probe->entry, deadline_ms);

	facts = facts == NULL ? probe_facts_new(PROBE_TIMEOUT)
			      : probe_facts_ref(facts);
	cache_release(probe->entry);
	free(probe);
	return facts;
}
