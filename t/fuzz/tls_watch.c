/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "common/io/tls_watch.h"
#include "t/fuzz/fuzz.h"

/* The version, then a Certificate message. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_watch watch = {.begun = false};
	const uint8_t *end;

	if (size == 0)
		return 0;
	if (tls_watch_read(&watch, data + 1, size - 1, data[0] & 1))
		assert(watch.count > 0 && watch.count <= LIMIT_CHAIN_CERTS);
	else
		assert(watch.count == 0);
	end = watch.octets;
	for (size_t i = 0; i < watch.count; i++) {
		assert(watch.certs[i].data >= end + 3);
		end = watch.certs[i].data + watch.certs[i].size;
	}
	assert(end <= watch.octets + size - 1);
	tls_watch_fini(&watch);
	return 0;
}
