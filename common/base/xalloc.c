/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/xalloc.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

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
	return or_abort(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
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
