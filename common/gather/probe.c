/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/probe.h"

#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/smtp.h"

/* One probe on its way through the leaf pool. */
struct probe_job {
	TAILQ_ENTRY(probe_job) next; /* of those that wait for an address */
	struct prober *prober;
	struct cache_entry *entry;
	char address[INET6_ADDRSTRLEN];
	char sni[LIMIT_DOMAIN_SIZE];
	uint16_t port;
	enum pool_lane lane;
	bool trial; /* to be made though nobody waits for it */
};
TAILQ_HEAD(turns, probe_job);

/* An address with connections, for as long as it has any. */
struct gate {
	char address[INET6_ADDRSTRLEN]; /* first: the key of the index */
	unsigned passed;
	struct turns waiting;
};

struct prober {
	struct prober_options options;
	char *helo;
	struct cache *cache;
	struct lock lock;
	void *gates; /* with lock: a tree, by address */
};

struct probe {
	struct cache_entry *entry;
};

static int
compare_addresses(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
drop_facts(void *facts)
{
	probe_facts_free(facts);
}

static size_t
count_octets(const void *value)
{
	const struct probe_facts *facts = value;
	size_t octets = sizeof(*facts);

	for (size_t i = 0; i < facts->cert_count; i++)
		octets += sizeof(*facts->certs) + facts->certs[i].size;
	return octets;
}

/* How the last probe fared decides for an hour how soon the next is made. */
static const struct cache_kind probes = {
    drop_facts, count_octets, 3600 * 1000LL};

struct prober *
prober_new(const struct prober_options *options)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));

	prober->options = *options;
	prober->helo = xstrdup(options->helo);
	prober->cache =
	    cache_new(LIMIT_CACHED_PROBES, &probes, options->budget);
	lock_init(&prober->lock);
	return prober;
}

void
prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	cache_free(prober->cache);
	assert(prober->gates == NULL);
	lock_fini(&prober->lock);
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

/* Of one that has not begun: whether nobody waits for it any more. */
static bool
is_forsaken(struct probe_job *job)
{
	return !job->trial && cache_forsake(job->entry);
}

/* A probe that is forsaken, or that the queue has no room for, is not made; who
 * comes later begins anew. */
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

static struct gate *
gate_locked(struct prober *prober, const char *address) HOLDS(prober->lock)
{
	struct gate **node = tfind(address, &prober->gates, compare_addresses);
	struct gate *gate;

	if (node != NULL)
		return *node;
	gate = xcalloc(1, sizeof(*gate));
	text_copy(gate->address, sizeof(gate->address), address);
	TAILQ_INIT(&gate->waiting);
	if (tsearch(gate, &prober->gates, compare_addresses) == NULL)
		abort(); /* no memory: as xalloc */
	return gate;
}

/* Whether the probe may connect now; else it waits for its turn. */
static bool
enter_gate(struct probe_job *job)
{
	struct prober *prober = job->prober;
	struct gate *gate;
	bool passed;

	lock_take(&prober->lock);
	gate = gate_locked(prober, job->address);
	passed = gate->passed < prober->options.per_address;
	if (passed)
		gate->passed++;
	else
		TAILQ_INSERT_TAIL(&gate->waiting, job, next);
	lock_drop(&prober->lock);
	return passed;
}

/* A connection to the address is over: the one whose turn it is, or NULL. */
static struct probe_job *
leave_gate(struct prober *prober, const char *address)
{
	struct probe_job *job;
	struct gate *gate;

	lock_take(&prober->lock);
	gate = gate_locked(prober, address);
	job = TAILQ_FIRST(&gate->waiting);
	if (job != NULL) {
		TAILQ_REMOVE(&gate->waiting, job, next);
	} else if (--gate->passed == 0) {
		tdelete(gate, &prober->gates, compare_addresses);
		free(gate);
	}
	lock_drop(&prober->lock);
	return job;
}

static pool_job run_probe;

/* Has passed the gate.  What cannot be run makes room for the next. */
static void
submit_probe(struct probe_job *job)
{
	while (job != NULL) {
		struct prober *prober = job->prober;
		char address[INET6_ADDRSTRLEN];

		if (!is_forsaken(job) && pool_submit(prober->options.leaves,
					     job->lane, run_probe, job))
			return;
		text_copy(address, sizeof(address), job->address);
		drop_probe(job);
		job = leave_gate(prober, address);
	}
}

static void
end_probe(struct probe_job *job, struct probe_facts *facts)
{
	struct prober *prober = job->prober;
	struct probe_job *following = leave_gate(prober, job->address);

	cache_fill(job->entry, facts, keep_until(prober, facts));
	cache_release(job->entry);
	free(job);
	submit_probe(following);
}

static bool
run_probe(void *arg, int64_t until_ms)
{
	struct probe_job *job = arg;
	struct prober *prober = job->prober;
	struct smtp_target target = {.address = job->address,
	    .port = job->port,
	    .sni = job->sni,
	    .helo = prober->helo,
	    .greeting_ms = prober->options.greeting_ms,
	    .timeout_ms = prober->options.timeout_ms};
	int64_t started_ms = clock_mono_ms();
	struct probe_facts *facts;
	bool hurried;

	if (is_forsaken(job)) {
		struct probe_job *following = leave_gate(prober, job->address);

		drop_probe(job);
		submit_probe(following);
		return true;
	}
	tally_probe(prober->options.tally);
	facts = smtp_probe(&target, until_ms);
	hurried =
	    facts->outcome == PROBE_TIMEOUT && clock_left_ms(until_ms) == 0;
	if (facts->connected || !hurried)
		reach_note(prober->options.reach, job->address, job->port,
		    facts->connected);
	if (hurried) {
		probe_facts_free(facts);
		return false;
	}
	facts->ms = (unsigned)(clock_mono_ms() - started_ms);
	end_probe(job, facts);
	return true;
}

/* What was quick before is likely to be so again. */
static enum pool_lane
lane_after(struct cache_entry *over)
{
	const struct probe_facts *facts;
	enum pool_lane lane;

	if (over == NULL)
		return POOL_NEW;
	facts = cache_value(over);
	lane = facts->outcome == PROBE_TIMEOUT ? POOL_SLOW : POOL_FIRST;
	cache_release(over);
	return lane;
}

static struct probe *
start(struct prober *prober, const char *address, uint16_t port,
    const char *sni, bool trial)
{
	char key[INET6_ADDRSTRLEN + LIMIT_DOMAIN_SIZE + 16];
	struct probe *probe = xcalloc(1, sizeof(*probe));
	struct cache_entry *over;
	struct probe_job *job;
	bool mine;

	snprintf(key, sizeof(key), "%s %u %s", address, port, sni);
	probe->entry = cache_renew(prober->cache, key, &mine, &over);
	if (!mine)
		return probe;
	job = xcalloc(1, sizeof(*job));
	job->prober = prober;
	job->entry = cache_hold(probe->entry);
	job->port = port;
	job->lane = lane_after(over);
	job->trial = trial;
	text_copy(job->address, sizeof(job->address), address);
	text_copy(job->sni, sizeof(job->sni), sni);
	if (enter_gate(job))
		submit_probe(job);
	return probe;
}

struct probe *
probe_start(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	return start(prober, address, port, sni, false);
}

void
probe_try(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	struct probe *probe = start(prober, address, port, sni, true);

	cache_release(probe->entry);
	free(probe);
}

void
probe_watch(struct probe *probe, cache_ready *ready, void *arg)
{
	cache_when_filled(probe->entry, ready, arg);
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

struct cache *
prober_cache(struct prober *prober)
{
	return prober->cache;
}
