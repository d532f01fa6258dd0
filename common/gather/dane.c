/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/dane.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/host_case.h"
#include "common/proto/address.h"

/* Hosts whose addresses are asked for at once: most domains have no more, and
 * one with many that are silent must not take all the lookups there are. */
enum { HOSTS_AT_ONCE = 4 };

/* Where one host stands. */
struct host_step {
	struct host_facts *host;
	struct dns_query *a;
	struct dns_query *aaaa;
	struct dns_query *query; /* the one CNAME or TLSA lookup on its way */
	struct tlsa_search search;
	size_t asked; /* names of it asked for so far */
};

struct dane_step {
	struct dns *dns;
	struct facts *facts;
	enum families families;
	int64_t deadline_ms;
	struct host_step *hosts;
};

static struct dns_query *
ask_family(struct dane_step *step, const char *name, int family)
{
	if (!families_have(step->families, family))
		return NULL;
	return dns_ask(step->dns, name, family == AF_INET ? DNS_A : DNS_AAAA,
	    step->deadline_ms);
}

static void
ask_addresses(struct dane_step *step, size_t number)
{
	struct host_step *s;

	if (number >= step->facts->host_count)
		return;
	s = &step->hosts[number];
	if (s->host->literal)
		return;
	s->a = ask_family(step, s->host->name, AF_INET);
	s->aaaa = ask_family(step, s->host->name, AF_INET6);
}

struct dane_step *
dane_start(struct dns *dns, struct facts *facts, enum families families,
    int64_t deadline_ms)
{
	struct dane_step *step = xcalloc(1, sizeof(*step));

	step->dns = dns;
	step->facts = facts;
	step->families = families;
	step->deadline_ms = deadline_ms;
	step->hosts = xcalloc(facts->host_count, sizeof(*step->hosts));
	for (size_t i = 0; i < facts->host_count; i++)
		step->hosts[i].host = &facts->hosts[i];
	for (size_t i = 0; i < HOSTS_AT_ONCE; i++)
		ask_addresses(step, i);
	return step;
}

/* Of each family so many are kept at first, and then both are cut to fit. */
static void
add_address(struct host_facts *host, int family, const char *text)
{
	unsigned *count =
	    family == AF_INET ? &host->ipv4_count : &host->ipv6_count;

	if ((*count)++ >= LIMIT_HOST_ADDRESSES)
		return;
	host->addresses = xrealloc(
	    host->addresses, host->address_count + 1, sizeof(*host->addresses));
	memset(
	    &host->addresses[host->address_count], 0, sizeof(*host->addresses));
	text_copy(host->addresses[host->address_count++].text, INET6_ADDRSTRLEN,
	    text);
}

/* IPv4 addresses come first; neither family crowds the other out. */
static void
cut_addresses(struct host_facts *host)
{
	enum { HALF = LIMIT_HOST_ADDRESSES / 2 };
	size_t ipv4 = host->ipv4_count < LIMIT_HOST_ADDRESSES
			  ? host->ipv4_count
			  : LIMIT_HOST_ADDRESSES;
	size_t ipv6 = host->address_count - ipv4;
	size_t keep = ipv6 < HALF ? LIMIT_HOST_ADDRESSES - ipv6 : HALF;

	if (host->address_count <= LIMIT_HOST_ADDRESSES)
		return;
	if (keep > ipv4)
		keep = ipv4;
	host->address_count = LIMIT_HOST_ADDRESSES;
	memmove(&host->addresses[keep], &host->addresses[ipv4],
	    (LIMIT_HOST_ADDRESSES - keep) * sizeof(*host->addresses));
}

/* Keep the outcome of a lookup where it belongs. */
static void
keep_lookup(struct dane_step *step, struct host_facts *host,
    struct lookup *lookup, const struct dns_answer *answer)
{
	*lookup = answer->lookup;
	facts_note(step->facts, lookup);
	if (answer->why[0] != '\0')
		text_copy(host->detail, sizeof(host->detail), answer->why);
}

/* RFC 7672 section 2.1.1: an answer that is malformed is a lookup error. */
static void
keep_malformed(
    struct dane_step *step, struct host_facts *host, struct lookup *lookup)
{
	*lookup = (struct lookup){.state = LOOKUP_SERVFAIL};
	facts_note(step->facts, lookup);
	text_copy(
	    host->detail, sizeof(host->detail), "malformed_address_record");
}

static void
learn_addresses(struct dane_step *step, struct host_facts *host, int family,
    struct dns_query *query)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct lookup *lookup = family == AF_INET ? &host->a : &host->aaaa;
	char text[INET6_ADDRSTRLEN];
	bool any = false;

	if (query == NULL)
		return;
	answer = dns_await(query);
	keep_lookup(step, host, lookup, answer);
	if (lookup->state != LOOKUP_DATA)
		return;
	text_copy(host->expanded, sizeof(host->expanded), answer->owner);
	for (size_t i = 0; i < answer->count; i++) {
		if (address_from_rdata(answer->records[i].data,
			answer->records[i].size, text) != 0)
			continue;
		any = true;
		add_address(host, family, text);
	}
	if (!any)
		keep_malformed(step, host, lookup);
}

/* An address literal has its address by being one; to an MTA it has none if
 * that is of a family that mail does not go by. */
static void
learn_literal(struct dane_step *step, struct host_facts *host)
{
	struct address address;

	host->a.ttl_s = UINT32_MAX;
	host->a.state = LOOKUP_NODATA;
	if (address_parse(host->name, &address) != 0 ||
	    !families_have(step->families, address.family))
		return;
	host->a.state = LOOKUP_DATA;
	add_address(host, address.family, host->name);
}

static void
await_addresses(struct dane_step *step)
{
	for (size_t i = 0; i < step->facts->host_count; i++) {
		struct host_step *s = &step->hosts[i];

		if (s->host->literal) {
			learn_literal(step, s->host);
		} else {
			learn_addresses(step, s->host, AF_INET, s->a);
			learn_addresses(step, s->host, AF_INET6, s->aaaa);
			cut_addresses(s->host);
		}
		ask_addresses(step, i + HOSTS_AT_ONCE);
	}
}

static void
plan_search(struct dane_step *step, struct host_step *s)
{
	s->search = tlsa_search(s->host, step->facts->next_hop.port);
	if (s->search.ask_alias)
		s->query = dns_ask(
		    step->dns, s->host->name, DNS_CNAME, step->deadline_ms);
}

/* The alias to insecure addresses: is it itself secure? */
static void
await_alias(struct dane_step *step, struct host_step *s)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	if (s->query == NULL)
		return;
	answer = dns_await(s->query);
	s->query = NULL;
	keep_lookup(step, s->host, &s->host->cname, answer);
	s->search = tlsa_search(s->host, step->facts->next_hop.port);
}

static bool
ask_candidate(struct dane_step *step, struct host_step *s)
{
	char owner[LIMIT_DOMAIN_SIZE];

	if (s->asked == s->search.count)
		return false;
	tlsa_owner(
	    owner, step->facts->next_hop.port, s->search.names[s->asked++]);
	s->query = dns_ask(step->dns, owner, DNS_TLSA, step->deadline_ms);
	return true;
}

/*
 * RFC 7672 section 2.1.2 and 2.2.3: a lookup that fails ends the search, and
 * the first secure RRset is taken even if none of its records is usable.
 */
static void
await_candidate(struct dane_step *step, struct host_step *s)
{
	struct host_facts *host = s->host;
	AUTO(dns_answer) struct dns_answer *answer = dns_await(s->query);

	s->query = NULL;
	keep_lookup(step, host, &host->tlsa, answer);
	if (lookup_failed(&answer->lookup)) {
		s->asked = s->search.count;
	} else if (answer->lookup.state == LOOKUP_DATA &&
		   answer->lookup.secure) {
		text_copy(host->base_domain, sizeof(host->base_domain),
		    s->search.names[s->asked - 1]);
		s->asked = s->search.count;
		for (size_t i = 0; i < answer->count; i++)
			tlsa_set_merge(&host->records, answer->records[i].data,
			    answer->records[i].size);
		tlsa_set_finish(&host->records);
	}
}

static void
find_tlsa(struct dane_step *step)
{
	size_t count = step->facts->host_count;
	bool asking = true;

	for (size_t i = 0; i < count; i++)
		plan_search(step, &step->hosts[i]);
	for (size_t i = 0; i < count; i++)
		await_alias(step, &step->hosts[i]);
	while (asking) {
		asking = false;
		for (size_t i = 0; i < count; i++)
			asking |= ask_candidate(step, &step->hosts[i]);
		for (size_t i = 0; i < count; i++)
			if (step->hosts[i].query != NULL)
				await_candidate(step, &step->hosts[i]);
	}
}

void
dane_finish(struct dane_step *step, bool want_tlsa)
{
	await_addresses(step);
	if (want_tlsa)
		find_tlsa(step);
	free(step->hosts);
	free(step);
}
