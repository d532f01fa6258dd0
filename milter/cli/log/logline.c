/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/logline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

/* Before the text of RFC 5424 that is UTF-8 */
#define BOM "\xef\xbb\xbf"

/* A word before the time, the time's own three, a host, the program */
enum { WORDS_MAX = 6 };

bool
logline_copy(char *to, size_t size, const char *s, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, s, length);
	to[length] = '\0';
	return true;
}

static bool
is_id_octet(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* "NAME[PID]:" or "NAME:" */
static bool
read_program(const char *word, size_t length, struct logline *out)
{
	size_t name = 0;

	if (length < 2 || word[length - 1] != ':')
		return false;
	while (is_id_octet(word[name]) || word[name] == '/')
		name++;
	if (name == 0 || !isalpha((unsigned char)word[0]) ||
	    (word[name] == '[' ? word[length - 2] != ']' : name != length - 1))
		return false;
	out->pid[0] = '\0';
	if (word[name] == '[')
		text_escape(out->pid, sizeof(out->pid), word + name + 1,
		    length - name - 3);
	return logline_copy(out->program, sizeof(out->program), word, name);
}

/* Whether a word may be part of a time: "Sun", "Nov", "22", "07:48:36". */
static bool
is_time_part(const char *word, size_t length)
{
	static const char names[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct "
				    "Nov Dec Mon Tue Wed Thu Fri Sat Sun ";
	char name[5] = "";

	if (isdigit((unsigned char)word[0]))
		return strspn(word, "0123456789:.,+-TZ") >= length;
	if (length != 3 || !isalpha((unsigned char)word[0]))
		return false;
	snprintf(name, sizeof(name), "%.3s ", word);
	return strstr(names, name) != NULL;
}

/* The first words in a row that are a time, up to the one with the hours; a
 * host may look like a number. */
static void
read_when(const char *const words[], const size_t lengths[], size_t count,
    struct logline *out)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		size_t room = sizeof(out->when) - used;

		if (!is_time_part(words[i], lengths[i]) ||
		    lengths[i] + 2 > room) {
			used = 0;
			continue;
		}
		if (used > 0)
			out->when[used++] = ' ';
		memcpy(out->when + used, words[i], lengths[i]);
		used += lengths[i];
		out->when[used] = '\0';
		if (memchr(words[i], ':', lengths[i]) != NULL)
			return;
	}
	out->when[0] = '\0';
}

/* Whether a word is that part of a time that has the hours. */
static bool
has_hours(const char *word, size_t length)
{
	return length > 2 && memchr(word, ':', length - 1) != NULL &&
	       is_time_part(word, length);
}

/* A program stands right behind the time or behind a host: what comes later is
 * what another wrote, and so is what follows a word with a ":" that is none. */
static bool
read_classic(const char *line, struct logline *out)
{
	const char *words[WORDS_MAX];
	size_t lengths[WORDS_MAX], last = WORDS_MAX;

	for (size_t count = 0; count < last; count++) {
		line += strspn(line, " ");
		words[count] = line;
		lengths[count] = strcspn(line, " ");
		line += lengths[count];
		if (!read_program(words[count], lengths[count], out)) {
			if (has_hours(words[count], lengths[count]))
				last = count + 3 < last ? count + 3 : last;
			else if (lengths[count] > 0 && line[-1] == ':')
				return false;
			continue;
		}
		out->text = line + strspn(line, " ");
		read_when(words, lengths, count, out);
		return true;
	}
	return false;
}

/* Past "<22>", what RFC 5424 and RFC 3164 have first. */
static const char *
skip_priority(const char *line)
{
	size_t digits = line[0] == '<' ? strspn(line + 1, "0123456789") : 0;

	return digits > 0 && digits <= 3 && line[1 + digits] == '>'
		   ? line + digits + 2
		   : line;
}

/* Past the structured data of RFC 5424: "-", or "[ID NAME="VALUE"]..."; NULL if
 * it has no end. */
static const char *
skip_data(const char *at)
{
	if (*at == '-')
		return at + 1;
	while (*at == '[') {
		bool quoted = false;

		for (; *at != '\0' && (quoted || *at != ']'); at++) {
			if (*at == '"')
				quoted = !quoted;
			else if (*at == '\\' && at[1] != '\0')
				at++;
		}
		if (*at == '\0')
			return NULL;
		at++;
	}
	return at;
}

/* RFC 5424 section 6: "1 TIME HOST PROGRAM PID MSGID DATA MSG" */
static bool
read_structured(const char *line, struct logline *out)
{
	enum { WHEN, HOST, PROGRAM, PID, MSGID, WORDS };
	const char *words[WORDS], *at = line + 2;
	size_t lengths[WORDS];

	if (strncmp(line, "1 ", 2) != 0 ||
	    !(isdigit((unsigned char)*at) || strncmp(at, "- ", 2) == 0))
		return false;
	for (size_t i = 0; i < WORDS; i++) {
		words[i] = at;
		lengths[i] = strcspn(at, " ");
		at += lengths[i];
		if (*at++ != ' ')
			return false;
	}
	at = skip_data(at);
	if (at == NULL || *at != ' ' ||
	    !logline_copy(out->program, sizeof(out->program), words[PROGRAM],
		lengths[PROGRAM]))
		return false;
	read_when(words, lengths, 1, out);
	text_escape(out->pid, sizeof(out->pid), words[PID], lengths[PID]);
	at += strspn(at, " ");
	out->text = at + (strncmp(at, BOM, strlen(BOM)) == 0 ? strlen(BOM) : 0);
	return true;
}

static void
read_id(struct logline *out)
{
	size_t length = 0;

	out->id[0] = '\0';
	while (is_id_octet(out->text[length]))
		length++;
	if (length > 0 && strncmp(out->text + length, ": ", 2) == 0 &&
	    logline_copy(out->id, sizeof(out->id), out->text, length))
		out->text += length + 2;
}

bool
logline_read(const char *line, struct logline *out)
{
	char when[LOGLINE_WHEN_SIZE];

	line = skip_priority(logframe_open(line, when, out->room));
	if (!read_structured(line, out) && !read_classic(line, out))
		return false;
	read_id(out);
	if (out->when[0] == '\0')
		text_copy(out->when, sizeof(out->when), when);
	return true;
}

bool
logline_parse(const char *line, struct logline *out)
{
	return logline_read(line, out) && out->id[0] != '\0';
}

/* --- times --- */

/* Past a fraction of a second. */
static const char *
skip_fraction(const char *at)
{
	return *at == '.' || *at == ',' ? at + 1 + strspn(at + 1, "0123456789")
					: at;
}

/* "2026-11-22T07:48:36.123+01:00", with a blank for the T, with no zone */
static bool
read_dated(const char *when, time_t *out)
{
	struct tm tm = {.tm_isdst = -1}, zone = {.tm_isdst = 0};
	const char *at = strptime(when, "%Y-%m-%d", &tm);

	if (at == NULL || (*at != 'T' && *at != ' '))
		return false;
	at = strptime(at + 1, "%H:%M:%S", &tm);
	if (at == NULL)
		return false;
	at = skip_fraction(at);
	if (*at == '\0') {
		*out = mktime(&tm);
		return true;
	}
	if (strptime(at, "%z", &zone) == NULL)
		return false;
	*out = timegm(&tm) - zone.tm_gmtoff;
	return true;
}

/* "Nov 22 07:48:36" */
static bool
read_yearless(const char *when, time_t now, time_t *out)
{
	struct tm tm, at = {.tm_isdst = -1};

	if (localtime_r(&now, &tm) == NULL ||
	    strptime(when, "%b %d %H:%M:%S", &at) == NULL)
		return false;
	at.tm_year = tm.tm_year;
	tm = at;
	*out = mktime(&tm);
	if (*out > now + CLOCK_DAY_S) {
		at.tm_year--;
		*out = mktime(&at);
	}
	return true;
}

bool
logline_time(const char *when, time_t now, time_t *out)
{
	return read_dated(when, out) || read_yearless(when, now, out);
}

bool
logline_value(const char *text, const char *key, char *to, size_t size)
{
	size_t length = strlen(key);

	for (const char *at = text; *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word > length && strncmp(at, key, length) == 0 &&
		    at[length] == '=') {
			text_escape(
			    to, size, at + length + 1, word - length - 1);
			return true;
		}
		at += word;
		at += strspn(at, " ");
	}
	to[0] = '\0';
	return false;
}

/* The first of a key counts, as above. */
static void
take_value_of(
    const char *word, size_t length, struct logline_key *keys, size_t count)
{
	const char *equals = memchr(word, '=', length);
	size_t name = equals == NULL ? 0 : (size_t)(equals - word);

	for (size_t i = 0; i < count && equals != NULL; i++) {
		if (keys[i].to == NULL || keys[i].name[0] != word[0] ||
		    strncmp(keys[i].name, word, name) != 0 ||
		    keys[i].name[name] != '\0')
			continue;
		text_escape(
		    keys[i].to, keys[i].size, equals + 1, length - name - 1);
		keys[i].to = NULL;
		return;
	}
}

void
logline_values(const char *text, struct logline_key *keys, size_t count)
{
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		take_value_of(text, length, keys, count);
		text += length;
		text += strspn(text, " ");
	}
}
