/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/xalloc.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* Below this a zeroed piece costs least by malloc(3): calloc(3) of glibc before
 * 2.41 takes none of those that the thread has freed before.  Above, pages that
 * are new have no need to be zeroed. */
enum { SMALL_PIECE = 4096 };

static void *
or_abort(void *p)
{
	if (p == NULL) {
		fputs("postern: out of memory\n", stderr);
		syslog(LOG_MAIL | LOG_CRIT, "out of memory");
		abort();
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return or_abort(malloc(size == 0 ? 1 : size));
}

void *
xcalloc(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return or_abort(NULL);
	if (total > SMALL_PIECE)
		return or_abort(calloc(1, total));
	return memset(xmalloc(total), 0, total);
}

void *
xrealloc(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return or_abort(NULL);
	return or_abort(realloc(old, total == 0 ? 1 : total));
}

char *
xstrdup(const char *s)
{
	return or_abort(strdup(s));
}

char *
xstrndup(const char *s, size_t max)
{
	return or_abort(strndup(s, max));
}

void *
xmemdup(const void *data, size_t size)
{
	void *copy = xmalloc(size);

	if (size != 0)
		memcpy(copy, data, size);
	return copy;
}
