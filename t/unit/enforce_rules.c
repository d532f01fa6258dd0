/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/judge/enforce.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/enforce_row.h"
#include "t/unit/tap.h"

struct rule_row {
	const char *id;
	enum level level;
	bool no_dane, no_sts;
	const char *match;
	const char *hosts, *policy;
	const char *reply;
	bool at_once; /* it takes no lookup */
};

static struct rule *
make_rule(const struct rule_row *row)
{
	struct rule *rule = rule_new();
	char copy[256], *rest, *word;

	rule->scope = RULE_DOMAIN;
	rule->level = row->level;
	rule->no_dane = row->no_dane;
	rule->no_sts = row->no_sts;
	if (row->match == NULL)
		return rule;
	text_copy(copy, sizeof(copy), row->match);
	rule->match = xcalloc(8, sizeof(*rule->match));
	for (word = strtok_r(copy, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest))
		rule->match[rule->match_count++] = xstrdup(word);
	return rule;
}

static void
check_is_ruled(const struct enforce_row *row, const struct judge_terms *terms)
{
	AUTO(facts)
	struct facts *facts =
	    destination_make(row->mx, row->hosts, row->policy);
	AUTO(enforcement)
	struct enforcement *e = enforce(facts, terms, DESTINATION_NOW);

	ROW(row->id, e->ruled && e->level == terms->rule->level);
}

static void
check_rule(const struct rule_row *row)
{
	struct enforce_row as_row = {
	    row->id, "s", row->hosts, row->policy, row->reply};
	AUTO(rule) struct rule *rule = make_rule(row);
	struct judge_terms terms = {.level = LEVEL_AUTO, .rule = rule};
	AUTO(enforcement)
	struct enforcement *e = enforce_by_terms(&terms, DESTINATION_NOW);

	enforce_row_check(&as_row, &terms);
	check_is_ruled(&as_row, &terms);
	ROW(row->id, (e != NULL) == row->at_once);
	if (e == NULL)
		return;
	ROW(row->id, e->ruled && e->level == rule->level && !e->floor);
	enforce_row_reply(row->id, e, row->reply);
}

static void
a_rule_is_the_answer(void **state)
{
	static const struct rule_row rows[] = {
	    {"P40", LEVEL_MAY, 0, 0, NULL, "U", BOTH, "OK may", true},
	    {"P41", LEVEL_NONE, 0, 0, NULL, "U", BOTH, "OK none", true},
	    {"P42", LEVEL_ENCRYPT, 0, 0, NULL, "U", NULL, "OK encrypt", true},
	    {"P43", LEVEL_DANE, 0, 0, NULL, "N", BOTH, "OK dane", true},
	    {"P44", LEVEL_DANE_ONLY, 0, 0, NULL, "N", BOTH, "OK dane-only",
		true},
	    {"P45", LEVEL_SECURE, 0, 0, NULL, "U", BOTH, SEC("hostname"), true},
	    {"P46", LEVEL_SECURE, 0, 0, "a.ex,.b.ex", "U", NULL,
		SEC("a.ex:.b.ex"), true},
	    {"P46 words", LEVEL_SECURE, 0, 0, "nexthop,dot-nexthop,hostname",
		"U", NULL, SEC("nexthop:dot-nexthop:hostname"), true},
	    {"P47", LEVEL_AUTO, true, false, NULL, "U", BOTH,
		SEC("mx1.d.ex:mx2.d.ex"), false},
	    {"P47 other", LEVEL_AUTO, true, false, NULL, "U", NULL, "OK may",
		false},
	    {"P48", LEVEL_AUTO, false, true, NULL, "UN", BOTH, "OK dane",
		false},
	    {"P48 P14", LEVEL_AUTO, false, true, NULL, "N", BOTH, "NOTFOUND ",
		false},
	    {"P49", LEVEL_AUTO, true, true, NULL, "U", BOTH, "OK may", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rule(&rows[i]);
}

static void
a_level_for_everyone_is_as_a_rule_for_everyone(void **state)
{
	static const struct enforce_row row = {"P51", "s", "U", BOTH, "OK may"};
	struct judge_terms terms = {.level = LEVEL_MAY};
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_ENCRYPT);

	(void)state;
	enforce_row_check(&row, &terms);
	/* the floor is for those without a rule */
	terms_set(&terms, list, "d.ex", DESTINATION_NOW);
	enforce_row_check(
	    &(struct enforce_row){"P35", "s", "N", NULL, "OK encrypt"}, &terms);
}

static void
rules_for_hosts_are_one_answer_where_they_agree(void **state)
{
	static const struct {
		const char *id;
		enum level first, second;
		const char *hosts, *policy, *reply;
		bool mixed;
	} rows[] = {
	    {"P52", LEVEL_ENCRYPT, LEVEL_ENCRYPT, "NN", NULL, "OK encrypt",
		false},
	    {"P52 may", LEVEL_MAY, LEVEL_MAY, "UU", BOTH, "OK may", false},
	    {"P53", LEVEL_ENCRYPT, LEVEL_MAY, "NN", NULL, "OK encrypt", true},
	    {"P53 stricter", LEVEL_ENCRYPT, LEVEL_DANE_ONLY, "NN", NULL,
		"OK dane-only", true},
	    {"P53 secure", LEVEL_SECURE, LEVEL_ENCRYPT, "NN", NULL,
		SEC("hostname"), true},
	    {"P53 weak", LEVEL_MAY, LEVEL_DANE, "UN", BOTH,
		SEC("mx1.d.ex:mx2.d.ex"), true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(LEVEL_AUTO);
		AUTO(facts)
		struct facts *facts =
		    destination_make("s", rows[i].hosts, rows[i].policy);
		AUTO(enforcement) struct enforcement *e = NULL;
		struct judge_terms terms = {.level = LEVEL_AUTO};

		destination_host_rule(list, "mx1.d.ex", rows[i].first);
		destination_host_rule(list, "mx2.d.ex", rows[i].second);
		rule_list_sort(list);
		terms_set(&terms, list, "d.ex", DESTINATION_NOW);
		assert_null(enforce_by_terms(&terms, DESTINATION_NOW));
		e = enforce(facts, &terms, DESTINATION_NOW);
		enforce_row_reply(rows[i].id, e, rows[i].reply);
		ROW(rows[i].id, e->mixed_rules == rows[i].mixed);
		ROW(rows[i].id, (e->unheard != NULL) == rows[i].mixed);
	}
}

/* A rule for mx1 alone. */
static void
a_rule_for_one_host_takes_nothing_from_another(void **state)
{
	static const struct {
		const char *id;
		enum level domain, host;
		const char *mx, *hosts, *policy, *reply;
	} rows[] = {
	    {"P53 policy", LEVEL_AUTO, LEVEL_ENCRYPT, "i", "NN",
		"enforce mx1.d.ex", SEC("mx1.d.ex")},
	    {"P53 policy, secure", LEVEL_AUTO, LEVEL_SECURE, "i", "NN",
		"enforce mx1.d.ex", SEC("mx1.d.ex")},
	    {"P53 TLSA", LEVEL_AUTO, LEVEL_ENCRYPT, "s", "NU", NULL,
		"OK dane-only"},
	    {"P53 TLSA, secure", LEVEL_AUTO, LEVEL_SECURE, "s", "NU", NULL,
		"OK dane-only"},
	    {"P53 no TLSA", LEVEL_AUTO, LEVEL_ENCRYPT, "s", "NN", NULL,
		"OK encrypt"},
	    {"P53 dane-only", LEVEL_AUTO, LEVEL_DANE_ONLY, "i", "NN", BOTH,
		"OK dane-only"},
	    {"P53 insecure", LEVEL_AUTO, LEVEL_SECURE, "i", "NU", NULL,
		SEC("hostname")},
	    {"P53 may, dane", LEVEL_MAY, LEVEL_DANE, "s", "UN", NULL,
		"OK dane"},
	    {"P53 may, auto", LEVEL_MAY, LEVEL_AUTO, "s", "NN", BOTH,
		SEC("mx1.d.ex:mx2.d.ex")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(rule_list)
		struct rule_list *list = rule_list_new(rows[i].domain);
		AUTO(facts)
		struct facts *facts =
		    destination_make(rows[i].mx, rows[i].hosts, rows[i].policy);
		AUTO(enforcement) struct enforcement *e = NULL;
		struct judge_terms terms = {.level = rows[i].domain};

		destination_host_rule(list, "mx1.d.ex", rows[i].host);
		rule_list_sort(list);
		terms_set(&terms, list, "d.ex", DESTINATION_NOW);
		e = enforce(facts, &terms, DESTINATION_NOW);
		enforce_row_reply(rows[i].id, e, rows[i].reply);
	}
}

static void
a_rule_past_its_end_is_none(void **state)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	struct rule *rule = rule_new();
	struct judge_terms terms = {.level = LEVEL_AUTO};
	struct enforce_row row = {"P50", "s", "U", NULL, "OK may"};

	(void)state;
	rule->scope = RULE_DOMAIN;
	text_copy(rule->name, sizeof(rule->name), "d.ex");
	rule->level = LEVEL_MAY;
	rule->ends_s = DESTINATION_NOW;
	rule_list_add(list, rule);
	rule_list_sort(list);
	terms_set(&terms, list, "d.ex", DESTINATION_NOW - 1);
	enforce_row_check(&row, &terms);
	terms_set(&terms, list, "d.ex", DESTINATION_NOW);
	row.reply = "OK dane-only";
	enforce_row_check(&row, &terms);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rule_is_the_answer),
	    cmocka_unit_test(a_level_for_everyone_is_as_a_rule_for_everyone),
	    cmocka_unit_test(rules_for_hosts_are_one_answer_where_they_agree),
	    cmocka_unit_test(a_rule_for_one_host_takes_nothing_from_another),
	    cmocka_unit_test(a_rule_past_its_end_is_none),
	};

	return RUN_TESTS(tests);
}
