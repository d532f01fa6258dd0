/* loop - what the main thread does while libmilter serves. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_LOOP_H
#define MILTER_DAEMON_LOOP_H

#include <stdbool.h>

#include "milter/conf/settings.h"
#include "milter/daemon/arguments.h"

/* loop_run - until a signal says to stop: true, or libmilter gives up: false;
 * settings: those of the start */
bool
loop_run(const struct arguments *arguments, const struct settings *settings);

/* loop_tell_stats - the line of statistics, now */
void loop_tell_stats(void);

#endif
