/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/probe.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/probe_counts.h"
#include "common/gather/probe_share.h"
#include "common/io/pacing.h"
#include "common/gather/survey_probes.h"
#include "common/io/smtp.h"

/*
 * How it works: in the order in which it happens to a probe.
 *
 * - probe_start finds or makes the entry of the cache under "ADDRESS PORT SNI".
 *   Who made it has a probe_job, which owns one hold of the entry; everybody
 *   else has joined and holds the entry only.  probe_again does not take what
 *   is remembered, if that was made before.
 * - pacing lets the job go on when it is its turn at the address.  Until then
 *   it stands in line there, without a thread.
 * - submit_probe gives it to the leaf pool.  A leaf runs run_probe: it drops
 *   the job if nobody holds the entry any more, takes what another host has
 *   found where they share, and else connects.  A leaf in a
 *   hurry that was cut short gives the job back to the pool, whole.
 * - end_probe fills the entry, which wakes all who joined: nobody waits for the
 *   answer to QUIT.  When the connection is closed, the first of the line has
 *   its turn.
 * - Of a survey, what was kept is no job at all; and one whose turn has come is
 *   settled without a connection where the address is to be left alone, or
 *   shows all names the same.
 *
 * A probe has its own time-outs and not the deadline of whoever began it.  Who
 * waits may give up; the others, and the cache, get the whole answer.
 */

/* One probe on its way through the leaf pool. */
struct probe_job {
	struct pacing_turn turn; /* with the address */
	struct prober *prober;
	struct cache_entry *entry;
	char sni[LIMIT_DOMAIN_SIZE];
	uint16_t port;
	enum pool_lane lane;
	bool forced; /* to be made though nobody waits for it */
	bool again;  /* see probe_facts */
};

/* Of one that was made again: by the time that it may be once more, a check of
 * another domain at the host has mostly begun after it. */
enum { AGAIN_AFTER_MS = 10 * 1000 };

struct prober {
	struct prober_options options;
	char *helo;
	char *ipv4, *ipv6; /* that probes leave from, or NULL */
	struct cache *cache;
	struct pacing *pacing;
	struct survey_probes *known; /* of a survey, or NULL */
};

struct probe {
	struct cache_entry *entry;
	bool joined;
};

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

static struct probe_job *
job_of(struct pacing_turn *turn)
{
	return turn == NULL
		   ? NULL
		   : (struct probe_job *)((char *)turn -
					  offsetof(struct probe_job, turn));
}

/* The turn of one at the address is over: whose it is now, or NULL. */
static struct probe_job *
leave_address(struct prober *prober, const char *address, enum pacing_use use)
{
	return job_of(pacing_leave(prober->pacing, address, use));
}

static struct survey_target
target_of(const struct probe_job *job)
{
	return (struct survey_target){
	    job->turn.address, job->port, job->sni, job->again};
}

/* Facts that no connection was made for. */
static void
fill_unasked(struct probe_job *job, struct probe_facts *facts)
{
	struct prober *prober = job->prober;

	/* one that is put off may be asked for at any time */
	cache_fill(job->entry, facts,
	    facts->put_off || facts->spared ? 0 : keep_until(prober, facts));
	cache_release(job->entry);
	free(job);
}

static pool_job run_probe;

/* It is its turn.  What cannot be run makes room for the next. */
static void
submit_probe(struct probe_job *job)
{
	while (job != NULL) {
		struct prober *prober = job->prober;
		struct probe_facts *facts = NULL;
		char address[INET6_ADDRSTRLEN];

		if (prober->known != NULL)
			facts = survey_probes_at_turn(
			    prober->known, prober->pacing, job->turn.address);
		if (facts == NULL && !is_forsaken(job) &&
		    pool_submit(
			prober->options.leaves, job->lane, run_probe, job))
			return;
		text_copy(address, sizeof(address), job->turn.address);
		if (facts == NULL)
			drop_probe(job);
		else
			fill_unasked(job, facts);
		job = leave_address(prober, address, PACING_UNUSED);
	}
}

/* pacing_go */
static void
take_turn(void *arg, struct pacing_turn *turn)
{
	(void)arg;
	submit_probe(job_of(turn));
}

static void
end_probe(struct probe_job *job, struct probe_facts *facts, int64_t until_ms,
    struct smtp_session *left)
{
	struct prober *prober = job->prober;
	enum pacing_use use =
	    facts->shared ? PACING_UNUSED : survey_probes_use(facts->outcome);
	struct survey_target target = target_of(job);
	struct probe_job *following;

	if (prober->known != NULL)
		survey_probes_note(prober->known, &target, facts);
	cache_fill(job->entry, facts, until_ms);
	cache_release(job->entry);
	smtp_quit(left);
	following = leave_address(prober, job->turn.address, use);
	free(job);
	submit_probe(following);
}

static void
tell_reach(const struct probe_job *job, bool connected)
{
	outbound_note(job->prober->options.outbound, job->turn.address,
	    job->sni, job->port, connected);
	prober_try_witnesses(job->prober);
}

static struct probe_share
sharing_of(const struct probe_job *job)
{
	const struct prober_options *options = &job->prober->options;

	return (struct probe_share){.share = options->share,
	    .address = job->turn.address,
	    .sni = job->sni,
	    .port = job->port,
	    .floor = options->floor};
}

/* Another host's facts in place of our own, where those will do. */
static bool
end_with_shared(struct probe_job *job, int64_t until_ms)
{
	const struct prober_options *options = &job->prober->options;
	struct probe_share with = sharing_of(job);
	int64_t deadline_ms = clock_mono_ms() + options->timeout_ms;
	struct probe_facts *facts;
	uint32_t left_s;

	if (job->again || job->forced)
		return false;
	facts = probe_share_take(
	    &with, until_ms < deadline_ms ? until_ms : deadline_ms, &left_s);
	if (facts == NULL)
		return false;
	if (left_s > options->keep_s)
		left_s = options->keep_s;
	end_probe(job, facts, clock_mono_ms() + (int64_t)left_s * 1000, NULL);
	return true;
}

/* Nobody waits for us any more. */
static void
forsake_probe(struct probe_job *job)
{
	struct probe_job *following =
	    leave_address(job->prober, job->turn.address, PACING_UNUSED);

	drop_probe(job);
	submit_probe(following);
}

static bool
run_probe(void *arg, int64_t until_ms)
{
	struct probe_job *job = arg;
	struct prober *prober = job->prober;
	struct smtp_target target = {.address = job->turn.address,
	    .port = job->port,
	    .sni = job->sni,
	    .helo = prober->helo,
	    .floor = prober->options.floor,
	    .source = {prober->ipv4, prober->ipv6},
	    .greeting_ms = prober->options.greeting_ms,
	    .timeout_ms = prober->options.timeout_ms};
	struct probe_share with = sharing_of(job);
	struct smtp_session *left;
	struct probe_facts *facts;
	int64_t started_ms;
	bool hurried;

	/* a connection that is cut short would be made twice */
	if (prober->known != NULL)
		until_ms = INT64_MAX;
	if (is_forsaken(job)) {
		forsake_probe(job);
		return true;
	}
	if (end_with_shared(job, until_ms))
		return true;
	started_ms = clock_mono_ms();
	counts_probe(prober->options.counts);
	facts = smtp_look(&target, until_ms, &left);
	counts_probed(prober->options.counts, probe_counts_as(facts->outcome));
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
	probe_share_put(&with, facts, prober->options.share_s);
	end_probe(job, facts, keep_until(prober, facts), left);
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
	    key, KEY_SIZE, "%s %u %s", job->turn.address, job->port, job->sni);

	assert(length < KEY_SIZE);
}

/* Of a survey: what is known of it before it waits for anything. */
static bool
finish_known(struct probe_job *job)
{
	struct survey_target target = target_of(job);
	struct probe_facts *facts = NULL;

	if (job->prober->known != NULL)
		facts = survey_probes_before(job->prober->known, &target);
	if (facts == NULL)
		return false;
	fill_unasked(job, facts);
	return true;
}

static void
enter_line(struct probe_job *job)
{
	switch (pacing_enter(job->prober->pacing, &job->turn)) {
	case PACING_WAITS:
		break;
	case PACING_GOES:
		submit_probe(job);
		break;
	case PACING_FULL:
		fill_unasked(job, survey_probes_put_off());
		break;
	}
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
	if (!finish_known(job))
		enter_line(job);
	return entry;
}

static struct probe_job
describe_probe(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	struct probe_job job = {.prober = prober, .port = port};

	text_copy(job.turn.address, sizeof(job.turn.address), address);
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

/* What is remembered, held, if it was inferred and does not hold any more. */
static struct cache_entry *
find_disproved(const struct probe_job *like, const char *key)
{
	struct prober *prober = like->prober;
	struct cache_entry *known;

	known = prober->known == NULL ? NULL : cache_find(prober->cache, key);
	if (known == NULL || survey_probes_disproved(prober->known,
				 like->turn.address, cache_value(known)))
		return known;
	cache_release(known);
	return NULL;
}

struct probe *
probe_start(
    struct prober *prober, const char *address, uint16_t port, const char *sni)
{
	struct probe_job like = describe_probe(prober, address, port, sni);
	char key[KEY_SIZE];
	struct cache_entry *entry, *disproved;
	bool mine;

	print_probe_key(&like, key);
	disproved = find_disproved(&like, key);
	entry = claim_probe(&like, key,
	    disproved == NULL ? NULL : cache_value(disproved), &mine);
	if (disproved != NULL)
		cache_release(disproved);
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

struct prober *
prober_new(const struct prober_options *options, struct err *err)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));
	struct pacing_options pacing = {.per_address = options->per_address,
	    .gap_ms = options->manners.gap_ms,
	    .rate = options->manners.rate,
	    .back_off = options->manners.survey};

	prober->options = *options;
	prober->helo = xstrdup(options->helo);
	prober->ipv4 = copy_text(options->source.ipv4);
	prober->ipv6 = copy_text(options->source.ipv6);
	prober->cache =
	    cache_new(LIMIT_CACHED_PROBES, &probes, options->budget);
	if (options->manners.survey)
		prober->known = survey_probes_new(&options->manners);
	prober->pacing = pacing_new(&pacing, take_turn, NULL, err);
	if (prober->pacing != NULL)
		return prober;
	prober_free(prober);
	return NULL;
}

void
prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	cache_free(prober->cache);
	pacing_free(prober->pacing);
	survey_probes_free(prober->known);
	free(prober->helo);
	free(prober->ipv4);
	free(prober->ipv6);
	free(prober);
}

void
prober_end(struct prober *prober)
{
	pacing_end(prober->pacing);
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
