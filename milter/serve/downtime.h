/* downtime - when posternd ended before it began: a file in StateDirectory. The
 * main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_DOWNTIME_H
#define MILTER_SERVE_DOWNTIME_H

#include <stdint.h>
#include <time.h>

#include "milter/conf/settings.h"

/*
 * downtime_end - it begins to serve at now: the time at which it had ended
 *
 * 0 if that is not known: it was killed, or kept nothing (Store none), or the
 * file cannot be read or holds no time that has passed.  What is known is
 * known once: the file is removed.
 */
time_t downtime_end(const struct settings *settings, time_t now);

/* downtime_begin - it ends at now, cleanly; what cannot be written is not known
 * at the next start */
void downtime_begin(const struct settings *settings, time_t now);

#endif
