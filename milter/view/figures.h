/* figures - what posternd counts, and how it is at a moment. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_FIGURES_H
#define MILTER_VIEW_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/base/counts.h"
#include "common/base/limits.h"
#include "common/engine/fleet.h"
#include "common/engine/inventory.h"
#include "common/judge/action.h"
#include "common/judge/verdict.h"

enum { POLICY_TYPES = POLICY_TYPE_LOCAL + 1 };

/* How long something took: by FIGURES_BOUNDS_MS, each bucket without those
 * before it, the last for what is over all of them. */
enum { FIGURES_BUCKETS = 14 };
extern const unsigned figures_bounds_ms[FIGURES_BUCKETS - 1];
struct figures_times {
	uint64_t buckets[FIGURES_BUCKETS];
	uint64_t sum_ms;
};

/* For what a message waited. */
enum figures_stage { FIGURES_RCPT, FIGURES_MESSAGE };
enum { FIGURES_STAGES = FIGURES_MESSAGE + 1 };

/* At what of the milter protocol. */
enum figures_step {
	FIGURES_AT_CONNECT,
	FIGURES_AT_MAIL,
	FIGURES_AT_RCPT,
	FIGURES_AT_DATA,
	FIGURES_AT_EOM,
};
enum { FIGURES_STEPS = FIGURES_AT_EOM + 1 };

/* What is known of a thing that is well or not. */
enum figures_state { FIGURES_UNKNOWN, FIGURES_BAD, FIGURES_GOOD };

/* Who asks what to enforce, and what he is told. */
enum figures_asker {
	FIGURES_PLAIN,  /* Postfix */
	FIGURES_TLSRPT, /* Postfix, with attributes */
	FIGURES_SENDMAIL,
	FIGURES_LINE,
};
enum { FIGURES_ASKERS = FIGURES_LINE + 1 };
enum figures_status {
	FIGURES_TEMP,
	FIGURES_PERM,
	FIGURES_NOTFOUND,
	FIGURES_OK,
};
enum { FIGURES_STATUSES = FIGURES_OK + 1 };
const char *figures_asker_text(enum figures_asker asker);
const char *figures_status_text(enum figures_status status);

/* What became of a TLS report, as the log has it. */
enum figures_report {
	FIGURES_MADE,
	FIGURES_SENT,
	FIGURES_RETRY,
	FIGURES_FAILED,
	FIGURES_EXPIRED,
	FIGURES_WITHDRAWN,
	FIGURES_SUPPRESSED,
};
enum { FIGURES_REPORTS = FIGURES_SUPPRESSED + 1 };
const char *figures_report_text(enum figures_report report);

/* Why a session is in no TLS report. */
enum figures_loss {
	FIGURES_LOSS_MALFORMED, /* no session can be read of what was told */
	FIGURES_LOSS_FULL,      /* too many waited */
	FIGURES_LOSS_CUT,       /* longer than a datagram may be */
	FIGURES_LOSS_FOREIGN,   /* from somebody who may not tell */
	FIGURES_LOSS_UNSAVED,   /* the store cannot be written, and memory is
				   full */
	FIGURES_LOSS_DOMAINS,   /* more next hops than are kept of a day */
};
enum { FIGURES_LOSSES = FIGURES_LOSS_DOMAINS + 1 };
const char *figures_loss_text(enum figures_loss loss);

/* What was reported since the start, told in the log or not. */
struct report_counts {
	uint64_t messages;
	uint64_t actions[ACTIONS]; /* of them */
	uint64_t refused[ACTIONS]; /* recipients, at RCPT */
	uint64_t results[RESULTS]; /* of domains, one for each message */
	uint64_t reasons[REASONS];
	uint64_t hits; /* domains whose verdict was at hand */
	uint64_t misses;
	uint64_t joined; /* of them, whose check was under way */

	uint64_t outcomes[RESULTS][ACTIONS];             /* messages */
	uint64_t checks[POLICY_TYPES][RESULTS][REASONS]; /* domains */
	struct figures_times check_times[2]; /* of hits, of misses */
	struct figures_times waits[FIGURES_STAGES];
	uint64_t asked[FIGURES_ASKERS][FIGURES_STATUSES];
	uint64_t changes[RESULTS]; /* of a domain's result, to this one */
	uint64_t lost_lines;
	uint64_t connections; /* of MTAs, now */
	uint64_t mta_errors[FIGURES_STEPS];
	uint64_t reports[FIGURES_REPORTS]; /* TLS reports; one sent to two
					    * counts twice */
	uint64_t datagrams;                /* of MTAs, for them */
	uint64_t dropped[FIGURES_LOSSES];
	enum figures_state port_open;
	enum figures_state reload;
	time_t reload_s; /* the last good one; 0: none */
};

/* A domain that fails now. */
struct figures_domain {
	char domain[LIMIT_DOMAIN_SIZE];
	char mx[LIMIT_DOMAIN_SIZE]; /* or "" */
	enum result result;
	enum reason reason;
	uint64_t messages;
	time_t first_s, last_s;
};

struct stats {
	time_t started_s;
	time_t stopped_s; /* before that, if it is known; else 0 */
	uint64_t uptime_s;
	unsigned active; /* messages */
	struct report_counts counts;
	struct counts engine;
	struct inventory_counts now;
	uint64_t rss_kb;                /* 0: not known */
	unsigned open_fds;              /* 0: not known */
	bool map_sockets, line_sockets; /* MTAs may ask at some */
	bool tls_reports;               /* sessions are counted for them */
	bool shares;                    /* with other hosts, and then: */
	struct fleet_figures shared;

	/* rules with a last day: in effect, ending within a week, over */
	unsigned rules_active, rules_expiring, rules_expired;
	time_t rules_end_s; /* the first end yet to come; 0: none */
};

#endif
