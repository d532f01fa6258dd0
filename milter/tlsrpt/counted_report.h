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

#endif
