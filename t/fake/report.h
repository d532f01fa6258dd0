/* report - in place of milter/serve/report: lines to compare. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_REPORT_H
#define T_FAKE_REPORT_H

#include "milter/serve/report.h"

/* fake_report_clear - forget what was reported */
void fake_report_clear(void);

/* fake_report_log - a line an event since then; borrowed */
const char *fake_report_log(void);

#endif
