/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/rules.h"

#include <string.h>

#include "common/base/text.h"
#include "common/judge/terms.h"
#include "t/unit/tap.h"

enum { NOW = 1800000000 };

static const struct {
	enum rule_scope scope;
	const char *name;
	time_t ends_s;
} listed[] = {
    {RULE_ANY, "", 0},
    {RULE_BELOW, ".example", 0},
    {RULE_BELOW, ".d.example", 0},
    {RULE_DOMAIN, "d.example", 0},
    {RULE_DOMAIN, "old.d.example", NOW},
    {RULE_DOMAIN, "new.d.example", NOW + 1},
    {RULE_MX, "mx1.d.example", 0},
    {RULE_MX_BELOW, ".d.example", 0},
};

static struct rule_list *
list_rules(void)
{
	struct rule_list *list = rule_list_new(LEVEL_AUTO);

	for (size_t i = 0; i < COUNT(listed); i++) {
		struct rule *rule = rule_new();

		rule->scope = listed[i].scope;
		text_copy(rule->name, sizeof(rule->name), listed[i].name);
		snprintf(rule->key, sizeof(rule->key), "%s", listed[i].name);
		rule->ends_s = listed[i].ends_s;
		rule_list_add(list, rule);
	}
	rule_list_sort(list);
	return list;
}

static void
the_most_specific_rule_in_effect_counts(void **state)
{
	static const struct {
		const char *domain;
		enum rule_scope scope;
		const char *name;
	} rows[] = {
	    {"d.example", RULE_DOMAIN, "d.example"},
	    {"a.d.example", RULE_BELOW, ".d.example"},
	    {"b.a.d.example", RULE_BELOW, ".d.example"},
	    {"example", RULE_ANY, ""},
	    {"other.example", RULE_BELOW, ".example"},
	    {"xd.example", RULE_BELOW, ".example"},
	    {"example.net", RULE_ANY, ""},
	    {"mx1.d.example", RULE_BELOW, ".d.example"},
	    {"old.d.example", RULE_BELOW, ".d.example"},
	    {"new.d.example", RULE_DOMAIN, "new.d.example"},
	};
	AUTO(rule_list) struct rule_list *list = list_rules();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rule *rule =
		    rule_list_find(list, rows[i].domain, NOW);

		ROW(rows[i].domain, rule != NULL);
		ROW(rows[i].domain, rule->scope == rows[i].scope);
		ROW_TEXT(rows[i].domain, rule->name, rows[i].name);
	}
}

static void
hosts_have_rules_of_their_own(void **state)
{
	AUTO(rule_list) struct rule_list *list = list_rules();
	const struct rule *rule =
	    rule_list_find_host(list, "mx1.d.example", NOW);

	(void)state;
	assert_int_equal(rule->scope, RULE_MX);
	assert_true(rule_is_of_host(rule));
	rule = rule_list_find_host(list, "mx2.d.example", NOW);
	assert_int_equal(rule->scope, RULE_MX_BELOW);
	assert_null(rule_list_find_host(list, "d.example", NOW));
	assert_null(rule_list_find_host(list, "mx.other.example", NOW));
	assert_false(rule_is_of_host(rule_list_find(list, "d.example", NOW)));
}

static void
by_its_name_a_rule_is_found_that_is_over(void **state)
{
	AUTO(rule_list) struct rule_list *list = list_rules();
	struct rule *rule = rule_list_get(list, RULE_DOMAIN, "old.d.example");

	(void)state;
	assert_non_null(rule);
	assert_true(rule_in_effect(rule, NOW - 1));
	assert_false(rule_in_effect(rule, NOW));
	assert_null(rule_list_get(list, RULE_DOMAIN, "a.d.example"));
	assert_null(rule_list_get(list, RULE_MX, "d.example"));
	assert_string_equal(rule_word(rule), "old.d.example");
	assert_string_equal(
	    rule_word(rule_list_get(list, RULE_ANY, "")), "any");
}

static void
an_empty_list_has_no_rule(void **state)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_SECURE);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_SECURE);

	(void)state;
	assert_int_not_equal(list->id, other->id);
	rule_list_sort(list);
	assert_null(rule_list_find(list, "d.example", NOW));
	assert_null(rule_list_find_host(list, "d.example", NOW));
	assert_int_equal(list->level, LEVEL_SECURE);
}

static void
a_rule_outlives_its_list_with_who_has_it(void **state)
{
	struct rule_list *list = list_rules(), *other = rule_list_ref(list);
	AUTO(rule) struct rule *rule = NULL;

	(void)state;
	rule = rule_ref(rule_list_find(list, "d.example", NOW));
	assert_ptr_equal(other, list);
	rule_list_free(other);
	assert_non_null(rule_list_find(list, "d.example", NOW));
	rule_list_free(list);
	assert_string_equal(rule->name, "d.example");
	assert_int_equal(rule->refs, 1);
	assert_null(rule_ref(NULL));
	assert_null(rule_list_ref(NULL));
}

static void
what_is_found_by_rules_counts_until_the_first_of_them_ends(void **state)
{
	static const struct {
		const char *domain;
		time_t host_ends_s, end_s;
	} rows[] = {
	    {"d.example", 0, 0},
	    {"d.example", NOW + 5, 0}, /* it ranks above rules for hosts */
	    {"new.d.example", 0, NOW + 1},
	    {"old.d.example", 0, 0},
	    {"example.net", 0, 0},
	    {"example.net", NOW + 5, NOW + 5},
	    {"example.net", NOW, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list) struct rule_list *list = list_rules();
		struct judge_terms terms = {.level = LEVEL_AUTO};

		rule_list_get(list, RULE_MX, "mx1.d.example")->ends_s =
		    rows[i].host_ends_s;
		terms_set(&terms, list, rows[i].domain, NOW);
		ROW(rows[i].domain, terms_end(&terms, NOW) == rows[i].end_s);
	}
}

static void
levels_have_a_word_and_two_of_exchange(void **state)
{
	static const struct {
		const char *word;
		int rc;
		enum level level;
	} rows[] = {
	    {"auto", 0, LEVEL_AUTO},
	    {"Dane-Only", 0, LEVEL_DANE_ONLY},
	    {"opportunistic", 0, LEVEL_AUTO},
	    {"MANDATORY", 0, LEVEL_DANE_ONLY},
	    {"half-dane", -1, 0},
	    {"fingerprint", -1, 0},
	    {"", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum level level = 0;

		ROW(rows[i].word,
		    level_parse(rows[i].word, &level) == rows[i].rc);
		ROW(rows[i].word, level == rows[i].level);
	}
	for (enum level level = LEVEL_AUTO; level < LEVEL_HALF_DANE; level++) {
		enum level again;

		assert_int_equal(level_parse(level_text(level), &again), 0);
		assert_int_equal(again, level);
	}
}

int
main(void)
{
	const struct CMUnitTest rules[] = {
	    cmocka_unit_test(the_most_specific_rule_in_effect_counts),
	    cmocka_unit_test(hosts_have_rules_of_their_own),
	    cmocka_unit_test(by_its_name_a_rule_is_found_that_is_over),
	    cmocka_unit_test(an_empty_list_has_no_rule),
	    cmocka_unit_test(a_rule_outlives_its_list_with_who_has_it),
	    cmocka_unit_test(
		what_is_found_by_rules_counts_until_the_first_of_them_ends),
	    cmocka_unit_test(levels_have_a_word_and_two_of_exchange),
	};

	return RUN_TESTS(rules);
}
