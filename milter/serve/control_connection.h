/* control_connection - one that asks at the control socket: its lines, and how
 * long it may take.  The loop's thread, but for what a worker makes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_CONNECTION_H
#define MILTER_SERVE_CONTROL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/own.h"
#include "milter/serve/control_answer.h"

enum control_state {
	CONTROL_READING, /* a request is to come */
	CONTROL_READY,   /* for a worker */
	CONTROL_WORKING, /* a worker has it */
	CONTROL_WRITING,
	CONTROL_GONE,
};

struct control_connection {
	int fd;
	bool may_flush;
	enum control_state state;
	int64_t deadline_ms; /* of the peer, while READING or WRITING */
	char input[LIMIT_CONTROL_LINE];
	size_t input_length;
	size_t request_length; /* of the first line there, once READY */
	int64_t answered_by_ms;
	bool last; /* nothing is read any more: gone after the answer */
	struct control_answer *answer;
	struct control_lines lines;
	size_t written;
	bool more;         /* lines are still to be made */
	_Atomic bool done; /* by the worker, while WORKING */
};

/* control_connection_new - takes fd, which does not block */
void control_connection_free(struct control_connection *client);
struct control_connection *
control_connection_new(int fd, bool may_flush) OWNED(control_connection_free);

/* control_connection_refuse - say why, and go */
void control_connection_refuse(
    struct control_connection *client, const char *word, const char *text);

/* control_connection_read, control_connection_write - what there is now; the
 * state tells what comes next */
void control_connection_read(struct control_connection *client);
void control_connection_write(struct control_connection *client);

/* control_connection_work - make lines; in a worker, while WORKING */
void control_connection_work(struct control_connection *client);

/* control_connection_worked - back in the loop, after done */
void control_connection_worked(struct control_connection *client);

#endif
