/* inbox - files, mailboxes and folders in which TLS reports lie. The main
 * thread only. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_INBOX_H
#define MILTER_CLI_TLSRPT_INBOX_H

#include <stdio.h>

#include "common/base/err.h"
#include "milter/cli/tlsrpt/reading.h"

/*
 * inbox_read - read what path leads to: a file, "-", a Maildir, or all files of
 * a folder
 *
 * A file is what its content says, whatever its name.  In folders no link is
 * followed, and of one that is no Maildir nothing below it is looked at.
 * Returns 0, or -1 with err, of kind LOCAL, where path itself cannot be read.
 */
int inbox_read(struct reading *reading, const char *path, struct err *err);

/* inbox_size - how many octets inbox_read will find, so far as that is known */
uint64_t inbox_size(const char *path);

/* inbox_stream - the same for a stream that is open, by the name source */
void inbox_stream(struct reading *reading, const char *source, FILE *in);

#endif
