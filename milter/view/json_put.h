/* json_put - what all objects of JSON here are made with, and how they become
 * lines. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_PUT_H
#define MILTER_VIEW_JSON_PUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct json_t; /* of jansson */

/* Keys of an object. */
void json_put_text(struct json_t *object, const char *key, const char *value);
void json_put_number(struct json_t *object, const char *key, int64_t value);
void json_put_bool(struct json_t *object, const char *key, bool value);
/* as clock_print, or null */
void json_put_time(struct json_t *object, const char *key, time_t at);

/* json_line - drop object; its line without an end of line, for free() */
char *json_line(struct json_t *object);

/* json_write - write object as a line; 0, or -1 if out fails */
int json_write(FILE *out, const struct json_t *object);
int json_print(FILE *out, struct json_t *object); /* and drop it */

#endif
