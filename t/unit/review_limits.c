/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/review.h"

#include <string.h>

#include "milter/cli/review/report.h"
#include "t/unit/mail_log.h"
#include "t/unit/tap.h"

static void
domains_beyond_the_limit_are_counted(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_DOMAINS + 2; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "NOQUEUE: event=check domain=d%u.example " LOGGED_NONE, i);
		mail_log_ours(text);
	}
	assert_int_equal(reviewed.domains.names.count, LIMIT_REVIEW_DOMAINS);
	assert_int_equal(reviewed.domains.beyond, 2);
	mail_log_end();
}

static void
the_oldest_message_is_given_up(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_MESSAGES + 3; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "I%u: event=check domain=a.example " LOGGED_NONE, i);
		mail_log_ours(text);
	}
	assert_int_equal(reviewed.open.given_up, 3);
	assert_null(review_messages_find(&reviewed.open, "I2"));
	assert_non_null(review_messages_find(&reviewed.open, "I3"));
	review_end(&reviewed);
	assert_int_equal(reviewed.forecast[STORY_PREDICTS_SENT][OUTCOME_OPEN],
	    LIMIT_REVIEW_MESSAGES + 3);
	mail_log_end();
}

static void
domains_of_a_message_are_bounded(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_PAIRS + 1; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "A1: event=check domain=d%u.example " LOGGED_NONE, i);
		mail_log_ours(text);
	}
	assert_int_equal(review_messages_find(&reviewed.open, "A1")->pair_count,
	    LIMIT_REVIEW_PAIRS);
	mail_log_end();
}

static void
rules_are_bounded(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_RULES + 1; i++) {
		char text[100];

		snprintf(text, sizeof(text),
		    "-: event=rule rule=reviewed%u.example until=2027-01-20",
		    i);
		mail_log_ours(text);
	}
	assert_int_equal(reviewed.rule_names.count, LIMIT_REVIEW_RULES);
	mail_log_end();
}

static void
days_are_bounded(void **state)
{
	(void)state;
	mail_log_begin();
	for (int i = 0; i < LIMIT_REVIEW_DAYS + 5; i++) {
		time_t at = MAIL_LOG_NOW - (time_t)i * 86400;
		struct tm tm;
		char when[40];

		gmtime_r(&at, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		mail_log_day(when);
	}
	assert_int_equal(reviewed.day_count, LIMIT_REVIEW_DAYS);
	assert_int_equal(reviewed.messages, LIMIT_REVIEW_DAYS + 5);
	mail_log_end();
}

static void
senders_are_bounded(void **state)
{
	struct review_set set = {.count = 0};

	(void)state;
	for (uint64_t i = 0; i < LIMIT_REVIEW_SENDERS; i++)
		review_set_add(&set, i + 1);
	review_set_add(&set, 1);
	assert_false(set.full);
	review_set_add(&set, UINT64_MAX);
	assert_true(set.full);
	assert_int_equal(set.count, LIMIT_REVIEW_SENDERS);
	review_set_fini(&set);
}

static void
the_slowest_checks_are_kept(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 1; i <= LIMIT_REVIEW_SLOWEST + 5; i++) {
		char text[300];

		snprintf(text, sizeof(text),
		    "NOQUEUE: event=check domain=d%u.example " LOGGED_NONE
		    " ms=%u",
		    i, i % 7 * 100 + i);
		mail_log_ours(text);
	}
	assert_int_equal(reviewed.slow_count, LIMIT_REVIEW_SLOWEST);
	assert_int_equal(reviewed.slowest[0].ms, 613);
	for (size_t i = 1; i < reviewed.slow_count; i++)
		assert_true(
		    reviewed.slowest[i].ms <= reviewed.slowest[i - 1].ms);
	mail_log_end();
}

static void
disagreements_that_are_kept_are_bounded(void **state)
{
	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_MISSED + 1; i++) {
		mail_log_message("A1", "b.example", LOGGED_FAIL);
		mail_log_mta(
		    "A1: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
		    "status=sent (250 ok)");
	}
	review_end(&reviewed);
	assert_int_equal(reviewed.missed_count, LIMIT_REVIEW_MISSED);
	assert_int_equal(reviewed.not_as_foreseen, LIMIT_REVIEW_MISSED + 1);
	mail_log_end();
}

/* Rows of a table of a sheet, by their ids; how many more there are. */
static const struct sheet_table *
table_of(const struct sheet *sheet, const char *section, const char *id)
{
	for (size_t i = 0; i < sheet->section_count; i++) {
		const struct sheet_section *part = &sheet->sections[i];

		for (size_t j = 0;
		     strcmp(part->id, section) == 0 && j < part->table_count;
		     j++)
			if (strcmp(part->tables[j].id, id) == 0)
				return &part->tables[j];
	}
	fail_msg("no table %s.%s", section, id);
	return NULL;
}

static void
rows_of_a_table_are_bounded(void **state)
{
	struct sheet *sheet;

	(void)state;
	mail_log_begin();
	for (unsigned i = 0; i < LIMIT_REVIEW_ROWS + 7; i++) {
		char domain[40];

		snprintf(domain, sizeof(domain), "d%u.example", i);
		mail_log_message("A1", domain, LOGGED_FAIL);
	}
	sheet = review_sheet(&reviewed, NULL);
	assert_int_equal(table_of(sheet, "failing", "domains")->row_count,
	    LIMIT_REVIEW_ROWS);
	assert_int_equal(table_of(sheet, "failing", "domains")->more, 7);
	assert_int_equal(table_of(sheet, "would", "on_fail")->more, 7);
	sheet_free(sheet);
	mail_log_end();
}

static void
damaged_lines_are_counted(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_ours("A1: event=check domain=x.exa");
	mail_log_ours("A1: event=check domain=x.example result=fa?l policy=sts "
		      "level=may reason=ok action=none rcpts=1");
	mail_log_ours("A1: event=message resu");
	assert_int_equal(reviewed.damaged, 3);
	mail_log_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(domains_beyond_the_limit_are_counted),
	    cmocka_unit_test(the_oldest_message_is_given_up),
	    cmocka_unit_test(domains_of_a_message_are_bounded),
	    cmocka_unit_test(rules_are_bounded),
	    cmocka_unit_test(days_are_bounded),
	    cmocka_unit_test(senders_are_bounded),
	    cmocka_unit_test(the_slowest_checks_are_kept),
	    cmocka_unit_test(disagreements_that_are_kept_are_bounded),
	    cmocka_unit_test(rows_of_a_table_are_bounded),
	    cmocka_unit_test(damaged_lines_are_counted),
	};

	return RUN_TESTS(tests);
}
