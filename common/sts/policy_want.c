/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_want.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/cache.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/known.h"
#include "common/sts/policy_fetch.h"

/*
 * How it works.
 * 1. A check that finds a record wants the policy: what is known of the domain
 *    comes from policy_keep, and is enough if it is for the record's id, or if
 *    a fetch for that id has failed lately.  Else it begins or joins a fetch.
 * 2. Without a record there is nothing to be fetched; but where nothing is kept
 *    either, the store that hosts share is asked, and by a fetch that asks it
 *    alone.
 * 3. At the end it takes what the fetch has brought.  Who does not wait so long
 *    takes the policy that is kept, if there is one; the fetch goes on.
 */

struct policy_want {
	struct policies *policies;
	struct cache_entry *known; /* NULL where the domain is not known */
	struct cache_entry *fetch; /* NULL where none is called for */
	int64_t until_ms;          /* that it is waited for */
	bool shared;               /* it only asks for what others have */
	char domain[LIMIT_DOMAIN_SIZE];
};

static const struct known *
known_of(struct cache_entry *entry)
{
	return entry == NULL ? NULL : cache_value(entry);
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
	    POLICY_OWN, policies_options(want->policies)->timeout_ms);
}

/* Where nothing is announced, another host may have seen what was. */
static bool
calls_for_shared(const struct policy_want *want, const char *id)
{
	const struct known *known = known_of(want->known);
	struct share *share = policies_share(want->policies);

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
policy_want_begin(
    struct policies *policies, const char *domain, const char *id, bool own)
{
	const struct policies_options *options = policies_options(policies);
	struct policy_want *want = xcalloc(1, sizeof(*want));

	want->policies = policies;
	want->until_ms = INT64_MAX;
	text_copy(want->domain, sizeof(want->domain), domain);
	want->known = policy_keep_find(policies_keep(policies), domain);
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
