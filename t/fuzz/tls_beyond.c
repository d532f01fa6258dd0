/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "common/io/tls_beyond.h"
#include "t/fuzz/fuzz.h"

/* How many octets come at once, then what a server answers.  However they come,
 * they say the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_beyond whole, parts;
	size_t step;

	if (size == 0)
		return 0;
	step = (size_t)data[0] + 1;
	tls_beyond_init(&whole, TLS_OFFER_3_0);
	tls_beyond_init(&parts, TLS_OFFER_3_0);
	tls_beyond_feed(&whole, data + 1, size - 1);
	for (size_t at = 1; at < size; at += step)
		tls_beyond_feed(
		    &parts, data + at, size - at < step ? size - at : step);
	assert(whole.state == parts.state);
	assert(whole.watch.count == parts.watch.count);
	assert((whole.state == TLS_BEYOND_CHAIN) == (whole.watch.count > 0));
	for (size_t i = 0; i < whole.watch.count; i++) {
		const struct der *a = &whole.watch.certs[i];
		const struct der *b = &parts.watch.certs[i];

		assert(a->size == b->size);
		assert(a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
	}
	tls_beyond_fini(&whole);
	tls_beyond_fini(&parts);
	return 0;
}
