/* seen - what a check saw that the log tells of, by the facts that posternd
 * kept of it: a file of FactsDirectory, however hostile, judged again. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_SEEN_H
#define MILTER_CLI_LOG_SEEN_H

#include "milter/cli/log/story.h"
#include "milter/conf/settings.h"

struct json_t; /* of jansson */

/* cli_seen_print - MX, policy and hosts as they were, or why they cannot be
 * told; nothing where the log names no file */
void cli_seen_print(
    const struct story_check *check, const struct settings *settings);

/* cli_seen_json - put "facts", "seen" and "unread" into object */
void cli_seen_json(struct json_t *object, const struct story_check *check,
    const struct settings *settings);

#endif
