/* control_answer - a request of the control socket, answered bit by bit. One
 * thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_ANSWER_H
#define MILTER_SERVE_CONTROL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/own.h"

/* Lines for a client. */
struct control_lines {
	char *data; /* for free() */
	size_t length;
	size_t size;
};

/* control_add_line - line, and the end of line */
void control_add_line(struct control_lines *lines, const char *line);

/* control_add_end - the last line of an answer that is none; see
 * json_request_end_line */
void control_add_end(
    struct control_lines *lines, const char *word, const char *text);

/* Who counts sessions for TLS reports: see collect.h, which is of a higher
 * floor. */
struct tlsrpt_query;
struct tlsrpt_row;
struct control_counts {
	int (*rows)(const struct tlsrpt_query *query, struct tlsrpt_row *rows,
	    int most, struct err *err);
	char *(*report)(int64_t day, const char *domain, struct err *err);
	int64_t (*today)(void);
	int (*hurry)(
	    int64_t day, const char *domain, bool again, struct err *err);
};

/* control_answer_counts - ask these from here on; before control_start */
void control_answer_counts(const struct control_counts *counts);

/*
 * control_answer_new - read a request of length octets
 *
 * What is wrong with it is the answer.  may_flush: the peer may have things
 * forgotten.  It holds the engine in force, so that this does not end before
 * control_answer_free.
 */
struct control_answer;
void control_answer_free(struct control_answer *answer);
struct control_answer *control_answer_new(const char *request, size_t length,
    bool may_flush) OWNED(control_answer_free);

/*
 * control_answer_more - add some lines; true if there are more
 *
 * About LIMIT_CONTROL_CHUNK octets at most, but for the last line.  It may wait
 * for the disk, and as shared_ask does for the store that hosts share; for no
 * client and no other network.
 */
bool
control_answer_more(struct control_answer *answer, struct control_lines *lines);

#endif
