/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/joint_demand.h"

#include <string.h>

#include "common/base/text.h"
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
	struct rule *rule;

	if (level == LEVEL_HALF_DANE)
		return;
	rule = rule_new();
	rule->scope = RULE_MX;
	text_copy(rule->name, sizeof(rule->name), host);
	rule->level = level;
	rule_list_add(list, rule);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_all_hosts_have_counts_for_all),
	    cmocka_unit_test(of_several_the_strictest_counts),
	    cmocka_unit_test(
		a_rule_for_one_host_leaves_another_what_it_has_to_keep),
	};

	return RUN_TESTS(tests);
}
