/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "milter/cli/review/report.h"

/* Of a thousand: forecasts that must be right, messages that posternd may have
 * let down; domains that the answer names. */
enum { RIGHT_LEAST = 990, OWN_MOST = 10, THOUSAND = 1000, NAMED = 3 };

enum { MISSED_SIZE = 300 };

/* What is this host's matter, whatever the destination does. */
static uint64_t
own_failures(const struct review *review)
{
	return review->reasons[REASON_DEADLINE] +
	       review->reasons[REASON_QUEUE_FULL] +
	       review->reasons[REASON_RESOLVER_NOT_VALIDATING] +
	       review->reasons[REASON_INTERNAL_ERROR];
}

static uint64_t
all_checks(const struct review *review)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < RESULTS; i++)
		sum += review->check_results[i];
	return sum;
}

static uint64_t
fail_rank(const struct review_domain *domain)
{
	return domain->results[RESULT_FAIL];
}

static bool
is_let_down(const struct review *review)
{
	return own_failures(review) * THOUSAND >
		   all_checks(review) * OWN_MOST ||
	       review->own.resolver_is_down || review->own.port_is_closed;
}

enum review_answer
review_answer(const struct review *review)
{
	int agreement = review_agreement(review);

	if (all_checks(review) == 0)
		return REVIEW_NOT_KNOWN;
	if (is_let_down(review) || (agreement >= 0 && agreement < RIGHT_LEAST))
		return REVIEW_NOT_YET;
	if (review->check_results[RESULT_FAIL] > 0)
		return REVIEW_LOOK;
	return agreement < 0 ? REVIEW_NOT_KNOWN : REVIEW_YES;
}

const char *
review_answer_text(enum review_answer answer)
{
	switch (answer) {
	case REVIEW_NOT_KNOWN:
		break;
	case REVIEW_NOT_YET:
		return "not-yet";
	case REVIEW_LOOK:
		return "look-first";
	case REVIEW_YES:
		return "yes";
	}
	return "not-known";
}

static const char *
answer_sentence(enum review_answer answer)
{
	switch (answer) {
	case REVIEW_NOT_KNOWN:
		break;
	case REVIEW_NOT_YET:
		return "NOT YET: settle first what is named below.";
	case REVIEW_LOOK:
		return "LOOK FIRST at the domains below: mail to them would "
		       "wait or come back. If that is what you want, yes.";
	case REVIEW_YES:
		return "YES: it would have stopped nothing.";
	}
	return "NOT KNOWN: the log shows no message with its delivery.";
}

/* The first of them by name, with what is wrong. */
static void
name_domains(const struct review *review, struct sheet *sheet)
{
	size_t count;
	uint32_t *numbers = report_domains(review, fail_rank, &count);

	for (size_t i = 0; i < count && i < NAMED; i++) {
		const struct review_domain *domain =
		    &review->domains.items[numbers[i]];
		char times[REPORT_WORD_SIZE] = "once";

		if (domain->results[RESULT_FAIL] > 1)
			snprintf(times, sizeof(times), "%" PRIu32 " times",
			    domain->results[RESULT_FAIL]);
		sheet_note(sheet, "%s fails %s: %s%s",
		    review->domains.names.items[numbers[i]], times,
		    reason_text(domain->fail_reason),
		    review_domain_is_mended(domain) ? "; mended since" : "");
	}
	if (count > NAMED)
		sheet_note(sheet, "and %zu more domain%s: see \"Who fails\"",
		    count - NAMED, count - NAMED == 1 ? "" : "s");
	free(numbers);
}

static void
note_effect(const struct review *review, struct sheet *sheet)
{
	const struct review_change_effect *would = &review->would[WOULD_FAIL];
	char percent[REPORT_WORD_SIZE];
	uint64_t stopped = review->refused_rcpts[ACTION_DEFER] +
			   review->refused_rcpts[ACTION_REJECT];

	sheet_note(sheet,
	    "Defer would have stopped %" PRIu64 " of %" PRIu64
	    " messages (%s).",
	    would->messages, review->messages,
	    report_percent(would->messages, review->messages, percent));
	if (stopped > 0)
		sheet_note(sheet,
		    "%" PRIu64 " recipients were refused already as it was.",
		    stopped);
}

/* In which of two ways it was wrong: what settles it differs. */
static void
print_missed(const struct review *review, char *out, size_t size)
{
	const uint64_t *waits = review->forecast[STORY_PREDICTS_DEFERRED];
	uint64_t went = waits[OUTCOME_DELIVERED] + waits[OUTCOME_ANSWERED];
	uint64_t stayed = review->not_as_foreseen - went;
	struct text text;

	text_init(&text, out, size);
	text_add(&text, ", and 99% should be");
	if (went > 0)
		text_addf(&text,
		    "; %" PRIu64 " went out that should wait (does the MTA "
		    "enforce policies? \"postern doctor\" tells)",
		    went);
	if (stayed > 0)
		text_addf(&text,
		    "; %" PRIu64 " that should go out did not: see \"Was the "
		    "forecast right\"",
		    stayed);
}

static void
note_forecast(const struct review *review, struct sheet *sheet)
{
	uint64_t all = review->as_foreseen + review->not_as_foreseen;
	char percent[REPORT_WORD_SIZE], missed[MISSED_SIZE] = "";

	if (review_agreement(review) < RIGHT_LEAST)
		print_missed(review, missed, sizeof(missed));

	if (all == 0)
		sheet_note(sheet,
		    "Whether the forecast was right cannot be told: the log "
		    "has no deliveries of these messages.");
	else
		sheet_note(sheet,
		    "The forecast was right in %s of %" PRIu64 " deliveries%s.",
		    report_percent(review->as_foreseen, all, percent), all,
		    missed);
}

static void
note_own(const struct review *review, struct sheet *sheet)
{
	uint64_t failures = own_failures(review);

	if (failures > 0)
		sheet_note(sheet,
		    "%" PRIu64 " checks failed for reasons of this host: see "
		    "\"Ours\".",
		    failures);
	if (review->unseen.count > 0)
		sheet_note(sheet,
		    "%zu message%s passed unseen, of which nothing is told "
		    "here: \"postern doctor\" says why.",
		    review->unseen.count, review->unseen.count == 1 ? "" : "s");
	if (review->own.resolver_is_down)
		sheet_note(sheet, "The resolver does not validate.");
	if (review->own.port_is_closed)
		sheet_note(sheet, "Port 25 is closed on the way out.");
}

void
report_answer(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column columns[] = {
	    {"answer", "answer", SHEET_WORDS},
	    {"messages", "messages", SHEET_NUMBER},
	    {"would_stop", "would stop", SHEET_NUMBER},
	    {"as_foreseen", "as foreseen", SHEET_NUMBER},
	    {"not_as_foreseen", "not as foreseen", SHEET_NUMBER},
	    {"own_failures", "own failures", SHEET_NUMBER},
	    {"unseen", "passed unseen", SHEET_NUMBER}};
	enum review_answer answer = review_answer(review);

	sheet_section(sheet, "answer", "May \"On-Fail defer\" be turned on?");
	sheet_note(sheet, "%s", answer_sentence(answer));
	if (all_checks(review) > 0) {
		note_effect(review, sheet);
		name_domains(review, sheet);
		note_forecast(review, sheet);
		note_own(review, sheet);
	}
	sheet_table(sheet, "summary", "", SHEET_DATA, columns, 7);
	sheet_cell(sheet, review_answer_text(answer));
	sheet_number(sheet, review->messages);
	sheet_number(sheet, review->would[WOULD_FAIL].messages);
	sheet_number(sheet, review->as_foreseen);
	sheet_number(sheet, review->not_as_foreseen);
	sheet_number(sheet, own_failures(review));
	sheet_number(sheet, review->unseen.count);
}
