/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>

int
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->kind = kind;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -1;
}
