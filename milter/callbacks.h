/* callbacks - what libmilter calls, translated to sessions; the one module over
 * libmilter. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/gather/engine.h"
#include "milter/settings.h"

/*
 * callbacks_open - listen at the settings' socket, under the umask in force
 *
 * LOCAL when that fails; libmilter tells syslog why.
 */
int callbacks_open(const struct settings *settings, struct err *err);

/*
 * callbacks_serve - take mail, to the end of the process
 *
 * Both objects stay the caller's: the engine must live until no message is
 * active any more, the settings for ever.  Returns when libmilter gives up,
 * which it tells syslog.
 */
void callbacks_serve(struct settings *settings, struct engine *engine);

/*
 * callbacks_drain - begin no message any more, and wait for those that are
 * active: true when there is none left, false at deadline_ms (clock_mono_ms)
 *
 * Any thread.
 */
bool callbacks_drain(int64_t deadline_ms);

/* callbacks_version - libmilter's, "1.0.1" */
void callbacks_version(char *out, size_t size);

#endif
