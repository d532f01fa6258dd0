/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/check_run.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/engine/check_pack.h"
#include "common/engine/engine_state.h"
#include "common/judge/enforce.h"

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

/* Whether another host has made or fetched any of it. */
static bool
rests_on_others(const struct facts *facts)
{
	if (facts->sts.policy != NULL && facts->sts.policy->by[0] != '\0')
		return true;
	for (size_t i = 0; i < facts->host_count; i++)
		for (size_t j = 0; j < facts->hosts[i].address_count; j++) {
			const struct probe_facts *probe =
			    facts->hosts[i].addresses[j].probe;

			if (probe != NULL && probe->shared)
				return true;
		}
	return false;
}

/* What others learn of it while the facts are there: of what was found here.
 */
static void
tell_check(struct check_run *run, struct check *check)
{
	const struct engine_options *options = &run->engine->options;

	if (run->shared)
		return;
	if (options->looked != NULL)
		options->looked(options->looked_arg, run->facts, check);
	if (options->number_facts != NULL)
		check->facts_number = options->number_facts(
		    options->facts_arg, run->facts, &run->terms, check);
}

/* A check is kept for long, and there may be very many. */
static struct check *
check_new(struct check_run *run)
{
	const struct engine_options *options = &run->engine->options;
	int64_t now_ms = clock_mono_ms();
	struct check check = {.domain = run->facts->domain,
	    .ms = (unsigned)(now_ms - run->submitted_ms),
	    .policy = run->facts->sts.mark};

	check.verdict =
	    run->verdict != NULL ? run->verdict : check_run_judge(run);
	check.judged_s = run->judged_s;
	check.ran_out = has_run_out(run, check.verdict);
	check.expires_ms = now_ms + (int64_t)check.verdict->ttl_s * 1000;
	if (options->keep_enforcement)
		check.enforcement =
		    enforce(run->facts, &run->terms, run->judged_s);
	if (options->keep_refusals)
		check.refusal = tls_refusal_new(run->facts, check.verdict);
	check.shared = run->shared || rests_on_others(run->facts);
	tell_check(run, &check);
	if (options->keep_facts) {
		check.facts = run->facts;
	} else {
		verdict_slim(check.verdict);
		if (!options->keep_walk)
			drop_walk(check.verdict);
	}
	return check_pack(&check);
}

bool
check_run_is_decided(const struct check *check)
{
	enum result result = check->verdict->result;

	return result != RESULT_TEMPERROR && result != RESULT_SKIP;
}

/* What could not be looked at, or not for long enough, is not remembered: the
 * next one may fare better.  Nor is what came to nothing ahead of time: what
 * was found before counts to its own end. */
static bool
is_remembered(
    const struct check_run *run, const struct check *check, bool looked)
{
	return looked && !check->ran_out &&
	       !run->engine->options.manners.survey &&
	       (!run->ahead || check_run_is_decided(check));
}

void
check_run_finish(struct check_run *run)
{
	bool looked = run->facts->trouble == TROUBLE_NONE;
	bool own = is_own_verdict(run), noted;
	struct verdict_share with;
	struct check *check;

	assert(run->entry != NULL && run->gathering == NULL);
	check = check_new(run);

	noted = own && !run->unreached && !run->shared && !check->ran_out &&
		run->engine->flips != NULL && check_run_is_decided(check);
	cache_fill(run->entry, check,
	    is_remembered(run, check, looked) ? check->expires_ms : 0);
	/* whoever waits for the verdict does not wait for the disk */
	if (check->facts_number != 0)
		run->engine->options.take_facts(run->engine->options.facts_arg,
		    run->facts, &run->terms, check);
	with = check_run_sharing(run);
	verdict_share_put(&with, check);
	if (noted)
		flips_note(run->engine->flips, check->domain,
		    check->verdict->result, check->verdict->mx);
	if (check->facts == NULL)
		facts_free(run->facts);
	cache_release(run->entry);
	check_run_fini(run);
	free(run);
}
