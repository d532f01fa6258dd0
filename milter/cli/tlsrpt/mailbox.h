/* mailbox - the messages of an mbox file, one after the other, however large it
 * is. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_CLI_TLSRPT_MAILBOX_H
#define MILTER_CLI_TLSRPT_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Called with the octets behind the "From " line, borrowed, and the number of
 * the message from 1 on; too_large: they are cut at LIMIT_MESSAGE_OCTETS.
 * Returns whether to go on. */
typedef bool mailbox_each(void *arg, unsigned number, const char *octets,
    size_t size, bool too_large);

/* mailbox_begins - whether a file that begins so is one */
bool mailbox_begins(const char *head, size_t size);

/*
 * mailbox_read - call each for every message of in, of which head was read
 *
 * A message begins with a line "From " behind an empty line.  Returns 0, or -1
 * if in cannot be read to its end, or each did not want it to be.
 */
int mailbox_read(
    FILE *in, const char *head, size_t size, mailbox_each *each, void *arg);

#endif
