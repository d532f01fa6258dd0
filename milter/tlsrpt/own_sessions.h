/* own_sessions - what posternd's own checks have found, counted for TLS reports
 * where no MTA counts it. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_OWN_SESSIONS_H
#define MILTER_TLSRPT_OWN_SESSIONS_H

#include <stdbool.h>

#include "common/base/cache.h"
#include "common/engine/check.h"
#include "common/proto/tlsrpt_session.h"
#include "milter/conf/settings.h"

/*
 * own_sessions_open - have checks told by the service, as the settings want it;
 * before service_open
 *
 * own_sessions_close - after service_close
 */
void own_sessions_open(const struct settings *settings);
void own_sessions_close(void);

/* own_sessions_refused - mail is refused that rests on a check: the hosts that
 * failed count, unless they did before */
void own_sessions_refused(const struct check *check);

/* own_sessions_relay - whether mail of other domains goes to that next hop */
bool own_sessions_relay(const char *domain);

/* own_sessions_tested - see tested_find */
struct cache_entry *own_sessions_tested(const struct tlsrpt_session *told);

#endif
