/* steps - what was learnt of a destination, step by step, as text. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CHECK_STEPS_H
#define MILTER_CLI_CHECK_STEPS_H

#include <stdio.h>

#include "common/engine/engine.h"
#include "milter/cli/check/view.h"

/* cli_steps_all - resolver, rule, MX, MTA-STS, and of each host its addresses,
 * TLSA records and probes */
void cli_steps_all(
    FILE *out, const struct cli_view *view, const struct check *check);

/* cli_steps_mta_sts - that step alone */
void cli_steps_mta_sts(FILE *out, const struct sts_facts *sts);

#endif
