/* sending_report - advice on the host that sends, as JSON, and as a sheet. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_ADVISE_SENDING_REPORT_H
#define MILTER_CLI_ADVISE_SENDING_REPORT_H

#include <time.h>

#include "milter/cli/advise/checklist.h"
#include "milter/cli/advise/plan.h"
#include "milter/cli/advise/sending.h"
#include "milter/view/sheet.h"

struct json_t; /* of jansson */

struct sending_counsel {
	const struct sending *sending; /* borrowed */
	time_t at;
	struct plan plan;
	struct checklist checks;
};

/* sending_counsel_make - into counsel, which is large */
void sending_counsel_make(
    struct sending_counsel *counsel, const struct sending *sending, time_t at);

/* sending_counsel_json - the object of postern-json(7) */
struct json_t *sending_counsel_json(const struct sending_counsel *counsel);

/* sending_counsel_put - its sections; whole: each check */
void sending_counsel_put(
    const struct sending_counsel *counsel, bool whole, struct sheet *sheet);

#endif
