/* json_stats - the figures of a posternd, as a line of JSON. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_STATS_H
#define MILTER_VIEW_JSON_STATS_H

#include "milter/view/figures.h"

/* json_stats_line - without the end of line, for free() */
char *json_stats_line(const struct stats *stats, const char *version);

/* json_recent_line - a domain that fails now */
char *json_recent_line(const struct figures_domain *domain);

/* json_metrics_line - the same for a text of openmetrics.h */
char *json_metrics_line(const char *text);

#endif
