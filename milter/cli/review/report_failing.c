/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "milter/act/advice.h"
#include "milter/cli/review/report.h"

enum { ADVICE_SIZE = 1024 };

static uint64_t
trouble_count(const struct review_domain *domain)
{
	return (uint64_t)domain->results[RESULT_FAIL] +
	       domain->results[RESULT_TEMPERROR] +
	       domain->results[RESULT_SOFTFAIL];
}

static uint64_t
open_rank(const struct review_domain *domain)
{
	return review_domain_is_mended(domain) ? 0 : trouble_count(domain);
}

static uint64_t
mended_rank(const struct review_domain *domain)
{
	return review_domain_is_mended(domain) ? trouble_count(domain) : 0;
}

static uint64_t
flip_rank(const struct review_domain *domain)
{
	return domain->flip_count;
}

static const struct sheet_column columns[] = {
    {"domain", "domain", SHEET_WORDS},
    {"messages", "msgs", SHEET_NUMBER},
    {"result", "result", SHEET_WORDS},
    {"reason", "reason", SHEET_WORDS},
    {"flips", "flips", SHEET_NUMBER},
    {"mx", "host", SHEET_BELOW},
    {"first", "first", SHEET_BELOW},
    {"last", "last", SHEET_BELOW},
    {"who", "who", SHEET_BELOW},
    {"advice", "what to do", SHEET_BELOW},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), MENDED_COLUMNS = 8 };

static void
put_domain(const struct review *review, uint32_t number, struct sheet *sheet)
{
	const struct review_domain *domain = &review->domains.items[number];
	struct advice advice = advice_for(domain->reason);
	char first[REPORT_WORD_SIZE], last[REPORT_WORD_SIZE];
	char text[ADVICE_SIZE];

	sheet_cell(sheet, review->domains.names.items[number]);
	sheet_number(sheet, trouble_count(domain));
	sheet_cell(sheet, result_text(domain->result));
	sheet_cell(sheet, reason_text(domain->reason));
	sheet_number(sheet, domain->flip_count);
	sheet_cell(sheet, domain->mx == NULL ? "" : domain->mx);
	sheet_cell(sheet, report_time(domain->first, first));
	sheet_cell(sheet, report_time(domain->last, last));
	if (review_domain_is_mended(domain))
		return;
	sheet_cell(sheet, advice.who);
	snprintf(text, sizeof(text), "%s%s%s", advice.why,
	    advice.what[0] == '\0' ? "" : " ", advice.what);
	sheet_cell(sheet, text);
}

static void
put_troubled(const struct review *review, report_rank *rank, const char *id,
    const char *title, struct sheet *sheet)
{
	size_t count;
	uint32_t *numbers = report_domains(review, rank, &count);

	sheet_table(sheet, id, title, SHEET_PLAIN, columns,
	    rank == open_rank ? COLUMNS : MENDED_COLUMNS);
	for (size_t i = 0; i < count && i < LIMIT_REVIEW_ROWS; i++)
		put_domain(review, numbers[i], sheet);
	if (count > LIMIT_REVIEW_ROWS)
		sheet_more(sheet, count - LIMIT_REVIEW_ROWS);
	free(numbers);
}

static void
put_flips(const struct review *review, struct sheet *sheet)
{
	static const struct sheet_column rows[] = {
	    {"domain", "domain", SHEET_WORDS}, {"at", "when", SHEET_WORDS},
	    {"before", "before", SHEET_WORDS}, {"after", "after", SHEET_WORDS}};
	size_t count, told = 0;
	uint32_t *numbers = report_domains(review, flip_rank, &count);

	sheet_table(
	    sheet, "flips", "Changes of a result", SHEET_TIMELINE, rows, 4);
	for (size_t i = 0; i < count && told < LIMIT_REVIEW_ROWS; i++) {
		const struct review_domain *domain =
		    &review->domains.items[numbers[i]];

		for (size_t j = 0;
		     j < domain->flip_count && j < LIMIT_REVIEW_FLIPS; j++) {
			const struct review_flip *flip = &domain->flips[j];
			char at[REPORT_WORD_SIZE];

			sheet_cell(
			    sheet, review->domains.names.items[numbers[i]]);
			sheet_cell(sheet, report_time(flip->at, at));
			sheet_cell(sheet, result_text(flip->before));
			sheet_cell(sheet, result_text(flip->after));
			told++;
		}
	}
	free(numbers);
}

void
report_failing(const struct review *review, struct sheet *sheet)
{
	size_t open, mended;

	free(report_domains(review, open_rank, &open));
	free(report_domains(review, mended_rank, &mended));
	sheet_section(sheet, "failing", "Who fails");
	sheet_note(sheet,
	    "%zu domains had a fail, temperror or softfail last; %zu had one "
	    "before and were well at the end.",
	    open, mended);
	put_troubled(review, open_rank, "domains", "By messages", sheet);
	put_troubled(review, mended_rank, "mended", "Mended meanwhile", sheet);
	put_flips(review, sheet);
}
