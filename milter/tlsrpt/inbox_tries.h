/* inbox_tries - an inbox opened, and where it cannot be, tried again. One
 * thread at a time. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_TLSRPT_INBOX_TRIES_H
#define MILTER_TLSRPT_INBOX_TRIES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "milter/tlsrpt/inbox.h"

enum {
	INBOX_TRIES_MS = 60 * 1000, /* from one try to the next */
};

struct inbox_tries {
	char *path; /* NULL: there is none to be opened */
	int64_t again_ms;
	bool told; /* that it cannot be opened */
};

/* inbox_tries_init - path is copied; NULL: none is ever opened */
void inbox_tries_init(struct inbox_tries *tries, const char *path);
void inbox_tries_fini(struct inbox_tries *tries);

/*
 * inbox_tries_open - the inbox, for inbox_free, and the group of its socket;
 * NULL: not now
 *
 * Tries at most each INBOX_TRIES_MS.  The first failure of a row is told to the
 * log.
 */
struct inbox *inbox_tries_open(struct inbox_tries *tries, gid_t *group);

#endif
