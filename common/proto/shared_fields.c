/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/shared_fields.h"

#include <jansson.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/proto/domain.h"

/* Of whoever writes a second time than 1970 to year 9999 */
static const json_int_t latest_s = 253402300799;

/* The parser climbs down whatever it is given. */
static bool
opens_as_many(const char *payload, size_t size, size_t wanted)
{
	size_t opened = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		if (quoted && payload[i] == '\\')
			i++;
		else if (payload[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			opened += payload[i] == '{' || payload[i] == '[';
	}
	return opened == wanted;
}

json_t *
shared_fields_load(const char *payload, size_t size, size_t lists)
{
	json_t *object;

	if (size > LIMIT_SHARED_VALUE ||
	    !opens_as_many(payload, size, 1 + lists))
		return NULL;
	object = json_loadb(payload, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

bool
shared_fields_text(
    const json_t *object, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && text_copy(out, size, value);
}

bool
shared_fields_integer(const json_t *object, const char *key, long long *out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0 && *out <= latest_s;
}

bool
shared_fields_time(const json_t *object, const char *key, time_t *out)
{
	long long value;
	bool taken = shared_fields_integer(object, key, &value);

	*out = (time_t)value;
	return taken;
}

bool
shared_is_host_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < LIMIT_DOMAIN_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._:-") == length;
}

bool
shared_fields_host(
    const json_t *object, const char *key, char out[LIMIT_DOMAIN_SIZE])
{
	return shared_fields_text(object, key, out, LIMIT_DOMAIN_SIZE) &&
	       shared_is_host_name(out);
}

bool
shared_fields_is_domain(const char *domain)
{
	char normal[LIMIT_DOMAIN_SIZE];

	return domain_normalise(domain, normal, NULL) == 0 &&
	       strcmp(domain, normal) == 0;
}

bool
shared_fields_is_hex(const char *text, size_t length)
{
	return strlen(text) == length &&
	       strspn(text, "0123456789abcdef") == length;
}

char *
shared_fields_print(json_t *object)
{
	char *printed =
	    object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
	char *copy = printed == NULL ? NULL : xstrdup(printed);

	free(printed);
	json_decref(object);
	if (copy == NULL || strlen(copy) <= LIMIT_SHARED_PAYLOAD)
		return copy;
	free(copy);
	return NULL;
}
