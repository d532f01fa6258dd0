/* milter_edit - posternd in Postfix's lists of milters: one change of one list,
 * and all else kept.  The main thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_HOST_MILTER_EDIT_H
#define MILTER_CLI_HOST_MILTER_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/base/own.h"
#include "milter/cli/host/askers.h"
#include "milter/cli/host/postfix.h"

/* A socket that a chroot of Postfix does not hide, below its queue directory */
#define MILTER_BELOW_QUEUE "postern/milter.sock"

enum { MILTER_ADDRESS_SIZE = 600, MILTER_SIZE = MILTER_ADDRESS_SIZE + 200 };

/* milter_edit_address - posternd's Socket, as Postfix names it */
void milter_edit_address(const struct postfix *postfix, const char *socket,
    char out[MILTER_ADDRESS_SIZE]);

/* milter_edit_print - that, with what Postfix is to do with posternd alone */
void
milter_edit_print(const char *address, int rcpt_wait_ms, char out[MILTER_SIZE]);

/* milter_edit_is_hidden - whether a chroot of Postfix hides the socket */
bool milter_edit_is_hidden(const struct postfix *postfix, const char *socket);

/* milter_edit_follows - whether the list of non_smtpd_milters is that of
 * smtpd_milters by name, so that one change is for both */
bool
milter_edit_follows(const struct postfix *postfix, const struct asker *asker);

/* An attribute of a milter, as "command_timeout". */
struct milter_cure {
	const char *name;
	char value[16];
};

/* One change: exactly one of them is set. */
struct milter_change {
	const char *add;     /* a milter, at the end */
	const char *move_to; /* another address of ours */
	const struct milter_cure *cures;
	size_t count; /* of cures */
};

/*
 * milter_edit_list - the list as it is to be written, where it stands now: in
 * main.cf, or at the "-o" of the service that has one of its own
 *
 * For free().  Postfix is asked first what it would make of it; NULL where that
 * is not the old list with this change alone, and where it cannot be written.
 */
char *milter_edit_list(struct postfix *postfix, const struct asker *asker,
    const struct milter_change *change) OWNED(free);

#endif
