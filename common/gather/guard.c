/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/guard.h"

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
 * Where they cannot be had, any may be one of them. */
static bool
may_be_own(const struct address *address)
{
	struct ifaddrs *all, *one;
	bool own = false;

	if (getifaddrs(&all) != 0)
		return true;
	for (one = all; one != NULL && !own; one = one->ifa_next)
		own = is_interface(one, address);
	freeifaddrs(all);
	return own;
}

bool
guard_blocks(const char *text)
{
	struct address address;

	if (address_parse(text, &address) != 0)
		return true;
	/* both: a gate may well have an address of the range itself */
	if (address_is_special(&address) || may_be_own(&address))
		return true;
	address_translated(&address, &address);
	return address_is_special(&address) || may_be_own(&address);
}
