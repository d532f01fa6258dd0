/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_share.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/sts/known.h"

/* When to look again for what another host is fetching */
static const int looks_ms[] = {50, 100, 200, 400};
enum { LOOKS = sizeof(looks_ms) / sizeof(looks_ms[0]) };

/* Whether a policy is in force here, by memory or store. */
static bool
has_policy_in_force(const struct policy_share *with, const char *domain)
{
	struct cache_entry *entry = policy_keep_peek(with->keep, domain);
	bool in_force = false;

	if (entry != NULL) {
		in_force = known_is_unexpired(cache_value(entry));
		cache_release(entry);
	}
	return in_force;
}

/* The facts are kept, and for who waits for them. */
static struct policy_facts *
borrow_policy(const struct policy_share *with, const char *domain,
    struct shared_policy *theirs, enum share_what what)
{
	struct policy_facts *facts = share_facts(theirs);
	bool differs = policy_keep_borrow(with->keep, domain, facts);

	share_tell(with->share, what, domain, facts->by, SHARED_NO_FAULT);
	facts->mark = differs ? policy_turns_next(with->turns, domain)
			      : policy_turns_mark(with->turns, domain);
	return facts;
}

/* How a look came out. */
enum sight {
	SIGHT_NOTHING, /* there is none */
	SIGHT_NEWS,    /* there is one, and it is to be fetched here */
	SIGHT_TAKEN,   /* *taken */
};

static enum sight
hint_at(const struct policy_share *with, const struct shared_policy *theirs)
{
	share_tell(with->share, SHARE_HINT, theirs->domain, theirs->by,
	    SHARED_NO_FAULT);
	return SIGHT_NEWS;
}

/* For a host that knows nothing.  id NULL: none is announced. */
static enum sight
look_for_policy(const struct policy_share *with, const char *domain,
    const char *id, struct policy_facts **taken)
{
	AUTO(shared_policy)
	struct shared_policy *theirs = share_ask(with->share, domain);
	struct policy_facts *facts;

	if (theirs == NULL)
		return SIGHT_NOTHING;
	if (!share_may_create(theirs, clock_wall_s()))
		return hint_at(with, theirs);
	facts = borrow_policy(with, domain, theirs, SHARE_CREATED);
	if (id != NULL && strcmp(facts->id, id) != 0) {
		policy_facts_free(facts);
		return SIGHT_NEWS;
	}
	*taken = facts;
	return SIGHT_TAKEN;
}

/* The same policy under the same id, fetched later, and still in force. */
static bool
is_same_and_later(const struct known *known, const struct shared_policy *theirs)
{
	return known_is_unexpired(known) &&
	       theirs->policy->mode == STS_MODE_ENFORCE &&
	       strcmp(known->policy->id, theirs->id) == 0 &&
	       strcmp(known->policy->body, theirs->body) == 0 &&
	       theirs->fetched_s > known->fetched_s;
}

static struct policy_facts *
extend_policy(
    const struct policy_share *with, const char *domain, const char *id)
{
	AUTO(shared_policy)
	struct shared_policy *theirs = share_ask(with->share, domain);
	struct cache_entry *entry = policy_keep_peek(with->keep, domain);
	bool same = false;

	if (entry != NULL) {
		same = theirs != NULL && strcmp(theirs->id, id) == 0 &&
		       is_same_and_later(cache_value(entry), theirs);
		cache_release(entry);
	}
	if (same)
		return borrow_policy(with, domain, theirs, SHARE_EXTENDED);
	return NULL;
}

static void
wait_for_another(int ms)
{
	struct timespec span = {.tv_nsec = ms * 1000000L};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
}

/* One host a day is enough: what it has put, or what it is about to. */
static struct policy_facts *
refresh_by_others(const struct policy_share *with, const char *domain,
    const char *id, int64_t deadline_ms)
{
	struct policy_facts *taken = extend_policy(with, domain, id);
	int64_t until_ms = clock_mono_ms() + clock_left_ms(deadline_ms) / 2;

	if (taken != NULL || share_claim(with->share, domain))
		return taken;
	for (int i = 0; i < LOOKS && taken == NULL; i++) {
		if (clock_left_ms(until_ms) < looks_ms[i] ||
		    !share_is_open(with->share))
			break;
		wait_for_another(looks_ms[i]);
		taken = extend_policy(with, domain, id);
	}
	return taken;
}

/* Another host is at it; its result, or NULL. */
static struct policy_facts *
await_another(const struct policy_share *with, const char *domain,
    const char *id, int64_t deadline_ms)
{
	struct policy_facts *taken = NULL;
	int64_t until_ms = clock_mono_ms() + clock_left_ms(deadline_ms) / 2;

	for (int i = 0; i < LOOKS; i++) {
		if (clock_left_ms(until_ms) < looks_ms[i] ||
		    !share_is_open(with->share))
			break;
		wait_for_another(looks_ms[i]);
		switch (look_for_policy(with, domain, id, &taken)) {
		case SIGHT_NOTHING:
			break;
		case SIGHT_NEWS:
			return NULL;
		case SIGHT_TAKEN:
			return taken;
		}
	}
	return NULL;
}

static struct policy_facts *
take_unknown(const struct policy_share *with, const char *domain,
    const char *id, bool may_fetch, int64_t deadline_ms)
{
	struct policy_facts *taken = NULL;

	if (has_policy_in_force(with, domain))
		return NULL;
	if (look_for_policy(with, domain, id, &taken) != SIGHT_NOTHING ||
	    !may_fetch || share_claim(with->share, domain))
		return taken;
	return await_another(with, domain, id, deadline_ms);
}

struct policy_facts *
policy_share_take(const struct policy_share *with, const char *domain,
    const char *id, enum policy_purpose purpose, int64_t deadline_ms)
{
	if (with->share == NULL || !share_is_open(with->share))
		return NULL;
	switch (purpose) {
	case POLICY_OWN:
		return NULL;
	case POLICY_REFRESH:
		return refresh_by_others(with, domain, id, deadline_ms);
	case POLICY_UNKNOWN:
		return take_unknown(with, domain, id, true, deadline_ms);
	case POLICY_SHARED:
		return take_unknown(with, domain, NULL, false, deadline_ms);
	}
	return NULL;
}
