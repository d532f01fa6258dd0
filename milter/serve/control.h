/* control - the control socket: one thread serves the command's requests. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_H
#define MILTER_SERVE_CONTROL_H

#include "common/base/err.h"
#include "milter/conf/settings.h"

/*
 * control_open - make the socket of the settings, if they want one
 *
 * A line of JSON asks, lines of JSON answer; see posternd(8), and
 * control_peer_right for who is served.  0, or an exit status of sysexits(3)
 * and err.  In the main thread, once, as the user that is to serve.
 */
int control_open(const struct settings *settings, struct err *err);

/* control_start - serve from here on; after service_open */
int control_start(struct err *err);

/* control_close - end what control_open and control_start began, if anything,
 * and remove the socket if it is still ours; before service_close */
void control_close(void);

#endif
