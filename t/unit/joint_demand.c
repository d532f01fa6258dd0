/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/joint_demand.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/fake/destination.h"
#include "t/unit/tap.h"

/* The facts of d.ex, and rules for its first two hosts; LEVEL_HALF_DANE: there
 * is none. */
struct joint_row {
	const char *id;
	enum level domain, first, second;
	const char *mx, *hosts, *policy;
	enum level level; /* what comes of it */
	bool encrypt, mixed;
};

static void
add_rule_for(struct rule_list *list, const char *host, enum level level)
{
	if (level != LEVEL_HALF_DANE)
		destination_host_rule(list, host, level);
}

static void
check_joint_row(const struct joint_row *row)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(row->domain);
	AUTO(facts)
	struct facts *facts =
	    destination_make(row->mx, row->hosts, row->policy);
	struct judge_terms terms = {.level = row->domain};
	struct joint_demand joint;

	add_rule_for(list, "mx1.d.ex", row->first);
	add_rule_for(list, "mx2.d.ex", row->second);
	rule_list_sort(list);
	terms_set(&terms, list, "d.ex", DESTINATION_NOW);
	joint = joint_demand(facts, &terms, DESTINATION_NOW);
	ROW_TEXT(
	    row->id, level_text(joint.demand.level), level_text(row->level));
	ROW(row->id, joint.demand.encrypt == row->encrypt);
	ROW(row->id, joint.mixed == row->mixed);
}

static void
check_joint_rows(const struct joint_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_joint_row(&rows[i]);
}

#define NO_RULE LEVEL_HALF_DANE

static void
what_all_hosts_have_counts_for_all(void **state)
{
	static const struct joint_row rows[] = {
	    {"none", LEVEL_AUTO, NO_RULE, NO_RULE, "s", "NN", NULL, LEVEL_AUTO,
		false, false},
	    {"one for each", LEVEL_AUTO, LEVEL_MAY, LEVEL_MAY, "s", "NN", NULL,
		LEVEL_MAY, false, false},
	    {"second has no address", LEVEL_AUTO, LEVEL_MAY, NO_RULE, "s", "N0",
		NULL, LEVEL_MAY, false, false},
	    {"second may have an address", LEVEL_AUTO, LEVEL_ENCRYPT, NO_RULE,
		"s", "NA", NULL, LEVEL_ENCRYPT, true, true},
	    {"no host at all", LEVEL_ENCRYPT, LEVEL_MAY, LEVEL_MAY, "n", "",
		NULL, LEVEL_AUTO, true, false},
	};

	(void)state;
	check_joint_rows(rows, COUNT(rows));
}

static void
of_several_the_strictest_counts(void **state)
{
	static const struct joint_row rows[] = {
	    {"encrypt, may", LEVEL_AUTO, LEVEL_ENCRYPT, LEVEL_MAY, "s", "NN",
		NULL, LEVEL_ENCRYPT, true, true},
	    {"encrypt, secure", LEVEL_AUTO, LEVEL_ENCRYPT, LEVEL_SECURE, "s",
		"NN", NULL, LEVEL_SECURE, false, true},
	    {"dane-only, secure", LEVEL_AUTO, LEVEL_DANE_ONLY, LEVEL_SECURE,
		"s", "UU", "enforce mx1.d.ex", LEVEL_DANE_ONLY, false, true},
	};

	(void)state;
	check_joint_rows(rows, COUNT(rows));
}

static void
a_rule_for_one_host_leaves_another_what_it_has_to_keep(void **state)
{
	static const struct joint_row rows[] = {
	    {"TLSA", LEVEL_AUTO, LEVEL_ENCRYPT, NO_RULE, "s", "NU", NULL,
		LEVEL_AUTO, true, true},
	    {"TLSA that nobody vouches for", LEVEL_AUTO, LEVEL_ENCRYPT, NO_RULE,
		"i", "NU", NULL, LEVEL_ENCRYPT, true, true},
	    {"policy", LEVEL_AUTO, LEVEL_SECURE, NO_RULE, "i", "NN",
		"enforce mx1.d.ex", LEVEL_AUTO, true, true},
	    {"policy that is for testing", LEVEL_AUTO, LEVEL_SECURE, NO_RULE,
		"i", "NN", "testing mx1.d.ex", LEVEL_SECURE, false, true},
	};

	(void)state;
	check_joint_rows(rows, COUNT(rows));
}

static struct rule *
add_secure_rule(
    struct rule_list *list, const char *host, const char *const names[3])
{
	struct rule *rule = rule_new();

	rule->scope = RULE_MX;
	text_copy(rule->name, sizeof(rule->name), host);
	rule->level = LEVEL_SECURE;
	rule->match = xcalloc(3, sizeof(*rule->match));
	while (rule->match_count < 3 && names[rule->match_count] != NULL) {
		rule->match[rule->match_count] =
		    xstrdup(names[rule->match_count]);
		rule->match_count++;
	}
	rule_list_add(list, rule);
	return rule;
}

/* Where they differ the first of the strictest counts, and the other rule is
 * the one that is not heard. */
static void
names_that_a_rule_wants_are_part_of_what_it_demands(void **state)
{
	static const struct {
		const char *id;
		const char *first[3], *second[3];
		bool mixed;
	} rows[] = {
	    {"none", {NULL}, {NULL}, false},
	    {"the same", {"a", "b"}, {"a", "b"}, false},
	    {"another", {"a"}, {"b"}, true},
	    {"another, sorted before", {"b"}, {"a"}, true},
	    {"another second", {"a", "b"}, {"a", "c"}, true},
	    {"one more", {"a"}, {"a", "b"}, true},
	    {"one less", {"a", "b"}, {"a"}, true},
	    {"none and one", {NULL}, {"a"}, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(LEVEL_AUTO);
		AUTO(facts)
		struct facts *facts = destination_make("s", "NN", NULL);
		struct judge_terms terms = {.level = LEVEL_AUTO};
		struct rule *first =
		    add_secure_rule(list, "mx1.d.ex", rows[i].first);
		struct rule *second =
		    add_secure_rule(list, "mx2.d.ex", rows[i].second);
		struct joint_demand joint;

		rule_list_sort(list);
		terms_set(&terms, list, "d.ex", DESTINATION_NOW);
		joint = joint_demand(facts, &terms, DESTINATION_NOW);
		ROW(rows[i].id, joint.mixed == rows[i].mixed);
		ROW(rows[i].id, joint.demand.rule == first);
		ROW(rows[i].id,
		    joint.unheard == (rows[i].mixed ? second : NULL));
	}
}

static void
a_rule_like_the_default_demands_the_same_without_names(void **state)
{
	static const char *const none[3] = {NULL};
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_SECURE);
	AUTO(facts) struct facts *facts = destination_make("s", "NN", NULL);
	struct judge_terms terms = {.level = LEVEL_AUTO};
	struct joint_demand joint;

	(void)state;
	add_secure_rule(list, "mx2.d.ex", none);
	rule_list_sort(list);
	terms_set(&terms, list, "d.ex", DESTINATION_NOW);
	joint = joint_demand(facts, &terms, DESTINATION_NOW);
	assert_true(joint.mixed);
	assert_int_equal(joint.demand.level, LEVEL_SECURE);
}

/* NO_RULE: all rules are heard. */
static void
a_host_whose_rule_is_not_heard_is_named(void **state)
{
	static const struct {
		const char *id;
		enum level first, second;
		const char *unheard;
	} rows[] = {
	    {"no rule", NO_RULE, NO_RULE, "-"},
	    {"the first is stricter", LEVEL_SECURE, LEVEL_MAY, "mx2.d.ex"},
	    {"the second is stricter", LEVEL_MAY, LEVEL_SECURE, "mx1.d.ex"},
	    {"one rule, the stricter", LEVEL_SECURE, NO_RULE, "-"},
	    {"one rule, and what has none is stricter", NO_RULE, LEVEL_MAY,
		"mx2.d.ex"},
	    {"dane-only", LEVEL_DANE_ONLY, LEVEL_ENCRYPT, "mx2.d.ex"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(LEVEL_AUTO);
		AUTO(facts)
		struct facts *facts = destination_make("s", "NN", NULL);
		struct judge_terms terms = {.level = LEVEL_AUTO};
		struct joint_demand joint;

		add_rule_for(list, "mx1.d.ex", rows[i].first);
		add_rule_for(list, "mx2.d.ex", rows[i].second);
		rule_list_sort(list);
		terms_set(&terms, list, "d.ex", DESTINATION_NOW);
		joint = joint_demand(facts, &terms, DESTINATION_NOW);
		ROW_TEXT(rows[i].id,
		    joint.unheard == NULL ? "-" : joint.unheard->name,
		    rows[i].unheard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_all_hosts_have_counts_for_all),
	    cmocka_unit_test(of_several_the_strictest_counts),
	    cmocka_unit_test(
		a_rule_for_one_host_leaves_another_what_it_has_to_keep),
	    cmocka_unit_test(
		names_that_a_rule_wants_are_part_of_what_it_demands),
	    cmocka_unit_test(
		a_rule_like_the_default_demands_the_same_without_names),
	    cmocka_unit_test(a_host_whose_rule_is_not_heard_is_named),
	};

	return RUN_TESTS(tests);
}
