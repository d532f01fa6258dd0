/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/print.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/text.h"

enum { WIDTH = 80, WIDTH_MIN = 60, WIDTH_MAX = 132, LABEL_WIDTH = 10 };

bool
cli_print_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

size_t
cli_print_width(void)
{
	struct winsize size;

	if (!cli_print_is_terminal() ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH;
	if (size.ws_col < WIDTH_MIN)
		return WIDTH_MIN;
	return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

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
cli_print_wrap(FILE *out, size_t column, const char *indent, const char *text)
{
	size_t left = strlen(indent), width = cli_print_width();
	const char *space = "";

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (length > width - left)
			length = width - left;
		if (column > left && column + strlen(space) + length > width) {
			fprintf(out, "\n%s", indent);
			column = left;
			space = "";
		}
		column +=
		    (size_t)fprintf(out, "%s%.*s", space, (int)length, text);
		space = " ";
		text += length + strspn(text + length, " ");
	}
	fputc('\n', out);
}

void
cli_print_text(FILE *out, const char *name, const char *text)
{
	static const char indent[] = "              ";

	cli_print_label(out, name);
	cli_print_wrap(out, sizeof(indent) - 1, indent, text);
}

void
cli_print_line(FILE *out, const char *name, const char *text)
{
	cli_print_label(out, name);
	fprintf(out, "%s\n", text);
}

/* Names have "_" too, _25._tcp and _mta-sts: at the beginning of a word, which
 * has a blank before it. */
static bool
is_blank(const char *detail, size_t i)
{
	const char *s = detail + i;
	const char *end = s + 1 + strspn(s + 1, "0123456789");

	if (i > 0 && text_is_alnum(detail[i - 1]))
		return true;
	return strncmp(s, "_tcp.", 5) != 0 && strncmp(s, "_mta-sts.", 9) != 0 &&
	       (end == s + 1 || strncmp(end, "._tcp.", 6) != 0);
}

static bool
ends_word(char c)
{
	return c == '\0' || c == ' ' || strchr(".,:;", c) != NULL;
}

/* "Couldn?t": the "?" was an apostrophe, which a log line has not. */
static bool
is_apostrophe(const char *text, size_t i)
{
	return i > 0 && text[i - 1] == 'n' && text[i + 1] == 't' &&
	       ends_word(text[i + 2]);
}

/* "host name ?mx1.example?": the end of a word that was quoted, or NULL. */
static char *
quoted_end(char *text, size_t i)
{
	char *end = text + i + 1 + strcspn(text + i + 1, " ?");

	return (i == 0 || text[i - 1] == ' ') && end > text + i + 1 &&
		       *end == '?' && ends_word(end[1])
		   ? end
		   : NULL;
}

const char *
cli_plain_detail(const char *detail, char out[LIMIT_DETAIL_SIZE])
{
	text_copy(out, LIMIT_DETAIL_SIZE, detail);
	for (size_t i = 0; out[i] != '\0'; i++)
		if (out[i] == '_' && is_blank(detail, i))
			out[i] = ' ';
	for (size_t i = 0; out[i] != '\0'; i++) {
		char *end;

		if (out[i] != '?')
			continue;
		end = quoted_end(out, i);
		if (end != NULL)
			out[i] = *end = '"';
		else if (is_apostrophe(out, i))
			out[i] = '\'';
	}
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

const char *
cli_time(time_t at, char out[CLI_TIME_SIZE])
{
	if (!clock_print(at, out))
		text_copy(out, CLI_TIME_SIZE, "never");
	return out;
}
