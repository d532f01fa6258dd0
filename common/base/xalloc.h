/* xalloc - malloc that cannot fail: no memory, no process. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_XALLOC_H
#define COMMON_BASE_XALLOC_H

#include <stddef.h>
#include <stdlib.h>

#define MUST_USE __attribute__((warn_unused_result, returns_nonnull))

/*
 * Each ends the process with a line to stderr and syslog when there is no
 * memory.  What comes from outside is bounded by limits.h, so that no peer can
 * get here.  A size of 0 gives a pointer that free() takes.
 */
void *xmalloc(size_t size) MUST_USE;
void *xcalloc(size_t count, size_t size) MUST_USE;
void *xrealloc(void *old, size_t count, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE;
char *xstrndup(const char *s, size_t max) MUST_USE;
void *xmemdup(const void *data, size_t size) MUST_USE;

#endif
