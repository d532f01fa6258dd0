/* sts_field - the grammar of a field of an MTA-STS policy: its name, its value,
 * and what is wrong with one. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_STS_FIELD_H
#define COMMON_PROTO_STS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* Octets of the body, counted; borrowed. */
struct sts_span {
	const char *s;
	size_t length;
};

bool sts_is_wsp(char c);

/* sts_span_is - whether it is just this text
 * sts_span_trim_front, sts_span_trim_end - without blanks there */
bool sts_span_is(struct sts_span span, const char *text);
struct sts_span sts_span_trim_front(struct sts_span span);
struct sts_span sts_span_trim_end(struct sts_span span);

/*
 * RFC 8461 section 3.2: sts-policy-ext-name, which the known names are of as
 * well; sts-policy-ext-value; and digits alone, which nothing at all is.
 */
bool sts_is_field_name(struct sts_span name);
bool sts_is_value(struct sts_span value);
bool sts_is_digits(struct sts_span span);

/* sts_is_domain - whether it is a Domain of RFC 5321 section 4.1.2 */
bool sts_is_domain(struct sts_span domain);

/* sts_name_fault, sts_value_fault - why a name or a value is none: editors and
 * shells leave more than they show.  line: that the name begins. */
const char *sts_name_fault(struct sts_span name, struct sts_span line);
const char *sts_value_fault(struct sts_span value);

#endif
