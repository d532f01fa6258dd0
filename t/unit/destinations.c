/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/destinations.h"

#include "common/judge/terms.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/rules_text.h"
#include "t/unit/tap.h"

static void
the_examples_of_the_manual_are_read(void **state)
{
	AUTO(rule_list)
	struct rule_list *list = rules_text_load(
	    "# head\n"
	    "partner.example     dane-only  on-fail=defer\n"
	    ".ministry.example   secure     match=.mx.ministry.example\n"
	    "old.example         may        until=2027-03-31      # ticket 42\n"
	    "M\u00fcller.Example.  Mandatory On-TempError=HOLD\n"
	    "mx:.hoster.example  auto sts=no dane=no\r\n"
	    "mx:mx1.x.example    secure match=a.example:.b,nexthop\n"
	    "*                   opportunistic\n");
	const struct rule *rule;

	(void)state;
	assert_int_equal(list->count, 7);
	rule = rule_list_get(list, RULE_DOMAIN, "partner.example");
	assert_int_equal(rule->level, LEVEL_DANE_ONLY);
	assert_int_equal(rule->on_fail, ACTION_DEFER);
	assert_int_equal(rule->on_temperror, RULE_NO_ACTION);
	assert_int_equal(rule->line, 2);
	rule = rule_list_get(list, RULE_BELOW, ".ministry.example");
	assert_string_equal(rule->key, ".ministry.example");
	assert_int_equal(rule->match_count, 1);
	assert_string_equal(rule->match[0], ".mx.ministry.example");
	rule = rule_list_get(list, RULE_DOMAIN, "old.example");
	assert_string_equal(rule->until, "2027-03-31");
	rule = rule_list_get(list, RULE_DOMAIN, "xn--mller-kva.example");
	assert_int_equal(rule->level, LEVEL_DANE_ONLY);
	assert_int_equal(rule->on_temperror, ACTION_HOLD);
	rule = rule_list_get(list, RULE_MX_BELOW, ".hoster.example");
	assert_string_equal(rule->key, "mx:.hoster.example");
	assert_true(rule->no_dane && rule->no_sts);
	rule = rule_list_get(list, RULE_MX, "mx1.x.example");
	assert_int_equal(rule->match_count, 3);
	assert_string_equal(rule->match[1], ".b");
	assert_string_equal(rule->match[2], "nexthop");
	assert_int_equal(rule_list_get(list, RULE_ANY, "")->level, LEVEL_AUTO);
}

static void
a_rule_is_printed_as_it_is_read(void **state)
{
	static const char *const lines[] = {"d.example auto dane=no sts=no",
	    "mx:.d.example secure match=a.example:.b.example:nexthop",
	    "d.example secure match=hostname:nexthop:dot-nexthop",
	    "d.example dane on-fail=tag on-temperror=defer",
	    "d.example encrypt on-fail=reject",
	    "* may on-fail=none on-temperror=hold until=2027-03-31"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		AUTO(rule_list)
		struct rule_list *list = rules_text_load(lines[i]);
		char out[200];

		destinations_print(list->rules[0], out, sizeof(out));
		ROW_TEXT(lines[i], out, lines[i]);
	}
}

/* One by itself, whatever holds without it: an end is no mistake. */
static void
a_printed_rule_is_read_back(void **state)
{
	static const char *const lines[] = {"d.example auto dane=no sts=no",
	    "mx:.d.example secure match=a.example:.b.example:nexthop",
	    "* may on-fail=none on-temperror=hold",
	    "d.example dane-only until=2027-03-31"};
	static const char *const bad[] = {"", "d.example", "d..example may",
	    "d.example any", "d.example may match=a.example",
	    "d.example auto dane=yes"};
	struct conf_faults faults = {.count = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		AUTO(rule)
		struct rule *rule = destinations_read(lines[i], "x", &faults);
		char out[200];

		ROW(lines[i], rule != NULL && faults.count == 0);
		destinations_print(rule, out, sizeof(out));
		ROW_TEXT(lines[i], out, lines[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t before = faults.count;

		ROW(bad[i], destinations_read(bad[i], "x", &faults) == NULL);
		ROW(bad[i], faults.count > before);
	}
	conf_faults_fini(&faults);
}

static void
a_rule_by_itself_is_line_1_of_its_text(void **state)
{
	struct conf_faults faults = {.count = 0};
	AUTO(rule)
	struct rule *rule = destinations_read("d.example may", "x", &faults);

	(void)state;
	assert_int_equal(rule->line, 1);
	assert_null(destinations_read("d.example any", "x", &faults));
	assert_int_equal(
	    strncmp(faults.texts[0], "x:1: \"any\"", strlen("x:1: \"any\"")),
	    0);
	conf_faults_fini(&faults);
}

static void
the_longest_name_may_be_one_of_match(void **state)
{
	static const char label[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0";
	AUTO(rule_list) struct rule_list *list = NULL;
	char name[LIMIT_DOMAIN + 2], text[400];

	(void)state;
	snprintf(
	    name, sizeof(name), ".%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(name), 1 + LIMIT_DOMAIN);
	snprintf(text, sizeof(text), "d.example secure match=%s", name);
	list = rules_text_load(text);
	assert_string_equal(list->rules[0]->match[0], name);
}

static void
every_line_of_the_sample_can_be_used(void **state)
{
	const char *srcdir = getenv("POSTERN_SRCDIR");
	char path[512], line[512], sample[4096];
	AUTO(rule_list) struct rule_list *list = NULL;
	struct text text;
	FILE *in;

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/destinations",
	    srcdir == NULL ? "." : srcdir);
	in = fopen(path, "r");
	assert_non_null(in);
	text_init(&text, sample, sizeof(sample));
	while (fgets(line, sizeof(line), in) != NULL)
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
			text_add(&text, line + 1);
	fclose(in);
	assert_false(text.cut);
	list = rules_text_load(sample);
	assert_int_equal(list->count, 5);
}

static const struct {
	const char *text;
	const char *fault; /* behind "FILE:" */
} mistakes[] = {
    {"d.example\n", "1: no level"},
    {"\n\nd.example high\n",
	"3: \"high\" is not one of: auto may none encrypt dane "
	"dane-only secure"},
    {"d.example high match=a.example\n", "1: \"high\" is not one of: auto"},
    {"d.example half-dane\n", "1: \"half-dane\" is not one of: auto"},
    {"d..example may\n", "1: "},
    {"m\u00fc\u202e..example may\n",
	"1: m\\xc3\\xbc\\xe2\\x80\\xae..example: "},
    {"d.example m\u00fc\n", "1: \"m\\xc3\\xbc\" is not one of: "},
    {"mx: may\n", "1: "},
    {". may\n", "1: "},
    {"*.d.example may\n", "1: "},
    {"mx:* may\n", "1: "},
    {"d.example may\nD.Example. none\n",
	"2: d.example: stands in line 1 already"},
    {"* may\n\n* none\n", "3: *: stands in line 1 already"},
    {"d.example may frob=1\n", "1: \"frob\" is no option"},
    {"d.example may secure\n", "1: \"secure\" is no option"},
    {"d.example may on-fail\n", "1: on-fail: no value"},
    {"d.example may on-fail=\n", "1: on-fail: no value"},
    {"d.example may on-fail=tag on-fail=none\n",
	"1: on-fail: stands there twice"},
    {"d.example may on-fail=drop\n",
	"1: \"drop\" is not one of: none tag hold defer reject"},
    {"d.example may until=2027-02-29\n",
	"1: until: \"2027-02-29\" is no day, such as 2027-03-31"},
    {"d.example may until=2027-13-01\n", "1: until: \"2027-13-01\""},
    {"d.example may until=2027-00-01\n", "1: until: \"2027-00-01\""},
    {"d.example may until=2027-01-00\n", "1: until: \"2027-01-00\""},
    {"d.example may until=2027-1-01\n", "1: until: \"2027-1-01\""},
    {"d.example may until=2027/03-31\n", "1: until: \"2027/03-31\""},
    {"d.example may until=2027-03/31\n", "1: until: \"2027-03/31\""},
    {"d.example may until=2027-03-x1\n", "1: until: \"2027-03-x1\""},
    {"d.example may until=2027-x3-31\n", "1: until: \"2027-x3-31\""},
    {"d.example may until=2027-03-31x\n", "1: until: "},
    {"d.example may until=+027-03-31\n", "1: until: "},
    {"d.example secure until=2027-03-31\n",
	"1: until: this rule is not weaker than the default"},
    {"d.example auto until=2027-03-31\n", "1: until: this rule is not"},
    {"d.example dane-only until=2027-03-31\n", "1: until: this rule"},
    {"d.example may match=a.example\n", "1: match: is for secure, not for may"},
    {"d.example secure match=a.example::b.example\n", "1: match: "},
    {"d.example secure match=hostnames\n",
	"1: match: \"hostnames\" is no name with a dot"},
    {"d.example secure match=*.a.example\n", "1: match: "},
    {"d.example auto dane=yes\n", "1: dane: \"yes\" is not no"},
    {"d.example dane dane=no\n", "1: dane: is for auto, not for dane"},
    {"d.example dane sts=no\n", "1: sts: is for auto, not for dane"},
};

static void
a_mistake_is_told_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct conf_faults faults = {0};

		rule_list_free(rules_text_try(
		    mistakes[i].text, &rules_text_normal, &faults));
		ROW(mistakes[i].text, faults.count == 1);
		ROW(mistakes[i].text,
		    strncmp(strchr(faults.texts[0], ':') + 1, mistakes[i].fault,
			strlen(mistakes[i].fault)) == 0);
		conf_faults_fini(&faults);
	}
}

static void
all_mistakes_are_told_in_one_run(void **state)
{
	struct conf_faults faults = {0};
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_try("z..example may\na.example frob\n"
			   "b.example may until=x match=y.example\n"
			   "good.example may\nc.example may on-fail=x frob=y\n",
		&rules_text_normal, &faults);

	(void)state;
	assert_int_equal(faults.count, 6);
	/* where the key is sound, the line may still stand there twice */
	assert_int_equal(list->count, 4);
	conf_faults_fini(&faults);
}

static void
a_missing_file_is_empty_where_it_may_be(void **state)
{
	struct conf_faults faults = {0};
	AUTO(rule_list) struct rule_list *none = NULL;
	AUTO(rule_list) struct rule_list *fault = NULL;

	(void)state;
	none = destinations_load(
	    "/nonexistent/d", true, &rules_text_normal, &faults);
	assert_int_equal(none->count, 0);
	assert_int_equal(faults.count, 0);
	fault = destinations_load(
	    "/nonexistent/d", false, &rules_text_normal, &faults);
	assert_int_equal(faults.count, 1);
	assert_string_equal(
	    faults.texts[0], "/nonexistent/d: No such file or directory");
	conf_faults_fini(&faults);
}

static void
the_most_specific_rule_wins(void **state)
{
	AUTO(rule_list)
	struct rule_list *list = rules_text_load("* may\n"
						 "d.example secure\n"
						 ".d.example encrypt\n"
						 ".a.d.example dane\n"
						 ".example none\n"
						 "mx:mx1.d.example secure\n"
						 "mx:.d.example dane-only\n");
	static const struct {
		const char *name, *key, *host_key;
	} rows[] = {
	    {"d.example", "d.example", "-"},
	    {"x.d.example", ".d.example", "mx:.d.example"},
	    {"a.d.example", ".d.example", "mx:.d.example"},
	    {"x.a.d.example", ".a.d.example", "mx:.d.example"},
	    {"y.x.a.d.example", ".a.d.example", "mx:.d.example"},
	    {"bad.example", ".example", "-"},
	    {"example", "*", "-"},
	    {"d.example.org", "*", "-"},
	    {"mx1.d.example", ".d.example", "mx:mx1.d.example"},
	    {"", "*", "-"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rule *host =
		    rule_list_find_host(list, rows[i].name, 0);

		ROW_TEXT(rows[i].name,
		    rule_list_find(list, rows[i].name, 0)->key, rows[i].key);
		ROW_TEXT(rows[i].name, host == NULL ? "-" : host->key,
		    rows[i].host_key);
	}
}

static void
rules_for_hosts_rank_above_any_only(void **state)
{
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_load("* may\n"
			    "d.example encrypt\n"
			    "mx:.hoster.example dane-only\n"
			    "mx:mx9.hoster.example auto sts=no\n");
	static const struct {
		const char *domain, *host, *key;
		enum level level;
		bool dane, sts;
	} rows[] = {
	    {"d.example", "mx1.hoster.example", "d.example", LEVEL_ENCRYPT,
		false, false},
	    {"e.example", "mx1.hoster.example", "mx:.hoster.example",
		LEVEL_DANE_ONLY, true, false},
	    {"e.example", "mx9.hoster.example", "mx:mx9.hoster.example",
		LEVEL_AUTO, true, false},
	    {"e.example", "mx1.e.example", "*", LEVEL_MAY, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct judge_terms terms = {.level = LEVEL_AUTO};
		struct demand demand;

		terms_set(&terms, list, rows[i].domain, 0);
		demand = terms_demand(&terms, rows[i].host, 0);
		ROW_TEXT(rows[i].host, demand.rule->key, rows[i].key);
		ROW(rows[i].host, demand.level == rows[i].level);
		ROW(rows[i].host, demand.dane == rows[i].dane);
		ROW(rows[i].host, demand.sts == rows[i].sts);
	}
}

static void
the_rule_is_that_of_the_next_hop(void **state)
{
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_load("d.example may\nrelay.example none\n");
	static const struct {
		const char *hop, *key;
	} rows[] = {{NULL, "d.example"}, {"", "d.example"},
	    {"d.example", "d.example"},
	    {"[relay.example]:587", "relay.example"},
	    {"Relay.Example:26", "relay.example"}, {"[192.0.2.1]", "-"},
	    {"other.example", "-"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rule *rule =
		    destinations_rule(list, "d.example", rows[i].hop, 0);

		ROW_TEXT(
		    rows[i].key, rule == NULL ? "-" : rule->key, rows[i].key);
	}
}

static void
one_rule_is_found_as_well(void **state)
{
	AUTO(rule_list) struct rule_list *list = rules_text_load("* may\n");

	(void)state;
	assert_non_null(destinations_rule(list, "d.example", NULL, 0));
}

static void
a_key_tells_rules_apart(void **state)
{
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_load("d.example may\nmx:m.example none\n");
	AUTO(rule_list)
	struct rule_list *again = rules_text_load("d.example may\n");
	struct judge_terms terms = {.level = LEVEL_AUTO};
	char one[TERMS_KEY_SIZE], other[TERMS_KEY_SIZE];

	(void)state;
	terms_set(&terms, list, "d.example", 0);
	terms_key(&terms, 0, one);
	terms_set(&terms, list, "e.example", 0);
	terms_key(&terms, 0, other);
	assert_string_not_equal(one, other);
	terms_set(&terms, again, "d.example", 0);
	terms_key(&terms, 0, other);
	assert_string_not_equal(one, other);
	terms_set(&terms, again, "e.example", 0);
	terms_key(&terms, 0, other);
	terms_set(&terms, again, "f.example", 0);
	terms_key(&terms, 0, one);
	assert_string_equal(one, other);
}

static void
a_default_of_encrypt_is_a_floor(void **state)
{
	struct destinations_default by = {.level = LEVEL_ENCRYPT};
	struct conf_faults faults = {0};
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_try("d.example auto\n", &by, &faults);
	struct judge_terms terms = {.level = LEVEL_AUTO};
	struct demand demand;

	(void)state;
	terms_set(&terms, list, "e.example", 0);
	demand = terms_demand(&terms, "mx.e.example", 0);
	assert_true(demand.encrypt && demand.dane && demand.sts);
	assert_null(demand.rule);
	terms_set(&terms, list, "d.example", 0);
	demand = terms_demand(&terms, "mx.d.example", 0);
	assert_true(!demand.encrypt && demand.dane && demand.sts);
}

int
main(void)
{
	static const struct CMUnitTest destinations[] = {
	    cmocka_unit_test(the_examples_of_the_manual_are_read),
	    cmocka_unit_test(a_rule_is_printed_as_it_is_read),
	    cmocka_unit_test(a_printed_rule_is_read_back),
	    cmocka_unit_test(a_rule_by_itself_is_line_1_of_its_text),
	    cmocka_unit_test(the_longest_name_may_be_one_of_match),
	    cmocka_unit_test(every_line_of_the_sample_can_be_used),
	    cmocka_unit_test(a_mistake_is_told_with_its_line),
	    cmocka_unit_test(all_mistakes_are_told_in_one_run),
	    cmocka_unit_test(a_missing_file_is_empty_where_it_may_be),
	    cmocka_unit_test(the_most_specific_rule_wins),
	    cmocka_unit_test(rules_for_hosts_rank_above_any_only),
	    cmocka_unit_test(the_rule_is_that_of_the_next_hop),
	    cmocka_unit_test(one_rule_is_found_as_well),
	    cmocka_unit_test(a_key_tells_rules_apart),
	    cmocka_unit_test(a_default_of_encrypt_is_a_floor),
	};

	return RUN_TESTS(destinations);
}
