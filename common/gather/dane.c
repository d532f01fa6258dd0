/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/dane.h"

#include <assert.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/judge/host_case.h"
#include "common/proto/address.h"

/*
 * How it works: in the order in which it happens to a host.  Before each step
 * dane_watch tells what is awaited, and dane_proceed takes all of it at once.
 *
 * 1. The addresses of a few hosts are asked for at a time.  Beside them goes
 *    the TLSA lookup of a host that seems to be in a signed zone; it is not
 *    awaited.
 * 2. When all have come, and if TLSA records may count, the alias of each host
 *    that has one and insecure addresses is looked at.
 * 3. Then the TLSA records at the first candidate of each host, then at the
 *    next one, until each has been found or has no candidate left.  What was
 *    begun early is taken when its name has its turn, and dropped at the end
 *    where it had none, whatever came of it.
 */

/* Hosts whose addresses are asked for at once: most domains have no more, and
 * one with many that are silent must not take all the lookups there are. */
enum { HOSTS_AT_ONCE = 4 };

/* Where one host stands. */
struct host_step {
	struct host_facts *host;
	struct dns_query *a;
	struct dns_query *aaaa;
	struct dns_query *early; /* TLSA at its own name, whose turn may come */
	struct dns_query *query; /* the one CNAME or TLSA lookup on its way */
	struct tlsa_search search;
	size_t asked; /* names of it asked for so far */
};

enum dane_stage { AT_ADDRESSES, AT_ALIASES, AT_TLSA };

struct dane_step {
	struct dns *dns;
	struct facts *facts;
	enum families families;
	bool want_tlsa;
	int64_t deadline_ms;
	enum dane_stage stage;
	size_t taken; /* hosts whose addresses are known */
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

/*
 * RFC 7672 section 2.2.2 has addresses looked up before TLSA records, since
 * nameservers of unsigned zones fail at these.  A secure answer about the MX
 * RRset shows that its zone is signed, and with it a host that has the owner's
 * name or one right below it, but for a zone cut at the host.
 */
static bool
seems_signed(const struct facts *facts, const struct host_facts *host)
{
	const char *parent = strchr(host->name, '.');

	if (!facts->mx.secure || (facts->mx.state != LOOKUP_DATA &&
				     facts->mx.state != LOOKUP_NODATA))
		return false;
	return strcmp(host->name, facts->expanded) == 0 ||
	       (parent != NULL && strcmp(parent + 1, facts->expanded) == 0);
}

static void
ask_early(struct dane_step *step, struct host_step *s)
{
	char owner[LIMIT_DOMAIN_SIZE];
	uint16_t port = step->facts->next_hop.port;

	assert(s->early == NULL);
	if (step->want_tlsa && seems_signed(step->facts, s->host) &&
	    tlsa_owner(owner, port, s->host->name))
		s->early =
		    dns_ask(step->dns, owner, DNS_TLSA, step->deadline_ms);
}

static void
ask_addresses(struct dane_step *step, size_t number)
{
	struct host_step *s;

	if (number >= step->facts->host_count)
		return;
	s = &step->hosts[number];
	assert(s->a == NULL && s->aaaa == NULL);
	if (s->host->literal)
		return;
	s->a = ask_family(step, s->host->name, AF_INET);
	s->aaaa = ask_family(step, s->host->name, AF_INET6);
	ask_early(step, s);
}

static void
ask_batch(struct dane_step *step)
{
	for (size_t i = 0; i < HOSTS_AT_ONCE; i++)
		ask_addresses(step, step->taken + i);
}

struct dane_step *
dane_start(const struct dane_wish *wish, struct facts *facts)
{
	struct dane_step *step = xcalloc(1, sizeof(*step));

	step->dns = wish->dns;
	step->facts = facts;
	step->families = wish->families;
	step->want_tlsa = wish->tlsa;
	step->deadline_ms = wish->deadline_ms;
	step->hosts = xcalloc(facts->host_count, sizeof(*step->hosts));
	for (size_t i = 0; i < facts->host_count; i++)
		step->hosts[i].host = &facts->hosts[i];
	ask_batch(step);
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

/* The answer of a query that has one, or whose time is over; NULL without. */
static struct dns_answer *
end_query(struct dns_query **query)
{
	struct dns_query *taken = *query;

	*query = NULL;
	return taken == NULL ? NULL : dns_await(taken);
}

static void
learn_addresses(struct dane_step *step, struct host_facts *host, int family,
    struct dns_query **query)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct lookup *lookup = family == AF_INET ? &host->a : &host->aaaa;
	char text[INET6_ADDRSTRLEN];
	bool any = false;

	answer = end_query(query);
	if (answer == NULL)
		return;
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
take_addresses(struct dane_step *step)
{
	size_t end = step->taken + HOSTS_AT_ONCE;

	for (; step->taken < end && step->taken < step->facts->host_count;
	     step->taken++) {
		struct host_step *s = &step->hosts[step->taken];

		if (s->host->literal) {
			learn_literal(step, s->host);
			continue;
		}
		learn_addresses(step, s->host, AF_INET, &s->a);
		learn_addresses(step, s->host, AF_INET6, &s->aaaa);
		cut_addresses(s->host);
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
take_alias(struct dane_step *step, struct host_step *s)
{
	AUTO(dns_answer) struct dns_answer *answer = end_query(&s->query);

	if (answer == NULL)
		return;
	keep_lookup(step, s->host, &s->host->cname, answer);
	s->search = tlsa_search(s->host, step->facts->next_hop.port);
}

static bool
ask_candidate(struct dane_step *step, struct host_step *s)
{
	char owner[LIMIT_DOMAIN_SIZE];
	const char *name;

	if (s->asked == s->search.count)
		return false;
	name = s->search.names[s->asked++];
	if (s->early != NULL && strcmp(name, s->host->name) == 0) {
		s->query = s->early;
		s->early = NULL;
		return true;
	}
	tlsa_owner(owner, step->facts->next_hop.port, name);
	s->query = dns_ask(step->dns, owner, DNS_TLSA, step->deadline_ms);
	return true;
}

/*
 * RFC 7672 section 2.1.2 and 2.2.3: a lookup that fails ends the search, and
 * the first secure RRset is taken even if none of its records is usable.
 */
static void
take_candidate(struct dane_step *step, struct host_step *s)
{
	struct host_facts *host = s->host;
	AUTO(dns_answer) struct dns_answer *answer = end_query(&s->query);

	if (answer == NULL)
		return;
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

/* What is the same for all hosts. */
static void
for_each_host(struct dane_step *step,
    void (*act)(struct dane_step *step, struct host_step *s))
{
	for (size_t i = 0; i < step->facts->host_count; i++)
		act(step, &step->hosts[i]);
}

static bool
ask_candidates(struct dane_step *step)
{
	bool any = false;

	step->stage = AT_TLSA;
	for (size_t i = 0; i < step->facts->host_count; i++)
		any |= ask_candidate(step, &step->hosts[i]);
	return any;
}

/* Whether more is asked. */
static bool
proceed_hosts(struct dane_step *step)
{
	switch (step->stage) {
	case AT_ADDRESSES:
		take_addresses(step);
		ask_batch(step);
		if (step->taken < step->facts->host_count)
			return true;
		step->stage = AT_ALIASES;
		if (step->want_tlsa)
			for_each_host(step, plan_search);
		return step->want_tlsa;
	case AT_ALIASES:
		for_each_host(step, take_alias);
		return ask_candidates(step);
	case AT_TLSA:
		for_each_host(step, take_candidate);
		return ask_candidates(step);
	}
	return false;
}

/* What was begun early, and had no turn. */
static void
drop_early(struct dane_step *step, struct host_step *s)
{
	(void)step;
	if (s->early != NULL)
		dns_drop(s->early);
	s->early = NULL;
}

static void
end_step(struct dane_step *step)
{
	for_each_host(step, drop_early);
	free(step->hosts);
	free(step);
}

bool
dane_proceed(struct dane_step *step)
{
	if (proceed_hosts(step))
		return true;
	end_step(step);
	return false;
}

static unsigned
watch_lookup(struct dns_query *query, cache_ready *ready, void *arg)
{
	if (query == NULL)
		return 0;
	dns_watch(query, ready, arg);
	return 1;
}

unsigned
dane_watch(struct dane_step *step, cache_ready *ready, void *arg)
{
	unsigned count = 0;

	for (size_t i = 0; i < step->facts->host_count; i++) {
		struct host_step *s = &step->hosts[i];

		count += watch_lookup(s->a, ready, arg);
		count += watch_lookup(s->aaaa, ready, arg);
		count += watch_lookup(s->query, ready, arg);
	}
	return count;
}

static int64_t
latest_deadline(const struct host_step *s)
{
	const struct dns_query *queries[] = {s->a, s->aaaa, s->query};
	int64_t latest_ms = 0;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (queries[i] != NULL && dns_deadline(queries[i]) > latest_ms)
			latest_ms = dns_deadline(queries[i]);
	return latest_ms;
}

int64_t
dane_deadline(const struct dane_step *step)
{
	int64_t latest_ms = 0;

	for (size_t i = 0; i < step->facts->host_count; i++) {
		int64_t deadline_ms = latest_deadline(&step->hosts[i]);

		if (deadline_ms > latest_ms)
			latest_ms = deadline_ms;
	}
	return latest_ms;
}

static void
drop_queries(struct dane_step *step, struct host_step *s)
{
	(void)step;
	dns_answer_free(end_query(&s->a));
	dns_answer_free(end_query(&s->aaaa));
	dns_answer_free(end_query(&s->query));
}

void
dane_drop(struct dane_step *step)
{
	for_each_host(step, drop_queries);
	end_step(step);
}
