/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 3, 0)))
set_text(struct err *err, enum err_kind kind, const char *format, va_list args)
{
	if (err == NULL)
		return;
	err->kind = kind;
	vsnprintf(err->text, sizeof(err->text), format, args);
}

int
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(err, kind, format, args);
	va_end(args);
	return -1;
}

int
err_status(struct err *err, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(err, ERR_LOCAL, format, args);
	va_end(args);
	return status;
}
