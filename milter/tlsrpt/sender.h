/* sender - reports of days that are over are sent. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_SENDER_H
#define MILTER_TLSRPT_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "milter/conf/settings.h"

/*
 * sender_start - send from here on, if the settings want it
 *
 * In threads of its own, after collect_start.  LOCAL when there are none to be
 * had.
 *
 * sender_stop - end; a try that is under way has ten seconds.  Before
 * collect_stop
 */
int sender_start(const struct settings *settings, struct err *err);
void sender_stop(void);

/*
 * sender_hurry - send now what is not sent: of a day or of all
 * (TLSRPT_ALL_DAYS), to a next hop or to all (NULL); see store_outbox_hurry
 *
 * Any thread, between those two.  LOCAL where nothing is sent at all.
 */
int sender_hurry(int64_t day, const char *domain, bool again, struct err *err);

#endif
