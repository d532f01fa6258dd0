/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/mtasts.h"

#include "common/base/xalloc.h"
#include "common/sts/policy_fetch.h"
#include "common/sts/policy_want.h"

struct sts_step {
	struct policies *policies;
	struct facts *facts;
	struct dns_query *txt;
	bool fetched; /* the record is known */
	bool own;
	struct policy_want *want;
};

struct sts_step *
sts_start(struct policies *policies, struct dns *dns, struct facts *facts,
    bool own, int64_t deadline_ms)
{
	struct sts_step *step = xcalloc(1, sizeof(*step));

	step->policies = policies;
	step->facts = facts;
	step->own = own;
	if (!facts->next_hop.literal)
		step->txt =
		    policy_fetch_ask(dns, facts->next_hop.host, deadline_ms);
	return step;
}

void
sts_fetch(struct sts_step *step)
{
	struct sts_facts *sts = &step->facts->sts;

	if (step->facts->next_hop.literal || step->fetched)
		return;
	policy_fetch_record(step->txt, sts);
	step->txt = NULL;
	step->fetched = true;
	facts_note(step->facts, &sts->txt);
	if (step->policies == NULL)
		return;
	sts->mark = policies_mark(step->policies, step->facts->next_hop.host);
	step->want =
	    policy_want_begin(step->policies, step->facts->next_hop.host,
		sts->record.outcome == STS_RECORD_VALID ? sts->record.id : NULL,
		step->own);
}

unsigned
sts_watch_record(struct sts_step *step, cache_ready *ready, void *arg)
{
	if (step->txt == NULL)
		return 0;
	dns_watch(step->txt, ready, arg);
	return 1;
}

int64_t
sts_record_deadline(const struct sts_step *step)
{
	return step->txt == NULL ? 0 : dns_deadline(step->txt);
}

unsigned
sts_watch(struct sts_step *step, cache_ready *ready, void *arg)
{
	return step->want == NULL ? 0
				  : policy_want_watch(step->want, ready, arg);
}

int64_t
sts_until(const struct sts_step *step)
{
	return step->want == NULL ? INT64_MAX : policy_want_until(step->want);
}

void
sts_finish(struct sts_step *step, int64_t deadline_ms)
{
	if (step->want != NULL)
		policy_want_finish(step->want, &step->facts->sts, deadline_ms);
	if (step->txt != NULL)
		dns_answer_free(dns_await(step->txt));
	free(step);
}
