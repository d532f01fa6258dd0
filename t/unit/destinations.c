/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/destinations.h"

#include "common/judge/terms.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

static const struct destinations_default normal = {
    .level = LEVEL_AUTO, .on_fail = ACTION_TAG, .on_temperror = ACTION_TAG};

static struct rule_list *
load_by(const char *text, const struct destinations_default *by,
    struct conf_faults *faults)
{
	char path[] = "/tmp/destinations-XXXXXX";
	struct rule_list *list;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	list = destinations_load(path, false, by, faults);
	unlink(path);
	return list;
}

static struct rule_list *
load(const char *text)
{
	struct conf_faults faults = {0};
	struct rule_list *list = load_by(text, &normal, &faults);

	if (faults.count > 0)
		fail_msg("%s", faults.texts[0]);
	return list;
}

/* Local time; without a zone of their own tests run where they are. */
static time_t
at(const char *zone, const char *when)
{
	struct tm tm = {.tm_isdst = -1};

	setenv("TZ", zone, 1);
	tzset();
	assert_non_null(strptime(when, "%Y-%m-%d %H:%M:%S", &tm));
	return mktime(&tm);
}

static void
the_examples_of_the_manual_are_read(void **state)
{
	AUTO(rule_list)
	struct rule_list *list = load(
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
	    "* may on-fail=none on-temperror=hold until=2027-03-31"};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		AUTO(rule_list) struct rule_list *list = load(lines[i]);
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
	list = load(sample);
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

		rule_list_free(load_by(mistakes[i].text, &normal, &faults));
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

	(void)state;
	rule_list_free(
	    load_by("a.example frob\nb.example may until=x match=y.example\n"
		    "good.example may\nc.example may on-fail=x frob=y\n",
		&normal, &faults));
	assert_int_equal(faults.count, 5);
	conf_faults_fini(&faults);
}

static void
a_missing_file_is_empty_where_it_may_be(void **state)
{
	struct conf_faults faults = {0};
	AUTO(rule_list) struct rule_list *none = NULL;
	AUTO(rule_list) struct rule_list *fault = NULL;

	(void)state;
	none = destinations_load("/nonexistent/d", true, &normal, &faults);
	assert_int_equal(none->count, 0);
	assert_int_equal(faults.count, 0);
	fault = destinations_load("/nonexistent/d", false, &normal, &faults);
	assert_int_equal(faults.count, 1);
	assert_string_equal(
	    faults.texts[0], "/nonexistent/d: No such file or directory");
	conf_faults_fini(&faults);
}

static void
the_most_specific_rule_wins(void **state)
{
	AUTO(rule_list)
	struct rule_list *list = load("* may\n"
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
	struct rule_list *list = load("* may\n"
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
	struct rule_list *list = load("d.example may\nrelay.example none\n");
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
the_last_day_counts_whole(void **state)
{
	static const struct {
		const char *zone, *until, *last;
	} rows[] = {
	    {"UTC", "2027-03-31", "2027-03-31 23:59:59"},
	    {"UTC", "2028-02-29", "2028-02-29 23:59:59"},
	    {"UTC", "2027-12-31", "2027-12-31 23:59:59"},
	    {"Europe/Berlin", "2027-03-28", "2027-03-28 23:59:59"},
	    {"Europe/Berlin", "2027-10-31", "2027-10-31 23:59:59"},
	    {"Pacific/Kiritimati", "2027-03-31", "2027-03-31 23:59:59"},
	    {"America/Los_Angeles", "2027-03-31", "2027-03-31 23:59:59"},
	    /* no midnight on the next day; and two of them */
	    {"America/Sao_Paulo", "2018-11-03", "2018-11-03 23:59:59"},
	    {"America/Havana", "2027-03-13", "2027-03-13 23:59:59"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		time_t last = at(rows[i].zone, rows[i].last);
		AUTO(rule_list) struct rule_list *list = NULL;
		char text[64];

		snprintf(text, sizeof(text), "d.example may until=%s\n",
		    rows[i].until);
		list = load(text);
		ROW(rows[i].zone, rule_in_effect(list->rules[0], last));
		ROW(rows[i].zone, !rule_in_effect(list->rules[0], last + 1));
	}
}

static void
past_its_day_a_rule_is_ignored(void **state)
{
	time_t last = at("UTC", "2027-03-31 23:59:59");
	AUTO(rule_list)
	struct rule_list *list = load("d.example none until=2027-03-31\n"
				      ".example may\n"
				      "mx:mx1.d.example none until=2027-03-31\n"
				      "mx:.d.example may\n");
	char before[TERMS_KEY_SIZE], after[TERMS_KEY_SIZE];
	struct judge_terms terms = {.level = LEVEL_AUTO};

	(void)state;
	assert_string_equal(
	    rule_list_find(list, "d.example", last)->key, "d.example");
	assert_string_equal(
	    rule_list_find(list, "d.example", last + 1)->key, ".example");
	assert_string_equal(
	    rule_list_find_host(list, "mx1.d.example", last)->key,
	    "mx:mx1.d.example");
	assert_string_equal(
	    rule_list_find_host(list, "mx1.d.example", last + 1)->key,
	    "mx:.d.example");
	/* a verdict that rests on what is past is not found again */
	terms_set(&terms, list, "other.test", last);
	terms_key(&terms, last, before);
	terms_set(&terms, list, "other.test", last + 1);
	terms_key(&terms, last + 1, after);
	assert_string_not_equal(before, after);
}

static void
until_is_for_what_is_weaker_than_the_default(void **state)
{
	static const struct {
		enum level level;
		enum action on_fail;
		const char *rule;
		bool allowed;
	} rows[] = {
	    {LEVEL_AUTO, ACTION_TAG, "none", true},
	    {LEVEL_AUTO, ACTION_TAG, "may", true},
	    {LEVEL_AUTO, ACTION_TAG, "encrypt", true},
	    {LEVEL_AUTO, ACTION_TAG, "dane", true},
	    {LEVEL_AUTO, ACTION_TAG, "auto", false},
	    {LEVEL_AUTO, ACTION_TAG, "auto dane=no", true},
	    {LEVEL_AUTO, ACTION_TAG, "auto sts=no", true},
	    {LEVEL_AUTO, ACTION_TAG, "dane-only", false},
	    {LEVEL_AUTO, ACTION_TAG, "secure", false},
	    {LEVEL_AUTO, ACTION_DEFER, "auto on-fail=tag", true},
	    {LEVEL_AUTO, ACTION_DEFER, "auto on-fail=reject", false},
	    {LEVEL_AUTO, ACTION_TAG, "auto on-temperror=none", true},
	    {LEVEL_MAY, ACTION_TAG, "may", false},
	    {LEVEL_MAY, ACTION_TAG, "none", true},
	    {LEVEL_MAY, ACTION_TAG, "auto", false},
	    {LEVEL_ENCRYPT, ACTION_TAG, "auto", true},
	    {LEVEL_ENCRYPT, ACTION_TAG, "encrypt", true},
	    {LEVEL_ENCRYPT, ACTION_TAG, "secure", false},
	    {LEVEL_DANE_ONLY, ACTION_TAG, "dane", true},
	    {LEVEL_DANE_ONLY, ACTION_TAG, "secure", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct destinations_default by = {.level = rows[i].level,
		    .on_fail = rows[i].on_fail,
		    .on_temperror = ACTION_TAG};
		struct conf_faults faults = {0};
		AUTO(rule_list) struct rule_list *list = NULL;
		char text[80];

		snprintf(text, sizeof(text), "d.example %s until=2027-03-31\n",
		    rows[i].rule);
		list = load_by(text, &by, &faults);
		ROW(text, (faults.count == 0) == rows[i].allowed);
		conf_faults_fini(&faults);
	}
}

static void
add_key(void *arg, const struct rule *rule)
{
	text_addf(arg, "%s ", rule->key);
}

static void
an_end_is_told_from_a_week_before(void **state)
{
	static const struct {
		const char *now, *told;
	} rows[] = {
	    {"2027-03-24 23:59:59", ""},
	    {"2027-03-25 00:00:00", "d.example "},
	    {"2027-03-31 23:59:59", "d.example "},
	    {"2027-04-25 00:00:00", "d.example e.example "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		time_t now = at("UTC", rows[i].now);
		AUTO(rule_list)
		struct rule_list *list =
		    load("d.example none until=2027-03-31\n"
			 "e.example none until=2027-04-30\nf.example may\n");
		char array[80];
		struct text told;

		text_init(&told, array, sizeof(array));
		destinations_each_ending(list, now, add_key, &told);
		ROW_TEXT(rows[i].now, array, rows[i].told);
	}
}

static void
a_key_tells_rules_apart(void **state)
{
	AUTO(rule_list)
	struct rule_list *list = load("d.example may\nmx:m.example none\n");
	AUTO(rule_list) struct rule_list *again = load("d.example may\n");
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
	struct rule_list *list = load_by("d.example auto\n", &by, &faults);
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
	    cmocka_unit_test(every_line_of_the_sample_can_be_used),
	    cmocka_unit_test(a_mistake_is_told_with_its_line),
	    cmocka_unit_test(all_mistakes_are_told_in_one_run),
	    cmocka_unit_test(a_missing_file_is_empty_where_it_may_be),
	    cmocka_unit_test(the_most_specific_rule_wins),
	    cmocka_unit_test(rules_for_hosts_rank_above_any_only),
	    cmocka_unit_test(the_rule_is_that_of_the_next_hop),
	    cmocka_unit_test(the_last_day_counts_whole),
	    cmocka_unit_test(past_its_day_a_rule_is_ignored),
	    cmocka_unit_test(until_is_for_what_is_weaker_than_the_default),
	    cmocka_unit_test(an_end_is_told_from_a_week_before),
	    cmocka_unit_test(a_key_tells_rules_apart),
	    cmocka_unit_test(a_default_of_encrypt_is_a_floor),
	};

	return RUN_TESTS(destinations);
}
