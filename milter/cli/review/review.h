/* review - what the lines of a mail log come to: decided, foreseen, failing.
 * Bounded, whatever the log holds. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_REVIEW_REVIEW_H
#define MILTER_CLI_REVIEW_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/limits.h"
#include "milter/cli/log/gaps.h"
#include "milter/cli/log/logline.h"
#include "milter/cli/log/story.h"
#include "milter/cli/review/domains.h"
#include "milter/cli/review/messages.h"
#include "milter/cli/review/names.h"
#include "milter/cli/review/sets.h"

struct review_options {
	const char *program; /* of posternd's lines, borrowed like domain */
	const char *socket;  /* as the setting has it, or NULL; see gaps_init */
	const char *domain;  /* normalised, or NULL: all */
	time_t now;
	time_t since, until; /* 0: no such end */
};

/* Messages of one day, local time. */
struct review_day {
	int date; /* 20261129 */
	uint64_t messages;
	uint64_t results[RESULTS];
};

struct review_missed {
	time_t at;
	char *domain, *ours, *theirs;
};

struct review_slow {
	unsigned ms;
	time_t at;
	char domain[LIMIT_DOMAIN_SIZE];
};

/* What one change would have stopped; domains stand at each domain. */
struct review_change_effect {
	uint64_t messages;
	uint64_t null_sender; /* of them, which are never refused */
	struct review_set sender_days;
};

/* Trouble of posternd's own. */
struct review_own {
	uint64_t starts, stops, lost_lines, reload_faults;
	uint64_t resolver_down, store_down, port_closed, accept;
	time_t resolver_at, store_at, port_at; /* the last of each */
	bool resolver_is_down, store_is_down, port_is_closed; /* at the end */
};

/* A rule per destination that is in a line. */
struct review_rule {
	uint64_t checks;
	bool expired;
	char until[11]; /* as told, or "" */
};

/* What MTAs that ask were told, by the first word of it. */
enum { REVIEW_TOLD = 32 };
struct review_told {
	char word[24];
	uint64_t times;
	time_t last;
};

enum { FORECASTS = STORY_PREDICTS_SENT + 1 };

struct review {
	struct review_options options;
	uint64_t own_lines, damaged, untimed, outside;
	time_t first, last; /* of posternd's lines that count; 0: none */

	uint64_t messages;
	uint64_t results[RESULTS]; /* of messages */
	uint64_t actions[ACTIONS];
	uint64_t reasons[REASONS];       /* of checks */
	uint64_t policies[POLICY_TYPES]; /* of checks */
	uint64_t check_results[RESULTS];
	uint64_t refused_rcpts[ACTIONS]; /* at RCPT */
	size_t day_count;
	struct review_day *days; /* by date */
	struct review_domains domains;
	struct review_messages open;
	struct review_change_effect would[WOULDS];

	/* of a message's domain each: [forecast][outcome] */
	uint64_t forecast[FORECASTS][OUTCOMES];
	uint64_t as_foreseen, not_as_foreseen;
	size_t missed_count; /* of those that are kept */
	struct review_missed *missed;

	struct review_own own;
	struct gaps unseen; /* with --domain: nothing is known of them */
	size_t told_count;
	struct review_told told[REVIEW_TOLD];
	struct names rule_names;
	struct review_rule *rules; /* by the number of the name */
	uint32_t rules_room;
	size_t slow_count;
	struct review_slow slowest[LIMIT_REVIEW_SLOWEST]; /* worst first */

	/* the minute that was read last, as logs have many lines of one */
	char minute[LOGLINE_WHEN_SIZE];
	time_t minute_at;
	int minute_date;
};

void review_init(struct review *review, const struct review_options *options);
void review_fini(struct review *review);

/* review_line - take a line of the log, in its order */
void review_line(struct review *review, const char *line);

/* review_end - there are no more: what is open is counted as it is */
void review_end(struct review *review);

/* review_agreement - in tenths of a percent, of those that the log shows the
 * end of; -1: of none */
int review_agreement(const struct review *review);

/* review_mask - a line of the MTA without addresses, and without what a remote
 * host said; cut to size - 1 octets */
void review_mask(char *to, size_t size, const char *text);

/* review_time_of - the time of a line, by what stands at its head; 0: it has
 * none that can be true */
time_t review_time_of(struct review *review, const char *when);

/* review_is_within - whether a line of that time counts; review_is_in_range -
 * the same of one of posternd: it is counted among those that do not, or widens
 * what is looked at */
bool review_is_within(const struct review *review, time_t at);
bool review_is_in_range(struct review *review, time_t at);

/* review_day_of - the day of this date; NULL: there are too many */
struct review_day *review_day_of(struct review *review, int date);

/* review_join - the MTA's part: what it did with a message that is open */
void review_join(struct review *review, const struct logline *line);

/* review_judge - count the forecasts of a message that ends */
void review_judge(void *arg, const struct review_message *message);

/* review_unseen - a line that gaps_wants, of any program */
void review_unseen(struct review *review, const struct logline *line);

/* review_told - posternd's line on what an MTA that asks was told */
void review_told(struct review *review, const char *text, time_t at);

/* review_would_stop - posternd's last line of a message was seen */
void review_would_stop(struct review *review, struct review_message *message);

/* review_sender - the sender of a message that is open */
void review_sender(
    struct review *review, struct review_message *message, const char *sender);

#endif
