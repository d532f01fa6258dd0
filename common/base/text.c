/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
text_init(struct text *text, char *array, size_t size)
{
	text->s = array;
	text->len = 0;
	text->size = size;
	text->cut = false;
	array[0] = '\0';
}

void
text_add(struct text *text, const char *s)
{
	size_t length = strlen(s);
	size_t room = text->size - 1 - text->len;

	if (length > room) {
		length = room;
		text->cut = true;
	}
	memcpy(text->s + text->len, s, length);
	text->len += length;
	text->s[text->len] = '\0';
}

void
text_add_uint(struct text *text, uint64_t value)
{
	char digits[24];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	text_add(text, at);
}

void
text_addf(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(text->s + text->len, room, format, args);
	va_end(args);
	if (wanted < 0) {
		text->cut = true;
	} else if ((size_t)wanted >= room) {
		text->len = text->size - 1;
		text->cut = true;
	} else {
		text->len += (size_t)wanted;
	}
}

bool
text_copy(char *to, size_t size, const char *s)
{
	struct text text;

	text_init(&text, to, size);
	text_add(&text, s);
	return !text.cut;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
text_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

void
text_lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

char *
text_trim(char *s)
{
	char *end;

	while (is_space(*s))
		s++;
	end = s + strlen(s);
	while (end > s && is_space(end[-1]))
		end--;
	*end = '\0';
	return s;
}

void
text_clean(char *to, size_t size, const char *s, size_t length)
{
	size_t out = 0;

	for (size_t i = 0; i < length && out + 1 < size; i++) {
		if (text_is_alnum(s[i]) ||
		    (s[i] != '\0' && strchr("._:/@+-[]~,%", s[i]) != NULL))
			to[out++] = s[i];
		else if (!is_space(s[i]))
			to[out++] = '?';
		else if (i == 0 || !is_space(s[i - 1]))
			to[out++] = '_';
	}
	to[out] = '\0';
}

void
text_printable(char *s, const char *keep)
{
	for (; *s != '\0'; s++)
		if ((*s < ' ' || *s > '~') && strchr(keep, *s) == NULL)
			*s = '?';
}

void
text_escape(char *to, size_t size, const char *s, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char octet = (unsigned char)s[i];
		bool plain = octet >= ' ' && octet <= '~';

		if (out + (plain ? 1 : 4) >= size)
			break;
		if (!plain) {
			to[out++] = '\\';
			to[out++] = 'x';
			to[out++] = digits[octet >> 4];
			octet = (unsigned char)digits[octet & 15];
		}
		to[out++] = (char)octet;
	}
	to[out] = '\0';
}

void
text_hex(char *to, size_t size, const uint8_t *data, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t out = 0;

	for (size_t i = 0; i < length && out + 2 < size; i++) {
		to[out++] = digits[data[i] >> 4];
		to[out++] = digits[data[i] & 15];
	}
	to[out] = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_unhex(uint8_t *to, size_t size, const char *hex)
{
	size_t digits = 0;

	for (; *hex != '\0'; hex++) {
		int value = hex_value(*hex);

		if (is_space(*hex))
			continue;
		if (value < 0 || digits / 2 >= size)
			return -1;
		if (digits % 2 == 0)
			to[digits / 2] = (uint8_t)(value << 4);
		else
			to[digits / 2] |= (uint8_t)value;
		digits++;
	}
	return digits % 2 == 0 ? (int)(digits / 2) : -1;
}

int
text_uint(const char *s, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (uint64_t)(*s - '0');
		if (value > max)
			return -1;
	}
	*out = (uint32_t)value;
	return 0;
}

int
text_duration_ms(const char *s, int max_ms, int *out)
{
	static const struct {
		const char *unit;
		uint32_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000},
	    {"h", 3600000}, {"d", 86400000}};
	char number[16];
	size_t digits = strspn(s, "0123456789");
	uint32_t value;

	if (digits >= sizeof(number))
		return -1;
	memcpy(number, s, digits);
	number[digits] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(s + digits, units[i].unit) != 0)
			continue;
		if (text_uint(number, (uint32_t)max_ms / units[i].ms, &value))
			return -1;
		*out = (int)(value * units[i].ms);
		return 0;
	}
	return -1;
}
