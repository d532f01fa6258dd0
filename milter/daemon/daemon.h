/* daemon - a process of the system: its descriptors, its user, its signals. The
 * main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_DAEMON_DAEMON_H
#define MILTER_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/identity.h"

/* These return 0, or an exit status of sysexits(3) and err. */

/*
 * daemon_detach - go on as a child in a session of its own
 *
 * The parent stays until the child calls daemon_ready or ends, and exits with
 * the child's status; what the child says to standard error until then is seen.
 */
int daemon_detach(struct err *err);
void daemon_ready(void); /* does nothing without daemon_detach */

/* daemon_find_user - whom root is to become: "USER" or "USER:GROUP"; EX_NOUSER
 * when there is none such, or it is root */
int daemon_find_user(const char *user, struct identity *out, struct err *err);

/* daemon_drop_root - run as that user from here on, if we are root */
int daemon_drop_root(const char *user, struct err *err);

/*
 * daemon_hold_signals - from here on TERM, INT, HUP and USR1 wait for
 * daemon_next_signal
 *
 * Once, before there are threads: they do not get them either.
 */
int daemon_hold_signals(struct err *err);

/*
 * daemon_next_signal - wait until the main thread has something to do
 *
 * Returns the first of these that happens:
 *   the signal's number   one of the signals came
 *   0                     another thread called daemon_wake
 *   DAEMON_NO_SIGNAL      another thread called daemon_nudge, deadline_ms
 *                         (clock_mono_ms) passed, or the descriptor writable
 *                         (-1: none) can be written to
 */
enum { DAEMON_NO_SIGNAL = -1 };
int daemon_next_signal(int64_t deadline_ms, int writable);
void daemon_wake(void);
void daemon_nudge(void);

#endif
