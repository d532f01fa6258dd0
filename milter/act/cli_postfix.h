/* cli_postfix - what a check means for Postfix: its policy table, its tools. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_CLI_POSTFIX_H
#define MILTER_ACT_CLI_POSTFIX_H

#include <stddef.h>

#include "common/engine/engine.h"
#include "milter/conf/settings.h"

/* cli_postfix_policy - the value that smtp_tls_policy_maps should have for the
 * destination, in out; "" where nothing */
void cli_postfix_policy(const struct check *check, char *out, size_t size);

/* cli_postfix_finger - a posttls-finger(1) command that shows the same, fit for
 * a shell; "" where there is nothing to connect to */
void cli_postfix_finger(const struct settings *settings,
    const struct check *check, char *out, size_t size);

#endif
