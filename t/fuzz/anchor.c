/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/anchor.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

/* The first piece is a DNSKEY's RDATA, the second a trust anchor file. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(fuzz_pieces)
	struct fuzz_pieces *pieces = fuzz_pieces_new(data, size, 2);
	char *text;

	if (pieces->count < 2)
		return 0;
	text = fuzz_string(pieces->items[1].data, pieces->items[1].size);
	if (anchor_has(text, pieces->items[0].data, pieces->items[0].size))
		assert(anchor_count(text) > 0);
	assert(anchor_count(text) <= strlen(text) / 2);
	if (anchor_is_entry(pieces->items[0].data, pieces->items[0].size))
		assert(pieces->items[0].size > 4);
	free(text);
	return 0;
}
