/* dns_request - one lookup of a stub resolver, from nameserver to nameserver.
 * One thread: that of the event base. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_REQUEST_H
#define COMMON_IO_DNS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/time.h>

#include "common/base/err.h"
#include "common/io/dns_exchange.h"
#include "common/io/dns_insecure.h"
#include "common/io/dns_packet.h"
#include "common/io/dns_pending.h"
#include "common/io/dns_servers.h"
#include "common/io/dns_window.h"

struct event;
struct event_base;
struct dns_request;

/* As many as the kernel gives in one call without fail. */
enum { DNS_REQUEST_IDS = 128 };

/* What the requests of a resolver share. */
struct dns_request_context {
	struct event_base *base;
	struct dns_sockets *sockets;        /* that call dns_request_go_on */
	const struct timeval *attempt_time; /* of one question to one server */
	struct dns_servers servers;
	struct dns_window window;            /* of all of them together */
	struct dns_pace *pace;               /* see dns_options.h */
	bool authoritative;                  /* see dns_options.h */
	const struct dns_insecure *insecure; /* borrowed */
	uint8_t datagram[DNS_PACKET_MAX];    /* for a reply being read */
	uint16_t ids[DNS_REQUEST_IDS];       /* random, each for one question */
	unsigned id_count;                   /* that are left */

	/* A request has ended, and is freed after this; wants to ask again, and
	 * waits for dns_request_start. */
	void (*ended)(void *arg, struct dns_request *request);
	void (*again)(void *arg, struct dns_request *request);
	void *arg;
};

struct dns_request {
	TAILQ_ENTRY(dns_request) link; /* its owner's */
	struct dns_request_context *context;
	struct dns_pending *pending;

	/* its own */
	struct dns_packet_query query;
	unsigned servers;           /* a bit for each that may be asked */
	unsigned tried;             /* of servers, in this round */
	struct dns_answer *failure; /* the first that a server answered */
	struct dns_server *server;  /* of the attempt */
	int64_t begun_ms;
	bool in_window; /* the attempt is */
	struct dns_exchange exchange;
	struct event *ready; /* its connection, or NULL */
	struct event *timer; /* NULL until the first attempt */
};

/*
 * dns_request_new - the lookup of pending, at the servers whose bit is set; any
 * thread
 *
 * NULL, DATA, where the name cannot be asked for.  dns_request_free: of one
 * that has not ended; pending is left as it is.
 */
void dns_request_free(struct dns_request *request);
struct dns_request *dns_request_new(struct dns_request_context *context,
    struct dns_pending *pending, unsigned servers, struct err *err)
    OWNED(dns_request_free);

/* dns_request_wait_ms - how long it is to wait before dns_request_start, for so
 * many are asked now, or by the pace of the nameserver that it would ask */
int dns_request_wait_ms(struct dns_request *request);

/* dns_request_start - ask, and go on until the lookup is answered or not wanted
 * any more, when pending is finished, or until it is to ask again */
void dns_request_start(struct dns_request *request);

/* dns_request_go_on - for dns_sockets_new: the request's socket can be read */
void dns_request_go_on(void *request);

#endif
