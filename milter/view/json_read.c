/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_read.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base64.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"

void
json_refuse(struct json_reader *r, const char *key, const char *what)
{
	if (!r->failed)
		err_set(r->err, ERR_DATA, "%s%s: %s", r->place, key, what);
	r->failed = true;
}

void
json_enter_item(struct json_reader *r, const char *list, size_t number)
{
	size_t length = strlen(r->place);

	if (!r->failed)
		snprintf(r->place + length, sizeof(r->place) - length,
		    "%s[%zu].", list, number);
}

void
json_enter(struct json_reader *r, const char *key)
{
	size_t length = strlen(r->place);

	if (!r->failed)
		snprintf(
		    r->place + length, sizeof(r->place) - length, "%s.", key);
}

void
json_leave(struct json_reader *r, size_t length)
{
	if (!r->failed)
		r->place[length] = '\0';
}

/* --- values --- */

static const json_t *
take_typed(struct json_reader *r, const json_t *object, const char *key,
    json_type type)
{
	const json_t *value = json_object_get(object, key);

	if (value != NULL && json_typeof(value) == type)
		return value;
	json_refuse(
	    r, key, value == NULL ? "is missing" : "is of the wrong type");
	return NULL;
}

const json_t *
json_take_object(struct json_reader *r, const json_t *object, const char *key)
{
	return take_typed(r, object, key, JSON_OBJECT);
}

const json_t *
json_take_maybe(struct json_reader *r, const json_t *object, const char *key)
{
	if (json_is_null(json_object_get(object, key)))
		return NULL;
	return json_take_object(r, object, key);
}

const json_t *
json_take_list(struct json_reader *r, const json_t *object, const char *key,
    size_t most, size_t *count)
{
	const json_t *list = take_typed(r, object, key, JSON_ARRAY);

	*count = json_array_size(list);
	if (*count <= most)
		return list;
	*count = 0;
	json_refuse(r, key, "has too many");
	return NULL;
}

bool
json_take_bool(struct json_reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		json_refuse(r, key,
		    value == NULL ? "is missing" : "is neither true nor false");
	return json_is_true(value);
}

uint32_t
json_take_number(
    struct json_reader *r, const json_t *object, const char *key, uint32_t most)
{
	json_int_t value =
	    json_integer_value(take_typed(r, object, key, JSON_INTEGER));

	if (value >= 0 && value <= (json_int_t)most)
		return (uint32_t)value;
	json_refuse(r, key, "is too great, or negative");
	return 0;
}

static bool
is_normal_name(const char *text)
{
	char name[LIMIT_DOMAIN_SIZE];

	return text[0] == '\0' || (domain_normalise(text, name, NULL) == 0 &&
				      strcmp(text, name) == 0);
}

static bool
is_address(const char *text)
{
	struct address address;

	return address_parse(text, &address) == 0;
}

static bool
is_of_kind(const char *text, enum json_text kind)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return false;
	switch (kind) {
	case JSON_ANY_TEXT:
		return true;
	case JSON_NAME:
		return is_normal_name(text);
	case JSON_NAME_OR_HOST:
		return is_normal_name(text) || is_address(text);
	case JSON_ADDRESS:
		return is_address(text);
	}
	return false;
}

void
json_take_text(struct json_reader *r, const json_t *object, const char *key,
    enum json_text kind, char *out, size_t size)
{
	const char *text =
	    json_string_value(take_typed(r, object, key, JSON_STRING));

	out[0] = '\0';
	if (text == NULL)
		return;
	if (!is_of_kind(text, kind))
		json_refuse(r, key,
		    kind == JSON_ANY_TEXT  ? "is no printable text"
		    : kind == JSON_ADDRESS ? "is no address"
					   : "is no normalised name");
	else if (!text_copy(out, size, text))
		json_refuse(r, key, "is too long");
}

int
json_take_word(struct json_reader *r, const json_t *object, const char *key,
    const char *(*word_of)(int))
{
	const char *text =
	    json_string_value(take_typed(r, object, key, JSON_STRING));

	for (int i = 0; text != NULL && word_of(i) != NULL; i++)
		if (strcmp(word_of(i), text) == 0)
			return i;
	json_refuse(r, key, "is no word that stands there");
	return 0;
}

time_t
json_take_time(struct json_reader *r, const json_t *object, const char *key)
{
	const char *text =
	    json_string_value(take_typed(r, object, key, JSON_STRING));
	time_t at = 0;

	if (text != NULL && clock_parse(text, &at) == 0)
		return at;
	json_refuse(r, key, "is no time of RFC 3339");
	return 0;
}

char *
json_take_octets(
    struct json_reader *r, const json_t *value, const char *key, size_t *size)
{
	const char *text = json_string_value(value);
	uint8_t *octets = NULL;
	char *copy;

	*size = json_string_length(value);
	if (json_is_object(value)) {
		text = json_string_value(json_object_get(value, "base64"));
		octets = text == NULL ? NULL : base64_decode(text, size);
		text = (const char *)octets;
	}
	if (text == NULL) {
		json_refuse(r, key, "is neither text nor base64");
		return NULL;
	}
	copy = xmalloc(*size + 1);
	memcpy(copy, text, *size);
	copy[*size] = '\0';
	free(octets);
	return copy;
}
