/* change - what became of a domain from one survey to the next. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SURVEY_CHANGE_H
#define MILTER_CLI_SURVEY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/io/store_survey_diff.h"

/* In the order in which they are told. */
enum change {
	CHANGE_QUEUED, /* worse: auto queues its mail now */
	CHANGE_LOST,   /* worse: less protects it, or what does is broken */
	CHANGE_BETTER,
	CHANGE_OTHER,
	CHANGE_NEW,
	CHANGE_GONE,
	CHANGE_SAME,
};
enum { CHANGES = CHANGE_SAME + 1 };

/* change_text - "worse" for both kinds */
const char *change_text(enum change change);

/* change_of - a survey_kind */
int change_of(const char *const then[], const char *const now[]);

/* change_differs - whether a word is another now; of two depths where both know
 * it alone */
bool change_differs(enum survey_compared which, const char *const then[],
    const char *const now[]);

/* change_print - "auto d -> q, protection both -> neither", cut to the room */
void change_print(const struct survey_pair *pair, char *out, size_t size);

#endif
