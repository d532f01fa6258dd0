/* report - the lines that go to syslog. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_REPORT_H
#define MILTER_SERVE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "milter/conf/settings.h"
#include "milter/serve/report_line.h"
#include "milter/view/figures.h"

/*
 * report_open - write to syslog from here on, as the settings say
 *
 * also_stderr: each line to standard error too.  kept: as log.h has it.
 * Call it before there are threads, once.
 */
void report_open(
    const struct settings *settings, bool also_stderr, void (*kept)(void));

/*
 * The events.  queue_id: as tag_queue_id gives it, or "-" where there is no
 * message.
 */
void report_check(const char *queue_id, const struct report_check *check);
void report_skip(const char *queue_id, const struct report_check *check);
void report_message(const char *queue_id, const struct report_message *message);
void report_resolver(const struct report_resolver *resolver);
void report_change(const struct report_change *change);

/* report_map - event=map: what an MTA that asks is told
 * report_map_level - event=map-level: who asks is not told of this rule, for he
 * knows no such level; report_map_host_rule - event=map-host-rule: one answer
 * for all hosts of a domain is not what this rule for a host says
 * report_garbage - event=garbage: what came at a socket is no request; a line a
 * minute */
void report_map(const struct report_map *map);
void report_map_level(const struct rule *rule, enum figures_asker asker);
void report_map_host_rule(const struct rule *rule, const char *domain);
void report_garbage(const char *socket);

/* report_reach - event=probe: how deep checks go from here on, by whether any
 * mail host can be connected to at this port */
void report_reach(unsigned port, bool open);

/* report_store - event=store: what is to survive a restart is not kept, and
 * why; NULL: it is kept again, all of it */
void report_store(const char *detail);

/* report_facts - event=facts: facts are not kept, and why; NULL: they are
 * again */
void report_facts(const char *detail);

/* report_tlsrpt - event=tlsrpt: what became of a TLS report
 * report_tlsrpt_day - event=tlsrpt-day: a day of TLS reports is over
 * report_tlsrpt_drop - event=tlsrpt-drop: so many sessions are not counted
 * report_tlsrpt_trouble - event=tlsrpt-trouble: none are, and why */
void report_tlsrpt(const struct report_tlsrpt *told);
void report_tlsrpt_day(const struct report_tlsrpt_day *day);
void report_tlsrpt_drop(const char *reason, uintmax_t count);
void report_tlsrpt_trouble(const char *reason, const char *detail);

/*
 * report_shared - event=shared: what became of what another host has put
 * report_shared_state - event=shared-store: whether the store that hosts share
 * answers, and where, or why it does not
 */
void report_shared(const struct report_shared *shared);
void report_shared_state(enum shared_state state, const char *where);

/* report_accept - event=accept: a connection of the MTA has to wait */
void report_accept(const char *detail);

/*
 * report_rules - event=rule for each rule per destination that is past its last
 * day or will be within a week
 *
 * At start and when settings are read anew; report_rules_daily, which may be
 * asked at any time, on each day (local time) that it was not done yet, and
 * then it is true.  The main thread only.
 */
void report_rules(const struct settings *settings, time_t now);
bool report_rules_daily(const struct settings *settings, time_t now);

/* report_start, report_stop - event=start and event=stop; down_s: how long it
 * did not run, -1: not known */
void report_start(const char *version, int64_t down_s);
void report_stop(void);

/* report_wait - so long a recipient was kept waiting at RCPT; counted only */
void report_wait(unsigned ms);

/* report_stats - event=stats: the figures of the service, hourly and at stop */
void report_stats(const struct stats *stats);

/* report_reload - event=reload; report_success - SyslogSuccess from here on */
void report_reload(const struct report_reload *reload);
void report_success(bool success);

/* report_debug - a line of another module's making, of at most LIMIT_LOG_LINE
 */
void report_debug(const char *line);

#endif
