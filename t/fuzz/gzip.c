/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/gzip.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

enum { MAX = 100000 };

/* Whatever comes out, it is not more than was asked for. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gzip_inside inside;
	enum gzip_outcome outcome = gzip_unpack(data, size, MAX, &inside);

	assert(inside.size <= MAX);
	assert(strlen(inside.octets) <= inside.size);
	assert((outcome != GZIP_WHOLE) || inside.members > 0);
	assert(outcome != GZIP_WHOLE || gzip_is(data, size));
	free(inside.octets);
	return 0;
}
