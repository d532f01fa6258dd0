/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/io/dns.h"
#include "common/io/dns_pace.h"
#include "t/fake/nameserver.h"

static struct fake_nameserver first;

static void
query_asks_for_validation(void **state)
{
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	const uint8_t *octets = first.query.octets;
	static const char rest[] = "\4good\7example\0\0\1\0\1"
				   "\0\0\x29\4\xd0\0\0\x80\0\0";

	(void)state;
	fake_nameserver_start(&first, ANSWER);
	dns = fake_nameserver_resolver(first.text, NULL, 3000);
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(answer->lookup.secure);
	assert_int_equal(answer->lookup.ttl_s, 300);
	assert_string_equal(answer->owner, "good.example");
	assert_int_equal(fake_nameserver_octet(answer), 1);
	assert_string_equal(answer->why, "");
	fake_nameserver_stop(&first);
	assert_int_equal(octets[2], 1);             /* RD */
	assert_int_equal(octets[3], NAMESERVER_AD); /* and not CD */
	assert_memory_equal(octets + NAMESERVER_HEADER, rest, sizeof(rest));
	assert_int_equal(first.query.size, NAMESERVER_HEADER + sizeof(rest));
}

static void
ids_and_ports_are_not_used_again(void **state)
{
	struct dns *dns;
	unsigned same_id = 0, same_port = 0;

	(void)state;
	fake_nameserver_start(&first, ANSWER);
	dns = fake_nameserver_resolver(first.text, NULL, 3000);
	for (int i = 0; i < NAMESERVER_PORTS; i++)
		dns_answer_free(fake_nameserver_look_up(dns, "good.example"));
	dns_free(dns);
	fake_nameserver_stop(&first);
	for (int i = 1; i < NAMESERVER_PORTS; i++) {
		same_id += first.ids[i] == first.ids[i - 1];
		same_port += first.ports[i] == first.ports[i - 1];
	}
	assert_in_range(same_id, 0, 2);
	assert_in_range(same_port, 0, 2);
}

static void
answers_are_classified(void **state)
{
	static const struct {
		const char *id;
		enum nameserver_manners manners;
		enum lookup_state state;
		bool secure;
		const char *why;
	} rows[] = {
	    {"data", ANSWER, LOOKUP_DATA, true, ""},
	    {"no AD", ANSWER_INSECURE, LOOKUP_DATA, false, ""},
	    {"no data", NO_DATA, LOOKUP_NODATA, true, ""},
	    {"no name", NO_NAME, LOOKUP_NXDOMAIN, true, ""},
	    {"SERVFAIL", SERVFAIL, LOOKUP_SERVFAIL, false, "SERVFAIL"},
	    {"REFUSED", REFUSED, LOOKUP_SERVFAIL, false, "REFUSED"},
	    {"header", FORMERR_HEADER, LOOKUP_SERVFAIL, false, "FORMERR"},
	    {"bogus", SERVFAIL_BOGUS, LOOKUP_BOGUS, false,
		"SERVFAIL,_EDE_7_sig_expired"},
	    {"second option", SERVFAIL_STALE_THEN_BOGUS, LOOKUP_BOGUS, false,
		"SERVFAIL,_EDE_6"},
	    {"odd option", SERVFAIL_ODD_OPTION, LOOKUP_SERVFAIL, false,
		"SERVFAIL"},
	    {"lame", LAME, LOOKUP_SERVFAIL, false,
		"the_nameserver_does_not_recurse"},
	    {"loop", LOOP, LOOKUP_SERVFAIL, false,
		"CNAME_loop_or_chain_too_long"},
	    {"malformed", MALFORMED, LOOKUP_SERVFAIL, false, NULL},
	    {"address without octets", ADDRESS_WITHOUT_OCTETS, LOOKUP_SERVFAIL,
		false, "malformed_record_in_the_answer:_cut_short"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_resolver(first.text, NULL, 3000);
		answer = fake_nameserver_look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
		ROW(rows[i].id, answer->lookup.secure == rows[i].secure);
		if (rows[i].why != NULL)
			ROW_TEXT(rows[i].id, answer->why, rows[i].why);
		ROW(rows[i].id, first.queries == 1);
		fake_nameserver_stop(&first);
	}
}

static void
forged_answers_are_not_believed(void **state)
{
	(void)state;
	for (enum nameserver_manners m = WRONG_ID; m <= FLOOD; m++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		char id[16];

		snprintf(id, sizeof(id), "manners %d", (int)m);
		fake_nameserver_start(&first, m);
		dns = fake_nameserver_resolver(first.text, NULL, 3000);
		answer = fake_nameserver_look_up(dns, "good.example");
		ROW(id, answer->lookup.state == LOOKUP_DATA);
		ROW(id, fake_nameserver_octet(answer) == 1);
		ROW(id, first.queries == 1);
		ROW(id, first.connections == (m == FLOOD));
		fake_nameserver_stop(&first);
	}
}

static void
long_answers_come_by_tcp(void **state)
{
	static const struct {
		const char *id;
		enum nameserver_manners manners;
		size_t size;
	} rows[] = {
	    {"64 KB", LONG, NAMESERVER_LONG},
	    {"in pieces", TCP_IN_PIECES, 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_resolver(first.text, NULL, 3000);
		answer = dns_await(
		    dns_ask(dns, "good.example", DNS_TLSA, INT64_MAX));
		ROW(rows[i].id, answer->lookup.state == LOOKUP_DATA);
		ROW(rows[i].id, answer->lookup.secure);
		ROW(rows[i].id, answer->count == 1);
		ROW(rows[i].id, answer->records[0].size == rows[i].size);
		ROW(rows[i].id, first.queries == 1);
		ROW(rows[i].id, first.connections == 1);
		fake_nameserver_stop(&first);
	}
}

static int64_t
cpu_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void
no_answer_is_a_timeout_at_the_deadline(void **state)
{
	enum { TIMEOUT_MS = 1500 }; /* three tries, on a busy machine too */
	static const struct {
		const char *id;
		enum nameserver_manners manners;
		unsigned queries;
		const char *why;
	} rows[] = {
	    {"silent", SILENT, 3, "no_answer_in_time"},
	    {"TCP silent", TCP_SILENT, 0, NULL},
	    {"TCP closes", TCP_CLOSES, 3, "reset"},
	    {"TCP never ends", TCP_NEVER_ENDS, 0, NULL},
	    {"TCP empty", TCP_EMPTY, 3, "message"},
	    {"TCP wrong id", TCP_WRONG_ID, 3, "message"},
	    {"TCP truncated", TCP_TRUNCATED, 3, "message"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;
		int64_t begun = clock_mono_ms(), used = cpu_ms();

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_resolver(first.text, NULL, TIMEOUT_MS);
		answer = fake_nameserver_look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == LOOKUP_TIMEOUT);
		ROW(rows[i].id, clock_mono_ms() - begun >= TIMEOUT_MS - 10);
		ROW(rows[i].id, clock_mono_ms() - begun < 3 * TIMEOUT_MS);
		ROW(rows[i].id, cpu_ms() - used < TIMEOUT_MS / 2);
		ROW(rows[i].id,
		    rows[i].queries == 0 || first.queries == rows[i].queries);
		if (rows[i].why != NULL)
			ROW(rows[i].id,
			    strstr(answer->why, rows[i].why) != NULL);
		fake_nameserver_stop(&first);
	}
}

static void
closed_port_is_tried_again_without_haste(void **state)
{
	AUTO(dns)
	struct dns *dns = fake_nameserver_resolver("127.0.0.1@1", NULL, 450);
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun = clock_mono_ms(), used = cpu_ms();

	(void)state;
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "127.0.0.1@1:_Connection_refused");
	assert_in_range(clock_mono_ms() - begun, 440, 1500);
	assert_true(cpu_ms() - used < 200);
}

static void
silent_lookups_do_not_slow_others(void **state)
{
	struct dns_query *silent[300];
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;

	(void)state;
	fake_nameserver_start(&first, ANSWER_GOOD_ONLY);
	dns = fake_nameserver_resolver(first.text, NULL, 4500);
	for (size_t i = 0; i < COUNT(silent); i++)
		silent[i] = dns_ask(dns, "silent.example", DNS_MX, INT64_MAX);
	begun = clock_mono_ms();
	answer = fake_nameserver_look_up(dns, "good.example");
	assert_int_equal(answer->lookup.state, LOOKUP_DATA);
	assert_true(clock_mono_ms() - begun < 1200);
	for (size_t i = 0; i < COUNT(silent); i++) {
		struct dns_answer *none = dns_await(silent[i]);

		assert_int_equal(none->lookup.state, LOOKUP_TIMEOUT);
		dns_answer_free(none);
	}
	fake_nameserver_stop(&first);
}

/* As one that fails. */
static void
a_nameserver_that_is_silent_is_asked_less(void **state)
{
	const char *const servers[] = {first.text};
	AUTO(dns_pace) struct dns_pace *pace = dns_pace_new(0, 0);
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 300,
	    .max_outstanding = 1000,
	    .pace = pace};
	struct dns_query *silent[2 * DNS_PACE_WINDOW];
	char text[DNS_PACE_TEXT_SIZE];
	struct dns *dns;

	(void)state;
	fake_nameserver_start(&first, ANSWER_GOOD_ONLY);
	dns = dns_new(&options, NULL);
	assert_non_null(dns);
	for (size_t i = 0; i < COUNT(silent); i++)
		silent[i] = dns_ask(dns, "silent.example", DNS_MX, INT64_MAX);
	for (size_t i = 0; i < COUNT(silent); i++)
		dns_answer_free(dns_await(silent[i]));
	assert_true(dns_pace_is_slowed(pace, text));
	dns_free(dns);
	fake_nameserver_stop(&first);
}

/* What a socket has no room for would be asked again after a third of the
 * time. */
static void
of_many_lookups_at_once_none_is_lost(void **state)
{
	enum { MANY = 2000 };
	struct dns_query **queries = calloc(MANY, sizeof(struct dns_query *));
	const char *const servers[] = {first.text};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 60000,
	    .max_outstanding = MANY};
	struct dns *dns;

	(void)state;
	fake_nameserver_start(&first, ANSWER_SLOWLY);
	dns = dns_new(&options, NULL);
	assert_non_null(dns);
	for (size_t i = 0; i < MANY; i++)
		queries[i] = dns_ask(dns, "good.example", DNS_A, INT64_MAX);
	for (size_t i = 0; i < MANY; i++) {
		struct dns_answer *answer = dns_await(queries[i]);

		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		dns_answer_free(answer);
	}
	/* but for what a busy machine does not read in time */
	assert_in_range(first.queries, MANY, MANY + MANY / 10);
	dns_free(dns);
	free(queries);
	fake_nameserver_stop(&first);
}

static void
lookups_beyond_the_sockets_wait(void **state)
{
	struct dns_query *queries[100];
	struct rlimit files, few;
	struct dns *dns;

	(void)state;
	fake_nameserver_start(&first, SILENT);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	dns = fake_nameserver_resolver(first.text, NULL, 3000);
	for (size_t i = 0; i < COUNT(queries); i++)
		queries[i] = dns_ask(dns, "good.example", DNS_A, INT64_MAX);
	poll(NULL, 0, 300);
	assert_int_equal(first.queries, few.rlim_cur / 2);
	first.manners = ANSWER;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct dns_answer *answer = dns_await(queries[i]);

		assert_int_equal(answer->lookup.state, LOOKUP_DATA);
		dns_answer_free(answer);
	}
	dns_free(dns);
	setrlimit(RLIMIT_NOFILE, &files);
	fake_nameserver_stop(&first);
}

static void
lookups_beyond_the_maximum_are_refused(void **state)
{
	const char *const servers[] = {first.text};
	struct dns_options options = {.kind = DNS_SYSTEM,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = 600,
	    .max_outstanding = 1};
	AUTO(dns) struct dns *dns = NULL;
	struct dns_answer *answer;
	struct dns_query *query;
	int64_t begun;

	(void)state;
	fake_nameserver_start(&first, SILENT);
	dns = dns_new(&options, NULL);
	query = dns_ask(dns, "a.example", DNS_A, clock_mono_ms() + 50);
	begun = clock_mono_ms();
	answer = fake_nameserver_look_up(dns, "b.example");
	assert_true(clock_mono_ms() - begun >= 300);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "too_many_lookups_outstanding");
	dns_answer_free(answer);
	dns_answer_free(dns_await(query));
	/* what was given up is let go within an attempt */
	poll(NULL, 0, 600);
	answer = fake_nameserver_look_up(dns, "b.example");
	assert_string_equal(answer->why, "no_answer_in_time");
	dns_answer_free(answer);
	fake_nameserver_stop(&first);
}

static void
what_is_insecure_on_purpose_is_never_secure(void **state)
{
	static const char *const zones[] = {"corp.example"};
	static const struct dns_names insecure = {zones, COUNT(zones)};
	static const struct {
		const char *name;
		enum nameserver_manners manners;
		bool secure;
	} rows[] = {
	    {"good.example", ANSWER, true},
	    {"corp.example", ANSWER, false},
	    {"a.b.corp.example", ANSWER, false},
	    {"a.b.corp.example", NO_DATA, false},
	    {"a.b.corp.example", NO_NAME, false},
	    {"acorp.example", ANSWER, true},
	    {"corp.example.org", ANSWER, true},
	    {"printer.local", ANSWER, false},
	    {"a.internal", ANSWER, false},
	    {"a.home.arpa", ANSWER, false},
	    {"a.arpa", ANSWER, true},
	    {"a.test", ANSWER, false},
	    {"a.alt", ANSWER, false},
	    {"a.onion", ANSWER, false},
	    {"a.invalid", ANSWER, false},
	    {"localhost", ANSWER, false},
	    {"test.example", ANSWER, true},
	    {"good.example", ALIAS_THROUGH, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_nameserver_start(&first, rows[i].manners);
		dns = fake_nameserver_names(first.text, &insecure, NULL);
		answer = fake_nameserver_look_up(dns, rows[i].name);
		ROW(rows[i].name, !lookup_failed(&answer->lookup));
		ROW(rows[i].name, answer->lookup.secure == rows[i].secure);
		fake_nameserver_stop(&first);
	}
}

static void
an_authoritative_server_answers_for_its_own_zone(void **state)
{
	static const struct {
		const char *id;
		enum nameserver_manners manners;
		enum lookup_state state;
	} rows[] = {
	    {"own zone", OWN_ZONE, LOOKUP_DATA},
	    {"a cache", ANSWER, LOOKUP_SERVFAIL},
	    {"a referral", LAME, LOOKUP_SERVFAIL},
	    {"refused", REFUSED, LOOKUP_SERVFAIL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const servers[] = {first.text};
		struct dns_options options = {.kind = DNS_SYSTEM,
		    .nameservers = servers,
		    .nameserver_count = 1,
		    .authoritative = true,
		    .timeout_ms = 3000,
		    .max_outstanding = 10};
		AUTO(dns) struct dns *dns = NULL;
		AUTO(dns_answer) struct dns_answer *answer = NULL;

		fake_nameserver_start(&first, rows[i].manners);
		dns = dns_new(&options, NULL);
		assert_non_null(dns);
		answer = fake_nameserver_look_up(dns, "good.example");
		ROW(rows[i].id, answer->lookup.state == rows[i].state);
		ROW(rows[i].id, !answer->lookup.secure);
		fake_nameserver_stop(&first);
	}
}

int
main(void)
{
	const struct CMUnitTest dns_system[] = {
	    cmocka_unit_test(query_asks_for_validation),
	    cmocka_unit_test(ids_and_ports_are_not_used_again),
	    cmocka_unit_test(answers_are_classified),
	    cmocka_unit_test(forged_answers_are_not_believed),
	    cmocka_unit_test(long_answers_come_by_tcp),
	    cmocka_unit_test(no_answer_is_a_timeout_at_the_deadline),
	    cmocka_unit_test(closed_port_is_tried_again_without_haste),
	    cmocka_unit_test(silent_lookups_do_not_slow_others),
	    cmocka_unit_test(a_nameserver_that_is_silent_is_asked_less),
	    cmocka_unit_test(of_many_lookups_at_once_none_is_lost),
	    cmocka_unit_test(lookups_beyond_the_sockets_wait),
	    cmocka_unit_test(lookups_beyond_the_maximum_are_refused),
	    cmocka_unit_test(what_is_insecure_on_purpose_is_never_secure),
	    cmocka_unit_test(an_authoritative_server_answers_for_its_own_zone),
	};

	return RUN_TESTS(dns_system);
}
