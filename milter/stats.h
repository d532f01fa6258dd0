/* stats - what posternd did since its start, and how it is. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_STATS_H
#define MILTER_STATS_H

#include "milter/figures.h"

/* stats_begin - the service starts now; once, before there are threads */
void stats_begin(void);

/* stats_take - all of it now; see service_hold */
void stats_take(struct stats *out);

#endif
