/* SPDX-License-Identifier: BSD-2-Clause */
#include <sqlite3.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/errand.h"
#include "milter/tlsrpt/maker.h"
#include "t/unit/conf_text.h"
#include "t/unit/made.h"
#include "t/unit/tap.h"

enum { MOST = 8 };

/* --- what the resolver says, in place of common/engine/errand --- */

static const char record_of_one[] = "v=TLSRPTv1;rua=mailto:r@a.ex";
static const char *record_there; /* NULL: nobody can say */

struct dns_query *
errand_ask(struct engine *engine, const char *domain, int64_t deadline_ms)
{
	assert_null(engine);
	assert_string_equal(domain, "a.ex");
	assert_true(deadline_ms > clock_mono_ms());
	return NULL;
}

bool
errand_record(struct dns_query *query, tlsrpt_uri_seen *each, void *arg,
    struct tlsrpt_record *out, char why[LIMIT_DETAIL_SIZE])
{
	struct sts_txt txt = {record_there, 0};

	assert_null(query);
	text_copy(why, LIMIT_DETAIL_SIZE, record_there ? "" : "servfail");
	if (record_there == NULL)
		return false;
	txt.length = strlen(record_there);
	*out = tlsrpt_record_select(&txt, 1, each, arg);
	return true;
}

static bool
plan_at(int64_t today)
{
	bool any;
	struct settings *settings = conf_text_load(
	    "TLSReportOrganization The Example\nTLSReportContact "
	    "tls@example.org\n");

	any = maker_plan(maker_store, settings, NULL, today);
	settings_free(settings);
	return any;
}

static bool
plan_what_is_due(void)
{
	return plan_at(yesterday + 1);
}

/* When the only report is due: seconds from now; -1 for never. */
static int64_t
due_in(int64_t within_s)
{
	struct outbox_item items[MOST];
	int64_t now = (int64_t)clock_wall_s();

	for (int64_t s = 0; s <= within_s; s++)
		if (store_outbox_due(maker_store, now + s, items, MOST, NULL) >
		    0)
			return s;
	return -1;
}

/* F04: while nobody can say whether there is a record the report waits, and
 * what Postfix told of it does not count */
static void
a_record_that_is_not_to_be_had_is_asked_for_again(void **state)
{
	(void)state;
	add_sums(yesterday - 1, "a.ex", 1, 1, 0);
	make_all("TLSReportSpread 0\n");
	plan_what_is_due();
	assert_string_equal(
	    made_log, "made a.ex 1/0 \nretry a.ex 1/0 record\n");
	assert_in_range(due_in(400), 240, 360); /* S02: as a try that failed */
	clock_shift(361);
	plan_what_is_due();
	assert_in_range(due_in(800), 480, 720);
	record_there = record_of_one;
	clock_shift(721);
	plan_what_is_due();
	assert_int_equal(due_in(CLOCK_DAY_S / 2), -1);
	assert_int_equal(
	    store_outbox_soonest(maker_store, TLSRPT_MAILTO) > 0, true);
	assert_null(strstr(made_log, "cut"));
}

/* F04 */
static void
after_a_day_without_an_answer_it_expires(void **state)
{
	(void)state;
	add_sums(yesterday - 1, "a.ex", 1, 1, 0);
	make_all("TLSReportSpread 0\n");
	plan_what_is_due();
	clock_shift(CLOCK_DAY_S + 1);
	plan_what_is_due();
	assert_string_equal(made_log, "made a.ex 1/0 \nretry a.ex 1/0 record\n"
				      "expired a.ex 1/0 record\n");
	assert_int_equal(store_outbox_soonest(maker_store, TLSRPT_MAILTO), -1);
}

/* L12: that not all of them get it is told, once; also where none of those that
 * are read can be used */
static void
destinations_that_are_passed_over_are_told_of(void **state)
{
	static const char *const records[][2] = {
	    {"v=TLSRPTv1;rua=mailto:1@a.ex,mailto:2@a.ex,mailto:3@a.ex,"
	     "mailto:4@a.ex,mailto:5@a.ex,mailto:6@a.ex",
		"made a.ex 1/0 \ncut a.ex 1/0 \n"},
	    {"v=TLSRPTv1;rua=x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,x:,"
	     "x:,x:,x:,x:,mailto:1@a.ex",
		"made a.ex 1/0 \nwithdrawn a.ex 1/0 no-rua\n"
		"cut a.ex 1/0 \n"},
	};

	for (size_t i = 0; i < COUNT(records); i++) {
		add_sums(yesterday - 1, "a.ex", 1, 1, 0);
		make_all("TLSReportSpread 0\n");
		record_there = records[i][0];
		assert_true(plan_what_is_due());
		assert_false(plan_what_is_due());
		assert_string_equal(made_log, records[i][1]);
		close_outbox_store(state);
		open_outbox_store(state);
	}
}

/* F03: as long as that is so nothing is told, and nobody has it tried again at
 * once */
static void
what_cannot_be_noted_is_not_planned(void **state)
{
	sqlite3 *other;

	(void)state;
	add_sums(yesterday - 1, "a.ex", 1, 1, 0);
	make_all("TLSReportSpread 0\n");
	record_there = record_of_one;
	assert_int_equal(sqlite3_open(maker_db, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_false(plan_what_is_due());
	record_there = NULL;
	assert_false(plan_what_is_due());
	assert_int_equal(due_in(0), 0);
	assert_string_equal(made_log, "made a.ex 1/0 \n");
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_true(plan_what_is_due());
}

/* F05: two days out of service after it was made are too much, unless somebody
 * wants it sent; a clock that is wrong is no such thing */
static void
what_nobody_sent_for_two_days_is_not_looked_up(void **state)
{
	(void)state;
	record_there = record_of_one;
	add_sums(yesterday, "a.ex", 1, 1, 0);
	make_all("TLSReportSpread 0\n");
	clock_shift(2 * CLOCK_DAY_S + 3600);
	assert_true(plan_at(yesterday + 3));
	assert_string_equal(made_log, "made a.ex 1/0 \nexpired a.ex 1/0 old\n");
	assert_false(plan_at(yesterday + 3));
	assert_int_equal(store_outbox_hurry(maker_store, yesterday, "a.ex",
			     (int64_t)clock_wall_s(), false, NULL),
	    0);
	assert_true(plan_at(yesterday + 3));
	assert_false(plan_at(yesterday + 3));
	assert_string_equal(made_log, "made a.ex 1/0 \nexpired a.ex 1/0 old\n");
	assert_int_not_equal(
	    store_outbox_soonest(maker_store, TLSRPT_MAILTO), -1);
}

static void
a_clock_that_is_ahead_ends_nothing(void **state)
{
	(void)state;
	record_there = record_of_one;
	add_sums(yesterday, "a.ex", 1, 1, 0);
	make_all("TLSReportSpread 0\n");
	clock_shift(9 * CLOCK_DAY_S);
	assert_true(plan_at(yesterday + 1));
	assert_string_equal(made_log, "made a.ex 1/0 \n");
}

static int
forget_record(void **state)
{
	record_there = NULL;
	return open_outbox_store(state);
}

#define PLAN_TEST(name) \
	cmocka_unit_test_setup_teardown(name, forget_record, close_outbox_store)

int
main(void)
{
	static const struct CMUnitTest maker_plan[] = {
	    PLAN_TEST(a_record_that_is_not_to_be_had_is_asked_for_again),
	    PLAN_TEST(after_a_day_without_an_answer_it_expires),
	    PLAN_TEST(destinations_that_are_passed_over_are_told_of),
	    PLAN_TEST(what_cannot_be_noted_is_not_planned),
	    PLAN_TEST(what_nobody_sent_for_two_days_is_not_looked_up),
	    PLAN_TEST(a_clock_that_is_ahead_ends_nothing),
	};

	return RUN_TESTS(maker_plan);
}
