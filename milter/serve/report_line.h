/* report_line - the lines of the log as text: event and keys. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_REPORT_LINE_H
#define MILTER_SERVE_REPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/judge/action.h"
#include "common/judge/enforcement.h"
#include "common/io/shared.h"
#include "common/judge/verdict.h"
#include "common/sts/share.h"
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
	bool shared;    /* made of what another host has found */
	bool joined;    /* somebody else had it looked at already */
	uint32_t ttl_s; /* left of the verdict's life */
	unsigned ms;
	const char *facts;  /* the file that they are kept in; or NULL */
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
	enum figures_asker asker;
	const char *answer; /* its first word */
	bool put_off;       /* it is to wait */
	enum policy_type policy;
	enum reason reason;
	enum enforce_dane dane;
	enum enforce_sts sts;
	bool cached;
	bool shared; /* likewise */
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

/* What became of a TLS report. */
struct report_tlsrpt {
	const char *action, *domain, *day, *id;
	const char *to; /* "mailto:reports.ex"; or NULL */
	uintmax_t sessions, failures;
	unsigned tries;              /* 0: none */
	bool untrusted;              /* sent to who shows no good certificate */
	const char *reason, *detail; /* or NULL */
};

/* What came of a day of TLS reports. */
struct report_tlsrpt_day {
	const char *day; /* "2026-11-28" */
	uintmax_t received, domains, dropped, norua, foreign;
};

/* What became of what another host has put. */
struct report_shared {
	enum share_what what;
	const char *domain; /* "": of all */
	const char *by;     /* "": not known */
	enum shared_fault fault;
};

/*
 * report_..._line - write the line of that event, and say how grave it is
 *
 * The result is a severity of syslog.h.  queue_id: as tag_queue_id gives it, or
 * "-" where there is no message.  version: any text.  The rest as report.h has
 * it at the function that sends the line.
 */
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
int report_map_level_line(
    char line[REPORT_SIZE], const struct rule *rule, enum figures_asker asker);
int report_map_host_rule_line(
    char line[REPORT_SIZE], const struct rule *rule, const char *domain);
int report_garbage_line(char line[REPORT_SIZE], const char *socket);
int
report_change_line(char line[REPORT_SIZE], const struct report_change *change);
int report_store_line(char line[REPORT_SIZE], const char *detail);
int report_facts_line(char line[REPORT_SIZE], const char *detail);
int
report_shared_line(char line[REPORT_SIZE], const struct report_shared *shared);
int report_shared_state_line(
    char line[REPORT_SIZE], enum shared_state state, const char *where);
int report_accept_line(char line[REPORT_SIZE], const char *detail);
int
report_start_line(char line[REPORT_SIZE], const char *version, int64_t down_s);
int
report_tlsrpt_line(char line[REPORT_SIZE], const struct report_tlsrpt *told);
int report_tlsrpt_day_line(
    char line[REPORT_SIZE], const struct report_tlsrpt_day *day);
int report_tlsrpt_drop_line(
    char line[REPORT_SIZE], const char *reason, uintmax_t count);
int report_tlsrpt_trouble_line(
    char line[REPORT_SIZE], const char *reason, const char *detail);
int report_stop_line(char line[REPORT_SIZE]);
int report_stats_line(char line[REPORT_SIZE], const struct stats *stats);
int report_lost_line(char line[REPORT_SIZE], uintmax_t lost);
int
report_rule_line(char line[REPORT_SIZE], const struct rule *rule, time_t now);

/* report_add - " key=value": any text, made fit for a value here, "-" for
 * nothing; report_add_detail - the last key, left out for NULL and "" */
void report_add(struct text *text, const char *key, const char *value);
void report_add_detail(struct text *text, const char *detail);

#endif
