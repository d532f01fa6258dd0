/* stop - the way from a daemon that serves to the end of the process. The main
 * thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_STOP_H
#define MILTER_DAEMON_STOP_H

#include <stdbool.h>

#include "milter/conf/settings.h"

/*
 * stop_serving - messages in flight end, then the engine, the sockets, the log
 *
 * settings: those of the start.  False when a thread is left that still uses an
 * engine: then nothing may be freed any more.
 */
bool stop_serving(const struct settings *settings);

#endif
