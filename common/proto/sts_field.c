/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/sts_field.h"

#include <stdint.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

enum {
	MAX_FIELD_NAME = 32, /* sts-policy-ext-name */
	MAX_LABEL = 63,
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
sts_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

bool
sts_span_is(struct sts_span span, const char *text)
{
	return strlen(text) == span.length &&
	       memcmp(span.s, text, span.length) == 0;
}

struct sts_span
sts_span_trim_front(struct sts_span span)
{
	while (span.length > 0 && sts_is_wsp(span.s[0])) {
		span.s++;
		span.length--;
	}
	return span;
}

struct sts_span
sts_span_trim_end(struct sts_span span)
{
	while (span.length > 0 && sts_is_wsp(span.s[span.length - 1]))
		span.length--;
	return span;
}

/*
 * The length of the UTF-8 sequence at s, 0 if it is none; RFC 3629 section 4:
 * no overlong form, no surrogate, nothing above U+10FFFF.
 */
static size_t
utf8_length(const char *s, size_t left)
{
	uint8_t first = (uint8_t)s[0];
	uint8_t second = left > 1 ? (uint8_t)s[1] : 0;
	uint8_t low = 0x80, high = 0xbf;
	size_t length;

	if (first >= 0xc2 && first <= 0xdf)
		length = 2;
	else if (first >= 0xe0 && first <= 0xef)
		length = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		length = 4;
	else
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (length > left || second < low || second > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (((uint8_t)s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* sts-policy-ext-value: printable ASCII and UTF-8, blanks within only. */
bool
sts_is_value(struct sts_span value)
{
	size_t step;

	if (value.length == 0)
		return false;
	for (size_t i = 0; i < value.length; i += step) {
		step = 1;
		if (value.s[i] >= ' ' && value.s[i] <= '~')
			continue;
		step = utf8_length(value.s + i, value.length - i);
		if (step == 0)
			return false;
	}
	return true;
}

bool
sts_is_field_name(struct sts_span name)
{
	if (name.length == 0 || name.length > MAX_FIELD_NAME ||
	    !text_is_alnum(name.s[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!text_is_alnum(name.s[i]) && name.s[i] != '_' &&
		    name.s[i] != '-' && name.s[i] != '.')
			return false;
	return true;
}

/* sub-domain of RFC 5321 section 4.1.2: Let-dig [Ldh-str] */
static bool
is_sub_domain(struct sts_span label)
{
	if (label.length == 0 || label.length > MAX_LABEL)
		return false;
	if (!text_is_alnum(label.s[0]) ||
	    !text_is_alnum(label.s[label.length - 1]))
		return false;
	for (size_t i = 0; i < label.length; i++)
		if (!text_is_alnum(label.s[i]) && label.s[i] != '-')
			return false;
	return true;
}

bool
sts_is_digits(struct sts_span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (!is_digit(span.s[i]))
			return false;
	return true;
}

/* A last label of digits makes an IPv4 address of it, which is no Domain. */
bool
sts_is_domain(struct sts_span domain)
{
	struct sts_span label = {.s = domain.s};

	if (domain.length > LIMIT_DOMAIN)
		return false;
	for (size_t i = 0; i < domain.length; i++) {
		if (domain.s[i] != '.')
			continue;
		label.length = (size_t)(domain.s + i - label.s);
		if (!is_sub_domain(label))
			return false;
		label.s = domain.s + i + 1;
	}
	label.length = (size_t)(domain.s + domain.length - label.s);
	return is_sub_domain(label) && !sts_is_digits(label);
}

const char *
sts_name_fault(struct sts_span name, struct sts_span line)
{
	if (line.length >= 3 && memcmp(line.s, "\xef\xbb\xbf", 3) == 0)
		return "field name: a byte order mark (UTF-8) stands before it";
	if (line.length >= 2 && (memcmp(line.s, "\xff\xfe", 2) == 0 ||
				    memcmp(line.s, "\xfe\xff", 2) == 0))
		return "field name: this is UTF-16, not ASCII";
	if (name.length == 0)
		return "field name: there is none before \":\"";
	if (sts_is_wsp(name.s[0]))
		return "field name: the line is indented";
	if (sts_is_wsp(name.s[name.length - 1]))
		return "field name: white space stands before \":\"";
	return "field name: not 1 to 32 letters, digits, \"_\", \"-\", \".\"";
}

const char *
sts_value_fault(struct sts_span value)
{
	if (value.length == 0)
		return "field value: there is none behind \":\"";
	if (memchr(value.s, '\r', value.length) != NULL)
		return "field value: a CR without LF stands in it";
	return "field value: it has octets that are no printable text";
}
