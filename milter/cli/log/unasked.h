/* unasked - what the MTA says when it had no answer from posternd, and of which
 * message. Bounded. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_LOG_UNASKED_H
#define MILTER_CLI_LOG_UNASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/cli/log/logline.h"

/* Zeroed but for socket, as the setting has it, borrowed; NULL: any socket
 * whose name has "postern" in it */
struct unasked_list {
	const char *socket;
	struct unasked *items;
	unsigned *keys; /* of the items: a quick look at all of them */
	size_t next;
};

void unasked_fini(struct unasked_list *list);

/* unasked_wants - whether unasked_line is to see this line; a quick look */
bool unasked_wants(const struct unasked_list *list, const char *line);

/*
 * unasked_line - take a line of another program than posternd, in its order
 *
 * What the MTA said, escaped and borrowed until the next call, if it shows that
 * posternd was not asked of the message id; else NULL.
 */
const char *unasked_line(
    struct unasked_list *list, const struct logline *line, const char *id);

/*
 * unasked_any - the same of every message: what the MTA said, if the line shows
 * of which message it is, that posternd was not asked of
 *
 * id gets its queue id.  Of one list either this or unasked_line is called, and
 * for this each line of smtpd(8), cleanup(8) and Sendmail.
 */
const char *unasked_any(struct unasked_list *list, const struct logline *line,
    char id[LOGLINE_ID_SIZE]);

#endif
