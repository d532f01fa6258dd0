/* report - the lines that go to syslog. Any thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_REPORT_H
#define MILTER_SERVE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/judge/enforcement.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings.h"
#include "milter/view/figures.h"

enum { REPORT_SIZE = LIMIT_LOG_LINE + 1 };

/* What was found of one domain of one message. */
struct report_check {
	const char *domain; /* normalised or a literal; "" if it is no name */
	const struct verdict *verdict;
	enum action action;
	unsigned rcpts;
	bool refused; /* at RCPT */
	bool looked;  /* a check was made: depth, cache, ttl and ms mean
			 something */
	bool cached;
	uint32_t ttl_s; /* left of the verdict's life */
	unsigned ms;
	const char *detail; /* over the verdict's own; or NULL */
	bool why;           /* a line about what it rests on, too */
};

struct report_message {
	enum result result;
	enum action action;
	size_t domains;
	unsigned rcpts;
	bool authenticated;
	unsigned ms;     /* that the message waited for us */
	unsigned forged; /* fields of our name that came with it */
	bool overdone;   /* so many that the message is stopped for it */
};

struct report_resolver {
	const char *addr;
	bool validating;
	enum reason reason;
	const char *detail; /* any text; or NULL */
};

/* What an MTA is told of a destination. */
struct report_map {
	const char *domain;
	const char *answer; /* its first word */
	bool put_off;       /* it is to wait */
	enum policy_type policy;
	enum reason reason;
	enum enforce_dane dane;
	enum enforce_sts sts;
	bool cached;
	uint32_t ttl_s;
	unsigned ms;
	const struct rule *rule; /* or NULL */
	const char *detail;      /* or NULL */
};

/* A domain's result is another than the last that was known of it. */
struct report_change {
	const char *domain;
	const char *before; /* words of result_text */
	const char *after;
	const char *mx; /* or NULL */
};

/* The settings were read anew. */
struct report_reload {
	size_t faults;       /* of which nothing came, or 0 */
	bool renewed;        /* there is a new engine */
	const char *restart; /* keywords that change at a restart; "" */
	const char *detail;  /* the first mistake; or NULL */
};

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
 * report_garbage - event=garbage: what came at a socket is no request; a line a
 * minute */
void report_map(const struct report_map *map);
void report_garbage(const char *socket);

/* report_reach - event=probe: how deep checks go from here on, by whether any
 * mail host can be connected to at this port */
void report_reach(unsigned port, bool open);

/* report_store - event=store: what is to survive a restart is not kept, and
 * why; NULL: it is kept again, all of it */
void report_store(const char *detail);

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

/* report_debug - a line of another module's making, of at most LIMIT_LOG_LINE;
 * report_add - " key=value" to one: any text, made fit for a value here, "-"
 * for nothing; report_add_detail - the last key, left out for NULL and "" */
void report_debug(const char *line);
void report_add(struct text *text, const char *key, const char *value);
void report_add_detail(struct text *text, const char *detail);

/* The lines alone, and how grave they are (syslog.h): for tests. */
int report_check_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check);
int report_why_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check);
int report_skip_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_check *check);
int report_message_line(char line[REPORT_SIZE], const char *queue_id,
    const struct report_message *message);
int report_resolver_line(
    char line[REPORT_SIZE], const struct report_resolver *resolver);
int
report_reload_line(char line[REPORT_SIZE], const struct report_reload *reload);
int report_reach_line(char line[REPORT_SIZE], unsigned port, bool open);
int report_map_line(char line[REPORT_SIZE], const struct report_map *map);
int report_garbage_line(char line[REPORT_SIZE], const char *socket);
int
report_change_line(char line[REPORT_SIZE], const struct report_change *change);
int report_stats_line(char line[REPORT_SIZE], const struct stats *stats);
int report_lost_line(char line[REPORT_SIZE], uintmax_t lost);

int
report_rule_line(char line[REPORT_SIZE], const struct rule *rule, time_t now);

#endif
