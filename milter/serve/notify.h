/* notify - what the service manager is told of us: sd_notify(3)'s datagrams.
 * The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_NOTIFY_H
#define MILTER_SERVE_NOTIFY_H

/*
 * notify_open - find out from the environment whom to tell
 *
 * Without NOTIFY_SOCKET there is nobody, and the rest does nothing.
 */
void notify_open(void);

/* The service is there, or there again; reads its settings anew; ends. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/* notify_watchdog_ms - how often notify_alive is to be called at least; 0:
 * nobody watches */
int notify_watchdog_ms(void);
void notify_alive(void);

#endif
