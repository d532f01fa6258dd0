/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/address.h"

#include <arpa/inet.h>
#include <string.h>

static const struct range {
	const char *prefix;
	unsigned bits;
	const char *source;
} ranges[] = {
    {"0.0.0.0", 8, "RFC 791: this network"},
    {"10.0.0.0", 8, "RFC 1918: private"},
    {"100.64.0.0", 10, "RFC 6598: shared"},
    {"127.0.0.0", 8, "RFC 1122: loopback"},
    {"169.254.0.0", 16, "RFC 3927: link-local"},
    {"172.16.0.0", 12, "RFC 1918: private"},
    {"192.0.0.0", 24, "RFC 6890: IETF protocol assignments"},
    {"192.0.2.0", 24, "RFC 5737: documentation"},
    {"192.88.99.0", 24, "RFC 7526: 6to4 relays, deprecated"},
    {"192.168.0.0", 16, "RFC 1918: private"},
    {"198.18.0.0", 15, "RFC 2544: benchmarking"},
    {"198.51.100.0", 24, "RFC 5737: documentation"},
    {"203.0.113.0", 24, "RFC 5737: documentation"},
    {"224.0.0.0", 4, "RFC 5771: multicast"},
    {"240.0.0.0", 4, "RFC 1112: reserved, and broadcast"},
    {"::", 96, "RFC 4291: unspecified, loopback, IPv4-compatible"},
    {"::ffff:0:0", 96, "RFC 4291: IPv4-mapped"},
    {"::ffff:0:0:0", 96, "RFC 2765: IPv4-translated"},
    {"100::", 64, "RFC 6666: discard"},
    {"100:0:0:1::", 64, "RFC 9780: dummy prefix"},
    {"2001::", 23, "RFC 2928: IETF assignments, Teredo (RFC 4380)"},
    {"2001:db8::", 32, "RFC 3849: documentation"},
    {"2002::", 16, "RFC 3056: 6to4"},
    {"3fff::", 20, "RFC 9637: documentation"},
    {"5f00::", 16, "RFC 9602: segment routing"},
    {"fc00::", 7, "RFC 4193: unique local"},
    {"fe80::", 10, "RFC 4291: link-local"},
    {"fec0::", 10, "RFC 3879: site-local, deprecated"},
    {"ff00::", 8, "RFC 4291: multicast"},
};

static const struct range translation = {
    "64:ff9b::", 96, "RFC 6052: IPv4 translation"};
static const struct range local_translation = {
    "64:ff9b:1::", 48, "RFC 8215: IPv4 translation, local"};

int
address_parse(const char *text, struct address *out)
{
	struct address parsed = {.family = AF_INET, .size = 4};

	if (strchr(text, ':') != NULL) {
		parsed.family = AF_INET6;
		parsed.size = 16;
	}
	if (inet_pton(parsed.family, text, parsed.octets) != 1)
		return -1;
	*out = parsed;
	return 0;
}

bool
families_have(enum families families, int family)
{
	switch (families) {
	case FAMILIES_ALL:
		return true;
	case FAMILIES_IPV4:
		return family == AF_INET;
	case FAMILIES_IPV6:
		return family == AF_INET6;
	}
	return false;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       memcmp(a->octets, b->octets, a->size) == 0;
}

int
address_from_rdata(
    const uint8_t *rdata, size_t size, char out[INET6_ADDRSTRLEN])
{
	if (size != 4 && size != 16)
		return -1;
	inet_ntop(size == 4 ? AF_INET : AF_INET6, rdata, out, INET6_ADDRSTRLEN);
	return 0;
}

static bool
in_range(const struct address *address, const struct range *range)
{
	struct address prefix;
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (address_parse(range->prefix, &prefix) != 0 ||
	    prefix.family != address->family ||
	    memcmp(prefix.octets, address->octets, whole) != 0)
		return false;
	return rest == 0 ||
	       (prefix.octets[whole] ^ address->octets[whole]) >> (8 - rest) ==
		   0;
}

/* RFC 5214 section 6.1: whatever the prefix, packets leave for the IPv4 address
 * in the last four octets. */
static bool
is_isatap(const struct address *address)
{
	static const uint8_t local[] = {0x00, 0, 0x5e, 0xfe};
	static const uint8_t global[] = {0x02, 0, 0x5e, 0xfe};
	const uint8_t *interface = address->octets + 8;

	return address->family == AF_INET6 &&
	       (memcmp(interface, local, sizeof(local)) == 0 ||
		   memcmp(interface, global, sizeof(global)) == 0);
}

bool
address_is_special(const struct address *address)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (in_range(address, &ranges[i]))
			return true;
	return in_range(address, &local_translation) || is_isatap(address);
}

bool
address_is_local_translation(const struct address *address)
{
	return in_range(address, &local_translation) && !is_isatap(address);
}

void
address_translated(const struct address *address, struct address *out)
{
	struct address inside = {.family = AF_INET, .size = 4};

	memcpy(inside.octets, address->octets + 12, 4);
	*out = in_range(address, &translation) ? inside : *address;
}
