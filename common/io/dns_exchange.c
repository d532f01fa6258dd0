/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_exchange.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"

/*
 * How it works: each question has a socket for itself, connected, so that it
 * takes packets from the nameserver's address and port alone, and comes from a
 * port that the kernel chose at random.
 *
 * By UDP the first datagram that fits the query ends the exchange.  By TCP the
 * query is sent when the connection stands; then come the two octets that tell
 * how long the reply is, and the reply.
 */

void
dns_exchange_init(struct dns_exchange *exchange, struct dns_sockets *sockets)
{
	*exchange = (struct dns_exchange){.fd = -1, .sockets = sockets};
}

void
dns_exchange_end(struct dns_exchange *exchange)
{
	if (exchange->socket != NULL)
		dns_sockets_give(exchange->sockets, exchange->socket);
	if (exchange->fd >= 0)
		close(exchange->fd);
	free(exchange->stream);
	dns_exchange_init(exchange, exchange->sockets);
}

bool
dns_exchange_is_open(const struct dns_exchange *exchange)
{
	return exchange->socket != NULL || exchange->fd >= 0;
}

int
dns_exchange_ask(struct dns_exchange *exchange, const struct dns_nameserver *at,
    const struct dns_packet_query *query, void *asker)
{
	int error;

	dns_exchange_end(exchange);
	error =
	    dns_sockets_take(exchange->sockets, at, asker, &exchange->socket);
	if (error == 0 && send(dns_socket_fd(exchange->socket), query->octets,
			      query->size, MSG_NOSIGNAL) < 0)
		error = errno;
	return error;
}

int
dns_exchange_connect(
    struct dns_exchange *exchange, const struct dns_nameserver *at)
{
	dns_exchange_end(exchange);
	exchange->writes = true;
	exchange->fd = socket(at->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (exchange->fd < 0)
		return errno;
	if (connect(exchange->fd, (const struct sockaddr *)&at->address,
		at->size) < 0 &&
	    errno != EINPROGRESS)
		return errno;
	return 0;
}

static enum dns_exchange_outcome
fail_exchange(struct dns_exchange *exchange, int error)
{
	exchange->error = error;
	return DNS_EXCHANGE_FAILED;
}

static enum dns_exchange_outcome
take_reply(struct dns_exchange *exchange, const uint8_t *packet, size_t size)
{
	exchange->reply = packet;
	exchange->reply_size = size;
	return DNS_EXCHANGE_REPLIED;
}

static enum dns_exchange_outcome
read_datagram(struct dns_exchange *exchange,
    const struct dns_packet_query *query, uint8_t buffer[DNS_PACKET_MAX])
{
	ssize_t got =
	    recv(dns_socket_fd(exchange->socket), buffer, DNS_PACKET_MAX, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return DNS_EXCHANGE_LASTS;
	if (got < 0)
		return fail_exchange(exchange, errno);
	if (!dns_packet_is_reply(query, buffer, (size_t)got))
		return ++exchange->misfits < LIMIT_DNS_MISFITS
			   ? DNS_EXCHANGE_LASTS
			   : DNS_EXCHANGE_CUT;
	exchange->heard = true;
	if (dns_packet_is_truncated(buffer))
		return DNS_EXCHANGE_CUT;
	return take_reply(exchange, buffer, (size_t)got);
}

/* The connection stands, or failed. */
static enum dns_exchange_outcome
send_stream(struct dns_exchange *exchange, const struct dns_packet_query *query)
{
	uint8_t octets[DNS_EXCHANGE_PREFIX + sizeof(query->octets)];
	ssize_t size = (ssize_t)(DNS_EXCHANGE_PREFIX + query->size);
	int error = 0;
	socklen_t error_size = sizeof(error);

	octets[0] = (uint8_t)(query->size >> 8);
	octets[1] = (uint8_t)query->size;
	memcpy(octets + DNS_EXCHANGE_PREFIX, query->octets, query->size);
	if (getsockopt(
		exchange->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
		error = errno;
	if (error == 0 &&
	    send(exchange->fd, octets, (size_t)size, MSG_NOSIGNAL) != size)
		error = EIO; /* a new connection has room for so little */
	if (error != 0)
		return fail_exchange(exchange, error);
	exchange->writes = false;
	return DNS_EXCHANGE_LASTS;
}

/* The prefix is read. */
static enum dns_exchange_outcome
begin_stream(struct dns_exchange *exchange)
{
	exchange->stream_size =
	    (size_t)(exchange->prefix[0] << 8 | exchange->prefix[1]);
	exchange->got = 0;
	if (exchange->stream_size == 0)
		return fail_exchange(exchange, EBADMSG);
	exchange->stream = xmalloc(exchange->stream_size);
	return DNS_EXCHANGE_LASTS;
}

/* The reply is read. */
static enum dns_exchange_outcome
end_stream(struct dns_exchange *exchange, const struct dns_packet_query *query)
{
	const uint8_t *packet = exchange->stream;
	size_t size = exchange->stream_size;

	if (!dns_packet_is_reply(query, packet, size) ||
	    dns_packet_is_truncated(packet))
		return fail_exchange(exchange, EBADMSG);
	return take_reply(exchange, packet, size);
}

static enum dns_exchange_outcome
read_stream(struct dns_exchange *exchange, const struct dns_packet_query *query)
{
	bool in_prefix = exchange->stream == NULL;
	uint8_t *to = in_prefix ? exchange->prefix : exchange->stream;
	size_t size = in_prefix ? DNS_EXCHANGE_PREFIX : exchange->stream_size;
	ssize_t got =
	    recv(exchange->fd, to + exchange->got, size - exchange->got, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return DNS_EXCHANGE_LASTS;
	if (got <= 0)
		return fail_exchange(exchange, got == 0 ? ECONNRESET : errno);
	exchange->got += (size_t)got;
	if (exchange->got < size)
		return DNS_EXCHANGE_LASTS;
	return in_prefix ? begin_stream(exchange) : end_stream(exchange, query);
}

enum dns_exchange_outcome
dns_exchange_go_on(struct dns_exchange *exchange,
    const struct dns_packet_query *query, uint8_t buffer[DNS_PACKET_MAX])
{
	assert(exchange->reply == NULL);
	assert((exchange->socket == NULL) != (exchange->fd < 0));
	if (exchange->socket != NULL)
		return read_datagram(exchange, query, buffer);
	if (exchange->writes)
		return send_stream(exchange, query);
	return read_stream(exchange, query);
}
