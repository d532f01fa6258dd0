/* json_measure - how far a JSON object reaches and how much it holds, before a
 * parser is let at it. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_VIEW_JSON_MEASURE_H
#define MILTER_VIEW_JSON_MEASURE_H

#include <stddef.h>

#include "common/base/err.h"

struct json_bounds {
	size_t octets;
	size_t depth;  /* of lists and objects in each other */
	size_t values; /* and keys, roughly: one for each ":" "," "[" "{" */
};

/*
 * json_measure - how many octets the object at the begin of text takes, white
 * space before it counted
 *
 * 0 and DATA where there is none, where it does not end within length, or is
 * over the bounds.  What it finds need not be JSON, but a parser that is given
 * it stays within the bounds.
 */
size_t json_measure(const char *text, size_t length,
    const struct json_bounds *most, struct err *err);

#endif
