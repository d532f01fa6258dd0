/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/check_run.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/judge/judge.h"

/*
 * How it works: in the order in which it happens to a check.
 *
 * - check_run_new reads the query.  engine.c claims an entry of the cache for
 * it, or joins the check that makes that entry, and submits the run to the
 * workers.
 * - A worker runs check_run_start.  begin_check ends the run if there is too
 *   little time, or if the resolver does not validate.
 * - Where hosts share verdicts, and another has one that counts, that is all.
 * - work_on takes one next hop after the other: begin_hop begins to learn about
 *   it, and then the run is parked, without a worker, each time that it waits
 *   for lookups, probes or the policy.  When they have come, or their time is
 *   over, go_on_run takes it up.
 * - While it is at its lookups it keeps a place among the workers, which bounds
 *   how many lookups are under way.  One that has a place for those in a hurry,
 *   and is not through with its lookups in time, gives it back, and the hop is
 *   begun anew when there is another.
 * - ends_here has the judge say whether the next hop counts (hops.h).  The one
 *   behind it is begun with a place as well: where the run has given its own
 *   back it is queued for another.
 * - check_run_finish fills the entry, which wakes all who wait for it.  The run
 * is gone then.
 *
 * The deadline is the one of whoever began the check.  A verdict for which
 * there was not time enough is told to all who wait, but not remembered: see
 * wants_own_check in engine.c for those who have time left.
 */

/* A check is begun only if one part in so many of its time is left.  With less
 * it would ask the resolver, and could not wait for the answer.  In a flood of
 * checks, those that have waited too long so make way for the others. */
enum { LEAST_PART = 10 };

int64_t
check_run_deadline(const struct check_run *run)
{
	return run->submitted_ms + run->engine->options.check_timeout_ms;
}

bool
check_run_has_time(const struct check_run *run)
{
	int least_ms = run->engine->options.check_timeout_ms / LEAST_PART;

	return clock_left_ms(check_run_deadline(run)) > least_ms;
}

struct verdict *
check_run_judge(struct check_run *run)
{
	run->judged_s = clock_wall_s();
	return judge(run->facts, &run->terms, run->judged_s);
}

/* The last that a check has to do with the engine. */
static void
dismiss_run(struct engine *engine, struct engine_share *share)
{
	lock_take(&engine->lock);
	assert(share->under_way > 0);
	if (--share->under_way == 0)
		cond_broadcast(&engine->idle);
	lock_drop(&engine->lock);
}

/* The same question, nothing learnt yet. */
static struct facts *
facts_like(const struct facts *facts)
{
	struct facts *fresh = facts_new();

	text_copy(fresh->domain, sizeof(fresh->domain), facts->domain);
	fresh->probed = facts->probed;
	fresh->all_hosts = facts->all_hosts;
	return fresh;
}

static void
forget_facts(struct check_run *run)
{
	struct facts *fresh = facts_like(run->facts);

	facts_free(run->facts);
	run->facts = fresh;
}

/* What keeps us from looking at all; false if until_ms was too soon. */
static bool
begin_check(struct check_run *run, int64_t deadline_ms, int64_t until_ms)
{
	struct validation *validation = run->engine->validation;

	if (run->gathering != NULL || run->hops.passed > 0)
		return true;
	if (!check_run_has_time(run)) {
		run->facts->trouble = TROUBLE_DEADLINE;
		return true;
	}
	if (run->validated)
		return true;
	if (validation_is_missing(
		validation, until_ms < deadline_ms ? until_ms : deadline_ms))
		run->facts->trouble = TROUBLE_NOT_VALIDATING;
	else if (clock_left_ms(until_ms) == 0)
		return false;
	run->validated = true;
	return true;
}

static void
begin_hop(struct check_run *run, int64_t deadline_ms)
{
	const struct engine *engine = run->engine;
	struct gatherer gatherer = {.dns = engine->dns,
	    .policies = engine->policies,
	    .translation = engine->translation,
	    .address_limit = engine->options.probe_addresses,
	    .families = engine->options.probe_families,
	    .policy_only = run->facts->trouble != TROUBLE_NONE,
	    .own_policy = run->own_policy,
	    .survey = engine->options.manners.survey,
	    .no_fetch = engine->options.manners.no_fetch,
	    .walk = {.prober = engine->prober,
		.allow_private = engine->options.allow_private,
		.trial = run->trial,
		.once = engine->options.manners.survey}};

	check_run_set_hop(run, run->hops.passed);
	run->gathering = gather_begin(
	    &gatherer, run->facts, &run->terms, deadline_ms, run->until_ms);
}

/* The way out is shut still: that is all a trial has found, and it says nothing
 * of the hosts. */
static void
end_trial(struct check_run *run)
{
	run->unreached = outbound_is_shut(run->engine->outbound) &&
			 !facts_connected(run->facts);
	if (run->unreached)
		facts_forget_probes(run->facts);
}

/* A failure by a policy that only another host has fetched does not count: the
 * hop is looked at once more, with a fetch of our own. */
static bool
wants_own_policy(const struct check_run *run, const struct verdict *verdict)
{
	const struct policy_facts *policy = run->facts->sts.policy;

	return !run->own_policy &&
	       (verdict->result == RESULT_FAIL ||
		   verdict->result == RESULT_SOFTFAIL) &&
	       policy != NULL && policy->by[0] != '\0' &&
	       check_run_has_time(run);
}

/* The next hop is learnt: whether it is the one that counts. */
static bool
ends_here(struct check_run *run)
{
	struct verdict *verdict;

	if (run->trial)
		end_trial(run);
	verdict = check_run_judge(run);
	if (wants_own_policy(run, verdict)) {
		run->own_policy = true;
		verdict_free(verdict);
		forget_facts(run);
		return false;
	}
	run->own_policy = false;
	if (hops_settle(&run->hops, verdict)) {
		run->verdict = verdict;
		return true;
	}
	verdict_free(verdict);
	forget_facts(run);
	return false;
}

/* The place that a run at its lookups has. */
static void
keep_place(struct check_run *run)
{
	bool wanted =
	    run->gathering != NULL && gather_is_at_lookups(run->gathering);
	bool hurried = run->until_ms != INT64_MAX;

	if (wanted && !run->placed)
		pool_keep(run->share->workers, hurried);
	else if (!wanted && run->placed)
		pool_leave(run->share->workers, hurried);
	run->placed = wanted;
}

static bool go_on_run(void *arg, int64_t until_ms);

/* Park the check for as long as it waits for others; false if it does not. */
static bool
park_run(struct check_run *run)
{
	struct parking_ticket *ticket = parking_ticket(
	    run->share->parking, go_on_run, run, gather_until(run->gathering));
	unsigned count = gather_watch(run->gathering, parking_note, ticket);

	keep_place(run);
	return parking_park(ticket, count);
}

/* How far a check came; UNPLACED: to a next hop, without a place to begin it.
 */
enum progress { TOO_SHORT, OVER, PARKED, UNPLACED };

/* A check that was parked goes on where it was.  in_turn: its thread has a
 * place for it. */
static enum progress
work_on(struct check_run *run, int64_t deadline_ms, bool in_turn)
{
	for (;;) {
		enum gather_progress progress = GATHER_MORE;

		if (run->gathering == NULL)
			begin_hop(run, deadline_ms);
		else
			progress = gather_proceed(run->gathering);
		if (progress != GATHER_MORE)
			run->gathering = NULL;
		if (progress == GATHER_TOO_SHORT)
			return TOO_SHORT;
		if (progress == GATHER_OVER &&
		    (run->facts->trouble != TROUBLE_NONE || ends_here(run)))
			return OVER;
		if (progress == GATHER_OVER && !run->placed && !in_turn)
			return UNPLACED;
		if (progress == GATHER_MORE && park_run(run))
			return PARKED;
	}
}

/* Without DNSSEC nothing is known of the hosts; MTA-STS needs none, and where a
 * policy is in force an MTA that asks must not go without. */
static bool
wants_policy(const struct check_run *run)
{
	return run->engine->options.keep_enforcement &&
	       run->facts->trouble == TROUBLE_NOT_VALIDATING &&
	       terms_may_want_sts(&run->terms, clock_wall_s());
}

/* One at a time finds out whether hosts are in reach once more, and waits for
 * it: its verdict is as good as ever if they are. */
static void
count_as_begun(struct check_run *run)
{
	struct engine *engine = run->engine;

	if (run->begun)
		return;
	run->begun = true;
	counts_begin(engine->options.counts);
	if (!run->unreached || !outbound_wants_trial(engine->outbound))
		return;
	run->trial = true;
	run->facts->probed = true;
	prober_try_witnesses(engine->prober);
}

static void
end_run(struct check_run *run)
{
	struct engine *engine = run->engine;
	struct engine_share *share = run->share;

	keep_place(run);
	check_run_finish(run);
	counts_end(engine->options.counts);
	dismiss_run(engine, share);
}

static void
queue_run(struct check_run *run, enum pool_lane lane)
{
	bool taken =
	    pool_submit(run->share->workers, lane, check_run_start, run);

	assert(taken);
}

/* Go on as far as may be; false where the time for lookups was too short. */
static bool
advance_run(struct check_run *run, bool in_turn)
{
	switch (work_on(run, check_run_deadline(run), in_turn)) {
	case TOO_SHORT:
		keep_place(run);
		forget_facts(run);
		return false;
	case OVER:
		end_run(run);
		break;
	case UNPLACED: /* it has waited once, and does not again behind others
			*/
		queue_run(run, POOL_FIRST);
		break;
	case PARKED: /* it is another's now */
		break;
	}
	return true;
}

/* What the run was parked for has come, or its time is over. */
static bool
go_on_run(void *arg, int64_t until_ms)
{
	struct check_run *run = arg;

	assert(run->gathering != NULL && until_ms == INT64_MAX);
	if (!advance_run(run, false))
		queue_run(run, POOL_SLOW);
	return true;
}

/* What another host has found, if that will do; who makes one ahead of its end
 * looks for himself. */
static bool
take_shared_verdict(struct check_run *run)
{
	struct verdict_share with = check_run_sharing(run);
	struct policy_mark mark =
	    policies_mark(run->engine->policies, run->facts->next_hop.host);

	if (run->ahead || run->hops.passed > 0)
		return false;
	run->verdict = verdict_share_take(&with);
	if (run->verdict == NULL)
		return false;
	run->facts->sts.mark = mark;
	run->judged_s = clock_wall_s();
	run->shared = true;
	return true;
}

bool
check_run_start(void *arg, int64_t until_ms)
{
	struct check_run *run = arg;

	assert(run->entry != NULL && run->verdict == NULL && !run->placed);
	assert(run->gathering == NULL);
	run->until_ms = until_ms;
	if (!begin_check(run, check_run_deadline(run), until_ms))
		return false;
	count_as_begun(run);
	if (run->facts->trouble == TROUBLE_NONE && take_shared_verdict(run)) {
		end_run(run);
		return true;
	}
	if (run->facts->trouble == TROUBLE_NONE)
		return advance_run(run, true);
	if (wants_policy(run)) {
		run->until_ms = INT64_MAX;
		return advance_run(run, true);
	}
	end_run(run);
	return true;
}
