/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/report.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/conf/settings.h"
#include "t/unit/mail_log.h"
#include "t/unit/tap.h"

static const struct sheet_table *
find_table(const struct sheet *sheet, const char *key)
{
	for (size_t i = 0; i < sheet->section_count; i++)
		for (size_t j = 0; j < sheet->sections[i].table_count; j++)
			if (strcmp(sheet->sections[i].tables[j].id, key) == 0)
				return &sheet->sections[i].tables[j];
	fail_msg("no table %s", key);
	return NULL;
}

/* A table of what is reviewed, as rows of cells with a bar between them. */
static void
rows_are(const struct settings *settings, const char *id, const char *wanted)
{
	struct sheet *sheet = review_sheet(&reviewed, settings);
	const struct sheet_table *table = find_table(sheet, id);
	char found[2000] = "";
	struct text text;

	text_init(&text, found, sizeof(found));
	for (size_t row = 0; row < table->row_count; row++)
		for (size_t i = 0; i < table->column_count; i++)
			text_addf(&text, "%s%s", sheet_cell_at(table, row, i),
			    i + 1 < table->column_count ? "|" : "\n");
	assert_string_equal(found, wanted);
	sheet_free(sheet);
}

/* Whether the answer on top has these words. */
static bool
answer_has(const char *words)
{
	struct sheet *sheet = review_sheet(&reviewed, NULL);
	bool found = false;

	for (size_t i = 0; i < sheet->sections[0].note_count; i++)
		found |= strstr(sheet->sections[0].notes[i], words) != NULL;
	sheet_free(sheet);
	return found;
}

static void
the_answer_is_what_the_log_supports(void **state)
{
	(void)state;
	mail_log_begin();
	assert_int_equal(review_answer(&reviewed), REVIEW_NOT_KNOWN);
	mail_log_message("A1", "a.example", LOGGED_PASS);
	assert_int_equal(review_answer(&reviewed), REVIEW_NOT_KNOWN);
	mail_log_mta("A1: to=<x@a.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
		     "status=sent (250 ok)");
	review_end(&reviewed);
	assert_int_equal(review_answer(&reviewed), REVIEW_YES);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	assert_int_equal(review_answer(&reviewed), REVIEW_LOOK);
	mail_log_mta("A2: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
		     "status=sent (250 ok)");
	review_end(&reviewed);
	assert_int_equal(review_answer(&reviewed), REVIEW_NOT_YET);
	mail_log_end();
	mail_log_begin();
	mail_log_message("A1", "b.example", LOGGED_FAIL);
	mail_log_message("A2", "b.example", LOGGED_TEMP);
	assert_int_equal(review_answer(&reviewed), REVIEW_NOT_YET);
	mail_log_end();
}

#define SENT "relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)"
#define WAITS "relay=none, dsn=4.4.1, status=deferred (connect to m: no)"

static void
the_answer_says_in_which_way_the_forecast_was_wrong(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_FAIL);
	mail_log_mta("A1: to=<x@a.example>, " SENT);
	review_end(&reviewed);
	assert_true(answer_has("right in 0.0% of 1 deliveries"));
	assert_true(answer_has("1 went out that should wait"));
	assert_false(answer_has("that should go out did not"));
	assert_true(answer_has("a.example fails once: certificate-expired"));
	mail_log_end();
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_mta("A1: to=<x@a.example>, " WAITS);
	review_end(&reviewed);
	assert_false(answer_has("went out that should wait"));
	assert_true(answer_has("1 that should go out did not"));
	mail_log_end();
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_mta("A1: to=<x@a.example>, " SENT);
	review_end(&reviewed);
	assert_true(answer_has("right in 100.0% of 1 deliveries."));
	mail_log_end();
}

/* Whoever sent it logged in, or not: that says nothing of domains. */
static void
authenticated_messages_are_those_that_pass(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	mail_log_message("A3", "c.example", LOGGED_NONE);
	rows_are(NULL, "counts", "3|1|3|6|0|0|0\n");
	mail_log_end();
}

/* What comes most often stands first. */
static void
tables_of_words_are_in_the_order_of_their_counts(void **state)
{
	struct sheet *sheet;
	const struct sheet_table *table;

	(void)state;
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_NONE);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	mail_log_message("A3", "b.example", LOGGED_FAIL);
	mail_log_ours(MAIL_LOG_MAP("c.example", "TEMP"));
	mail_log_ours(MAIL_LOG_MAP("a.example", "secure"));
	mail_log_ours(MAIL_LOG_MAP("b.example", "secure"));
	sheet = review_sheet(&reviewed, NULL);
	table = find_table(sheet, "reasons");
	assert_string_equal(table->cells[0], "certificate-expired");
	assert_string_equal(table->cells[2], "no-policy");
	table = find_table(sheet, "told");
	assert_string_equal(table->cells[0], "secure");
	assert_string_equal(table->cells[3], "TEMP");
	sheet_free(sheet);
	mail_log_end();
}

/* MAIL_LOG_NOW is 2027-01-15. */
static void
rules_are_told_with_their_state(void **state)
{
	struct rule_list *list = rule_list_new(LEVEL_AUTO);
	struct settings settings = {.destinations = list};
	static const struct {
		const char *domain, *until;
		time_t ends_s;
	} rows[] = {
	    {"used.example", "", 0},
	    {"idle.example", "", 0},
	    {"soon.example", "2027-01-18", MAIL_LOG_NOW + 3 * 86400},
	    {"past.example", "2027-01-01", MAIL_LOG_NOW - 14 * 86400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule *rule = rule_new();

		snprintf(rule->key, sizeof(rule->key), "%s", rows[i].domain);
		rule->ends_s = rows[i].ends_s;
		snprintf(rule->until, sizeof(rule->until), "%s", rows[i].until);
		rule_list_add(list, rule);
	}
	mail_log_begin();
	for (size_t i = 0; i < 2; i++)
		mail_log_ours(
		    "A1: event=check domain=used.example result=none "
		    "policy=local level=may reason=no-policy action=none "
		    "rcpts=1 ms=7 rule=used.example");
	mail_log_ours("A1: event=check domain=gone.example result=none "
		      "policy=local level=may reason=no-policy action=none "
		      "rcpts=1 ms=9 rule=gone.example");
	rows_are(&settings, "rules",
	    "used.example|used|2|\n"
	    "idle.example|never used|0|\n"
	    "soon.example|expires|0|2027-01-18\n"
	    "past.example|expired|0|2027-01-01\n"
	    "gone.example|not there any more|1|\n");
	rows_are(&settings, "slowest",
	    "gone.example|9|2027-01-14 10:00\n"
	    "used.example|7|2027-01-14 10:00\n"
	    "used.example|7|2027-01-14 10:00\n");
	mail_log_end();
	rule_list_free(list);
}

static void
trouble_of_this_host_is_told_apart_from_its_starts(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_ours("-: event=start version=1");
	rows_are(NULL, "trouble", "start|1|\n");
	assert_false(answer_has("reasons of this host"));
	mail_log_message("A1", "a.example", LOGGED_TEMP);
	mail_log_ours(
	    "-: event=resolver addr=embedded validating=no reason=dns-timeout");
	mail_log_ours("-: event=store reason=internal-error detail=full");
	mail_log_ours("-: event=probe port=25 depth=dns reason=connect-failed");
	mail_log_ours("-: event=log lost=17");
	mail_log_ours("-: event=reload faults=2 detail=x");
	mail_log_message("A2", "a.example",
	    "result=temperror policy=no-policy-found level=may "
	    "reason=queue-full action=tag rcpts=1");
	rows_are(NULL, "trouble",
	    "check past its deadline|1|\n"
	    "queue of checks full|1|\n"
	    "resolver does not validate|1|2027-01-14 10:00\n"
	    "policy store not written|1|2027-01-14 10:00\n"
	    "port 25 closed on the way out|1|2027-01-14 10:00\n"
	    "log line lost|17|\n"
	    "reload with mistakes|1|\n"
	    "start|1|\n");
	assert_true(answer_has("2 checks failed for reasons of this host"));
	assert_true(answer_has("The resolver does not validate."));
	assert_true(answer_has("Port 25 is closed on the way out."));
	mail_log_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_answer_is_what_the_log_supports),
	    cmocka_unit_test(
		the_answer_says_in_which_way_the_forecast_was_wrong),
	    cmocka_unit_test(authenticated_messages_are_those_that_pass),
	    cmocka_unit_test(tables_of_words_are_in_the_order_of_their_counts),
	    cmocka_unit_test(rules_are_told_with_their_state),
	    cmocka_unit_test(
		trouble_of_this_host_is_told_apart_from_its_starts),
	};

	return RUN_TESTS(tests);
}
