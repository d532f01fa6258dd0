/* stats - what posternd did since its start, and how it is. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_STATS_H
#define MILTER_SERVE_STATS_H

#include <stdbool.h>

#include "milter/view/figures.h"

/* stats_begin - the service starts now, and had ended at stopped_s, 0 if that
 * is not known; once, before there are threads */
void stats_begin(time_t stopped_s);

/* stats_down_s - seconds between that and the start; -1: not known */
int64_t stats_down_s(void);

/* stats_health - whether messages are taken and the resolver validates; word: a
 * constant, "ok" or what is wrong */
bool stats_health(const char **word);

/* stats_take - all of it now; see service_hold */
void stats_take(struct stats *out);

#endif
