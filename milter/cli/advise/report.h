/* report - the advice on a domain, as JSON, and as sheets for people. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_REPORT_H
#define MILTER_CLI_ADVISE_REPORT_H

#include "common/base/own.h"
#include "milter/cli/advise/checklist.h"
#include "milter/cli/advise/plan.h"
#include "milter/view/sheet.h"

struct json_t; /* of jansson */

/* All of it; of the sight, which is borrowed. */
struct counsel {
	const struct sight *sight;
	struct advice_case found;
	struct plan plan;
	struct checklist checks;
};

/* counsel_new - by what the owner says, and the standards that are asked for
 * (bit 1 << enum standard) */
void counsel_free(struct counsel *counsel);
struct counsel *counsel_new(const struct sight *sight,
    const struct advise_wish *wish, unsigned standards) OWNED(counsel_free);
AUTO_DEFINE(counsel);

/* counsel_status - as checklist_status; 2 also where mail waits today */
int counsel_status(const struct counsel *counsel);

/* counsel_json - the object of postern-json(7) */
struct json_t *counsel_json(const struct counsel *counsel);

/* counsel_put - its sections; whole: each check, not those alone that are open.
 * The domain's name must outlive the sheet, as title of a section. */
void counsel_put(const struct counsel *counsel, const char *domain, bool whole,
    struct sheet *sheet);

/* Of its parts: steps and checks, as sections and as lists. */
void counsel_put_plan(const struct plan *plan, bool whole, struct sheet *sheet);
void counsel_put_checks(
    const struct checklist *list, bool whole, struct sheet *sheet);
struct json_t *counsel_json_plan(const struct plan *plan);
struct json_t *counsel_json_checks(const struct checklist *list);

/* counsel_state - a line that is the same for domains in the same state */
enum { COUNSEL_STATE_SIZE = 512 };
void counsel_state(const struct counsel *counsel, char out[COUNSEL_STATE_SIZE]);

#endif
