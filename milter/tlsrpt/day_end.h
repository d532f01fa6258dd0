/* day_end - what is done with a day that is over. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_DAY_END_H
#define MILTER_TLSRPT_DAY_END_H

#include <stdint.h>

#include "common/io/store_tlsrpt.h"
#include "milter/conf/settings.h"

/* day_end_tell - event=tlsrpt-day, with what was counted; nothing of a day that
 * the store does not know */
void day_end_tell(struct store_tlsrpt *store, int64_t day);

/* day_end_forget - drop the days that lie before those to be kept, when
 * open_day is the one that is counted */
void day_end_forget(struct store_tlsrpt *store, int64_t open_day,
    const struct settings *settings);

#endif
