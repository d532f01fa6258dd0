/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/der.h"

#include <string.h>

void
der_open(struct wire *wire, struct der der)
{
	wire_init(wire, der.data, der.size);
}

/* Length octets of X.690 section 8.1.3, definite form only. */
static size_t
take_length(struct wire *in)
{
	uint8_t first = wire_u8(in);
	size_t length = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x84) {
		in->bad = true;
		return 0;
	}
	for (first &= 0x7f; first > 0; first--)
		length = length << 8 | wire_u8(in);
	return length;
}

struct der
der_take(struct wire *in, uint8_t tag, struct der *whole)
{
	struct der content;
	const uint8_t *begin = in->at;

	if (wire_u8(in) != tag)
		in->bad = true;
	content.size = take_length(in);
	content.data = wire_take(in, content.size);
	if (in->bad)
		content.size = 0;
	if (whole != NULL) {
		whole->data = begin;
		whole->size = (size_t)(in->at - begin);
	}
	return content;
}

bool
der_equal(struct der a, struct der b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
