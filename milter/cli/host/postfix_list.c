/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/postfix_list.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"

#define SPACE " \t\r\n"
#define SEPARATORS "," SPACE

static bool
is_separator(char c)
{
	return c != '\0' && strchr(SEPARATORS, c) != NULL;
}

/* Up to a separator that is in no braces, or to the end: false when a brace is
 * still open there.  Text is not terminated at end. */
static bool
cut_list_word(const char **at, const char *end, struct postfix_word *word)
{
	const char *s = *at;
	int level = 0;

	while (s < end && is_separator(*s))
		s++;
	word->text = s;
	for (; s < end && (level > 0 || !is_separator(*s)); s++)
		if (*s == '{')
			level++;
		else if (*s == '}' && level > 0)
			level--;
	word->length = (size_t)(s - word->text);
	*at = s;
	return level == 0;
}

/* What is between a brace at the start and the one that closes it, which must
 * be at the end. */
static bool
open_braces(const struct postfix_word *word, struct postfix_word *inner)
{
	int level = 0;
	size_t i;

	for (i = 0; i < word->length; i++) {
		if (word->text[i] == '{')
			level++;
		else if (word->text[i] == '}' && --level == 0)
			break;
	}
	if (i + 1 != word->length)
		return false;
	inner->text = word->text + 1;
	inner->length = word->length - 2;
	return true;
}

enum postfix_list
postfix_list_next(const char **at, struct postfix_milter *milter)
{
	const char *end = *at + strlen(*at);
	struct postfix_word inner;
	const char *rest;

	if (!cut_list_word(at, end, &milter->whole))
		return POSTFIX_LIST_BROKEN;
	if (milter->whole.length == 0)
		return POSTFIX_LIST_END;
	milter->address = milter->whole;
	milter->attributes = (struct postfix_word){*at, 0};
	if (milter->whole.text[0] != '{')
		return POSTFIX_LIST_MILTER;
	if (!open_braces(&milter->whole, &inner))
		return POSTFIX_LIST_BROKEN;
	rest = inner.text;
	if (!cut_list_word(
		&rest, inner.text + inner.length, &milter->address) ||
	    milter->address.length == 0)
		return POSTFIX_LIST_BROKEN;
	milter->attributes.text = rest;
	milter->attributes.length = (size_t)(inner.text + inner.length - rest);
	return POSTFIX_LIST_MILTER;
}

int
postfix_list_count(const char *list)
{
	struct postfix_milter milter;
	enum postfix_list step;
	int count = 0;

	while (
	    (step = postfix_list_next(&list, &milter)) == POSTFIX_LIST_MILTER)
		count++;
	return step == POSTFIX_LIST_END ? count : -1;
}

bool
postfix_word_is(const struct postfix_word *word, const char *text)
{
	return strlen(text) == word->length &&
	       memcmp(word->text, text, word->length) == 0;
}

static void
trim_word(struct postfix_word *word)
{
	while (word->length > 0 && strchr(SPACE, word->text[0]) != NULL) {
		word->text++;
		word->length--;
	}
	while (word->length > 0 &&
	       strchr(SPACE, word->text[word->length - 1]) != NULL)
		word->length--;
}

/* "name=value" or "{ name = value }" */
static bool
split_attribute(const struct postfix_word *word, struct postfix_word *name,
    struct postfix_word *value)
{
	struct postfix_word inner = *word;
	const char *equals;

	if (word->text[0] == '{' && !open_braces(word, &inner))
		return false;
	equals = memchr(inner.text, '=', inner.length);
	if (equals == NULL)
		return false;
	name->text = inner.text;
	name->length = (size_t)(equals - inner.text);
	value->text = equals + 1;
	value->length = inner.length - name->length - 1;
	trim_word(name);
	trim_word(value);
	return name->length > 0;
}

static bool
is_known(const struct postfix_word *name)
{
	static const char *const known[] = {"connect_timeout",
	    "command_timeout", "content_timeout", "protocol", "default_action"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (postfix_word_is(name, known[i]))
			return true;
	return false;
}

enum postfix_attribute
postfix_list_attribute(const struct postfix_milter *milter, const char *name,
    struct postfix_word *value)
{
	const char *at = milter->attributes.text;
	const char *end = at + milter->attributes.length;
	enum postfix_attribute found = POSTFIX_ATTRIBUTE_ABSENT;
	struct postfix_word word, key, its;

	while (cut_list_word(&at, end, &word)) {
		if (word.length == 0)
			return found;
		if (!split_attribute(&word, &key, &its) || !is_known(&key))
			return POSTFIX_ATTRIBUTE_UNKNOWN;
		if (!postfix_word_is(&key, name))
			continue;
		*value = its;
		found = POSTFIX_ATTRIBUTE_SET;
	}
	return POSTFIX_ATTRIBUTE_UNKNOWN;
}

/* --- changes --- */

static void
add_word(struct text *text, const struct postfix_word *word)
{
	text_addf(text, "%.*s", (int)word->length, word->text);
}

char *
postfix_list_add(const char *list, const char *milter)
{
	size_t size = strlen(list) + strlen(milter) + sizeof(", ");
	char *changed = xmalloc(size);
	bool empty = list[strspn(list, SEPARATORS)] == '\0';

	if (empty)
		snprintf(changed, size, "%s", milter);
	else
		snprintf(changed, size, "%s, %s", list, milter);
	return changed;
}

/* A copy of the attributes but those of a name. */
static void
add_others(
    struct text *text, const struct postfix_word *attributes, const char *name)
{
	const char *at = attributes->text;
	const char *end = at + attributes->length;
	struct postfix_word word, key, value;

	while (cut_list_word(&at, end, &word) && word.length > 0) {
		if (split_attribute(&word, &key, &value) &&
		    postfix_word_is(&key, name))
			continue;
		text_add(text, ", ");
		add_word(text, &word);
	}
}

static bool
has_braces(const struct postfix_word *word)
{
	return memchr(word->text, '{', word->length) != NULL ||
	       memchr(word->text, '}', word->length) != NULL;
}

char *
postfix_list_set(const char *list, const struct postfix_milter *milter,
    const char *name, const char *value)
{
	size_t size =
	    2 * strlen(list) + strlen(name) + strlen(value) + sizeof("{ , = }");
	char *changed;
	struct text text;

	if (has_braces(&milter->address))
		return NULL;
	changed = xmalloc(size);
	text_init(&text, changed, size);
	add_word(&text,
	    &(struct postfix_word){list, (size_t)(milter->whole.text - list)});
	text_add(&text, "{ ");
	add_word(&text, &milter->address);
	add_others(&text, &milter->attributes, name);
	text_addf(&text, ", %s=%s }%s", name, value,
	    milter->whole.text + milter->whole.length);
	return changed;
}

char *
postfix_list_move(
    const char *list, const struct postfix_milter *milter, const char *address)
{
	size_t size = strlen(list) + strlen(address) + 1;
	char *changed = xmalloc(size);

	snprintf(changed, size, "%.*s%s%s", (int)(milter->address.text - list),
	    list, address, milter->address.text + milter->address.length);
	return changed;
}

static bool
has_space(const struct postfix_word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (is_separator(word->text[i]))
			return true;
	return false;
}

/* Attributes, each after a comma. */
static bool
add_dense(struct text *text, const struct postfix_word *attributes)
{
	const char *at = attributes->text;
	const char *end = at + attributes->length;
	struct postfix_word word, key, value;

	while (cut_list_word(&at, end, &word)) {
		if (word.length == 0)
			return true;
		text_add(text, ",");
		if (!has_space(&word)) {
			add_word(text, &word);
			continue;
		}
		if (word.text[0] != '{' ||
		    !split_attribute(&word, &key, &value) || has_space(&key) ||
		    has_space(&value))
			return false;
		add_word(text, &key);
		text_add(text, "=");
		add_word(text, &value);
	}
	return false;
}

char *
postfix_list_dense(const char *list)
{
	size_t size = 2 * strlen(list) + 1;
	char *dense = xmalloc(size);
	struct postfix_milter milter;
	enum postfix_list step;
	bool can = true;
	struct text text;

	text_init(&text, dense, size);
	while (can && (step = postfix_list_next(&list, &milter)) ==
			  POSTFIX_LIST_MILTER) {
		bool braces = milter.whole.text[0] == '{';

		text_add(&text, text.len == 0 ? "" : ",");
		text_add(&text, braces ? "{" : "");
		add_word(&text, &milter.address);
		can = !has_space(&milter.address) &&
		      add_dense(&text, &milter.attributes);
		text_add(&text, braces ? "}" : "");
	}
	if (can && step == POSTFIX_LIST_END)
		return dense;
	free(dense);
	return NULL;
}

/* --- values --- */

static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return 1000;
	case 'm':
		return 60 * 1000LL;
	case 'h':
		return 60 * 60LL * 1000;
	case 'd':
		return 24 * 60LL * 60 * 1000;
	case 'w':
		return 7 * 24LL * 60 * 60 * 1000;
	default:
		return 0;
	}
}

int
postfix_time_ms(const struct postfix_word *word)
{
	int64_t number = 0;
	size_t i;

	for (i = 0; i < word->length && number < INT_MAX &&
		    word->text[i] >= '0' && word->text[i] <= '9';
	     i++)
		number = 10 * number + (word->text[i] - '0');
	if (i == 0 || i + 1 < word->length)
		return -1;
	if (number > INT_MAX)
		return -1;
	number *= i == word->length ? 1000 : unit_ms(word->text[i]);
	return number > 0 && number <= INT_MAX ? (int)number : -1;
}
