/* cli - what the command line asked for, and the verbs that answer. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_CLI_H
#define MILTER_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/judge/rules.h"
#include "common/judge/verdict.h"
#include "common/proto/sts_policy.h"

struct settings; /* settings.h */

/* Strings of the command line, in order. */
struct cli_list {
	size_t count;
	char **items;
};

struct cli_options {
	const char *conf_file; /* -c; NULL: the default one */
	bool json;
	bool dns_only;    /* --depth dns */
	bool probe_given; /* --depth probe */
	bool cached;      /* --cached: ask the daemon, check nothing */
	bool facts;       /* --facts */
	bool verbose;     /* --verbose */
	bool level_given;
	enum level level;      /* --level, over the rules */
	const char *chain;     /* --chain: a PEM file */
	struct cli_list names; /* --name */
	struct cli_list txts;  /* --txt */
	const char *file;      /* --file; "-" is stdin */
	unsigned jobs;         /* --jobs: checks at once */
	bool jobs_given;
	const char *db;           /* --db: a file; NULL: in memory */
	const char *baseline;     /* --baseline: a file */
	struct cli_list maillogs; /* --maillog; "-" is stdin */
	bool journal;             /* --journal */
	bool queue;               /* --queue */
	bool add;                 /* --add */
	uint32_t top;             /* --top; 0: as it is */
	uint32_t min_weight;      /* --min-weight */
	uint32_t rate;            /* --rate: a second; 0: as it goes */
	bool dns_rate_given;
	uint32_t dns_rate;     /* --dns-rate: likewise */
	bool extra;            /* --extra */
	uint32_t retries;      /* --retry */
	uint32_t retry_wait_s; /* --retry-wait */
	uint32_t limit;        /* --limit; 0: none */
	bool no_fetch;         /* --no-fetch */
	uint32_t fetch_rate;   /* --fetch-rate; 0: as it goes */
	uint32_t probe_rate;   /* --probe-rate; 0: as it goes */
	uint32_t probe_gap_s;  /* --probe-gap */
	const char *exclude;   /* --exclude: a file */
	bool at_given;
	time_t at;                 /* --at, or now */
	uint16_t port;             /* --port, or 25 */
	enum sts_mode mode;        /* --mode, or testing */
	uint32_t max_age_s;        /* --max-age; 0: what suits the mode */
	struct cli_list ruas;      /* --rua */
	const char *part;          /* --part */
	const char *html;          /* --html: a file */
	uint32_t every_s;          /* --every, or 5 */
	bool once;                 /* --once */
	bool no_domains;           /* --no-domains */
	bool prometheus;           /* --prometheus */
	bool openmetrics;          /* --openmetrics */
	const char *as;            /* --as: a form; NULL: text */
	const char *format;        /* --format; NULL: text */
	const char *from;          /* --from: a day */
	const char *to;            /* --to: a day, or where a sample goes */
	const char *auth;          /* --auth: an authserv-id */
	bool all;                  /* --all */
	bool failures;             /* --failures */
	bool raw;                  /* --raw */
	const char *output;        /* --output: a file; NULL: stdout */
	struct cli_list logs;      /* --log; "-" is stdin */
	struct cli_list standards; /* --standard */
	bool sending;              /* --sending */
	bool regulated;            /* --regulated */
	bool cannot_sign;          /* --cannot-sign */
	const char *list;          /* --list: a file; "-" is stdin */
	bool since_given;
	time_t since;       /* --since */
	time_t until;       /* --until; 0: not given */
	const char *state;  /* --state: a file */
	const char *domain; /* --domain */
	const char *day;    /* --day: as 2026-01-31 */
	bool again;         /* --again */
	bool dry_run;       /* --dry-run */
	bool old_ttl_given;
	uint32_t old_ttl_s;    /* --old-ttl */
	bool apply, undo;      /* --apply, --undo */
	bool fleet, forget;    /* --fleet, --forget */
	struct cli_list words; /* what stands behind the verb */
};

/*
 * A verb does its work and returns the exit status: a result's (0 to 3), or a
 * code of sysexits(3) with a line on stderr.
 */
int cli_check(const struct cli_options *options);
int cli_advise(const struct cli_options *options);
int cli_judge(const struct cli_options *options);
int cli_tlsa_match(const struct cli_options *options);
int cli_tlsa_check(const struct cli_options *options);
int cli_tlsa_gen(const struct cli_options *options);
int cli_tlsa_plan(const struct cli_options *options);
int cli_sts_lint(const struct cli_options *options);
int cli_sts_check(const struct cli_options *options);
int cli_sts_gen(const struct cli_options *options);
int cli_cache_list(const struct cli_options *options);
int cli_cache_show(const struct cli_options *options);
int cli_cache_flush(const struct cli_options *options);
int cli_check_cached(const struct cli_options *options);
int cli_stats(const struct cli_options *options);

/* cli_stats_store - how the store fares of the posternd that runs; all zero
 * where nobody answers */
struct cli_stats_store {
	int64_t unwritten; /* policies in memory that it lacks */
	int64_t lost;      /* that it lacked when memory gave them up */
	bool failing;      /* not open, or not written the last time */
};
struct cli_stats_store cli_stats_store(const struct settings *settings);
int cli_doctor(const struct cli_options *options);
int cli_setup(const struct cli_options *options);
int cli_explain(const struct cli_options *options);
int cli_survey_scan(const struct cli_options *options);
int cli_survey_status(const struct cli_options *options);
int cli_survey_report(const struct cli_options *options);
int cli_survey_diff(const struct cli_options *options);
int cli_review(const struct cli_options *options);
int cli_status(const struct cli_options *options);
int cli_top(const struct cli_options *options);
int cli_tlsrpt_list(const struct cli_options *options);
int cli_tlsrpt_show(const struct cli_options *options);
int cli_tlsrpt_send(const struct cli_options *options);
int cli_tlsrpt_test(const struct cli_options *options);
int cli_tlsrpt_read(const struct cli_options *options);
int cli_fleet_status(const struct cli_options *options);
int cli_fleet_show(const struct cli_options *options);
int cli_fleet_key(const struct cli_options *options);
int cli_policy_list(const struct cli_options *options);
int cli_policy_test(const struct cli_options *options);

/* cli_exit_status - of the worst result that was found */
int cli_exit_status(enum result worst);

/* cli_fail - a line on stderr; returns status */
int cli_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * cli_read_file - all of a file, or of stdin for "-", at most max octets
 *
 * The octets, for free(), with a NUL behind length of them; NULL with err:
 * LOCAL when it cannot be read, DATA when it is larger.
 */
struct err;
char *
cli_read_file(const char *path, size_t max, size_t *length, struct err *err);

#endif
