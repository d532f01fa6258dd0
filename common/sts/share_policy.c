/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/share_policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

enum {
	/* A policy in force is fetched and put again each day */
	CREATE_S = 7 * CLOCK_DAY_S,
};

/* payload: NULL for none */
static struct shared_policy *
read_payload(struct share *share, const char *domain, const char *payload,
    size_t size, enum shared_fault *fault)
{
	time_t now = clock_wall_s();
	struct shared_policy *policy = NULL;

	if (payload != NULL)
		policy = shared_policy_read(payload, size, domain, now, fault);
	if (policy == NULL ||
	    !graves_hold(share_graves(share), domain, policy->fetched_s, now))
		return policy;
	*fault = SHARED_FAULT_TIME;
	shared_policy_free(policy);
	return NULL;
}

struct shared_policy *
share_policy_look(
    struct share *share, const char *domain, enum shared_fault *fault)
{
	char name[SHARE_NAME_SIZE];
	struct shared_policy *policy;
	struct resp *reply;
	const char *payload;
	size_t size;

	share_name(share, "p", domain, name);
	payload = share_get(share, name, &reply, &size, fault);
	policy = read_payload(share, domain, payload, size, fault);
	resp_free(reply);
	return policy;
}

static struct shared_policy *
or_reject(struct share *share, const char *domain, struct shared_policy *policy,
    enum shared_fault fault)
{
	if (policy == NULL && fault != SHARED_NO_FAULT)
		share_reject(share, domain, "", fault);
	return policy;
}

struct shared_policy *
share_policy_ask(struct share *share, const char *domain)
{
	enum shared_fault fault;
	struct shared_policy *policy = share_policy_look(share, domain, &fault);

	return or_reject(share, domain, policy, fault);
}

struct shared_policy *
share_policy_read(
    struct share *share, const char *domain, const struct resp *value)
{
	enum shared_fault fault = SHARED_NO_FAULT;
	char name[SHARE_NAME_SIZE];
	struct shared_policy *policy;
	const char *payload;
	size_t size;

	share_name(share, "p", domain, name);
	payload = share_open_value(share, name, value, &size, &fault);
	policy = read_payload(share, domain, payload, size, &fault);
	return or_reject(share, domain, policy, fault);
}

void
share_policy_seek(
    struct share *share, const char *domain, shared_answered *found, void *arg)
{
	char name[SHARE_NAME_SIZE];

	share_name(share, "p", domain, name);
	share_seek(share, name, found, arg);
}

bool
share_policy_may_create(const struct shared_policy *policy, time_t now)
{
	return policy->policy->mode == STS_MODE_ENFORCE &&
	       now - policy->fetched_s <= CREATE_S;
}

struct policy_facts *
share_policy_facts(struct shared_policy *policy)
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

bool
share_policy_claim(struct share *share, const char *domain)
{
	const char *const fields[] = {"p", domain};

	return share_claim(share, fields, 2);
}

/* The body was parsed before. */
static struct shared_policy *
own_shared_policy(const struct share *share, const char *domain,
    const struct policy_facts *facts)
{
	struct shared_policy *policy = xcalloc(1, sizeof(*policy));

	policy->body = xstrdup(facts->body);
	policy->policy =
	    sts_policy_parse(policy->body, strlen(policy->body), NULL);
	assert(policy->policy != NULL);
	policy->fetched_s = facts->fetched_s;
	policy->expires_s =
	    facts->fetched_s + (time_t)policy->policy->max_age_s;
	text_copy(policy->domain, sizeof(policy->domain), domain);
	text_copy(policy->id, sizeof(policy->id), facts->id);
	text_copy(policy->by, sizeof(policy->by), share_host(share));
	return policy;
}

/* Whether another host has put what is newer, and another policy: a conflict.
 */
static bool
is_policy_old(struct share *share, const struct shared_policy *ours)
{
	AUTO(shared_policy)
	struct shared_policy *there = share_policy_ask(share, ours->domain);

	if (there == NULL || there->fetched_s <= ours->fetched_s ||
	    strcmp(there->body, ours->body) == 0)
		return false;
	share_reject(share, ours->domain, there->by, SHARED_FAULT_CONFLICT);
	return true;
}

void
share_policy_put(
    struct share *share, const char *domain, const struct policy_facts *policy)
{
	struct share_put put = {.payload = NULL};

	assert(policy->fetch == POLICY_FETCHED && policy->by[0] == '\0');
	put.policy = own_shared_policy(share, domain, policy);
	put.payload = shared_policy_print(put.policy);
	put.until_s = put.policy->expires_s;
	put.is_old = is_policy_old;
	share_name(share, "p", domain, put.name);
	if (put.payload == NULL)
		shared_policy_free(put.policy);
	else
		share_add(share, &put);
}
