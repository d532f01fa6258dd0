/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/tlsrpt/losses.h"

#include <assert.h>

#include "common/base/clock.h"
#include "milter/serve/report.h"

enum { TELL_MS = 60 * 1000 };

static const char *const loss_words[LOSS_KINDS] = {
    [LOSS_MALFORMED] = "malformed",
    [LOSS_FULL] = "queue-full",
    [LOSS_CUT] = "too-large",
    [LOSS_FOREIGN] = "foreign",
    [LOSS_UNSAVED] = "store",
    [LOSS_DOMAINS] = "max-domains",
};

void
losses_note(struct losses *losses, enum loss loss, uint64_t count)
{
	int64_t now_ms = clock_mono_ms();

	assert((unsigned)loss < LOSS_KINDS);
	losses->untold[loss] += count;
	if (losses->untold[loss] == 0 ||
	    (losses->told_ms[loss] != 0 &&
		now_ms < losses->told_ms[loss] + TELL_MS))
		return;
	report_tlsrpt_drop(loss_words[loss], losses->untold[loss]);
	losses->told_ms[loss] = now_ms;
	losses->untold[loss] = 0;
}
