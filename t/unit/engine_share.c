/* SPDX-License-Identifier: BSD-2-Clause */
/* Two engines and a real store between them: probes and verdicts of one that
 * the other uses, and what it does not take. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/engine/engine.h"
#include "common/engine/engine_state.h"
#include "common/gather/probe_share.h"
#include "common/proto/shared_finding.h"
#include "t/fake/certs.h"
#include "t/fake/network.h"
#include "t/fake/redis.h"
#include "t/unit/store_client.h"
#include "t/unit/tap.h"

#define KEY                                \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define HOST "latec1.farm.example"
#define ADDRESS "198.51.100.99"
#define DANE_HOST "lateda.example"
#define DANE_ADDRESS "198.51.100.1"

enum {
	PATIENT_MS = 30 * 1000,
	GIVEN_UP_MS = 1000,
	LOOK_US = 10 * 1000,
	LATE_US = 3 * 1000 * 1000,
};

/* One host: what it shares, and an engine that does. */
struct gate {
	struct store_client client;
	struct share_counts counts;
	struct share *share;
	struct engine *engine;
	_Atomic unsigned used;
};

static struct redis *server;
static struct gate a, b;
static struct cert_made *leaf;

static void
note_used(void *arg, enum share_what what, const char *domain, const char *by,
    enum shared_fault fault)
{
	struct gate *gate = arg;

	(void)domain;
	(void)by;
	(void)fault;
	gate->used += what == SHARE_USED;
}

static void
open_gate(struct gate *gate, const char *host, unsigned content)
{
	struct shared_options options = {.timeout_ms = PATIENT_MS};
	struct share_options share = {.prefix = "postern",
	    .host = host,
	    .content = content,
	    .counts = &gate->counts,
	    .told = note_used,
	    .arg = gate};
	char text[160];

	memset(gate, 0, sizeof(*gate));
	snprintf(text, sizeof(text), "unix:%s", redis_path(server));
	store_client_server(&options, text);
	store_client_open(&gate->client, &options);
	store_client_await(&gate->client, SHARED_UP, 1);
	assert_int_equal(shared_keys_parse(&share.keys, KEY, NULL), 0);
	share.store = gate->client.shared;
	gate->share = share_new(&share, NULL);
	assert_non_null(gate->share);
	wish.share = gate->share;
	wish.keep_facts = false;
	gate->engine = network_engine(1, 10);
}

static void
close_gate(struct gate *gate)
{
	engine_free(gate->engine);
	share_free(gate->share);
	store_client_close(&gate->client);
}

static void
open_gates(unsigned content)
{
	open_gate(&a, "a.host", content);
	open_gate(&b, "b.host", content);
}

static int
begin_sharing(void **state)
{
	struct cert_spec spec = {.cn = "leaf", .names = {HOST}};

	(void)state;
	server = redis_new("");
	leaf = cert_make(&spec);
	net.chain = cert_der(leaf);
	return 0;
}

static int
end_sharing(void **state)
{
	(void)state;
	close_gate(&a);
	close_gate(&b);
	cert_made_free(leaf);
	net.chain = (struct der){NULL, 0};
	redis_free(server);
	return 0;
}

/* What a check of a domain by a gate comes to, for engine_wait_free. */
static const struct check *
check_at(struct gate *gate, const char *domain, struct engine_wait **wait)
{
	const struct check *check;

	*wait = network_start(gate->engine, domain);
	check = engine_await(*wait, network_soon());
	assert_non_null(check);
	return check;
}

static enum result
result_at(struct gate *gate, const char *domain, bool shared)
{
	struct engine_wait *wait;
	const struct check *check = check_at(gate, domain, &wait);
	enum result result = check->verdict->result;

	assert_int_equal(check->shared, shared);
	engine_wait_free(wait);
	return result;
}

/* Until a has put so many values. */
static void
await_puts(uint64_t wanted)
{
	while (
	    a.client.counts.requests[SHARED_OP_PUT][SHARED_RESULT_OK] < wanted)
		usleep(LOOK_US);
}

/* By a host with the key: a probe, for the place of another. */
static void
put_probe(struct shared_probe probe, const char *address, const char *sni)
{
	const char *const fields[] = {"r", address, "25", sni};
	struct share_put put = {.until_s = clock_wall_s() + 600};
	uint64_t before =
	    a.client.counts.requests[SHARED_OP_PUT][SHARED_RESULT_OK];

	text_copy(probe.by, sizeof(probe.by), "a.host");
	probe.port = 25;
	probe.cert_count = 1;
	probe.certs[0] = cert_der(leaf);
	put.payload = shared_probe_print(&probe);
	share_name_of(a.share, "r", fields, 4, put.name);
	share_add(a.share, &put);
	await_puts(before + 1);
}

static struct shared_probe
good_probe(void)
{
	return (struct shared_probe){.address = ADDRESS,
	    .sni = HOST,
	    .tls = "TLS1.3",
	    .at_s = clock_wall_s()};
}

/* --- probes --- */

/* R10 */
static void
a_host_is_probed_once_for_all(void **state)
{
	(void)state;
	open_gates(SHARE_PROBES);
	assert_int_equal(result_at(&a, HOST, false), RESULT_NONE);
	await_puts(1);
	assert_int_equal(net.probes, 1);
	assert_int_equal(result_at(&b, HOST, true), RESULT_NONE);
	assert_int_equal(net.probes, 1);
	assert_int_equal(b.used, 1);
	/* what is known here is not asked for */
	result_at(&b, HOST, true);
	assert_int_equal(b.used, 1);
}

/* R10: by a chain that a member has put, whatever is published */
static void
a_failure_by_a_shared_probe_is_probed_here_first(void **state)
{
	struct shared_probe probe = good_probe();

	(void)state;
	open_gates(SHARE_PROBES);
	text_copy(probe.address, sizeof(probe.address), DANE_ADDRESS);
	text_copy(probe.sni, sizeof(probe.sni), DANE_HOST);
	put_probe(probe, DANE_ADDRESS, DANE_HOST);
	assert_int_equal(result_at(&b, DANE_HOST, false), RESULT_FAIL);
	assert_int_equal(b.used, 1);
	assert_int_equal(net.probes, 1);
	/* nor does one by what that session has shown, which ended well */
	while (b.client.counts.requests[SHARED_OP_PUT][SHARED_RESULT_OK] == 0)
		usleep(LOOK_US);
	assert_int_equal(result_at(&a, DANE_HOST, false), RESULT_FAIL);
	assert_int_equal(a.used, 1);
	assert_int_equal(net.probes, 2);
}

/* R10: each has this host probe for itself */
static void
a_probe_that_will_not_do_is_made_here(void **state)
{
	struct {
		const char *id;
		int age_s;
		const char *tls, *address, *sni;
		enum shared_fault fault;
	} rows[] = {
	    {"old", SHARED_PROBE_S, "TLS1.3", ADDRESS, HOST, SHARED_FAULT_TIME},
	    {"to come", -400, "TLS1.3", ADDRESS, HOST, SHARED_FAULT_TIME},
	    {"TLS 1.1", 0, "TLS1.1", ADDRESS, HOST, SHARED_FAULT_SYNTAX},
	    {"no TLS", 0, "", ADDRESS, HOST, SHARED_FAULT_SYNTAX},
	    {"another address", 0, "TLS1.3", "203.0.113.9", HOST,
		SHARED_FAULT_KEY},
	    {"another name", 0, "TLS1.3", ADDRESS, "x.example",
		SHARED_FAULT_KEY},
	};

	(void)state;
	open_gates(SHARE_PROBES);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct shared_probe probe = good_probe();

		probe.at_s -= rows[i].age_s;
		text_copy(probe.tls, sizeof(probe.tls), rows[i].tls);
		text_copy(
		    probe.address, sizeof(probe.address), rows[i].address);
		text_copy(probe.sni, sizeof(probe.sni), rows[i].sni);
		close_gate(&b); /* it puts nothing in place of that */
		put_probe(probe, ADDRESS, HOST);
		open_gate(&b, "b.host", SHARE_PROBES);
		result_at(&b, HOST, false);
		ROW(rows[i].id, net.probes == 1 && b.used == 0);
		ROW(rows[i].id, b.counts.rejected[rows[i].fault] == 1);
	}
}

/* It lives no longer than 15 minutes from now, whatever its host's clock. */
static void
a_shared_probe_lives_fifteen_minutes_at_most(void **state)
{
	struct probe_share with = {.address = ADDRESS, .sni = HOST, .port = 25};
	struct shared_probe probe = good_probe();
	AUTO(probe_facts) struct probe_facts *facts = NULL;
	uint32_t left_s = 0;

	(void)state;
	open_gates(SHARE_PROBES);
	with.share = b.share;
	probe.at_s += 200;
	put_probe(probe, ADDRESS, HOST);
	facts = probe_share_take(&with, network_soon(), &left_s);
	assert_non_null(facts);
	assert_int_equal(left_s, SHARED_PROBE_S);
}

static void
without_probes_in_what_is_shared_none_is(void **state)
{
	(void)state;
	open_gates(SHARE_POLICIES | SHARE_FLUSHES);
	put_probe(good_probe(), ADDRESS, HOST);
	result_at(&a, HOST, false);
	result_at(&b, HOST, false);
	assert_int_equal(net.probes, 2);
}

/* --- verdicts --- */

/* R11 */
static void
a_verdict_serves_a_host_with_the_same_settings(void **state)
{
	struct engine_wait *wait;
	const struct check *check;

	(void)state;
	open_gates(SHARE_VERDICTS);
	assert_int_equal(result_at(&a, HOST, false), RESULT_NONE);
	await_puts(1);
	net.asked[0] = '\0';
	check = check_at(&b, HOST, &wait);
	assert_true(check->shared && check->verdict->result == RESULT_NONE);
	assert_int_equal(check->verdict->reason, REASON_NO_POLICY);
	assert_true(check->verdict->ttl_s <= SHARED_VERDICT_S);
	assert_true(check->verdict->probed);
	assert_string_equal(net.asked, "");
	assert_int_equal(net.probes, 1);
	engine_wait_free(wait);
}

/* R11 */
static void
a_verdict_by_other_settings_is_none(void **state)
{
	(void)state;
	open_gates(SHARE_VERDICTS);
	result_at(&a, HOST, false);
	await_puts(1);
	share_set_digest(b.share, "0123456789abcdef0123456789abcdef");
	result_at(&b, HOST, false);
	assert_int_equal(net.probes, 2);
	assert_int_equal(b.used, 0);
}

/* R11: a "none" of another host, where this one knows better */
static void
where_a_policy_is_known_none_is_no_verdict(void **state)
{
	static const char body[] = "version: STSv1\nmode: enforce\n"
				   "mx: *.farm.example\nmax_age: 86400\n";
	struct policy_facts *known = policy_facts_new(POLICY_FETCHED);
	struct engine_wait *wait;

	(void)state;
	open_gates(SHARE_VERDICTS);
	result_at(&a, HOST, false);
	await_puts(1);
	known->body = strdup(body);
	known->policy = sts_policy_parse(body, strlen(body), NULL);
	known->fetched_s = clock_wall_s();
	text_copy(known->id, sizeof(known->id), "1");
	policy_keep_learn(policies_keep(b.engine->policies), HOST, known);
	policy_facts_free(known);
	check_at(&b, HOST, &wait);
	assert_int_equal(b.used, 0);
	assert_true(net.probes > 1);
	engine_wait_free(wait);
}

/* R11: a rule means something on the host alone that has it */
static void
where_a_rule_has_a_say_no_verdict_is_shared(void **state)
{
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_AUTO);
	struct rule *rule = rule_new();
	struct engine_wait *wait;

	(void)state;
	open_gates(SHARE_VERDICTS);
	rule->scope = RULE_DOMAIN;
	rule->level = LEVEL_ENCRYPT;
	text_copy(rule->name, sizeof(rule->name), HOST);
	rule_list_add(list, rule);
	rule_list_sort(list);
	result_at(&a, HOST, false);
	await_puts(1);
	wait = network_check_by(b.engine, HOST, list);
	assert_int_equal(b.used, 0);
	assert_int_equal(net.probes, 2);
	engine_wait_free(wait);
}

/* R11 */
static void
a_failure_is_no_verdict_for_others(void **state)
{
	(void)state;
	open_gates(SHARE_VERDICTS);
	assert_int_equal(result_at(&a, DANE_HOST, false), RESULT_FAIL);
	assert_int_equal(result_at(&a, HOST, false), RESULT_NONE);
	await_puts(1); /* the one behind it */
	assert_int_equal(result_at(&b, DANE_HOST, false), RESULT_FAIL);
	assert_int_equal(b.used, 0);
}

/* What a member writes, word by word, is on something else, over, or none. */
static void
put_verdict(const char *result, const char *domain, int found_s, int left_s)
{
	char hop[NEXTHOP_TEXT_SIZE], digest[SHARED_DIGEST_SIZE];
	const char *const fields[] = {"v", hop, HOST, "auto", digest};
	struct shared_verdict verdict = {.level = "auto",
	    .policy = "tlsa",
	    .reason = "ok",
	    .enforced = "dane",
	    .dane = "pass",
	    .sts = "none",
	    .by = "a.host"};
	struct share_put put = {.until_s = clock_wall_s() + 600};
	struct nexthop hops[LIMIT_NEXTHOPS];
	uint64_t before =
	    a.client.counts.requests[SHARED_OP_PUT][SHARED_RESULT_OK];

	assert_int_equal(nexthop_parse(HOST, 25, hops, NULL), 1);
	nexthop_print(&hops[0], hop);
	share_get_digest(a.share, digest);
	text_copy(verdict.hop, sizeof(verdict.hop), hop);
	text_copy(verdict.digest, sizeof(verdict.digest), digest);
	text_copy(verdict.domain, sizeof(verdict.domain), domain);
	text_copy(verdict.result, sizeof(verdict.result), result);
	verdict.found_s = clock_wall_s() + found_s;
	verdict.expires_s = clock_wall_s() + left_s;
	put.payload = shared_verdict_print(&verdict);
	share_name_of(a.share, "v", fields, 5, put.name);
	share_add(a.share, &put);
	await_puts(before + 1);
}

/* R11 */
static void
a_verdict_that_will_not_do_is_made_here(void **state)
{
	static const struct {
		const char *id, *result, *domain;
		int found_s, left_s;
		enum shared_fault fault;
	} rows[] = {
	    {"a failure", "fail", HOST, 0, 100, SHARED_FAULT_SYNTAX},
	    {"a trouble", "temperror", HOST, 0, 100, SHARED_FAULT_SYNTAX},
	    {"no word", "great", HOST, 0, 100, SHARED_FAULT_SYNTAX},
	    {"over", "pass", HOST, -10, -1, SHARED_FAULT_TIME},
	    {"old", "pass", HOST, -SHARED_VERDICT_S, 100, SHARED_FAULT_TIME},
	    {"to come", "pass", HOST, 400, 700, SHARED_FAULT_TIME},
	    {"moved", "pass", "x.example", 0, 100, SHARED_FAULT_KEY},
	};

	(void)state;
	open_gates(SHARE_VERDICTS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		close_gate(&b); /* it puts nothing in place of that */
		put_verdict(rows[i].result, rows[i].domain, rows[i].found_s,
		    rows[i].left_s);
		open_gate(&b, "b.host", SHARE_VERDICTS);
		ROW(rows[i].id, result_at(&b, HOST, false) == RESULT_NONE);
		ROW(rows[i].id, b.counts.rejected[rows[i].fault] == 1);
	}
}

/* It lives no longer than five minutes from now, whatever it says. */
static void
a_verdict_lives_five_minutes_at_most(void **state)
{
	struct engine_wait *wait;
	const struct check *check;

	(void)state;
	open_gates(SHARE_VERDICTS);
	put_verdict("pass", HOST, 200, 100000);
	check = check_at(&b, HOST, &wait);
	assert_int_equal(check->verdict->result, RESULT_PASS);
	assert_int_equal(check->verdict->ttl_s, SHARED_VERDICT_S);
	engine_wait_free(wait);
}

/* --- the end --- */

static void *
let_store_go_on(void *arg)
{
	(void)arg;
	usleep(LATE_US);
	redis_signal(server, SIGCONT);
	return NULL;
}

/* A check that gives up, and its engine with it: what the store says after that
 * is for nobody, but it is said. */
static void
an_engine_ends_after_the_store_has_answered(void **state)
{
	struct engine_wait *wait;
	int own_ms = wish.check_timeout_ms;
	pthread_t thread;

	(void)state;
	wish.check_timeout_ms = GIVEN_UP_MS;
	open_gates(SHARE_POLICIES);
	wish.check_timeout_ms = own_ms;
	redis_signal(server, SIGSTOP);
	wait = network_start(b.engine, HOST);
	engine_await(wait, network_soon());
	engine_wait_free(wait);
	assert_int_equal(
	    pthread_create(&thread, NULL, let_store_go_on, NULL), 0);
	engine_free(b.engine);
	b.engine = NULL;
	assert_int_equal(
	    b.client.counts.requests[SHARED_OP_GET][SHARED_RESULT_MISS], 1);
	pthread_join(thread, NULL);
}

#define SHARE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, begin_sharing, end_sharing)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SHARE_TEST(a_host_is_probed_once_for_all),
	    SHARE_TEST(a_failure_by_a_shared_probe_is_probed_here_first),
	    SHARE_TEST(a_probe_that_will_not_do_is_made_here),
	    SHARE_TEST(a_shared_probe_lives_fifteen_minutes_at_most),
	    SHARE_TEST(without_probes_in_what_is_shared_none_is),
	    SHARE_TEST(a_verdict_serves_a_host_with_the_same_settings),
	    SHARE_TEST(a_verdict_by_other_settings_is_none),
	    SHARE_TEST(where_a_policy_is_known_none_is_no_verdict),
	    SHARE_TEST(where_a_rule_has_a_say_no_verdict_is_shared),
	    SHARE_TEST(a_failure_is_no_verdict_for_others),
	    SHARE_TEST(a_verdict_that_will_not_do_is_made_here),
	    SHARE_TEST(a_verdict_lives_five_minutes_at_most),
	    SHARE_TEST(an_engine_ends_after_the_store_has_answered),
	};

	if (!redis_is_there()) {
		puts("1..0 # SKIP no redis-server");
		return 0;
	}
	return RUN_TESTS_WITH(tests, network_setup, network_teardown);
}
