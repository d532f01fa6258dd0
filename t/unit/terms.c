/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/terms.h"

#include <string.h>

#include "common/base/text.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000, SOON = NOW + 100, LATER = NOW + 200 };

static struct rule *
add_rule_of(struct rule_list *list, enum rule_scope scope, const char *name,
    enum level level, time_t ends_s)
{
	struct rule *rule = rule_new();

	rule->scope = scope;
	rule->level = level;
	rule->ends_s = ends_s;
	text_copy(rule->name, sizeof(rule->name), name);
	rule_list_add(list, rule);
	return rule;
}

static struct judge_terms
terms_of_list(struct rule_list *list, time_t now)
{
	struct judge_terms terms = {.level = LEVEL_AUTO};

	rule_list_sort(list);
	terms_set(&terms, list, "d.example", now);
	return terms;
}

static bool
keys_equal(const struct judge_terms *a, time_t then,
    const struct judge_terms *b, time_t now)
{
	char of_a[TERMS_KEY_SIZE], of_b[TERMS_KEY_SIZE];

	terms_key(a, then, of_a);
	terms_key(b, now, of_b);
	return strcmp(of_a, of_b) == 0;
}

/* The first test: its rule has the first id there is. */
static void
no_rule_has_the_key_of_none(void **state)
{
	struct rule *rule = rule_new();
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	struct judge_terms ruled, none = {.level = LEVEL_AUTO};

	(void)state;
	rule->no_dane = true;
	text_copy(rule->name, sizeof(rule->name), "d.example");
	rule_list_add(list, rule);
	ruled = terms_of_list(list, NOW);
	assert_non_null(ruled.rule);
	assert_false(keys_equal(&ruled, NOW, &none, NOW));
}

/* Level, rule of the next hop, list, and how many of its rules are for hosts:
 * where one number ends shows. */
static void
a_key_says_all_that_it_is_made_of(void **state)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_ENCRYPT);
	struct judge_terms terms, none = {.level = LEVEL_DANE};
	char key[TERMS_KEY_SIZE], wanted[TERMS_KEY_SIZE];
	struct rule *any;

	(void)state;
	any = add_rule_of(list, RULE_ANY, "", LEVEL_AUTO, 0);
	add_rule_of(list, RULE_MX, "mx1.example", LEVEL_NONE, 0);
	add_rule_of(list, RULE_MX, "mx2.example", LEVEL_NONE, 0);
	terms = terms_of_list(list, NOW);
	terms_key(&terms, NOW, key);
	snprintf(wanted, sizeof(wanted), "auto+ %llu/%llu:2",
	    (unsigned long long)any->id, (unsigned long long)list->id);
	assert_string_equal(key, wanted);
	terms_key(&none, NOW, key);
	assert_string_equal(key, "dane");
}

static void
lists_that_judge_alike_have_one_key(void **state)
{
	AUTO(rule_list) struct rule_list *empty = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *over = rule_list_new(LEVEL_AUTO);
	struct judge_terms none = {.level = LEVEL_AUTO}, of_empty, of_other,
			   of_over;

	(void)state;
	add_rule_of(other, RULE_DOMAIN, "e.example", LEVEL_NONE, 0);
	add_rule_of(over, RULE_DOMAIN, "e.example", LEVEL_NONE, 0);
	add_rule_of(over, RULE_MX, "mx.example", LEVEL_NONE, NOW);
	of_empty = terms_of_list(empty, NOW);
	of_other = terms_of_list(other, NOW);
	of_over = terms_of_list(over, NOW);
	assert_true(keys_equal(&none, NOW, &of_empty, NOW));
	assert_true(keys_equal(&of_other, NOW, &of_empty, NOW));
	assert_true(keys_equal(&of_over, NOW, &of_empty, NOW));
}

static void
a_rule_for_a_host_that_ends_is_another_key(void **state)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *same = rule_list_new(LEVEL_AUTO);
	struct judge_terms terms, of_same;

	(void)state;
	add_rule_of(list, RULE_MX, "mx.example", LEVEL_NONE, SOON);
	add_rule_of(list, RULE_MX_BELOW, ".example", LEVEL_NONE, LATER);
	add_rule_of(same, RULE_MX, "mx.example", LEVEL_NONE, SOON);
	add_rule_of(same, RULE_MX_BELOW, ".example", LEVEL_MAY, LATER);
	terms = terms_of_list(list, NOW);
	of_same = terms_of_list(same, NOW);
	assert_true(keys_equal(&terms, NOW, &terms, SOON - 1));
	assert_false(keys_equal(&terms, NOW, &terms, SOON));
	assert_false(keys_equal(&terms, SOON, &terms, LATER));
	assert_false(keys_equal(&terms, NOW, &of_same, NOW));
}

static void
only_rules_for_hosts_that_hold_are_rules_for_hosts(void **state)
{
	static const struct {
		const char *id;
		enum rule_scope scope; /* of one behind another's */
		time_t ends_s;
		bool there;
	} rows[] = {
	    {"a host", RULE_MX, 0, true},
	    {"hosts below", RULE_MX_BELOW, LATER, true},
	    {"a host, over", RULE_MX, NOW, false},
	    {"a domain", RULE_DOMAIN, 0, false},
	    {"all", RULE_ANY, 0, false},
	};
	struct judge_terms none = {.level = LEVEL_AUTO};

	(void)state;
	assert_false(terms_have_host_rules(&none, NOW));
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int alone = 0; alone < 2; alone++) {
			AUTO(rule_list)
			struct rule_list *list = rule_list_new(LEVEL_AUTO);
			struct judge_terms terms;

			if (!alone)
				add_rule_of(list, RULE_DOMAIN, "e.example",
				    LEVEL_NONE, 0);
			add_rule_of(list, rows[i].scope, "mx.example",
			    LEVEL_NONE, rows[i].ends_s);
			terms = terms_of_list(list, NOW);
			ROW(rows[i].id, terms_have_host_rules(&terms, NOW) ==
					    rows[i].there);
		}
}

static void
what_is_found_holds_until_the_first_of_its_rules_ends(void **state)
{
	static const struct {
		const char *id;
		time_t domain, first, second; /* -1: no such rule */
		time_t end;
	} rows[] = {
	    {"no rule", -1, -1, -1, 0},
	    {"rules without an end", 0, -1, -1, 0},
	    {"one host", -1, SOON, -1, SOON},
	    {"hosts without an end", -1, 0, 0, 0},
	    {"the first", -1, SOON, LATER, SOON},
	    {"the second", -1, LATER, SOON, SOON},
	    {"the second alone has one", -1, 0, SOON, SOON},
	    {"the first is over", -1, NOW, LATER, LATER},
	    {"the domain's own, and no host's", SOON, LATER, -1, SOON},
	    {"the domain's own is later", LATER, SOON, -1, LATER},
	};
	AUTO(rule_list) struct rule_list *all = rule_list_new(LEVEL_AUTO);
	struct judge_terms terms;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(LEVEL_AUTO);

		if (rows[i].domain >= 0)
			add_rule_of(list, RULE_DOMAIN, "d.example", LEVEL_MAY,
			    rows[i].domain);
		if (rows[i].first >= 0)
			add_rule_of(list, RULE_MX, "a.example", LEVEL_MAY,
			    rows[i].first);
		if (rows[i].second >= 0)
			add_rule_of(list, RULE_MX, "b.example", LEVEL_MAY,
			    rows[i].second);
		terms = terms_of_list(list, NOW);
		ROW(rows[i].id, terms_end(&terms, NOW) == rows[i].end);
	}
	/* a rule for all leaves those for hosts in force */
	add_rule_of(all, RULE_ANY, "", LEVEL_MAY, LATER);
	add_rule_of(all, RULE_MX, "mx.example", LEVEL_MAY, SOON);
	terms = terms_of_list(all, NOW);
	assert_int_equal(terms_end(&terms, NOW), SOON);
}

static void
a_policy_may_count_where_some_rule_in_effect_lets_it(void **state)
{
	static const struct {
		const char *id;
		enum level level;
		enum rule_scope scope;
		enum level of_rule;
		time_t ends_s;
		bool wanted;
	} rows[] = {
	    {"by default", LEVEL_AUTO, RULE_MX, LEVEL_MAY, 0, true},
	    {"for a host", LEVEL_MAY, RULE_MX, LEVEL_AUTO, 0, true},
	    {"for hosts below", LEVEL_MAY, RULE_MX_BELOW, LEVEL_AUTO, LATER,
		true},
	    {"for a host, over", LEVEL_MAY, RULE_MX, LEVEL_AUTO, NOW, false},
	    {"for no host", LEVEL_MAY, RULE_MX, LEVEL_DANE, 0, false},
	    {"for another domain", LEVEL_MAY, RULE_DOMAIN, LEVEL_AUTO, 0,
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(rows[i].level);
		struct judge_terms terms;

		add_rule_of(list, rows[i].scope, "e.example", rows[i].of_rule,
		    rows[i].ends_s);
		terms = terms_of_list(list, NOW);
		ROW(rows[i].id,
		    terms_may_want_sts(&terms, NOW) == rows[i].wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest terms[] = {
	    cmocka_unit_test(no_rule_has_the_key_of_none),
	    cmocka_unit_test(a_key_says_all_that_it_is_made_of),
	    cmocka_unit_test(lists_that_judge_alike_have_one_key),
	    cmocka_unit_test(a_rule_for_a_host_that_ends_is_another_key),
	    cmocka_unit_test(
		only_rules_for_hosts_that_hold_are_rules_for_hosts),
	    cmocka_unit_test(
		what_is_found_holds_until_the_first_of_its_rules_ends),
	    cmocka_unit_test(
		a_policy_may_count_where_some_rule_in_effect_lets_it),
	};

	return RUN_TESTS(terms);
}
