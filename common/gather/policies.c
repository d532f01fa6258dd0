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

enum {
	/* RFC 8461 section 3.3: no second try for the same id within this */
	FAILED_KEEP_S = 300,

	/* RFC 8461 section 10.2: about daily, whatever the record says */
	REFRESH_S = 20 * 3600,
	REFRESH_SPREAD_S = 4 * 3600,
	REFRESH_RETRY_S = 3600, /* after one that failed */
	REFRESH_ROUND_MS = 60 * 1000,
	REFRESH_AT_ONCE = 4,
	REFRESH_TIMEOUT_MS = 60 * 1000, /* RFC 8461 section 3.3 */

	/* By which a transfer may end ahead of its deadline */
	ROUNDING_MS = 20,
};

/* What is known of a policy domain.  Immutable; a change is a new one. */
struct known {
	struct policy_facts *policy; /* NULL: none was ever fetched */
	time_t expires_s;
	char failed_id[LIMIT_STS_ID + 1];
	time_t failed_s; /* 0: no failure since the last success */
	enum policy_fetch failed_how;
	char failed_detail[LIMIT_DETAIL_SIZE];
};

struct policies {
	struct policies_options options;
	char *ca_file;
	struct cache *known;   /* struct known, by domain */
	struct cache *fetches; /* struct policy_facts, by domain and id */
	struct lock lock;      /* guards changes of known, and what follows */
	struct cond ending;
	bool end;
	bool store_trouble; /* said already */
	bool refreshing;
	pthread_t refresher;
};

struct policy_want {
	struct policies *policies;
	struct cache_entry *known; /* NULL where the domain is not known */
	struct cache_entry *fetch; /* NULL where none is called for */
};

static void
known_free(void *value)
{
	struct known *known = value;

	policy_facts_free(known->policy);
	free(known);
}

static void
drop_policy(void *policy)
{
	policy_facts_free(policy);
}

static bool
is_unexpired(const struct known *known)
{
	return known->policy != NULL && clock_wall_s() < known->expires_s;
}

/* Said once: a disk that is full is full for every policy. */
void
policies_store_failed(struct policies *policies, const struct err *err)
{
	bool first;

	lock_take(&policies->lock);
	first = !policies->store_trouble;
	policies->store_trouble = true;
	lock_drop(&policies->lock);
	if (first && policies->options.trouble != NULL)
		policies->options.trouble(policies->options.arg, err);
}

/* A row of the store; NULL when its policy is none that we would have kept. */
static struct known *
known_from_row(const struct policies *policies, const struct store_policy *row)
{
	struct known *known = xcalloc(1, sizeof(*known));

	if (row->body != NULL) {
		known->policy = policy_facts_new(POLICY_FETCHED);
		known->policy->policy =
		    sts_policy_parse(row->body, row->length, NULL);
		known->policy->fetched_s = row->fetched_s;
		text_copy(
		    known->policy->id, sizeof(known->policy->id), row->id);
		known->policy->body = xstrndup(row->body, row->length);
		known->expires_s = row->expires_s;
		if (known->policy->policy == NULL) {
			known_free(known);
			return NULL;
		}
	}
	if (policies->options.read_only)
		return known;
	text_copy(known->failed_id, sizeof(known->failed_id), row->failed_id);
	known->failed_s = row->failed_s;
	known->failed_how = row->failed_how >= POLICY_FETCH_ERROR &&
				    row->failed_how <= POLICY_INVALID
				? (enum policy_fetch)row->failed_how
				: POLICY_FETCH_ERROR;
	text_copy(known->failed_detail, sizeof(known->failed_detail),
	    row->failed_detail);
	return known;
}

static void
load_row(void *arg, const struct store_policy *row)
{
	struct policies *policies = arg;
	struct known *known = known_from_row(policies, row);

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
	struct store_policy row = {
	    .failed_s = known->failed_s, .failed_how = (int)known->failed_how};
	struct err err;

	if (policies->options.store == NULL || policies->options.read_only)
		return;
	text_copy(row.domain, sizeof(row.domain), domain);
	text_copy(row.failed_id, sizeof(row.failed_id), known->failed_id);
	text_copy(
	    row.failed_detail, sizeof(row.failed_detail), known->failed_detail);
	if (known->policy != NULL) {
		text_copy(row.id, sizeof(row.id), known->policy->id);
		row.body = known->policy->body;
		row.length = strlen(row.body);
		row.fetched_s = known->policy->fetched_s;
		row.expires_s = known->expires_s;
	}
	if (store_put_policy(policies->options.store, &row, &err) != 0)
		policies_store_failed(policies, &err);
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

/* RFC 8461 section 5.1: a policy replaces the one before; a failure leaves that
 * one as it is, under its own id and with its own end. */
static struct known *
learn(const struct known *before, struct policy_facts *fetched)
{
	struct known *known = xcalloc(1, sizeof(*known));

	if (fetched->fetch == POLICY_FETCHED) {
		known->policy = policy_facts_ref(fetched);
		known->expires_s =
		    fetched->fetched_s + (time_t)fetched->policy->max_age_s;
		return known;
	}
	if (before != NULL && before->policy != NULL) {
		known->policy = policy_facts_ref(before->policy);
		known->expires_s = before->expires_s;
	}
	text_copy(known->failed_id, sizeof(known->failed_id), fetched->id);
	known->failed_s = fetched->fetched_s;
	known->failed_how = fetched->fetch;
	text_copy(known->failed_detail, sizeof(known->failed_detail),
	    fetched->detail);
	return known;
}

static void
take_in(
    struct policies *policies, const char *domain, struct policy_facts *fetched)
{
	struct cache_entry *entry;
	struct known *known;

	lock_take(&policies->lock);
	entry = hold_known(policies, domain);
	known = learn(known_of(entry), fetched);
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
	policy->fetched_s = clock_wall_s();
	text_copy(policy->id, sizeof(policy->id), job->request.id);
	take_in(job->policies, job->domain, policy);
	/* what comes of it stands in known; this is for those who wait */
	cache_fill(job->entry, policy, 0);
	cache_release(job->entry);
	free(job);
}

static bool
run_fetch(void *arg, int64_t until_ms)
{
	struct fetch_job *job = arg;
	struct policy_facts *policy = policy_fetch(
	    &job->request, clock_sooner_ms(until_ms, job->timeout_ms));

	if (policy->fetch != POLICY_FETCHED &&
	    clock_left_ms(until_ms) < ROUNDING_MS) {
		policy_facts_free(policy);
		return false;
	}
	finish_fetch(job, policy);
	return true;
}

/* Nothing was learnt of the policy host: the next one tries anew. */
static void
give_up_fetch(struct fetch_job *job, struct policy_facts *failed)
{
	cache_fill(job->entry, failed, 0);
	cache_release(job->entry);
	free(job);
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
	job->request.ca_file = policies->ca_file;
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

static struct cache_entry *
join_fetch(struct policies *policies, const char *domain, const char *id,
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

/* RFC 8461 section 3.3: a failed fetch is not tried again at once, unless the
 * record has a new id. */
static bool
failed_lately(const struct known *known, const char *id)
{
	time_t now = clock_wall_s();

	return known->failed_s != 0 && strcmp(known->failed_id, id) == 0 &&
	       now >= known->failed_s && now - known->failed_s < FAILED_KEEP_S;
}

static bool
calls_for_fetch(const struct known *known, const char *id)
{
	if (id == NULL)
		return false;
	if (known == NULL)
		return true;
	if (is_unexpired(known) && strcmp(known->policy->id, id) == 0)
		return false;
	return !failed_lately(known, id);
}

/* In memory, or on disk: memory keeps the policies that are in use. */
static struct cache_entry *
find_known(struct policies *policies, const char *domain)
{
	struct cache_entry *entry = hold_known(policies, domain);
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
	lock_take(&policies->lock);
	entry = hold_known(policies, domain);
	if (entry == NULL) {
		load_row(policies, &row);
		entry = hold_known(policies, domain);
	}
	lock_drop(&policies->lock);
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
		want->fetch = join_fetch(policies, domain, id,
		    policies->options.timeout_ms, deadline_ms);
	return want;
}

/* A kept policy counts until it expires, whatever became of its refresh. */
static void
use_known(const struct known *known, struct sts_facts *sts)
{
	if (is_unexpired(known)) {
		sts->policy = policy_facts_ref(known->policy);
		sts->cached = true;
	} else if (sts->record.outcome == STS_RECORD_VALID &&
		   failed_lately(known, sts->record.id)) {
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
	return failed_lately(known, sts->record.id) ? known->failed_how
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
	if (known != NULL && is_unexpired(known)) {
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

/* Domains that are due, at most so many a round. */
struct due {
	time_t now;
	size_t count;
	char domains[REFRESH_AT_ONCE][LIMIT_DOMAIN_SIZE];
};

/* Spread over hours, the same for a domain every day. */
static time_t
spread_s(const char *domain)
{
	unsigned hash = 5381;

	for (; *domain != '\0'; domain++)
		hash = hash * 33 + (unsigned char)*domain;
	return (time_t)(hash % REFRESH_SPREAD_S);
}

static void
collect_due(void *arg, const char *domain, const void *value)
{
	const struct known *known = value;
	struct due *due = arg;
	time_t life_s, age_s, after_s = REFRESH_S + spread_s(domain);

	if (due->count == REFRESH_AT_ONCE || known->policy == NULL ||
	    due->now >= known->expires_s)
		return;
	life_s = known->expires_s - known->policy->fetched_s;
	age_s = due->now - known->policy->fetched_s;
	/* a short life is renewed when half of it is over */
	if (life_s / 2 < after_s)
		after_s = life_s / 2;
	if (age_s >= after_s &&
	    (known->failed_s == 0 ||
		due->now - known->failed_s >= REFRESH_RETRY_S))
		text_copy(
		    due->domains[due->count++], LIMIT_DOMAIN_SIZE, domain);
}

/* The id that the record announces now; the kept one where there is none. */
static void
current_id(
    struct policies *policies, const char *domain, char id[LIMIT_STS_ID + 1])
{
	struct cache_entry *entry = hold_known(policies, domain);
	const struct known *known = known_of(entry);
	struct sts_record record = policy_fetch_record(policies->options.dns,
	    domain, clock_mono_ms() + REFRESH_TIMEOUT_MS);

	id[0] = '\0';
	if (record.outcome == STS_RECORD_VALID)
		text_copy(id, LIMIT_STS_ID + 1, record.id);
	else if (known != NULL && known->policy != NULL)
		text_copy(id, LIMIT_STS_ID + 1, known->policy->id);
	if (entry != NULL)
		cache_release(entry);
}

static void
refresh_due(struct policies *policies, const struct due *due)
{
	struct cache_entry *fetches[REFRESH_AT_ONCE];
	int64_t deadline_ms = 0;
	char id[LIMIT_STS_ID + 1];

	for (size_t i = 0; i < due->count; i++) {
		current_id(policies, due->domains[i], id);
		deadline_ms = clock_mono_ms() + REFRESH_TIMEOUT_MS;
		fetches[i] = join_fetch(policies, due->domains[i], id,
		    REFRESH_TIMEOUT_MS, deadline_ms);
	}
	for (size_t i = 0; i < due->count; i++) {
		cache_await(fetches[i], deadline_ms);
		cache_release(fetches[i]);
	}
}

/* Waits a round; false when it is time to end. */
static bool
wait_round(struct policies *policies, bool more)
{
	int64_t until_ms = clock_mono_ms() + (more ? 0 : REFRESH_ROUND_MS);
	bool end;

	lock_take(&policies->lock);
	while (!policies->end &&
	       cond_wait_until(&policies->ending, &policies->lock, until_ms))
		continue;
	end = policies->end;
	lock_drop(&policies->lock);
	return !end;
}

static void *
refresh(void *arg)
{
	struct policies *policies = arg;
	struct due due = {.count = REFRESH_AT_ONCE}; /* no wait at first */

	while (wait_round(policies, due.count == REFRESH_AT_ONCE)) {
		due.now = clock_wall_s();
		due.count = 0;
		cache_each(policies->known, collect_due, &due);
		refresh_due(policies, &due);
	}
	return NULL;
}

struct policies *
policies_new(const struct policies_options *options)
{
	struct policies *policies = xcalloc(1, sizeof(*policies));

	policies->options = *options;
	if (options->ca_file != NULL)
		policies->ca_file = xstrdup(options->ca_file);
	lock_init(&policies->lock);
	cond_init(&policies->ending);
	policies->known = cache_new(LIMIT_KEPT_POLICIES, known_free);
	policies->fetches = cache_new(LIMIT_KEPT_POLICIES, drop_policy);
	load_all(policies);
	if (options->refresh)
		policies->refreshing = pthread_create(&policies->refresher,
					   NULL, refresh, policies) == 0;
	return policies;
}

void
policies_end_refresh(struct policies *policies)
{
	if (policies == NULL || !policies->refreshing)
		return;
	lock_take(&policies->lock);
	policies->end = true;
	cond_broadcast(&policies->ending);
	lock_drop(&policies->lock);
	pthread_join(policies->refresher, NULL);
	policies->refreshing = false;
}

void
policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	policies_end_refresh(policies);
	cache_free(policies->fetches);
	cache_free(policies->known);
	cond_fini(&policies->ending);
	lock_fini(&policies->lock);
	free(policies->ca_file);
	free(policies);
}
