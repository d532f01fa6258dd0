/* settings_shared - what of the settings is for hosts that share. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CONF_SETTINGS_SHARED_H
#define MILTER_CONF_SETTINGS_SHARED_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/engine/fleet.h"
#include "milter/conf/settings.h"

/* settings_shares - whether anything is shared */
bool settings_shares(const struct settings *settings);

/* settings_fleet_options - how to share; strings are borrowed: 0, or -1 and
 * LOCAL for what does not go together */
int settings_fleet_options(const struct settings *settings,
    struct fleet_options *options, struct err *err);

#endif
