/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/authres.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"
#include "common/proto/header_field.h"

/* Separators inside of what was quoted stand for themselves. */
static const char quoted_separator = '\x01';

/* Without quotes, to the end of a quoted string. */
static const char *
copy_quoted(const char *s, char **out)
{
	for (s++; *s != '\0' && *s != '"'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		*(*out)++ =
		    (char)(strchr(" \t\r\n;=", *s) != NULL ? quoted_separator
							   : *s);
	}
	return *s == '"' ? s + 1 : s;
}

/* The value with blanks for comments, no quotes, and no blank around "=". */
static char *
plain_value(const char *value)
{
	char *copy = xmalloc(strlen(value) + 1), *out = copy;

	while (*value != '\0') {
		if (*value == '(') {
			value = header_field_comment(value);
			*out++ = ' ';
		} else if (*value == '"') {
			value = copy_quoted(value, &out);
		} else {
			*out++ = *value++;
		}
	}
	*out = '\0';
	return copy;
}

/* The next word of words: what stands between blanks and "=", which is a word
 * of its own; NULL at the end. */
static char *
take_token(char **rest, char held[2])
{
	char *word = *rest + strspn(*rest, " \t\r\n");
	size_t length = strcspn(word, " \t\r\n=");

	if (*word == '\0')
		return NULL;
	if (length == 0) {
		*rest = word + 1;
		held[0] = '=';
		held[1] = '\0';
		return held;
	}
	*rest = word + length;
	return word;
}

static bool
word_is(const char *word, size_t length, const char *wanted)
{
	return strlen(wanted) == length &&
	       strncasecmp(word, wanted, length) == 0;
}

/* The domain of "header.d=d.ex", or of "header.i=@d.ex". */
static bool
signs_for(const char *word, size_t length, const char *submitter)
{
	char piece[LIMIT_RAW_DOMAIN_SIZE], domain[LIMIT_DOMAIN_SIZE];
	const char *at = memrchr(word, '@', length);

	if (at != NULL) {
		length -= (size_t)(at + 1 - word);
		word = at + 1;
	}
	if (length == 0 || length >= sizeof(piece))
		return false;
	text_copy(piece, length + 1, word);
	return domain_normalise(piece, domain, NULL) == 0 &&
	       domain_under(submitter, domain);
}

/* "dkim=pass header.d=d.ex ...": words in threes, in any order but the first.
 */
static bool
result_passes(char *result, const char *submitter)
{
	char held[2];
	const char *name = NULL, *word;
	size_t name_length = 0;
	bool first = true, equals = false, signs = false;

	while ((word = take_token(&result, held)) != NULL) {
		size_t length = word == held ? 1 : (size_t)(result - word);

		if (word == held) {
			equals = true;
			continue;
		}
		if (equals && name != NULL) {
			if (first && (!word_is(name, name_length, "dkim") ||
					 !word_is(word, length, "pass")))
				return false;
			first = false;
			if (word_is(name, name_length, "header.d") ||
			    word_is(name, name_length, "header.i"))
				signs |= signs_for(word, length, submitter);
			name = NULL;
		} else {
			name = word;
			name_length = length;
		}
		equals = false;
	}
	return !first && signs;
}

bool
authres_is_of(const char *value, const char *authserv_id)
{
	char *copy = plain_value(value), *rest = copy;
	char *piece = strsep(&rest, ";"), held[2];
	const char *server = take_token(&piece, held);
	bool same = server != NULL && server != held &&
		    word_is(server, (size_t)(piece - server), authserv_id);

	free(copy);
	return same;
}

bool
authres_passed(const char *value, const char *submitter)
{
	char *copy = plain_value(value), *rest = copy, *piece;
	bool passed = false;

	strsep(&rest, ";"); /* the server */
	while (!passed && (piece = strsep(&rest, ";")) != NULL)
		passed = result_passes(piece, submitter);
	free(copy);
	return passed;
}
