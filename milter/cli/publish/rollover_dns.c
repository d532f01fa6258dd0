/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/io/dns.h"
#include "common/judge/reasons.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"
#include "milter/cli/publish/own.h"
#include "milter/cli/publish/rollover_look.h"

enum {
	/* Labels from the owner up to the apex of its zone */
	CLIMB = 16,
};

static void
take_tlsa_records(struct tlsa_set *set, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		tlsa_set_add(
		    set, answer->records[i].data, answer->records[i].size);
	tlsa_set_finish(set);
}

/* The RRset that senders see; *at is where it stands, behind any CNAME. */
static int
ask_validated(struct rollover_look *look, struct dns *dns, int64_t deadline_ms,
    char at[LIMIT_DOMAIN_SIZE])
{
	AUTO(dns_answer)
	struct dns_answer *answer =
	    dns_await(dns_ask(dns, look->owner, DNS_TLSA, deadline_ms));

	if (lookup_failed(&answer->lookup))
		return cli_fail(3, "%s: %s, %s", look->owner,
		    reason_text(lookup_reason(&answer->lookup)), answer->why);
	look->facts.heeded &= answer->lookup.secure;
	look->facts.published =
	    answer->lookup.secure && answer->lookup.state == LOOKUP_DATA;
	look->set_ttl_s = answer->lookup.ttl_s;
	take_tlsa_records(&look->set, answer);
	text_copy(at, LIMIT_DOMAIN_SIZE, answer->owner);
	return 0;
}

/* The NS records of the zone that holds a name; NULL if there are none. */
static struct dns_answer *
find_zone_servers(struct dns *dns, const char *name, int64_t deadline_ms)
{
	for (int i = 0; i < CLIMB && *name != '\0'; i++) {
		struct dns_answer *answer =
		    dns_await(dns_ask(dns, name, DNS_NS, deadline_ms));

		if (answer->lookup.state == LOOKUP_DATA &&
		    strcmp(answer->owner, name) == 0)
			return answer;
		dns_answer_free(answer);
		name += strcspn(name, ".");
		name += *name == '.';
	}
	return NULL;
}

/* NULL where it stands in the list already, or the list is full. */
static struct rollover_server *
add_server(struct rollover_look *look, const char *name, const char *address)
{
	struct rollover_server *server;

	for (size_t i = 0; address[0] != '\0' && i < look->server_count; i++)
		if (strcmp(look->servers[i].address, address) == 0)
			return NULL;
	if (look->server_count == ROLLOVER_SERVERS) {
		look->servers_cut = true;
		return NULL;
	}
	server = &look->servers[look->server_count++];
	text_copy(server->name, sizeof(server->name), name);
	text_copy(server->address, sizeof(server->address), address);
	return server;
}

/* One that cannot be asked, for there is no address to ask at. */
static void
add_unknown(struct rollover_look *look, const char *name, const char *why)
{
	struct rollover_server *server = add_server(look, name, "");

	if (server != NULL)
		text_copy(server->why, sizeof(server->why), why);
}

/* False where there are none; a lookup that failed may hide one. */
static bool
add_server_addresses(
    struct rollover_look *look, const char *name, struct dns_query *query)
{
	AUTO(dns_answer) struct dns_answer *answer = dns_await(query);
	char address[INET6_ADDRSTRLEN];
	bool any = false;

	if (lookup_failed(&answer->lookup)) {
		add_unknown(
		    look, name, reason_text(lookup_reason(&answer->lookup)));
		return true;
	}
	look->servers_cut |= answer->count > ROLLOVER_ADDRESSES;
	for (size_t i = 0; i < answer->count && i < ROLLOVER_ADDRESSES; i++)
		if (address_from_rdata(answer->records[i].data,
			answer->records[i].size, address) == 0) {
			add_server(look, name, address);
			any = true;
		}
	return any;
}

static void
find_servers(struct rollover_look *look, struct dns *dns,
    const struct dns_answer *zone, int64_t deadline_ms)
{
	char names[ROLLOVER_NAMES][LIMIT_DOMAIN_SIZE];
	struct dns_query *a[ROLLOVER_NAMES], *aaaa[ROLLOVER_NAMES];
	size_t count = 0;

	look->servers_cut = zone->count > ROLLOVER_NAMES;
	for (size_t i = 0; i < zone->count && count < ROLLOVER_NAMES; i++) {
		struct wire wire;

		wire_init(&wire, zone->records[i].data, zone->records[i].size);
		if (domain_from_wire(&wire, names[count], NULL) != 0 ||
		    names[count][0] == '\0')
			continue;
		a[count] = dns_ask(dns, names[count], DNS_A, deadline_ms);
		aaaa[count] = dns_ask(dns, names[count], DNS_AAAA, deadline_ms);
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		bool any = add_server_addresses(look, names[i], a[i]);

		any |= add_server_addresses(look, names[i], aaaa[i]);
		if (!any)
			add_unknown(look, names[i], "no_address_was_found");
	}
}

static void
take_server_answer(struct rollover_server *server, struct dns_query *query)
{
	AUTO(dns_answer) struct dns_answer *answer = dns_await(query);

	if (lookup_failed(&answer->lookup)) {
		text_copy(server->why, sizeof(server->why), answer->why);
		return;
	}
	server->answered = true;
	server->ttl_s = answer->lookup.ttl_s;
	take_tlsa_records(&server->set, answer);
}

/* RFC 7671 section 8: all of them count, for any may fill the next cache. */
static void
ask_servers(
    struct rollover_look *look, const struct dns_options *like, const char *at)
{
	int64_t deadline_ms = clock_mono_ms() + like->timeout_ms;
	struct dns_query *queries[ROLLOVER_SERVERS] = {NULL};
	struct dns *resolvers[ROLLOVER_SERVERS];
	struct err err;

	for (size_t i = 0; i < look->server_count; i++) {
		struct rollover_server *server = &look->servers[i];
		const char *const nameservers[] = {server->address};
		struct dns_options options = {.kind = DNS_SYSTEM,
		    .nameservers = nameservers,
		    .nameserver_count = 1,
		    .authoritative = true,
		    .timeout_ms = like->timeout_ms,
		    .max_outstanding = 4};

		resolvers[i] = NULL;
		if (server->address[0] == '\0')
			continue;
		resolvers[i] = dns_new(&options, &err);
		if (resolvers[i] != NULL)
			queries[i] =
			    dns_ask(resolvers[i], at, DNS_TLSA, deadline_ms);
		else
			text_clean(server->why, sizeof(server->why), err.text,
			    strlen(err.text));
	}
	for (size_t i = 0; i < look->server_count; i++) {
		if (queries[i] != NULL)
			take_server_answer(&look->servers[i], queries[i]);
		dns_free(resolvers[i]);
	}
}

static int
ask_zone(struct rollover_look *look, struct dns *dns,
    const struct dns_options *options)
{
	int64_t deadline_ms =
	    clock_mono_ms() + INT64_C(3) * options->timeout_ms;
	AUTO(dns_answer) struct dns_answer *zone = NULL;
	char at[LIMIT_DOMAIN_SIZE];
	int status = ask_validated(look, dns, deadline_ms, at);

	if (status != 0)
		return status;
	zone = find_zone_servers(dns, at, deadline_ms);
	if (zone != NULL)
		find_servers(look, dns, zone, deadline_ms);
	ask_servers(look, options, at);
	return 0;
}

int
rollover_ask(struct rollover_look *look, const struct dns_options *options,
    uint16_t port)
{
	AUTO(dns) struct dns *dns = NULL;
	struct err err;

	if (!tlsa_owner(look->owner, port, look->base))
		return cli_fail(EX_USAGE, "--name: too long for TLSA records");
	dns = dns_new(options, &err);
	if (dns == NULL)
		return cli_fail(EX_UNAVAILABLE, "%s", err.text);
	return ask_zone(look, dns, options);
}
