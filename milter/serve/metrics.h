/* metrics - figures and health by HTTP, for monitoring: one thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_METRICS_H
#define MILTER_SERVE_METRICS_H

#include "common/base/err.h"
#include "milter/conf/settings.h"

/*
 * metrics_open - make MetricsSocket, if the settings want one
 *
 * 0, or an exit status of sysexits(3) and err.  In the main thread, once, as
 * the user that is to serve.
 */
int metrics_open(const struct settings *settings, struct err *err);

/* metrics_start - serve from here on; after service_open */
int metrics_start(struct err *err);

/* metrics_close - end what was begun, if anything, and remove the socket if it
 * is still ours; before service_close */
void metrics_close(void);

#endif
