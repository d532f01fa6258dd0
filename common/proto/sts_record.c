/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_record.h"

#include <stdbool.h>
#include <string.h>

static const char version[] = "v=STSv1";

enum { MAX_EXTENSION_NAME = 32 };

/* What is left of a record. */
struct cursor {
	const char *at;
	const char *end;
};

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* sts-ext-name, behind its first octet */
static bool
is_name_octet(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
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
is_id(const char *value, size_t length)
{
	if (length == 0 || length > LIMIT_STS_ID)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alnum(value[i]))
			return false;
	return true;
}

/*
 * One sts-field.  The ABNF lets "id=2026-01-01" pass as an extension named
 * "id"; the prose does not: "id" is the id.  Of several the first counts and
 * the others need only be well formed.  Gives the rule broken, or NULL.
 */
static const char *
take_field(struct cursor *in, struct sts_record *record)
{
	const char *name = in->at;
	const char *value;
	size_t name_length = take_run(in, is_name_octet);
	size_t length;

	if (name_length == 0 || name_length > MAX_EXTENSION_NAME ||
	    !is_alnum(name[0]))
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
	if (!is_id(value, length))
		return "id is not 1 to 32 letters and digits";
	memcpy(record->id, value, length);
	record->id[length] = '\0';
	return NULL;
}

/* 1*(*WSP ";" *WSP sts-field) [*WSP ";" *WSP], in is behind the version. */
static const char *
take_fields(struct cursor *in, struct sts_record *record)
{
	const char *why;

	while (in->at < in->end) {
		if (!take_delimiter(in))
			return "no \";\" behind a field";
		if (in->at == in->end)
			break;
		why = take_field(in, record);
		if (why != NULL)
			return why;
	}
	return record->id[0] == '\0' ? "no id" : NULL;
}

/*
 * RFC 8461 section 3.1: "If any TXT record does not begin with v=STSv1; it is
 * discarded".  The ABNF allows white space before that ";".
 */
static bool
announces(const struct sts_txt *txt, struct cursor *in)
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

struct sts_record
sts_record_select(const struct sts_txt *records, size_t count)
{
	struct sts_record found = {STS_RECORD_ABSENT, "", ""};
	struct cursor in = {NULL, NULL};
	struct cursor candidate;
	size_t candidates = 0;
	const char *why;

	for (size_t i = 0; i < count; i++) {
		if (!announces(&records[i], &candidate))
			continue;
		in = candidate;
		candidates++;
	}
	if (candidates == 0)
		return found;
	if (candidates > 1) {
		found.outcome = STS_RECORD_MANY;
		found.why = "more than one v=STSv1 record";
		return found;
	}
	why = take_fields(&in, &found);
	if (why == NULL) {
		found.outcome = STS_RECORD_VALID;
		return found;
	}
	found.outcome = STS_RECORD_INVALID;
	found.id[0] = '\0';
	found.why = why;
	return found;
}
