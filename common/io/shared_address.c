/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/shared_address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/base/text.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"

enum { DEFAULT_PORT = 6379 };

static bool
is_loopback_name(const char *host)
{
	struct address address;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (address_parse(host, &address) != 0)
		return false;
	return address.family == AF_INET
		   ? address.octets[0] == 127
		   : IN6_IS_ADDR_LOOPBACK(
			 (const struct in6_addr *)(const void *)address.octets);
}

static bool
is_host(const char *host)
{
	char normal[LIMIT_DOMAIN_SIZE];
	struct address address;

	return address_parse(host, &address) == 0 ||
	       domain_normalise(host, normal, NULL) == 0;
}

/* Parts "host", "host:port", "[address]:port"; text is cut up. */
static int
take_host_and_port(char *text, struct shared_address *out)
{
	char *end = NULL, *port = NULL;
	uint32_t number = DEFAULT_PORT;

	if (text[0] == '[') {
		end = strchr(++text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -1;
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if ((end = strchr(text, ':')) != NULL) {
		*end = '\0';
		port = end + 1;
	}
	if (port != NULL &&
	    (text_uint(port, UINT16_MAX, &number) != 0 || number == 0))
		return -1;
	out->port = (uint16_t)number;
	return is_host(text) && text_copy(out->host, sizeof(out->host), text)
		   ? 0
		   : -1;
}

static int
parse_network_address(const char *rest, const char *text,
    struct shared_address *out, struct err *err)
{
	char copy[LIMIT_DOMAIN_SIZE + 16];

	if (!text_copy(copy, sizeof(copy), rest) ||
	    take_host_and_port(copy, out) != 0)
		return err_set(
		    err, ERR_DATA, "\"%.100s\" has no host or port", text);
	if (out->scheme == SHARED_TCP && !is_loopback_name(out->host))
		return err_set(err, ERR_DATA,
		    "\"%.100s\": without TLS only a loopback address may be "
		    "named",
		    text);
	return 0;
}

int
shared_address_parse(
    const char *text, struct shared_address *out, struct err *err)
{
	enum { SCHEME_LENGTH = 6, UNIX_LENGTH = 5 };
	struct sockaddr_un at;

	*out = (struct shared_address){.scheme = SHARED_UNIX};
	if (strncmp(text, "unix:/", UNIX_LENGTH + 1) == 0) {
		if (text_copy(out->host,
			sizeof(at.sun_path) < sizeof(out->host)
			    ? sizeof(at.sun_path)
			    : sizeof(out->host),
			text + UNIX_LENGTH))
			return 0;
		return err_set(
		    err, ERR_DATA, "\"%.100s\": the path is too long", text);
	}
	out->scheme = SHARED_TLS;
	if (strncmp(text, "tls://", SCHEME_LENGTH) == 0)
		return parse_network_address(
		    text + SCHEME_LENGTH, text, out, err);
	out->scheme = SHARED_TCP;
	if (strncmp(text, "tcp://", SCHEME_LENGTH) == 0)
		return parse_network_address(
		    text + SCHEME_LENGTH, text, out, err);
	return err_set(err, ERR_DATA,
	    "\"%.100s\" is none of unix:/path, tls://host, tcp://loopback",
	    text);
}
