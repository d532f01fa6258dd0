/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/inventory.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/engine_state.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

/* "DOMAIN>HOPS ..." of what is listed. */
static const char *
list_checks(struct engine *engine, struct rule_list *rules, const char *domain)
{
	static char text[512];
	AUTO(inventory)
	struct inventory *inventory = inventory_new(engine, rules, domain);
	char hops[NEXTHOP_LIST_SIZE];
	const struct check *check;
	struct text list;

	text_init(&list, text, sizeof(text));
	while ((check = inventory_next_check(inventory, hops)) != NULL)
		text_addf(&list, "%s%s>%s", list.len > 0 ? " " : "",
		    check->domain, hops);
	return text;
}

static void
what_is_remembered_is_listed(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_AUTO);
	struct inventory_counts counts;
	struct rule *rule = rule_new();

	(void)state;
	text_copy(rule->key, sizeof(rule->key), "null.example");
	text_copy(rule->name, sizeof(rule->name), "null.example");
	rule->level = LEVEL_MAY;
	rule_list_add(list, rule);
	rule_list_sort(list);
	rule_list_sort(other);
	network_check(engine, "null.example", NULL, list);
	network_check(engine, "good.example", NULL, list);
	network_check(
	    engine, "a.example", "[nomx.example]:26,also.example", list);
	network_check(engine, "a..b", NULL, list);
	inventory_count(engine, &counts);
	assert_int_equal(counts.verdicts, 3);
	assert_string_equal(counts.store, "none");
	assert_string_equal(list_checks(engine, list, NULL),
	    "a.example>[nomx.example]:26,also.example "
	    "good.example>good.example null.example>null.example");
	/* by other rules no message gets that one any more */
	assert_string_equal(list_checks(engine, other, NULL),
	    "a.example>[nomx.example]:26,also.example "
	    "good.example>good.example");
	assert_string_equal(list_checks(engine, list, "good.example"),
	    "good.example>good.example");
	assert_string_equal(list_checks(engine, list, "nomx.example"),
	    "a.example>[nomx.example]:26,also.example");
	assert_string_equal(list_checks(engine, list, "also.example"),
	    "a.example>[nomx.example]:26,also.example");
	assert_string_equal(list_checks(engine, list, "example"), "");
	assert_string_equal(list_checks(engine, list, "ood.example"), "");
	clock_shift(3600);
	assert_string_equal(list_checks(engine, list, NULL), "");
}

/* Checks of so many domains more, a probe for each: what is in memory then. */
static struct inventory_counts
check_many(struct engine *engine, const char *parent, unsigned count)
{
	static unsigned number;
	struct inventory_counts counts;
	char domain[64];

	for (unsigned end = number + count; number < end; number++) {
		snprintf(domain, sizeof(domain), "d%u.%s", number, parent);
		network_check(engine, domain, NULL, NULL);
	}
	inventory_count(engine, &counts);
	return counts;
}

static void
caches_are_as_large_as_their_limits(void **state)
{
	static const char absent[] = "absent.example";
	static const char probed[] = "farm.example";
	struct engine *engine = network_engine(2, 10);

	(void)state;
	assert_int_equal(
	    check_many(engine, absent, LIMIT_CACHED_FACTS).verdicts,
	    LIMIT_CACHED_FACTS);
	assert_int_equal(
	    check_many(engine, absent, 1).verdicts, LIMIT_CACHED_FACTS);
	engine_free(engine);
	wish.keep_facts = false;
	engine = network_engine(2, 10);
	wish.keep_facts = true;
	assert_int_equal(check_many(engine, probed, LIMIT_CACHED_PROBES).probes,
	    LIMIT_CACHED_PROBES);
	assert_int_equal(
	    check_many(engine, probed, 1).probes, LIMIT_CACHED_PROBES);
	assert_int_equal(check_many(engine, absent,
			     LIMIT_CACHED_VERDICTS - LIMIT_CACHED_PROBES - 1)
			     .verdicts,
	    LIMIT_CACHED_VERDICTS);
	assert_int_equal(
	    check_many(engine, absent, 1).verdicts, LIMIT_CACHED_VERDICTS);
	engine_free(engine);
}

/* A value is there before room is made for it. */
static struct inventory_counts
await_room(struct engine *engine, size_t octets)
{
	int64_t end_ms = network_soon();
	struct inventory_counts counts;

	do
		inventory_count(engine, &counts);
	while (counts.octets > octets && clock_left_ms(end_ms) > 0);
	return counts;
}

/* Verdicts, probes and policies share it. */
static void
caches_take_as_much_memory_as_they_may(void **state)
{
	struct inventory_counts counts;
	struct engine *engine;

	(void)state;
	wish.keep_facts = false;
	wish.max_cache_octets = 500 * 1000;
	engine = network_engine(2, 10);
	wish.keep_facts = true;
	wish.max_cache_octets = 256 << 20;
	check_many(engine, "farm.example", 3000);
	counts = await_room(engine, 500 * 1000);
	assert_in_range(counts.octets, 400 * 1000, 500 * 1000);
	assert_in_range(counts.verdicts, 100, 2999);
	assert_in_range(counts.probes, 100, 2999);
	engine_free(engine);
}

static void
what_is_flushed_is_looked_at_anew(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	struct engine_wait *stuck, *after;
	struct inventory_flushed flushed;

	(void)state;
	network_check(engine, "good.example", NULL, NULL);
	network_check(engine, "nomx.example", NULL, NULL);
	assert_int_equal(net.probes, 1 + 1);
	network_set_gate(true);
	stuck = network_start(engine, "slow.example");
	network_await(&net.waiting, 1);
	assert_int_equal(
	    inventory_flush(engine, "good.example", &flushed, NULL), 0);
	assert_int_equal(flushed.verdicts, 1);
	assert_int_equal(flushed.probes, 2);
	assert_int_equal(flushed.policies, 0);
	network_check(engine, "nomx.example", NULL, NULL);
	assert_int_equal(net.probes, 3);
	network_check(engine, "good.example", NULL, NULL);
	assert_int_equal(net.probes, 4);
	assert_int_equal(inventory_flush(engine, NULL, &flushed, NULL), 0);
	assert_int_equal(flushed.verdicts, 2);
	/* who waited gets the old check, who comes now a new one */
	after = network_start(engine, "slow.example");
	network_set_gate(false);
	assert_non_null(engine_await(stuck, network_soon()));
	assert_non_null(engine_await(after, network_soon()));
	assert_ptr_not_equal(engine_await(stuck, 0), engine_await(after, 0));
	assert_int_equal(net.probes, 5);
	engine_wait_free(stuck);
	engine_wait_free(after);
}

static size_t
policies_after_forgetting(struct engine *engine, time_t at)
{
	struct inventory_flushed flushed;
	struct inventory_counts counts;

	assert_int_equal(
	    inventory_forget(engine, "good.example", at, &flushed, NULL), 0);
	assert_int_equal(flushed.probes, 1);
	assert_int_equal(flushed.verdicts, 1);
	inventory_count(engine, &counts);
	return counts.policies;
}

/* As one that has heard an order to forget, has fetched the policy since, and
 * is started again: it hears of the last ten minutes once more. */
static void
a_policy_that_was_fetched_since_is_not_forgotten(void **state)
{
	static const char body[] = "version: STSv1\nmode: enforce\n"
				   "mx: *.example\nmax_age: 86400\n";
	AUTO(engine) struct engine *engine = network_engine(2, 10);
	struct policy_facts *known = policy_facts_new(POLICY_FETCHED);
	time_t now = clock_wall_s();

	(void)state;
	known->body = strdup(body);
	known->policy = sts_policy_parse(body, strlen(body), NULL);
	known->fetched_s = now;
	policy_keep_learn(
	    policies_keep(engine->policies), "good.example", known);
	policy_facts_free(known);
	network_check(engine, "good.example", NULL, NULL);
	assert_int_equal(policies_after_forgetting(engine, now - 1), 1);
	network_check(engine, "good.example", NULL, NULL);
	assert_int_equal(policies_after_forgetting(engine, now), 0);
}

int
main(void)
{
	const struct CMUnitTest inventory[] = {
	    cmocka_unit_test(what_is_remembered_is_listed),
	    cmocka_unit_test(caches_are_as_large_as_their_limits),
	    cmocka_unit_test(caches_take_as_much_memory_as_they_may),
	    cmocka_unit_test(what_is_flushed_is_looked_at_anew),
	    cmocka_unit_test(a_policy_that_was_fetched_since_is_not_forgotten),
	};

	return RUN_TESTS_WITH(inventory, network_setup, network_teardown);
}
