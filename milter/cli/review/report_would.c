/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "milter/cli/review/report.h"

static const struct {
	const char *id, *setting;
} changes[WOULDS] = {
    [WOULD_FAIL] = {"on-fail", "On-Fail defer, or reject"},
    [WOULD_TEMPERROR] = {"on-temperror", "On-TempError defer"},
    [WOULD_ENCRYPT] = {"encrypt", "DefaultLevel encrypt (at most)"},
};

static uint64_t
fail_messages(const struct review_domain *domain)
{
	return domain->would[WOULD_FAIL];
}

static uint64_t
temperror_messages(const struct review_domain *domain)
{
	return domain->would[WOULD_TEMPERROR];
}

static uint64_t
encrypt_messages(const struct review_domain *domain)
{
	return domain->would[WOULD_ENCRYPT];
}

static report_rank *const ranks[WOULDS] = {
    [WOULD_FAIL] = fail_messages,
    [WOULD_TEMPERROR] = temperror_messages,
    [WOULD_ENCRYPT] = encrypt_messages,
};

static void
put_changes(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"change", "with", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER},
	    {"domains", "domains", SHEET_NUMBER},
	    {"sender_days", "senders' days", SHEET_NUMBER},
	    {"null_sender", "bounces", SHEET_NUMBER}};

	sheet_table(sheet, "changes", "Messages that would have been stopped",
	    SHEET_BARS, columns, 5);
	for (int i = 0; i < WOULDS; i++) {
		size_t count;

		free(report_domains(review, ranks[i], &count));
		sheet_cell(sheet, changes[i].setting);
		sheet_number(sheet, review->would[i].messages);
		sheet_number(sheet, count);
		sheet_number(sheet, review->would[i].sender_days.count);
		sheet_number(sheet, review->would[i].null_sender);
	}
}

static void
put_domains(const struct review *review, enum review_would would,
    const char *id, const char *title, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER}};
	size_t count;
	uint32_t *numbers = report_domains(review, ranks[would], &count);

	sheet_table(sheet, id, title, SHEET_PLAIN, columns, 2);
	for (size_t i = 0; i < count && i < LIMIT_REVIEW_ROWS; i++) {
		sheet_cell(sheet, review->domains.names.items[numbers[i]]);
		sheet_number(
		    sheet, review->domains.items[numbers[i]].would[would]);
	}
	if (count > LIMIT_REVIEW_ROWS)
		sheet_more(sheet, count - LIMIT_REVIEW_ROWS);
	free(numbers);
}

/* What the log does not hold cannot be told from it. */
static void
note_limits(const struct review *review, struct sheet *sheet)
{
	bool full = false;

	for (int i = 0; i < WOULDS; i++)
		full |= review->would[i].sender_days.full;
	sheet_note(sheet,
	    "A sender's day is one sender on one day, by the MTA's lines. "
	    "Bounces and other mail of the null sender are never refused, nor "
	    "is mail that did not come by SMTP: it would be held.");
	sheet_note(sheet,
	    "Rules with on-fail= or on-temperror= keep their own action, "
	    "whatever the settings say.");
	if (review->would[WOULD_ENCRYPT].messages > 0)
		sheet_note(sheet,
		    "Of domains without a policy the log does not tell whether "
		    "their hosts offer STARTTLS, so that \"encrypt\" would "
		    "have "
		    "stopped at most these. To ask them: postern check --level "
		    "encrypt -f FILE, with the domains of \"--as csv\".");
	if (full)
		sheet_note(
		    sheet, "There were more senders' days than are counted.");
}

void
report_would(const struct review *review, struct sheet *sheet)
{
	sheet_section(sheet, "would", "What would be");
	note_limits(review, sheet);
	put_changes(review, sheet);
	put_domains(review, WOULD_FAIL, "on_fail",
	    "Domains that On-Fail defer would have stopped", sheet);
	put_domains(review, WOULD_TEMPERROR, "on_temperror",
	    "Domains that On-TempError defer would have stopped", sheet);
	put_domains(review, WOULD_ENCRYPT, "without_policy",
	    "Domains without a policy, which DefaultLevel encrypt concerns",
	    sheet);
}
