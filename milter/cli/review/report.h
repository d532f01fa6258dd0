/* report - a review as a sheet: the answer first, and then its five sections.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_REPORT_H
#define MILTER_CLI_REVIEW_REPORT_H

#include "milter/cli/review/review.h"
#include "milter/view/sheet.h"

struct settings; /* settings.h */

/* What a review says to "may I turn defer on?". */
enum review_answer {
	REVIEW_NOT_KNOWN, /* no message, or no delivery, is in the log */
	REVIEW_NOT_YET,   /* the forecast was wrong too often, or posternd had
			     trouble of its own */
	REVIEW_LOOK,      /* it stops mail: to these domains */
	REVIEW_YES,
};

enum review_answer review_answer(const struct review *review);
const char *review_answer_text(enum review_answer answer);

/* review_sheet - settings: whose rules may never have been used, or NULL */
struct sheet *review_sheet(const struct review *review,
    const struct settings *settings) OWNED(sheet_free);

/* Its sections, one file each. */
void report_answer(const struct review *review, struct sheet *sheet);
void report_decided(const struct review *review, struct sheet *sheet);
void report_would(const struct review *review, struct sheet *sheet);
void report_failing(const struct review *review, struct sheet *sheet);
void report_forecast(const struct review *review, struct sheet *sheet);
void report_ours(const struct review *review, const struct settings *settings,
    struct sheet *sheet);

/* report_percent - with one decimal, and "-" of nothing; returns out */
enum { REPORT_WORD_SIZE = 32 };
const char *
report_percent(uint64_t part, uint64_t all, char out[REPORT_WORD_SIZE]);

/* report_time - of the host, to the minute; "" for 0; returns out */
const char *report_time(time_t at, char out[REPORT_WORD_SIZE]);

/* report_domains - the numbers of domains for which rank is not 0, the greatest
 * first, for free(); count becomes how many */
typedef uint64_t report_rank(const struct review_domain *domain);
uint32_t *
report_domains(const struct review *review, report_rank *rank, size_t *count);

#endif
