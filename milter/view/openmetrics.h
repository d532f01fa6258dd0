/* openmetrics - figures for monitoring: Prometheus' text, and OpenMetrics.
 * Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_OPENMETRICS_H
#define MILTER_VIEW_OPENMETRICS_H

#include "milter/view/metric.h"

/*
 * openmetrics_print - all families that there is a source for, for free()
 *
 * Names, labels, help and types never change: people's rules rest on them.
 * name: a label of that name on all, or NULL.
 */
char *openmetrics_print(const struct stats *stats, const char *version,
    const char *name, enum metric_form form)
    __attribute__((warn_unused_result));

#endif
