/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/network.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/io/smtp.h"
#include "t/fake/dns.h"
#include "t/unit/tap.h"

/* A zone is a table; a name that is not in it does not exist, securely. */
struct record {
	const char *name;
	enum dns_type type;
	enum lookup_state state;
	bool secure;
	const char *owner; /* NULL: the name; else where its CNAMEs led */
	const char *rdata; /* octets, counted */
	size_t size;
};

#define DATA(octets) octets, sizeof(octets) - 1
#define MX_MX1 DATA("\0\012\003mx1\001d\007example\0")
#define MX_MX2 DATA("\0\024\003mx2\001d\007example\0")
#define MX_BELOW(octets) DATA("\0\012" octets "\007example\0")
#define HOST_1 DATA("\xc6\x33\x64\x01")
#define BEHIND_INNER DATA("\x2a\0\0\1\0\0\0\0\0\0\0\0\x0a\0\0\1")
#define TLSA_311      \
	DATA("\3\1\1" \
	     "0123456789abcdef0123456789abcdef")

static const struct record zone[] = {
    {"good.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_MX1},
    {"also.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_MX1},
    {"slow.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_MX2},
    {"bogus.example", DNS_MX, LOOKUP_BOGUS, false, NULL, NULL, 0},
    {"null.example", DNS_MX, LOOKUP_DATA, true, NULL, DATA("\0\0\0")},
    {"nomx.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"nomx.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"mx1.d.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"mx1.d.example", DNS_AAAA, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"mx2.d.example", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xc6\x33\x64\x02")},
    /* insecure addresses, and a TLSA server that would break */
    {"d57.example", DNS_A, LOOKUP_DATA, false, NULL, HOST_1},
    {"_25._tcp.d57.example", DNS_TLSA, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    /* secure aliases */
    {"d75.example", DNS_A, LOOKUP_DATA, true, "p.example", HOST_1},
    {"d78.example", DNS_A, LOOKUP_DATA, true, "q.example", HOST_1},
    {"_25._tcp.q.example", DNS_TLSA, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    {"_25._tcp.d78.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"_25._tcp.p.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d76.example", DNS_A, LOOKUP_DATA, true, "o.example", HOST_1},
    {"_25._tcp.d76.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d79.example", DNS_A, LOOKUP_DATA, true, "u.example", HOST_1},
    {"_25._tcp.u.example", DNS_TLSA, LOOKUP_DATA, true, NULL,
	DATA("\1\1\1"
	     "0123456789abcdef0123456789abcdef")},
    {"_25._tcp.d79.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d80.example", DNS_A, LOOKUP_DATA, true, "i.example", HOST_1},
    {"_25._tcp.i.example", DNS_TLSA, LOOKUP_DATA, false, NULL, TLSA_311},
    {"_25._tcp.d80.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d84.example", DNS_A, LOOKUP_DATA, true, "brief.example", HOST_1},
    {"_25._tcp.d84.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    /* answers that lack what they are to give */
    {"bare.example", DNS_A, LOOKUP_DATA, true, NULL, DATA("")},
    {"_25._tcp.bare.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"half.example", DNS_MX, LOOKUP_DATA, true, NULL, DATA("\0\012\003mx1")},
    {"none.example", DNS_MX, LOOKUP_DATA, true, NULL, DATA("")},
    {"_mta-sts.nomx.example", DNS_TXT, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    /* behind a gate whose prefix is 2a00:1::/96: 10.0.0.1, 192.0.1.1 */
    {"ipv4only.arpa", DNS_AAAA, LOOKUP_DATA, false, NULL,
	DATA("\x2a\0\0\1\0\0\0\0\0\0\0\0\xc0\0\0\xaa")},
    {"inner.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"inner.example", DNS_A, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"inner.example", DNS_AAAA, LOOKUP_DATA, true, NULL, BEHIND_INNER},
    {"_mta-sts.inner.example", DNS_TXT, LOOKUP_DATA, true, NULL,
	DATA("\015v=STSv1;id=1;")},
    {"mta-sts.inner.example", DNS_AAAA, LOOKUP_DATA, true, NULL, BEHIND_INNER},
    {"outer.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"outer.example", DNS_A, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"outer.example", DNS_AAAA, LOOKUP_DATA, true, NULL,
	DATA("\x2a\0\0\1\0\0\0\0\0\0\0\0\xc0\0\1\1")},
    /* both families */
    {"both.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"both.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"both.example", DNS_AAAA, LOOKUP_DATA, true, NULL,
	DATA("\x2a\0\0\2\0\0\0\0\0\0\0\0\0\0\0\1")},
    {"lateda.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"lateda.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"_25._tcp.lateda.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    /* aliases to insecure addresses */
    {"d81.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d81.example", DNS_CNAME, LOOKUP_DATA, true, NULL, DATA("\0")},
    {"_25._tcp.d81.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d82.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d82.example", DNS_CNAME, LOOKUP_DATA, false, NULL, DATA("\0")},
    {"d83.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d83.example", DNS_CNAME, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    /* hosts right below a domain that is signed, and others */
    {"early.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\4mute\5early")},
    {"apart.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\4mute\5early")},
    {"mute.early.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"deep.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\4mute\1x\4deep")},
    {"mute.x.deep.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    {"half-early.example", DNS_MX, LOOKUP_DATA, false, NULL,
	MX_BELOW("\4mute\12half-early")},
    {"mute.half-early.example", DNS_A, LOOKUP_DATA, true, NULL, HOST_1},
    /* the same, where TLSA is of no use */
    {"cut.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_BELOW("\2mx\3cut")},
    {"mx.cut.example", DNS_A, LOOKUP_DATA, false, NULL, HOST_1},
    {"_25._tcp.mx.cut.example", DNS_TLSA, LOOKUP_SERVFAIL, false, NULL, NULL,
	0},
    {"deaf.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_BELOW("\4deaf\4deaf")},
    {"deaf.deaf.example", DNS_A, LOOKUP_DATA, false, NULL, HOST_1},
    {"nomx-cut.example", DNS_MX, LOOKUP_NODATA, true, NULL, NULL, 0},
    {"nomx-cut.example", DNS_A, LOOKUP_DATA, false, NULL, HOST_1},
    {"_25._tcp.nomx-cut.example", DNS_TLSA, LOOKUP_SERVFAIL, false, NULL, NULL,
	0},
    {"lost.example", DNS_MX, LOOKUP_DATA, true, NULL, MX_BELOW("\2mx\4lost")},
    {"mx.lost.example", DNS_A, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    {"mx.lost.example", DNS_AAAA, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
    {"_25._tcp.mx.lost.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"bare-early.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\2mx\12bare-early")},
    {"_25._tcp.mx.bare-early.example", DNS_TLSA, LOOKUP_DATA, true, NULL,
	TLSA_311},
    /* aliases right below it, with TLSA at their start */
    {"end-fails.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\2mx\11end-fails")},
    {"mx.end-fails.example", DNS_A, LOOKUP_DATA, true, "q.example", HOST_1},
    {"_25._tcp.mx.end-fails.example", DNS_TLSA, LOOKUP_DATA, true, NULL,
	TLSA_311},
    {"end-unusable.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\2mx\14end-unusable")},
    {"mx.end-unusable.example", DNS_A, LOOKUP_DATA, true, "u.example", HOST_1},
    {"_25._tcp.mx.end-unusable.example", DNS_TLSA, LOOKUP_DATA, true, NULL,
	TLSA_311},
    {"end-without.example", DNS_MX, LOOKUP_DATA, true, NULL,
	MX_BELOW("\2mx\13end-without")},
    {"mx.end-without.example", DNS_A, LOOKUP_DATA, true, "o.example", HOST_1},
    {"_25._tcp.mx.end-without.example", DNS_TLSA, LOOKUP_DATA, true, NULL,
	TLSA_311},
};

struct network net;
struct network_resolver resolver;

/* Names below farm.example, with one address, and no MX. */
static const struct record farm = {
    "", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xc6\x33\x64\x63")};

/* Of "hostN.own.example", each in a network of its own. */
static const struct record *
own_address(const char *name)
{
	static const struct record addresses[] = {
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x70\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x71\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x72\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x73\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x74\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x75\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x76\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x77\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x78\x01")},
	    {"", DNS_A, LOOKUP_DATA, true, NULL, DATA("\xcb\x00\x79\x01")},
	};

	return &addresses[(name[strlen("host")] - '0') % 10];
}

static int
test_resolver(int64_t deadline_ms, struct err *err)
{
	resolver.tests++;
	lock_take(&net.lock);
	resolver.waiting = true;
	cond_broadcast(&net.changed);
	while (resolver.gate_shut)
		if (!cond_wait_until(&net.changed, &net.lock, deadline_ms))
			break;
	resolver.waiting = false;
	lock_drop(&net.lock);
	return resolver.fails ? err_set(err, resolver.kind, "no good") : 0;
}

static void
note_lookup(const struct dns_query *query)
{
	size_t used;

	lock_take(&net.lock);
	if (strcmp(query->name, "ipv4only.arpa") == 0)
		net.gate_kind = query->kind;
	used = strlen(net.asked);
	snprintf(net.asked + used, sizeof(net.asked) - used, "%s %d;",
	    query->name, (int)query->type);
	lock_drop(&net.lock);
}

static void
answer_from(struct dns_answer *answer, const struct record *record)
{
	answer->lookup.state = record->state;
	answer->lookup.secure = record->secure;
	if (record->owner != NULL)
		text_copy(answer->owner, sizeof(answer->owner), record->owner);
	if (record->rdata == NULL)
		return;
	answer->count = 1;
	answer->records = xcalloc(1, sizeof(*answer->records));
	answer->records[0].data = (const uint8_t *)record->rdata;
	answer->records[0].size = record->size;
}

static void
answer_many(struct dns_answer *answer, enum dns_type type, const char *host)
{
	static uint8_t octets[NETWORK_MANY][32];

	if (type != DNS_MX && type != DNS_A)
		return;
	answer->lookup.state = LOOKUP_DATA;
	answer->count = NETWORK_MANY;
	answer->records = xcalloc(NETWORK_MANY, sizeof(*answer->records));
	for (unsigned i = 0; i < NETWORK_MANY; i++) {
		if (type == DNS_MX)
			snprintf((char *)octets[i], sizeof(octets[i]),
			    "%c%c%c%s%u%cown%cexample", 1, 1, 6, host, 10 + i,
			    3, 7);
		else
			memcpy(octets[i], (uint8_t[4]){203, 0, 113, (uint8_t)i},
			    4);
		answer->records[i].data = octets[i];
		answer->records[i].size =
		    type == DNS_MX ? 2 + sizeof("xhost10xownxexample") : 4;
	}
}

/* tail.example: many.example, and then mx1.d.example. */
static void
answer_tail(struct dns_answer *answer)
{
	static const char best[] = "\0\004\004many\007example\0";
	static const char next[] = "\0\012\003mx1\001d\007example\0";

	answer->lookup.state = LOOKUP_DATA;
	answer->count = 2;
	answer->records = xcalloc(2, sizeof(*answer->records));
	answer->records[0].data = (const uint8_t *)best;
	answer->records[0].size = sizeof(best) - 1;
	answer->records[1].data = (const uint8_t *)next;
	answer->records[1].size = sizeof(next) - 1;
}

/* Lookups at the gate that are watched. */
static struct watched {
	const struct dns_query *query;
	cache_ready *ready; /* NULL: told */
	void *arg;
} * watched;
static size_t watched_count; /* with net.lock */

static struct watched *
find_watched_locked(const struct dns_query *query)
{
	for (size_t i = 0; i < watched_count; i++)
		if (watched[i].query == query)
			return &watched[i];
	return NULL;
}

static bool
is_mute(const struct dns_query *query)
{
	return strncmp(query->name, "mute", 4) == 0 ||
	       strncmp(query->name, "_25._tcp.deaf", 13) == 0;
}

static void
watch_lookup(const struct dns_query *query, cache_ready *ready, void *arg)
{
	bool waits;

	lock_take(&net.lock);
	waits = is_mute(query) && net.gate_shut;
	if (waits) {
		assert_null(find_watched_locked(query));
		watched =
		    xrealloc(watched, watched_count + 1, sizeof(*watched));
		watched[watched_count++] = (struct watched){query, ready, arg};
		net.lookups++;
		if (net.lookups > net.most_lookups)
			net.most_lookups = net.lookups;
		cond_broadcast(&net.changed);
	}
	lock_drop(&net.lock);
	if (!waits)
		ready(arg, NULL);
}

void
network_let_through(void)
{
	struct watched next;

	do {
		next.ready = NULL;
		lock_take(&net.lock);
		for (size_t i = 0; next.ready == NULL && i < watched_count;
		     i++) {
			next = watched[i];
			watched[i].ready = NULL;
		}
		lock_drop(&net.lock);
		if (next.ready != NULL)
			next.ready(next.arg, NULL);
	} while (next.ready != NULL);
}

/* It is at the gate no more. */
static void
leave_gate(const struct dns_query *query)
{
	struct watched *at, was = {.ready = NULL};

	lock_take(&net.lock);
	at = find_watched_locked(query);
	if (at != NULL) {
		was = *at;
		*at = watched[--watched_count];
		net.lookups--;
	}
	lock_drop(&net.lock);
	if (was.ready != NULL)
		was.ready(was.arg, NULL);
}

/* Names that begin with "mute" have an answer when the gate is open. */
static bool
is_silent(const struct dns_query *query)
{
	bool open = true;

	if (!is_mute(query))
		return false;
	lock_take(&net.lock);
	while (net.gate_shut && open)
		open = cond_wait_until(
		    &net.changed, &net.lock, query->deadline_ms);
	lock_drop(&net.lock);
	leave_gate(query);
	return !open;
}

static void
answer_lookup(const struct dns_query *query, struct dns_answer *answer)
{
	if (is_silent(query)) {
		answer->lookup.state = LOOKUP_TIMEOUT;
		return;
	}
	answer->lookup.state =
	    strstr(query->name, ".farm.example") != NULL ||
		    strstr(query->name, ".own.example") != NULL
		? LOOKUP_NODATA
		: LOOKUP_NXDOMAIN;
	answer->lookup.secure = true;
	answer->lookup.ttl_s = strstr(query->name, "brief") ? BRIEF_S : 3600;
	if (query->type == DNS_A && strstr(query->name, ".farm.example"))
		answer_from(answer, &farm);
	if (strcmp(query->name, "tail.example") == 0 && query->type == DNS_MX)
		answer_tail(answer);
	if (strcmp(query->name, "many.example") == 0)
		answer_many(answer, query->type, "host");
	if (strcmp(query->name, "herd.example") == 0)
		answer_many(answer, query->type, "mute");
	if (query->type == DNS_A && strstr(query->name, ".own.example"))
		answer_from(answer, own_address(query->name));
	for (size_t i = 0; i < COUNT(zone); i++)
		if (zone[i].type == query->type &&
		    strcmp(zone[i].name, query->name) == 0)
			answer_from(answer, &zone[i]);
}

void
network_open(void)
{
	static const struct fake_dns tables = {.asked = note_lookup,
	    .answer = answer_lookup,
	    .watch = watch_lookup,
	    .self_test = test_resolver};

	fake_dns_use(&tables);
}

static bool
is_host_0(const char *address)
{
	return strcmp(address, "203.0.112.1") == 0;
}

/* What is left of one: a connection, until smtp_quit. */
struct smtp_session {
	bool at_farm;
};

/* At a gate of its own. */
void
smtp_quit(struct smtp_session *left)
{
	if (left == NULL)
		return;
	lock_take(&net.lock);
	net.quitting++;
	cond_broadcast(&net.changed);
	while (net.quit_shut)
		cond_wait(&net.changed, &net.lock);
	net.quitting--;
	net.at_farm -= left->at_farm;
	lock_drop(&net.lock);
	free(left);
}

struct probe_facts *
smtp_look(const struct smtp_target *target, int64_t deadline_ms,
    struct smtp_session **left)
{
	bool at_farm = strcmp(target->address, "198.51.100.99") == 0;
	bool cut_off, open = true;
	struct probe_facts *facts;

	*left = xmalloc(sizeof(**left));
	(*left)->at_farm = at_farm;
	lock_take(&net.lock);
	net.probes++;
	text_copy(net.sni, sizeof(net.sni), target->sni);
	net.waiting++;
	net.at_farm += at_farm;
	if (net.at_farm > net.most)
		net.most = net.at_farm;
	cond_broadcast(&net.changed);
	while (net.gate_shut && open &&
	       strcmp(target->address, "198.51.100.1") != 0)
		open = cond_wait_until(&net.changed, &net.lock,
		    strstr(target->sni, "stuck") ? INT64_MAX : deadline_ms);
	net.waiting--;
	cut_off = net.cut_off || (net.dead && !is_host_0(target->address));
	lock_drop(&net.lock);
	facts = probe_facts_new(cut_off ? PROBE_CONNECT_FAILED
				: open  ? PROBE_NO_STARTTLS
					: PROBE_TIMEOUT);
	facts->connected = !cut_off;
	if (net.sourceless != NULL && strstr(target->address, net.sourceless)) {
		facts->outcome = PROBE_NO_SOURCE;
		facts->connected = false;
	}
	if (strstr(target->sni, "far") != NULL)
		facts->connected = open;
	if (strstr(target->sni, "late") != NULL) {
		facts->outcome = open ? PROBE_TLS : PROBE_TIMEOUT;
		facts->tls_ehlo = facts->tls_answered = open;
		text_copy(facts->tls, sizeof(facts->tls), "TLS1.3");
		if (net.chain.size > 0)
			probe_facts_set_certs(facts, &net.chain, 1);
	}
	return facts;
}
