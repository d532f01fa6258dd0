/* so_far - what was counted so far, for who asks at the control socket. Any
 * thread, while collect runs. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_SO_FAR_H
#define MILTER_TLSRPT_SO_FAR_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/io/store_tlsrpt.h"

/* so_far_rows - see store_tlsrpt_rows; what is new is written first */
int so_far_rows(const struct tlsrpt_query *query, struct tlsrpt_row *rows,
    int most, struct err *err);

/* so_far_report - the report of a day to a next hop, as it stands, for free();
 * NULL with err: DATA where there is none */
char *so_far_report(int64_t day, const char *domain, struct err *err);

#endif
