/* story - what the lines of a log tell of one message: what posternd found, and
 * what the MTA did.  Bounded, whatever the log holds. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_STORY_H
#define MILTER_CLI_LOG_STORY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/judge/verdict.h"
#include "milter/cli/log/logline.h"
#include "milter/cli/log/unasked.h"
#include "milter/view/facts_name.h"

enum {
	STORY_WORD_SIZE = 48,
};

/* Whether what the MTA did is what the verdict said that it would do. */
enum story_outcome {
	STORY_NOTHING_SAID, /* the verdict predicts nothing */
	STORY_OPEN,         /* nothing is logged of it yet */
	STORY_REFUSED,      /* posternd had it refused */
	STORY_HELD,         /* as predicted */
	STORY_MISSED,
};

/* Of the lines check, skip and why; words as they stand there, escaped. */
struct story_check {
	bool skipped;
	bool refused; /* at RCPT: its line has no queue id */
	char domain[LIMIT_DOMAIN_SIZE];
	char result[STORY_WORD_SIZE], policy[STORY_WORD_SIZE];
	char level[STORY_WORD_SIZE], reason[STORY_WORD_SIZE];
	char action[STORY_WORD_SIZE], mode[STORY_WORD_SIZE];
	char count[STORY_WORD_SIZE], ms[STORY_WORD_SIZE];
	char hop[LIMIT_DOMAIN_SIZE + 2]; /* "" where it is not logged */
	char mx[LIMIT_DOMAIN_SIZE], rule[LIMIT_DOMAIN_SIZE + 2];
	char facts[FACTS_NAME_SIZE]; /* the file that they are kept in, or "" */
	char detail[LIMIT_DETAIL_SIZE];

	/* of the line that follows with LogWhy; else "" */
	char dane[STORY_WORD_SIZE], sts[STORY_WORD_SIZE];
	char sts_reason[STORY_WORD_SIZE], requiretls[STORY_WORD_SIZE];
	char hosts[LIMIT_WALK_SIZE];
};

struct story_rcpt {
	char *domain;  /* normalised; "" if it is none */
	char *address; /* these escaped */
	char *relay, *dsn, *said;
	char status[LOGLINE_WORD_SIZE]; /* the last; "refused" by posternd */
	unsigned attempts;
};

struct story {
	char id[LOGLINE_ID_SIZE];
	const char *program;           /* of posternd's lines, borrowed */
	bool seen;                     /* a line of it was there */
	char first[LOGLINE_WHEN_SIZE]; /* these two "" where lines have none */
	char last[LOGLINE_WHEN_SIZE];
	unsigned earlier; /* messages that had the same id before */
	char sender[LOGLINE_ADDRESS_SIZE];
	char client[LOGLINE_RELAY_SIZE];
	bool sender_seen, held, removed;
	bool judged; /* the message line is there */
	char result[STORY_WORD_SIZE], action[STORY_WORD_SIZE];
	char wait_ms[STORY_WORD_SIZE];

	/* the MTA's words when it asked posternd and had no answer, or "" */
	char unreached[LOGLINE_SAID_SIZE];
	size_t check_count, rcpt_count;
	bool checks_cut, rcpts_cut;
	struct story_check *checks;
	struct story_rcpt *rcpts;
	struct unasked_list unasked;
};

/* story_init - nothing is known yet of the message; program, and socket as the
 * setting has it, or NULL, are borrowed */
void story_init(struct story *story, const char *id, const char *program,
    const char *socket);
void story_fini(struct story *story);

/*
 * story_line - take a line of the log, in its order
 *
 * posternd's line for a recipient refused at RCPT has no queue id: it is found
 * by the MTA's own line of the refusal, which comes before it.
 */
void story_line(struct story *story, const char *line);

/* story_read_check - what a line check or skip of posternd says */
void story_read_check(struct story_check *check, const char *text);

/* story_outcome - of a recipient of the domain of check */
enum story_outcome
story_outcome(const struct story_check *check, const struct story_rcpt *rcpt);

/*
 * story_check_of - the check that a recipient went by, or NULL; and its outcome
 *
 * Of several next hops of its domain it is the one with the mail host that took
 * the message.  Where none is, it is the worst of them, and unless they all
 * predict the same, nothing was said of it.
 */
const struct story_check *story_check_of(const struct story *story,
    const struct story_rcpt *rcpt, enum story_outcome *outcome);
const char *story_outcome_text(enum story_outcome outcome);

/* story_reason, story_result - of a word, or -1 */
int story_reason(const char *word);
int story_result(const char *word);

/* What a verdict says that the MTA will do. */
enum story_forecast {
	STORY_PREDICTS_NOTHING,
	STORY_PREDICTS_BOUNCED,
	STORY_PREDICTS_DEFERRED,
	STORY_PREDICTS_SENT,
};
enum story_forecast story_predicts(enum result result, enum reason reason);

#endif
