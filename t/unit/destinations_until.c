/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/destinations.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/judge/terms.h"
#include "t/unit/rules_text.h"
#include "t/unit/tap.h"

/* Local time; without a zone of their own tests run where they are. */
static time_t
local_time(const char *zone, const char *when)
{
	struct tm tm = {.tm_isdst = -1};

	setenv("TZ", zone, 1);
	tzset();
	assert_non_null(strptime(when, "%Y-%m-%d %H:%M:%S", &tm));
	return mktime(&tm);
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
		time_t last = local_time(rows[i].zone, rows[i].last);
		AUTO(rule_list) struct rule_list *list = NULL;
		char text[64];

		snprintf(text, sizeof(text), "d.example may until=%s\n",
		    rows[i].until);
		list = rules_text_load(text);
		ROW(rows[i].zone, rule_in_effect(list->rules[0], last));
		ROW(rows[i].zone, !rule_in_effect(list->rules[0], last + 1));
	}
}

/* At its end the clock goes back to 23:00. */
static void
a_day_of_25_hours_counts_whole(void **state)
{
	time_t next = local_time("America/Sao_Paulo", "2018-02-18 00:00:00");
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_load("d.example may until=2018-02-17\n");

	(void)state;
	assert_true(rule_in_effect(list->rules[0], next - 1));
	assert_false(rule_in_effect(list->rules[0], next));
}

static void
past_its_day_a_rule_is_ignored(void **state)
{
	time_t last = local_time("UTC", "2027-03-31 23:59:59");
	AUTO(rule_list)
	struct rule_list *list =
	    rules_text_load("d.example none until=2027-03-31\n"
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
	    {LEVEL_AUTO, ACTION_TAG, "auto on-fail=tag", false},
	    {LEVEL_AUTO, ACTION_TAG, "auto on-temperror=tag", false},
	    {LEVEL_NONE, ACTION_TAG, "none", false},
	    {LEVEL_NONE, ACTION_TAG, "none on-fail=none", true},
	    {LEVEL_MAY, ACTION_TAG, "may", false},
	    {LEVEL_MAY, ACTION_TAG, "none", true},
	    {LEVEL_MAY, ACTION_TAG, "auto", false},
	    {LEVEL_ENCRYPT, ACTION_TAG, "auto", true},
	    {LEVEL_ENCRYPT, ACTION_TAG, "encrypt", true},
	    {LEVEL_ENCRYPT, ACTION_TAG, "secure", false},
	    {LEVEL_DANE, ACTION_TAG, "dane", false},
	    {LEVEL_DANE, ACTION_TAG, "auto", false},
	    {LEVEL_DANE, ACTION_TAG, "auto dane=no", true},
	    {LEVEL_DANE, ACTION_TAG, "auto sts=no", false},
	    {LEVEL_DANE, ACTION_TAG, "encrypt", true},
	    {LEVEL_DANE, ACTION_TAG, "may", true},
	    {LEVEL_DANE_ONLY, ACTION_TAG, "dane", true},
	    {LEVEL_DANE_ONLY, ACTION_TAG, "encrypt", true},
	    {LEVEL_SECURE, ACTION_TAG, "auto", true},
	    {LEVEL_SECURE, ACTION_TAG, "dane-only", false},
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
		list = rules_text_try(text, &by, &faults);
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
		time_t now = local_time("UTC", rows[i].now);
		AUTO(rule_list)
		struct rule_list *list = rules_text_load(
		    "d.example none until=2027-03-31\n"
		    "e.example none until=2027-04-30\nf.example may\n");
		char array[80];
		struct text told;

		text_init(&told, array, sizeof(array));
		destinations_each_ending(list, now, add_key, &told);
		ROW_TEXT(rows[i].now, array, rows[i].told);
	}
}

/* A rule whose end cannot be told from none would hold for ever. */
static void
a_day_before_1970_is_none(void **state)
{
	static const struct {
		const char *zone, *until;
		bool good;
	} rows[] = {
	    {"UTC", "0000-01-01", false},
	    {"UTC", "1969-12-31", false},
	    {"UTC", "1970-01-01", true},
	    {"AAA-12", "1970-01-01", false}, /* the noon of which is 0 */
	    {"AAA-11", "1970-01-01", true},
	    {"UTC", "9999-12-31", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf_faults faults = {0};
		AUTO(rule_list) struct rule_list *list = NULL;
		char text[64];

		setenv("TZ", rows[i].zone, 1);
		tzset();
		snprintf(text, sizeof(text), "d.example may until=%s\n",
		    rows[i].until);
		list = rules_text_try(text, &rules_text_normal, &faults);
		ROW(rows[i].until, (faults.count == 0) == rows[i].good);
		ROW(rows[i].until,
		    (list->rules[0]->ends_s > 0) == rows[i].good);
		conf_faults_fini(&faults);
	}
}

int
main(void)
{
	static const struct CMUnitTest destinations_until[] = {
	    cmocka_unit_test(the_last_day_counts_whole),
	    cmocka_unit_test(a_day_of_25_hours_counts_whole),
	    cmocka_unit_test(past_its_day_a_rule_is_ignored),
	    cmocka_unit_test(until_is_for_what_is_weaker_than_the_default),
	    cmocka_unit_test(an_end_is_told_from_a_week_before),
	    cmocka_unit_test(a_day_before_1970_is_none),
	};

	return RUN_TESTS(destinations_until);
}
