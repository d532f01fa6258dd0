/* diff - two surveys, and what changed from one to the next. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_DIFF_H
#define MILTER_CLI_SURVEY_DIFF_H

#include <stdio.h>

#include "milter/cli/survey/change.h"
#include "milter/view/sheet.h"

/* The earlier one is taken into the other, which is borrowed. */
struct comparison {
	struct store_survey *survey;
	struct survey_kind_count counts[CHANGES];
	int64_t other_depth;
};

/* These return 0, or the exit status of what was said. */
int survey_compare(struct comparison *comparison, struct store_survey *survey,
    struct store_survey *before);

/* survey_put_comparison - as a section of a sheet, the worst of what changed */
int
survey_put_comparison(struct sheet *sheet, const struct comparison *comparison);

/* survey_diff_csv, survey_diff_ndjson - a line for each domain that changed */
int survey_diff_csv(const struct comparison *comparison, FILE *out);
int survey_diff_ndjson(const struct comparison *comparison, FILE *out);

#endif
