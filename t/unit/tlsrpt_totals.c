/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { DAY = 24 * 60 * 60, FIRST = 1795824000 };

/* A policy in constants, which the totals only read. */
static struct tlsrpt_policy
policy_of(enum tlsrpt_policy_type type, char *domain, uint64_t succeeded,
    uint64_t failed)
{
	static char words[TLSRPT_POLICY_TYPES][16] = {
	    "odd", "tlsa", "sts", "no-policy-found"};

	return (struct tlsrpt_policy){.type = type,
	    .word = words[type],
	    .domain = domain,
	    .mode = type == TLSRPT_POLICY_STS ? "enforce" : "",
	    .succeeded = succeeded,
	    .failed = failed};
}

static struct tlsrpt_failure
detail_of(enum tlsrpt_result result, char *mx, char *sender, uint64_t count)
{
	static char words[TLSRPT_RESULTS][32];

	snprintf(
	    words[result], sizeof(words[0]), "%s", tlsrpt_result_text(result));
	return (struct tlsrpt_failure){.result = result,
	    .word = words[result],
	    .mx = mx,
	    .sending_ip = sender,
	    .count = count};
}

static void
add_report(struct totals *totals, const char *submitter, time_t day,
    struct tlsrpt_policy *policies, size_t count)
{
	char id[] = "id", organization[] = "Example";
	struct tlsrpt_report report = {.organization = organization,
	    .id = id,
	    .begin = FIRST + day * DAY,
	    .end = FIRST + day * DAY + DAY - 1,
	    .domain = "d.ex",
	    .policies = policies,
	    .policy_count = count};

	snprintf(report.submitter, sizeof(report.submitter), "%s", submitter);
	totals_add(totals, &report, NULL);
}

static char d_ex[] = "d.ex", mx1[] = "mx1.d.ex", mx2[] = "mx2.d.ex";
static char sender1[] = "192.0.2.1", sender2[] = "192.0.2.2";

/* T21: success is per policy */
static void
policies_of_a_domain_are_rows_of_their_own(void **state)
{
	struct tlsrpt_policy policies[] = {
	    policy_of(TLSRPT_POLICY_TLSA, mx1, 5, 0),
	    policy_of(TLSRPT_POLICY_TLSA, mx2, 6, 0),
	    policy_of(TLSRPT_POLICY_STS, d_ex, 11, 0)};
	struct totals totals;
	uint32_t *order;

	(void)state;
	totals_init(&totals);
	add_report(&totals, "a.ex", 0, policies, 3);
	add_report(&totals, "b.ex", 1, policies, 3);
	totals_end(&totals);
	assert_int_equal(totals.policy_count, 3);
	assert_int_equal(totals.finding_count, 0);
	assert_false(totals.failed_enforced || totals.failed_else);
	assert_int_equal(totals.reporters.count, 2);
	assert_int_equal(totals.days.count, 2);
	assert_int_equal(totals.by_day[0].succeeded, 22);
	assert_int_equal(totals.first, FIRST);
	assert_int_equal(totals.last, FIRST + 2 * DAY - 1);
	order = totals_policies(&totals);
	assert_int_equal(order[0], 2);
	assert_int_equal(totals.policies[order[0]].succeeded, 22);
	assert_string_equal(
	    totals.policies[order[1]].policy_domain, "mx2.d.ex");
	assert_string_equal(totals.policies[order[1]].domain, "d.ex");
	free(order);
	totals_fini(&totals);
}

static void
what_is_enforced_goes_first_then_sessions_then_reporters(void **state)
{
	struct tlsrpt_failure testing =
	    detail_of(TLSRPT_CERTIFICATE_EXPIRED, mx1, sender1, 90);
	struct tlsrpt_failure few =
	    detail_of(TLSRPT_CERTIFICATE_NOT_TRUSTED, mx1, sender1, 3);
	struct tlsrpt_failure many =
	    detail_of(TLSRPT_VALIDATION_FAILURE, mx1, sender1, 4);
	struct tlsrpt_failure twice =
	    detail_of(TLSRPT_TLSA_INVALID, mx1, sender1, 2);
	struct tlsrpt_policy lax = policy_of(TLSRPT_POLICY_STS, d_ex, 0, 90);
	struct tlsrpt_policy strict = policy_of(TLSRPT_POLICY_TLSA, mx1, 0, 9);
	struct tlsrpt_failure details[] = {few, twice, many};
	static const enum tlsrpt_result wanted[] = {TLSRPT_TLSA_INVALID,
	    TLSRPT_VALIDATION_FAILURE, TLSRPT_CERTIFICATE_NOT_TRUSTED,
	    TLSRPT_CERTIFICATE_EXPIRED};
	struct totals totals;

	(void)state;
	totals_init(&totals);
	lax.mode = "testing";
	lax.details = &testing;
	lax.detail_count = 1;
	strict.details = details;
	strict.detail_count = 3;
	add_report(&totals, "a.ex", 0, &lax, 1);
	assert_true(totals.failed_else && !totals.failed_enforced);
	add_report(&totals, "a.ex", 0, &strict, 1);
	assert_true(totals.failed_enforced);
	strict.details = &twice;
	strict.detail_count = 1;
	strict.failed = 2;
	add_report(&totals, "b.ex", 0, &strict, 1);
	totals_end(&totals);
	assert_int_equal(totals.finding_count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_int_equal(totals.findings[i].result, wanted[i]);
	assert_int_equal(totals.findings[0].reporter_count, 2);
	assert_string_equal(
	    totals.policies[totals.findings[0].policy].worst, "tlsa-invalid");
	totals_fini(&totals);
}

static void
one_host_and_one_sender_are_told_from_several(void **state)
{
	struct tlsrpt_failure details[] = {
	    detail_of(TLSRPT_CERTIFICATE_EXPIRED, mx1, sender1, 1),
	    detail_of(TLSRPT_CERTIFICATE_EXPIRED, mx2, sender1, 2),
	    detail_of(TLSRPT_CERTIFICATE_EXPIRED, mx2, sender2, 2),
	    detail_of(TLSRPT_VALIDATION_FAILURE, mx1, NULL, 1)};
	struct tlsrpt_policy policy = policy_of(TLSRPT_POLICY_STS, d_ex, 0, 6);
	struct totals totals;

	(void)state;
	totals_init(&totals);
	policy.details = details;
	policy.detail_count = COUNT(details);
	add_report(&totals, "a.ex", 3, &policy, 1);
	totals_end(&totals);
	assert_int_equal(totals.finding_count, 3);
	assert_string_equal(totals.findings[0].mx, "mx2.d.ex");
	assert_int_equal(totals.findings[0].count, 4);
	assert_true(totals.findings[0].several_senders);
	assert_false(totals.findings[0].only_host);
	assert_false(totals.findings[1].several_senders);
	assert_string_equal(totals.findings[1].sender, "192.0.2.1");
	assert_false(totals.findings[1].only_host);
	assert_true(totals.findings[2].only_host);
	assert_null(totals.findings[2].sender);
	totals_fini(&totals);
}

static void
failures_without_details_are_found(void **state)
{
	struct tlsrpt_failure detail =
	    detail_of(TLSRPT_CERTIFICATE_EXPIRED, mx1, sender1, 2);
	struct tlsrpt_policy policy = policy_of(TLSRPT_POLICY_STS, d_ex, 0, 7);
	struct totals totals;

	(void)state;
	totals_init(&totals);
	policy.details = &detail;
	policy.detail_count = 1;
	add_report(&totals, "a.ex", 0, &policy, 1);
	totals_end(&totals);
	assert_int_equal(totals.finding_count, 2);
	assert_string_equal(totals.findings[0].word, "");
	assert_int_equal(totals.findings[0].count, 5);
	totals_fini(&totals);
}

static void
no_policy_is_odd_only_where_there_is_one(void **state)
{
	struct tlsrpt_policy policies[] = {
	    policy_of(TLSRPT_POLICY_NONE, d_ex, 8, 0),
	    policy_of(TLSRPT_POLICY_STS, d_ex, 1, 0)};
	struct totals totals;

	(void)state;
	for (size_t count = 1; count <= 2; count++) {
		totals_init(&totals);
		add_report(&totals, "a.ex", 0, policies, count);
		totals_end(&totals);
		assert_int_equal(totals.finding_count, count - 1);
		totals_fini(&totals);
	}
	policies[0].failed = 1;
	totals_init(&totals);
	add_report(&totals, "a.ex", 0, policies, 2);
	totals_end(&totals);
	assert_int_equal(totals.finding_count, 1);
	assert_string_equal(totals.findings[0].word, "");
	totals_fini(&totals);
}

static void
a_domain_alone_is_counted(void **state)
{
	char id[] = "id", other[] = "e.ex";
	struct tlsrpt_policy policies[] = {
	    policy_of(TLSRPT_POLICY_TLSA, mx1, 1, 0),
	    policy_of(TLSRPT_POLICY_STS, other, 1, 0)};
	struct tlsrpt_report report = {.id = id,
	    .begin = FIRST,
	    .end = FIRST + DAY - 1,
	    .domain = "d.ex",
	    .policies = policies,
	    .policy_count = 2};
	struct totals totals;

	(void)state;
	totals_init(&totals);
	totals_add(&totals, &report, "d.ex");
	assert_int_equal(totals.policy_count, 1);
	assert_string_equal(totals.reporters.items[0], "not named");
	totals_fini(&totals);
	assert_true(totals_concerns(&report, &policies[0], "mx1.d.ex"));
	assert_true(totals_concerns(&report, &policies[1], "e.ex"));
	assert_false(totals_concerns(&report, &policies[1], "d.ex"));
}

/* LIMIT_TLSRPT_ROWS, _REPORTERS, _FINDING_REPORTERS, _DAYS */
static void
tables_that_are_full_take_no_more(void **state)
{
	struct totals totals;
	char domain[32], reporter[32];

	(void)state;
	totals_init(&totals);
	for (int i = 0; i <= LIMIT_TLSRPT_ROWS; i++) {
		struct tlsrpt_policy policy =
		    policy_of(TLSRPT_POLICY_STS, domain, 0, 1);

		snprintf(domain, sizeof(domain), "d%d.ex", i);
		snprintf(reporter, sizeof(reporter), "r%d.ex", i);
		add_report(&totals, reporter, 0, &policy, 1);
	}
	assert_int_equal(totals.policy_count, LIMIT_TLSRPT_ROWS);
	assert_int_equal(totals.finding_count, LIMIT_TLSRPT_ROWS);
	assert_int_equal(totals.reporters.count, LIMIT_TLSRPT_REPORTERS);
	assert_int_equal(totals.left_out, 1);
	assert_int_equal(totals.by_day[0].failed, LIMIT_TLSRPT_ROWS + 1);
	totals_end(&totals);
	totals_fini(&totals);
}

static void
one_row_names_so_many_reporters_and_there_are_so_many_days(void **state)
{
	struct tlsrpt_policy policy = policy_of(TLSRPT_POLICY_STS, d_ex, 0, 1);
	struct totals totals;
	uint32_t *days;

	(void)state;
	totals_init(&totals);
	for (int i = 0; i <= LIMIT_TLSRPT_DAYS; i++) {
		char reporter[32];

		snprintf(reporter, sizeof(reporter), "r%d.ex", i);
		add_report(
		    &totals, reporter, LIMIT_TLSRPT_DAYS - i, &policy, 1);
	}
	assert_int_equal(totals.days.count, LIMIT_TLSRPT_DAYS);
	assert_int_equal(totals.left_out, 1);
	assert_int_equal(
	    totals.findings[0].reporter_count, LIMIT_TLSRPT_FINDING_REPORTERS);
	assert_int_equal(totals.findings[0].count, LIMIT_TLSRPT_DAYS + 1);
	days = totals_days(&totals);
	for (uint32_t i = 1; i < totals.days.count; i++)
		assert_true(strcmp(totals.days.items[days[i - 1]],
				totals.days.items[days[i]]) < 0);
	free(days);
	totals_fini(&totals);
}

/* LIMIT_TLSRPT_SHOWN */
static void
long_texts_are_cut_between_characters(void **state)
{
	char *text = xcalloc(1, 3 * LIMIT_TLSRPT_SHOWN), *cut;

	(void)state;
	for (int i = 0; i < LIMIT_TLSRPT_SHOWN; i++)
		memcpy(text + 1 + 2 * i, "\xc3\xa9", 2);
	text[0] = 'x';
	cut = totals_cut(text);
	assert_int_equal(strlen(cut), LIMIT_TLSRPT_SHOWN - 1);
	assert_memory_equal(cut, text, LIMIT_TLSRPT_SHOWN - 1);
	free(cut);
	cut = totals_cut(text + 1);
	assert_int_equal(strlen(cut), LIMIT_TLSRPT_SHOWN);
	free(cut);
	cut = totals_cut(NULL);
	assert_string_equal(cut, "");
	free(cut);
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(policies_of_a_domain_are_rows_of_their_own),
	    cmocka_unit_test(
		what_is_enforced_goes_first_then_sessions_then_reporters),
	    cmocka_unit_test(one_host_and_one_sender_are_told_from_several),
	    cmocka_unit_test(failures_without_details_are_found),
	    cmocka_unit_test(no_policy_is_odd_only_where_there_is_one),
	    cmocka_unit_test(a_domain_alone_is_counted),
	    cmocka_unit_test(tables_that_are_full_take_no_more),
	    cmocka_unit_test(
		one_row_names_so_many_reporters_and_there_are_so_many_days),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	};

	return RUN_TESTS(tests);
}
