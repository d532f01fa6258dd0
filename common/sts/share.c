/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works.
 * 1. What is read is input: its signature over the key's name, its JSON and the
 *    policy in it are checked here, whatever the store is.  Ten forged values a
 *    minute, and nothing is asked for ten minutes.
 * 2. What is put waits in a queue for a thread, which looks what is there
 *    first: a newer policy of another host stays.
 * 3. A policy that was forgotten is buried: a copy of it that somebody puts
 *    back is not taken for a day.
 */
#include "common/sts/share.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	MINUTE_MS = 60 * 1000,
	FORGED_A_MINUTE = 10,
	SHUT_MS = 10 * MINUTE_MS,

	LEASE_MS = 15 * 1000,

	/* A policy in force is fetched and put again each day */
	CREATE_S = 7 * CLOCK_DAY_S,

	BURIED_S = CLOCK_DAY_S,
};

struct put {
	TAILQ_ENTRY(put) link;
	char domain[LIMIT_DOMAIN_SIZE];
	struct policy_facts *policy;
	size_t octets;
};
TAILQ_HEAD(put_list, put);

struct grave {
	char domain[LIMIT_DOMAIN_SIZE];
	time_t at; /* 0: free */
};

struct share {
	struct share_options options;
	char prefix[SHARE_PREFIX_SIZE];
	char host[LIMIT_DOMAIN_SIZE];
	pthread_t thread;

	struct lock lock; /* for all that follows */
	struct cond queued;
	bool end;
	struct put_list puts;
	size_t put_count, put_octets;
	int64_t minute_ms, shut_until_ms;
	unsigned forged; /* in that minute */
	struct grave graves[LIMIT_SHARED_GRAVES];
	size_t next_grave;
};

void
share_tell(struct share *share, enum share_what what, const char *domain,
    const char *by, enum shared_fault fault)
{
	share->options.told(share->options.arg, what, domain, by, fault);
}

const char *
share_host(const struct share *share)
{
	return share->host;
}

void
share_name(const struct share *share, const char *kind, const char *rest,
    char out[SHARE_NAME_SIZE])
{
	int length = snprintf(out, SHARE_NAME_SIZE, "%s:1:%s%s%s",
	    share->prefix, kind, rest[0] == '\0' ? "" : ":", rest);

	assert(length > 0 && length < SHARE_NAME_SIZE);
}

bool
share_is_open(struct share *share)
{
	bool shut;

	lock_take(&share->lock);
	shut = clock_left_ms(share->shut_until_ms) > 0;
	lock_drop(&share->lock);
	return !shut && shared_is_up(share->options.store);
}

/* --- what does not count --- */

/* Of forged values the first of a minute is told; true for the tenth. */
static bool
note_forged(struct share *share, bool *first)
{
	bool shut = false;

	lock_take(&share->lock);
	if (share->minute_ms == 0 ||
	    clock_mono_ms() - share->minute_ms > MINUTE_MS) {
		share->minute_ms = clock_mono_ms();
		share->forged = 0;
	}
	*first = share->forged == 0;
	if (++share->forged == FORGED_A_MINUTE) {
		share->shut_until_ms = clock_mono_ms() + SHUT_MS;
		shut = true;
	}
	lock_drop(&share->lock);
	return shut;
}

void
share_reject(struct share *share, const char *domain, const char *by,
    enum shared_fault fault)
{
	bool first = true, shut = false;

	assert(fault != SHARED_NO_FAULT);
	share->options.counts->rejected[fault]++;
	if (fault == SHARED_FAULT_MAC)
		shut = note_forged(share, &first);
	if (first)
		share_tell(share, SHARE_REJECTED, domain, by, fault);
	if (shut)
		share_tell(share, SHARE_SHUT, domain, by, fault);
}

const char *
share_open_value(struct share *share, const char *name,
    const struct resp *value, size_t *size, enum shared_fault *fault)
{
	*fault = SHARED_FAULT_SYNTAX;
	if (value->kind != RESP_TEXT)
		return NULL;
	return shared_value_verify(&share->options.keys, name, value->text,
	    value->length, size, fault);
}

char *
share_sign(const struct share *share, const char *name, const char *payload)
{
	return shared_value_sign(&share->options.keys, name, payload);
}

/* --- graves --- */

void
share_bury(struct share *share, const char *domain, time_t at)
{
	struct grave *grave;
	size_t i = 0;

	lock_take(&share->lock);
	while (i < LIMIT_SHARED_GRAVES &&
	       strcmp(share->graves[i].domain, domain) != 0)
		i++;
	if (i == LIMIT_SHARED_GRAVES) {
		i = share->next_grave++ % LIMIT_SHARED_GRAVES;
		share->graves[i].at = 0;
	}
	grave = &share->graves[i];
	text_copy(grave->domain, sizeof(grave->domain), domain);
	if (at > grave->at)
		grave->at = at;
	lock_drop(&share->lock);
}

static bool
is_buried(struct share *share, const struct shared_policy *policy, time_t now)
{
	bool buried = false;

	lock_take(&share->lock);
	for (size_t i = 0; i < LIMIT_SHARED_GRAVES && !buried; i++) {
		const struct grave *grave = &share->graves[i];

		buried = grave->at != 0 && now - grave->at < BURIED_S &&
			 policy->fetched_s <= grave->at &&
			 strcmp(grave->domain, policy->domain) == 0;
	}
	lock_drop(&share->lock);
	return buried;
}

/* --- asking --- */

static struct shared_policy *
read_shared_policy(struct share *share, const char *domain, const char *name,
    const struct resp *value, enum shared_fault *fault)
{
	time_t now = clock_wall_s();
	struct shared_policy *policy;
	size_t size;
	const char *payload =
	    share_open_value(share, name, value, &size, fault);

	if (payload == NULL)
		return NULL;
	policy = shared_policy_read(payload, size, domain, now, fault);
	if (policy == NULL || !is_buried(share, policy, now))
		return policy;
	*fault = SHARED_FAULT_TIME;
	shared_policy_free(policy);
	return NULL;
}

struct shared_policy *
share_ask(struct share *share, const char *domain)
{
	char name[SHARE_NAME_SIZE];
	struct resp_words words = {.count = 2, .items = {"GET", name}};
	struct shared_policy *policy;
	enum shared_result result;
	enum shared_fault fault;
	struct resp *reply;

	if (!share_is_open(share))
		return NULL;
	share_name(share, "p", domain, name);
	reply =
	    shared_ask(share->options.store, SHARED_OP_GET, &words, &result);
	if (result != SHARED_RESULT_HIT) {
		resp_free(reply);
		return NULL;
	}
	policy = read_shared_policy(share, domain, name, reply, &fault);
	if (policy == NULL)
		share_reject(share, domain, "", fault);
	resp_free(reply);
	return policy;
}

bool
share_may_create(const struct shared_policy *policy, time_t now)
{
	return policy->policy->mode == STS_MODE_ENFORCE &&
	       now - policy->fetched_s <= CREATE_S;
}

struct policy_facts *
share_facts(struct shared_policy *policy)
{
	struct policy_facts *facts = policy_facts_new(POLICY_FETCHED);
	time_t now = clock_wall_s();

	facts->policy = policy->policy;
	facts->body = policy->body;
	policy->policy = NULL;
	policy->body = NULL;
	text_copy(facts->id, sizeof(facts->id), policy->id);
	text_copy(facts->by, sizeof(facts->by), policy->by);
	/* a clock that is ahead by a little lends no longer life */
	facts->fetched_s = policy->fetched_s < now ? policy->fetched_s : now;
	return facts;
}

/* A host that comes back to what it has begun is not its own rival. */
static bool
is_own_lease(struct share *share, const char *name)
{
	struct resp_words words = {.count = 2, .items = {"GET", name}};
	enum shared_result result;
	struct resp *holder =
	    shared_ask(share->options.store, SHARED_OP_LEASE, &words, &result);
	bool own = holder != NULL && resp_is(holder, share->host);

	resp_free(holder);
	return own;
}

bool
share_claim(struct share *share, const char *domain)
{
	char name[SHARE_NAME_SIZE], digest[SHARED_DIGEST_SIZE], life[16];
	const char *const fields[] = {"p", domain};
	struct resp_words words = {
	    .count = 6, .items = {"SET", name, share->host, "NX", "PX", life}};
	enum shared_result result;

	if (!share_is_open(share))
		return true;
	snprintf(life, sizeof(life), "%d", LEASE_MS);
	shared_digest(fields, 2, digest);
	share_name(share, "l", digest, name);
	resp_free(
	    shared_ask(share->options.store, SHARED_OP_LEASE, &words, &result));
	return result != SHARED_RESULT_MISS || is_own_lease(share, name);
}

/* --- putting --- */

static void
drop_put(struct put *put)
{
	policy_facts_free(put->policy);
	free(put);
}

static void
drop_oldest_locked(struct share *share)
{
	struct put *put = TAILQ_FIRST(&share->puts);

	TAILQ_REMOVE(&share->puts, put, link);
	share->put_count--;
	share->put_octets -= put->octets;
	share->options.counts->dropped++;
	drop_put(put);
}

void
share_put(
    struct share *share, const char *domain, const struct policy_facts *policy)
{
	struct put *put = xcalloc(1, sizeof(*put));

	assert(policy->fetch == POLICY_FETCHED && policy->by[0] == '\0');
	text_copy(put->domain, sizeof(put->domain), domain);
	put->octets = strlen(policy->body);
	put->policy = policy_facts_new(POLICY_FETCHED);
	put->policy->body = xstrdup(policy->body);
	put->policy->fetched_s = policy->fetched_s;
	text_copy(put->policy->id, sizeof(put->policy->id), policy->id);
	put->policy->policy = sts_policy_parse(policy->body, put->octets, NULL);
	assert(put->policy->policy != NULL); /* it was parsed before */
	lock_take(&share->lock);
	TAILQ_INSERT_TAIL(&share->puts, put, link);
	share->put_count++;
	share->put_octets += put->octets;
	while (share->put_count > LIMIT_SHARED_PUTS ||
	       share->put_octets > LIMIT_SHARED_PUT_OCTETS)
		drop_oldest_locked(share);
	cond_signal(&share->queued);
	lock_drop(&share->lock);
}

/* The next one, or NULL when it is time to end. */
static struct put *
next_put(struct share *share)
{
	struct put *put;

	lock_take(&share->lock);
	while (!share->end && TAILQ_EMPTY(&share->puts))
		cond_wait(&share->queued, &share->lock);
	put = share->end ? NULL : TAILQ_FIRST(&share->puts);
	if (put != NULL) {
		TAILQ_REMOVE(&share->puts, put, link);
		share->put_count--;
		share->put_octets -= put->octets;
	}
	lock_drop(&share->lock);
	return put;
}

/* Whether another host has put what is newer, and another policy. */
static bool
is_in_conflict(struct share *share, const struct put *put)
{
	AUTO(shared_policy)
	struct shared_policy *there = share_ask(share, put->domain);

	if (there == NULL || there->fetched_s <= put->policy->fetched_s ||
	    strcmp(there->body, put->policy->body) == 0)
		return false;
	share_reject(share, put->domain, there->by, SHARED_FAULT_CONFLICT);
	return true;
}

static void
put_shared_policy(struct share *share, const struct put *put)
{
	const struct policy_facts *facts = put->policy;
	char name[SHARE_NAME_SIZE], until[24];
	struct resp_words words = {
	    .count = 5, .items = {"SET", name, NULL, "PXAT", until}};
	struct shared_policy policy = {.body = facts->body,
	    .policy = facts->policy,
	    .fetched_s = facts->fetched_s,
	    .expires_s = facts->fetched_s + (time_t)facts->policy->max_age_s};
	enum shared_result result;
	char *payload, *value;

	if (policy.expires_s <= clock_wall_s() || is_in_conflict(share, put))
		return;
	text_copy(policy.domain, sizeof(policy.domain), put->domain);
	text_copy(policy.id, sizeof(policy.id), facts->id);
	text_copy(policy.by, sizeof(policy.by), share->host);
	payload = shared_policy_print(&policy);
	if (payload == NULL)
		return;
	share_name(share, "p", put->domain, name);
	snprintf(until, sizeof(until), "%lld000", (long long)policy.expires_s);
	value = share_sign(share, name, payload);
	words.items[2] = value;
	resp_free(
	    shared_ask(share->options.store, SHARED_OP_PUT, &words, &result));
	free(value);
	free(payload);
}

static void *
run_puts(void *arg)
{
	struct share *share = arg;
	struct put *put;

	while ((put = next_put(share)) != NULL) {
		if (share_is_open(share))
			put_shared_policy(share, put);
		else
			share->options.counts->dropped++;
		drop_put(put);
	}
	return NULL;
}

/* --- making and ending --- */

static void
drop_share(struct share *share)
{
	while (!TAILQ_EMPTY(&share->puts))
		drop_oldest_locked(share);
	cond_fini(&share->queued);
	lock_fini(&share->lock);
	free(share);
}

struct share *
share_new(const struct share_options *options, struct err *err)
{
	struct share *share = xcalloc(1, sizeof(*share));

	assert(shared_is_host_name(options->host));
	share->options = *options;
	text_copy(share->prefix, sizeof(share->prefix), options->prefix);
	text_copy(share->host, sizeof(share->host), options->host);
	share->options.prefix = share->options.host = NULL;
	TAILQ_INIT(&share->puts);
	lock_init(&share->lock);
	cond_init(&share->queued);
	if (pthread_create(&share->thread, NULL, run_puts, share) == 0)
		return share;
	err_set(err, ERR_LOCAL, "no more threads");
	drop_share(share);
	return NULL;
}

void
share_free(struct share *share)
{
	if (share == NULL)
		return;
	lock_take(&share->lock);
	share->end = true;
	cond_signal(&share->queued);
	lock_drop(&share->lock);
	pthread_join(share->thread, NULL);
	drop_share(share);
}
