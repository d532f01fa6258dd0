/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/policies.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/gather/cache.h"
#include "common/gather/policy_fetch.h"
#include "common/gather/known.h"
#include "common/gather/policy_refresh.h"

enum {
	/* By which a transfer may end ahead of its deadline */
	ROUNDING_MS = 20,
};

struct policies {
	struct policies_options options;
	struct cache *known;   /* struct known, by domain */
	struct cache *fetches; /* struct policy_facts, by domain and id */
	struct lock lock;      /* guards changes of known, and what follows */
	bool store_trouble;    /* said already */
	unsigned flushes;
	struct policy_refresh *refresh; /* NULL: none */
	_Atomic bool store_fails;       /* the last time that it was written */
};

struct policy_want {
	struct policies *policies;
	struct cache_entry *known; /* NULL where the domain is not known */
	struct cache_entry *fetch; /* NULL where none is called for */
};

static void
drop_known(void *known)
{
	known_free(known);
}

static void
drop_policy(void *policy)
{
	policy_facts_free(policy);
}

/* Said once: a disk that is full is full for every policy. */
void
policies_store_failed(struct policies *policies, const struct err *err)
{
	bool first;

	lock_take(&policies->lock);
	first = !policies->store_trouble;
	policies->store_trouble = true;
	policies->store_fails = true;
	lock_drop(&policies->lock);
	if (first && policies->options.trouble != NULL)
		policies->options.trouble(policies->options.arg, err);
}

void
policies_store_worked(struct policies *policies)
{
	policies->store_fails = false;
}

bool
policies_store_fails(const struct policies *policies)
{
	return policies->store_fails;
}

static void
load_row(void *arg, const struct store_policy *row)
{
	struct policies *policies = arg;
	struct known *known = known_from_row(row, !policies->options.read_only);

	if (known != NULL)
		cache_put(policies->known, row->domain, known, INT64_MAX);
}

static void
load_all(struct policies *policies)
{
	struct err err;

	if (policies->options.store != NULL &&
	    store_each_policy(
		policies->options.store, load_row, policies, &err) < 0)
		policies_store_failed(policies, &err);
}

/* On disk before anybody rests a verdict on it. */
static void
keep_on_disk(
    struct policies *policies, const char *domain, const struct known *known)
{
	struct store_policy row;
	struct err err;

	if (policies->options.store == NULL || policies->options.read_only)
		return;
	known_to_row(known, domain, &row);
	if (store_put_policy(policies->options.store, &row, &err) != 0)
		policies_store_failed(policies, &err);
	else
		policies_store_worked(policies);
}

/* The entry of a domain that is known, held, or NULL. */
static struct cache_entry *
hold_known(struct policies *policies, const char *domain)
{
	return cache_find(policies->known, domain);
}

static const struct known *
known_of(struct cache_entry *entry)
{
	return entry == NULL ? NULL : cache_value(entry);
}

static void
take_in(
    struct policies *policies, const char *domain, struct policy_facts *fetched)
{
	struct cache_entry *entry;
	struct known *known;

	lock_take(&policies->lock);
	entry = hold_known(policies, domain);
	known = known_learn(known_of(entry), fetched);
	cache_put(policies->known, domain, known, INT64_MAX);
	if (entry != NULL)
		cache_release(entry);
	entry = hold_known(policies, domain);
	lock_drop(&policies->lock);
	if (entry != NULL) {
		keep_on_disk(policies, domain, known_of(entry));
		cache_release(entry);
	}
}

/* A fetch on its way through the leaf pool. */
struct fetch_job {
	struct policies *policies;
	struct cache_entry *entry;
	char domain[LIMIT_DOMAIN_SIZE];
	int timeout_ms;
	struct policy_fetch_request request;
};

static void
finish_fetch(struct fetch_job *job, struct policy_facts *policy)
{
	tally_fetch(
	    job->policies->options.tally, policy->fetch != POLICY_FETCHED);
	policy->fetched_s = clock_wall_s();
	text_copy(policy->id, sizeof(policy->id), job->request.id);
	take_in(job->policies, job->domain, policy);
	/* what comes of it stands in known; this is for those who wait */
	cache_fill(job->entry, policy, 0);
	cache_release(job->entry);
	free(job);
}

/* Nothing was learnt of the policy host: the next one tries anew. */
static void
give_up_fetch(struct fetch_job *job, struct policy_facts *failed)
{
	cache_fill(job->entry, failed, 0);
	cache_release(job->entry);
	free(job);
}

static bool
run_fetch(void *arg, int64_t until_ms)
{
	struct fetch_job *job = arg;
	struct policy_facts *policy;

	if (cache_forsake(job->entry)) {
		give_up_fetch(job, policy_fetch_failed(POLICY_FETCH_ERROR,
				       "nobody waits for it"));
		return true;
	}
	policy = policy_fetch(
	    &job->request, clock_sooner_ms(until_ms, job->timeout_ms));
	if (policy->fetch != POLICY_FETCHED &&
	    clock_left_ms(until_ms) < ROUNDING_MS) {
		policy_facts_free(policy);
		return false;
	}
	finish_fetch(job, policy);
	return true;
}

static void
submit_fetch(struct policies *policies, struct cache_entry *entry,
    const char *domain, const char *id, int timeout_ms, int64_t deadline_ms)
{
	struct fetch_job *job = xcalloc(1, sizeof(*job));
	struct policy_facts *failed;

	job->policies = policies;
	job->entry = entry;
	text_copy(job->domain, sizeof(job->domain), domain);
	text_copy(job->request.id, sizeof(job->request.id), id);
	job->request.roots = policies->options.roots;
	job->timeout_ms = timeout_ms;
	failed = policy_fetch_prepare(&job->request, policies->options.dns,
	    domain, policies->options.allow_private, deadline_ms);
	if (failed != NULL && clock_left_ms(deadline_ms) == 0)
		give_up_fetch(job, failed);
	else if (failed != NULL)
		finish_fetch(job, failed);
	else if (!pool_submit(
		     policies->options.leaves, POOL_NEW, run_fetch, job))
		give_up_fetch(job, policy_fetch_failed(POLICY_FETCH_ERROR,
				       "too many fetches are waiting"));
}

struct cache_entry *
policies_fetch(struct policies *policies, const char *domain, const char *id,
    int timeout_ms, int64_t deadline_ms)
{
	char key[LIMIT_DOMAIN_SIZE + LIMIT_STS_ID + 2];
	struct cache_entry *entry;
	bool mine;

	snprintf(key, sizeof(key), "%s %s", domain, id);
	entry = cache_claim(policies->fetches, key, &mine);
	if (mine)
		submit_fetch(policies, cache_hold(entry), domain, id,
		    timeout_ms, deadline_ms);
	return entry;
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

static unsigned
flushes(struct policies *policies)
{
	unsigned count;

	lock_take(&policies->lock);
	count = policies->flushes;
	lock_drop(&policies->lock);
	return count;
}

/* A row that was read before a flush is not to come back by it. */
static struct cache_entry *
load_known(struct policies *policies, const struct store_policy *row,
    unsigned flushes_before)
{
	struct cache_entry *entry;

	lock_take(&policies->lock);
	entry = hold_known(policies, row->domain);
	if (entry == NULL && policies->flushes == flushes_before) {
		load_row(policies, row);
		entry = hold_known(policies, row->domain);
	}
	lock_drop(&policies->lock);
	return entry;
}

/* In memory, or on disk: memory keeps the policies that are in use. */
static struct cache_entry *
find_known(struct policies *policies, const char *domain)
{
	struct cache_entry *entry = hold_known(policies, domain);
	unsigned flushes_before = flushes(policies);
	struct store_policy row;
	struct err err;
	int found;

	if (entry != NULL || policies->options.store == NULL)
		return entry;
	found = store_get_policy(policies->options.store, domain, &row, &err);
	if (found < 0)
		policies_store_failed(policies, &err);
	if (found <= 0)
		return NULL;
	entry = load_known(policies, &row, flushes_before);
	store_policy_fini(&row);
	return entry;
}

struct policy_want *
policies_want(struct policies *policies, const char *domain, const char *id,
    int64_t deadline_ms)
{
	struct policy_want *want = xcalloc(1, sizeof(*want));

	want->policies = policies;
	want->known = find_known(policies, domain);
	if (calls_for_fetch(known_of(want->known), id))
		want->fetch = policies_fetch(policies, domain, id,
		    policies->options.timeout_ms, deadline_ms);
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
staleness(const struct known *known, const struct sts_facts *sts)
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
		sts->failed = staleness(known, sts);
}

static void
finish_with_fetch(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms)
{
	struct policy_facts *fetched = cache_await(want->fetch, deadline_ms);
	const struct known *known = known_of(want->known);

	if (fetched != NULL && fetched->fetch == POLICY_FETCHED) {
		sts->policy = policy_facts_ref(fetched);
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

unsigned
policy_want_watch(struct policy_want *want, cache_ready *ready, void *arg)
{
	if (want->fetch == NULL)
		return 0;
	cache_when_filled(want->fetch, ready, arg);
	return 1;
}

void
policy_want_finish(
    struct policy_want *want, struct sts_facts *sts, int64_t deadline_ms)
{
	if (want->fetch != NULL) {
		finish_with_fetch(want, sts, deadline_ms);
		cache_release(want->fetch);
	} else {
		finish_without_fetch(known_of(want->known), sts);
	}
	if (want->known != NULL)
		cache_release(want->known);
	free(want);
}

/* What is to be forgotten. */
struct flush {
	const char *domain; /* NULL: all */
};

/* A key is the domain, or the domain and an id. */
static bool
is_meant(void *arg, const char *key)
{
	const struct flush *flush = arg;
	size_t length;

	if (flush->domain == NULL)
		return true;
	length = strlen(flush->domain);
	return strncmp(key, flush->domain, length) == 0 &&
	       (key[length] == '\0' || key[length] == ' ');
}

int
policies_flush(struct policies *policies, const char *domain, struct err *err)
{
	struct flush flush = {domain};
	int stored = 0, kept;

	if (policies->options.store != NULL && policies->options.read_only)
		return err_set(err, ERR_LOCAL, "the store can only be read");
	lock_take(&policies->lock);
	policies->flushes++;
	lock_drop(&policies->lock);
	if (policies->options.store != NULL)
		stored =
		    store_drop_policy(policies->options.store, domain, err);
	if (stored < 0)
		return -1;
	cache_flush(policies->fetches, is_meant, &flush);
	kept = (int)cache_flush(policies->known, is_meant, &flush);
	return kept > stored ? kept : stored;
}

struct cache *
policies_known(struct policies *policies)
{
	return policies->known;
}

struct policies *
policies_new(const struct policies_options *options)
{
	struct policies *policies = xcalloc(1, sizeof(*policies));

	policies->options = *options;
	lock_init(&policies->lock);
	policies->known = cache_new(LIMIT_KEPT_POLICIES, drop_known);
	policies->fetches = cache_new(LIMIT_KEPT_POLICIES, drop_policy);
	load_all(policies);
	if (options->refresh > 0)
		policies->refresh = policy_refresh_new(
		    policies, options->dns, options->refresh);
	return policies;
}

void
policies_end_refresh(struct policies *policies)
{
	if (policies == NULL)
		return;
	policy_refresh_free(policies->refresh);
	policies->refresh = NULL;
}

void
policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	policies_end_refresh(policies);
	cache_free(policies->fetches);
	cache_free(policies->known);
	lock_fini(&policies->lock);
	free(policies);
}
