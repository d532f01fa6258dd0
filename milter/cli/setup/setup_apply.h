/* setup_apply - a plan, done whole or not at all.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_APPLY_H
#define MILTER_CLI_SETUP_SETUP_APPLY_H

#include "common/base/err.h"
#include "milter/cli/setup/setup_journal.h"

/* setup_lock - one run at a time: a descriptor to keep open, -1 with err: TEMP
 * when another one is under way */
int setup_lock(struct err *err);

/*
 * setup_apply - do all steps, in order
 *
 * -1 when one fails: what was done before it is taken back, and err tells both.
 */
int setup_apply(const struct setup_plan *plan, struct err *err);

/* setup_take_back - undo deeds, and run their commands again so that what was
 * before is in force; -1 with err, the first that failed, when some stay */
int setup_take_back(const struct setup_deeds *deeds, struct err *err);

#endif
