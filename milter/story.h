/* story - what the lines of a log tell of one message: what posternd found, and
 * what the MTA did.  Bounded, whatever the log holds. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_STORY_H
#define MILTER_STORY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "common/judge/verdict.h"
#include "milter/logline.h"

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
	char mx[LIMIT_DOMAIN_SIZE], rule[LIMIT_DOMAIN_SIZE + 2];
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
	char first[LOGLINE_WHEN_SIZE]; /* "": no line of it was there */
	char last[LOGLINE_WHEN_SIZE];
	unsigned earlier; /* messages that had the same id before */
	char sender[LOGLINE_ADDRESS_SIZE];
	char client[LOGLINE_RELAY_SIZE];
	bool sender_seen, held, removed;
	bool judged; /* the message line is there */
	char result[STORY_WORD_SIZE], action[STORY_WORD_SIZE];
	char wait_ms[STORY_WORD_SIZE];
	size_t check_count, rcpt_count;
	bool checks_cut, rcpts_cut;
	struct story_check *checks;
	struct story_rcpt *rcpts;
};

/* story_init - nothing is known yet of the message; program is borrowed */
void story_init(struct story *story, const char *id, const char *program);
void story_fini(struct story *story);

/*
 * story_line - take a line of the log, in its order
 *
 * posternd's line for a recipient refused at RCPT has no queue id: it is found
 * by the MTA's own line of the refusal, which comes before it.
 */
void story_line(struct story *story, const char *line);

/* story_outcome - of a recipient of the domain of check */
enum story_outcome
story_outcome(const struct story_check *check, const struct story_rcpt *rcpt);
const char *story_outcome_text(enum story_outcome outcome);

/* story_reason - the reason of a word, or -1 */
int story_reason(const char *word);

#endif
