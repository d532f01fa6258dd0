/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/tag.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/header_field.h"

enum {
	MORE_MAX = 99999, /* 1*5DIGIT */

	/* An authserv-id, and as many items as there may be, each a name and
	 * three words */
	TAG_SIZE = (LIMIT_TAG_ITEMS + 2) * (LIMIT_DOMAIN + 80),
};

/* Each message has one: printf(3) would be most of its cost. */
static void
add_parts(struct text *text, const char *const parts[])
{
	for (size_t i = 0; parts[i] != NULL; i++)
		text_add(text, parts[i]);
}

char *
tag_print(const struct tag *tag)
{
	char value[TAG_SIZE];
	struct text text;
	size_t shown =
	    tag->count < LIMIT_TAG_ITEMS ? tag->count : LIMIT_TAG_ITEMS;
	size_t more = tag->count - shown;

	text_init(&text, value, sizeof(value));
	add_parts(&text, (const char *const[]){tag->authserv_id,
			     "; v=1; result=", result_text(tag->result),
			     "; action=", action_text(tag->action),
			     "; id=", tag->queue_id, NULL});
	for (size_t i = 0; i < shown; i++) {
		const struct verdict *verdict = tag->items[i].verdict;

		add_parts(
		    &text, (const char *const[]){";\n d=", tag->items[i].domain,
			       "/", result_text(verdict->result), "/",
			       policy_type_text(verdict->policy), "/",
			       reason_text(verdict->reason), NULL});
	}
	if (more > 0)
		text_addf(
		    &text, ";\n more=%zu", more < MORE_MAX ? more : MORE_MAX);
	return xstrdup(value);
}

static bool
is_queue_id_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

void
tag_queue_id(char out[TAG_QUEUE_ID_SIZE], const char *text)
{
	if (text == NULL || text[0] == '\0')
		text = "NOQUEUE";
	text_copy(out, TAG_QUEUE_ID_SIZE, text);
	for (; *out != '\0'; out++)
		if (!is_queue_id_octet(*out))
			*out = '-';
}

static char
lower_octet(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Of nearly all fields the first octet tells. */
bool
tag_is_field(const char *field_name, const char *name)
{
	for (; *name != '\0'; name++, field_name++)
		if (lower_octet(*field_name) != lower_octet(*name))
			return false;
	return *field_name == '\0' || *field_name == ' ' || *field_name == '\t';
}

bool
tag_is_recipients(const char *field_name)
{
	static const char *const names[] = {
	    "To", "Cc", "Resent-To", "Resent-Cc"};
	char first = lower_octet(field_name[0]);

	if (first != 't' && first != 'c' && first != 'r')
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tag_is_field(field_name, names[i]))
			return true;
	return false;
}

/* One reading of a value: what was gathered of the address at hand. */
struct reading {
	tag_found *found;
	void *arg;
	bool in_angle; /* between "<" and ">" */
	bool closed;   /* past ">": the rest is no address */
	bool after_at; /* in a domain */
	bool gap;      /* white space or a comment in the domain */
	bool overflow;
	size_t length;
	char domain[LIMIT_RAW_DOMAIN_SIZE];
};

static void
drop_token(struct reading *reading)
{
	reading->after_at = false;
	reading->gap = false;
	reading->overflow = false;
	reading->length = 0;
}

static void
flush_token(struct reading *reading)
{
	reading->domain[reading->length] = '\0';
	if (reading->after_at && reading->length > 0 && !reading->overflow &&
	    !reading->closed)
		reading->found(reading->arg, reading->domain);
	drop_token(reading);
}

static void
add_octet(struct reading *reading, char c)
{
	if (!reading->after_at)
		return;
	/* RFC 5322 section 4.4: white space may stand around a dot only */
	if (reading->gap && reading->length > 0 && c != '.' &&
	    reading->domain[reading->length - 1] != '.') {
		flush_token(reading);
		return;
	}
	reading->gap = false;
	if (reading->length + 1 < sizeof(reading->domain))
		reading->domain[reading->length++] = c;
	else
		reading->overflow = true;
}

/* The first octet behind a quoted string that begins at s. */
static const char *
skip_quoted(const char *s)
{
	for (s++; *s != '\0' && *s != '"'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return *s == '\0' ? s : s + 1;
}

static const char *
read_literal(struct reading *reading, const char *s)
{
	for (; *s != '\0' && *s != ']'; s++)
		add_octet(reading, *s);
	if (*s == '\0')
		return s;
	add_octet(reading, ']');
	return s + 1;
}

/* An octet that has a meaning by itself, or is a part of an atom. */
static void
read_octet(struct reading *reading, char c)
{
	switch (c) {
	case '<':
		drop_token(reading);
		reading->in_angle = true;
		break;
	case '>':
		flush_token(reading);
		reading->in_angle = false;
		reading->closed = true;
		break;
	case '@':
		drop_token(reading);
		reading->after_at = true;
		break;
	case ',':
	case ';':
	case ':':
		/* within "<>" they belong to a route, which is no recipient;
		 * a ":" outside ends the name of a group */
		if (reading->in_angle || c == ':')
			drop_token(reading);
		else
			flush_token(reading);
		if (!reading->in_angle)
			reading->closed = false;
		break;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		reading->gap = true;
		break;
	default:
		add_octet(reading, c);
		break;
	}
}

void
tag_each_domain(const char *value, tag_found *found, void *arg)
{
	struct reading reading = {.found = found, .arg = arg};

	while (*value != '\0') {
		if (*value == '"') {
			drop_token(&reading);
			value = skip_quoted(value);
		} else if (*value == '(') {
			reading.gap = true;
			value = header_field_comment(value);
		} else if (*value == '[') {
			value = read_literal(&reading, value);
		} else {
			read_octet(&reading, *value++);
		}
	}
	flush_token(&reading);
}
