/* wire - read octets from a counted array and never past its end. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_WIRE_H
#define COMMON_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A read that would pass the end gives 0 or NULL and sets `bad`, which stays:
 * read on, and ask once at the end.
 */
struct wire {
	const uint8_t *at;
	size_t left;
	bool bad;
};

void wire_init(struct wire *wire, const uint8_t *data, size_t length);
uint8_t wire_u8(struct wire *wire);
uint16_t wire_u16(struct wire *wire); /* network order */

/* wire_take - a borrowed pointer to the next length octets, or NULL */
const uint8_t *wire_take(struct wire *wire, size_t length);

#endif
