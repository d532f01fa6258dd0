/* setup_view - a plan as people and as programs read it.  The main thread only.
 */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_VIEW_H
#define MILTER_CLI_SETUP_SETUP_VIEW_H

#include "milter/cli/setup/setup.h"

struct json_t; /* of jansson */

/* setup_view_text - each step with its before and after, and what is left;
 * done: or what would be done */
void setup_view_text(const struct setup *setup, bool done);

/* setup_view_json - the same as one object, on one line */
void setup_view_json(const struct setup *setup, bool done);

/* setup_view_step - one step in some words, as "/etc/postfix/main.cf" */
void setup_view_step(const struct setup_step *step, char *out, size_t size);

#endif
