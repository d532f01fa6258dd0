/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/base/wire.h"

void
wire_init(struct wire *wire, const uint8_t *data, size_t length)
{
	wire->at = data;
	wire->left = length;
	wire->bad = false;
}

const uint8_t *
wire_take(struct wire *wire, size_t length)
{
	const uint8_t *taken = wire->at;

	if (wire->bad || length > wire->left) {
		wire->bad = true;
		return NULL;
	}
	wire->at += length;
	wire->left -= length;
	return taken;
}

uint8_t
wire_u8(struct wire *wire)
{
	const uint8_t *p = wire_take(wire, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
wire_u16(struct wire *wire)
{
	const uint8_t *p = wire_take(wire, 2);

	return (uint16_t)(p == NULL ? 0 : p[0] << 8 | p[1]);
}
