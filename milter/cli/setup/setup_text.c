/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/setup/setup_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"

#define SPACE " \t\r"

/* The line after this one, or its end. */
static const char *
behind_line(const char *at)
{
	at += strcspn(at, "\n");
	return at + (*at == '\n');
}

/* Whether a line begins with the word and white space. */
static bool
begins_line(const char *line, const char *word)
{
	size_t length = strlen(word);

	return strncasecmp(line, word, length) == 0 &&
	       strchr(SPACE "\n", line[length]) != NULL;
}

/* The text with the octets from cut to rest replaced. */
static char *
put_between(
    const char *text, const char *cut, const char *rest, const char *middle)
{
	size_t size = strlen(text) + strlen(middle) + 1;
	char *made = xmalloc(size);

	snprintf(made, size, "%.*s%s%s", (int)(cut - text), text, middle, rest);
	return made;
}

/* --- postern.conf --- */

static const char *
find_conf_line(const char *text, const char *keyword)
{
	for (const char *at = text; *at != '\0'; at = behind_line(at))
		if (begins_line(at + strspn(at, SPACE), keyword))
			return at;
	return NULL;
}

bool
setup_conf_has(const char *text, const char *keyword)
{
	return find_conf_line(text, keyword) != NULL;
}

/* Behind the line that has its default as a comment, or at the end. */
static const char *
find_text_place(const char *text, const char *keyword)
{
	for (const char *at = text; *at != '\0'; at = behind_line(at))
		if (at[0] == '#' && begins_line(at + 1, keyword))
			return behind_line(at);
	return text + strlen(text);
}

char *
setup_conf_set(const char *text, const char *keyword, const char *value)
{
	const char *at = find_conf_line(text, keyword);
	const char *rest = at == NULL ? NULL : behind_line(at);
	char *line, *made;
	size_t size;

	if (value == NULL)
		return at == NULL ? xstrdup(text)
				  : put_between(text, at, rest, "");
	if (at == NULL)
		at = rest = find_text_place(text, keyword);
	size = strlen(keyword) + strlen(value) + 4;
	line = xmalloc(size);
	snprintf(line, size, "%s%s %s\n",
	    at > text && at[-1] != '\n' ? "\n" : "", keyword, value);
	made = put_between(text, at, rest, line);
	free(line);
	return made;
}

/* --- units --- */

/* The value of "KEY=value" in a line, or NULL. */
static const char *
unit_value(const char *line, const char *key)
{
	size_t length = strlen(key);

	line += strspn(line, SPACE);
	if (strncmp(line, key, length) != 0)
		return NULL;
	line += length;
	line += strspn(line, SPACE);
	return *line == '=' ? line + 1 + strspn(line + 1, SPACE) : NULL;
}

/* Whether a word of a list is what is looked for. */
typedef bool unit_match(const char *word, size_t length, const void *wanted);

/* An empty value takes back what was there before it. */
static bool
find_in_lists(
    const char *text, const char *key, unit_match *matches, const void *wanted)
{
	bool found = false;

	for (; *text != '\0'; text = behind_line(text)) {
		const char *at = unit_value(text, key);

		if (at == NULL)
			continue;
		if (*at == '\n' || *at == '\0')
			found = false;
		while (*at != '\n' && *at != '\0') {
			size_t length = strcspn(at, SPACE "\n");

			found |= matches(at, length, wanted);
			at += length;
			at += strspn(at, SPACE);
		}
	}
	return found;
}

static bool
is_the_word(const char *word, size_t length, const void *wanted)
{
	return length == strlen(wanted) && memcmp(word, wanted, length) == 0;
}

bool
setup_unit_has(const char *text, const char *key, const char *word)
{
	return find_in_lists(text, key, is_the_word, word);
}

/* systemd.exec(5): "-" may be missing, "+" below RootDirectory= */
static bool
is_at_or_above(const char *word, size_t length, const void *wanted)
{
	const char *path = wanted;

	while (length > 0 && (*word == '-' || *word == '+')) {
		word++;
		length--;
	}
	while (length > 1 && word[length - 1] == '/')
		length--;
	return length > 0 && strncmp(path, word, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/' || length == 1);
}

/* Only "strict" takes away what is neither system nor configuration. */
static bool
forbids_writing(const char *text)
{
	bool strict = false;

	for (; *text != '\0'; text = behind_line(text)) {
		const char *value = unit_value(text, "ProtectSystem");

		if (value != NULL)
			strict = begins_line(value, "strict");
	}
	return strict;
}

bool
setup_unit_may_write(const char *text, const char *path)
{
	return !forbids_writing(text) ||
	       find_in_lists(text, "ReadWritePaths", is_at_or_above, path);
}

/* --- sendmail.mc --- */

static bool
begins_call(const char *line, const char *name)
{
	size_t length = strlen(name);

	line += strspn(line, SPACE);
	return strncmp(line, name, length) == 0 &&
	       (line[length] == '(' || strcmp(name, "MAILER_DEFINITIONS") == 0);
}

/* The first mailer; every filter must be before it. */
char *
setup_mc_insert(const char *text, const char *lines)
{
	const char *place = NULL;

	for (const char *at = text; *at != '\0'; at = behind_line(at)) {
		bool filter = begins_call(at, "INPUT_MAIL_FILTER") ||
			      begins_call(at, "MAIL_FILTER");

		if (place == NULL && (begins_call(at, "MAILER") ||
					 begins_call(at, "MAILER_DEFINITIONS")))
			place = at;
		if (place != NULL && filter)
			return NULL;
	}
	return place == NULL ? NULL : put_between(text, place, place, lines);
}

/* --- sendmail.cf --- */

/* The next line at or after at that is neither comment nor empty. */
static const char *
cf_line(const char *at)
{
	while (*at == '#' || *at == '\n')
		at = behind_line(at);
	return at;
}

static bool
is_same_line(const char *a, const char *b)
{
	size_t length = strcspn(a, "\n");

	return length == strcspn(b, "\n") && memcmp(a, b, length) == 0;
}

bool
setup_cf_same(const char *a, const char *b)
{
	for (a = cf_line(a), b = cf_line(b); *a != '\0' && *b != '\0';
	     a = cf_line(behind_line(a)), b = cf_line(behind_line(b)))
		if (!is_same_line(a, b))
			return false;
	return *a == *b;
}

#define FILTERS "O InputMailFilters="

/* What a line of after has more than the one of before: our filter. */
static bool
is_longer_list(const char *before, const char *after, const char *name)
{
	size_t length = strcspn(before, "\n");
	const char *more = after + length;

	if (strncmp(before, FILTERS, sizeof(FILTERS) - 1) != 0 ||
	    strncmp(before, after, length) != 0 || *more != ',')
		return false;
	more += 1 + strspn(more + 1, SPACE);
	return strncmp(more, name, strlen(name)) == 0 &&
	       strcspn(more, "\n") == strlen(name);
}

/* What goes with any filter: who has none, has none of it. */
#define MACROS "O Milter."

/* A line that before does not have: the filter itself; and where it is the
 * first, the list and what goes with it. */
static bool
is_our_line(const char *line, const char *name, unsigned *seen)
{
	char filter[80], list[120];

	snprintf(filter, sizeof(filter), "X%s,", name);
	snprintf(list, sizeof(list), FILTERS "%s", name);
	if (strncmp(line, filter, strlen(filter)) == 0)
		*seen |= 1;
	else if (is_same_line(line, list))
		*seen |= 2;
	else
		return (*seen & 2) != 0 &&
		       strncmp(line, MACROS, sizeof(MACROS) - 1) == 0;
	return true;
}

bool
setup_cf_adds(const char *before, const char *after, const char *name)
{
	unsigned seen = 0; /* 1: the filter, 2: a new list, 4: a longer one */

	before = cf_line(before);
	after = cf_line(after);
	while (*after != '\0') {
		if (*before != '\0' && is_same_line(before, after)) {
			before = cf_line(behind_line(before));
		} else if (*before != '\0' &&
			   is_longer_list(before, after, name)) {
			seen |= 4;
			before = cf_line(behind_line(before));
		} else if (!is_our_line(after, name, &seen)) {
			return false;
		}
		after = cf_line(behind_line(after));
	}
	return *before == '\0' && (seen == 3 || seen == 5);
}
