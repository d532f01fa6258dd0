/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/lock.h"
#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "common/engine/inventory.h"
#include "common/io/https.h"
#include "common/io/smtp.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

/*
 * The engine with a network of its own: these stand before libcommon.a, so the
 * real dns, smtp and https modules are not linked.  A zone is a table; a name
 * that is not in it does not exist, securely.
 */
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
    /* aliases to insecure addresses */
    {"d81.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d81.example", DNS_CNAME, LOOKUP_DATA, true, NULL, DATA("\0")},
    {"_25._tcp.d81.example", DNS_TLSA, LOOKUP_DATA, true, NULL, TLSA_311},
    {"d82.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d82.example", DNS_CNAME, LOOKUP_DATA, false, NULL, DATA("\0")},
    {"d83.example", DNS_A, LOOKUP_DATA, false, "p.example", HOST_1},
    {"d83.example", DNS_CNAME, LOOKUP_SERVFAIL, false, NULL, NULL, 0},
};

/* The TTL of what has "brief" in its name. */
enum { BRIEF_S = 40 };

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

/* What the network was asked, and a gate that probes wait at. */
static struct {
	struct lock lock;
	struct cond changed;
	bool gate_shut;
	bool cut_off;           /* no host can be connected to */
	bool dead;              /* none can but host0.own.example */
	const char *sourceless; /* part of addresses that none can leave for */
	unsigned probes;
	unsigned waiting;        /* probes at the gate */
	unsigned at_farm;        /* of these */
	unsigned most;           /* of those, ever */
	unsigned lookups;        /* at the gate */
	char asked[4096];        /* "name type;" of each lookup */
	enum dns_kind gate_kind; /* who was asked for the prefixes of gates */
	char sni[LIMIT_DOMAIN_SIZE];
} net;

struct dns {
	enum dns_kind kind;
};

struct dns_query {
	char name[LIMIT_DOMAIN_SIZE];
	enum dns_type type;
	int64_t deadline_ms;
};

struct dns *
dns_new(const struct dns_options *options, struct err *err)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));

	(void)err;
	dns->kind = options->kind;
	return dns;
}

void
dns_free(struct dns *dns)
{
	free(dns);
}

/* What the resolver's test shows, and a gate that it waits at. */
static struct {
	bool fails;
	enum err_kind kind;
	bool gate_shut; /* with net.lock */
	bool waiting;   /* with net.lock */
	atomic_uint tests;
} resolver;

int
dns_self_test(struct dns *dns, int64_t deadline_ms, struct err *err)
{
	(void)dns;
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

struct dns_query *
dns_ask(
    struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms)
{
	struct dns_query *query = xcalloc(1, sizeof(*query));
	size_t used;

	text_copy(query->name, sizeof(query->name), name);
	query->type = type;
	query->deadline_ms = deadline_ms;
	lock_take(&net.lock);
	if (strcmp(name, "ipv4only.arpa") == 0)
		net.gate_kind = dns->kind;
	used = strlen(net.asked);
	snprintf(net.asked + used, sizeof(net.asked) - used, "%s %d;", name,
	    (int)type);
	lock_drop(&net.lock);
	return query;
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

/* many.example and herd.example, whose hosts are mute: twenty hosts, and, where
 * it is its own, twenty addresses. */
enum { MANY = 20 };

static void
answer_many(struct dns_answer *answer, enum dns_type type, const char *host)
{
	static uint8_t octets[MANY][32];

	if (type != DNS_MX && type != DNS_A)
		return;
	answer->lookup.state = LOOKUP_DATA;
	answer->count = MANY;
	answer->records = xcalloc(MANY, sizeof(*answer->records));
	for (unsigned i = 0; i < MANY; i++) {
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

/* Names that begin with "mute" have an answer when the gate is open. */
static bool
is_mute(const struct dns_query *query)
{
	bool open = true;

	if (strncmp(query->name, "mute", 4) != 0)
		return false;
	lock_take(&net.lock);
	net.lookups++;
	cond_broadcast(&net.changed);
	while (net.gate_shut && open)
		open = cond_wait_until(
		    &net.changed, &net.lock, query->deadline_ms);
	net.lookups--;
	lock_drop(&net.lock);
	return !open;
}

struct dns_answer *
dns_await(struct dns_query *query)
{
	struct dns_answer *answer = xcalloc(1, sizeof(*answer));

	if (is_mute(query)) {
		answer->lookup.state = LOOKUP_TIMEOUT;
		free(query);
		return answer;
	}
	answer->lookup.state =
	    strstr(query->name, ".farm.example") != NULL ||
		    strstr(query->name, ".own.example") != NULL
		? LOOKUP_NODATA
		: LOOKUP_NXDOMAIN;
	answer->lookup.secure = true;
	answer->lookup.ttl_s = strstr(query->name, "brief") ? BRIEF_S : 3600;
	text_copy(answer->owner, sizeof(answer->owner), query->name);
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
	free(query);
	return answer;
}

static bool
is_host_0(const char *address)
{
	return strcmp(address, "203.0.112.1") == 0;
}

/* 198.51.100.1 has no STARTTLS; the others wait until the gate opens.  A host
 * that is "late" shakes hands, and has what follows wait; one that is "far"
 * connects first when the gate is open; one that is "stuck" has no deadline. */
struct probe_facts *
smtp_probe(const struct smtp_target *target, int64_t deadline_ms)
{
	bool at_farm = strcmp(target->address, "198.51.100.99") == 0;
	bool cut_off, open = true;
	struct probe_facts *facts;

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
	net.at_farm -= at_farm;
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
	}
	return facts;
}

struct https_reply *
https_get(const struct https_request *request)
{
	struct https_reply *reply = xcalloc(1, sizeof(*reply));

	(void)request;
	reply->outcome = HTTPS_FAILED;
	return reply;
}

void
https_reply_free(struct https_reply *reply)
{
	free(reply);
}

static char ca_file[] = "/tmp/engine-XXXXXX";

static int
write_ca_file(void **state)
{
	struct cert_spec spec = {.cn = "root", .ca = true};
	AUTO(cert_made) struct cert_made *root = cert_make(&spec);
	const struct cert_made *roots[] = {root};
	char *pem = certs_pem(roots, 1);
	int fd = mkstemp(ca_file);

	(void)state;
	assert_true(write(fd, pem, strlen(pem)) == (ssize_t)strlen(pem));
	close(fd);
	free(pem);
	lock_init(&net.lock);
	cond_init(&net.changed);
	return 0;
}

static int
drop_ca_file(void **state)
{
	(void)state;
	unlink(ca_file);
	return 0;
}

/* What was told of the resolver. */
static struct {
	atomic_uint calls;
	atomic_bool validates;
	char why[32];
} told;

static void
hear_of_resolver(void *arg, bool validates, const char *why)
{
	assert_ptr_equal(arg, &told);
	text_copy(told.why, sizeof(told.why), why);
	told.validates = validates;
	told.calls++;
}

enum {
	VERDICT_TTL_S = 3600,
	FAIL_TTL_S = 300,
	HURRY_MS = 2000,    /* of the pool */
	AGAIN_AFTER_S = 10, /* of probes */
};

/* What was told of the way out. */
static struct {
	atomic_uint calls;
	atomic_bool open;
} reached;

static void
hear_of_reach(void *arg, bool open)
{
	assert_ptr_equal(arg, &reached);
	reached.open = open;
	reached.calls++;
}

static int check_timeout_ms = 10000;
static size_t max_cache_octets = 256 << 20;
static bool allow_private = true;
static struct dns_options dns_options;
static bool keep_facts = true;
static enum families families = FAMILIES_ALL;
static unsigned tried_addresses;

static struct engine *
engine_with(unsigned max_checks, unsigned max_queue, struct counts *counts)
{
	struct engine_options options = {.max_checks = max_checks,
	    .max_queue = max_queue,
	    .max_cache_octets = max_cache_octets,
	    .check_timeout_ms = check_timeout_ms,
	    .probe = true,
	    .greeting_timeout_ms = 10000,
	    .probe_timeout_ms = 10000,
	    .probe_helo = "test.example",
	    .probe_per_host = 2,
	    .probe_port = 25,
	    .outbound_changed = hear_of_reach,
	    .outbound_arg = &reached,
	    .ca_file = ca_file,
	    .probe_families = families,
	    .probe_addresses = tried_addresses,
	    .allow_private = allow_private,
	    .dns = dns_options,
	    .sts_timeout_ms = 1000,
	    .verdict_ttl_s = VERDICT_TTL_S,
	    .fail_ttl_s = FAIL_TTL_S,
	    .temperror_ttl_s = 30,
	    .keep_facts = keep_facts,
	    .resolver_changed = hear_of_resolver,
	    .resolver_arg = &told,
	    .counts = counts};
	struct engine *engine = engine_new(&options, NULL);

	assert_non_null(engine);
	memset(&resolver, 0, sizeof(resolver));
	memset(&told, 0, sizeof(told));
	memset(&reached, 0, sizeof(reached));
	net.cut_off = net.dead = false;
	net.sourceless = NULL;
	net.probes = net.most = 0;
	net.gate_shut = false;
	net.asked[0] = '\0';
	return engine;
}

static struct engine *
engine_of(unsigned max_checks, unsigned max_queue)
{
	return engine_with(max_checks, max_queue, NULL);
}

static int64_t
soon(void)
{
	return clock_mono_ms() + 5000;
}

static struct engine_wait *
start(struct engine *engine, const char *domain)
{
	struct engine_query query = {.domain = domain, .port = 25};

	return engine_start(engine, &query);
}

static void
set_gate(bool shut)
{
	lock_take(&net.lock);
	net.gate_shut = shut;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
}

static void
a_verdict_is_remembered(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 10);
	AUTO(engine_wait) struct engine_wait *first = NULL;
	AUTO(engine_wait) struct engine_wait *second = NULL;

	(void)state;
	first = start(engine, "Good.Example.");
	assert_non_null(engine_await(first, soon()));
	assert_false(engine_wait_cached(first));
	second = start(engine, "good.example");
	assert_true(engine_wait_cached(second));
	assert_ptr_equal(engine_await(first, 0), engine_await(second, 0));
	assert_int_equal(engine_await(second, 0)->verdict->result, RESULT_NONE);
	assert_string_equal(engine_await(second, 0)->domain, "good.example");
}

static void
two_domains_at_one_host_are_one_probe(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 10);
	AUTO(engine_wait) struct engine_wait *good = NULL;
	AUTO(engine_wait) struct engine_wait *also = NULL;

	(void)state;
	good = start(engine, "good.example");
	also = start(engine, "also.example");
	assert_non_null(engine_await(good, soon()));
	assert_non_null(engine_await(also, soon()));
	assert_int_equal(net.probes, 1);
}

static void
a_burst_to_one_domain_is_one_check(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(4, 10);
	struct engine_wait *waits[20];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++)
		waits[i] = start(engine, "slow.example");
	assert_null(engine_await(waits[0], clock_mono_ms() + 20));
	set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], soon()));
		engine_wait_free(waits[i]);
	}
	assert_int_equal(net.probes, 1);
}

static void
await_stuck(const unsigned *count, unsigned wanted)
{
	lock_take(&net.lock);
	while (*count < wanted)
		cond_wait(&net.changed, &net.lock);
	lock_drop(&net.lock);
}

static void
the_oldest_in_a_full_queue_is_refused_for_now(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 1);
	struct engine_wait *stuck, *queued, *refused, *again;

	(void)state;
	set_gate(true);
	stuck = start(engine, "mute.example");
	await_stuck(&net.lookups, 1);
	refused = start(engine, "also.example");
	queued = start(engine, "good.example");
	assert_non_null(engine_await(refused, 0));
	assert_int_equal(
	    engine_await(refused, 0)->verdict->result, RESULT_TEMPERROR);
	assert_int_equal(
	    engine_await(refused, 0)->verdict->reason, REASON_QUEUE_FULL);
	assert_null(engine_await(queued, 0));
	set_gate(false);
	assert_non_null(engine_await(queued, soon()));
	again = start(engine, "also.example");
	assert_int_equal(
	    engine_await(again, soon())->verdict->result, RESULT_NONE);
	engine_wait_free(stuck);
	engine_wait_free(queued);
	engine_wait_free(refused);
	engine_wait_free(again);
}

static void
a_cached_verdict_needs_no_worker(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *known, *stuck, *again;

	(void)state;
	known = start(engine, "good.example");
	assert_non_null(engine_await(known, soon()));
	set_gate(true);
	stuck = start(engine, "mute.example");
	await_stuck(&net.lookups, 1);
	again = start(engine, "good.example");
	assert_non_null(engine_await(again, 0));
	set_gate(false);
	engine_wait_free(known);
	engine_wait_free(stuck);
	engine_wait_free(again);
}

static void
a_check_that_waits_for_a_probe_needs_no_worker(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *stuck, *other;

	(void)state;
	set_gate(true);
	stuck = start(engine, "slow.example");
	await_stuck(&net.waiting, 1);
	other = start(engine, "good.example");
	assert_non_null(engine_await(other, soon()));
	assert_null(engine_await(stuck, 0));
	set_gate(false);
	assert_int_equal(
	    engine_await(stuck, soon())->verdict->result, RESULT_NONE);
	engine_wait_free(stuck);
	engine_wait_free(other);
}

/* Each wants a probe of one address, with a name of its own. */
static void
a_farm_has_so_many_connections_and_keeps_up_nobody(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 100);
	struct engine_wait *waits[12], *other;
	char name[32];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		snprintf(name, sizeof(name), "c%zu.farm.example", i);
		waits[i] = start(engine, name);
	}
	await_stuck(&net.waiting, 2);
	other = start(engine, "good.example");
	assert_non_null(engine_await(other, soon()));
	assert_null(engine_await(waits[11], clock_mono_ms() + 50));
	assert_int_equal(net.waiting, 2);
	set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(
		    engine_await(waits[i], soon())->verdict->result,
		    RESULT_NONE);
		engine_wait_free(waits[i]);
	}
	assert_int_equal(net.most, 2);
	engine_wait_free(other);
}

/* A check of that host, whoever the mail is for. */
static struct engine_wait *
start_at(struct engine *engine, const char *domain, const char *host)
{
	char hop[64];
	struct engine_query query = {
	    .domain = domain, .next_hop = hop, .port = 25};

	snprintf(hop, sizeof(hop), "[%s]", host);
	return engine_start(engine, &query);
}

/* The first that wants the probe has no time left when its turn comes. */
static void
a_probe_lives_as_long_as_anyone_waits_for_it(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 100);
	struct engine_wait *waits[4];

	(void)state;
	set_gate(true);
	waits[0] = start(engine, "c0.farm.example");
	waits[1] = start(engine, "c1.farm.example");
	await_stuck(&net.waiting, 2);
	waits[2] = start_at(engine, "a.example", "c2.farm.example");
	assert_null(engine_await(waits[2], clock_mono_ms() + 50));
	clock_shift(check_timeout_ms / 1000 - 3);
	waits[3] = start_at(engine, "b.example", "c2.farm.example");
	assert_null(engine_await(waits[3], clock_mono_ms() + 50));
	clock_shift(4);
	set_gate(false);
	assert_int_equal(
	    engine_await(waits[3], soon())->verdict->result, RESULT_NONE);
	assert_int_equal(net.probes, 3);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], soon()));
		engine_wait_free(waits[i]);
	}
}

static void
a_probe_that_nobody_waits_for_is_not_begun(void **state)
{
	struct engine *engine;
	struct engine_wait *waits[3];
	char name[32];

	(void)state;
	check_timeout_ms = 2000;
	engine = engine_of(2, 100);
	check_timeout_ms = 10000;
	set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		if (i == 2)
			await_stuck(&net.waiting, 2);
		snprintf(name, sizeof(name), "c%zu.farm.example", i);
		waits[i] = start(engine, name);
	}
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_int_equal(
		    engine_await(waits[i], soon())->verdict->result,
		    RESULT_TEMPERROR);
		engine_wait_free(waits[i]);
	}
	set_gate(false);
	engine_free(engine);
	assert_int_equal(net.probes, 2);
}

/* All workers wait for lookups of silent servers; one of them is kept for
 * checks that are quick, however many are not. */
static void
checks_that_are_stuck_leave_room_for_others(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(4, 100);
	struct engine_wait *stuck[20], *good;
	char name[32];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = start(engine, name);
	}
	await_stuck(&net.lookups, 4);
	good = start(engine, "good.example");
	assert_non_null(engine_await(good, soon()));
	assert_int_equal(
	    engine_await(good, 0)->verdict->reason, REASON_NO_POLICY);
	assert_null(engine_await(stuck[0], 0));
	set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_int_equal(
		    engine_await(stuck[i], soon())->verdict->reason,
		    REASON_NXDOMAIN);
		engine_wait_free(stuck[i]);
	}
	engine_wait_free(good);
}

/* Of the leaves, twelve may be as slow as they like; the thirteenth probe runs
 * in a hurry, which is no fault of the host. */
static void
haste_does_not_cut_off_what_follows_the_handshake(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(16, 100);
	struct engine_wait *stuck[12], *late;
	const struct check *check;
	char name[32];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "host%zu%c.own.example", i / 2,
		    i % 2 == 0 ? 'a' : 'b');
		stuck[i] = start(engine, name);
	}
	await_stuck(&net.waiting, COUNT(stuck));
	late = start(engine, "host9late.own.example");
	assert_null(engine_await(late, clock_mono_ms() + HURRY_MS + 1000));
	set_gate(false);
	check = engine_await(late, soon());
	assert_non_null(check);
	assert_true(check->facts->hosts[0].addresses[0].probe->tls_ehlo);
	engine_wait_free(late);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], soon()));
		engine_wait_free(stuck[i]);
	}
}

static void
a_check_that_has_next_to_no_time_left_asks_nothing(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *stuck, *late;

	(void)state;
	set_gate(true);
	stuck = start(engine, "mute.example");
	await_stuck(&net.lookups, 1);
	late = start(engine, "good.example");
	clock_shift(check_timeout_ms / 1000 - 1);
	set_gate(false);
	assert_int_equal(
	    engine_await(late, soon())->verdict->reason, REASON_DEADLINE);
	assert_null(strstr(net.asked, "good.example"));
	assert_non_null(engine_await(stuck, soon()));
	engine_wait_free(stuck);
	engine_wait_free(late);
}

/* Where all workers and the whole queue are taken by others that are stuck. */
static void
a_known_destination_goes_first(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(4, 8);
	struct engine_wait *stuck[40], *first, *known = NULL;
	char name[32];

	(void)state;
	first = start(engine, "good.example");
	assert_non_null(engine_await(first, soon()));
	engine_wait_free(first);
	clock_shift(VERDICT_TTL_S + 1);
	set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = start(engine, name);
		if (i == 3)
			await_stuck(&net.lookups, 4);
		if (i == 12)
			known = start(engine, "good.example");
	}
	assert_false(engine_wait_cached(known));
	assert_non_null(engine_await(known, soon()));
	assert_int_equal(
	    engine_await(known, 0)->verdict->reason, REASON_NO_POLICY);
	set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], soon()));
		engine_wait_free(stuck[i]);
	}
	engine_wait_free(known);
}

static void
many_that_wait_are_a_congestion(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 8);
	struct engine_wait *stuck[5];
	char name[32];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_false(engine_congested(engine));
		snprintf(name, sizeof(name), "mute%zu.example", i);
		stuck[i] = start(engine, name);
	}
	assert_true(engine_congested(engine));
	set_gate(false);
	for (size_t i = 0; i < COUNT(stuck); i++) {
		assert_non_null(engine_await(stuck[i], soon()));
		engine_wait_free(stuck[i]);
	}
}

static struct rule *
add_rule(struct rule_list *list, enum rule_scope scope, const char *name,
    enum level level)
{
	struct rule *rule = rule_new();

	rule->scope = scope;
	rule->level = level;
	text_copy(rule->name, sizeof(rule->name), name);
	rule_list_add(list, rule);
	return rule;
}

static struct engine_wait *
start_by(struct engine *engine, const char *domain, struct rule_list *rules)
{
	struct engine_query query = {
	    .domain = domain, .port = 25, .rules = rules};
	struct engine_wait *wait = engine_start(engine, &query);

	assert_non_null(engine_await(wait, soon()));
	return wait;
}

static void
each_rule_has_a_check_of_its_own(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct rule_list *list = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_AUTO);
	struct rule *rule =
	    add_rule(list, RULE_DOMAIN, "good.example", LEVEL_MAY);
	struct engine_wait *ruled, *again, *free_of_it;

	(void)state;
	rule_list_sort(list);
	ruled = start_by(engine, "good.example", list);
	assert_null(strstr(net.asked, "_mta-sts"));
	assert_null(strstr(net.asked, "_tcp"));
	again = start_by(engine, "good.example", list);
	assert_true(engine_wait_cached(again));
	assert_ptr_equal(engine_await(again, 0)->verdict->rule, rule);
	rule_list_free(list); /* a verdict keeps its rule */
	assert_int_equal(
	    engine_await(again, 0)->verdict->rule->level, LEVEL_MAY);
	free_of_it = start_by(engine, "good.example", other);
	assert_false(engine_wait_cached(free_of_it));
	assert_null(engine_await(free_of_it, 0)->verdict->rule);
	assert_non_null(strstr(net.asked, "_mta-sts"));
	assert_non_null(strstr(net.asked, "_tcp"));
	engine_wait_free(ruled);
	engine_wait_free(again);
	engine_wait_free(free_of_it);
}

/* With DANE and MTA-STS off for all, the host's rule asks for them. */
static void
a_rule_for_a_host_is_looked_for_where_it_may_apply(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_MAY);
	struct engine_wait *wait;

	(void)state;
	add_rule(list, RULE_MX_BELOW, ".d.example", LEVEL_AUTO);
	add_rule(list, RULE_DOMAIN, "also.example", LEVEL_MAY);
	rule_list_sort(list);
	wait = start_by(engine, "also.example", list);
	assert_null(strstr(net.asked, "_mta-sts"));
	assert_null(strstr(net.asked, "_tcp"));
	engine_wait_free(wait);
	wait = start_by(engine, "good.example", list);
	assert_non_null(strstr(net.asked, "_mta-sts.good.example"));
	assert_non_null(strstr(net.asked, "_25._tcp.mx1.d.example"));
	engine_wait_free(wait);
}

struct seen {
	atomic_int calls;
	atomic_int result;
	atomic_bool cached;
};

static void
note(void *arg, const struct check *check, bool cached)
{
	struct seen *seen = arg;

	seen->result = (int)check->verdict->result;
	seen->cached = cached;
	seen->calls++;
}

static void
a_callback_comes_once(void **state)
{
	struct engine *engine = engine_of(2, 10);
	struct engine_query query = {.domain = "bogus.example", .port = 25};
	struct seen first = {0}, second = {0};

	(void)state;
	engine_submit(engine, &query, note, &first);
	while (first.calls == 0)
		usleep(1000);
	engine_submit(engine, &query, note, &second);
	assert_int_equal(second.calls, 1);
	assert_true(second.cached);
	engine_free(engine);
	assert_int_equal(first.calls, 1);
	assert_false(first.cached);
	assert_int_equal(first.result, RESULT_TEMPERROR);
}

static void
what_is_no_domain_is_answered_at_once(void **state)
{
	static const struct {
		const char *domain;
		enum result result;
		enum reason reason;
	} rows[] = {
	    {"", RESULT_NONE, REASON_NAME_INVALID},
	    {"a..b", RESULT_NONE, REASON_NAME_INVALID},
	    {"\xff\xfe", RESULT_NONE, REASON_NAME_INVALID},
	    {"[192.0.2.1]", RESULT_SKIP, REASON_NO_POLICY},
	};
	AUTO(engine) struct engine *engine = engine_of(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine_wait)
		struct engine_wait *wait = start(engine, rows[i].domain);
		const struct check *check = engine_await(wait, 0);

		assert_non_null(check);
		ROW(rows[i].domain, check->verdict->result == rows[i].result);
		ROW(rows[i].domain, check->verdict->reason == rows[i].reason);
	}
	assert_string_equal(net.asked, "");
}

/* RFC 7672 section 2.2.2 and 2.2.3, by what is asked and in which order. */
static void
tlsa_is_asked_for_where_it_may_count(void **state)
{
	static const struct {
		const char *id, *host;
		const char *tlsa_asked; /* owners, in order */
		const char *base, *sni;
		enum reason reason;
	} rows[] = {
	    {"D57", "d57.example", "", "", "d57.example", REASON_RELAYED},
	    {"D75", "d75.example", "p.example ", "p.example", "p.example",
		REASON_STARTTLS_NOT_SUPPORTED},
	    {"D76", "d76.example", "o.example d76.example ", "d76.example",
		"d76.example", REASON_STARTTLS_NOT_SUPPORTED},
	    {"D78", "d78.example", "q.example ", "", "d78.example",
		REASON_DNS_SERVFAIL},
	    {"D79", "d79.example", "u.example ", "u.example", "d79.example",
		REASON_STARTTLS_NOT_SUPPORTED},
	    {"D80", "d80.example", "i.example d80.example ", "d80.example",
		"d80.example", REASON_STARTTLS_NOT_SUPPORTED},
	    {"D81", "d81.example", "d81.example ", "d81.example", "d81.example",
		REASON_STARTTLS_NOT_SUPPORTED},
	    {"D82", "d82.example", "", "", "d82.example", REASON_RELAYED},
	    {"D83", "d83.example", "", "", "d83.example", REASON_DNS_SERVFAIL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = engine_of(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		char hop[64], owners[256] = "", *asked, *rest;
		const struct check *check;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = hop, .port = 25};

		snprintf(hop, sizeof(hop), "[%s]", rows[i].host);
		wait = engine_start(engine, &query);
		check = engine_await(wait, soon());
		assert_non_null(check);
		for (asked = strtok_r(net.asked, ";", &rest); asked != NULL;
		     asked = strtok_r(NULL, ";", &rest)) {
			char *type = strrchr(asked, ' ');

			*type = '\0';
			if (strcmp(type + 1, "52") != 0)
				continue;
			strncat(owners, asked + strlen("_25._tcp."),
			    sizeof(owners) - strlen(owners) - 2);
			strncat(owners, " ", 2);
		}
		ROW_TEXT(rows[i].id, owners, rows[i].tlsa_asked);
		ROW_TEXT(rows[i].id, check->facts->hosts[0].base_domain,
		    rows[i].base);
		ROW_TEXT(rows[i].id, net.sni, rows[i].sni);
		ROW_TEXT(rows[i].id, reason_text(check->verdict->reason),
		    reason_text(rows[i].reason));
	}
}

/* RFC 7672 section 2.1.1: the like of it is no "no", and no "yes". */
static void
an_answer_that_lacks_what_it_is_to_give_is_a_lookup_error(void **state)
{
	static const struct {
		const char *hop, *detail;
	} rows[] = {
	    {"[bare.example]", "malformed_address_record"},
	    {"half.example", "malformed_MX_record"},
	    {"none.example", "malformed_MX_record"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = engine_of(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = rows[i].hop, .port = 25};
		const struct verdict *verdict;

		wait = engine_start(engine, &query);
		verdict = engine_await(wait, soon())->verdict;
		ROW_TEXT(
		    rows[i].hop, result_text(verdict->result), "temperror");
		ROW_TEXT(
		    rows[i].hop, reason_text(verdict->reason), "dns-servfail");
		ROW_TEXT(rows[i].hop,
		    verdict->detail == NULL ? "" : verdict->detail,
		    rows[i].detail);
		ROW(rows[i].hop, net.probes == 0);
	}
}

static void
every_lookup_counts_for_how_long_a_verdict_lives(void **state)
{
	static const struct {
		const char *id, *hop;
		uint32_t ttl_s;
	} rows[] = {
	    {"denied at the first TLSA name", "[d84.example]", BRIEF_S},
	    {"no TXT record to be had", "nomx.example", 30},
	    {"as ever", "[d75.example]", FAIL_TTL_S},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine) struct engine *engine = engine_of(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = rows[i].hop, .port = 25};

		wait = engine_start(engine, &query);
		assert_int_equal(
		    engine_await(wait, soon())->verdict->ttl_s, rows[i].ttl_s);
	}
}

/* A relay that is down makes the MTA try the next. */
static void
the_first_next_hop_that_takes_mail_counts(void **state)
{
	static const struct {
		const char *hops, *host;
		enum result result;
	} rows[] = {
	    {"[d83.example], [mx1.d.example]", "mx1.d.example", RESULT_NONE},
	    {"[mx1.d.example], [d83.example]", "mx1.d.example", RESULT_NONE},
	    {"[d83.example], [d78.example]", "d78.example", RESULT_TEMPERROR},
	    {"[gone.example], [mx1.d.example]", "mx1.d.example", RESULT_NONE},
	    {"null.example, [d78.example]", "d78.example", RESULT_TEMPERROR},
	    {"[gone.farm.example]:smtp, [d78.example]", "gone.farm.example",
		RESULT_NONE},
	    {"[d83.example], [gone.example]", "gone.example", RESULT_NONE},
	};
	AUTO(engine) struct engine *engine = engine_of(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "r.example",
		    .next_hop = rows[i].hops,
		    .port = 25};
		AUTO(engine_wait)
		struct engine_wait *wait = engine_start(engine, &query);
		const struct check *check = engine_await(wait, soon());

		assert_non_null(check);
		ROW(rows[i].hops, check->verdict->result == rows[i].result);
		ROW_TEXT(
		    rows[i].hops, check->facts->hosts[0].name, rows[i].host);
	}
}

/* A verdict on mail to a next hop that fails its policy, whoever it is for. */
static enum reason
reason_at_failing(struct engine *engine, const char *domain)
{
	AUTO(engine_wait)
	struct engine_wait *wait = start_at(engine, domain, "d76.example");

	assert_non_null(engine_await(wait, soon()));
	return engine_await(wait, 0)->verdict->reason;
}

/* The host may have been mended since. */
static void
a_failure_that_rests_on_memory_is_probed_once_more(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);

	(void)state;
	assert_int_equal(reason_at_failing(engine, "a.example"),
	    REASON_STARTTLS_NOT_SUPPORTED);
	assert_int_equal(net.probes, 1);
	net.cut_off = true;
	assert_int_equal(
	    reason_at_failing(engine, "b.example"), REASON_CONNECT_FAILED);
	assert_int_equal(net.probes, 2);
}

static void
a_failing_host_is_not_probed_for_everyone_who_asks(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(4, 100);
	struct engine_wait *waits[20];
	char name[32];

	(void)state;
	assert_int_equal(reason_at_failing(engine, "first.example"),
	    REASON_STARTTLS_NOT_SUPPORTED);
	for (unsigned turn = 0; turn < 3; turn++) {
		unsigned before = net.probes;

		for (size_t i = 0; i < COUNT(waits); i++) {
			snprintf(
			    name, sizeof(name), "r%zu-%u.example", i, turn);
			waits[i] = start_at(engine, name, "d76.example");
		}
		for (size_t i = 0; i < COUNT(waits); i++) {
			assert_non_null(engine_await(waits[i], soon()));
			engine_wait_free(waits[i]);
		}
		assert_int_equal(net.probes - before, 1);
		clock_shift(AGAIN_AFTER_S);
	}
}

static void
await_ran_out(struct engine_wait *wait, enum reason reason)
{
	const struct check *check = engine_await(wait, soon());

	assert_non_null(check);
	assert_true(check->ran_out);
	assert_string_equal(
	    reason_text(check->verdict->reason), reason_text(reason));
}

/* All have the same time each, from when they came. */
static void
who_joins_a_check_late_has_time_of_his_own(void **state)
{
	struct engine_query query = {.domain = "slow.example", .port = 25};
	struct seen seen = {0};
	struct engine_wait *first, *joined, *also;
	struct engine *engine;

	(void)state;
	check_timeout_ms = 2000;
	engine = engine_of(2, 10);
	check_timeout_ms = 10000;
	set_gate(true);
	first = start(engine, "slow.example");
	await_stuck(&net.waiting, 1);
	usleep(1000 * 1000);
	joined = start(engine, "slow.example");
	also = start(engine, "slow.example");
	engine_submit(engine, &query, note, &seen);
	assert_false(engine_wait_cached(joined));
	await_ran_out(first, REASON_PROBE_TIMEOUT);
	assert_null(engine_await(joined, clock_mono_ms() + 50));
	assert_int_equal(seen.calls, 0);
	set_gate(false);
	assert_int_equal(
	    engine_await(joined, soon())->verdict->reason, REASON_NO_POLICY);
	assert_ptr_equal(engine_await(also, soon()), engine_await(joined, 0));
	assert_ptr_not_equal(engine_await(first, 0), engine_await(joined, 0));
	while (seen.calls == 0)
		usleep(1000);
	assert_int_equal(seen.result, RESULT_NONE);
	assert_false(seen.cached);
	engine_wait_free(first);
	engine_wait_free(joined);
	engine_wait_free(also);
	engine_free(engine);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(net.probes, 1);
}

/* It waited for a worker until its time was over; who came after has more. */
static void
who_joins_a_check_that_never_began_has_time_of_his_own(void **state)
{
	struct engine_wait *stuck, *first, *joined;
	struct engine *engine;

	(void)state;
	check_timeout_ms = 2000;
	engine = engine_of(1, 10);
	check_timeout_ms = 10000;
	set_gate(true);
	stuck = start(engine, "mute.example");
	await_stuck(&net.lookups, 1);
	first = start(engine, "good.example");
	usleep(1000 * 1000);
	joined = start(engine, "good.example");
	await_ran_out(stuck, REASON_DNS_TIMEOUT);
	await_ran_out(first, REASON_DEADLINE);
	assert_int_equal(
	    engine_await(joined, soon())->verdict->reason, REASON_NO_POLICY);
	set_gate(false);
	engine_wait_free(stuck);
	engine_wait_free(first);
	engine_wait_free(joined);
	engine_free(engine);
}

static void
what_ran_out_of_time_is_not_remembered(void **state)
{
	struct engine_wait *first, *again;
	struct engine *engine;

	(void)state;
	check_timeout_ms = 1000;
	engine = engine_of(1, 10);
	check_timeout_ms = 10000;
	set_gate(true);
	first = start(engine, "slow.example");
	await_ran_out(first, REASON_PROBE_TIMEOUT);
	set_gate(false);
	again = start(engine, "slow.example");
	assert_false(engine_wait_cached(again));
	assert_int_equal(
	    engine_await(again, soon())->verdict->reason, REASON_NO_POLICY);
	engine_wait_free(first);
	engine_wait_free(again);
	engine_free(engine);
}

/* REQUIRETLS asks more of a destination, but not of a host twice. */
static void
requiretls_is_a_check_of_its_own_and_no_probe(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 1);
	struct engine_query query = {.domain = "good.example", .port = 25};

	(void)state;
	for (int i = 0; i < 4; i++) {
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct check *check;

		query.requiretls = i % 2 == 1;
		wait = engine_start(engine, &query);
		check = engine_await(wait, soon());
		assert_non_null(check);
		assert_int_equal(engine_wait_cached(wait), i >= 2);
		assert_int_equal(check->verdict->requiretls,
		    query.requiretls ? REQUIRETLS_NO_AUTH
				     : REQUIRETLS_NOT_ASKED);
	}
	assert_int_equal(net.probes, 1);
}

static void
any_next_hop_may_meet_requiretls(void **state)
{
	static const struct {
		const char *hops, *host;
		enum requiretls_state requiretls;
	} rows[] = {
	    {"[mx1.d.example], [nomx.example]", "nomx.example",
		REQUIRETLS_NO_AUTH},
	    {"[mx1.d.example], [d83.example]", "d83.example",
		REQUIRETLS_UNKNOWN},
	    {"[d83.example], [mx1.d.example]", "mx1.d.example",
		REQUIRETLS_UNKNOWN},
	};
	AUTO(engine) struct engine *engine = engine_of(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "r.example",
		    .next_hop = rows[i].hops,
		    .port = 25,
		    .requiretls = true};
		AUTO(engine_wait)
		struct engine_wait *wait = engine_start(engine, &query);
		const struct check *check = engine_await(wait, soon());

		assert_non_null(check);
		ROW(rows[i].hops,
		    check->verdict->requiretls == rows[i].requiretls);
		ROW_TEXT(
		    rows[i].hops, check->facts->hosts[0].name, rows[i].host);
	}
}

static void
the_mx_step_finds_the_hosts(void **state)
{
	static const struct {
		const char *id, *domain, *host;
		enum reason reason;
	} rows[] = {
	    {"D61", "bogus.example", "", REASON_DNSSEC_INVALID},
	    {"D67", "null.example", "", REASON_NULL_MX},
	    {"D69", "nomx.example", "nomx.example", REASON_NO_POLICY},
	    {"D71", "absent.example", "", REASON_NXDOMAIN},
	    {"MX", "good.example", "mx1.d.example", REASON_NO_POLICY},
	};
	AUTO(engine) struct engine *engine = engine_of(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine_wait)
		struct engine_wait *wait = start(engine, rows[i].domain);
		const struct check *check = engine_await(wait, soon());

		assert_non_null(check);
		ROW_TEXT(rows[i].id, reason_text(check->verdict->reason),
		    reason_text(rows[i].reason));
		ROW_TEXT(rows[i].id,
		    check->facts->host_count == 0 ? ""
						  : check->facts->hosts[0].name,
		    rows[i].host);
	}
}

/* What an engine does with a domain, and who it asked for prefixes. */
static void
check_gate(const char *domain, bool blocked)
{
	AUTO(engine) struct engine *engine = engine_of(1, 1);
	AUTO(engine_wait) struct engine_wait *wait = start(engine, domain);
	const struct check *check = engine_await(wait, soon());
	const struct policy_facts *policy;

	ROW(domain, check != NULL && check->facts->host_count == 1);
	ROW(domain, check->facts->hosts[0].address_count == 1);
	ROW(domain, (check->facts->hosts[0].addresses[0].probe->outcome ==
			PROBE_BLOCKED) == blocked);
	ROW(domain, net.probes == (blocked ? 0 : 1));
	ROW(domain,
	    (strstr(net.asked, "ipv4only.arpa") == NULL) == allow_private);
	policy = check->facts->sts.policy;
	ROW(domain, (policy != NULL && strcmp(policy->detail,
					   "address-blocked") == 0) == blocked);
}

static void
an_inner_address_behind_a_gate_that_dns_tells_of_is_blocked(void **state)
{
	static const struct {
		enum dns_kind kind;
		bool recurse;
		enum dns_kind asked;
	} rows[] = {
	    {DNS_SYSTEM, false, DNS_SYSTEM},
	    /* a stub: nameservers make nothing for who validates */
	    {DNS_EMBEDDED, false, DNS_SYSTEM},
	    {DNS_EMBEDDED, true, DNS_EMBEDDED},
	};

	(void)state;
	check_gate("inner.example", false);
	allow_private = false;
	for (size_t i = 0; i < COUNT(rows); i++) {
		dns_options.kind = rows[i].kind;
		dns_options.recurse = rows[i].recurse;
		check_gate("inner.example", true);
		assert_int_equal(net.gate_kind, rows[i].asked);
		check_gate("outer.example", false);
	}
	allow_private = true;
	dns_options = (struct dns_options){.kind = DNS_EMBEDDED};
}

static void
families_that_mail_does_not_go_by_are_not_looked_at(void **state)
{
	static const struct {
		const char *id, *next_hop;
		enum families families;
		bool all_hosts;
		size_t addresses;
		enum reason reason;
		const char *first;
	} rows[] = {
	    {"all", "both.example", FAMILIES_ALL, false, 2, REASON_NO_POLICY,
		"198.51.100.1"},
	    {"ipv4", "both.example", FAMILIES_IPV4, false, 1, REASON_NO_POLICY,
		"198.51.100.1"},
	    {"ipv6", "both.example", FAMILIES_IPV6, false, 1, REASON_NO_POLICY,
		"2a00:2::1"},
	    /* who looks at hosts of his own sees all of them */
	    {"own", "both.example", FAMILIES_IPV4, true, 2, REASON_NO_POLICY,
		"198.51.100.1"},
	    {"one", "outer.example", FAMILIES_IPV4, false, 0, REASON_NO_ADDRESS,
		NULL},
	    {"other", "outer.example", FAMILIES_IPV6, false, 1,
		REASON_NO_POLICY, "2a00:1::c000:101"},
	    {"literal", "[IPv6:2a00:2::1]", FAMILIES_IPV4, false, 0,
		REASON_NO_ADDRESS, NULL},
	    {"literal", "[IPv6:2a00:2::1]", FAMILIES_IPV6, false, 1,
		REASON_RELAYED, "2a00:2::1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "both.example",
		    .next_hop = rows[i].next_hop,
		    .port = 25,
		    .all_hosts = rows[i].all_hosts};
		AUTO(engine) struct engine *engine = NULL;
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct host_facts *host;
		const struct check *check;

		families = rows[i].families;
		engine = engine_of(1, 1);
		if (rows[i].next_hop[0] != '[')
			query.domain = rows[i].next_hop;
		wait = engine_start(engine, &query);
		check = engine_await(wait, soon());
		ROW(rows[i].id, check != NULL && check->facts->host_count == 1);
		host = &check->facts->hosts[0];
		ROW(rows[i].id, host->address_count == rows[i].addresses);
		ROW(rows[i].id, check->verdict->reason == rows[i].reason);
		ROW(rows[i].id, check->verdict->result == RESULT_NONE);
		ROW(rows[i].id, net.probes == rows[i].addresses);
		if (rows[i].first != NULL)
			ROW_TEXT(
			    rows[i].id, host->addresses[0].text, rows[i].first);
	}
	families = FAMILIES_ALL;
}

static void
a_host_that_mail_never_gets_to_takes_none(void **state)
{
	static const struct {
		unsigned limit;
		bool all_hosts;
		bool tried;
	} rows[] = {{20, false, false}, {21, false, true}, {0, false, true},
	    {5, false, false}, {5, true, true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine_query query = {.domain = "tail.example",
		    .port = 25,
		    .all_hosts = rows[i].all_hosts};
		AUTO(engine) struct engine *engine = NULL;
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		const struct verdict *verdict;
		char id[16];

		snprintf(id, sizeof(id), "%u", rows[i].limit);
		tried_addresses = rows[i].limit;
		engine = engine_of(1, 1);
		net.cut_off = true;
		wait = engine_start(engine, &query);
		ROW(id, engine_await(wait, soon()) != NULL);
		verdict = engine_await(wait, 0)->verdict;
		ROW(id, verdict->host_count == 2);
		ROW(id, net.probes ==
			    LIMIT_HOST_ADDRESSES + (rows[i].tried ? 1 : 0));
		ROW_TEXT(id, reason_text(verdict->reason), "connect-failed");
		ROW_TEXT(id, verdict->mx,
		    rows[i].tried ? "mx1.d.example" : "many.example");
		ROW_TEXT(id, reason_text(verdict->hosts[1].reason),
		    rows[i].tried ? "connect-failed" : "not-tried");
	}
	tried_addresses = 0;
}

static void
no_more_hosts_and_addresses_are_looked_at_than_the_limits(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 1);
	AUTO(engine_wait) struct engine_wait *hosts = NULL;
	AUTO(engine_wait) struct engine_wait *addresses = NULL;
	struct engine_query query = {
	    .domain = "many.example", .next_hop = "[many.example]", .port = 25};

	(void)state;
	hosts = start(engine, "many.example");
	assert_non_null(engine_await(hosts, soon()));
	assert_int_equal(
	    engine_await(hosts, 0)->facts->host_count, LIMIT_MX_HOSTS);
	net.probes = 0;
	addresses = engine_start(engine, &query);
	assert_non_null(engine_await(addresses, soon()));
	assert_int_equal(
	    engine_await(addresses, 0)->facts->hosts[0].address_count,
	    LIMIT_HOST_ADDRESSES);
	assert_int_equal(net.probes, LIMIT_HOST_ADDRESSES);
}

static unsigned
asked_for(const char *host)
{
	unsigned count = 0;

	lock_take(&net.lock);
	for (const char *at = net.asked; (at = strstr(at, host)) != NULL; at++)
		count++;
	lock_drop(&net.lock);
	return count;
}

static void
many_silent_hosts_do_not_take_all_the_lookups(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 1);
	AUTO(engine_wait) struct engine_wait *wait = NULL;

	(void)state;
	set_gate(true);
	wait = start(engine, "herd.example");
	await_stuck(&net.lookups, 1);
	assert_int_equal(asked_for("mute"), 2 * 4);
	set_gate(false);
	assert_non_null(engine_await(wait, soon()));
	assert_int_equal(
	    engine_await(wait, 0)->facts->host_count, LIMIT_MX_HOSTS);
	assert_true(asked_for("mute") >= 2 * LIMIT_MX_HOSTS);
}

static enum reason
reason_of(struct engine *engine, const char *domain)
{
	AUTO(engine_wait) struct engine_wait *wait = start(engine, domain);
	const struct check *check = engine_await(wait, soon());

	assert_non_null(check);
	return check->verdict->reason;
}

enum { GOOD_S = 600, OTHER_S = 30, SHUT_AFTER_S = 300, TRIAL_EVERY_S = 60 };

static void
d97_resolver_that_does_not_validate_proves_nothing(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	for (int i = 0; i < 2; i++) {
		AUTO(engine_wait)
		struct engine_wait *wait = start(engine, "good.example");
		const struct check *check = engine_await(wait, soon());

		assert_non_null(check);
		assert_false(engine_wait_cached(wait));
		assert_int_equal(check->verdict->result, RESULT_TEMPERROR);
		assert_int_equal(
		    check->verdict->reason, REASON_RESOLVER_NOT_VALIDATING);
	}
	assert_string_equal(net.asked, "");
	assert_int_equal(resolver.tests, 1);
	assert_int_equal(told.calls, 1);
	assert_false(told.validates);
	assert_string_equal(told.why, "no good");
}

static void
resolver_is_tested_again(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	assert_int_equal(
	    reason_of(engine, "good.example"), REASON_RESOLVER_NOT_VALIDATING);
	resolver.fails = false;
	clock_shift(OTHER_S - 2);
	assert_int_equal(
	    reason_of(engine, "good.example"), REASON_RESOLVER_NOT_VALIDATING);
	clock_shift(2);
	assert_int_equal(reason_of(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 2);
	assert_true(told.validates);
	assert_string_equal(told.why, "");
	clock_shift(GOOD_S - 2);
	reason_of(engine, "also.example");
	assert_int_equal(resolver.tests, 2);
	clock_shift(2);
	reason_of(engine, "nomx.example");
	assert_int_equal(resolver.tests, 3);
	assert_int_equal(told.calls, 2);
}

static void
silent_resolver_is_not_one_that_does_not_validate(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct err err;

	(void)state;
	resolver.fails = true;
	resolver.kind = ERR_TEMP;
	assert_int_equal(engine_self_test(engine, soon(), &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(reason_of(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 1);
	clock_shift(OTHER_S);
	assert_int_equal(reason_of(engine, "also.example"), REASON_NO_POLICY);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 0);
	resolver.fails = false;
	assert_int_equal(engine_self_test(engine, soon(), NULL), 0);
	assert_int_equal(told.calls, 1);
	resolver.fails = true;
	assert_int_equal(engine_self_test(engine, soon(), NULL), -1);
	assert_int_equal(told.calls, 1);
}

static void
verdicts_from_before_do_not_outlive_validation(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct err err;

	(void)state;
	assert_int_equal(reason_of(engine, "good.example"), REASON_NO_POLICY);
	resolver.fails = true;
	resolver.kind = ERR_LOCAL;
	assert_int_equal(reason_of(engine, "good.example"), REASON_NO_POLICY);
	assert_int_equal(engine_self_test(engine, soon(), &err), -1);
	assert_string_equal(err.text, "no good");
	assert_int_equal(
	    reason_of(engine, "good.example"), REASON_RESOLVER_NOT_VALIDATING);
}

/* Each has an address of its own. */
static const struct verdict *
verdict_at(struct engine *engine, struct engine_wait **wait, unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "host%u.own.example", number);
	*wait = start(engine, name);
	assert_non_null(engine_await(*wait, soon()));
	return engine_await(*wait, 0)->verdict;
}

static void
await_told(unsigned calls, bool open)
{
	while (reached.calls < calls)
		usleep(1000);
	assert_int_equal(reached.calls, calls);
	assert_int_equal(reached.open, open);
}

static void
check_at(struct engine *engine, unsigned number, bool probed, enum reason why)
{
	struct engine_wait *wait;
	const struct verdict *verdict = verdict_at(engine, &wait, number);

	assert_int_equal(verdict->probed, probed);
	assert_string_equal(reason_text(verdict->reason), reason_text(why));
	engine_wait_free(wait);
}

/* Until the way out is found shut; host 0 was in reach before.  Gives the
 * number of a host that was not asked for yet. */
static unsigned
shut_way_out(struct engine *engine)
{
	unsigned number = 0;

	check_at(engine, number++, true, REASON_NO_POLICY);
	net.cut_off = true;
	while (number < 5)
		check_at(engine, number++, true, REASON_CONNECT_FAILED);
	clock_shift(SHUT_AFTER_S);
	check_at(engine, number++, true, REASON_CONNECT_FAILED);
	await_told(1, false);
	return number;
}

static void
an_address_that_none_can_leave_from_shuts_no_way_out(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	AUTO(engine_wait) struct engine_wait *both = NULL;
	unsigned number = 0;

	(void)state;
	net.sourceless = ".";
	while (number < 5)
		check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	clock_shift(SHUT_AFTER_S);
	check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	check_at(engine, number++, true, REASON_SOURCE_UNUSABLE);
	assert_int_equal(reached.calls, 0);
	/* one family does not speak for the other */
	net.sourceless = ":";
	both = start(engine, "both.example");
	assert_non_null(engine_await(both, soon()));
	assert_int_equal(
	    engine_await(both, 0)->verdict->result, RESULT_TEMPERROR);
	assert_int_equal(
	    engine_await(both, 0)->verdict->reason, REASON_SOURCE_UNUSABLE);
}

/* Port 25 is closed on the way out. */
static void
without_a_way_out_checks_go_as_far_as_dns_does(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *wait;
	unsigned number, probes;

	(void)state;
	number = shut_way_out(engine);
	probes = net.probes;
	check_at(engine, number++, false, REASON_NO_POLICY); /* the trial */
	assert_int_equal(net.probes, probes + 1);
	check_at(engine, number++, false, REASON_NO_POLICY);
	assert_true(verdict_at(engine, &wait, 0)->probed); /* is known */
	assert_true(engine_wait_cached(wait));
	engine_wait_free(wait);
	assert_int_equal(net.probes, probes + 1);
	assert_int_equal(reached.calls, 1);
}

static void
the_first_check_of_each_minute_is_probed_and_has_its_verdict(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *trial;
	unsigned number;

	(void)state;
	number = shut_way_out(engine);
	check_at(engine, number++, false, REASON_NO_POLICY);
	clock_shift(TRIAL_EVERY_S);
	net.cut_off = false;
	set_gate(true);
	trial = start(engine, "host7.own.example");
	await_stuck(&net.waiting, 1);
	/* who comes meanwhile does not wait for it */
	check_at(engine, 8, false, REASON_NO_POLICY);
	assert_null(engine_await(trial, 0));
	set_gate(false);
	assert_non_null(engine_await(trial, soon()));
	assert_true(engine_await(trial, 0)->verdict->probed);
	engine_wait_free(trial);
	await_told(2, true);
	check_at(engine, 8, true, REASON_NO_POLICY);
	check_at(engine, 7, true, REASON_NO_POLICY);
}

/* What failed a moment ago is tried all the same. */
static void
a_trial_is_no_memory(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	unsigned number;

	(void)state;
	number = shut_way_out(engine);
	net.cut_off = false;
	check_at(engine, number - 1, true, REASON_NO_POLICY);
	await_told(2, true);
}

/* Some that refuse, and a quiet hour. */
static void
strangers_do_not_shut_the_way_out(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(1, 10);
	struct engine_wait *wait;
	unsigned probes;

	(void)state;
	check_at(engine, 0, true, REASON_NO_POLICY);
	net.dead = true;
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned number = 1; number < 8; number++)
			check_at(engine, number, true, REASON_CONNECT_FAILED);
		clock_shift(SHUT_AFTER_S);
	}
	probes = net.probes;
	check_at(engine, 9, true, REASON_CONNECT_FAILED);
	net.dead = false;
	wait = start(engine, "good.example");
	assert_non_null(engine_await(wait, soon()));
	assert_true(engine_await(wait, 0)->verdict->probed);
	engine_wait_free(wait);
	assert_true(net.probes > probes);
	assert_int_equal(reached.calls, 0);
}

/* As above, twelve leaves are taken, and the rest are in a hurry. */
static void
haste_does_not_shut_the_way_out(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(16, 100);
	struct engine_wait *waits[17];
	char name[32];

	(void)state;
	set_gate(true);
	for (size_t i = 0; i < COUNT(waits); i++) {
		if (i < 12)
			snprintf(name, sizeof(name),
			    "host%zustuck%zu.own.example", i / 2, i);
		else
			snprintf(name, sizeof(name),
			    "host%zufar%zu.own.example", 6 + i % 4, i);
		if (i == 12 || i == 16)
			await_stuck(&net.waiting, (unsigned)i);
		if (i == 16) {
			assert_null(engine_await(
			    waits[15], clock_mono_ms() + HURRY_MS + 1000));
			clock_shift(SHUT_AFTER_S);
		}
		waits[i] = start(engine, name);
	}
	assert_null(engine_await(waits[16], clock_mono_ms() + HURRY_MS + 1000));
	assert_int_equal(reached.calls, 0);
	set_gate(false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_non_null(engine_await(waits[i], soon()));
		engine_wait_free(waits[i]);
	}
}

static void
set_test_gate(bool shut)
{
	lock_take(&net.lock);
	resolver.gate_shut = shut;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
}

static void
await_stuck_test(void)
{
	lock_take(&net.lock);
	while (!resolver.waiting)
		cond_wait(&net.changed, &net.lock);
	lock_drop(&net.lock);
}

static void
only_one_tests_and_nobody_waits_for_it_but_at_first(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 10);
	struct engine_wait *tester, *other;

	(void)state;
	set_test_gate(true);
	tester = start(engine, "good.example");
	await_stuck_test();
	other = start(engine, "also.example");
	assert_null(engine_await(other, clock_mono_ms() + 50));
	set_test_gate(false);
	assert_non_null(engine_await(tester, soon()));
	assert_non_null(engine_await(other, soon()));
	engine_wait_free(tester);
	engine_wait_free(other);
	assert_int_equal(resolver.tests, 1);
	clock_shift(GOOD_S);
	set_test_gate(true);
	tester = start(engine, "nomx.example");
	await_stuck_test();
	other = start(engine, "null.example");
	assert_non_null(engine_await(other, soon()));
	assert_null(engine_await(tester, 0));
	set_test_gate(false);
	assert_non_null(engine_await(tester, soon()));
	engine_wait_free(tester);
	engine_wait_free(other);
	assert_int_equal(resolver.tests, 2);
	assert_int_equal(told.calls, 1);
}

static void
check_now(struct engine *engine, const char *domain, const char *hop,
    struct rule_list *rules)
{
	struct engine_query query = {
	    .domain = domain, .next_hop = hop, .port = 25, .rules = rules};
	AUTO(engine_wait)
	struct engine_wait *wait = engine_start(engine, &query);

	assert_non_null(engine_await(wait, soon()));
}

/* "DOMAIN>HOPS ..." of what is listed. */
static const char *
list_checks(struct engine *engine, struct rule_list *rules, const char *domain)
{
	static char text[512];
	AUTO(inventory)
	struct inventory *inventory = inventory_new(engine, rules, domain);
	char hops[NEXTHOP_LIST_SIZE];
	const struct check *check;
	struct text list;

	text_init(&list, text, sizeof(text));
	while ((check = inventory_next_check(inventory, hops)) != NULL)
		text_addf(&list, "%s%s>%s", list.len > 0 ? " " : "",
		    check->domain, hops);
	return text;
}

static void
what_is_remembered_is_listed(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 10);
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_AUTO);
	struct inventory_counts counts;
	struct rule *rule = rule_new();

	(void)state;
	text_copy(rule->key, sizeof(rule->key), "null.example");
	text_copy(rule->name, sizeof(rule->name), "null.example");
	rule->level = LEVEL_MAY;
	rule_list_add(list, rule);
	rule_list_sort(list);
	rule_list_sort(other);
	check_now(engine, "null.example", NULL, list);
	check_now(engine, "good.example", NULL, list);
	check_now(engine, "a.example", "[nomx.example]:26,also.example", list);
	check_now(engine, "a..b", NULL, list);
	inventory_count(engine, &counts);
	assert_int_equal(counts.verdicts, 3);
	assert_string_equal(counts.store, "none");
	assert_string_equal(list_checks(engine, list, NULL),
	    "a.example>[nomx.example]:26,also.example "
	    "good.example>good.example null.example>null.example");
	/* by other rules no message gets that one any more */
	assert_string_equal(list_checks(engine, other, NULL),
	    "a.example>[nomx.example]:26,also.example "
	    "good.example>good.example");
	assert_string_equal(list_checks(engine, list, "good.example"),
	    "good.example>good.example");
	assert_string_equal(list_checks(engine, list, "nomx.example"),
	    "a.example>[nomx.example]:26,also.example");
	assert_string_equal(list_checks(engine, list, "also.example"),
	    "a.example>[nomx.example]:26,also.example");
	assert_string_equal(list_checks(engine, list, "example"), "");
	assert_string_equal(list_checks(engine, list, "ood.example"), "");
	clock_shift(3600);
	assert_string_equal(list_checks(engine, list, NULL), "");
}

/* Checks of so many domains more, a probe for each: what is in memory then. */
static struct inventory_counts
check_many(struct engine *engine, const char *parent, unsigned count)
{
	static unsigned number;
	struct inventory_counts counts;
	char domain[64];

	for (unsigned end = number + count; number < end; number++) {
		snprintf(domain, sizeof(domain), "d%u.%s", number, parent);
		check_now(engine, domain, NULL, NULL);
	}
	inventory_count(engine, &counts);
	return counts;
}

static void
caches_are_as_large_as_their_limits(void **state)
{
	static const char absent[] = "absent.example";
	static const char probed[] = "farm.example";
	struct engine *engine = engine_of(2, 10);

	(void)state;
	assert_int_equal(
	    check_many(engine, absent, LIMIT_CACHED_FACTS).verdicts,
	    LIMIT_CACHED_FACTS);
	assert_int_equal(
	    check_many(engine, absent, 1).verdicts, LIMIT_CACHED_FACTS);
	engine_free(engine);
	keep_facts = false;
	engine = engine_of(2, 10);
	keep_facts = true;
	assert_int_equal(check_many(engine, probed, LIMIT_CACHED_PROBES).probes,
	    LIMIT_CACHED_PROBES);
	assert_int_equal(
	    check_many(engine, probed, 1).probes, LIMIT_CACHED_PROBES);
	assert_int_equal(check_many(engine, absent,
			     LIMIT_CACHED_VERDICTS - LIMIT_CACHED_PROBES - 1)
			     .verdicts,
	    LIMIT_CACHED_VERDICTS);
	assert_int_equal(
	    check_many(engine, absent, 1).verdicts, LIMIT_CACHED_VERDICTS);
	engine_free(engine);
}

/* A value is there before room is made for it. */
static struct inventory_counts
await_room(struct engine *engine, size_t octets)
{
	int64_t end_ms = soon();
	struct inventory_counts counts;

	do
		inventory_count(engine, &counts);
	while (counts.octets > octets && clock_left_ms(end_ms) > 0);
	return counts;
}

/* Verdicts, probes and policies share it. */
static void
caches_take_as_much_memory_as_they_may(void **state)
{
	struct inventory_counts counts;
	struct engine *engine;

	(void)state;
	keep_facts = false;
	max_cache_octets = 500 * 1000;
	engine = engine_of(2, 10);
	keep_facts = true;
	max_cache_octets = 256 << 20;
	check_many(engine, "farm.example", 3000);
	counts = await_room(engine, 500 * 1000);
	assert_in_range(counts.octets, 400 * 1000, 500 * 1000);
	assert_in_range(counts.verdicts, 100, 2999);
	assert_in_range(counts.probes, 100, 2999);
	engine_free(engine);
}

static void
what_is_flushed_is_looked_at_anew(void **state)
{
	AUTO(engine) struct engine *engine = engine_of(2, 10);
	struct engine_wait *stuck, *after;
	struct inventory_flushed flushed;

	(void)state;
	check_now(engine, "good.example", NULL, NULL);
	check_now(engine, "nomx.example", NULL, NULL);
	assert_int_equal(net.probes, 1 + 1);
	set_gate(true);
	stuck = start(engine, "slow.example");
	await_stuck(&net.waiting, 1);
	assert_int_equal(
	    inventory_flush(engine, "good.example", &flushed, NULL), 0);
	assert_int_equal(flushed.verdicts, 1);
	assert_int_equal(flushed.probes, 2);
	assert_int_equal(flushed.policies, 0);
	check_now(engine, "nomx.example", NULL, NULL);
	assert_int_equal(net.probes, 3);
	check_now(engine, "good.example", NULL, NULL);
	assert_int_equal(net.probes, 4);
	assert_int_equal(inventory_flush(engine, NULL, &flushed, NULL), 0);
	assert_int_equal(flushed.verdicts, 2);
	/* who waited gets the old check, who comes now a new one */
	after = start(engine, "slow.example");
	set_gate(false);
	assert_non_null(engine_await(stuck, soon()));
	assert_non_null(engine_await(after, soon()));
	assert_ptr_not_equal(engine_await(stuck, 0), engine_await(after, 0));
	assert_int_equal(net.probes, 5);
	engine_wait_free(stuck);
	engine_wait_free(after);
}

static void
what_is_done_is_counted(void **state)
{
	struct counts counts = {.checks = 0};
	struct engine *engine = engine_with(1, 1, &counts);
	struct engine_wait *stuck, *queued, *refused;

	(void)state;
	set_gate(true);
	stuck = start(engine, "mute.example");
	await_stuck(&net.lookups, 1);
	refused = start(engine, "also.example");
	queued = start(engine, "good.example");
	assert_int_equal(counts.running, 1);
	assert_int_equal(counts.waiting, 1);
	assert_int_equal(counts.queue_full, 1);
	set_gate(false);
	assert_non_null(engine_await(stuck, soon()));
	assert_non_null(engine_await(queued, soon()));
	engine_wait_free(stuck);
	engine_wait_free(queued);
	engine_wait_free(refused);
	engine_free(engine);
	assert_int_equal(counts.checks, 2);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.running_max, 1);
	assert_true(counts.waiting_max >= 1);
	assert_int_equal(counts.probes, net.probes);
}

int
main(void)
{
	const struct CMUnitTest engine[] = {
	    cmocka_unit_test(a_verdict_is_remembered),
	    cmocka_unit_test(two_domains_at_one_host_are_one_probe),
	    cmocka_unit_test(a_burst_to_one_domain_is_one_check),
	    cmocka_unit_test(the_oldest_in_a_full_queue_is_refused_for_now),
	    cmocka_unit_test(a_cached_verdict_needs_no_worker),
	    cmocka_unit_test(a_check_that_waits_for_a_probe_needs_no_worker),
	    cmocka_unit_test(
		a_farm_has_so_many_connections_and_keeps_up_nobody),
	    cmocka_unit_test(a_probe_lives_as_long_as_anyone_waits_for_it),
	    cmocka_unit_test(a_probe_that_nobody_waits_for_is_not_begun),
	    cmocka_unit_test(checks_that_are_stuck_leave_room_for_others),
	    cmocka_unit_test(haste_does_not_cut_off_what_follows_the_handshake),
	    cmocka_unit_test(
		a_check_that_has_next_to_no_time_left_asks_nothing),
	    cmocka_unit_test(a_known_destination_goes_first),
	    cmocka_unit_test(many_that_wait_are_a_congestion),
	    cmocka_unit_test(each_rule_has_a_check_of_its_own),
	    cmocka_unit_test(
		a_rule_for_a_host_is_looked_for_where_it_may_apply),
	    cmocka_unit_test(a_callback_comes_once),
	    cmocka_unit_test(what_is_no_domain_is_answered_at_once),
	    cmocka_unit_test(tlsa_is_asked_for_where_it_may_count),
	    cmocka_unit_test(
		an_answer_that_lacks_what_it_is_to_give_is_a_lookup_error),
	    cmocka_unit_test(every_lookup_counts_for_how_long_a_verdict_lives),
	    cmocka_unit_test(the_first_next_hop_that_takes_mail_counts),
	    cmocka_unit_test(
		a_failure_that_rests_on_memory_is_probed_once_more),
	    cmocka_unit_test(
		a_failing_host_is_not_probed_for_everyone_who_asks),
	    cmocka_unit_test(who_joins_a_check_late_has_time_of_his_own),
	    cmocka_unit_test(
		who_joins_a_check_that_never_began_has_time_of_his_own),
	    cmocka_unit_test(what_ran_out_of_time_is_not_remembered),
	    cmocka_unit_test(requiretls_is_a_check_of_its_own_and_no_probe),
	    cmocka_unit_test(any_next_hop_may_meet_requiretls),
	    cmocka_unit_test(the_mx_step_finds_the_hosts),
	    cmocka_unit_test(
		an_inner_address_behind_a_gate_that_dns_tells_of_is_blocked),
	    cmocka_unit_test(
		d97_resolver_that_does_not_validate_proves_nothing),
	    cmocka_unit_test(resolver_is_tested_again),
	    cmocka_unit_test(silent_resolver_is_not_one_that_does_not_validate),
	    cmocka_unit_test(
		families_that_mail_does_not_go_by_are_not_looked_at),
	    cmocka_unit_test(a_host_that_mail_never_gets_to_takes_none),
	    cmocka_unit_test(
		no_more_hosts_and_addresses_are_looked_at_than_the_limits),
	    cmocka_unit_test(many_silent_hosts_do_not_take_all_the_lookups),
	    cmocka_unit_test(
		an_address_that_none_can_leave_from_shuts_no_way_out),
	    cmocka_unit_test(without_a_way_out_checks_go_as_far_as_dns_does),
	    cmocka_unit_test(
		the_first_check_of_each_minute_is_probed_and_has_its_verdict),
	    cmocka_unit_test(a_trial_is_no_memory),
	    cmocka_unit_test(strangers_do_not_shut_the_way_out),
	    cmocka_unit_test(haste_does_not_shut_the_way_out),
	    cmocka_unit_test(verdicts_from_before_do_not_outlive_validation),
	    cmocka_unit_test(
		only_one_tests_and_nobody_waits_for_it_but_at_first),
	    cmocka_unit_test(what_is_remembered_is_listed),
	    cmocka_unit_test(caches_are_as_large_as_their_limits),
	    cmocka_unit_test(caches_take_as_much_memory_as_they_may),
	    cmocka_unit_test(what_is_flushed_is_looked_at_anew),
	    cmocka_unit_test(what_is_done_is_counted),
	};

	return RUN_TESTS_WITH(engine, write_ca_file, drop_ca_file);
}
