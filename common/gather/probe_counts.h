/* probe_counts - what a probe counts as in the figures. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_GATHER_PROBE_COUNTS_H
#define COMMON_GATHER_PROBE_COUNTS_H

#include "common/base/counts.h"
#include "common/judge/facts.h"

enum counts_probe probe_counts_as(enum probe_outcome outcome);

#endif
