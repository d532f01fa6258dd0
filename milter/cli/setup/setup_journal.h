/* setup_journal - what each run of "postern setup --apply" did, so that it can
 * be taken back.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_SETUP_SETUP_JOURNAL_H
#define MILTER_CLI_SETUP_SETUP_JOURNAL_H

#include <stddef.h>

#include "common/base/err.h"
#include "milter/cli/setup/setup_do.h"

/* Zeroed is empty. */
struct setup_deeds {
	size_t count;
	struct setup_deed *items;
};

void setup_deeds_fini(struct setup_deeds *deeds);

/* setup_journal_last - the number of the last run that is not taken back, or 0
 */
unsigned setup_journal_last(void);

/* setup_journal_write - before anything is done; -1 with err */
int setup_journal_write(
    unsigned number, const struct setup_deeds *deeds, struct err *err);
int
setup_journal_read(unsigned number, struct setup_deeds *deeds, struct err *err);
void setup_journal_remove(unsigned number);

#endif
