/* shared_fields - keys of the payloads that hosts share, read with their
 * limits. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SHARED_FIELDS_H
#define COMMON_PROTO_SHARED_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/base/limits.h"

struct json_t; /* of jansson */

/*
 * shared_fields_load - the object in a payload, for json_decref; NULL where it
 * is none
 *
 * It holds so many lists, and nothing deeper; no key is there twice, no text
 * has a NUL in it.
 */
struct json_t *
shared_fields_load(const char *payload, size_t size, size_t lists);

/* What stands behind a key: false where it is not there, of another type, too
 * long, or out of range. */
bool shared_fields_text(
    const struct json_t *object, const char *key, char *out, size_t size);
bool shared_fields_integer(
    const struct json_t *object, const char *key, long long *out);
bool
shared_fields_time(const struct json_t *object, const char *key, time_t *out);
bool shared_fields_host(
    const struct json_t *object, const char *key, char out[LIMIT_DOMAIN_SIZE]);

/* shared_is_host_name - whether a name of a host is as hosts give it: letters,
 * digits, ".", "-", "_" and ":" */
bool shared_is_host_name(const char *name);

/* shared_fields_is_domain - whether it is a domain in its one spelling;
 * shared_fields_is_hex - whether it is so many digits, in lower case */
bool shared_fields_is_domain(const char *domain);
bool shared_fields_is_hex(const char *text, size_t length);

/* shared_fields_print - a payload, for free(); NULL where it is too large, or
 * object is NULL. Drops object. */
char *shared_fields_print(struct json_t *object);

#endif
