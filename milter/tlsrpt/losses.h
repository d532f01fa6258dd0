/* losses - what is not counted, told to the log at most once a minute and
 * reason. One thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_LOSSES_H
#define MILTER_TLSRPT_LOSSES_H

#include <stdint.h>

#include "milter/view/figures.h"

/* All zero to begin. */
struct losses {
	uint64_t untold[FIGURES_LOSSES];
	int64_t told_ms[FIGURES_LOSSES]; /* of clock_mono_ms; 0: never */
};

/*
 * losses_note - so many more were lost
 *
 * event=tlsrpt-drop, at once when none was told within the last minute; else
 * they are in the number of the next such line.  With count 0 one is written if
 * it is due.
 */
void losses_note(struct losses *losses, enum figures_loss loss, uint64_t count);

#endif
