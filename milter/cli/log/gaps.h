/* gaps - messages that posternd was not asked of, told from a mail log.
 * Bounded. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_GAPS_H
#define MILTER_CLI_LOG_GAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/cli/log/logline.h"
#include "milter/cli/log/unasked.h"

struct gaps {
	const char *program; /* posternd's name in the log, borrowed */
	struct unasked_list unasked;

	/* A message counts once the MTA has taken it */
	struct gaps_message *open;
	bool any_open; /* since the begin, that is */
	size_t next;

	size_t count;
	size_t while_stopped; /* of them: posternd had ended, and not begun */
	char since[LOGLINE_WHEN_SIZE]; /* the first line of the log */
	char first[LOGLINE_WHEN_SIZE]; /* times of the messages, or "" */
	char last[LOGLINE_WHEN_SIZE];
	char id[LOGLINE_ID_SIZE];     /* of the last one */
	char said[LOGLINE_SAID_SIZE]; /* by the MTA of it, escaped */
	bool stopped;
};

/* gaps_init - socket as the setting has it, borrowed like program */
void gaps_init(struct gaps *gaps, const char *program, const char *socket);
void gaps_fini(struct gaps *gaps);

/*
 * gaps_line - take the next line of the log
 *
 * Or gaps_take where gaps_wants it, a quick look, for who has to read the line
 * for more than this.
 */
void gaps_line(struct gaps *gaps, const char *line);
bool gaps_wants(const struct gaps *gaps, const char *line);
void gaps_take(struct gaps *gaps, const struct logline *line);

#endif
