/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli_print.h"

#include <string.h>

#include "common/base/text.h"

enum { LABEL_WIDTH = 10, TEXT_WIDTH = 66 };

void
cli_print_label(FILE *out, const char *name)
{
	fprintf(out, "  %-*s  ", LABEL_WIDTH, name);
}

void
cli_print_part(FILE *out, const char *name)
{
	fprintf(out, "    %-*s ", LABEL_WIDTH - 1, name);
}

void
cli_print_text(FILE *out, const char *name, const char *text)
{
	size_t column = 0;

	cli_print_label(out, name);
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (length > TEXT_WIDTH)
			length = TEXT_WIDTH;
		if (column > 0 && column + 1 + length > TEXT_WIDTH) {
			fputc('\n', out);
			cli_print_label(out, "");
			column = 0;
		}
		column += (size_t)fprintf(
		    out, "%s%.*s", column > 0 ? " " : "", (int)length, text);
		text += length + strspn(text + length, " ");
	}
	fputc('\n', out);
}

/* Names have "_" too: _25._tcp and _mta-sts. */
static bool
is_blank(const char *s)
{
	const char *end = s + 1 + strspn(s + 1, "0123456789");

	return strncmp(s, "_tcp.", 5) != 0 && strncmp(s, "_mta-sts.", 9) != 0 &&
	       (end == s + 1 || strncmp(end, "._tcp.", 6) != 0);
}

const char *
cli_plain_detail(const char *detail, char out[LIMIT_DETAIL_SIZE])
{
	text_copy(out, LIMIT_DETAIL_SIZE, detail);
	for (size_t i = 0; out[i] != '\0'; i++)
		if (out[i] == '_' && is_blank(detail + i))
			out[i] = ' ';
	return out;
}

void
cli_print_detail(FILE *out, const char *name, const char *detail)
{
	char text[LIMIT_DETAIL_SIZE];

	if (detail[0] != '\0')
		cli_print_text(out, name, cli_plain_detail(detail, text));
}

const char *
cli_print_colour(enum result result)
{
	switch (result) {
	case RESULT_PASS:
		return "\033[32m";
	case RESULT_FAIL:
		return "\033[31m";
	case RESULT_SOFTFAIL:
	case RESULT_TEMPERROR:
		return "\033[33m";
	case RESULT_NONE:
	case RESULT_SKIP:
		break;
	}
	return "\033[1m";
}
