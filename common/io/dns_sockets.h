/* dns_sockets - UDP sockets that stay open from one question to the next, each
 * question from another port. One thread: that of the event base. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_SOCKETS_H
#define COMMON_IO_DNS_SOCKETS_H

#include "common/base/own.h"
#include "common/io/dns_nameserver.h"

struct event_base;
struct dns_sockets;
struct dns_socket;

/* A socket can be read; it may be given back in the call. */
typedef void dns_socket_ready(void *asker);

/*
 * dns_sockets_new - none are open; the base outlives them
 *
 * spare: how many stay open, of each family, while nobody asks.
 * dns_sockets_free: all were given back.
 */
void dns_sockets_free(struct dns_sockets *sockets);
struct dns_sockets *dns_sockets_new(struct event_base *base, unsigned spare,
    dns_socket_ready *ready) OWNED(dns_sockets_free);

/*
 * dns_sockets_take - one that is connected to the nameserver, from a port that
 * the kernel chose at random just now (RFC 5452 section 9.2)
 *
 * ready is called for asker until it is given back.  0, or an errno.
 */
int dns_sockets_take(struct dns_sockets *sockets,
    const struct dns_nameserver *at, void *asker, struct dns_socket **out);

/* dns_sockets_give - the question is over: the port is free at once, and what
 * still comes for it meets nobody */
void dns_sockets_give(struct dns_sockets *sockets, struct dns_socket *socket);

/* dns_socket_fd - borrowed, to send and to receive */
int dns_socket_fd(const struct dns_socket *socket);

#endif
