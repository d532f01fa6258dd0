/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/gzip.h"
#include "common/proto/tlsrpt_report.h"
#include "t/unit/made.h"
#include "t/unit/tap.h"

enum {
	DETAILS = LIMIT_TLSRPT_KEPT_DETAILS,
	LINES = 10000,
	LONG_LINES = 250000,
	LONG_POLICIES = 44,
	/* more than are kept */
	MANY_POLICIES = 2 * LIMIT_TLSRPT_KEPT_POLICIES + 9,
	MANY_DETAILS = 2 * DETAILS + 9,
	MOST = 8,
};

static struct tlsrpt_report *
load_made(const char *domain)
{
	size_t size;
	void *body =
	    store_outbox_find(maker_store, yesterday, domain, &size, NULL);
	struct gzip_inside inside;
	struct tlsrpt_report *report;

	assert_non_null(body);
	assert_in_range(size, 1, LIMIT_TLSRPT_MADE);
	assert_int_equal(
	    gzip_unpack(body, size, LIMIT_TLSRPT_JSON, &inside), GZIP_WHOLE);
	report = tlsrpt_report_load(inside.octets, inside.size, NULL);
	assert_non_null(report);
	free(inside.octets);
	free(body);
	return report;
}

/* --- own mail --- */

/* Reports of the day before that were mailed yesterday: two to a.ex, three to
 * b.ex. */
static void
mail_reports(void)
{
	static const char text[] =
	    "v=TLSRPTv1;rua=mailto:1@a.ex,mailto:2@a.ex,mailto:1@b.ex,"
	    "mailto:2@b.ex,mailto:3@b.ex";
	struct sts_txt txt = {text, strlen(text)};
	struct tlsrpt_record record = tlsrpt_record_select(&txt, 1, NULL, NULL);
	struct outbox_made made = {
	    .row = {.day = yesterday - 1, .domain = "other.ex"},
	    .name = "n",
	    .body = "packed",
	    .size = 6};
	int64_t now = yesterday * CLOCK_DAY_S + 600;
	struct outbox_item items[MOST];
	unsigned mailed = 0;
	int count;

	assert_int_equal(store_outbox_make(maker_store, &made, NULL), 0);
	assert_int_equal(
	    store_outbox_due(maker_store, now, items, MOST, NULL), 1);
	assert_int_equal(
	    store_outbox_plan(maker_store, &items[0], &record, now, 9, NULL),
	    0);
	while ((count = store_outbox_next(
		    maker_store, TLSRPT_MAILTO, now, items, MOST, NULL)) > 0)
		for (int i = 0; i < count; i++, mailed++) {
			store_outbox_begin(
			    maker_store, items[i].delivery, now, NULL);
			store_outbox_end(maker_store, items[i].delivery,
			    OUTBOX_SENT, 0, "", NULL);
		}
	assert_int_equal(mailed, 5);
}

static void
count_with_own(void)
{
	mail_reports();
	add_sums(yesterday, "a.ex", 1, 1, 0);
	add_sums(yesterday, "a.ex", 2, 3, 1);
	add_sums(yesterday, "b.ex", 1, 2, 0);
	add_sums(yesterday, "c.ex", 1, 2, 0);
}

/* R44 H08 */
static void
own_mail_is_left_out_where_the_mta_counts_it(void **state)
{
	struct tlsrpt_report *report;

	(void)state;
	count_with_own();
	make_all("TLSReportOwnSessions counted\n");
	assert_string_equal(made_log, "made a.ex 3/1 \n"
				      "suppressed b.ex 0/0 own-mail\n"
				      "made c.ex 2/0 \n");
	report = load_made("a.ex");
	assert_int_equal(report->policy_count, 1); /* nothing is left of one */
	assert_string_equal(report->policies[0].domain, "mx02.d.ex");
	assert_int_equal(report->policies[0].succeeded, 2);
	assert_int_equal(report->policies[0].failed, 1);
	tlsrpt_report_free(report);
}

/* R44 */
static void
own_mail_that_the_mta_does_not_count_is_not(void **state)
{
	(void)state;
	count_with_own();
	make_all("");
	assert_string_equal(
	    made_log, "made a.ex 5/1 \nmade b.ex 2/0 \nmade c.ex 2/0 \n");
}

/* --- late --- */

/* F05 */
static void
what_is_two_days_over_is_not_sent(void **state)
{
	struct outbox_item items[MOST];

	(void)state;
	add_sums(yesterday - 3, "a.ex", 1, 1, 0);
	add_sums(yesterday - 1, "a.ex", 1, 2, 0);
	make_all("TLSReportSpread 0\n");
	assert_string_equal(made_log, "expired a.ex 1/0 old\nmade a.ex 2/0 \n");
	assert_int_equal(
	    store_outbox_due(maker_store, (int64_t)clock_wall_s() + CLOCK_DAY_S,
		items, MOST, NULL),
	    1);
	assert_int_equal(items[0].row.day, yesterday - 1);
}

/* F06: a clock that was days ahead, and is set right, has no day left out */
static void
days_that_come_again_have_reports(void **state)
{
	struct maker maker = {.before = 0};

	(void)state;
	add_sums(yesterday - 1, "a.ex", 1, 1, 0);
	make_before(&maker, yesterday + 9, "");
	add_sums(yesterday - 1, "b.ex", 1, 1, 0);
	make_before(&maker, yesterday, "");
	add_sums(yesterday, "a.ex", 1, 2, 0);
	make_before(&maker, yesterday + 1, "");
	add_sums(yesterday, "late.ex", 1, 2, 0);
	make_before(&maker, yesterday + 1, "");
	assert_string_equal(
	    made_log, "made a.ex 1/0 \nmade b.ex 1/0 \nmade a.ex 2/0 \n");
}

/* --- large --- */

/* Text that no packing makes much shorter. */
static void
fill_random(char *to, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	static uint64_t number = 1;

	for (size_t i = 0; i < length; i++) {
		number = number * 6364136223846793005U + 1442695040888963407U;
		to[i] = digits[number >> 58];
	}
	to[length] = '\0';
}

/* A policy's lines: one of so many octets. */
static char *
random_body(size_t length)
{
	char *line = xmalloc(length + 1), *body = xmalloc(length + 16);

	fill_random(line, length);
	snprintf(body, length + 16, "[[\"%s\"],[]]", line);
	free(line);
	return body;
}

/* As many failures of a policy as are kept, each of them as long as it gets. */
static void
add_long_details(int policy)
{
	struct tlsrpt_tally *tally =
	    new_tally(yesterday, "d.ex", policy, random_body(LINES));

	tally->failed = DETAILS;
	tally->failure_count = DETAILS;
	tally->failures = xcalloc(DETAILS, sizeof(*tally->failures));
	for (size_t i = 0; i < DETAILS; i++) {
		struct tlsrpt_failures *failures = &tally->failures[i];

		failures->count = 1;
		failures->detail.result = TLSRPT_CERTIFICATE_EXPIRED;
		text_copy(failures->detail.mx, LIMIT_DOMAIN_SIZE, "mx.d.ex");
		fill_random(failures->detail.helo, LIMIT_TLSRPT_HELO);
		fill_random(failures->detail.info, LIMIT_TLSRPT_URI);
		fill_random(failures->detail.reason, LIMIT_TLSRPT_REASON);
	}
	add_tally(tally);
}

/* J10 */
static void
a_report_that_is_too_large_has_fewer_details(void **state)
{
	struct tlsrpt_report *report;

	(void)state;
	for (int i = 0; i < LIMIT_TLSRPT_KEPT_POLICIES; i++)
		add_long_details(i);
	make_all("");
	report = load_made("d.ex");
	assert_int_equal(report->policy_count, LIMIT_TLSRPT_KEPT_POLICIES);
	for (size_t i = 0; i < report->policy_count; i++) {
		const struct tlsrpt_policy *policy = &report->policies[i];

		assert_int_equal(policy->failed, DETAILS);
		assert_int_equal(policy->detail_count, 1);
		assert_int_equal(policy->details[0].count, DETAILS);
		assert_string_equal(policy->details[0].mx, "mx.d.ex");
		assert_null(policy->details[0].helo);
		assert_int_equal(policy->strings.count, 1);
	}
	tlsrpt_report_free(report);
}

/* J10: policies as long as a datagram can have them */
static void
one_that_is_so_still_has_no_lines_of_policies(void **state)
{
	struct tlsrpt_report *report;

	(void)state;
	for (int i = 0; i < LONG_POLICIES; i++) {
		struct tlsrpt_tally *tally =
		    new_tally(yesterday, "d.ex", i, random_body(LONG_LINES));

		tally->ok = 7;
		add_tally(tally);
	}
	make_all("");
	report = load_made("d.ex");
	assert_int_equal(report->policy_count, LONG_POLICIES);
	for (size_t i = 0; i < report->policy_count; i++) {
		assert_int_equal(report->policies[i].strings.count, 0);
		assert_int_equal(report->policies[i].succeeded, 7);
	}
	tlsrpt_report_free(report);
}

/* A policy of a host with a long name, and a failure at another such each time:
 * what is kept of many is as large as it gets. */
static struct tlsrpt_tally *
tally_of_many_hosts(int policy)
{
	struct tlsrpt_tally *tally =
	    new_tally(yesterday, "d.ex", policy, random_body(LINES));

	fill_random(tally->policy_domain, LIMIT_DOMAIN);
	tally->failed = MANY_DETAILS;
	tally->failure_count = MANY_DETAILS;
	tally->failures = xcalloc(MANY_DETAILS, sizeof(*tally->failures));
	for (size_t i = 0; i < MANY_DETAILS; i++) {
		tally->failures[i].count = 1;
		tally->failures[i].detail.result = TLSRPT_CERTIFICATE_EXPIRED;
		fill_random(tally->failures[i].detail.mx, LIMIT_DOMAIN);
	}
	return tally;
}

/* J10: nobody has to read more than LIMIT_REPORT_DETAILS; what is kept of a day
 * (R45) always has room without hosts */
static void
the_largest_has_no_hosts(void **state)
{
	struct tlsrpt_tally *tallies[MANY_POLICIES];
	struct tlsrpt_report *report;
	uint64_t failed = 0;

	(void)state;
	for (int i = 0; i < MANY_POLICIES; i++)
		tallies[i] = tally_of_many_hosts(i);
	add_tallies(tallies, MANY_POLICIES);
	make_all("");
	report = load_made("d.ex");
	assert_int_equal(
	    report->policy_count, 2 * LIMIT_TLSRPT_KEPT_POLICIES + 1);
	for (size_t i = 0; i < report->policy_count; i++) {
		assert_int_equal(report->policies[i].detail_count, 1);
		assert_null(report->policies[i].details[0].mx);
		failed += report->policies[i].failed;
	}
	assert_int_equal(failed, MANY_POLICIES * MANY_DETAILS);
	tlsrpt_report_free(report);
}

/* J10 F03: what nobody could read, as of a store that is damaged, is not sent,
 * and holds up no other */
static void
what_makes_no_report_fails(void **state)
{
	struct tlsrpt_tally *tally =
	    new_tally(yesterday, "d.ex", 1, xstrdup("[[],[]]"));
	struct outbox_item items[MOST];

	(void)state;
	tally->type = TLSRPT_POLICY_OTHER;
	tally->ok = 1;
	add_tally(tally);
	add_sums(yesterday, "e.ex", 1, 2, 0);
	make_all("TLSReportSpread 0\n");
	make_all("TLSReportSpread 0\n");
	assert_string_equal(
	    made_log, "failed d.ex 1/0 no-report\nmade e.ex 2/0 \n");
	assert_int_equal(
	    store_outbox_due(maker_store, (int64_t)clock_wall_s() + CLOCK_DAY_S,
		items, MOST, NULL),
	    1);
	assert_string_equal(items[0].row.domain, "e.ex");
}

int
main(void)
{
	static const struct CMUnitTest maker[] = {
	    MADE_TEST(own_mail_is_left_out_where_the_mta_counts_it),
	    MADE_TEST(own_mail_that_the_mta_does_not_count_is_not),
	    MADE_TEST(what_is_two_days_over_is_not_sent),
	    MADE_TEST(days_that_come_again_have_reports),
	    MADE_TEST(a_report_that_is_too_large_has_fewer_details),
	    MADE_TEST(one_that_is_so_still_has_no_lines_of_policies),
	    MADE_TEST(the_largest_has_no_hosts),
	    MADE_TEST(what_makes_no_report_fails),
	};

	return RUN_TESTS(maker);
}
