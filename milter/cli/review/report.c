/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

enum { TENTHS = 10, WHOLE = 100 };

const char *
report_percent(uint64_t part, uint64_t all, char out[REPORT_WORD_SIZE])
{
	if (all == 0)
		snprintf(out, REPORT_WORD_SIZE, "-");
	else
		snprintf(out, REPORT_WORD_SIZE, "%" PRIu64 ".%" PRIu64 "%%",
		    part * WHOLE / all, part * WHOLE * TENTHS / all % TENTHS);
	return out;
}

const char *
report_time(time_t at, char out[REPORT_WORD_SIZE])
{
	struct tm tm;

	out[0] = '\0';
	if (at == 0 || localtime_r(&at, &tm) == NULL ||
	    strftime(out, REPORT_WORD_SIZE, "%Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
	return out;
}

struct ranked {
	uint64_t rank;
	uint32_t number;
};

/* Of the same rank, what came first. */
static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? 1 : -1;
	return left->number < right->number ? -1 : 1;
}

uint32_t *
report_domains(const struct review *review, report_rank *rank, size_t *count)
{
	size_t all = review->domains.names.count;
	struct ranked *rows = xmalloc((all + 1) * sizeof(*rows));
	uint32_t *numbers;
	size_t used = 0;

	for (uint32_t i = 0; i < all; i++) {
		rows[used].rank = rank(&review->domains.items[i]);
		rows[used].number = i;
		used += rows[used].rank > 0;
	}
	qsort(rows, used, sizeof(*rows), compare_ranked);
	numbers = xmalloc((used + 1) * sizeof(*numbers));
	for (size_t i = 0; i < used; i++)
		numbers[i] = rows[i].number;
	free(rows);
	*count = used;
	return numbers;
}

static struct sheet *
new_sheet(const struct review *review)
{
	char first[REPORT_WORD_SIZE], last[REPORT_WORD_SIZE], title[512];
	const char *domain = review->options.domain;

	if (review->first == 0)
		snprintf(title, sizeof(title), "Review of a log%s%s",
		    domain == NULL ? "" : " for ",
		    domain == NULL ? "" : domain);
	else
		snprintf(title, sizeof(title), "Review of %s to %s%s%s",
		    report_time(review->first, first),
		    report_time(review->last, last),
		    domain == NULL ? "" : " for ",
		    domain == NULL ? "" : domain);
	return sheet_new(title);
}

struct sheet *
review_sheet(const struct review *review, const struct settings *settings)
{
	struct sheet *sheet = new_sheet(review);

	report_answer(review, sheet);
	report_decided(review, sheet);
	report_would(review, sheet);
	report_failing(review, sheet);
	report_forecast(review, sheet);
	report_ours(review, settings, sheet);
	return sheet;
}
