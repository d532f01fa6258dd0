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

/*
 * How it works: in the order in which it happens to a probe.
 *
 * - probe_start finds or makes the entry of the cache under "ADDRESS PORT SNI".
 *   Who made it has a probe_job, which owns one hold of the entry; everybody
 *   else has joined and holds the entry only.  probe_again does not take what
 *   is remembered, if that was made before.
 * - enter_gate lets the job pass if its address has less than per_address
 *   connections.  Else the job stands in the gate's line, without a thread.
 * - submit_probe gives it to the leaf pool.  A leaf runs run_probe: it drops
 *   the job if nobody holds the entry any more, and else connects.  A leaf in a
 *   hurry that was cut short gives the job back to the pool, whole.
 * - end_probe fills the entry, which wakes all who joined: nobody waits for the
 *   answer to QUIT.  When the connection is closed, it leaves the gate, which
 *   lets the first of the line pass.
 *
 * A probe has its own time-outs and not the deadline of whoever began it.  Who
 * waits may give up; the others, and the cache, get the whole answer.
 */

/* One probe on its way through the leaf pool. */
struct probe_job {
	TAILQ_ENTRY(probe_job) next; /* of those that wait for an address */
	struct prober *prober;
	struct cache_entry *entry;
	char address[INET6_ADDRSTRLEN];
	char sni[LIMIT_DOMAIN_SIZE];
	uint16_t port;
	enum pool_lane lane;
	bool forced; /* to be made though nobody waits for it */
	bool again;  /* see probe_facts */
};
TAILQ_HEAD(turns, probe_job);

/* An address with connections, for as long as it has any. */
struct gate {
	char address[INET6_ADDRSTRLEN]; /* first: the key of the index */
	unsigned passed;
	struct turns waiting;
};

/* Of one that was made again: by the time that it may be once more, a check of
 * another domain at the host has mostly begun after it. */
enum { AGAIN_AFTER_MS = 10 * 1000 };

struct prober {
	struct prober_options options;
	char *helo;
	char *ipv4, *ipv6; /* that probes leave from, or NULL */
	struct cache *cache;
	struct lock lock;
	void *gates; /* with lock: a tree, by address */
};

struct probe {
	struct cache_entry *entry;
	bool joined;
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

static char *
copy_text(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

struct prober *
prober_new(const struct prober_options *options)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));

	prober->options = *options;
	prober->helo = xstrdup(options->helo);
	prober->ipv4 = copy_text(options->source.ipv4);
	prober->ipv6 = copy_text(options->source.ipv6);
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
	free(prober->ipv4);
	free(prober->ipv6);
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
	return !job->forced && cache_forsake(job->entry);
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
end_probe(
    struct probe_job *job, struct probe_facts *facts, struct smtp_session *left)
{
	struct prober *prober = job->prober;
	struct probe_job *following;

	cache_fill(job->entry, facts, keep_until(prober, facts));
	cache_release(job->entry);
	smtp_quit(left);
	following = leave_gate(prober, job->address);
	free(job);
	submit_probe(following);
}

static void
tell_reach(const struct probe_job *job, bool connected)
{
	outbound_note(job->prober->options.outbound, job->address, job->sni,
	    job->port, connected);
	prober_try_witnesses(job->prober);
}

static enum counts_probe
counted_as(enum probe_outcome outcome)
{
	switch (outcome) {
	case PROBE_TLS:
	case PROBE_TLS_UNSUPPORTED:
		return COUNTS_PROBE_TLS;
	case PROBE_NO_STARTTLS:
	case PROBE_STARTTLS_REFUSED:
		return COUNTS_PROBE_PLAINTEXT;
	case PROBE_TIMEOUT:
		return COUNTS_PROBE_TIMEOUT;
	case PROBE_REFUSED:
	case PROBE_NOT_SMTP:
	case PROBE_CONNECT_FAILED:
	case PROBE_NO_SOURCE:
	case PROBE_NOT_DONE:
		return COUNTS_PROBE_REFUSED;
	case PROBE_BLOCKED:
	case PROBE_OWN:
		return COUNTS_PROBE_BLOCKED;
	case PROBE_TLS_REFUSED:
	case PROBE_TLS_FAILED:
		break;
	}
	return COUNTS_PROBE_TLS_FAILED;
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
	    .floor = prober->options.floor,
	    .source = {prober->ipv4, prober->ipv6},
	    .greeting_ms = prober->options.greeting_ms,
	    .timeout_ms = prober->options.timeout_ms};
	int64_t started_ms = clock_mono_ms();
	struct smtp_session *left;
	struct probe_facts *facts;
	bool hurried;

	if (is_forsaken(job)) {
		struct probe_job *following = leave_gate(prober, job->address);

		drop_probe(job);
		submit_probe(following);
		return true;
	}
	counts_probe(prober->options.counts);
	facts = smtp_look(&target, until_ms, &left);
	counts_probed(prober->options.counts, counted_as(facts->outcome));
	hurried =
	    facts->outcome == PROBE_TIMEOUT && clock_left_ms(until_ms) == 0;
	if (facts->connected || (!hurried && facts->outcome != PROBE_NO_SOURCE))
		tell_reach(job, facts->connected);
	if (hurried) {
		smtp_quit(left);
		probe_facts_free(facts);
		return false;
	}
	facts->begun_ms = started_ms;
	facts->ms = (unsigned)(clock_mono_ms() - started_ms);
	facts->again = job->again;
	end_probe(job, facts, left);
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

enum { KEY_SIZE = INET6_ADDRSTRLEN + LIMIT_DOMAIN_SIZE + 16 };

static void
print_probe_key(const struct probe_job *job, char key[KEY_SIZE])
{
	int length = snprintf(
	    key, KEY_SIZE, "%s %u %s", job->address, job->port, job->sni);

	assert(length < KEY_SIZE);
}

/* The entry of a probe, held: mine, with a job that is like this one, or
 * somebody else's.  unwanted: facts that will not do, or NULL. */
static struct cache_entry *
claim_probe(const struct probe_job *like, const char *key,
    const struct probe_facts *unwanted, bool *mine)
{
	struct cache_entry *entry, *over;
	struct probe_job *job;

	entry = cache_renew(like->prober->cache, key, unwanted, mine, &over);
	if (!*mine)
		return entry;
	job = xmalloc(sizeof(*job));
	*job = *like;
	job->entry = cache_hold(entry);
	job->lane = lane_after(over);
	if (enter_gate(job))
		submit_probe(job);
	return entry;
}

static struct probe_job
describe_probe(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	struct probe_job job = {.prober = prober, .port = port};

	text_copy(job.address, sizeof(job.address), address);
	text_copy(job.sni, sizeof(job.sni), sni);
	return job;
}

static struct probe *
probe_of(struct cache_entry *entry, bool joined)
{
	struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->entry = entry;
	probe->joined = joined;
	return probe;
}

struct probe *
probe_start(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	struct probe_job like = describe_probe(prober, address, port, sni);
	char key[KEY_SIZE];
	struct cache_entry *entry;
	bool mine;

	print_probe_key(&like, key);
	entry = claim_probe(&like, key, NULL, &mine);
	return probe_of(entry, !mine);
}

/* Whether what is remembered is to be probed anew. */
static bool
will_not_do(const struct probe_job *like, const struct probe_facts *facts,
    const struct probe_facts *seen)
{
	if (like->forced)
		return true;
	if (facts->again && clock_mono_ms() - facts->begun_ms < AGAIN_AFTER_MS)
		return false;
	return seen == NULL ? !facts->connected : facts == seen;
}

/* claim_probe, of one that is marked as made again.  What will not do is taken
 * out by the claim itself: nobody else begins one in between, which would not
 * be marked, and be made once more. */
static struct cache_entry *
claim_again(struct probe_job *like, const struct probe_facts *seen, bool *mine)
{
	char key[KEY_SIZE];
	struct cache_entry *known, *entry;
	const struct probe_facts *unwanted = NULL;

	like->again = true;
	print_probe_key(like, key);
	known = cache_find(like->prober->cache, key);
	if (known != NULL && will_not_do(like, cache_value(known), seen))
		unwanted = cache_value(known);
	entry = claim_probe(like, key, unwanted, mine);
	if (known != NULL)
		cache_release(known);
	return entry;
}

struct probe *
probe_again(struct prober *prober, const char *address, uint16_t port,
    const char *sni, const struct probe_facts *seen)
{
	struct probe_job like = describe_probe(prober, address, port, sni);
	bool mine;
	struct cache_entry *entry = claim_again(&like, seen, &mine);

	return probe_of(entry, !mine);
}

void
prober_try_witnesses(struct prober *prober)
{
	struct outbound_witness witness;
	bool mine;

	while (outbound_wants_witness(prober->options.outbound, &witness)) {
		struct probe_job like = describe_probe(
		    prober, witness.address, witness.port, witness.sni);

		like.forced = true;
		cache_release(claim_again(&like, NULL, &mine));
	}
}

bool
probe_is_joined(const struct probe *probe)
{
	return probe->joined;
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

void
prober_count_blocked(struct prober *prober)
{
	counts_probed(prober->options.counts, COUNTS_PROBE_BLOCKED);
}
