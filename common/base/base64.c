/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/base64.h"

#include <string.h>

#include "common/base/xalloc.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz"
			     "0123456789+/";

char *
base64_encode(const uint8_t *data, size_t size)
{
	char *text = xmalloc((size + 2) / 3 * 4 + 1);
	char *to = text;

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned bits = (unsigned)data[i] << 16;

		bits |= left > 1 ? (unsigned)data[i + 1] << 8 : 0;
		bits |= left > 2 ? data[i + 2] : 0;
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = (char)(left > 1 ? digits[bits >> 6 & 63] : '=');
		*to++ = (char)(left > 2 ? digits[bits & 63] : '=');
	}
	*to = '\0';
	return text;
}

/* The value of a digit, or -1. */
static int
digit_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* Four digits, of which so many are padding, into their octets; -1 for what is
 * none, or has bits that no octet takes. */
static int
decode_group(const char *text, size_t padding, uint8_t *to)
{
	unsigned bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - padding ? digit_value(text[i]) : 0;

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
	}
	if ((bits & ((1U << 8 * padding) - 1)) != 0)
		return -1;
	to[0] = (uint8_t)(bits >> 16);
	if (padding < 2)
		to[1] = (uint8_t)(bits >> 8);
	if (padding < 1)
		to[2] = (uint8_t)bits;
	return 0;
}

uint8_t *
base64_decode(const char *text, size_t *size)
{
	size_t length = strlen(text), padding = 0;
	uint8_t *data;

	if (length % 4 != 0)
		return NULL;
	while (padding < 2 && padding < length &&
	       text[length - 1 - padding] == '=')
		padding++;
	*size = length / 4 * 3 - padding;
	data = xmalloc(*size);
	for (size_t i = 0; i < length; i += 4)
		if (decode_group(text + i, i + 4 == length ? padding : 0,
			data + i / 4 * 3) != 0) {
			free(data);
			return NULL;
		}
	return data;
}
