/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/forbidden_address.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/proto/address.h"

static bool
is_interface(const struct ifaddrs *interface, const struct address *address)
{
	const struct sockaddr *sa = interface->ifa_addr;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa == NULL || sa->sa_family != address->family)
		return false;
	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		return memcmp(&v4.sin_addr, address->octets, 4) == 0;
	}
	memcpy(&v6, sa, sizeof(v6));
	return memcmp(&v6.sin6_addr, address->octets, 16) == 0;
}

/* Asked anew each time: addresses come and go, and a probe costs far more.
 * unknown: what is said while they cannot be had. */
static bool
is_own(const struct address *address, bool unknown)
{
	struct ifaddrs *all, *one;
	bool own = false;

	if (getifaddrs(&all) != 0)
		return unknown;
	for (one = all; one != NULL && !own; one = one->ifa_next)
		own = is_interface(one, address);
	freeifaddrs(all);
	return own;
}

static bool
may_be_own(const struct address *address)
{
	return is_own(address, true);
}

/* By a prefix that was found; blocked: what it reaches by one of them is. */
static bool
is_translated(
    const struct address *address, const struct nat64 *prefixes, bool *blocked)
{
	bool translated = false;

	*blocked = false;
	for (size_t i = 0; i < prefixes->count; i++) {
		struct address inside;

		if (!nat64_inside(&prefixes->prefixes[i], address, &inside))
			continue;
		translated = true;
		*blocked |= address_is_special(&inside) || may_be_own(&inside);
	}
	return translated;
}

bool
forbidden_address_is(const char *text, const struct nat64 *prefixes)
{
	struct address address, inside;
	bool blocked;

	if (address_parse(text, &address) != 0)
		return true;
	/* all of them: a gate may well have an address of the range itself */
	if (may_be_own(&address))
		return true;
	if (is_translated(&address, prefixes, &blocked) &&
	    (blocked || address_is_local_translation(&address)))
		return blocked;
	address_translated(&address, &inside);
	return address_is_special(&address) || address_is_special(&inside) ||
	       may_be_own(&inside);
}

bool
forbidden_address_is_own(const char *text)
{
	struct address address;

	return address_parse(text, &address) == 0 && is_own(&address, false);
}
