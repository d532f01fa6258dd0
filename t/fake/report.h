/* report - in place of milter/serve/report: lines to compare. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_FAKE_REPORT_H
#define T_FAKE_REPORT_H

#include "milter/serve/report.h"

/* What no line has, since then. */
struct fake_report_seen {
	unsigned waits, waited_ms; /* at RCPT */
	unsigned message_ms;       /* of the last message */
	size_t domains;
	bool authenticated;
};
extern struct fake_report_seen fake_report_seen;

/* fake_report_clear - forget what was reported */
void fake_report_clear(void);

/* fake_report_log - a line an event since then; borrowed */
const char *fake_report_log(void);

#endif
