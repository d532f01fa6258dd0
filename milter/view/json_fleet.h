/* json_fleet - what is shared with other hosts, as JSON. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_FLEET_H
#define MILTER_VIEW_JSON_FLEET_H

#include "common/engine/fleet.h"
#include "common/engine/fleet_show.h"

/* Lines, for free(). */

/* json_fleet_line - the store's state, the figures, and the hosts; NULL: they
 * are not known */
char *json_fleet_line(
    const struct fleet_figures *figures, const struct fleet_hosts *hosts);

/* json_fleet_shown_line - the policy of a domain as the store has it */
char *
json_fleet_shown_line(const char *domain, const struct fleet_shown *shown);

#endif
