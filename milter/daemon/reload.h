/* reload - other settings, or other nameservers, for the messages that begin
 * from now on. The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_RELOAD_H
#define MILTER_DAEMON_RELOAD_H

#include "milter/conf/settings.h"
#include "milter/daemon/arguments.h"

/* reload_settings - read the file again; with a mistake in it all stays. What
 * differs from at_start and needs a start is told. */
void reload_settings(
    const struct arguments *arguments, const struct settings *at_start);

/* reload_nameservers - a new engine, if resolv.conf names others: a host that
 * moves to another network has another */
void reload_nameservers(void);

#endif
