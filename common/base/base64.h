/* base64 - octets as text: RFC 4648 section 4, with its padding. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_BASE64_H
#define COMMON_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* base64_encode - for free() */
char *base64_encode(const uint8_t *data, size_t size);

/*
 * base64_decode - the octets of text, for free(), and how many
 *
 * NULL where text is not what base64_encode makes of some octets: there is one
 * spelling, without white space.
 */
uint8_t *base64_decode(const char *text, size_t *size);

#endif
