/* listener - the sockets that MTAs ask at: one thread serves them all. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_LISTENER_H
#define MILTER_SERVE_LISTENER_H

#include "common/base/err.h"
#include "milter/conf/settings.h"

/*
 * listener_open - make MapSocket and LineSocket, if the settings want any
 *
 * One that systemd hands over is taken in the place of one that is made.  0, or
 * an exit status of sysexits(3) and err.  In the main thread, once, as the user
 * that is to serve.
 */
int listener_open(const struct settings *settings, struct err *err);

/* listener_start - serve from here on; after service_open */
int listener_start(struct err *err);

/* listener_settle - wait until no reply is on its way that was found before;
 * see service_turn */
void listener_settle(void);

/* listener_close - end what was begun, if anything, and remove the sockets that
 * are still ours; before service_close */
void listener_close(void);

#endif
