/* text - a check as text for people, 80 columns. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_TEXT_H
#define MILTER_CLI_CHECK_TEXT_H

#include <stdio.h>

#include "common/engine/engine.h"
#include "milter/cli/check/view.h"

/* cli_text_check - each step, the verdict, why, who, and what to do */
void cli_text_check(FILE *out, const struct cli_view *view,
    const struct check *check, const char *asked);

/* cli_text_line - the verdict alone, on one line */
void cli_text_line(FILE *out, const struct cli_view *view,
    const struct check *check, const char *asked);

/* cli_worst_sts - MTA-STS at the worst host: who publishes a policy wants each
 * of them to keep it */
enum sts_state cli_worst_sts(const struct verdict *verdict);

/* cli_sts_unseen - why it could not be seen what MTA-STS comes to, or
 * REASON_OK: it was */
enum reason cli_sts_unseen(const struct check *check);

/* cli_text_sts_check - as cli_text_check, for MTA-STS alone */
void
cli_text_sts_check(FILE *out, const struct check *check, const char *asked);

#endif
