/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/survey/report_count.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

enum { ROWS_MAX = 5000 /* of a count */ };

const char *
survey_share(int64_t part, int64_t whole, char out[SURVEY_SHARE_SIZE])
{
	double percent = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;

	if (whole == 0)
		text_copy(out, SURVEY_SHARE_SIZE, "-");
	else if (part > 0 && percent < 0.1)
		text_copy(out, SURVEY_SHARE_SIZE, "<0.1 %");
	else if (part < whole && percent > 99.9)
		text_copy(out, SURVEY_SHARE_SIZE, ">99.9 %");
	else
		snprintf(out, SURVEY_SHARE_SIZE, "%.1f %%", percent);
	return out;
}

size_t
report_top(const struct reporting *r, size_t usual)
{
	return r->options->top == 0 ? usual : r->options->top;
}

/* --- rows --- */

void
report_rows_fini(struct report_rows *rows)
{
	free(rows->items);
	rows->items = NULL;
	rows->count = 0;
}

void
report_rows_add(struct report_rows *rows, const char *word, const char *second,
    const struct survey_count *count)
{
	struct report_row *row;

	/* grown by doubling */
	if ((rows->count & (rows->count + 1)) == 0)
		rows->items = xrealloc(
		    rows->items, 2 * (rows->count + 1), sizeof(*rows->items));
	row = &rows->items[rows->count++];
	text_copy(row->words[0], sizeof(row->words[0]), word);
	text_copy(row->words[1], sizeof(row->words[1]), second);
	row->domains = count->domains;
	row->messages = count->messages;
}

void
report_rows_add_row(void *arg, const struct survey_count *count)
{
	report_rows_add(arg, count->words[0], count->words[1], count);
}

void
report_each_count(struct reporting *r, const struct survey_question *of,
    survey_counted *counted, void *arg)
{
	if (!r->failed &&
	    store_survey_count(r->survey, of, counted, arg, &r->err) != 0)
		r->failed = true;
}

/* A mode has no word for what nobody saw. */
enum survey_filter
report_filter(enum survey_field by)
{
	return by == SURVEY_STS_MODE ? SURVEY_MAIL_AND_MODE : SURVEY_MAIL;
}

struct report_rows
report_count(struct reporting *r, enum survey_filter filter,
    enum survey_field by, enum survey_field and_by)
{
	struct survey_question question = {.filter = filter,
	    .by = by,
	    .by_two = by != and_by,
	    .and_by = and_by,
	    .most = ROWS_MAX};
	struct report_rows rows = {.count = 0};

	report_each_count(r, &question, report_rows_add_row, &rows);
	return rows;
}

/* What a file says of messages may be more than a sum has room for. */
static int64_t
sum_of(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void
report_add(struct survey_count *sum, const struct survey_count *more)
{
	sum->domains = sum_of(sum->domains, more->domains);
	sum->messages = sum_of(sum->messages, more->messages);
}

struct survey_count
report_row_count(const struct report_row *row)
{
	return (struct survey_count){
	    .domains = row->domains, .messages = row->messages};
}

bool
report_is_apart(const char *word)
{
	return strcmp(word, "unknown") == 0 || strcmp(word, "error") == 0 ||
	       strcmp(word, "na") == 0 || strcmp(word, "u") == 0;
}

struct survey_count
report_known(const struct report_rows *rows)
{
	struct survey_count known = {.domains = 0};

	for (size_t i = 0; i < rows->count; i++) {
		struct survey_count count = report_row_count(&rows->items[i]);

		if (!report_is_apart(rows->items[i].words[0]))
			report_add(&known, &count);
	}
	return known;
}

struct survey_count
report_word(const struct report_rows *rows, const char *word)
{
	struct survey_count sum = {.domains = 0};

	for (size_t i = 0; i < rows->count; i++) {
		struct survey_count count = report_row_count(&rows->items[i]);

		if (strcmp(rows->items[i].words[0], word) == 0)
			report_add(&sum, &count);
	}
	return sum;
}

/* --- how mail ends --- */

void
report_count_ends(struct reporting *r)
{
	for (int i = 0; i < OUTLOOK_SENDERS; i++) {
		enum survey_field field = (enum survey_field)(SURVEY_MAY + i);
		struct report_rows rows =
		    report_count(r, SURVEY_ALL, field, field);

		for (size_t j = 0; j < REPORT_ENDS; j++) {
			const char letter[] = {REPORT_END_LETTERS[j], '\0'};

			r->ends[i][j] = report_word(&rows, letter);
		}
		report_rows_fini(&rows);
	}
	r->whys = report_count(r, SURVEY_ALL, SURVEY_WHYS, SURVEY_WHYS);
}

struct survey_count
report_takers(const struct reporting *r, enum outlook_sender sender)
{
	struct survey_count sum = {.domains = 0};

	for (size_t j = 0; j < REPORT_ENDS; j++)
		if (strchr("dqt", REPORT_END_LETTERS[j]) != NULL)
			report_add(&sum, &r->ends[sender][j]);
	return sum;
}

/* --- tables --- */

size_t
report_columns(const struct reporting *r, size_t words)
{
	return words + (r->totals.weighted ? 4 : 2);
}

void
report_put_shares(struct reporting *r, const struct survey_count *count,
    const struct survey_count *of, bool apart)
{
	char share[SURVEY_SHARE_SIZE];

	sheet_number(r->sheet, (uint64_t)count->domains);
	sheet_cell(r->sheet,
	    apart ? "-" : survey_share(count->domains, of->domains, share));
	if (!r->totals.weighted)
		return;
	sheet_number(r->sheet, (uint64_t)count->messages);
	sheet_cell(r->sheet,
	    apart ? "-" : survey_share(count->messages, of->messages, share));
}

void
report_put_table(struct reporting *r, const struct sheet_table *table,
    const struct report_rows *rows)
{
	size_t words = table->columns[1].kind == SHEET_WORDS ? 2 : 1;
	struct survey_count of = report_known(rows);

	sheet_table(r->sheet, table->id, table->title, table->chart,
	    table->columns, report_columns(r, words));
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = &rows->items[i];
		struct survey_count count = report_row_count(row);

		for (size_t j = 0; j < words; j++)
			sheet_cell(r->sheet,
			    row->words[j][0] == '\0' ? "-" : row->words[j]);
		report_put_shares(
		    r, &count, &of, report_is_apart(row->words[0]));
	}
}
