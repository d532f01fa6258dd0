/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/view/json_put.h"

#include <assert.h>
#include <jansson.h>

#include "common/base/clock.h"

void
json_put_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

void
json_put_number(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void
json_put_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void
json_put_time(json_t *object, const char *key, time_t at)
{
	char text[CLOCK_PRINT_SIZE];

	if (clock_print(at, text))
		json_put_text(object, key, text);
	else
		json_object_set_new(object, key, json_null());
}

char *
json_line(json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);

	assert(line != NULL);
	json_decref(object);
	return line;
}

int
json_write(FILE *out, const json_t *object)
{
	int rc = json_dumpf(object, out, JSON_COMPACT);

	return rc != 0 || fputc('\n', out) == EOF ? -1 : 0;
}

int
json_print(FILE *out, json_t *object)
{
	int rc = json_write(out, object);

	json_decref(object);
	return rc;
}
