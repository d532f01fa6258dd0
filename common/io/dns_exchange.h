/* dns_exchange - one question to one nameserver, by UDP or by TCP. One
 * thread. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_EXCHANGE_H
#define COMMON_IO_DNS_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/io/dns_nameserver.h"
#include "common/io/dns_packet.h"
#include "common/io/dns_sockets.h"

enum dns_exchange_outcome {
	DNS_EXCHANGE_FAILED,  /* for the reason in error */
	DNS_EXCHANGE_LASTS,   /* go on when the socket is ready again */
	DNS_EXCHANGE_CUT,     /* the reply is to be had by TCP only */
	DNS_EXCHANGE_REPLIED, /* reply has it */
};

enum { DNS_EXCHANGE_PREFIX = 2 }; /* RFC 1035 section 4.2.2 */

struct dns_exchange {
	int fd;      /* of TCP, to wait for; -1: none */
	bool writes; /* to wait until it can be written to, else read */
	int error;   /* an errno */
	bool heard;  /* the nameserver has replied by UDP, whole or not */
	const uint8_t *reply; /* to the query; borrowed until the end, or until
				 the buffer is used again */
	size_t reply_size;

	/* its own */
	struct dns_sockets *sockets;
	struct dns_socket *socket; /* of UDP, or NULL */
	unsigned misfits;
	size_t got;
	uint8_t prefix[DNS_EXCHANGE_PREFIX];
	size_t stream_size;
	uint8_t *stream; /* NULL until the prefix is read */
};

/*
 * dns_exchange_init - nothing is under way; sockets are borrowed
 *
 * dns_exchange_ask - end what was, and send the query by UDP; asker is called
 * when there is something to go on with, see dns_sockets.h
 *
 * dns_exchange_connect - end what was, and ask by TCP as soon as the connection
 * stands; the caller waits for fd
 *
 * 0, or an errno; what was opened then is closed by dns_exchange_end.
 */
void
dns_exchange_init(struct dns_exchange *exchange, struct dns_sockets *sockets);
int
dns_exchange_ask(struct dns_exchange *exchange, const struct dns_nameserver *at,
    const struct dns_packet_query *query, void *asker);
int dns_exchange_connect(
    struct dns_exchange *exchange, const struct dns_nameserver *at);

/*
 * dns_exchange_go_on - the socket is ready: send or receive what there is
 *
 * query is the one that it began with.  buffer may be used for others as soon
 * as the reply is read.  What does not fit the query is passed over, so often
 * as LIMIT_DNS_MISFITS; then TCP has to do.
 */
enum dns_exchange_outcome dns_exchange_go_on(struct dns_exchange *exchange,
    const struct dns_packet_query *query, uint8_t buffer[DNS_PACKET_MAX]);

/* dns_exchange_is_open - whether a question is out, or on its way */
bool dns_exchange_is_open(const struct dns_exchange *exchange);

/* dns_exchange_end - close or give back the socket; may be called again */
void dns_exchange_end(struct dns_exchange *exchange);

#endif
