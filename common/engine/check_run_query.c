/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/check_run.h"

#include <assert.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/engine_state.h"
#include "common/proto/domain.h"

/* Each next hop has a rule of its own. */
void
check_run_set_hop(struct check_run *run, size_t number)
{
	run->facts->next_hop = run->next_hops[number];
	if (run->list != NULL)
		terms_set(&run->terms, run->list, run->next_hops[number].host,
		    clock_wall_s());
}

/* The domain and next hop of a query; what they cannot be is a trouble. */
static void
read_query(const struct engine_query *query, struct check_run *run)
{
	struct facts *facts = run->facts;
	const char *text = query->next_hop;
	struct nexthop next_hops[LIMIT_NEXTHOPS];
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
	count = nexthop_parse(text, query->port, next_hops, NULL);
	if (count < 1) {
		facts->trouble = TROUBLE_NAME_INVALID;
		return;
	}
	run->next_hops = xmemdup(next_hops, (size_t)count * sizeof(*next_hops));
	hops_init(&run->hops, (size_t)count);
	check_run_set_hop(run, 0);
}

void
check_run_set_depth(struct check_run *run)
{
	assert(!run->begun);
	run->unreached =
	    run->wants_probes && outbound_is_shut(run->engine->outbound);
	run->facts->probed = run->wants_probes && !run->unreached;
}

void
check_run_init(struct check_run *run, struct facts *facts,
    struct engine *engine, const struct engine_query *query)
{
	memset(run, 0, sizeof(*run));
	run->engine = engine;
	run->share = &engine->shares[query->of_mta && engine->options.for_mtas];
	run->submitted_ms = clock_mono_ms();
	run->facts = facts;
	run->wants_probes = engine->options.probe && !query->dns_only;
	check_run_set_depth(run);
	run->ahead = query->ahead;
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
}

void
check_run_fini(struct check_run *run)
{
	rule_list_free(run->list);
	free(run->next_hops);
}

struct check_run *
check_run_new(struct engine *engine, const struct engine_query *query)
{
	struct check_run *run = xmalloc(sizeof(*run));

	check_run_init(run, facts_new(), engine, query);
	return run;
}

/* The rules of all next hops; the first one's are those of the run. */
static void
add_rules(const struct check_run *run, struct text *text)
{
	struct judge_terms terms = run->terms;
	char key[TERMS_KEY_SIZE];
	time_t now = clock_wall_s();

	terms_key(&terms, now, key);
	text_add(text, key);
	for (size_t i = 1; run->list != NULL && i < run->hops.count; i++) {
		terms_set(&terms, run->list, run->next_hops[i].host, now);
		terms_key(&terms, now, key);
		text_add(text, ",");
		text_add(text, key);
	}
}

/* "HOPS DOMAIN "; where both are the same, it stands there once. */
static void
add_destination(const struct check_run *run, struct text *text)
{
	const struct facts *facts = run->facts;
	char hops[NEXTHOP_LIST_SIZE];

	if (facts->trouble == TROUBLE_NONE) {
		nexthop_print_list(run->next_hops, run->hops.count, hops);
		text_add(text, hops);
	} else {
		text_add(text, "!");
		text_add_uint(text, facts->trouble);
	}
	text_add(text, " ");
	if (facts->trouble != TROUBLE_NONE || strcmp(hops, facts->domain) != 0)
		text_add(text, facts->domain);
	text_add(text, " ");
}

void
check_run_print_key(
    const struct check_run *run, bool probed, char key[CHECK_RUN_KEY_SIZE])
{
	const struct facts *facts = run->facts;
	unsigned losses = validation_losses(run->engine->validation);
	struct text text;

	text_init(&text, key, CHECK_RUN_KEY_SIZE);
	add_destination(run, &text);
	add_rules(run, &text);
	text_add(&text, probed ? " p" : " d");
	text_add(&text, facts->all_hosts ? "a" : "");
	text_add(&text, run->terms.requiretls ? "r" : "");
	if (losses > 0)
		text_add_uint(&text, losses);
	assert(!text.cut);
}

void
check_run_free(struct check_run *run)
{
	if (run == NULL)
		return;
	assert(run->entry == NULL);
	facts_free(run->facts);
	verdict_free(run->verdict);
	check_run_fini(run);
	free(run);
}

struct verdict_share
check_run_sharing(const struct check_run *run)
{
	return (struct verdict_share){.engine = run->engine,
	    .facts = run->facts,
	    .terms = &run->terms,
	    .hop = run->hops.count == 1 ? &run->next_hops[0] : NULL};
}
