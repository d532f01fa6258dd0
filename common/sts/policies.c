/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cache.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/known.h"
#include "common/sts/policy_fetch.h"

/*
 * How it works.
 * 1. A check that finds a record wants the policy: what is known of the domain
 *    comes from policy_keep, and is enough if it is for the record's id, or if
 *    a fetch for that id has failed lately.
 * 2. Else it begins a fetch, a flight, or joins the one under way for the same
 *    domain and id.  A flight runs in a leaf, in its own time.
 * 3. What a flight learns of the policy host, a policy or a failure of that
 *    host, goes into policy_keep, and so onto the disk, before those who wait
 *    are told.  If it has learnt nothing, they are told why, and the next check
 *    tries anew.
 * 4. Who does not wait to the end takes the policy that is kept, if there is
 *    one; the flight goes on.  So that a slow policy host is one that has its
 *    policy known in the end, a check gives up long before the flight does.
 *    Flights of that kind are a part of the leaves: the others make way sooner.
 * 5. Whoever refreshes policies begins flights as well, ahead of their end.
 * 6. Where hosts share policies, a flight first looks whether one that another
 *    has fetched will do, and gives what it has fetched itself to all.
 */

enum {
	/* By which a transfer may end ahead of its deadline */
	ROUNDING_MS = 20,
};

struct policies {
	struct policies_options options;
	struct policy_keep *keep;
	atomic_uint running;   /* flights in a leaf */
	struct cache *fetches; /* struct policy_facts, by domain and id */
};

struct policy_want {
	struct policies *policies;
	struct cache_entry *known; /* NULL where the domain is not known */
	struct cache_entry *fetch; /* NULL where none is called for */
	int64_t until_ms;          /* that it is waited for */
	bool shared;               /* it only asks for what others have */
	char domain[LIMIT_DOMAIN_SIZE];
};

static void
drop_policy(void *policy)
{
	policy_facts_free(policy);
}

/* They are there for as long as somebody waits. */
static const struct cache_kind flights = {.free = drop_policy};

static const struct known *
known_of(struct cache_entry *entry)
{
	return entry == NULL ? NULL : cache_value(entry);
}

/* A fetch on its way through the leaf pool. */
struct fetch_job {
	struct policies *policies;
	struct cache_entry *entry;
	char domain[LIMIT_DOMAIN_SIZE];
	enum policy_purpose purpose;
	int timeout_ms;
	struct policy_fetch_request request;
};

/* Whether it is the policy that is known, with the same words. */
static bool
is_unchanged(const struct fetch_job *job, const struct policy_facts *policy)
{
	struct cache_entry *entry =
	    policy_keep_peek(job->policies->keep, job->domain);
	const struct known *known = known_of(entry);
	bool same;

	if (entry == NULL)
		return false;
	same = known->policy != NULL && policy->body != NULL &&
	       strcmp(known->policy->body, policy->body) == 0;
	cache_release(entry);
	return same;
}

static void
count_fetch(const struct fetch_job *job, const struct policy_facts *policy,
    enum counts_fetch outcome)
{
	if (outcome == COUNTS_FETCH_OK && is_unchanged(job, policy))
		outcome = COUNTS_FETCH_UNCHANGED;
	counts_fetched(job->policies->options.counts, outcome);
}

/* One that is kept and has not expired counts on: RFC 8461 section 3.3. */
static void
tell_failure(const struct fetch_job *job, const struct policy_facts *policy)
{
	const struct policies *policies = job->policies;
	struct cache_entry *entry;
	const struct known *known;

	if (policies->options.failed == NULL || policy->fetch == POLICY_FETCHED)
		return;
	entry = policy_keep_peek(policies->keep, job->domain);
	known = known_of(entry);
	policies->options.failed(job->domain, policy,
	    known != NULL && known_is_unexpired(known) ? known->policy->policy
						       : NULL);
	if (entry != NULL)
		cache_release(entry);
}

/* Something was learnt of the policy host. */
static void
finish_fetch(struct fetch_job *job, struct policy_facts *policy)
{
	struct policy_turns *turns = job->policies->options.turns;
	struct share *share = job->policies->options.share;
	bool differs;

	policy->fetched_s = clock_wall_s();
	text_copy(policy->id, sizeof(policy->id), job->request.id);
	tell_failure(job, policy);
	differs = policy_keep_learn(job->policies->keep, job->domain, policy);
	/* who looks at a mark is told of the policy by cache_fill first */
	policy->mark = differs ? policy_turns_next(turns, job->domain)
			       : policy_turns_mark(turns, job->domain);
	if (share != NULL && policy->fetch == POLICY_FETCHED)
		share_put(share, job->domain, policy);
	/* what comes of it is kept; this is for those who wait */
	cache_fill(job->entry, policy, 0);
	cache_release(job->entry);
	free(job);
}

/* Nothing was: the next one tries anew. */
static void
give_up_fetch(struct fetch_job *job, struct policy_facts *failed)
{
	assert(failed->fetched_s == 0);
	cache_fill(job->entry, failed, 0);
	cache_release(job->entry);
	free(job);
}

/* Fetch in the time there is; of many at once the first have more of it. */
static struct policy_facts *
fetch_in_time(
    struct fetch_job *job, int64_t until_ms, struct policy_fetch_end *end)
{
	struct policies *policies = job->policies;
	bool patient =
	    atomic_fetch_add(&policies->running, 1) < policies->options.patient;
	int timeout_ms = patient ? POLICIES_FETCH_MS : job->timeout_ms;
	struct policy_facts *policy;

	policy = policy_fetch(
	    &job->request, clock_sooner_ms(until_ms, timeout_ms), end);
	atomic_fetch_sub(&policies->running, 1);
	return policy;
}

/* Whether what other hosts have will do, or nothing else is wanted. */
static bool
finish_by_others(struct fetch_job *job, int64_t deadline_ms)
{
	const struct policies_options *options = &job->policies->options;
	struct policy_share with = {
	    options->share, job->policies->keep, options->turns};
	struct policy_facts *theirs = policy_share_take(
	    &with, job->domain, job->request.id, job->purpose, deadline_ms);

	if (theirs == NULL && job->purpose != POLICY_SHARED)
		return false;
	if (theirs == NULL)
		theirs = policy_fetch_failed(
		    POLICY_FETCH_ERROR, "no other host has one");
	cache_fill(job->entry, theirs, 0);
	cache_release(job->entry);
	free(job);
	return true;
}

static bool
run_fetch(void *arg, int64_t until_ms)
{
	struct fetch_job *job = arg;
	int64_t deadline_ms = clock_sooner_ms(until_ms, job->timeout_ms);
	struct policy_facts *policy;
	struct policy_fetch_end end = {0};

	if (cache_forsake(job->entry)) {
		give_up_fetch(job, policy_fetch_failed(POLICY_FETCH_ERROR,
				       "nobody waits for it"));
		return true;
	}
	if (finish_by_others(job, deadline_ms))
		return true;
	policy = fetch_in_time(job, until_ms, &end);
	if (policy->fetch != POLICY_FETCHED &&
	    clock_left_ms(until_ms) < ROUNDING_MS) {
		policy_facts_free(policy);
		return false;
	}
	count_fetch(job, policy, end.outcome);
	if (end.learnt)
		finish_fetch(job, policy);
	else
		give_up_fetch(job, policy);
	return true;
}

static void
submit_fetch(struct policies *policies, struct cache_entry *entry,
    const char *domain, const char *id, enum policy_purpose purpose,
    int timeout_ms)
{
	const struct policies_options *options = &policies->options;
	struct fetch_job *job = xcalloc(1, sizeof(*job));

	job->policies = policies;
	job->entry = entry;
	job->purpose = purpose;
	job->timeout_ms = timeout_ms;
	text_copy(job->domain, sizeof(job->domain), domain);
	job->request.domain = job->domain;
	text_copy(job->request.id, sizeof(job->request.id), id);
	job->request.dns = options->dns;
	job->request.translation = options->translation;
	job->request.roots = options->roots;
	job->request.allow_private = options->allow_private;
	if (!pool_submit(options->leaves, POOL_NEW, run_fetch, job))
		give_up_fetch(job, policy_fetch_failed(POLICY_FETCH_ERROR,
				       "too many fetches are waiting"));
}

struct cache_entry *
policies_fetch(struct policies *policies, const char *domain, const char *id,
    enum policy_purpose purpose, int timeout_ms)
{
	/* who waits for one gets no other's: an id has letters and digits */
	static const char *const marks[] = {[POLICY_OWN] = "!",
	    [POLICY_REFRESH] = "",
	    [POLICY_UNKNOWN] = "",
	    [POLICY_SHARED] = "-"};
	char key[LIMIT_DOMAIN_SIZE + LIMIT_STS_ID + 4];
	struct cache_entry *entry;
	bool mine;

	assert(timeout_ms > 0);
	snprintf(key, sizeof(key), "%s %s%s", domain, id,
	    policies->options.share == NULL ? "" : marks[purpose]);
	entry = cache_claim(policies->fetches, key, &mine);
	if (mine)
		submit_fetch(policies, cache_hold(entry), domain, id, purpose,
		    timeout_ms);
	return entry;
}

/* Whether another host has fetched what counts here. */
static bool
is_borrowed(const struct known *known)
{
	return known != NULL && known_is_unexpired(known) &&
	       known->policy->by[0] != '\0';
}

/* A policy that was taken from another is fetched, announced or not. */
static void
want_own(struct policy_want *want, const char *id)
{
	const struct known *known = known_of(want->known);

	if (id == NULL)
		id = known->policy->id;
	if (known_failed_lately(known, id))
		return;
	want->fetch = policies_fetch(want->policies, want->domain, id,
	    POLICY_OWN, want->policies->options.timeout_ms);
}

/* Where nothing is announced, another host may have seen what was. */
static bool
calls_for_shared(const struct policy_want *want, const char *id)
{
	const struct known *known = known_of(want->known);
	struct share *share = want->policies->options.share;

	return id == NULL && share != NULL && share_is_open(share) &&
	       (known == NULL || !known_is_unexpired(known));
}

static bool
calls_for_fetch(const struct known *known, const char *id)
{
	if (id == NULL)
		return false;
	if (known == NULL)
		return true;
	if (known_is_unexpired(known) && strcmp(known->policy->id, id) == 0)
		return false;
	return !known_failed_lately(known, id);
}

struct policy_want *
policies_want(
    struct policies *policies, const char *domain, const char *id, bool own)
{
	const struct policies_options *options = &policies->options;
	struct policy_want *want = xcalloc(1, sizeof(*want));

	want->policies = policies;
	want->until_ms = INT64_MAX;
	text_copy(want->domain, sizeof(want->domain), domain);
	want->known = policy_keep_find(policies->keep, domain);
	want->shared = calls_for_shared(want, id);
	if (own && is_borrowed(known_of(want->known)))
		want_own(want, id);
	else if (want->shared)
		want->fetch = policies_fetch(
		    policies, domain, "", POLICY_SHARED, options->timeout_ms);
	else if (calls_for_fetch(known_of(want->known), id))
		want->fetch = policies_fetch(
		    policies, domain, id, POLICY_UNKNOWN, options->timeout_ms);
	if (want->fetch != NULL && options->patient > 0)
		want->until_ms = clock_mono_ms() + options->timeout_ms;
	return want;
}

/* A kept policy counts until it expires, whatever became of its refresh. */
static void
use_known(const struct known *known, struct sts_facts *sts)
{
	if (known_is_unexpired(known)) {
		sts->policy = policy_facts_ref(known->policy);
		sts->cached = true;
	} else if (sts->record.outcome == STS_RECORD_VALID &&
		   known_failed_lately(known, sts->record.id)) {
		sts->policy = policy_fetch_failed(
		    known->failed_how, known->failed_detail);
	}
}

/* Why the kept policy is not the fresh one, where it is not. */
static enum policy_fetch
why_stale(const struct known *known, const struct sts_facts *sts)
{
	if (sts->record.outcome != STS_RECORD_VALID)
		return POLICY_FETCH_ERROR;
	if (strcmp(known->policy->id, sts->record.id) == 0)
		return POLICY_NOT_FETCHED;
	return known_failed_lately(known, sts->record.id) ? known->failed_how
							  : POLICY_FETCH_ERROR;
}

static void
finish_without_fetch(const struct known *known, struct sts_facts *sts)
{
	if (known == NULL)
		return;
	use_known(known, sts);
	if (sts->cached)
		sts->failed = why_stale(known, sts);
}

/* As a policy that was kept before: nothing was announced for it. */
static void
finish_with_shared(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms)
{
	struct policy_facts *theirs = cache_await(want->fetch, deadline_ms);

	if (theirs == NULL || theirs->fetch != POLICY_FETCHED) {
		finish_without_fetch(known_of(want->known), sts);
		return;
	}
	sts->policy = policy_facts_ref(theirs);
	sts->mark = theirs->mark;
	sts->cached = true;
	sts->failed = POLICY_FETCH_ERROR;
}

static void
finish_with_fetch(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms)
{
	struct policy_facts *fetched = cache_await(want->fetch, deadline_ms);
	const struct known *known = known_of(want->known);

	if (fetched != NULL && fetched->fetch == POLICY_FETCHED) {
		sts->policy = policy_facts_ref(fetched);
		sts->mark = fetched->mark;
		return;
	}
	if (known != NULL && known_is_unexpired(known)) {
		sts->policy = policy_facts_ref(known->policy);
		sts->cached = true;
		sts->failed =
		    fetched == NULL ? POLICY_FETCH_ERROR : fetched->fetch;
		return;
	}
	sts->policy = fetched == NULL ? policy_fetch_failed(POLICY_FETCH_ERROR,
					    "no policy in time")
				      : policy_facts_ref(fetched);
}

struct policy_mark
policies_mark(const struct policies *policies, const char *domain)
{
	return policy_turns_mark(policies->options.turns, domain);
}

unsigned
policy_want_watch(struct policy_want *want, cache_ready *ready, void *arg)
{
	if (want->fetch == NULL)
		return 0;
	cache_when_filled(want->fetch, ready, arg);
	return 1;
}

int64_t
policy_want_until(const struct policy_want *want)
{
	return want->until_ms;
}

void
policy_want_finish(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms)
{
	if (want->fetch != NULL) {
		int64_t until_ms =
		    want->until_ms < deadline_ms ? want->until_ms : deadline_ms;

		if (want->shared)
			finish_with_shared(want, sts, until_ms);
		else
			finish_with_fetch(want, sts, until_ms);
		cache_release(want->fetch);
	} else {
		finish_without_fetch(known_of(want->known), sts);
	}
	if (want->known != NULL)
		cache_release(want->known);
	free(want);
}

/* Of a domain: its key is that and an id.  NULL: all. */
static bool
is_flight_of(void *arg, const char *key)
{
	const char *const *domain = arg;
	size_t length;

	if (*domain == NULL)
		return true;
	length = strlen(*domain);
	return strncmp(key, *domain, length) == 0 && key[length] == ' ';
}

int
policies_flush(struct policies *policies, const char *domain, struct err *err)
{
	int count = policy_keep_flush(policies->keep, domain, err);

	if (count >= 0)
		cache_flush(policies->fetches, is_flight_of, &domain);
	return count;
}

struct policy_keep *
policies_keep(struct policies *policies)
{
	return policies->keep;
}

struct share *
policies_share(struct policies *policies)
{
	return policies->options.share;
}

struct policies *
policies_new(const struct policies_options *options)
{
	struct policies *policies = xcalloc(1, sizeof(*policies));

	assert(options->leaves != NULL && options->timeout_ms > 0);
	policies->options = *options;
	policies->keep = policy_keep_new(&options->keep);
	policies->fetches =
	    cache_new(LIMIT_KEPT_POLICIES, &flights, options->keep.budget);
	return policies;
}

void
policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	cache_free(policies->fetches);
	policy_keep_free(policies->keep);
	free(policies);
}
