/* story_view - what "explain" tells, as text and as objects. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_STORY_VIEW_H
#define MILTER_CLI_LOG_STORY_VIEW_H

#include "milter/cli/log/refusals.h"
#include "milter/cli/log/story.h"

struct json_t; /* of jansson */

/* cli_story_print, cli_story_json - a message */
void cli_story_print(const struct story *story);
struct json_t *cli_story_json(const struct story *story);

/* cli_story_check, cli_story_check_json - what posternd found, why, who mends
 * it, and what it did, without the domain's name */
void cli_story_check(const struct story_check *check);
struct json_t *cli_story_check_json(const struct story_check *check);

/* cli_refusals_print, cli_refusals_json - recipients that were refused */
void cli_refusals_print(const struct refusals *refusals);
struct json_t *cli_refusals_json(const struct refusals *refusals);

#endif
