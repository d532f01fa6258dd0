/* cli_text - a check as text for people, 80 columns. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TEXT_H
#define MILTER_CLI_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "common/gather/engine.h"
#include "milter/settings.h"

/* cli_text_check - print each step, the verdict, why, who, and what to do;
 * rules: those that counted, NULL if a level did instead */
void cli_text_check(FILE *out, const struct settings *settings,
    const struct rule_list *rules, const struct check *check, const char *asked,
    bool colour);

/* cli_worst_sts - MTA-STS at the worst host: who publishes a policy wants each
 * of them to keep it */
enum sts_state cli_worst_sts(const struct verdict *verdict);

/* cli_text_sts_check - the same for MTA-STS alone */
void
cli_text_sts_check(FILE *out, const struct check *check, const char *asked);

#endif
