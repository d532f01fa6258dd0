/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "milter/cli/review/report.h"

enum { YEAR = 10000, MONTH = 100 };

/* Domains of which the counter at offset is not 0. */
static uint64_t
count_domains(const struct review *review, size_t offset)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < review->domains.names.count; i++)
		count += *(const uint32_t *)((const char *)&review->domains
						 .items[i] +
					     offset) > 0;
	return count;
}

static void
put_result_rows(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"result", "result", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER},
	    {"domain_checks", "domains of messages", SHEET_NUMBER},
	    {"domains", "domains", SHEET_NUMBER}};

	sheet_table(sheet, "results", "By result", SHEET_BARS, columns, 4);
	for (int i = 0; i < RESULTS; i++) {
		if (review->results[i] + review->check_results[i] == 0)
			continue;
		sheet_cell(sheet, result_text((enum result)i));
		sheet_number(sheet, review->results[i]);
		sheet_number(sheet, review->check_results[i]);
		sheet_number(
		    sheet, count_domains(
			       review, offsetof(struct review_domain, results) +
					   (size_t)i * sizeof(uint32_t)));
	}
}

static void
put_action_rows(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"action", "action", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER},
	    {"rcpts", "recipients at RCPT", SHEET_NUMBER},
	    {"domains", "domains", SHEET_NUMBER}};

	sheet_table(sheet, "actions", "By action", SHEET_BARS, columns, 4);
	for (int i = 0; i < ACTIONS; i++) {
		if (review->actions[i] + review->refused_rcpts[i] == 0)
			continue;
		sheet_cell(sheet, action_text((enum action)i));
		sheet_number(sheet, review->actions[i]);
		sheet_number(sheet, review->refused_rcpts[i]);
		sheet_number(
		    sheet, count_domains(
			       review, offsetof(struct review_domain, actions) +
					   (size_t)i * sizeof(uint32_t)));
	}
}

static void
put_policy_rows(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"policy", "policy", SHEET_WORDS},
	    {"domain_checks", "domains of messages", SHEET_NUMBER},
	    {"domains", "domains", SHEET_NUMBER}};

	sheet_table(sheet, "policies", "By policy", SHEET_BARS, columns, 3);
	for (int i = 0; i < POLICY_TYPES; i++) {
		if (review->policies[i] == 0)
			continue;
		sheet_cell(sheet, policy_type_text((enum policy_type)i));
		sheet_number(sheet, review->policies[i]);
		sheet_number(
		    sheet, count_domains(review,
			       offsetof(struct review_domain, policies) +
				   (size_t)i * sizeof(uint32_t)));
	}
}

static void
put_day_rows(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"day", "day", SHEET_WORDS}, {"fail", "fail", SHEET_NUMBER},
	    {"temperror", "temperror", SHEET_NUMBER},
	    {"softfail", "softfail", SHEET_NUMBER},
	    {"none", "none", SHEET_NUMBER}, {"pass", "pass", SHEET_NUMBER},
	    {"skip", "skip", SHEET_NUMBER}};

	sheet_table(sheet, "days", "Messages a day", SHEET_STACKED, columns, 7);
	for (size_t i = 0; i < review->day_count; i++) {
		const struct review_day *day = &review->days[i];
		char date[REPORT_WORD_SIZE];

		snprintf(date, sizeof(date), "%04d-%02d-%02d", day->date / YEAR,
		    day->date / MONTH % MONTH, day->date % MONTH);
		sheet_cell(sheet, date);
		sheet_number(sheet, day->results[RESULT_FAIL]);
		sheet_number(sheet, day->results[RESULT_TEMPERROR]);
		sheet_number(sheet, day->results[RESULT_SOFTFAIL]);
		sheet_number(sheet, day->results[RESULT_NONE]);
		sheet_number(sheet, day->results[RESULT_PASS]);
		sheet_number(sheet, day->results[RESULT_SKIP]);
	}
}

/* Whether a reason stands before another: more often, or earlier in the enum.
 */
static bool
is_before(const struct review *review, int one, int other)
{
	return review->reasons[one] != review->reasons[other]
		   ? review->reasons[one] > review->reasons[other]
		   : one < other;
}

/* The one behind last, -1: the first of all; -1: there is none. */
static int
next_reason(const struct review *review, int last)
{
	int found = -1;

	for (int i = 0; i < REASONS; i++)
		if (review->reasons[i] > 0 &&
		    (last < 0 || is_before(review, last, i)) &&
		    (found < 0 || is_before(review, i, found)))
			found = i;
	return found;
}

static void
put_reason_rows(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"reason", "reason", SHEET_WORDS},
	    {"domain_checks", "domains of messages", SHEET_NUMBER}};

	sheet_table(sheet, "reasons", "By reason", SHEET_BARS, columns, 2);
	for (int i = next_reason(review, -1); i >= 0;
	     i = next_reason(review, i)) {
		sheet_cell(sheet, reason_text((enum reason)i));
		sheet_number(sheet, review->reasons[i]);
	}
}

static void
put_counts(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"messages", "messages", SHEET_NUMBER},
	    {"authenticated", "authenticated", SHEET_NUMBER},
	    {"domains", "domains", SHEET_NUMBER},
	    {"lines", "lines of posternd", SHEET_NUMBER},
	    {"damaged", "damaged", SHEET_NUMBER},
	    {"untimed", "without a time", SHEET_NUMBER},
	    {"outside", "outside the time asked for", SHEET_NUMBER}};

	sheet_table(sheet, "counts", "", SHEET_DATA, columns, 7);
	sheet_number(sheet, review->messages);
	sheet_number(sheet, review->results[RESULT_PASS]);
	sheet_number(sheet, review->domains.names.count);
	sheet_number(sheet, review->own_lines);
	sheet_number(sheet, review->damaged);
	sheet_number(sheet, review->untimed);
	sheet_number(sheet, review->outside);
}

/* What the counts leave out. */
static void
note_lines(const struct review *review, struct sheet *sheet)
{
	if (review->damaged > 0)
		sheet_note(sheet,
		    "%" PRIu64 " lines of posternd are cut or mixed with "
		    "others, and left out.",
		    review->damaged);
	if (review->untimed > 0)
		sheet_note(sheet,
		    "%" PRIu64 " lines have no time that can be read, or one "
		    "yet to come: they belong to no day%s.",
		    review->untimed,
		    review->options.since != 0 || review->options.until != 0
			? ", and are left out"
			: "");
	if (review->domains.beyond > 0)
		sheet_note(sheet,
		    "There are more than %d domains: %" PRIu64
		    " checks stand in no list of domains.",
		    LIMIT_REVIEW_DOMAINS, review->domains.beyond);
}

void
report_decided(const struct review *review, struct sheet *sheet)
{
	char percent[REPORT_WORD_SIZE];

	sheet_section(sheet, "decided", "What was decided");
	sheet_note(sheet,
	    "%" PRIu64 " messages to %" PRIu32
	    " domains. Of %s of them every domain was authenticated.",
	    review->messages, review->domains.names.count,
	    report_percent(
		review->results[RESULT_PASS], review->messages, percent));
	note_lines(review, sheet);
	put_counts(review, sheet);
	put_result_rows(review, sheet);
	put_action_rows(review, sheet);
	put_policy_rows(review, sheet);
	put_reason_rows(review, sheet);
	put_day_rows(review, sheet);
}
