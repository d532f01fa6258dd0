/* text - bounded text: building, reading numbers, making it safe. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_TEXT_H
#define COMMON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A text grows in a caller's array and never past it: what does not fit is cut,
 * said by `cut`.  Always NUL-terminated.
 */
struct text {
	char *s;
	size_t len; /* octets used, without the NUL */
	size_t size;
	bool cut;
};

void text_init(struct text *text, char *array, size_t size);
void text_add(struct text *text, const char *s);
void text_add_uint(struct text *text, uint64_t value); /* in decimal */
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* text_copy - copy s, cut to size - 1 octets; true when all of it fitted */
bool text_copy(char *to, size_t size, const char *s);

/* text_equal - the same octets; NULL equals NULL alone */
bool text_equal(const char *a, const char *b);

/* text_is_alnum - an ASCII letter or digit, whatever the locale */
bool text_is_alnum(char c);

/* text_lower - ASCII lower case in place, whatever the locale */
void text_lower(char *s);

/* text_trim - the part of s without white space at both ends; s is changed */
char *text_trim(char *s);

/*
 * text_clean - make remote text fit for a log line or a terminal
 *
 * The grammar of a log value: letters, digits and `._:/@+-[]~,%` stay, a run of
 * white space becomes one "_", any other octet "?".  Cut to size - 1 octets.
 */
void text_clean(char *to, size_t size, const char *s, size_t length);

/* text_escape - show what somebody typed: printable ASCII stays, any other
 * octet is "\xhh"; cut to size - 1 octets, to whole ones of s */
void text_escape(char *to, size_t size, const char *s, size_t length);

/* text_printable - make s printable ASCII in place: any other octet becomes
 * "?", but for those of keep */
void text_printable(char *s, const char *keep);

/* text_hex - 2 * length lower-case hex digits and a NUL, cut to whole octets */
void text_hex(char *to, size_t size, const uint8_t *data, size_t length);

/*
 * text_unhex - octets of hex digits; white space between digits is skipped
 *
 * Returns the count of octets, or -1 if a digit is odd or to is too small.
 */
int text_unhex(uint8_t *to, size_t size, const char *hex);

/* text_uint - decimal digits only, all of s, at most max: 0, or -1 */
int text_uint(const char *s, uint32_t max, uint32_t *out);

/*
 * text_duration_ms - "250ms" "20s" "5m" "1h" "7d", a bare number is seconds
 *
 * Returns 0, or -1 if s is not such a duration or is over max_ms.
 */
int text_duration_ms(const char *s, int max_ms, int *out);

#endif
