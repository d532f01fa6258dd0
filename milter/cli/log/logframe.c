/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/logframe.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"

#define JSON_BEGIN "{\"log\":\""
#define JSON_TIME "\"time\":\""

/* A frame in a frame: kubectl with --prefix and --timestamps */
enum { FRAMES_MAX = 3, HEX_DIGITS = 4 };

/* "\u0041"; what is not ASCII becomes "?".  Returns the octets read. */
static size_t
read_unicode(const char *hex, char *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned value = 0;

	*out = '?';
	for (size_t i = 0; i < HEX_DIGITS; i++) {
		const char *digit =
		    hex[i] == '\0'
			? NULL
			: strchr(digits, tolower((unsigned char)hex[i]));

		if (digit == NULL)
			return i;
		value = 16 * value + (unsigned)(digit - digits);
	}
	if (value >= ' ' && value <= '~')
		*out = (char)value;
	return HEX_DIGITS;
}

static char
plain_octet(char escape)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *found = escape == '\0' ? NULL : strchr(from, escape);

	if (found == NULL)
		return escape;
	return to[found - from];
}

/* A string of JSON up to its end, "\n" at the end of a line left out; what
 * stands behind it, or "". */
static const char *
read_string(const char *s, char *to, size_t size)
{
	size_t length = 0;

	for (; *s != '\0' && *s != '"'; s++) {
		char octet = *s;

		if (octet == '\\' && s[1] == 'u') {
			s += 1 + read_unicode(s + 2, &octet);
		} else if (octet == '\\' && s[1] != '\0') {
			s++;
			octet = plain_octet(*s);
		}
		if (length < size - 1)
			to[length++] = octet;
	}
	if (length > 0 && to[length - 1] == '\n')
		length--;
	to[length] = '\0';
	return *s == '"' ? s + 1 : s;
}

static void
take_when(char when[LOGFRAME_WHEN_SIZE], const char *s, size_t length)
{
	char text[LOGFRAME_WHEN_SIZE];

	if (length >= sizeof(text))
		return;
	memcpy(text, s, length);
	text[length] = '\0';
	text_escape(when, LOGFRAME_WHEN_SIZE, text, length);
}

static const char *
open_json(const char *line, char when[LOGFRAME_WHEN_SIZE], char *room)
{
	const char *rest;

	if (strncmp(line, JSON_BEGIN, strlen(JSON_BEGIN)) != 0)
		return line;
	rest = read_string(line + strlen(JSON_BEGIN), room, LOGFRAME_SIZE);
	rest = strstr(rest, JSON_TIME);
	if (rest != NULL)
		take_when(when, rest + strlen(JSON_TIME),
		    strcspn(rest + strlen(JSON_TIME), "\""));
	return room;
}

/* "TIME stdout F LINE" */
static const char *
open_stream(const char *line, char when[LOGFRAME_WHEN_SIZE])
{
	size_t length = strcspn(line, " ");
	const char *stream = line + length;

	if (!isdigit((unsigned char)line[0]) ||
	    (strncmp(stream, " stdout ", 8) != 0 &&
		strncmp(stream, " stderr ", 8) != 0) ||
	    (stream[8] != 'F' && stream[8] != 'P') || stream[9] != ' ')
		return line;
	take_when(when, line, length);
	return stream + 10;
}

/* "[pod/NAME/CONTAINER] LINE" and, from a monotonic clock, "[   12.345] LINE"
 */
static const char *
open_brackets(const char *line)
{
	size_t length = strcspn(line, "]");

	return line[0] == '[' && strncmp(line + length, "] ", 2) == 0
		   ? line + length + 2
		   : line;
}

/* "NAME   | LINE" */
static const char *
open_column(const char *line)
{
	size_t name = strcspn(line, " |");
	size_t blanks = strspn(line + name, " ");

	return name > 0 && blanks > 0 &&
		       strncmp(line + name + blanks, "| ", 2) == 0
		   ? line + name + blanks + 2
		   : line;
}

const char *
logframe_open(const char *line, char when[LOGFRAME_WHEN_SIZE], char *room)
{
	when[0] = '\0';
	line = open_json(line, when, room);
	for (int i = 0; i < FRAMES_MAX; i++) {
		const char *inner =
		    open_stream(open_brackets(open_column(line)), when);

		if (inner == line)
			break;
		line = inner;
	}
	return line;
}
