/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nat64.h"

#include <string.h>

/* RFC 6052 section 2.2 */
static const unsigned lengths[] = {32, 40, 48, 56, 64, 96};

enum {
	LENGTHS = sizeof(lengths) / sizeof(lengths[0]),
	U_OCTET = 8, /* bits 64 to 71: zero, and no part of what is inside */
};

static struct address
read_inside(const struct address *address, unsigned bits)
{
	struct address inside = {.family = AF_INET, .size = 4};
	size_t at = bits / 8;

	for (size_t i = 0; i < inside.size; i++) {
		if (at == U_OCTET)
			at++;
		inside.octets[i] = address->octets[at++];
	}
	return inside;
}

/* RFC 7050 section 2.2: 192.0.0.170 or 192.0.0.171 */
static bool
has_well_known(const struct address *address, unsigned bits)
{
	static const uint8_t first[] = {192, 0, 0, 170};
	struct address inside;

	if (address->family != AF_INET6 || address->octets[U_OCTET] != 0)
		return false;
	inside = read_inside(address, bits);
	inside.octets[3] &= 0xfe;
	return memcmp(inside.octets, first, sizeof(first)) == 0;
}

/* Whether another address of the answer has the other well-known one under the
 * same prefix. */
static bool
has_partner(const struct address *answer, size_t count,
    const struct address *address, unsigned bits)
{
	struct address inside = read_inside(address, bits);

	for (size_t i = 0; i < count; i++) {
		struct address other = read_inside(&answer[i], bits);

		if (has_well_known(&answer[i], bits) &&
		    memcmp(answer[i].octets, address->octets, bits / 8) == 0 &&
		    !address_equal(&inside, &other))
			return true;
	}
	return false;
}

/* The positions that count, one bit each. */
static unsigned
choose_lengths(
    const struct address *answer, size_t count, const struct address *address)
{
	unsigned found = 0, partnered = 0;

	for (unsigned i = 0; i < LENGTHS; i++) {
		if (!has_well_known(address, lengths[i]))
			continue;
		found |= 1U << i;
		if (has_partner(answer, count, address, lengths[i]))
			partnered |= 1U << i;
	}
	return partnered != 0 ? partnered : found;
}

/* The first address speaks for all: ranges of special purpose in 2000::/3 have
 * 32 bits at most, and the range for local use begins past the first address of
 * a prefix that is shorter. */
static bool
is_believed(const struct nat64_prefix *prefix)
{
	struct address first = {.family = AF_INET6, .size = 16};

	memcpy(first.octets, prefix->octets, sizeof(prefix->octets));
	return address_is_local_translation(&first) ||
	       (first.octets[0] >> 5 == 1 && !address_is_special(&first));
}

static bool
has_prefix(const struct nat64 *all, const struct nat64_prefix *prefix)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->prefixes[i].bits == prefix->bits &&
		    memcmp(all->prefixes[i].octets, prefix->octets,
			sizeof(prefix->octets)) == 0)
			return true;
	return false;
}

static void
add_prefix(struct nat64 *out, const struct address *address, unsigned bits)
{
	struct nat64_prefix prefix = {.bits = bits};

	memcpy(prefix.octets, address->octets, bits / 8);
	if (out->count < LIMIT_NAT64_PREFIXES && is_believed(&prefix) &&
	    !has_prefix(out, &prefix))
		out->prefixes[out->count++] = prefix;
}

void
nat64_find(const struct address *answer, size_t count, struct nat64 *out)
{
	struct nat64 found = {.count = 0};

	for (size_t i = 0; i < count; i++) {
		unsigned chosen = choose_lengths(answer, count, &answer[i]);

		for (unsigned j = 0; j < LENGTHS; j++)
			if ((chosen >> j & 1) != 0)
				add_prefix(&found, &answer[i], lengths[j]);
	}
	*out = found;
}

bool
nat64_inside(const struct nat64_prefix *prefix, const struct address *address,
    struct address *out)
{
	if (address->family != AF_INET6 ||
	    memcmp(prefix->octets, address->octets, prefix->bits / 8) != 0)
		return false;
	*out = read_inside(address, prefix->bits);
	return true;
}
