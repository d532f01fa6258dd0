/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/check_run.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/judge/enforce.h"
#include "common/judge/judge.h"
#include "common/proto/domain.h"

/*
 * How it works: in the order in which it happens to a check.
 *
 * - check_run_new reads the query.  engine.c claims an entry of the cache for
 * it, or joins the check that makes that entry, and submits the run to the
 * workers.
 * - A worker runs check_run_start.  begin_check ends the run if there is too
 *   little time, or if the resolver does not validate.
 * - work_on takes one next hop after the other: begin_hop begins to learn about
 *   it, and then the run is parked, without a worker, each time that it waits
 *   for lookups, probes or the policy.  When they have come, or their time is
 *   over, go_on_run takes it up.
 * - While it is at its lookups it keeps a place among the workers, which bounds
 *   how many lookups are under way.  One that has a place for those in a hurry,
 *   and is not through with its lookups in time, gives it back, and the hop is
 *   begun anew when there is another.
 * - ends_here has the judge say whether the next hop counts (hops.h).
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

static int64_t
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

/* The domain's own verdict by all rules, not that of a relay or one level. */
static bool
is_own_verdict(const struct check_run *run)
{
	const struct facts *facts = run->facts;

	return facts->trouble == TROUBLE_NONE && facts->next_hop.mx_lookup &&
	       strcmp(facts->next_hop.host, facts->domain) == 0 &&
	       (run->list != NULL || run->terms.level == LEVEL_AUTO);
}

/* The longest of its texts. */
static void
drop_walk(struct verdict *verdict)
{
	free(verdict->walk);
	verdict->walk = NULL;
}

static struct verdict *
judge_now(const struct check_run *run)
{
	return judge(run->facts, &run->terms, clock_wall_s());
}

/* Whether the deadline may have cut something off; a host that passes until
 * then is none the worse for it. */
static bool
has_run_out(const struct check_run *run, const struct verdict *verdict)
{
	if (run->facts->trouble != TROUBLE_NONE)
		return run->facts->trouble == TROUBLE_DEADLINE;
	return verdict->result != RESULT_PASS &&
	       clock_left_ms(check_run_deadline(run)) == 0;
}

/* A check is kept for long, and there may be very many. */
static struct check *
check_new(struct check_run *run)
{
	size_t size = strlen(run->facts->domain) + 1;
	struct check *check = xcalloc(1, sizeof(*check) + size);
	int64_t now_ms = clock_mono_ms();

	check->domain = memcpy(check + 1, run->facts->domain, size);
	check->verdict = run->verdict != NULL ? run->verdict : judge_now(run);
	check->ran_out = has_run_out(run, check->verdict);
	check->ms = (unsigned)(now_ms - run->submitted_ms);
	check->expires_ms = now_ms + (int64_t)check->verdict->ttl_s * 1000;
	if (run->engine->options.keep_enforcement)
		check->enforcement =
		    enforce(run->facts, &run->terms, clock_wall_s());
	if (run->engine->options.looked != NULL)
		run->engine->options.looked(
		    run->engine->options.looked_arg, run->facts, check);
	if (run->engine->options.keep_facts) {
		check->facts = run->facts;
	} else {
		verdict_slim(check->verdict);
		if (!run->engine->options.keep_walk)
			drop_walk(check->verdict);
		facts_free(run->facts);
	}
	return check;
}

bool
check_run_is_decided(const struct check *check)
{
	enum result result = check->verdict->result;

	return result != RESULT_TEMPERROR && result != RESULT_SKIP;
}

static void
note_flip(const struct engine *engine, const struct check *check)
{
	const struct verdict *verdict = check->verdict;
	const char *result = result_text(verdict->result);
	char old[STORE_RESULT_SIZE];
	struct err err;
	int flipped;

	if (engine->store == NULL || engine->options.store_read_only ||
	    !check_run_is_decided(check))
		return;
	flipped = store_flip(
	    engine->store, check->domain, result, clock_wall_s(), old, &err);
	if (flipped < 0)
		policy_keep_store_failed(policies_keep(engine->policies), &err);
	else
		policy_keep_store_worked(policies_keep(engine->policies));
	if (flipped == 1 && engine->options.flipped != NULL)
		engine->options.flipped(engine->options.store_arg,
		    check->domain, old, result, verdict->mx);
}

/* The last that a check has to do with the engine. */
static void
dismiss_run(struct engine *engine)
{
	lock_take(&engine->lock);
	if (--engine->under_way == 0)
		cond_broadcast(&engine->idle);
	lock_drop(&engine->lock);
}

/* What could not be looked at, or not for long enough, is not remembered: the
 * next one may fare better. */
void
check_run_finish(struct check_run *run)
{
	bool looked = run->facts->trouble == TROUBLE_NONE;
	bool own = is_own_verdict(run);
	struct check *check;

	assert(run->entry != NULL && run->gathering == NULL);
	check = check_new(run);

	if (own && !run->unreached && !check->ran_out)
		note_flip(run->engine, check);
	cache_fill(run->entry, check,
	    looked && !check->ran_out ? check->expires_ms : 0);
	cache_release(run->entry);
	rule_list_free(run->list);
	free(run);
}

/* Each next hop has a rule of its own. */
static void
set_hop(struct check_run *run, size_t number)
{
	run->facts->next_hop = run->next_hops[number];
	if (run->list != NULL)
		terms_set(&run->terms, run->list, run->next_hops[number].host,
		    clock_wall_s());
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
	    .prober = engine->prober,
	    .translation = engine->translation,
	    .address_limit = engine->options.probe_addresses,
	    .families = engine->options.probe_families,
	    .allow_private = engine->options.allow_private,
	    .policy_only = run->facts->trouble != TROUBLE_NONE,
	    .trial = run->trial};

	if (!run->placed && run->hops.passed > 0)
		run->until_ms = INT64_MAX; /* it has shown to be quick */
	set_hop(run, run->hops.passed);
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

/* The next hop is learnt: whether it is the one that counts. */
static bool
ends_here(struct check_run *run)
{
	struct verdict *verdict;

	if (run->trial)
		end_trial(run);
	verdict = judge_now(run);
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
		pool_keep(run->engine->workers, hurried);
	else if (!wanted && run->placed)
		pool_leave(run->engine->workers, hurried);
	run->placed = wanted;
}

static bool go_on_run(void *arg, int64_t until_ms);

/* Park the check for as long as it waits for others; false if it does not. */
static bool
park_run(struct check_run *run)
{
	struct parking_ticket *ticket = parking_ticket(
	    run->engine->parking, go_on_run, run, gather_until(run->gathering));
	unsigned count = gather_watch(run->gathering, parking_note, ticket);

	keep_place(run);
	return parking_park(ticket, count);
}

/* How far a check came. */
enum progress { TOO_SHORT, OVER, PARKED };

/* A check that was parked goes on where it was. */
static enum progress
work_on(struct check_run *run, int64_t deadline_ms)
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

	keep_place(run);
	check_run_finish(run);
	counts_end(engine->options.counts);
	dismiss_run(engine);
}

/* Go on as far as may be; false where the time for lookups was too short. */
static bool
advance_run(struct check_run *run)
{
	switch (work_on(run, check_run_deadline(run))) {
	case TOO_SHORT:
		keep_place(run);
		forget_facts(run);
		return false;
	case OVER:
		end_run(run);
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
	if (!advance_run(run)) {
		bool taken = pool_submit(
		    run->engine->workers, POOL_SLOW, check_run_start, run);

		assert(taken);
	}
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
	if (run->facts->trouble == TROUBLE_NONE)
		return advance_run(run);
	if (wants_policy(run)) {
		run->until_ms = INT64_MAX;
		return advance_run(run);
	}
	end_run(run);
	return true;
}

/* The domain and next hop of a query; what they cannot be is a trouble. */
static void
read_query(const struct engine_query *query, struct check_run *run)
{
	struct facts *facts = run->facts;
	const char *text = query->next_hop;
	int count;

	if (domain_is_literal(query->domain)) {
		facts->trouble = TROUBLE_LITERAL;
		return;
	}
	if (domain_normalise(query->domain, facts->domain, NULL) != 0) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	if (text == NULL || text[0] == '\0')
		text = facts->domain;
	count = nexthop_parse(text, query->port, run->next_hops, NULL);
	if (count < 1) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	hops_init(&run->hops, (size_t)count);
	set_hop(run, 0);
}

void
check_run_set_depth(struct check_run *run)
{
	assert(!run->begun);
	run->unreached =
	    run->wants_probes && outbound_is_shut(run->engine->outbound);
	run->facts->probed = run->wants_probes && !run->unreached;
}

struct check_run *
check_run_new(struct engine *engine, const struct engine_query *query)
{
	struct check_run *run = xcalloc(1, sizeof(*run));

	run->engine = engine;
	run->submitted_ms = clock_mono_ms();
	run->facts = facts_new();
	run->wants_probes = engine->options.probe && !query->dns_only;
	check_run_set_depth(run);
	run->facts->all_hosts = query->all_hosts;
	run->terms.level = query->level;
	run->terms.insecure_mx = engine->options.insecure_mx;
	run->terms.partial_dane = engine->options.partial_dane;
	run->terms.requiretls = query->requiretls;
	run->terms.store = engine->roots;
	run->terms.verdict_ttl_s = engine->options.verdict_ttl_s;
	run->terms.fail_ttl_s = engine->options.fail_ttl_s;
	run->terms.temperror_ttl_s = engine->options.temperror_ttl_s;
	run->list = rule_list_ref(query->rules);
	read_query(query, run);
	return run;
}

/* The rules of all next hops; the first one's are those of the run. */
static void
print_rules(const struct check_run *run, char out[CHECK_RUN_RULES_SIZE])
{
	struct judge_terms terms = run->terms;
	char key[TERMS_KEY_SIZE];
	time_t now = clock_wall_s();
	struct text text;

	text_init(&text, out, CHECK_RUN_RULES_SIZE);
	terms_key(&terms, now, key);
	text_add(&text, key);
	for (size_t i = 1; run->list != NULL && i < run->hops.count; i++) {
		terms_set(&terms, run->list, run->next_hops[i].host, now);
		terms_key(&terms, now, key);
		text_addf(&text, ",%s", key);
	}
}

void
check_run_print_key(
    const struct check_run *run, bool probed, char key[CHECK_RUN_KEY_SIZE])
{
	char hops[NEXTHOP_LIST_SIZE], terms[CHECK_RUN_RULES_SIZE];

	if (run->facts->trouble == TROUBLE_NONE)
		nexthop_print_list(run->next_hops, run->hops.count, hops);
	else
		snprintf(hops, sizeof(hops), "!%d", (int)run->facts->trouble);
	print_rules(run, terms);
	snprintf(key, CHECK_RUN_KEY_SIZE, "%s %s %s %d%d%d %u", hops,
	    run->facts->domain, terms, probed, run->facts->all_hosts,
	    run->terms.requiretls, validation_losses(run->engine->validation));
}

void
check_run_free(struct check_run *run)
{
	if (run == NULL)
		return;
	assert(run->entry == NULL);
	facts_free(run->facts);
	verdict_free(run->verdict);
	rule_list_free(run->list);
	free(run);
}
