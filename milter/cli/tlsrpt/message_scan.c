/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A parser makes an object of each part, for which there must be a line that
 * begins with "--"; of each field of a header, which may stand wherever a part
 * can begin; and of each parameter and address inside of one, for which a field
 * must be long.  A group of addresses ("a: b, c;") may stand in another: GMime
 * calls itself for each, until there is no stack, and each has a colon.  So
 * these are counted wherever they stand, without looking at what they are.
 */
#include "milter/cli/tlsrpt/message_scan.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

struct scan {
	size_t dashes, header, fields, field_octets;
	size_t colons;  /* of this field */
	bool nested;    /* there were too many in one */
	bool in_header; /* no empty line yet */
	bool in_field;  /* the line before was one, or went on with it */
};

static bool
is_blank_octet(char c)
{
	return c == ' ' || c == '\t';
}

/* A word and a colon, which may have space before it. */
static bool
is_field_line(const char *line, size_t length)
{
	size_t at = 0;

	while (at < length && !is_blank_octet(line[at]) && line[at] != ':')
		at++;
	if (at == 0)
		return false;
	while (at < length && is_blank_octet(line[at]))
		at++;
	return at < length && line[at] == ':';
}

/* JSON has fields of that form as well, but no parser looks into them. */
static bool
has_inside(const char *line)
{
	return text_is_alnum(line[0]);
}

static void
scan_inside(struct scan *scan, const char *line, size_t length)
{
	scan->field_octets += length;
	for (size_t i = 0; i < length; i++)
		scan->colons += line[i] == ':';
	scan->nested |= scan->colons > LIMIT_MESSAGE_COLONS;
}

static void
scan_line(struct scan *scan, const char *line, size_t length)
{
	bool empty = length == 0 || (length == 1 && line[0] == '\r');

	if (empty)
		scan->in_header = false;
	scan->header += scan->in_header;
	scan->dashes += length >= 2 && line[0] == '-' && line[1] == '-';
	if (is_field_line(line, length)) {
		scan->fields++;
		scan->colons = 0;
		scan->in_field = has_inside(line);
	} else if (empty || !is_blank_octet(line[0])) {
		scan->in_field = false;
	}
	if (scan->in_field)
		scan_inside(scan, line, length);
}

static const char *
over_limit(const struct scan *scan)
{
	if (scan->dashes > LIMIT_MESSAGE_DASHES)
		return "over 1,000 lines that begin with \"--\"";
	if (scan->header > LIMIT_MESSAGE_HEADER)
		return "over 2,000 lines of header";
	if (scan->fields > LIMIT_MESSAGE_FIELDS)
		return "over 20,000 lines of the form of a field";
	if (scan->field_octets > LIMIT_MESSAGE_FIELD_OCTETS)
		return "over 1 MiB of fields";
	if (scan->nested)
		return "over 2,000 colons in a field";
	return NULL;
}

const char *
message_scan(const char *octets, size_t size)
{
	struct scan scan = {.in_header = true};
	const char *why = NULL;
	size_t at = 0;

	while (at < size && why == NULL) {
		const char *end = memchr(octets + at, '\n', size - at);
		size_t length =
		    end == NULL ? size - at : (size_t)(end - (octets + at));

		scan_line(&scan, octets + at, length);
		why = over_limit(&scan);
		at += length + 1;
	}
	return why;
}
