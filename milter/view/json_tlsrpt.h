/* json_tlsrpt - what is counted for TLS reports, as lines of JSON. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_TLSRPT_H
#define MILTER_VIEW_JSON_TLSRPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/io/tlsrpt_tally.h"
#include "milter/view/json_request.h"

/* json_tlsrpt_day - "2026-11-28" of a day since 1970, and json_tlsrpt_day_of
 * the other way round: -1 where text is no day */
void json_tlsrpt_day(int64_t day, char out[JSON_DAY_SIZE]);
int64_t json_tlsrpt_day_of(const char *text);

/* Lines without the end of line, for free(). */

/* json_tlsrpt_row_line - a next hop in a day; open: more may be counted */
char *json_tlsrpt_row_line(const struct tlsrpt_row *row, bool open);

/* json_tlsrpt_report_line - a report, which is a text of JSON itself */
char *json_tlsrpt_report_line(const char *report, bool open);

#endif
