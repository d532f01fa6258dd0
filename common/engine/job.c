/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/job.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/judge/judge.h"
#include "common/proto/domain.h"

/*
 * How it works: in the order in which it happens to a check.
 *
 * - job_new reads the query.  engine.c claims an entry of the cache for it, or
 *   joins the check that makes that entry, and submits the job to the workers.
 * - A worker runs job_run.  begin_check ends the job if there is too little
 *   time, or if the resolver does not validate.
 * - work_on takes one next hop after the other: begin_hop waits for DNS, then
 *   the job is parked until the probes and the policy have come, and job_run is
 *   called once more.  A worker in a hurry gives the job back, and the hop is
 *   begun anew by another one.
 * - ends_here has the judge say whether the next hop counts (hops.h).
 * - job_finish fills the entry, which wakes all who wait for it.  The job is
 *   gone then.
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
job_deadline(const struct job *job)
{
	return job->submitted_ms + job->engine->options.check_timeout_ms;
}

bool
job_has_time(const struct job *job)
{
	int least_ms = job->engine->options.check_timeout_ms / LEAST_PART;

	return clock_left_ms(job_deadline(job)) > least_ms;
}

/* The domain's own verdict by all rules, not that of a relay or one level. */
static bool
is_own_verdict(const struct job *job)
{
	const struct facts *facts = job->facts;

	return facts->trouble == TROUBLE_NONE && facts->next_hop.mx_lookup &&
	       strcmp(facts->next_hop.host, facts->domain) == 0 &&
	       (job->list != NULL || job->rules.level == LEVEL_AUTO);
}

/* The longest of its texts. */
static void
drop_walk(struct verdict *verdict)
{
	free(verdict->walk);
	verdict->walk = NULL;
}

static struct verdict *
judge_now(const struct job *job)
{
	return judge(job->facts, &job->rules, clock_wall_s());
}

/* Whether the deadline may have cut something off; a host that passes until
 * then is none the worse for it. */
static bool
has_run_out(const struct job *job, const struct verdict *verdict)
{
	if (job->facts->trouble != TROUBLE_NONE)
		return job->facts->trouble == TROUBLE_DEADLINE;
	return verdict->result != RESULT_PASS &&
	       clock_left_ms(job_deadline(job)) == 0;
}

/* A check is kept for long, and there may be very many. */
static struct check *
check_new(struct job *job)
{
	size_t size = strlen(job->facts->domain) + 1;
	struct check *check = xcalloc(1, sizeof(*check) + size);
	int64_t now_ms = clock_mono_ms();

	check->domain = memcpy(check + 1, job->facts->domain, size);
	check->verdict = job->verdict != NULL ? job->verdict : judge_now(job);
	check->ran_out = has_run_out(job, check->verdict);
	check->ms = (unsigned)(now_ms - job->submitted_ms);
	check->expires_ms = now_ms + (int64_t)check->verdict->ttl_s * 1000;
	if (job->engine->options.keep_facts) {
		check->facts = job->facts;
	} else {
		verdict_slim(check->verdict);
		if (!job->engine->options.keep_walk)
			drop_walk(check->verdict);
		facts_free(job->facts);
	}
	return check;
}

bool
job_is_decided(const struct check *check)
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
	    !job_is_decided(check))
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
dismiss(struct engine *engine)
{
	lock_take(&engine->lock);
	if (--engine->under_way == 0)
		cond_broadcast(&engine->idle);
	lock_drop(&engine->lock);
}

/* What could not be looked at, or not for long enough, is not remembered: the
 * next one may fare better. */
void
job_finish(struct job *job)
{
	bool looked = job->facts->trouble == TROUBLE_NONE;
	bool own = is_own_verdict(job);
	struct check *check;

	assert(job->entry != NULL && job->gathering == NULL);
	check = check_new(job);

	if (own && !job->unreached && !check->ran_out)
		note_flip(job->engine, check);
	cache_fill(job->entry, check,
	    looked && !check->ran_out ? check->expires_ms : 0);
	cache_release(job->entry);
	rule_list_free(job->list);
	free(job);
}

/* Each next hop has a rule of its own. */
static void
set_hop(struct job *job, size_t number)
{
	job->facts->next_hop = job->next_hops[number];
	if (job->list != NULL)
		rules_set(&job->rules, job->list, job->next_hops[number].host,
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
forget_facts(struct job *job)
{
	struct facts *fresh = facts_like(job->facts);

	facts_free(job->facts);
	job->facts = fresh;
}

/* What keeps us from looking at all; false if until_ms was too soon. */
static bool
begin_check(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	struct validation *validation = job->engine->validation;

	if (job->gathering != NULL || job->hops.passed > 0)
		return true;
	if (!job_has_time(job)) {
		job->facts->trouble = TROUBLE_DEADLINE;
		return true;
	}
	if (job->validated)
		return true;
	if (validation_is_missing(
		validation, until_ms < deadline_ms ? until_ms : deadline_ms))
		job->facts->trouble = TROUBLE_NOT_VALIDATING;
	else if (clock_left_ms(until_ms) == 0)
		return false;
	job->validated = true;
	return true;
}

static bool
begin_hop(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	const struct engine *engine = job->engine;
	struct gatherer gatherer = {.dns = engine->dns,
	    .policies = engine->policies,
	    .prober = engine->prober,
	    .translation = engine->translation,
	    .address_limit = engine->options.probe_addresses,
	    .families = engine->options.probe_families,
	    .allow_private = engine->options.allow_private,
	    .trial = job->trial};

	set_hop(job, job->hops.passed);
	job->gathering = gather_begin(
	    &gatherer, job->facts, &job->rules, deadline_ms, until_ms);
	if (job->gathering == NULL)
		forget_facts(job);
	return job->gathering != NULL;
}

/* The way out is shut still: that is all a trial has found, and it says nothing
 * of the hosts. */
static void
end_trial(struct job *job)
{
	job->unreached = outbound_is_shut(job->engine->outbound) &&
			 !facts_connected(job->facts);
	if (job->unreached)
		facts_forget_probes(job->facts);
}

/* The next hop is learnt: whether it is the one that counts. */
static bool
ends_here(struct job *job)
{
	struct verdict *verdict;

	if (job->trial)
		end_trial(job);
	verdict = judge_now(job);
	if (hops_settle(&job->hops, verdict)) {
		job->verdict = verdict;
		return true;
	}
	verdict_free(verdict);
	forget_facts(job);
	return false;
}

/* Park the check for as long as it waits for others; false if it does not. */
static bool
park(struct job *job, int64_t deadline_ms)
{
	struct parking_ticket *ticket =
	    parking_ticket(job->engine->parking, job_run, job, deadline_ms);
	unsigned count = gather_watch(job->gathering, parking_note, ticket);

	return parking_park(ticket, count);
}

/* How far a check came. */
enum progress { OVER, PARKED, TOO_SHORT };

/* A check that was parked goes on where it was. */
static enum progress
work_on(struct job *job, int64_t deadline_ms, int64_t until_ms)
{
	for (;;) {
		if (job->gathering == NULL) {
			if (!begin_hop(job, deadline_ms, until_ms))
				return TOO_SHORT;
		} else if (!gather_proceed(job->gathering)) {
			job->gathering = NULL;
			if (ends_here(job))
				return OVER;
			continue;
		}
		if (park(job, deadline_ms))
			return PARKED;
	}
}

/* One at a time finds out whether hosts are in reach once more, and waits for
 * it: its verdict is as good as ever if they are. */
static void
count_as_begun(struct job *job)
{
	struct engine *engine = job->engine;

	if (job->begun)
		return;
	job->begun = true;
	counts_begin(engine->options.counts);
	if (!job->unreached || !outbound_wants_trial(engine->outbound))
		return;
	job->trial = true;
	job->facts->probed = true;
	prober_try_witnesses(engine->prober);
}

bool
job_run(void *arg, int64_t until_ms)
{
	struct job *job = arg;
	struct engine *engine = job->engine;
	int64_t deadline_ms = job_deadline(job);
	enum progress progress = OVER;

	assert(job->entry != NULL && job->verdict == NULL);
	if (!begin_check(job, deadline_ms, until_ms))
		return false;
	count_as_begun(job);
	if (job->facts->trouble == TROUBLE_NONE)
		progress = work_on(job, deadline_ms, until_ms);
	if (progress == OVER) {
		job_finish(job);
		counts_end(engine->options.counts);
		dismiss(engine);
	}
	return progress != TOO_SHORT;
}

/* The domain and next hop of a query; what they cannot be is a trouble. */
static void
read_query(const struct engine_query *query, struct job *job)
{
	struct facts *facts = job->facts;
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
	count = nexthop_parse(text, query->port, job->next_hops, NULL);
	if (count < 1) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	hops_init(&job->hops, (size_t)count);
	set_hop(job, 0);
}

void
job_set_depth(struct job *job)
{
	assert(!job->begun);
	job->unreached =
	    job->wants_probes && outbound_is_shut(job->engine->outbound);
	job->facts->probed = job->wants_probes && !job->unreached;
}

struct job *
job_new(struct engine *engine, const struct engine_query *query)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->engine = engine;
	job->submitted_ms = clock_mono_ms();
	job->facts = facts_new();
	job->wants_probes = engine->options.probe && !query->dns_only;
	job_set_depth(job);
	job->facts->all_hosts = query->all_hosts;
	job->rules.level = query->level;
	job->rules.insecure_mx = engine->options.insecure_mx;
	job->rules.require_tls = query->require_tls;
	job->rules.store = engine->roots;
	job->rules.verdict_ttl_s = engine->options.verdict_ttl_s;
	job->rules.fail_ttl_s = engine->options.fail_ttl_s;
	job->rules.temperror_ttl_s = engine->options.temperror_ttl_s;
	job->list = rule_list_ref(query->rules);
	read_query(query, job);
	return job;
}

/* The rules of all next hops; the first one's are those of the job. */
static void
print_rules(const struct job *job, char out[JOB_RULES_SIZE])
{
	struct rules rules = job->rules;
	char key[RULES_KEY_SIZE];
	time_t now = clock_wall_s();
	struct text text;

	text_init(&text, out, JOB_RULES_SIZE);
	rules_key(&rules, now, key);
	text_add(&text, key);
	for (size_t i = 1; job->list != NULL && i < job->hops.count; i++) {
		rules_set(&rules, job->list, job->next_hops[i].host, now);
		rules_key(&rules, now, key);
		text_addf(&text, ",%s", key);
	}
}

void
job_print_key(const struct job *job, bool probed, char key[JOB_KEY_SIZE])
{
	char hops[NEXTHOP_LIST_SIZE], rules[JOB_RULES_SIZE];

	if (job->facts->trouble == TROUBLE_NONE)
		nexthop_print_list(job->next_hops, job->hops.count, hops);
	else
		snprintf(hops, sizeof(hops), "!%d", (int)job->facts->trouble);
	print_rules(job, rules);
	snprintf(key, JOB_KEY_SIZE, "%s %s %s %d%d%d %u", hops,
	    job->facts->domain, rules, probed, job->facts->all_hosts,
	    job->rules.require_tls, validation_losses(job->engine->validation));
}

void
job_free(struct job *job)
{
	if (job == NULL)
		return;
	assert(job->entry == NULL);
	facts_free(job->facts);
	verdict_free(job->verdict);
	rule_list_free(job->list);
	free(job);
}
