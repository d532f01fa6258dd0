/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/conf/settings_engine.h"

#include <string.h>

#include "common/engine/engine_options.h"
#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

static void
the_engine_gets_the_defaults(void **state)
{
	AUTO(settings) struct settings *s = conf_text_load("");
	struct engine_options o;

	(void)state;
	settings_engine_options(s, &o);
	assert_null(o.dns.trust_anchor_file);
	assert_int_equal(o.dns.kind, DNS_EMBEDDED);
	assert_int_equal(o.dns.nameserver_count, 0);
	assert_false(o.dns.recurse);
	assert_false(o.dns.trust_remote);
	assert_int_equal(o.dns.timeout_ms, 5000);
	assert_int_equal(o.max_checks, 256);
	assert_int_equal(o.max_queue, 4096);
	assert_int_equal(o.max_cache_octets, 256 << 20);
	assert_true(o.check_timeout_ms < s->rcpt_wait_ms);
	assert_true(o.probe);
	assert_int_equal(o.greeting_timeout_ms, 15000);
	assert_int_equal(o.probe_timeout_ms, 6000);
	assert_int_equal(o.probe_addresses, 5);
	assert_int_equal(o.probe_floor, TLS_FROM_1_2);
	assert_int_equal(o.probe_families, FAMILIES_ALL);
	assert_null(o.probe_source.ipv4);
	assert_null(o.probe_source.ipv6);
	assert_false(o.allow_private);
	assert_int_equal(o.sts_timeout_ms, 8000);
	assert_int_equal(o.insecure_mx, INSECURE_MX_DANE);
	assert_int_equal(o.partial_dane, PARTIAL_DANE_ONLY);
	assert_int_equal(o.verdict_ttl_s, 3600);
	assert_int_equal(o.fail_ttl_s, 300);
	assert_int_equal(o.temperror_ttl_s, 30);
	assert_false(o.keep_facts);
}

static void
insecure_mx_follows_the_sockets_that_mtas_ask_at(void **state)
{
	static const struct {
		const char *file;
		enum insecure_mx insecure_mx;
	} rows[] = {
	    {"MapSocket unix:/run/map.sock, inet:8642@127.0.0.1\n",
		INSECURE_MX_POLICY},
	    {"LineSocket unix:/run/line.sock\n", INSECURE_MX_POLICY},
	    {"MapSocket unix:/run/map.sock\nInsecureMX dane\n",
		INSECURE_MX_DANE},
	    {"InsecureMX policy\n", INSECURE_MX_POLICY},
	    {"InsecureMX auto\n", INSECURE_MX_DANE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(settings)
		struct settings *s = conf_text_load(rows[i].file);
		struct engine_options o;

		settings_engine_options(s, &o);
		ROW(rows[i].file, o.insecure_mx == rows[i].insecure_mx);
	}
}

static void
the_engine_gets_what_the_file_says(void **state)
{
	AUTO(settings)
	struct settings *s =
	    conf_text_load("Nameservers 192.0.2.53, 2001:db8::53@5353\n"
			   "Resolver system\n"
			   "TrustRemoteResolver yes\n"
			   "TrustAnchorFile /dev/null\n"
			   "CAFile /dev/null\n"
			   "Probe no\n"
			   "ProbeHelo Gate.Example.ORG.\n"
			   "ProbeFamilies IPv4\n"
			   "ProbeProtocols >=TLSv1.3\n"
			   "ProbeSource 2001:db8::25, 192.0.2.25\n"
			   "AllowPrivateAddresses yes\n"
			   "RcptWait 0\n"
			   "InsecureMX may\n"
			   "PartialDANE secure\n"
			   "InsecureDomains Corp.Example., b\303\274ro\n"
			   "BogusNames broken.example\n"
			   "VerdictTTL 2d\n");
	struct engine_options o;

	(void)state;
	settings_engine_options(s, &o);
	assert_int_equal(o.dns.kind, DNS_SYSTEM);
	assert_true(o.dns.trust_remote);
	assert_int_equal(o.dns.nameserver_count, 2);
	assert_string_equal(o.dns.nameservers[0], "192.0.2.53");
	assert_string_equal(o.dns.nameservers[1], "2001:db8::53@5353");
	assert_string_equal(o.dns.trust_anchor_file, "/dev/null");
	assert_string_equal(o.ca_file, "/dev/null");
	assert_false(o.probe);
	assert_string_equal(o.probe_helo, "gate.example.org");
	assert_int_equal(o.probe_families, FAMILIES_IPV4);
	assert_int_equal(o.probe_floor, TLS_FROM_1_3);
	assert_string_equal(o.probe_source.ipv4, "192.0.2.25");
	assert_string_equal(o.probe_source.ipv6, "2001:db8::25");
	assert_true(o.allow_private);
	assert_true(o.check_timeout_ms >= 5000);
	assert_int_equal(o.insecure_mx, INSECURE_MX_MAY);
	assert_int_equal(o.partial_dane, PARTIAL_DANE_SECURE);
	assert_int_equal(o.dns.insecure_zones.count, 2);
	assert_string_equal(o.dns.insecure_zones.items[0], "corp.example");
	assert_string_equal(o.dns.insecure_zones.items[1], "xn--bro-hoa");
	assert_int_equal(o.dns.broken_names.count, 1);
	assert_string_equal(o.dns.broken_names.items[0], "broken.example");
	assert_int_equal(o.verdict_ttl_s, 2 * 86400);
}

static void
as_many_addresses_may_be_tried_as_are_walked_over(void **state)
{
	struct engine_options o;
	char line[40];

	(void)state;
	snprintf(
	    line, sizeof(line), "ProbeAddresses %d\n", LIMIT_TRIED_ADDRESSES);
	AUTO(settings) struct settings *s = conf_text_load(line);
	settings_engine_options(s, &o);
	assert_int_equal(o.probe_addresses, LIMIT_TRIED_ADDRESSES);
}

static void
recurse_asks_no_nameserver(void **state)
{
	AUTO(settings)
	struct settings *s = conf_text_load("Nameservers recurse\n");
	struct engine_options o;

	(void)state;
	settings_engine_options(s, &o);
	assert_true(o.dns.recurse);
	assert_int_equal(o.dns.nameserver_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_engine_gets_the_defaults),
	    cmocka_unit_test(insecure_mx_follows_the_sockets_that_mtas_ask_at),
	    cmocka_unit_test(the_engine_gets_what_the_file_says),
	    cmocka_unit_test(as_many_addresses_may_be_tried_as_are_walked_over),
	    cmocka_unit_test(recurse_asks_no_nameserver),
	};

	return RUN_TESTS(tests);
}
