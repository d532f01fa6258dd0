/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/losses.h"

#include <assert.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"
#include "milter/serve/tally.h"

enum { TELL_MS = 60 * 1000 };

void
losses_note(struct losses *losses, enum figures_loss loss, uint64_t count)
{
	int64_t now_ms = clock_mono_ms();

	assert((unsigned)loss < FIGURES_LOSSES);
	tally_dropped(loss, count);
	losses->untold[loss] += count;
	if (losses->untold[loss] == 0 ||
	    (losses->told_ms[loss] != 0 &&
		now_ms < losses->told_ms[loss] + TELL_MS))
		return;
	report_tlsrpt_drop(figures_loss_text(loss), losses->untold[loss]);
	losses->told_ms[loss] = now_ms;
	losses->untold[loss] = 0;
}
