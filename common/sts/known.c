/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/known.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

/* RFC 8461 section 3.3: no second try for the same id within this */
enum {
	FAILED_KEEP_S = 300,
};

void
known_free(struct known *known)
{
	if (known == NULL)
		return;
	policy_facts_free(known->policy);
	free(known);
}

static struct policy_facts *
parse_policy(const char *body, size_t length, const char *id, const char *by,
    time_t fetched_s)
{
	struct policy_facts *facts = policy_facts_new(POLICY_FETCHED);

	facts->policy = sts_policy_parse(body, length, NULL);
	if (facts->policy == NULL) {
		policy_facts_free(facts);
		return NULL;
	}
	facts->fetched_s = fetched_s;
	text_copy(facts->id, sizeof(facts->id), id);
	text_copy(facts->by, sizeof(facts->by), by);
	facts->body = xstrndup(body, length);
	return facts;
}

/* A time of another clock, as of ours: no later than now. */
static time_t
no_later(time_t then, time_t now)
{
	return then < now ? then : now;
}

/* When a policy counts as fetched and as over. */
struct life {
	time_t fetched_s;
	time_t expires_s;
};

/*
 * One that is fetched in the time to come counts as fetched now, the first time
 * that this is seen: its end is noted, and only comes nearer.  Once the clock
 * has passed the fetch, that was right, and so is its own end.
 */
static struct life
life_at(time_t fetched_s, time_t expires_s, time_t max_age_s, time_t now)
{
	if (fetched_s > now) {
		expires_s = no_later(expires_s, now + max_age_s);
		return (struct life){expires_s - max_age_s, expires_s};
	}
	return (struct life){fetched_s,
	    expires_s < fetched_s ? fetched_s + max_age_s : expires_s};
}

static struct life
life_of(const struct known *known, time_t now)
{
	return life_at(known->fetched_s, known->expires_s,
	    (time_t)known->policy->policy->max_age_s, now);
}

/* Another time of its fetch. */
static struct policy_facts *
with_fetch_time(const struct policy_facts *policy, time_t fetched_s)
{
	struct policy_facts *timed = parse_policy(policy->body,
	    strlen(policy->body), policy->id, policy->by, fetched_s);

	assert(timed != NULL); /* it was parsed before */
	return timed;
}

static void
take_failure(struct known *known, const struct store_policy *row)
{
	text_copy(known->failed_id, sizeof(known->failed_id), row->failed_id);
	known->failed_s = no_later(row->failed_s, clock_wall_s());
	known->failed_how = row->failed_how >= POLICY_FETCH_ERROR &&
				    row->failed_how <= POLICY_INVALID
				? row->failed_how
				: POLICY_FETCH_ERROR;
	text_copy(known->failed_detail, sizeof(known->failed_detail),
	    row->failed_detail);
}

struct known *
known_from_row(const struct store_policy *row, bool failures, bool *askew)
{
	time_t now = clock_wall_s();
	struct policy_facts *policy = NULL;
	struct known *known;
	struct life life;

	if (row->body != NULL &&
	    (policy = parse_policy(row->body, row->length, row->id, row->source,
		 row->fetched_s)) == NULL)
		return NULL;
	known = xcalloc(1, sizeof(*known));
	known->policy = policy;
	known->fetched_s = row->fetched_s;
	known->expires_s = row->expires_s;
	*askew = row->failed_s > now || row->used_s > now;
	if (policy != NULL) {
		life = life_of(known, now);
		policy->fetched_s = life.fetched_s;
		known->expires_s = life.expires_s;
		*askew |= life.expires_s != row->expires_s;
	}
	known->used_s = no_later(row->used_s, now);
	known->again = row->again;
	known->past = (struct policy_past){
	    .mode_since_s = no_later(row->past.mode_since_s, now),
	    .renewed_s = no_later(row->past.renewed_s, now),
	    .same_id_s = no_later(row->past.same_id_s, now)};
	if (failures)
		take_failure(known, row);
	return known;
}

void
known_to_row(
    const struct known *known, const char *domain, struct store_policy *row)
{
	*row = (struct store_policy){.failed_s = known->failed_s,
	    .failed_how = known->failed_how,
	    .used_s = known->used_s,
	    .again = known->again};
	text_copy(row->domain, sizeof(row->domain), domain);
	text_copy(row->failed_id, sizeof(row->failed_id), known->failed_id);
	text_copy(row->failed_detail, sizeof(row->failed_detail),
	    known->failed_detail);
	if (known->policy == NULL)
		return;
	text_copy(row->id, sizeof(row->id), known->policy->id);
	text_copy(row->source, sizeof(row->source), known->policy->by);
	row->body = known->policy->body;
	row->length = strlen(row->body);
	row->fetched_s = known->fetched_s;
	row->expires_s = known->expires_s;
	row->past = known->past;
}

/* The same policy, which another host has fetched again since. */
static bool
is_extension(const struct known *before, const struct policy_facts *fetched)
{
	return fetched->policy->mode == STS_MODE_ENFORCE &&
	       strcmp(before->policy->id, fetched->id) == 0 &&
	       strcmp(before->policy->body, fetched->body) == 0 &&
	       fetched->fetched_s > before->policy->fetched_s;
}

/* What is known, and the life that it has by another host's fetch. */
static struct known *
extend_known(const struct known *before, struct policy_facts *fetched)
{
	struct known *known = xmemdup(before, sizeof(*before));

	known->policy = policy_facts_ref(fetched);
	known->fetched_s = fetched->fetched_s;
	known->expires_s =
	    fetched->fetched_s + (time_t)fetched->policy->max_age_s;
	return known;
}

static struct known *
copy_known(const struct known *before)
{
	struct known *known = xmemdup(before, sizeof(*before));

	known->policy = policy_facts_ref(known->policy);
	return known;
}

static bool
equal_policies(const struct sts_policy *a, const struct sts_policy *b)
{
	if (a->mode != b->mode || a->max_age_s != b->max_age_s ||
	    a->mx_count != b->mx_count)
		return false;
	for (size_t i = 0; i < a->mx_count; i++)
		if (strcmp(a->mx[i], b->mx[i]) != 0)
			return false;
	return true;
}

/* RFC 8461 section 3.1: the id is to change with the policy.  An older store
 * does not say since when the mode was seen. */
static struct policy_past
past_with(const struct known *before, const struct policy_facts *fetched)
{
	struct policy_past past = {.mode_since_s = fetched->fetched_s};
	const struct policy_facts *other =
	    before == NULL ? NULL : before->policy;
	bool same_id;

	if (other == NULL)
		return past;
	past = before->past;
	if (other->policy->mode != fetched->policy->mode)
		past.mode_since_s = fetched->fetched_s;
	else if (past.mode_since_s == 0)
		past.mode_since_s = other->fetched_s;
	same_id = strcmp(other->id, fetched->id) == 0;
	if (!same_id)
		past.same_id_s = 0;
	if (equal_policies(other->policy, fetched->policy))
		return past;
	*(same_id ? &past.same_id_s : &past.renewed_s) = fetched->fetched_s;
	return past;
}

/*
 * What another host has fetched never takes the place of what is known here: a
 * policy that is in force is neither weakened nor shortened by it.
 */
struct known *
known_borrow(const struct known *before, struct policy_facts *fetched)
{
	struct known *known;

	assert(fetched->fetch == POLICY_FETCHED && fetched->by[0] != '\0');
	if (before != NULL && known_is_unexpired(before))
		return is_extension(before, fetched)
			   ? extend_known(before, fetched)
			   : copy_known(before);
	known = xcalloc(1, sizeof(*known));
	known->used_s = clock_wall_s();
	known->again = before != NULL && before->again;
	known->past = past_with(before, fetched);
	known->policy = policy_facts_ref(fetched);
	known->fetched_s = fetched->fetched_s;
	known->expires_s =
	    fetched->fetched_s + (time_t)fetched->policy->max_age_s;
	return known;
}

struct known *
known_learn(const struct known *before, struct policy_facts *fetched)
{
	struct known *known = xcalloc(1, sizeof(*known));

	known->used_s = before != NULL ? before->used_s : fetched->fetched_s;
	known->again = before != NULL && before->again;
	if (fetched->fetch == POLICY_FETCHED) {
		known->past = past_with(before, fetched);
		known->policy = policy_facts_ref(fetched);
		known->fetched_s = fetched->fetched_s;
		known->expires_s =
		    fetched->fetched_s + (time_t)fetched->policy->max_age_s;
		return known;
	}
	if (before != NULL && before->policy != NULL) {
		known->policy = policy_facts_ref(before->policy);
		known->fetched_s = before->fetched_s;
		known->expires_s = before->expires_s;
		known->past = before->past;
	}
	text_copy(known->failed_id, sizeof(known->failed_id), fetched->id);
	known->failed_s = fetched->fetched_s;
	known->failed_how = fetched->fetch;
	text_copy(known->failed_detail, sizeof(known->failed_detail),
	    fetched->detail);
	return known;
}

bool
known_differs(const struct known *known, const struct known *before)
{
	bool any = known_is_unexpired(known);

	if (before == NULL || !known_is_unexpired(before))
		return any;
	return !any ||
	       !equal_policies(known->policy->policy, before->policy->policy);
}

bool
known_wants_note(const struct known *known)
{
	time_t now = clock_wall_s();

	if (known->policy == NULL)
		return false;
	if (known->used_s > now || known->failed_s > now ||
	    known->policy->fetched_s != life_of(known, now).fetched_s)
		return true;
	return now < known->expires_s &&
	       (!known->again || now - known->used_s >= CLOCK_DAY_S);
}

struct known *
known_used(const struct known *known)
{
	struct known *used = xmemdup(known, sizeof(*known));
	const struct policy_facts *policy = known->policy;
	time_t now = clock_wall_s();
	struct life life;

	used->used_s = now;
	used->again = true;
	used->failed_s = no_later(known->failed_s, now);
	if (policy == NULL)
		return used;
	life = life_of(known, now);
	used->expires_s = life.expires_s;
	used->policy = policy->fetched_s == life.fetched_s
			   ? policy_facts_ref(used->policy)
			   : with_fetch_time(policy, life.fetched_s);
	return used;
}

/* A policy is its text, and its parts, which are no longer. */
size_t
known_octets(const struct known *known)
{
	size_t octets = sizeof(*known);

	if (known->policy != NULL)
		octets += sizeof(*known->policy) + sizeof(struct sts_policy) +
			  2 * strlen(known->policy->body) +
			  known->policy->policy->mx_count * 2 * sizeof(char *);
	return octets;
}

bool
known_is_unexpired(const struct known *known)
{
	return known->policy != NULL && clock_wall_s() < known->expires_s;
}

bool
known_failed_lately(const struct known *known, const char *id)
{
	time_t now = clock_wall_s();

	return known->failed_s != 0 && strcmp(known->failed_id, id) == 0 &&
	       now >= known->failed_s && now - known->failed_s < FAILED_KEEP_S;
}
