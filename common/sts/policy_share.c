/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/sts/policy_share.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/sts/known.h"
#include "common/sts/share_policy.h"

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

/* An order to forget it may come while it is read: who gives that buries it
 * first and then forgets it, so that one of the two is seen here. */
static bool
is_forgotten(const struct policy_share *with, const char *domain,
    const struct policy_facts *facts)
{
	if (!graves_hold(share_graves(with->share), domain, facts->fetched_s,
		clock_wall_s()))
		return false;
	policy_keep_flush(with->keep, domain, NULL);
	return true;
}

/* Likewise a fetch of this host's own, which counts then. */
static bool
is_displaced(const struct policy_share *with, const char *domain,
    const struct policy_facts *facts)
{
	struct cache_entry *entry = policy_keep_peek(with->keep, domain);
	const struct known *known;
	bool displaced;

	if (entry == NULL)
		return false;
	known = cache_value(entry);
	displaced = known->policy != NULL &&
		    strcmp(known->policy->body, facts->body) != 0;
	cache_release(entry);
	return displaced;
}

/* The facts are kept, and for who waits for them; NULL: something else has
 * happened meanwhile. */
static struct policy_facts *
borrow_policy(const struct policy_share *with, const char *domain,
    struct shared_policy *theirs, enum share_what what)
{
	struct policy_facts *facts = share_policy_facts(theirs);
	bool differs = policy_keep_borrow(with->keep, domain, facts);

	if (is_forgotten(with, domain, facts) ||
	    is_displaced(with, domain, facts)) {
		policy_facts_free(facts);
		return NULL;
	}
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

/* For a host that knows nothing. */
static enum sight
sight_of_unknown(const struct policy_share *with, const char *domain,
    struct shared_policy *theirs, struct policy_facts **taken)
{
	if (theirs == NULL)
		return SIGHT_NOTHING;
	if (!share_policy_may_create(theirs, clock_wall_s()))
		return hint_at(with, theirs);
	*taken = borrow_policy(with, domain, theirs, SHARE_CREATED);
	return *taken == NULL ? SIGHT_NEWS : SIGHT_TAKEN;
}

/* The same, and another id is announced. */
static enum sight
look_for_policy(const struct policy_share *with, const char *domain,
    const char *id, struct policy_facts **taken)
{
	AUTO(shared_policy)
	struct shared_policy *theirs = share_policy_ask(with->share, domain);
	enum sight sight = sight_of_unknown(with, domain, theirs, taken);

	if (sight != SIGHT_TAKEN || strcmp((*taken)->id, id) == 0)
		return sight;
	policy_facts_free(*taken);
	*taken = NULL;
	return SIGHT_NEWS;
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

/* For a host that knows one.  What was fetched before that is no news. */
static enum sight
sight_beside(const struct known *known, const struct shared_policy *theirs,
    const char *id)
{
	if (!known_is_unexpired(known) ||
	    theirs->fetched_s <= known->policy->fetched_s)
		return SIGHT_NOTHING;
	if (!is_same_and_later(known, theirs))
		return SIGHT_NEWS;
	return strcmp(theirs->id, id) == 0 ? SIGHT_TAKEN : SIGHT_NOTHING;
}

static enum sight
extend_policy(const struct policy_share *with, const char *domain,
    const char *id, struct policy_facts **taken)
{
	AUTO(shared_policy)
	struct shared_policy *theirs = share_policy_ask(with->share, domain);
	struct cache_entry *entry = policy_keep_peek(with->keep, domain);
	enum sight sight = SIGHT_NOTHING;

	if (entry != NULL && theirs != NULL)
		sight = sight_beside(cache_value(entry), theirs, id);
	if (entry != NULL)
		cache_release(entry);
	if (sight == SIGHT_NEWS)
		return hint_at(with, theirs);
	if (sight == SIGHT_TAKEN)
		*taken = borrow_policy(with, domain, theirs, SHARE_EXTENDED);
	return *taken == NULL ? SIGHT_NOTHING : sight;
}

/* One host a day is enough: what it has put, or what it is about to.  News is
 * fetched at once. */
static struct policy_facts *
refresh_by_others(const struct policy_share *with, const char *domain,
    const char *id, int64_t deadline_ms)
{
	struct policy_facts *taken = NULL;
	enum sight sight = extend_policy(with, domain, id, &taken);
	int64_t until_ms = share_patience(deadline_ms);

	if (sight != SIGHT_NOTHING || share_policy_claim(with->share, domain))
		return taken;
	for (unsigned i = 0;
	     sight == SIGHT_NOTHING && share_await(with->share, i, until_ms);
	     i++)
		sight = extend_policy(with, domain, id, &taken);
	return taken;
}

/* Another host is at it; its result, or NULL. */
static struct policy_facts *
await_another(const struct policy_share *with, const char *domain,
    const char *id, int64_t deadline_ms)
{
	struct policy_facts *taken = NULL;
	int64_t until_ms = share_patience(deadline_ms);

	for (unsigned i = 0; share_await(with->share, i, until_ms); i++) {
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
    const char *id, int64_t deadline_ms)
{
	struct policy_facts *taken = NULL;

	if (has_policy_in_force(with, domain))
		return NULL;
	if (look_for_policy(with, domain, id, &taken) != SIGHT_NOTHING ||
	    share_policy_claim(with->share, domain))
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
	case POLICY_SHARED:
		return NULL;
	case POLICY_REFRESH:
		return refresh_by_others(with, domain, id, deadline_ms);
	case POLICY_UNKNOWN:
		return take_unknown(with, domain, id, deadline_ms);
	}
	return NULL;
}

struct policy_facts *
policy_share_read(const struct policy_share *with, const char *domain,
    const struct resp *value)
{
	AUTO(shared_policy) struct shared_policy *theirs = NULL;
	struct policy_facts *taken = NULL;

	if (has_policy_in_force(with, domain))
		return NULL;
	theirs = share_policy_read(with->share, domain, value);
	sight_of_unknown(with, domain, theirs, &taken);
	return taken;
}

static enum policy_outlook
outlook_beside(const struct known *known, const struct shared_policy *theirs)
{
	if (is_same_and_later(known, theirs))
		return POLICY_OUTLOOK_EXTENDS;
	return strcmp(known->policy->id, theirs->id) == 0 &&
		       strcmp(known->policy->body, theirs->body) == 0
		   ? POLICY_OUTLOOK_SAME
		   : POLICY_OUTLOOK_HINT;
}

enum policy_outlook
policy_share_outlook(const struct policy_share *with, const char *domain,
    const struct shared_policy *theirs)
{
	struct cache_entry *entry = policy_keep_peek(with->keep, domain);
	const struct known *known = entry == NULL ? NULL : cache_value(entry);
	enum policy_outlook outlook =
	    share_policy_may_create(theirs, clock_wall_s())
		? POLICY_OUTLOOK_CREATES
		: POLICY_OUTLOOK_HINT;

	if (known != NULL && known_is_unexpired(known))
		outlook = outlook_beside(known, theirs);
	if (entry != NULL)
		cache_release(entry);
	return outlook;
}
