/* callbacks - what libmilter calls, translated to sessions; the one module over
 * libmilter. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_MTA_CALLBACKS_H
#define MILTER_MTA_CALLBACKS_H

#include <stddef.h>

#include "common/base/err.h"
#include "milter/conf/settings.h"

/*
 * callbacks_open - listen at the settings' socket, under the umask in force
 *
 * LOCAL when that fails; libmilter tells syslog why.
 */
int callbacks_open(const struct settings *settings, struct err *err);

/*
 * callbacks_serve - take mail, to the end of the process; service_open first
 *
 * Returns when libmilter gives up, which it tells syslog.
 */
void callbacks_serve(void);

/* callbacks_version - libmilter's, "1.0.1" */
void callbacks_version(char *out, size_t size);

#endif
