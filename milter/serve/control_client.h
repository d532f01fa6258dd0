/* control_client - one that asks at the control socket: its lines, and how long
 * it may take.  The loop's thread, but for what a worker makes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_SERVE_CONTROL_CLIENT_H
#define MILTER_SERVE_CONTROL_CLIENT_H

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

struct control_client {
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

/* control_client_new - takes fd, which does not block */
void control_client_free(struct control_client *client);
struct control_client *
control_client_new(int fd, bool may_flush) OWNED(control_client_free);

/* control_client_refuse - say why, and go */
void control_client_refuse(
    struct control_client *client, const char *word, const char *text);

/* control_client_read, control_client_write - what there is now; the state
 * tells what comes next */
void control_client_read(struct control_client *client);
void control_client_write(struct control_client *client);

/* control_client_work - make lines; in a worker, while WORKING */
void control_client_work(struct control_client *client);

/* control_client_worked - back in the loop, after done */
void control_client_worked(struct control_client *client);

#endif
