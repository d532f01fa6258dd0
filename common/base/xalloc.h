/* xalloc - malloc that cannot fail: no memory, no process. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_XALLOC_H
#define COMMON_BASE_XALLOC_H

#include <stddef.h>
#include <stdlib.h>

#include "common/base/own.h"

/*
 * Each ends the process with a line to stderr and syslog when there is no
 * memory.  What comes from outside is bounded by limits.h, so that no peer can
 * get here.  A size of 0 gives a pointer that free() takes.
 */
void *xmalloc(size_t size) OWNED(free);
void *xcalloc(size_t count, size_t size) OWNED(free);
void *xrealloc(void *old, size_t count, size_t size)
    __attribute__((warn_unused_result));
char *xstrdup(const char *s) OWNED(free);
char *xstrndup(const char *s, size_t max) OWNED(free);
void *xmemdup(const void *data, size_t size) OWNED(free);

#endif
