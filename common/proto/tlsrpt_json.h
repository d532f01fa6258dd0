/* tlsrpt_json - JSON of a TLS report from anybody: bounded before it is parsed,
 * and mended where that takes nothing away. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_TLSRPT_JSON_H
#define COMMON_PROTO_TLSRPT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

struct json_t; /* of jansson */

/*
 * tlsrpt_json_load - the first value of octets, an object or an array
 *
 * Octets that are no UTF-8 become U+FFFD, and so does "\u0000"; a byte order
 * mark is dropped, the last of several equal keys wins, and what stands behind
 * the value is ignored: each of these sets mended.  For json_decref(); NULL
 * with err, of kind DATA: no JSON, deeper than LIMIT_REPORT_DEPTH, or of more
 * than LIMIT_REPORT_VALUES values.
 */
struct json_t *tlsrpt_json_load(
    const char *octets, size_t size, bool *mended, struct err *err);

/* tlsrpt_json_begins - whether octets begin as JSON does: "{" or "[" behind a
 * byte order mark and space */
bool tlsrpt_json_begins(const char *octets, size_t size);

#endif
