/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three passes over the octets:
 * 1. measure finds where the first value ends, how deep it is and how many
 *    values it has at most: what the parser would make of them is larger by far
 *    than they are.
 * 2. mend writes that part again, as UTF-8 without NULs.
 * 3. jansson parses the copy; a second time where a key is there twice.
 */
#include "common/proto/tlsrpt_json.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"

/* U+FFFD, and how much longer than one octet it is. */
static const char replacement[] = "\xef\xbf\xbd";
enum { REPLACEMENT_SIZE = 3 };

/* The same where it is escaped, in place of an escaped NUL. */
static const char escaped[] = "\\ufffd", nul[] = "\\u0000";
enum { ESCAPED_SIZE = sizeof(escaped) - 1 };

static const char mark[] = "\xef\xbb\xbf";
enum { MARK_SIZE = 3 };

static bool
is_json_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the value begins: behind mark and space. */
static size_t
value_begin(const char *octets, size_t size)
{
	size_t at = size >= MARK_SIZE && memcmp(octets, mark, MARK_SIZE) == 0
			? MARK_SIZE
			: 0;

	while (at < size && is_json_space(octets[at]))
		at++;
	return at;
}

bool
tlsrpt_json_begins(const char *octets, size_t size)
{
	size_t at = value_begin(octets, size);

	return at < size && (octets[at] == '{' || octets[at] == '[');
}

/* Behind the string that begins at octets[at]. */
static size_t
string_end(const char *octets, size_t size, size_t at)
{
	for (at++; at < size && octets[at] != '"'; at++)
		at += octets[at] == '\\';
	return at + 1 < size ? at + 1 : size;
}

/* The end of the value that begins with a bracket at begin; 0 with err. */
static size_t
measure_value(const char *octets, size_t size, size_t begin, struct err *err)
{
	size_t at = begin, depth = 0, values = 0;

	while (at < size) {
		char c = octets[at];

		if (c == '"') {
			at = string_end(octets, size, at);
			continue;
		}
		at++;
		depth += c == '{' || c == '[';
		values += c == '{' || c == '[' || c == ',';
		if (depth > LIMIT_REPORT_DEPTH) {
			err_set(err, ERR_DATA, "JSON deeper than %d",
			    LIMIT_REPORT_DEPTH);
			return 0;
		}
		if (values > LIMIT_REPORT_VALUES) {
			err_set(err, ERR_DATA, "JSON of over %d values",
			    LIMIT_REPORT_VALUES);
			return 0;
		}
		if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	err_set(err, ERR_DATA, "JSON ends early, after %zu octets", size);
	return 0;
}

/* How many octets the character at s takes; 0: it is no UTF-8 (RFC 3629). */
static size_t
utf8_size(const uint8_t *s, size_t left)
{
	static const struct {
		uint8_t from, to;  /* of the first octet */
		uint8_t low, high; /* of the second */
		uint8_t size;
	} rows[] = {
	    {0x00, 0x7f, 0, 0, 1},
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = rows[i].size;

		if (s[0] < rows[i].from || s[0] > rows[i].to)
			continue;
		if (size > left ||
		    (size > 1 && (s[1] < rows[i].low || s[1] > rows[i].high)))
			return 0;
		for (size_t j = 2; j < size; j++)
			if (s[j] < 0x80 || s[j] > 0xbf)
				return 0;
		return size;
	}
	return 0;
}

/* The copy, with room for each octet to become U+FFFD. */
static char *
mend_octets(const char *octets, size_t size, size_t *length, bool *mended)
{
	char *out = xmalloc(size * REPLACEMENT_SIZE);
	size_t at = 0, used = 0;

	while (at < size) {
		size_t step =
		    utf8_size((const uint8_t *)octets + at, size - at);

		if (step == 0) {
			memcpy(out + used, replacement, REPLACEMENT_SIZE);
			used += REPLACEMENT_SIZE;
			at++;
			*mended = true;
			continue;
		}
		if (octets[at] == '\\' && size - at >= ESCAPED_SIZE &&
		    memcmp(octets + at, nul, ESCAPED_SIZE) == 0) {
			memcpy(out + used, escaped, ESCAPED_SIZE);
			step = ESCAPED_SIZE;
			*mended = true;
		} else {
			/* a backslash takes what it escapes with it; the last
			 * octet is a bracket */
			step += octets[at] == '\\' && octets[at + 1] == '\\';
			memcpy(out + used, octets + at, step);
		}
		used += step;
		at += step;
	}
	*length = used;
	return out;
}

/* jansson's text of an error quotes what is there. */
static json_t *
say_bad_json(const json_error_t *error, struct err *err)
{
	char text[sizeof(error->text)];

	text_copy(text, sizeof(text), error->text);
	text_printable(text, "");
	err_set(err, ERR_DATA, "line %d of the JSON: %s", error->line, text);
	return NULL;
}

static json_t *
parse_mended(const char *text, size_t length, bool *mended, struct err *err)
{
	json_error_t error;
	json_t *value =
	    json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

	if (value == NULL &&
	    json_error_code(&error) == json_error_duplicate_key) {
		*mended = true;
		value = json_loadb(text, length, 0, &error);
	}
	return value == NULL ? say_bad_json(&error, err) : value;
}

json_t *
tlsrpt_json_load(const char *octets, size_t size, bool *mended, struct err *err)
{
	size_t begin = value_begin(octets, size), end, after, length;
	json_t *value;
	char *text;

	*mended = size >= MARK_SIZE && memcmp(octets, mark, MARK_SIZE) == 0;
	if (!tlsrpt_json_begins(octets, size)) {
		err_set(err, ERR_DATA, "no JSON");
		return NULL;
	}
	end = measure_value(octets, size, begin, err);
	if (end == 0)
		return NULL;
	for (after = end; after < size && is_json_space(octets[after]);)
		after++;
	*mended |= after < size;
	text = mend_octets(octets + begin, end - begin, &length, mended);
	value = parse_mended(text, length, mended, err);
	free(text);
	return value;
}
