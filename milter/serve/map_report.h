/* map_report - what MTAs are told, for the log. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_MAP_REPORT_H
#define MILTER_SERVE_MAP_REPORT_H

#include <stdbool.h>

#include "common/engine/check.h"

/* map_report_answer - an answer that was made of a check, with its enforcement;
 * reply: as it was rendered; cached: the verdict was at hand */
void
map_report_answer(const struct check *check, const char *reply, bool cached);

/* map_report_deadline - the check of a domain takes longer than MapWait */
void map_report_deadline(const char *domain, unsigned ms);

#endif
