/* outcome_line - event=tlsrpt: what became of a report. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_OUTCOME_LINE_H
#define MILTER_TLSRPT_OUTCOME_LINE_H

#include <stdbool.h>

#include "common/io/store_outbox.h"

/* outcome_line_tell - of the report itself; reason and detail may be NULL */
void outcome_line_tell(const char *action, const struct outbox_item *item,
    const char *reason, const char *detail);

/* outcome_line_try - of a try to send it, by its destination without the
 * address; item counts it */
void outcome_line_try(const char *action, const struct outbox_item *item,
    bool untrusted, const char *detail);

#endif
