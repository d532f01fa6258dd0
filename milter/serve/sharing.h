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
 * apply: does what another host wants done; it is told in the log here.
 * Once, after fork, before there is an engine.
 * sharing_begin - there is one: what other hosts want done is done from now on
 * sharing_close: no engine is left.
 */
int sharing_open(
    const struct settings *settings, fleet_apply *apply, struct err *err);
void sharing_begin(void);
void sharing_close(void);

/* sharing_share - for engines, borrowed; NULL where nothing is shared */
struct share *sharing_share(void);

/* sharing_tell - see fleet_tell; LOCAL where nothing is shared */
int
sharing_tell(enum shared_event_kind kind, const char *domain, struct err *err);

/* sharing_renew - other settings are in force */
void sharing_renew(const struct settings *settings);

/* sharing_list - see fleet_hosts_read; LOCAL where nothing is shared */
int sharing_list(struct fleet_hosts *out, struct err *err);

/* sharing_bury - no copy of a policy that was fetched by then is taken */
void sharing_bury(const char *domain, time_t at);

/* sharing_look - the figures; false where nothing is shared */
bool sharing_look(struct fleet_figures *out);

#endif
