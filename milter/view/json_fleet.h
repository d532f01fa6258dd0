/* json_fleet - what is shared with other hosts, as JSON. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_FLEET_H
#define MILTER_VIEW_JSON_FLEET_H

#include "common/engine/fleet.h"

/* json_fleet_line - the store's state and the figures, for free() */
char *json_fleet_line(const struct fleet_figures *figures);

#endif
