/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/engine/engine.h"

#include <stdatomic.h>
#include <string.h>

#include "common/base/text.h"
#include "t/fake/network.h"
#include "t/unit/tap.h"

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

static void
each_rule_has_a_check_of_its_own(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	struct rule_list *list = rule_list_new(LEVEL_AUTO);
	AUTO(rule_list) struct rule_list *other = rule_list_new(LEVEL_AUTO);
	struct rule *rule =
	    add_rule(list, RULE_DOMAIN, "good.example", LEVEL_MAY);
	struct engine_wait *ruled, *again, *free_of_it;

	(void)state;
	rule_list_sort(list);
	ruled = network_check_by(engine, "good.example", list);
	assert_null(strstr(net.asked, "_mta-sts"));
	assert_null(strstr(net.asked, "_tcp"));
	again = network_check_by(engine, "good.example", list);
	assert_true(engine_wait_cached(again));
	assert_ptr_equal(engine_await(again, 0)->verdict->rule, rule);
	rule_list_free(list); /* a verdict keeps its rule */
	assert_int_equal(
	    engine_await(again, 0)->verdict->rule->level, LEVEL_MAY);
	free_of_it = network_check_by(engine, "good.example", other);
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
	AUTO(engine) struct engine *engine = network_engine(1, 10);
	AUTO(rule_list) struct rule_list *list = rule_list_new(LEVEL_MAY);
	struct engine_wait *wait;

	(void)state;
	add_rule(list, RULE_MX_BELOW, ".d.example", LEVEL_AUTO);
	add_rule(list, RULE_DOMAIN, "also.example", LEVEL_MAY);
	rule_list_sort(list);
	wait = network_check_by(engine, "also.example", list);
	assert_null(strstr(net.asked, "_mta-sts"));
	assert_null(strstr(net.asked, "_tcp"));
	engine_wait_free(wait);
	wait = network_check_by(engine, "good.example", list);
	assert_non_null(strstr(net.asked, "_mta-sts.good.example"));
	assert_non_null(strstr(net.asked, "_25._tcp.mx1.d.example"));
	engine_wait_free(wait);
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
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		char hop[64], owners[256] = "", *asked, *rest;
		const struct check *check;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = hop, .port = 25};

		snprintf(hop, sizeof(hop), "[%s]", rows[i].host);
		wait = engine_start(engine, &query);
		check = engine_await(wait, network_soon());
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
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = rows[i].hop, .port = 25};
		const struct verdict *verdict;

		wait = engine_start(engine, &query);
		verdict = engine_await(wait, network_soon())->verdict;
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
		AUTO(engine) struct engine *engine = network_engine(1, 1);
		AUTO(engine_wait) struct engine_wait *wait = NULL;
		struct engine_query query = {
		    .domain = "r.example", .next_hop = rows[i].hop, .port = 25};

		wait = engine_start(engine, &query);
		assert_int_equal(
		    engine_await(wait, network_soon())->verdict->ttl_s,
		    rows[i].ttl_s);
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
	AUTO(engine) struct engine *engine = network_engine(1, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(engine_wait)
		struct engine_wait *wait =
		    network_start(engine, rows[i].domain);
		const struct check *check = engine_await(wait, network_soon());

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
	AUTO(engine) struct engine *engine = network_engine(1, 1);
	AUTO(engine_wait)
	struct engine_wait *wait = network_start(engine, domain);
	const struct check *check = engine_await(wait, network_soon());
	const struct policy_facts *policy;

	ROW(domain, check != NULL && check->facts->host_count == 1);
	ROW(domain, check->facts->hosts[0].address_count == 1);
	ROW(domain, (check->facts->hosts[0].addresses[0].probe->outcome ==
			PROBE_BLOCKED) == blocked);
	ROW(domain, net.probes == (blocked ? 0 : 1));
	ROW(domain,
	    (strstr(net.asked, "ipv4only.arpa") == NULL) == wish.allow_private);
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
	wish.allow_private = false;
	for (size_t i = 0; i < COUNT(rows); i++) {
		wish.dns_options.kind = rows[i].kind;
		wish.dns_options.recurse = rows[i].recurse;
		check_gate("inner.example", true);
		assert_int_equal(net.gate_kind, rows[i].asked);
		check_gate("outer.example", false);
	}
	wish.allow_private = true;
	wish.dns_options = (struct dns_options){.kind = DNS_EMBEDDED};
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

		wish.families = rows[i].families;
		engine = network_engine(1, 1);
		if (rows[i].next_hop[0] != '[')
			query.domain = rows[i].next_hop;
		wait = engine_start(engine, &query);
		check = engine_await(wait, network_soon());
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
	wish.families = FAMILIES_ALL;
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
		wish.tried_addresses = rows[i].limit;
		engine = network_engine(1, 1);
		net.cut_off = true;
		wait = engine_start(engine, &query);
		ROW(id, engine_await(wait, network_soon()) != NULL);
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
	wish.tried_addresses = 0;
}

static void
no_more_hosts_and_addresses_are_looked_at_than_the_limits(void **state)
{
	AUTO(engine) struct engine *engine = network_engine(1, 1);
	AUTO(engine_wait) struct engine_wait *hosts = NULL;
	AUTO(engine_wait) struct engine_wait *addresses = NULL;
	struct engine_query query = {
	    .domain = "many.example", .next_hop = "[many.example]", .port = 25};

	(void)state;
	hosts = network_start(engine, "many.example");
	assert_non_null(engine_await(hosts, network_soon()));
	assert_int_equal(
	    engine_await(hosts, 0)->facts->host_count, LIMIT_MX_HOSTS);
	net.probes = 0;
	addresses = engine_start(engine, &query);
	assert_non_null(engine_await(addresses, network_soon()));
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
	AUTO(engine) struct engine *engine = network_engine(1, 1);
	AUTO(engine_wait) struct engine_wait *wait = NULL;

	(void)state;
	network_set_gate(true);
	wait = network_start(engine, "herd.example");
	network_await(&net.lookups, 1);
	assert_int_equal(asked_for("mute"), 2 * 4);
	network_set_gate(false);
	assert_non_null(engine_await(wait, network_soon()));
	assert_int_equal(
	    engine_await(wait, 0)->facts->host_count, LIMIT_MX_HOSTS);
	assert_true(asked_for("mute") >= 2 * LIMIT_MX_HOSTS);
}

/* What the keeper was told. */
static struct {
	atomic_uint numbers, taken;
	struct engine *engine;
	bool told_before; /* somebody had the verdict when they were taken */
} kept;

static uint32_t
number_fails(void *arg, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check)
{
	assert_null(arg);
	assert_string_equal(facts->domain, check->domain);
	assert_non_null(terms->store);
	assert_int_equal(check->facts_number, 0);
	kept.numbers++;
	return strcmp(check->domain, "good.example") == 0 ? 0 : 4711;
}

static void
take_fails(void *arg, const struct facts *facts,
    const struct judge_terms *terms, const struct check *check)
{
	struct engine_query query = {.domain = check->domain, .port = 25};
	struct engine_wait *wait = engine_start(kept.engine, &query);

	assert_null(arg);
	assert_non_null(terms->store);
	assert_string_equal(facts->domain, check->domain);
	kept.told_before = engine_await(wait, network_soon()) == check;
	engine_wait_free(wait);
	kept.taken++;
}

static void
check_numbered(const char *domain, uint32_t wanted)
{
	struct engine_wait *wait = network_check_by(kept.engine, domain, NULL);

	assert_int_equal(engine_await(wait, 0)->facts_number, wanted);
	engine_wait_free(wait);
}

/* Nobody waits for what is done with them, and a verdict that is remembered has
 * its number still. */
static void
facts_that_are_kept_are_taken_once_the_verdict_is_told(void **state)
{
	(void)state;
	wish.keep_facts = false;
	wish.number_facts = number_fails;
	wish.take_facts = take_fails;
	kept.engine = network_engine(1, 10);
	check_numbered("good.example", 0);
	assert_int_equal(kept.numbers, 1);
	check_numbered("nowhere.example", 4711);
	check_numbered("nowhere.example", 4711);
	engine_free(kept.engine); /* waits for the checks that run */
	assert_int_equal(kept.numbers, 2);
	assert_int_equal(kept.taken, 1);
	assert_true(kept.told_before);
	wish.keep_facts = true;
	wish.number_facts = NULL;
	wish.take_facts = NULL;
}

int
main(void)
{
	const struct CMUnitTest engine_facts[] = {
	    cmocka_unit_test(each_rule_has_a_check_of_its_own),
	    cmocka_unit_test(
		a_rule_for_a_host_is_looked_for_where_it_may_apply),
	    cmocka_unit_test(tlsa_is_asked_for_where_it_may_count),
	    cmocka_unit_test(
		an_answer_that_lacks_what_it_is_to_give_is_a_lookup_error),
	    cmocka_unit_test(every_lookup_counts_for_how_long_a_verdict_lives),
	    cmocka_unit_test(the_mx_step_finds_the_hosts),
	    cmocka_unit_test(
		an_inner_address_behind_a_gate_that_dns_tells_of_is_blocked),
	    cmocka_unit_test(
		families_that_mail_does_not_go_by_are_not_looked_at),
	    cmocka_unit_test(a_host_that_mail_never_gets_to_takes_none),
	    cmocka_unit_test(
		no_more_hosts_and_addresses_are_looked_at_than_the_limits),
	    cmocka_unit_test(many_silent_hosts_do_not_take_all_the_lookups),
	    cmocka_unit_test(
		facts_that_are_kept_are_taken_once_the_verdict_is_told),
	};

	return RUN_TESTS_WITH(engine_facts, network_setup, network_teardown);
}
