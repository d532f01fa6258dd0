/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nat64.h"

#include <assert.h>
#include <string.h>

#include "t/fuzz/fuzz.h"

enum { MAX_ADDRESSES = 64 };

static bool
is_well_known(const struct address *inside)
{
	static const uint8_t octets[] = {192, 0, 0, 170};

	return inside->family == AF_INET && inside->size == 4 &&
	       memcmp(inside->octets, octets, 3) == 0 &&
	       (inside->octets[3] | 1) == 171;
}

/* Some address of the answer shows it, and it lies where it may. */
static void
check_prefix(const struct nat64_prefix *prefix, const struct address *answer,
    size_t count)
{
	struct address first = {.family = AF_INET6, .size = 16};
	bool shown = false;

	for (size_t i = 0; i < count; i++) {
		struct address inside;

		shown |= nat64_inside(prefix, &answer[i], &inside) &&
			 answer[i].octets[8] == 0 && is_well_known(&inside);
	}
	assert(shown);
	memcpy(first.octets, prefix->octets, sizeof(prefix->octets));
	for (size_t i = prefix->bits / 8; i < 16; i++)
		assert(first.octets[i] == 0);
	assert(first.octets[8] == 0);
	if (address_is_local_translation(&first))
		assert(prefix->bits >= 48);
	else
		assert((first.octets[0] & 0xe0) == 0x20 &&
		       !address_is_special(&first));
}

/* The order of records does not matter, unless there are too many prefixes. */
static void
check_turned(
    const struct address *answer, size_t count, const struct nat64 *found)
{
	struct address turned[MAX_ADDRESSES];
	struct nat64 again;

	for (size_t i = 0; i < count; i++)
		turned[i] = answer[count - 1 - i];
	nat64_find(turned, count, &again);
	assert(again.count == found->count);
}

/* Addresses of 16 octets each; of the rest, one of IPv4. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address answer[MAX_ADDRESSES];
	struct nat64 found;
	size_t count = 0;

	while (size > 0 && count < MAX_ADDRESSES) {
		size_t taken = size >= 16 ? 16 : size >= 4 ? 4 : size;

		answer[count] =
		    (struct address){.family = taken == 16 ? AF_INET6 : AF_INET,
			.size = taken == 16 ? 16 : 4};
		memcpy(answer[count++].octets, data, taken);
		data += taken;
		size -= taken;
	}
	nat64_find(answer, count, &found);
	assert(found.count <= LIMIT_NAT64_PREFIXES);
	for (size_t i = 0; i < found.count; i++)
		check_prefix(&found.prefixes[i], answer, count);
	check_turned(answer, count, &found);
	return 0;
}
