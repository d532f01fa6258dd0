/* metric_optional - families that are there by configuration. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_METRIC_OPTIONAL_H
#define MILTER_VIEW_METRIC_OPTIONAL_H

#include "milter/view/metric.h"

/* metric_shared - where hosts share a store
 * metric_reports - where sessions are counted for TLS reports */
void metric_shared(
    struct metric_printer *printer, const struct fleet_figures *shared);
void metric_reports(
    struct metric_printer *printer, const struct report_counts *counts);

#endif
