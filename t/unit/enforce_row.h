/* enforce_row - what is known of d.ex, and what Postfix is told: for tables. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_ENFORCE_ROW_H
#define T_UNIT_ENFORCE_ROW_H

#include <stddef.h>

#include "common/judge/enforce.h"
#include "t/fake/destination.h"

#define SEC(match) "OK secure match=" match " servername=hostname"
#define BOTH "enforce mx1.d.ex mx2.d.ex"

struct enforce_row {
	const char *id;
	const char *mx, *hosts, *policy; /* as destination_make takes them */
	const char *reply;
};

/* enforce_row_reply - fails the test where Postfix is told something else */
void enforce_row_reply(
    const char *id, const struct enforcement *e, const char *wanted);

/* enforce_row_check - the same for what the facts of a row come to;
 * enforce_rows_check - for count rows */
void enforce_row_check(
    const struct enforce_row *row, const struct judge_terms *terms);
void enforce_rows_check(const struct enforce_row *rows, size_t count,
    const struct judge_terms *terms);

#endif
