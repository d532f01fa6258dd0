/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/smtp_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/text.h"

const char *
smtp_source_of(const struct smtp_source *source, int family)
{
	return family == AF_INET ? source->ipv4 : source->ipv6;
}

bool
smtp_source_equal(const struct smtp_source *a, const struct smtp_source *b)
{
	return text_equal(a->ipv4, b->ipv4) && text_equal(a->ipv6, b->ipv6);
}

static socklen_t
to_sockaddr(
    const struct address *address, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (address->family == AF_INET) {
		memcpy(&in.sin_addr, address->octets, address->size);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, address->octets, address->size);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

int
smtp_socket_open(int family)
{
	int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* EHLO behind the handshake waits 40 ms for an ACK otherwise */
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int
smtp_socket_bind(int fd, const char *source)
{
	struct sockaddr_storage from;
	struct address address;
	socklen_t size;
	int on = 1;

	if (source == NULL)
		return 0;
	if (address_parse(source, &address) != 0) {
		errno = EINVAL;
		return -1;
	}
	/* connect chooses the port: bind would let each be in use once, not
	 * once for each host */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	size = to_sockaddr(&address, 0, &from);
	return bind(fd, (struct sockaddr *)&from, size);
}

int
smtp_socket_connect(int fd, const struct address *address, uint16_t port)
{
	struct sockaddr_storage to;
	socklen_t size = to_sockaddr(address, port, &to);

	return connect(fd, (struct sockaddr *)&to, size);
}

void
smtp_socket_source(int fd, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage from = {0};
	socklen_t size = sizeof(from);

	out[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&from, &size) != 0 ||
	    getnameinfo((struct sockaddr *)&from, size, out, INET6_ADDRSTRLEN,
		NULL, 0, NI_NUMERICHOST) != 0)
		out[0] = '\0';
}
