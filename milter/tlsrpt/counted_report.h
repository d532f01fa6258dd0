/* counted_report - the report of a day to a next hop, out of the store. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_COUNTED_REPORT_H
#define MILTER_TLSRPT_COUNTED_REPORT_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/io/store_tlsrpt.h"
#include "milter/conf/settings.h"

/*
 * counted_report_print - the JSON text of what was counted so far, for free()
 *
 * settings say who reports, and how much of a failure.  NULL with err: DATA
 * when no session was counted, LOCAL when the store cannot be read.
 */
char *counted_report_print(struct store_tlsrpt *store,
    const struct settings *settings, int64_t day, const char *domain,
    struct err *err);

/* one as it is sent */
struct counted_packed {
	char name[LIMIT_TLSRPT_ID]; /* its report-id */
	void *octets;               /* for free() */
	size_t size;
};

/*
 * counted_report_pack - the same packed, as it is sent
 *
 * own: so many of the sessions that succeeded were our own reports, and are
 * left out.  row has the day and next hop, and gets the sums.  0, or -1 with
 * err: DATA when there is no report, LOCAL as above.  Where it would be over
 * LIMIT_TLSRPT_MADE octets, or more than tlsrpt_report_load reads, details have
 * less, as with TLSReportDetails minimal, then without hosts; then policies
 * have no lines.
 */
int counted_report_pack(struct store_tlsrpt *store,
    const struct settings *settings, struct tlsrpt_row *row, uint64_t own,
    struct counted_packed *out, struct err *err);

/* counted_report_made - the JSON text of one that was made to be sent, for
 * free(); NULL: none was */
char *counted_report_made(
    struct store_tlsrpt *store, int64_t day, const char *domain);

#endif
