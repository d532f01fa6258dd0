/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/host/listener.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/process.h"
#include "common/base/text.h"
#include "milter/conf/settings.h"

/* A name with more addresses is no name of a milter's host */
enum { ADDRESSES = 16, NAME_SIZE = 300, OUTPUT_MAX = 64 * 1024 };

/* IPv4 is mapped into IPv6. */
struct addresses {
	size_t count;
	struct in6_addr items[ADDRESSES];
};

enum listener
listener_path(const char *path, const char *socket)
{
	struct stat theirs, ours;

	if (strcmp(path, socket) == 0)
		return LISTENER_OURS;
	if (stat(path, &theirs) == 0 && stat(socket, &ours) == 0 &&
	    theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return LISTENER_OURS;
	return LISTENER_OTHER;
}

static bool
read_address(const char *text, struct in6_addr *out)
{
	char mapped[NAME_SIZE + 8];

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
	return inet_pton(AF_INET6, mapped, out) == 1;
}

/* Lines of getent: an address, then words. */
static void
read_addresses(char *lines, struct addresses *found)
{
	char *rest;

	for (char *line = strtok_r(lines, "\n", &rest);
	     line != NULL && found->count < ADDRESSES;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		if (read_address(line, &found->items[found->count]))
			found->count++;
	}
}

/* The resolver's own time-outs can add up: getent can be ended. */
static bool
find_addresses(const char *host, int64_t deadline_ms, struct addresses *found)
{
	const char *const argv[] = {"getent", "ahosts", host, NULL};
	char *lines;

	found->count = 0;
	if (read_address(host, &found->items[0])) {
		found->count = 1;
		return true;
	}
	if (host[0] == '-')
		return false;
	lines = process_capture(argv, deadline_ms, OUTPUT_MAX, NULL);
	if (lines == NULL)
		return false;
	read_addresses(lines, found);
	free(lines);
	return found->count > 0;
}

static bool
has_own_address(const struct addresses *all, const struct in6_addr *one)
{
	for (size_t i = 0; i < all->count; i++)
		if (memcmp(&all->items[i], one, sizeof(*one)) == 0)
			return true;
	return false;
}

static bool
is_any(const struct in6_addr *address)
{
	static const unsigned char any_v4[16] = {[10] = 0xff, [11] = 0xff};

	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       memcmp(address, any_v4, sizeof(any_v4)) == 0;
}

static bool
is_loopback_address(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool
is_of_interface(const struct sockaddr *sockaddr, const struct in6_addr *address)
{
	if (sockaddr == NULL)
		return false;
	if (sockaddr->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)(const void *)
				      sockaddr)
				   ->sin6_addr,
			   address, sizeof(*address)) == 0;
	return sockaddr->sa_family == AF_INET &&
	       IN6_IS_ADDR_V4MAPPED(address) &&
	       memcmp(&((const struct sockaddr_in *)(const void *)sockaddr)
			   ->sin_addr,
		   &address->s6_addr[12], 4) == 0;
}

/* Any of the addresses is this host's. */
static bool
is_this_host(const struct addresses *addresses)
{
	struct ifaddrs *interfaces = NULL;
	bool found = false;

	if (getifaddrs(&interfaces) != 0)
		interfaces = NULL;
	for (size_t i = 0; i < addresses->count && !found; i++) {
		const struct in6_addr *address = &addresses->items[i];

		found = is_any(address) || is_loopback_address(address);
		for (struct ifaddrs *at = interfaces; at != NULL && !found;
		     at = at->ifa_next)
			found = is_of_interface(at->ifa_addr, address);
	}
	if (interfaces != NULL)
		freeifaddrs(interfaces);
	return found;
}

static bool
find_listener_port(const char *text, uint32_t *port)
{
	const struct servent *service;

	if (text_uint(text, UINT16_MAX, port) == 0)
		return true;
	service = getservbyname(text, "tcp");
	if (service == NULL)
		return false;
	*port = ntohs((uint16_t)service->s_port);
	return true;
}

/* Without the brackets that an MTA writes around an address. */
static bool
copy_host(char copy[NAME_SIZE], const char *host)
{
	size_t length = strlen(host);
	bool bracketed =
	    length > 2 && host[0] == '[' && host[length - 1] == ']';

	if (length >= NAME_SIZE)
		return false;
	snprintf(copy, NAME_SIZE, "%.*s",
	    (int)(bracketed ? length - 2 : length), host + bracketed);
	return true;
}

static enum listener
match_hosts(const char *theirs, const char *ours, int64_t deadline_ms)
{
	struct addresses of_theirs, of_ours = {.count = 0};
	char host[NAME_SIZE];

	if (!copy_host(host, theirs == NULL ? "127.0.0.1" : theirs) ||
	    !find_addresses(host, deadline_ms, &of_theirs))
		return LISTENER_UNSURE;
	if (ours != NULL && !find_addresses(ours, deadline_ms, &of_ours))
		return LISTENER_UNSURE;
	if (ours == NULL || is_any(&of_ours.items[0]))
		return is_this_host(&of_theirs) ? LISTENER_OURS
						: LISTENER_OTHER;
	for (size_t i = 0; i < of_theirs.count; i++)
		if (has_own_address(&of_ours, &of_theirs.items[i]))
			return LISTENER_OURS;
	return LISTENER_OTHER;
}

enum listener
listener_port(
    const char *host, const char *port, const char *socket, int64_t deadline_ms)
{
	const char *rest = strchr(socket, ':') + 1;
	uint32_t theirs, ours;
	char copy[NAME_SIZE];
	char *our_host;

	if (rest[0] == '/')
		return LISTENER_OTHER;
	if (!text_copy(copy, sizeof(copy), rest))
		return LISTENER_UNSURE;
	our_host = settings_cut_host(copy);
	if (!find_listener_port(port, &theirs) ||
	    !find_listener_port(copy, &ours))
		return LISTENER_UNSURE;
	if (theirs != ours)
		return LISTENER_OTHER;
	return match_hosts(host, our_host, deadline_ms);
}
