/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/fake/network.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "t/fake/certs.h"
#include "t/unit/tap.h"

struct network_told told;
struct network_reached reached;

struct network_wish wish = {.check_timeout_ms = 10000,
    .max_cache_octets = 256 << 20,
    .allow_private = true,
    .keep_facts = true,
    .families = FAMILIES_ALL};

static char ca_file[] = "/tmp/engine-XXXXXX";

int
network_setup(void **state)
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
	network_open();
	return 0;
}

int
network_teardown(void **state)
{
	(void)state;
	unlink(ca_file);
	return 0;
}

static void
hear_of_resolver(void *arg, bool validates, const char *why)
{
	assert_ptr_equal(arg, &told);
	text_copy(told.why, sizeof(told.why), why);
	told.validates = validates;
	told.calls++;
}

static void
hear_of_reach(void *arg, bool open)
{
	assert_ptr_equal(arg, &reached);
	reached.open = open;
	reached.calls++;
}

struct engine *
network_engine_with(
    unsigned max_checks, unsigned max_queue, struct counts *counts)
{
	struct engine_options options = {.max_checks = max_checks,
	    .max_queue = max_queue,
	    .max_cache_octets = wish.max_cache_octets,
	    .check_timeout_ms = wish.check_timeout_ms,
	    .probe = true,
	    .greeting_timeout_ms = 10000,
	    .probe_timeout_ms = 10000,
	    .probe_helo = "test.example",
	    .probe_per_host = 2,
	    .probe_port = 25,
	    .outbound_changed = hear_of_reach,
	    .outbound_arg = &reached,
	    .ca_file = ca_file,
	    .probe_families = wish.families,
	    .probe_addresses = wish.tried_addresses,
	    .allow_private = wish.allow_private,
	    .dns = wish.dns_options,
	    .sts_timeout_ms = 1000,
	    .verdict_ttl_s = VERDICT_TTL_S,
	    .fail_ttl_s = FAIL_TTL_S,
	    .temperror_ttl_s = 30,
	    .keep_facts = wish.keep_facts,
	    .resolver_changed = hear_of_resolver,
	    .resolver_arg = &told,
	    .counts = counts,
	    .for_mtas = wish.for_mtas,
	    .turns = wish.turns,
	    .number_facts = wish.number_facts,
	    .take_facts = wish.take_facts,
	    .share = wish.share,
	    .manners = wish.manners};
	struct engine *engine = engine_new(&options, NULL);

	assert_non_null(engine);
	memset(&resolver, 0, sizeof(resolver));
	memset(&told, 0, sizeof(told));
	memset(&reached, 0, sizeof(reached));
	net.cut_off = net.dead = false;
	net.sourceless = NULL;
	net.probes = net.most = net.most_lookups = 0;
	net.gate_shut = net.quit_shut = false;
	net.asked[0] = '\0';
	return engine;
}

struct engine *
network_engine(unsigned max_checks, unsigned max_queue)
{
	return network_engine_with(max_checks, max_queue, NULL);
}

int64_t
network_soon(void)
{
	return clock_mono_ms() + 5000;
}

struct engine_wait *
network_start(struct engine *engine, const char *domain)
{
	struct engine_query query = {.domain = domain, .port = 25};

	return engine_start(engine, &query);
}

void
network_set_gate(bool shut)
{
	lock_take(&net.lock);
	net.gate_shut = shut;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
	if (!shut)
		network_let_through();
}

void
network_set_quit(bool shut)
{
	lock_take(&net.lock);
	net.quit_shut = shut;
	cond_broadcast(&net.changed);
	lock_drop(&net.lock);
}

void
network_await(const unsigned *count, unsigned wanted)
{
	lock_take(&net.lock);
	while (*count < wanted)
		cond_wait(&net.changed, &net.lock);
	lock_drop(&net.lock);
}

/* A check of that host, whoever the mail is for. */
struct engine_wait *
network_start_at(struct engine *engine, const char *domain, const char *host)
{
	char hop[64];
	struct engine_query query = {
	    .domain = domain, .next_hop = hop, .port = 25};

	snprintf(hop, sizeof(hop), "[%s]", host);
	return engine_start(engine, &query);
}

struct engine_wait *
network_check_by(
    struct engine *engine, const char *domain, struct rule_list *rules)
{
	struct engine_query query = {
	    .domain = domain, .port = 25, .rules = rules};
	struct engine_wait *wait = engine_start(engine, &query);

	assert_non_null(engine_await(wait, network_soon()));
	return wait;
}

void
network_check(struct engine *engine, const char *domain, const char *hop,
    struct rule_list *rules)
{
	struct engine_query query = {
	    .domain = domain, .next_hop = hop, .port = 25, .rules = rules};
	AUTO(engine_wait)
	struct engine_wait *wait = engine_start(engine, &query);

	assert_non_null(engine_await(wait, network_soon()));
}

enum reason
network_reason(struct engine *engine, const char *domain)
{
	AUTO(engine_wait)
	struct engine_wait *wait = network_start(engine, domain);
	const struct check *check = engine_await(wait, network_soon());

	assert_non_null(check);
	return check->verdict->reason;
}

void
network_take_places(
    struct engine *engine, struct engine_wait *stuck[], unsigned count)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "mute%u.example", i);
		stuck[i] = network_start(engine, name);
	}
	network_await(&net.lookups, count);
}

void
network_await_all(struct engine_wait *waits[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_non_null(engine_await(waits[i], network_soon()));
		engine_wait_free(waits[i]);
	}
}
