/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/dns_servers.h"

#include <assert.h>

#include "common/base/clock.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* A silent nameserver is asked again first after so long. */
enum { DOWN_MS = 30 * 1000 };

static int
read_nameservers(const struct dns_options *options,
    struct dns_nameserver out[LIMIT_NAMESERVERS], struct err *err)
{
	if (options->recurse)
		return err_set(err, ERR_LOCAL,
		    "a stub resolver cannot ask the authoritative servers");
	if (options->nameserver_count == 0)
		return dns_nameserver_load(RESOLV_CONF, out, err);
	if (options->nameserver_count > LIMIT_NAMESERVERS)
		return err_set(err, ERR_LOCAL, "more than %d nameservers",
		    LIMIT_NAMESERVERS);
	for (size_t i = 0; i < options->nameserver_count; i++)
		if (dns_nameserver_parse(
			options->nameservers[i], &out[i], err) < 0)
			return -1;
	return (int)options->nameserver_count;
}

int
dns_servers_set(struct dns_servers *servers, const struct dns_options *options,
    struct err *err)
{
	struct dns_nameserver found[LIMIT_NAMESERVERS];
	int count = read_nameservers(options, found, err);
	bool any_trusted = false;

	if (count < 0)
		return -1;
	servers->count = 0;
	for (int i = 0; i < count; i++)
		any_trusted |= options->trust_remote || found[i].loopback;
	for (int i = 0; i < count; i++) {
		bool trusted = options->trust_remote || found[i].loopback;

		if (any_trusted && !trusted)
			continue;
		servers->items[servers->count++] =
		    (struct dns_server){.at = found[i], .trusted = trusted};
	}
	return 0;
}

struct dns_server *
dns_servers_next(struct dns_servers *servers, unsigned may, int64_t now_ms)
{
	struct dns_server *down = NULL;

	for (size_t i = 0; i < servers->count; i++) {
		struct dns_server *server = &servers->items[i];

		if ((may >> i & 1) == 0)
			continue;
		if (server->down_until_ms <= now_ms)
			return server;
		if (down == NULL)
			down = server;
	}
	return down;
}

unsigned
dns_servers_bit(
    const struct dns_servers *servers, const struct dns_server *server)
{
	assert(server >= servers->items &&
	       server < servers->items + servers->count);
	return 1U << (server - servers->items);
}

void
dns_servers_hear(struct dns_server *server)
{
	server->heard_ms = clock_mono_ms();
	server->down_until_ms = 0;
}

void
dns_servers_miss(struct dns_server *server, int64_t begun_ms, int64_t now_ms)
{
	if (server->heard_ms < begun_ms)
		server->down_until_ms = now_ms + DOWN_MS;
}
