/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "common/io/dns_nameserver.h"
#include "t/fake/nameserver.h"

static struct fake_nameserver first, second;

static void
next_nameserver_is_asked(void **state)
{
	static const struct {
		const char *id;
		enum nameserver_manners manners;
	} rows[] = {
	    {"silent", SILENT},
	    {"SERVFAIL", SERVFAIL},
	    {"REFUSED", REFUSED},
	    {"FORMERR", FORMERR_HEADER},
	    {"lame", LAME},
	    {"malformed", MALFORMED},
	    {"address without octets", ADDRESS_WITHOUT_OCTETS},
	    {"TCP closes", TCP_CLOSES},
	    {"TCP silent", TCP_SILENT},
	};

	(void)state;
	fake_nameserver_start(&second, ANSWER);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		int64_t begun = clock_mono_ms();

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_resolver(first.text, second.text, 1800);
		answer = fake_nameserver_look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == LOOKUP_DATA);
		ROW(rows[i].id, answer->lookup.secure);
		ROW(rows[i].id, first.queries == 1);
		ROW(rows[i].id, second.queries == i + 1);
		ROW(rows[i].id, clock_mono_ms() - begun < 1700);
		fake_nameserver_stop(&first);
	}
	fake_nameserver_stop(&second);
}

static void
closed_port_leads_to_the_next_at_once(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;

	(void)state;
	fake_nameserver_start(&second, ANSWER);
	dns = fake_nameserver_resolver("127.0.0.1@1", second.text, 6000);
	begun = clock_mono_ms();
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(clock_mono_ms() - begun < 1500);
	fake_nameserver_stop(&second);
}

static void
failure_of_all_is_the_first_ones(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_nameserver_start(&first, REFUSED);
	fake_nameserver_start(&second, SERVFAIL);
	dns = fake_nameserver_resolver(first.text, second.text, 3000);
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_SERVFAIL);
	assert_string_equal(answer->why, "REFUSED");
	assert_int_equal(first.queries, 1);
	assert_int_equal(second.queries, 1);
	fake_nameserver_stop(&first);
	fake_nameserver_stop(&second);
}

static void
bogus_is_not_asked_again_elsewhere(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_nameserver_start(&first, SERVFAIL_BOGUS);
	fake_nameserver_start(&second, ANSWER_INSECURE);
	dns = fake_nameserver_resolver(first.text, second.text, 3000);
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_BOGUS);
	assert_int_equal(second.queries, 0);
	fake_nameserver_stop(&first);
	fake_nameserver_stop(&second);
}

static void
silent_nameserver_is_left_to_the_last(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	int64_t begun;

	(void)state;
	fake_nameserver_start(&first, SILENT);
	fake_nameserver_start(&second, ANSWER);
	dns = fake_nameserver_resolver(first.text, second.text, 3000);
	dns_answer_free(fake_nameserver_look_up(dns, "good.example"));
	begun = clock_mono_ms();
	dns_answer_free(fake_nameserver_look_up(dns, "good.example"));
	assert_true(clock_mono_ms() - begun < 700);
	assert_int_equal(first.queries, 1);
	fake_nameserver_stop(&first);
	fake_nameserver_stop(&second);
}

static void
silence_about_one_name_is_no_silence(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	struct dns_query *query;

	(void)state;
	fake_nameserver_start(&first, ANSWER_GOOD_ONLY);
	fake_nameserver_start(&second, ANSWER);
	dns = fake_nameserver_resolver(first.text, second.text, 900);
	query = dns_ask(dns, "silent.example", DNS_A, INT64_MAX);
	poll(NULL, 0, 50);
	dns_answer_free(fake_nameserver_look_up(dns, "good.example"));
	dns_answer_free(dns_await(query));
	assert_int_equal(second.queries, 1);
	dns_answer_free(fake_nameserver_look_up(dns, "good.example"));
	assert_int_equal(first.queries, 3);
	fake_nameserver_stop(&first);
	fake_nameserver_stop(&second);
}

static void
only_loopback_is_trusted(void **state)
{
	(void)state;
	fake_nameserver_start(&first, ANSWER);
	for (int trust = 0; trust <= 1; trust++) {
		AUTO(dns)
		struct dns *dns =
		    fake_nameserver_remote(trust, first.remote, NULL);
		AUTO(dns_answer)
		struct dns_answer *answer =
		    fake_nameserver_look_up(dns, "good.example");

		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		assert_int_equal(answer->lookup.secure, trust);
	}
	fake_nameserver_stop(&first);
}

/* Else a SERVFAIL for bogus data would lead to one that knows no better. */
static void
beside_a_trusted_one_no_other_is_asked(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;

	(void)state;
	fake_nameserver_start(&first, ANSWER);
	fake_nameserver_start(&second, SERVFAIL);
	dns = fake_nameserver_remote(false, first.remote, second.text);
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_SERVFAIL);
	assert_int_equal(first.queries, 0);
	fake_nameserver_stop(&first);
	fake_nameserver_stop(&second);
}

static void
odd_nameservers_are_told(void **state)
{
	static const char *const rows[] = {"ns.example", "", "@53",
	    "127.0.0.1@", "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@53@53",
	    "127.0.0.256", "::1::", "[::1]", "127.0.0.1 "};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .timeout_ms = 100,
	    .max_outstanding = 1,
	    .nameserver_count = 1};
	const char *many[LIMIT_NAMESERVERS + 1];
	AUTO(dns) struct dns *dns = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		options.nameservers = &rows[i];
		err.kind = ERR_TEMP;
		ROW(rows[i], dns_new(&options, &err) == NULL);
		ROW(rows[i], err.kind == ERR_LOCAL);
		ROW(rows[i], strstr(err.text, rows[i]) != NULL);
	}
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = "127.0.0.1";
	options.nameservers = many;
	options.nameserver_count = COUNT(many);
	assert_null(dns_new(&options, NULL));
	options.nameserver_count = LIMIT_NAMESERVERS;
	dns = dns_new(&options, NULL);
	assert_non_null(dns);
	options.nameserver_count = 0;
	options.recurse = true;
	assert_null(dns_new(&options, NULL));
}

static void
nameservers_are_known_by_their_address(void **state)
{
	static const struct {
		const char *text;
		int family;
		uint16_t port;
		bool loopback;
	} rows[] = {
	    {"127.0.0.1", AF_INET, 53, true},
	    {"127.0.0.53@5353", AF_INET, 5353, true},
	    {"127.255.255.255", AF_INET, 53, true},
	    {"128.0.0.1", AF_INET, 53, false},
	    {"126.255.255.255", AF_INET, 53, false},
	    {"0.0.0.0", AF_INET, 53, false},
	    {"192.0.2.53", AF_INET, 53, false},
	    {"::1", AF_INET6, 53, true},
	    {"::1@65535", AF_INET6, 65535, true},
	    {"::", AF_INET6, 53, false},
	    {"::2", AF_INET6, 53, false},
	    {"::ffff:127.0.0.1", AF_INET6, 53, false},
	    {"fe80::1%lo", AF_INET6, 53, false},
	    {"fe80::1%lo@54", AF_INET6, 54, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_nameserver at;
		const struct sockaddr_in6 *v6 = (const void *)&at.address;

		ROW(rows[i].text,
		    dns_nameserver_parse(rows[i].text, &at, NULL) == 0);
		ROW(rows[i].text, at.address.ss_family == rows[i].family);
		/* the port stands at the same place in both */
		ROW(rows[i].text, ntohs(v6->sin6_port) == rows[i].port);
		ROW(rows[i].text, at.loopback == rows[i].loopback);
		ROW_TEXT(rows[i].text, at.text, rows[i].text);
	}
}

static void
resolv_conf_names_the_nameservers(void **state)
{
	static const struct {
		const char *text;
		int count;
		const char *first;
	} rows[] = {
	    {"", 1, "127.0.0.1"},
	    {"search example\noptions trust-ad\n", 1, "127.0.0.1"},
	    {"nameserver 192.0.2.1\n", 1, "192.0.2.1"},
	    {" nameserver\t::1 # ours\n;nameserver 192.0.2.9\n#\n", 1, "::1"},
	    {"nameserver 192.0.2.1\nnameserver 192.0.2.2", 2, "192.0.2.1"},
	    {"nameserver\nnameserver 192.0.2.2\r\n", 1, "192.0.2.2"},
	    {"nameserver ns.example\n", -1, ""},
	    {"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
	     "nameserver 1.1.1.4\nnameserver 1.1.1.5\nnameserver 1.1.1.6\n"
	     "nameserver 1.1.1.7\nnameserver 1.1.1.8\nnameserver 1.1.1.9\n",
		LIMIT_NAMESERVERS, "1.1.1.1"},
	};
	char path[] = "/tmp/postern-t-dns-system-XXXXXX";
	int fd = mkstemp(path);
	struct dns_nameserver found[LIMIT_NAMESERVERS];
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t size = strlen(rows[i].text);
		int count;

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, rows[i].text, size, 0), size);
		count = dns_nameserver_load(path, found, &err);
		ROW(rows[i].text, count == rows[i].count);
		if (count > 0)
			ROW_TEXT(rows[i].text, found[0].text, rows[i].first);
		else
			ROW(rows[i].text, strstr(err.text, path) != NULL);
	}
	close(fd);
	unlink(path);
	assert_int_equal(dns_nameserver_load(path, found, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
}

int
main(void)
{
	const struct CMUnitTest dns_servers[] = {
	    cmocka_unit_test(next_nameserver_is_asked),
	    cmocka_unit_test(closed_port_leads_to_the_next_at_once),
	    cmocka_unit_test(failure_of_all_is_the_first_ones),
	    cmocka_unit_test(bogus_is_not_asked_again_elsewhere),
	    cmocka_unit_test(silent_nameserver_is_left_to_the_last),
	    cmocka_unit_test(silence_about_one_name_is_no_silence),
	    cmocka_unit_test(only_loopback_is_trusted),
	    cmocka_unit_test(beside_a_trusted_one_no_other_is_asked),
	    cmocka_unit_test(odd_nameservers_are_told),
	    cmocka_unit_test(nameservers_are_known_by_their_address),
	    cmocka_unit_test(resolv_conf_names_the_nameservers),
	};

	return RUN_TESTS(dns_servers);
}
