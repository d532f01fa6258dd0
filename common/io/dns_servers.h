/* dns_servers - the nameservers that a stub resolver asks, and which of them
 * next. One thread, but for what never changes. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_IO_DNS_SERVERS_H
#define COMMON_IO_DNS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/io/dns_nameserver.h"
#include "common/io/dns_options.h"

struct dns_server {
	struct dns_nameserver at;
	bool trusted; /* its AD bit counts */
	/* of one thread */
	int64_t heard_ms;
	int64_t down_until_ms;
};

struct dns_servers {
	size_t count;
	struct dns_server items[LIMIT_NAMESERVERS];
};

/* dns_servers_set - those of the options whose AD bit counts, or all if there
 * is none; -1, LOCAL, when one is no address or there is nothing to ask */
int dns_servers_set(struct dns_servers *servers,
    const struct dns_options *options, struct err *err);

/*
 * dns_servers_next - the next in order that may be asked, one that is down if
 * there is no other; or NULL
 *
 * may: a bit for each.  Any or all may be tried again in another round.
 */
struct dns_server *
dns_servers_next(struct dns_servers *servers, unsigned may, int64_t now_ms);

/* dns_servers_bit - a server's, for dns_servers_next */
unsigned dns_servers_bit(
    const struct dns_servers *servers, const struct dns_server *server);

/* dns_servers_hear - a server said something
 * dns_servers_miss - it did not say anything to what was asked at begun_ms; if
 * it said nothing to anybody since then it is taken for down */
void dns_servers_hear(struct dns_server *server);
void
dns_servers_miss(struct dns_server *server, int64_t begun_ms, int64_t now_ms);

#endif
