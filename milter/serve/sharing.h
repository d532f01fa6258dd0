/* sharing - what this host shares with others, for all engines; told in the
 * log. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_SHARING_H
#define MILTER_SERVE_SHARING_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/engine/fleet.h"
#include "milter/conf/settings.h"

/*
 * sharing_open - begin, where SharedStore names a store: 0, or -1 and LOCAL
 *
 * Once, after fork, before there is an engine.
 * sharing_close: no engine is left.
 */
int sharing_open(const struct settings *settings, struct err *err);
void sharing_close(void);

/* sharing_share - for engines, borrowed; NULL where nothing is shared */
struct share *sharing_share(void);

/* sharing_look - the figures; false where nothing is shared */
bool sharing_look(struct fleet_figures *out);

#endif
