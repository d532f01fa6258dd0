/* json_read - the values of a JSON object that somebody else wrote, each
 * checked as it is taken. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_READ_H
#define MILTER_VIEW_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/err.h"

struct json_t; /* of jansson */

/*
 * The first mistake is kept in err, with its place.  From there on everything
 * reads as nothing, so that who takes many values need look at failed but once.
 */
struct json_reader {
	bool failed;
	struct err *err;
	char place[64]; /* "hosts[1].addresses[0].", or "" */
};

/* What a text may hold; printable ASCII in any case. */
enum json_text {
	JSON_ANY_TEXT,
	JSON_NAME,         /* a normalised one, or "" */
	JSON_NAME_OR_HOST, /* or an address */
	JSON_ADDRESS,
};

/* json_refuse - the value of key is wrong, and what of it */
void json_refuse(struct json_reader *r, const char *key, const char *what);

/* json_enter, json_enter_item - go into an object, or one of a list; and
 * json_leave - back to where the place had that length */
void json_enter(struct json_reader *r, const char *key);
void json_enter_item(struct json_reader *r, const char *list, size_t number);
void json_leave(struct json_reader *r, size_t length);

/* Values of an object, which may be NULL; borrowed.  json_take_maybe - an
 * object, or NULL for a null. */
const struct json_t *json_take_object(
    struct json_reader *r, const struct json_t *object, const char *key);
const struct json_t *json_take_maybe(
    struct json_reader *r, const struct json_t *object, const char *key);

/* json_take_list - of at most so many; *count gets how many, 0 for none or
 * where it failed */
const struct json_t *json_take_list(struct json_reader *r,
    const struct json_t *object, const char *key, size_t most, size_t *count);

bool json_take_bool(
    struct json_reader *r, const struct json_t *object, const char *key);
uint32_t json_take_number(struct json_reader *r, const struct json_t *object,
    const char *key, uint32_t most);
time_t json_take_time(
    struct json_reader *r, const struct json_t *object, const char *key);
void json_take_text(struct json_reader *r, const struct json_t *object,
    const char *key, enum json_text kind, char *out, size_t size);

/* json_take_word - the number of a word, which word_of has for it; it has NULL
 * behind the last */
int json_take_word(struct json_reader *r, const struct json_t *object,
    const char *key, const char *(*word_of)(int));

/* json_take_octets - of a value itself: text, or {"base64":...}; for free(),
 * with a NUL behind, NULL where it failed */
char *json_take_octets(struct json_reader *r, const struct json_t *value,
    const char *key, size_t *size);

#endif
