/* unasked - what the MTA says when it had no answer from posternd, and of which
 * message. Bounded. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_UNASKED_H
#define MILTER_UNASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/logline.h"

/* Zeroed but for socket, as the setting has it, borrowed; NULL: any socket
 * whose name has "postern" in it */
struct unasked_list {
	const char *socket;
	struct unasked *items;
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

#endif
