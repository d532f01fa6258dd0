/* start - from a process with settings to a daemon that serves. The main thread
 * only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_START_H
#define MILTER_DAEMON_START_H

#include "common/base/err.h"
#include "milter/conf/settings.h"
#include "milter/daemon/arguments.h"

/* These return 0, or an exit status of sysexits(3) and err. */

/* start_daemon - all that may fail before there are threads: the process, its
 * user and its sockets; a relative path of the file becomes absolute */
int start_daemon(struct arguments *arguments, const struct settings *settings,
    struct err *err);

/* start_serving - the engine, the control socket and the thread of libmilter;
 * on failure all sockets are closed */
int start_serving(struct settings *settings, struct err *err);

/* start_stop_answering - close the sockets that the command, MTAs
 * and monitoring ask at */
void start_stop_answering(void);

/* start_release_socket - take the path of Socket away, if it is still ours */
void start_release_socket(const struct settings *settings);

#endif
