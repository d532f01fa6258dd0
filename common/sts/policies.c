/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policies.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cache.h"
#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/known.h"
#include "common/sts/policy_fetch.h"
#include "common/sts/share_policy.h"

/*
 * How it works.
 * 1. Who wants a policy begins a fetch, a flight, or joins the one under way
 *    for the same domain and id.  A flight runs in a leaf, in its own time.
 * 2. What a flight learns of the policy host, a policy or a failure of that
 *    host, goes into policy_keep, and so onto the disk, before those who wait
 *    are told.  If it has learnt nothing, they are told why, and the next check
 *    tries anew.
 * 3. So that a slow policy host is one that has its policy known in the end, a
 *    check gives up long before the flight does (policy_want).  Flights of that
 *    kind are a part of the leaves: the others make way sooner.
 * 4. Whoever refreshes policies begins flights as well, ahead of their end.
 * 5. Where hosts share policies, a flight first looks whether one that another
 *    has fetched will do, and gives what it has fetched itself to all.  One
 * that only looks takes a leaf when there is something to be read.
 */

enum {
	/* By which a transfer may end ahead of its deadline */
	ROUNDING_MS = 20,
};

struct policies {
	struct policies_options options;
	struct policy_keep *keep;
	atomic_uint running;   /* flights in a leaf */
	atomic_bool ended;     /* no flight goes on */
	struct cache *fetches; /* struct policy_facts, by domain and id */
	struct lock lock;
	struct cond sought;
	unsigned seeking; /* with lock: flights that wait for the store */
};

static void
drop_policy(void *policy)
{
	policy_facts_free(policy);
}

/* They are there for as long as somebody waits. */
static const struct cache_kind flights = {.free = drop_policy};

/* A fetch on its way through the leaf pool. */
struct fetch_job {
	struct policies *policies;
	struct cache_entry *entry;
	char domain[LIMIT_DOMAIN_SIZE];
	enum policy_purpose purpose;
	int timeout_ms;
	struct policy_fetch_request request;
	struct resp *value; /* of POLICY_SHARED, for a leaf to read */
};

/* Whether it is the policy that is known, with the same words. */
static bool
is_unchanged(const struct fetch_job *job, const struct policy_facts *policy)
{
	struct cache_entry *entry =
	    policy_keep_peek(job->policies->keep, job->domain);
	const struct known *known;
	bool same;

	if (entry == NULL)
		return false;
	known = cache_value(entry);
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
	known = entry == NULL ? NULL : cache_value(entry);
	policies->options.failed(job->domain, policy,
	    known != NULL && known_is_unexpired(known) ? known->policy->policy
						       : NULL);
	if (entry != NULL)
		cache_release(entry);
}

/* Who waits gets that. */
static void
end_fetch(struct fetch_job *job, struct policy_facts *policy)
{
	cache_fill(job->entry, policy, 0);
	cache_release(job->entry);
	resp_free(job->value);
	free(job);
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
		share_policy_put(share, job->domain, policy);
	/* what comes of it is kept; this is for those who wait */
	end_fetch(job, policy);
}

/* Nothing was: the next one tries anew. */
static void
give_up_fetch(struct fetch_job *job, struct policy_facts *failed)
{
	assert(failed->fetched_s == 0);
	end_fetch(job, failed);
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

static void
give_up_seeking(struct fetch_job *job)
{
	give_up_fetch(job,
	    policy_fetch_failed(POLICY_FETCH_ERROR, "no other host has one"));
}

/* Whether what other hosts have will do, or nothing else is wanted. */
static bool
finish_by_others(struct fetch_job *job, int64_t deadline_ms)
{
	const struct policies_options *options = &job->policies->options;
	struct policy_share with = {
	    options->share, job->policies->keep, options->turns};
	struct policy_facts *theirs =
	    job->value != NULL
		? policy_share_read(&with, job->domain, job->value)
		: policy_share_take(&with, job->domain, job->request.id,
		      job->purpose, deadline_ms);

	if (theirs == NULL && job->purpose != POLICY_SHARED)
		return false;
	if (theirs == NULL)
		give_up_seeking(job);
	else
		end_fetch(job, theirs);
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
hand_to_leaf(struct fetch_job *job)
{
	if (!pool_submit(
		job->policies->options.leaves, POOL_NEW, run_fetch, job))
		give_up_fetch(job, policy_fetch_failed(POLICY_FETCH_ERROR,
				       "too many fetches are waiting"));
}

static void
count_seeking(struct policies *policies, int change)
{
	lock_take(&policies->lock);
	policies->seeking += (unsigned)change;
	if (policies->seeking == 0)
		cond_broadcast(&policies->sought);
	lock_drop(&policies->lock);
}

/* By the store's thread: a leaf reads what there is. */
static void
hear_of_policy(void *arg, struct resp *reply, enum shared_result result)
{
	struct fetch_job *job = arg;
	struct policies *policies = job->policies;

	job->value = reply;
	if (result == SHARED_RESULT_HIT)
		hand_to_leaf(job);
	else
		give_up_seeking(job);
	count_seeking(policies, -1);
}

/* For most domains nobody has one, and that is to cost little. */
static void
seek_policy(struct fetch_job *job)
{
	count_seeking(job->policies, 1);
	share_policy_seek(
	    job->policies->options.share, job->domain, hear_of_policy, job);
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
	job->request.manners = options->manners;
	job->request.ended = &policies->ended;
	if (purpose == POLICY_SHARED && options->share != NULL)
		seek_policy(job);
	else
		hand_to_leaf(job);
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

struct policy_mark
policies_mark(const struct policies *policies, const char *domain)
{
	return policy_turns_mark(policies->options.turns, domain);
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

const struct policies_options *
policies_options(const struct policies *policies)
{
	return &policies->options;
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
	lock_init(&policies->lock);
	cond_init(&policies->sought);
	policies->keep = policy_keep_new(&options->keep);
	policies->fetches =
	    cache_new(LIMIT_KEPT_POLICIES, &flights, options->keep.budget);
	return policies;
}

void
policies_end(struct policies *policies)
{
	if (policies == NULL)
		return;
	atomic_store(&policies->ended, true);
	lock_take(&policies->lock);
	while (policies->seeking > 0)
		cond_wait(&policies->sought, &policies->lock);
	lock_drop(&policies->lock);
}

void
policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	cache_free(policies->fetches);
	policy_keep_free(policies->keep);
	cond_fini(&policies->sought);
	lock_fini(&policies->lock);
	free(policies);
}
