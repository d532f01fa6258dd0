/* story_view - what "explain" tells, as text and as objects. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_STORY_VIEW_H
#define MILTER_CLI_LOG_STORY_VIEW_H

#include "milter/cli/log/refusals.h"
#include "milter/cli/log/story.h"
#include "milter/conf/settings.h"

struct json_t; /* of jansson */

/* cli_story_print, cli_story_json - a message; settings say where facts are */
void
cli_story_print(const struct story *story, const struct settings *settings);
struct json_t *
cli_story_json(const struct story *story, const struct settings *settings);

/* cli_story_check, cli_story_check_json - what posternd found, why, who mends
 * it, what it did, and what was seen then, without the domain's name */
void cli_story_check(
    const struct story_check *check, const struct settings *settings);
struct json_t *cli_story_check_json(
    const struct story_check *check, const struct settings *settings);

/* cli_refusals_print, cli_refusals_json - recipients that were refused */
void cli_refusals_print(
    const struct refusals *refusals, const struct settings *settings);
struct json_t *cli_refusals_json(
    const struct refusals *refusals, const struct settings *settings);

#endif
