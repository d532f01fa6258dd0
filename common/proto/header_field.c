/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/header_field.h"

#include <stddef.h>

const char *
header_field_comment(const char *s)
{
	size_t depth = 0;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	return s;
}
