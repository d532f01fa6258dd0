/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/engine/check_run.h"

/* Of the checks that may wait, one in so many makes a congestion: at the
 * default that is a thousand, several seconds of work. */
enum { CONGESTED_PART = 4 };

/* A verdict is made anew ahead of its end in the last part of its life, of so
 * many */
enum { LAST_PART = 10 };

/* One who waits for a check: his own, or one that he joined. */
struct ticket {
	struct cache_entry *entry;
	struct check_run
	    *own;    /* that he would have made, if he joined; or NULL */
	bool cached; /* there was nothing to wait for */
	bool joined; /* somebody was at it */
};

struct engine_wait {
	struct ticket ticket;
};

/* A callback of engine_submit, until it is called. */
struct callback {
	struct ticket ticket;
	engine_done *done;
	void *arg;
};

/* Counts one more check as under way, if there is room. */
static bool
count_in(struct engine *engine, struct engine_share *share)
{
	bool room;

	lock_take(&engine->lock);
	room = share->under_way < (size_t)share->places + share->max_queue;
	share->under_way += room;
	lock_drop(&engine->lock);
	return room;
}

bool
engine_congested(struct engine *engine)
{
	const struct engine_share *share = &engine->shares[0];
	bool congested;

	lock_take(&engine->lock);
	congested = share->under_way >
		    (size_t)share->places + share->max_queue / CONGESTED_PART;
	lock_drop(&engine->lock);
	return congested;
}

/* Another policy is in force by now. */
static bool
rests_on_past_policy(const struct check_run *run, const struct check *check)
{
	return !policy_turns_is_current(
	    run->engine->options.turns, &check->policy);
}

/* In the last tenth of its life. */
static bool
is_ending(const struct check *check)
{
	enum { SECOND_MS = 1000 };

	return clock_left_ms(check->expires_ms) <
	       (int64_t)check->verdict->ttl_s * SECOND_MS / LAST_PART;
}

/* The entry of what was found while hosts were reached, held, or NULL. */
static struct cache_entry *
find_probed(const struct check_run *run)
{
	char key[CHECK_RUN_KEY_SIZE];
	struct cache_entry *entry;
	const struct check *check;

	check_run_print_key(run, true, key);
	entry = cache_find(run->engine->checks, key);
	if (entry == NULL)
		return NULL;
	check = cache_value(entry);
	if (check_run_is_decided(check) && !rests_on_past_policy(run, check) &&
	    !(run->ahead && is_ending(check)))
		return entry;
	cache_release(entry);
	return NULL;
}

/* The entry of a verdict that counts now, held, or NULL: most questions are
 * answered so, and none of them needs a check. */
static struct cache_entry *
find_at_hand(const struct check_run *run)
{
	char key[CHECK_RUN_KEY_SIZE];
	struct cache_entry *entry =
	    run->facts->probed ? NULL : find_probed(run);
	const struct check *check;

	if (entry == NULL) {
		check_run_print_key(run, run->facts->probed, key);
		entry = cache_find_current(run->engine->checks, key);
	}
	if (entry == NULL)
		return NULL;
	check = cache_value(entry);
	if (!check->ran_out && !rests_on_past_policy(run, check) &&
	    !(run->ahead && is_ending(check)))
		return entry;
	cache_release(entry);
	return NULL;
}

/* The entry under its key, and not what does not count for it any more. */
static struct cache_entry *
claim_current(const struct check_run *run, const char *key, bool *mine,
    struct cache_entry **over)
{
	struct cache *checks = run->engine->checks;
	struct cache_entry *entry = cache_renew(checks, key, NULL, mine, over);
	const struct check *check = *mine ? NULL : cache_value(entry);
	struct cache_entry *found = entry;

	if (check == NULL)
		return entry;
	if (rests_on_past_policy(run, check))
		entry = cache_renew(checks, key, check, mine, over);
	else if (run->ahead && is_ending(check))
		entry = cache_renew_ahead(checks, key, check, mine);
	else
		return entry;
	cache_release(found);
	return entry;
}

static struct cache_entry *
claim_entry(const struct check_run *run, bool *mine, struct cache_entry **over)
{
	char key[CHECK_RUN_KEY_SIZE];
	struct cache_entry *entry;

	*mine = false;
	*over = NULL;
	entry = run->facts->probed ? NULL : find_probed(run);
	if (entry != NULL)
		return entry;
	check_run_print_key(run, run->facts->probed, key);
	return claim_current(run, key, mine, over);
}

/* By how the last check of the same fared: those that we have long had to do
 * with go first, those that kept us waiting last. */
static enum pool_lane
check_lane(const struct check_run *run, struct cache_entry *over)
{
	const struct check *check;
	enum pool_lane lane;

	if (over == NULL)
		return run->joined ? POOL_SLOW : POOL_NEW;
	check = cache_value(over);
	lane = check_run_is_decided(check) ? POOL_FIRST : POOL_SLOW;
	cache_release(over);
	return lane;
}

static void
refuse_run(struct check_run *run)
{
	counts_refuse(run->engine->options.counts, run->begun);
	run->facts->trouble = TROUBLE_QUEUE_FULL;
	check_run_finish(run);
}

/*
 * Where there is no room, the check that has waited longest for a worker makes
 * some: it has the least time left, and of a flood it is the newest arrival
 * that may be none of it.
 */
static void
submit_run(struct check_run *run, enum pool_lane lane)
{
	struct engine_share *share = run->share;
	bool taken;

	counts_wait(run->engine->options.counts);
	if (!count_in(run->engine, share)) {
		struct check_run *oldest = pool_displace(share->workers);

		if (oldest == NULL) {
			refuse_run(run);
			return;
		}
		refuse_run(oldest);
	}
	taken = pool_submit(share->workers, lane, check_run_start, run);
	assert(taken);
}

/* Begin the run's check, unless somebody has; the ticket is new. */
static void
enter_check(struct ticket *ticket, struct check_run *run)
{
	struct cache_entry *over;
	const struct check *check;
	bool mine;

	assert(run->entry == NULL && !run->begun);
	*ticket = (struct ticket){.entry = claim_entry(run, &mine, &over)};
	if (!mine) {
		check = cache_value(ticket->entry);
		ticket->cached = check != NULL && !check->ran_out;
		ticket->joined = check == NULL;
		if (ticket->cached)
			check_run_free(run);
		else
			ticket->own = run;
		return;
	}
	run->entry = cache_hold(ticket->entry);
	if (run->facts->trouble != TROUBLE_NONE)
		check_run_finish(run);
	else
		submit_run(run, check_lane(run, over));
}

/* Without a check where there is no need for one. */
static void
enter_query(struct ticket *ticket, struct engine *engine,
    const struct engine_query *query)
{
	struct facts facts = {.domain = ""};
	struct cache_entry *entry;
	struct check_run run;

	check_run_init(&run, &facts, engine, query);
	entry = find_at_hand(&run);
	check_run_fini(&run);
	if (entry == NULL)
		enter_check(ticket, check_run_new(engine, query));
	else
		*ticket = (struct ticket){.entry = entry, .cached = true};
}

static void
leave_check(struct ticket *ticket)
{
	cache_release(ticket->entry);
	check_run_free(ticket->own);
}

/* Who joined a check began later than it did.  If it ran out of time that is no
 * answer to him, as long as there is some of his own. */
static bool
wants_own_check(const struct ticket *ticket, const struct check *check)
{
	return check->ran_out && ticket->own != NULL &&
	       check_run_has_time(ticket->own);
}

static void
enter_again(struct ticket *ticket)
{
	struct cache_entry *joined = ticket->entry;
	struct check_run *own = ticket->own;

	own->joined = true;
	check_run_set_depth(own);
	enter_check(ticket, own);
	ticket->cached = false;
	cache_release(joined);
}

static void
call_done(void *arg, const void *value)
{
	struct callback *callback = arg;

	if (wants_own_check(&callback->ticket, value)) {
		enter_again(&callback->ticket);
		cache_when_filled(callback->ticket.entry, call_done, callback);
		return;
	}
	callback->done(callback->arg, value, callback->ticket.cached);
	leave_check(&callback->ticket);
	free(callback);
}

void
engine_submit(struct engine *engine, const struct engine_query *query,
    engine_done *done, void *arg)
{
	struct callback *callback;
	struct ticket ticket;

	enter_query(&ticket, engine, query);
	if (ticket.cached) {
		done(arg, cache_value(ticket.entry), true);
		leave_check(&ticket);
		return;
	}
	callback = xmalloc(sizeof(*callback));
	*callback =
	    (struct callback){.ticket = ticket, .done = done, .arg = arg};
	cache_when_filled(callback->ticket.entry, call_done, callback);
}

struct engine_wait *
engine_start(struct engine *engine, const struct engine_query *query)
{
	struct engine_wait *wait = xcalloc(1, sizeof(*wait));

	enter_query(&wait->ticket, engine, query);
	return wait;
}

const struct check *
engine_await(struct engine_wait *wait, int64_t deadline_ms)
{
	const struct check *check;

	while ((check = cache_await(wait->ticket.entry, deadline_ms)) != NULL &&
	       wants_own_check(&wait->ticket, check))
		enter_again(&wait->ticket);
	return check;
}

bool
engine_wait_cached(const struct engine_wait *wait)
{
	return wait->ticket.cached;
}

bool
engine_wait_joined(const struct engine_wait *wait)
{
	return wait->ticket.joined;
}

void
engine_wait_free(struct engine_wait *wait)
{
	if (wait == NULL)
		return;
	leave_check(&wait->ticket);
	free(wait);
}
