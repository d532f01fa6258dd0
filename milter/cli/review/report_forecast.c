/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "milter/cli/review/report.h"

static const char *const forecasts[FORECASTS] = {
    [STORY_PREDICTS_NOTHING] = "nothing",
    [STORY_PREDICTS_BOUNCED] = "comes back",
    [STORY_PREDICTS_DEFERRED] = "waits",
    [STORY_PREDICTS_SENT] = "goes out",
};

static void
put_outcomes(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"forecast", "foreseen", SHEET_WORDS},
	    {"delivered", "delivered", SHEET_NUMBER},
	    {"answered", "refused by host", SHEET_NUMBER},
	    {"deferred", "waits", SHEET_NUMBER},
	    {"bounced", "came back", SHEET_NUMBER},
	    {"open", "not in the log", SHEET_NUMBER}};

	sheet_table(sheet, "outcomes",
	    "Forecast against outcome, by message "
	    "and domain",
	    SHEET_PLAIN, columns, 6);
	for (int i = FORECASTS - 1; i >= 0; i--) {
		const uint64_t *row = review->forecast[i];

		sheet_cell(sheet, forecasts[i]);
		sheet_number(sheet, row[OUTCOME_DELIVERED]);
		sheet_number(sheet, row[OUTCOME_ANSWERED]);
		sheet_number(sheet, row[OUTCOME_DEFERRED]);
		sheet_number(sheet, row[OUTCOME_BOUNCED]);
		sheet_number(sheet, row[OUTCOME_OPEN]);
	}
}

static void
put_missed(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"domain", "domain", SHEET_WORDS}, {"at", "when", SHEET_WORDS},
	    {"posternd", "posternd's line", SHEET_BELOW},
	    {"mta", "the MTA's line", SHEET_BELOW}};
	char at[REPORT_WORD_SIZE];

	sheet_table(
	    sheet, "missed", "Not as foreseen", SHEET_PLAIN, columns, 4);
	for (size_t i = 0; i < review->missed_count; i++) {
		sheet_cell(sheet, review->missed[i].domain);
		sheet_cell(sheet, report_time(review->missed[i].at, at));
		sheet_cell(sheet, review->missed[i].ours);
		sheet_cell(sheet, review->missed[i].theirs);
	}
	if (review->not_as_foreseen > review->missed_count)
		sheet_more(
		    sheet, review->not_as_foreseen - review->missed_count);
}

void
report_forecast(const struct review *review, struct sheet *sheet)
{
	uint64_t all = review->as_foreseen + review->not_as_foreseen;
	char percent[REPORT_WORD_SIZE];

	sheet_section(sheet, "forecast", "Was the forecast right");
	if (all == 0)
		sheet_note(sheet,
		    "The log shows the end of none of these messages: it is "
		    "another's, or \"SyslogSuccess no\" hides what passed.");
	else
		sheet_note(sheet,
		    "In %s: %" PRIu64 " of %" PRIu64
		    ". Mail that a host refused after TLS counts as foreseen "
		    "to go out.",
		    report_percent(review->as_foreseen, all, percent),
		    review->as_foreseen, all);
	if (review->not_as_foreseen > 0)
		sheet_note(sheet,
		    "What was foreseen to wait and went out: the MTA does not "
		    "enforce the policy (\"postern doctor\" tells why), or the "
		    "destination was mended in between. What was foreseen to "
		    "go out and waits: the MTA's line tells.");
	if (review->open.given_up > 0)
		sheet_note(sheet,
		    "%" PRIu64 " messages stayed in the log for too long to be "
		    "followed to their end.",
		    review->open.given_up);
	put_outcomes(review, sheet);
	put_missed(review, sheet);
}
