/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_record.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"

static const char version[] = "v=STSv1";

enum { MAX_EXTENSION_NAME = 32 };

/* What is left of a record. */
struct cursor {
	const char *at;
	const char *end;
};

/* sts-ext-name, behind its first octet */
static bool
is_extension_octet(char c)
{
	return text_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* sts-ext-value: %x21-3A / %x3C / %x3E-7E, all printable but SP ";" "=" */
static bool
is_value_octet(char c)
{
	return c > ' ' && c <= '~' && c != ';' && c != '=';
}

static void
skip_space(struct cursor *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
		in->at++;
}

/* *WSP ";" *WSP */
static bool
take_delimiter(struct cursor *in)
{
	skip_space(in);
	if (in->at == in->end || *in->at != ';')
		return false;
	in->at++;
	skip_space(in);
	return true;
}

static size_t
take_run(struct cursor *in, bool (*belongs)(char))
{
	const char *begin = in->at;

	while (in->at < in->end && belongs(*in->at))
		in->at++;
	return (size_t)(in->at - begin);
}

/* sts-id: 1*32(ALPHA / DIGIT) */
static bool
is_sts_id(const char *value, size_t length)
{
	if (length == 0 || length > LIMIT_STS_ID)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!text_is_alnum(value[i]))
			return false;
	return true;
}

/*
 * One sts-field.  The ABNF lets "id=2026-01-01" pass as an extension named
 * "id"; the prose does not: "id" is the id.  Of several the first counts and
 * the others need only be well formed.  Gives the rule broken, or NULL.
 */
static const char *
take_sts_field(struct cursor *in, struct sts_record *record)
{
	const char *name = in->at;
	const char *value;
	size_t name_length = take_run(in, is_extension_octet);
	size_t length;

	if (name_length == 0 || name_length > MAX_EXTENSION_NAME ||
	    !text_is_alnum(name[0]))
		return "field name";
	if (in->at == in->end || *in->at != '=')
		return "field without \"=\"";
	value = ++in->at;
	length = take_run(in, is_value_octet);
	if (length == 0)
		return "field value";
	if (name_length != 2 || memcmp(name, "id", 2) != 0 ||
	    record->id[0] != '\0')
		return NULL;
	if (!is_sts_id(value, length))
		return "id is not 1 to 32 letters and digits";
	memcpy(record->id, value, length);
	record->id[length] = '\0';
	return NULL;
}

/* The first mistake stays; all are told to whom they are wanted by. */
static void
add_mistake(
    struct sts_record *record, const char *why, sts_mistake *each, void *arg)
{
	if (record->why[0] == '\0')
		record->why = why;
	if (each != NULL)
		each(arg, why);
}

/* To the delimiter of the next field, past one that is wrong. */
static void
skip_field(struct cursor *in)
{
	while (in->at < in->end && *in->at != ';')
		in->at++;
}

/* 1*(*WSP ";" *WSP sts-field) [*WSP ";" *WSP], in is behind the version. */
static void
take_fields(
    struct cursor *in, struct sts_record *record, sts_mistake *each, void *arg)
{
	bool bad_id = false;

	while (in->at < in->end && (each != NULL || record->why[0] == '\0')) {
		const char *why = "no \";\" behind a field";
		bool id = false;

		if (take_delimiter(in)) {
			if (in->at == in->end)
				break;
			id = in->end - in->at >= 2 &&
			     memcmp(in->at, "id", 2) == 0;
			why = take_sts_field(in, record);
		}
		if (why == NULL)
			continue;
		bad_id |= id;
		add_mistake(record, why, each, arg);
		skip_field(in);
	}
	if (record->id[0] == '\0' && !bad_id)
		add_mistake(record, "no id", each, arg);
}

/*
 * RFC 8461 section 3.1: "If any TXT record does not begin with v=STSv1; it is
 * discarded".  The ABNF allows white space before that ";".
 */
static bool
announces_sts(const struct sts_txt *txt, struct cursor *in)
{
	const size_t length = sizeof(version) - 1;
	struct cursor behind;

	if (txt->length < length || memcmp(txt->data, version, length) != 0)
		return false;
	in->at = txt->data + length;
	in->end = txt->data + txt->length;
	behind = *in;
	return take_delimiter(&behind);
}

/* What makes a record, that was meant to be one, none: "". */
static const char *
near_miss(const struct sts_txt *txt)
{
	const size_t length = sizeof(version) - 1;
	const char *found = memmem(txt->data, txt->length, version, length);

	if (found == txt->data)
		return "no \";\" behind v=STSv1";
	if (found != NULL && found - txt->data <= 4)
		return "white space, a quote or a byte order mark stands "
		       "before v=STSv1";
	if (txt->length >= length &&
	    strncasecmp(txt->data, version, length) == 0)
		return "v=STSv1 is written in other letters: case counts";
	return "";
}

static struct sts_record
read_sts_records(
    const struct sts_txt *records, size_t count, sts_mistake *each, void *arg)
{
	struct sts_record found = {STS_RECORD_ABSENT, "", ""};
	struct cursor in = {NULL, NULL};
	struct cursor candidate;
	size_t candidates = 0;

	for (size_t i = 0; i < count; i++) {
		if (!announces_sts(&records[i], &candidate))
			continue;
		in = candidate;
		candidates++;
	}
	for (size_t i = 0; candidates == 0 && i < count; i++) {
		const char *why = near_miss(&records[i]);

		if (why[0] != '\0')
			add_mistake(&found, why, each, arg);
	}
	if (candidates == 0)
		return found;
	if (candidates > 1) {
		found.outcome = STS_RECORD_MANY;
		add_mistake(&found, "more than one v=STSv1 record", each, arg);
		return found;
	}
	take_fields(&in, &found, each, arg);
	found.outcome =
	    found.why[0] == '\0' ? STS_RECORD_VALID : STS_RECORD_INVALID;
	if (found.outcome == STS_RECORD_INVALID)
		found.id[0] = '\0';
	return found;
}

struct sts_record
sts_record_select(const struct sts_txt *records, size_t count)
{
	return read_sts_records(records, count, NULL, NULL);
}

struct sts_record
sts_record_lint(
    const struct sts_txt *records, size_t count, sts_mistake *each, void *arg)
{
	return read_sts_records(records, count, each, arg);
}
