/* control_fleet - answers of the control socket on what hosts share. Any
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_FLEET_H
#define MILTER_SERVE_CONTROL_FLEET_H

#include "common/base/err.h"
#include "common/engine/engine.h"

/* Each a line, for free(); NULL and LOCAL where nothing is shared.  They wait
 * for the store as shared_ask does. */

/* control_fleet_status - the store, the figures, and the hosts */
char *control_fleet_status(struct err *err);

/* control_fleet_show - the policy of a domain as the store has it */
char *
control_fleet_show(struct engine *engine, const char *domain, struct err *err);

#endif
