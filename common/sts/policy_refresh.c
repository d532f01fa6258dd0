/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How it works: one thread, a round a minute. A round takes up to as many
 * policies as may be fetched at once, of those that are due: after 20 to 24
 * hours, each domain at an hour of its own, or after half of the policy's life
 * where that is sooner; an hour after a fetch that failed. It is fetched for
 * the id that the record announces now, or for the kept one where there is
 * none. After a full round the next one begins at once.
 */
#include "common/sts/policy_refresh.h"

#include <pthread.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/sts/known.h"
#include "common/sts/policy_fetch.h"

enum {
	/* RFC 8461 section 10.2: about daily, whatever the record says */
	AFTER_S = 20 * 3600,
	SPREAD_S = 4 * 3600,
	RETRY_S = 3600, /* after one that failed */

	/* Who says that his policy is for minutes has it fetched when mail
	 * asks for it: ahead of time would be all the time */
	SHORTEST_LIFE_S = 3600,

	ROUND_MS = 60 * 1000,

	/* A round of silent policy hosts takes a minute or two: so many bring
	 * ten thousand of them through a day, and others take no time */
	MOST_AT_ONCE = 16,

	/* More at once are taken for all */
	MOST_ASKED = 128,
};

/* Policies that somebody wants fetched anew, since then. */
struct asked {
	size_t count;
	char domains[MOST_ASKED][LIMIT_DOMAIN_SIZE];
	time_t all_s; /* 0: not all */
};

struct policy_refresh {
	struct policies *policies;
	struct dns *dns;
	unsigned at_once;
	pthread_t thread;
	struct lock lock;
	struct cond ending;
	bool end;           /* with lock */
	struct asked asked; /* likewise */
};

/* Domains that are due, at most so many a round. */
struct due {
	time_t now;
	const char *host; /* this one, where several share; or NULL */
	time_t all_s;     /* as in struct asked */
	enum policy_purpose purpose;
	size_t most;
	size_t count;
	char domains[MOST_AT_ONCE][LIMIT_DOMAIN_SIZE];
};

/* Spread over hours, the same for a domain every day. */
static time_t
spread_s(const char *domain)
{
	unsigned hash = 5381;

	for (; *domain != '\0'; domain++)
		hash = hash * 33 + (unsigned char)*domain;
	return (time_t)(hash % SPREAD_S);
}

/* Hosts that share are at it one after the other, so that the first does it for
 * all: a tenth of the time before or after. */
static time_t
host_turn_s(const char *host, time_t after_s)
{
	enum { TURNS = 200 };

	if (host == NULL)
		return after_s;
	return after_s * 9 / 10 +
	       after_s / 5 * (spread_s(host) % TURNS) / TURNS;
}

static bool
is_due(
    const char *domain, const struct known *known, const char *host, time_t now)
{
	time_t life_s, after_s = AFTER_S + spread_s(domain);

	if (known->policy == NULL || now >= known->expires_s)
		return false;
	if (known->policy->fetched_s > now)
		return true; /* the clock was ahead */
	life_s = known->expires_s - known->policy->fetched_s;
	if (life_s < SHORTEST_LIFE_S)
		return false;
	if (life_s / 2 < after_s)
		after_s = life_s / 2;
	after_s = host_turn_s(host, after_s);
	return now - known->policy->fetched_s >= after_s &&
	       (known->failed_s == 0 || known->failed_s > now ||
		   now - known->failed_s >= RETRY_S);
}

/* Neither fetched nor tried since all were asked for. */
static bool
is_due_as_asked(const struct known *known, time_t all_s)
{
	return all_s != 0 && known_is_unexpired(known) &&
	       known->policy->fetched_s < all_s && known->failed_s < all_s;
}

static void
collect_due(void *arg, const char *domain, const void *known)
{
	struct due *due = arg;

	if (due->count < due->most &&
	    (is_due(domain, known, due->host, due->now) ||
		is_due_as_asked(known, due->all_s)))
		text_copy(
		    due->domains[due->count++], LIMIT_DOMAIN_SIZE, domain);
}

/* The id that the record announces now; the kept one where there is none.
 * Ends the query. */
static void
current_id(struct policy_refresh *refresh, const char *domain,
    struct dns_query *query, char id[LIMIT_STS_ID + 1])
{
	struct sts_facts sts = {.text_count = 0};
	struct cache_entry *entry =
	    policy_keep_peek(policies_keep(refresh->policies), domain);
	const struct known *known = entry == NULL ? NULL : cache_value(entry);

	id[0] = '\0';
	policy_fetch_record(query, &sts);
	sts_facts_drop_texts(&sts);
	if (sts.record.outcome == STS_RECORD_VALID)
		text_copy(id, LIMIT_STS_ID + 1, sts.record.id);
	else if (known != NULL && known->policy != NULL)
		text_copy(id, LIMIT_STS_ID + 1, known->policy->id);
	if (entry != NULL)
		cache_release(entry);
}

/* Whether it came to an end; what was given up has no time. */
static bool
await_fetch(struct cache_entry *fetch, int64_t deadline_ms)
{
	const struct policy_facts *policy = cache_await(fetch, deadline_ms);
	bool ended = policy != NULL && policy->fetched_s != 0;

	cache_release(fetch);
	return ended;
}

/* Whether all are through: else there is no room, and no use in haste. */
static bool
refresh_due(struct policy_refresh *refresh, const struct due *due)
{
	struct dns_query *queries[MOST_AT_ONCE];
	struct cache_entry *fetches[MOST_AT_ONCE];
	int64_t deadline_ms = clock_mono_ms() + POLICIES_FETCH_MS;
	bool all = true;

	for (size_t i = 0; i < due->count; i++)
		queries[i] = policy_fetch_ask(
		    refresh->dns, due->domains[i], deadline_ms);
	for (size_t i = 0; i < due->count; i++) {
		char id[LIMIT_STS_ID + 1];

		current_id(refresh, due->domains[i], queries[i], id);
		fetches[i] = policies_fetch(refresh->policies, due->domains[i],
		    id, due->purpose, POLICIES_FETCH_MS);
	}
	/* a flight may wait for a leaf, and run in the slow lane again */
	deadline_ms = clock_mono_ms() + 2LL * POLICIES_FETCH_MS;
	for (size_t i = 0; i < due->count; i++)
		all = await_fetch(fetches[i], deadline_ms) && all;
	return all;
}

/* Those that were asked for one by one. */
static void
take_asked_by_name(struct policy_refresh *refresh, struct due *due)
{
	struct asked *asked = &refresh->asked;

	lock_take(&refresh->lock);
	while (asked->count > 0 && due->count < due->most)
		text_copy(due->domains[due->count++], LIMIT_DOMAIN_SIZE,
		    asked->domains[--asked->count]);
	due->all_s = asked->all_s;
	lock_drop(&refresh->lock);
}

/* All have had their turn, unless they were asked for again meanwhile. */
static void
end_asked(struct policy_refresh *refresh, time_t all_s)
{
	lock_take(&refresh->lock);
	if (refresh->asked.all_s == all_s)
		refresh->asked.all_s = 0;
	lock_drop(&refresh->lock);
}

void
policy_refresh_ask(struct policy_refresh *refresh, const char *domain)
{
	struct asked *asked = &refresh->asked;

	lock_take(&refresh->lock);
	if (domain != NULL && asked->count < MOST_ASKED)
		text_copy(
		    asked->domains[asked->count++], LIMIT_DOMAIN_SIZE, domain);
	else
		asked->all_s = clock_wall_s();
	cond_broadcast(&refresh->ending);
	lock_drop(&refresh->lock);
}

/* Whether there is likely to be more. */
static bool
do_round(struct policy_refresh *refresh)
{
	struct due due = {.now = clock_wall_s(),
	    .purpose = POLICY_OWN,
	    .most = refresh->at_once};
	struct policy_keep *keep = policies_keep(refresh->policies);
	const struct share *share = policies_share(refresh->policies);
	bool by_name, more;

	due.host = share == NULL ? NULL : share_host(share);
	policy_keep_catch_up(keep);
	take_asked_by_name(refresh, &due);
	by_name = due.count > 0;
	if (!by_name) {
		due.purpose = due.all_s != 0 ? POLICY_OWN : POLICY_REFRESH;
		cache_each(policy_keep_memory(keep), collect_due, &due);
	}
	more = refresh_due(refresh, &due) && due.count == due.most;
	/* nor are those waited for that cannot even be tried */
	if (due.all_s != 0 && due.purpose == POLICY_OWN && !by_name && !more)
		end_asked(refresh, due.all_s);
	return more;
}

/* False when it is time to end. */
static bool
wait_for_round(struct policy_refresh *refresh, bool more)
{
	int64_t until_ms = clock_mono_ms() + (more ? 0 : ROUND_MS);
	bool end;

	lock_take(&refresh->lock);
	while (!refresh->end && refresh->asked.count == 0 &&
	       refresh->asked.all_s == 0 &&
	       cond_wait_until(&refresh->ending, &refresh->lock, until_ms))
		continue;
	end = refresh->end;
	lock_drop(&refresh->lock);
	return !end;
}

static void *
run_refresh(void *arg)
{
	struct policy_refresh *refresh = arg;
	bool more = true; /* no wait at first */

	while (wait_for_round(refresh, more))
		more = do_round(refresh);
	return NULL;
}

static void
drop_refresh(struct policy_refresh *refresh)
{
	cond_fini(&refresh->ending);
	lock_fini(&refresh->lock);
	free(refresh);
}

struct policy_refresh *
policy_refresh_new(struct policies *policies, struct dns *dns, unsigned at_once)
{
	struct policy_refresh *refresh = xcalloc(1, sizeof(*refresh));

	refresh->policies = policies;
	refresh->dns = dns;
	refresh->at_once = at_once < MOST_AT_ONCE ? at_once : MOST_AT_ONCE;
	lock_init(&refresh->lock);
	cond_init(&refresh->ending);
	if (pthread_create(&refresh->thread, NULL, run_refresh, refresh) == 0)
		return refresh;
	drop_refresh(refresh);
	return NULL;
}

void
policy_refresh_free(struct policy_refresh *refresh)
{
	if (refresh == NULL)
		return;
	lock_take(&refresh->lock);
	refresh->end = true;
	cond_broadcast(&refresh->ending);
	lock_drop(&refresh->lock);
	pthread_join(refresh->thread, NULL);
	drop_refresh(refresh);
}
