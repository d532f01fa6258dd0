/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/mx.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/base/xalloc.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"

struct dns_query *
mx_ask(struct dns *dns, const struct facts *facts, int64_t deadline_ms)
{
	if (!facts->next_hop.mx_lookup)
		return NULL;
	return dns_ask(dns, facts->next_hop.host, DNS_MX, deadline_ms);
}

/* An MX record may not name an address (RFC 5321 section 5.1), but where one
 * does Postfix connects to it. */
static void
host_init(struct host_facts *host, const char *name, unsigned preference)
{
	struct address address;

	host->literal = address_parse(name, &address) == 0;
	host->preference = preference;
	text_copy(host->name, sizeof(host->name), name);
	text_copy(host->expanded, sizeof(host->expanded), name);
}

/* RFC 5321 section 5.1, RFC 7672 section 2.2.2: without MX the domain is its
 * own host. */
static void
be_own_host(struct facts *facts)
{
	facts->hosts = xcalloc(1, sizeof(*facts->hosts));
	facts->host_count = 1;
	host_init(&facts->hosts[0], facts->next_hop.host, 0);
}

/* What a record says: a host, or a name that no host can have, which is passed
 * over as Postfix does, or nothing. */
enum mx_record { MX_MALFORMED, MX_NO_HOST, MX_HOST };

static enum mx_record
parse_mx(const struct dns_rdata *rdata, struct host_facts *host)
{
	char name[LIMIT_DOMAIN_SIZE];
	struct wire wire;
	unsigned preference;

	wire_init(&wire, rdata->data, rdata->size);
	preference = wire_u16(&wire);
	if (domain_from_wire(&wire, name, NULL) != 0)
		return wire.bad ? MX_MALFORMED : MX_NO_HOST;
	if (wire.left > 0)
		return MX_MALFORMED;
	host_init(host, name, preference);
	return MX_HOST;
}

static int
compare_hosts(const void *a, const void *b)
{
	const struct host_facts *left = a, *right = b;

	if (left->preference != right->preference)
		return left->preference < right->preference ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* A name that stands twice is one host, at its better preference. */
static bool
seen_before(const struct facts *facts, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(facts->hosts[i].name, facts->hosts[at].name) == 0)
			return true;
	return false;
}

static void
drop_hosts(struct facts *facts)
{
	size_t kept = 0;

	for (size_t i = 0; i < facts->host_count; i++) {
		if (facts->hosts[i].name[0] == '\0')
			continue;
		facts->hosts[kept] = facts->hosts[i];
		if (!seen_before(facts, kept))
			kept++;
	}
	facts->more_hosts = kept > LIMIT_MX_HOSTS;
	facts->host_count = facts->more_hosts ? LIMIT_MX_HOSTS : kept;
}

/* RFC 7672 section 2.1.1: an answer that is malformed is a lookup error. */
static void
learn_malformed(struct facts *facts)
{
	facts->host_count = 0;
	facts->mx = (struct lookup){.state = LOOKUP_SERVFAIL};
	facts_note(facts, &facts->mx);
	text_copy(facts->detail, sizeof(facts->detail), "malformed_MX_record");
}

static void
learn_hosts(struct facts *facts, const struct dns_answer *answer)
{
	enum mx_record record;

	facts->hosts = xcalloc(answer->count, sizeof(*facts->hosts));
	for (size_t i = 0; i < answer->count; i++) {
		record = parse_mx(
		    &answer->records[i], &facts->hosts[facts->host_count]);
		if (record == MX_MALFORMED) {
			learn_malformed(facts);
			return;
		}
		facts->host_count += record == MX_HOST;
	}
	/* RFC 7505 section 3: a "." beside other hosts means nothing */
	facts->null_mx = answer->count == 1 && facts->host_count == 1 &&
			 facts->hosts[0].name[0] == '\0';
	qsort(facts->hosts, facts->host_count, sizeof(*facts->hosts),
	    compare_hosts);
	drop_hosts(facts);
}

void
mx_learn(struct facts *facts, struct dns_query *query)
{
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	text_copy(
	    facts->expanded, sizeof(facts->expanded), facts->next_hop.host);
	if (query == NULL) {
		be_own_host(facts);
		return;
	}
	answer = dns_await(query);
	facts->mx = answer->lookup;
	facts_note(facts, &facts->mx);
	text_copy(facts->detail, sizeof(facts->detail), answer->why);
	if (answer->lookup.state == LOOKUP_DATA) {
		text_copy(
		    facts->expanded, sizeof(facts->expanded), answer->owner);
		learn_hosts(facts, answer);
	} else if (answer->lookup.state == LOOKUP_NODATA) {
		be_own_host(facts);
	}
}
