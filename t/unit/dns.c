/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/tap.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/io/dns.h"

/*
 * A nameserver on loopback, which is silent or echoes each query as an empty
 * answer without signatures after a while.
 */

enum { HEADER = 12 };

static char anchor_file[] = "/tmp/postern-t-dns-XXXXXX";

struct nameserver {
	int fd;
	int delay_ms; /* -1: silent */
	_Atomic bool stop;
	pthread_t thread;
	char address[32];
};

static void
answer_one(struct nameserver *ns)
{
	uint8_t octets[1500];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t size = recvfrom(ns->fd, octets, sizeof(octets), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &from_size);

	if (size < HEADER || ns->delay_ms < 0)
		return;
	poll(NULL, 0, ns->delay_ms);
	octets[2] |= 0x80;
	octets[3] = 0x80;
	sendto(ns->fd, octets, (size_t)size, 0, (struct sockaddr *)&from,
	    from_size);
}

static void *
serve(void *arg)
{
	struct nameserver *ns = arg;
	struct pollfd ready = {.fd = ns->fd, .events = POLLIN};

	while (!ns->stop)
		if (poll(&ready, 1, 20) > 0)
			answer_one(ns);
	return NULL;
}

static void
nameserver_start(struct nameserver *ns, int delay_ms)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);

	ns->delay_ms = delay_ms;
	ns->stop = false;
	ns->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(ns->fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(ns->fd, (struct sockaddr *)&at, &size), 0);
	snprintf(ns->address, sizeof(ns->address), "127.0.0.1@%u",
	    ntohs(at.sin_port));
	assert_int_equal(pthread_create(&ns->thread, NULL, serve, ns), 0);
}

static void
nameserver_stop(struct nameserver *ns)
{
	ns->stop = true;
	pthread_join(ns->thread, NULL);
	close(ns->fd);
}

enum { TIMEOUT_MS = 5000 };

static struct dns *
resolver_new(const char *nameserver, unsigned max_outstanding, struct err *err)
{
	const char *const servers[] = {nameserver};
	struct dns_options options = {.trust_anchor_file = anchor_file,
	    .nameservers = servers,
	    .nameserver_count = 1,
	    .timeout_ms = TIMEOUT_MS,
	    .max_outstanding = max_outstanding};

	return dns_new(&options, err);
}

static struct dns_answer *
look_up(struct dns *dns, const char *name, int timeout_ms)
{
	return dns_await(
	    dns_ask(dns, name, DNS_A, clock_mono_ms() + timeout_ms));
}

static void
missing_trust_anchor_is_told(void **state)
{
	struct dns_options options = {
	    .trust_anchor_file = "/no/such.key", .timeout_ms = 1000};
	struct err err;

	(void)state;
	assert_null(dns_new(&options, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "/no/such.key: No such file"));
	assert_non_null(strstr(err.text, "dns-root-data"));
	assert_null(dns_new(&options, NULL));
	options.trust_anchor_file = "/tmp";
	assert_null(dns_new(&options, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
}

static void
useless_trust_anchor_is_told(void **state)
{
	static const char *const contents[] = {"", "; nothing\n", "nonsense\n",
	    "example.com. IN A 192.0.2.1\n", ". IN DS 20326 8 2 nothex\n"};
	char file[] = "/tmp/postern-t-dns-XXXXXX";
	int fd = mkstemp(file);
	struct dns_options options = {
	    .trust_anchor_file = file, .recurse = true, .timeout_ms = 1000};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(contents); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(
		    pwrite(fd, contents[i], strlen(contents[i]), 0),
		    strlen(contents[i]));
		ROW(contents[i], dns_new(&options, &err) == NULL);
		ROW(contents[i], err.kind == ERR_LOCAL);
	}
	close(fd);
	unlink(file);
}

static void
odd_nameserver_is_told(void **state)
{
	struct err err;

	(void)state;
	assert_null(resolver_new("ns.example", 10, &err));
	assert_int_equal(err.kind, ERR_LOCAL);
	assert_non_null(strstr(err.text, "ns.example"));
}

static void
silent_nameserver_is_a_timeout_at_the_deadline(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun;
	struct err err;

	(void)state;
	nameserver_start(&ns, -1);
	dns = resolver_new(ns.address, 10, NULL);
	begun = clock_mono_ms();
	answer = look_up(dns, "a.example", 200);
	assert_in_range(clock_mono_ms() - begun, 190, 1000);
	assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
	assert_string_equal(answer->why, "no_answer_in_time");
	assert_int_equal(dns_self_test(dns, clock_mono_ms() + 50, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	nameserver_stop(&ns);
}

static void
late_answer_of_an_abandoned_query_is_dropped(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;

	(void)state;
	nameserver_start(&ns, 300);
	dns = resolver_new(ns.address, 1, NULL);
	for (int i = 0; i < 2; i++) {
		struct dns_answer *answer = look_up(dns, "a.example", 50);

		assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
		dns_answer_free(answer);
	}
	/* each lookup at the library counts until it is through */
	for (int i = 0; i < 100; i++) {
		struct dns_answer *answer = look_up(dns, "b.example", 1000);
		bool refused =
		    strcmp(answer->why, "too_many_lookups_outstanding") == 0;

		dns_answer_free(answer);
		if (!refused) {
			nameserver_stop(&ns);
			return;
		}
		poll(NULL, 0, 100);
	}
	fail_msg("the abandoned query never ended");
}

static void
unsigned_root_is_not_validating(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	struct err err;

	(void)state;
	nameserver_start(&ns, 0);
	dns = resolver_new(ns.address, 10, NULL);
	answer = look_up(dns, "a.example", 4000);
	assert_int_equal(answer->lookup.state, LOOKUP_BOGUS);
	assert_false(answer->lookup.secure);
	assert_int_not_equal(strlen(answer->why), 0);
	assert_null(strchr(answer->why, ' '));
	assert_int_equal(dns_self_test(dns, clock_mono_ms() + 4000, &err), -1);
	assert_int_equal(err.kind, ERR_LOCAL);
	nameserver_stop(&ns);
}

static void
unreachable_nameserver_ends_by_the_deadline(void **state)
{
	AUTO(dns) struct dns *dns = resolver_new("127.0.0.1@1", 10, NULL);
	AUTO(dns_answer) struct dns_answer *answer = NULL;
	int64_t begun = clock_mono_ms();

	(void)state;
	answer = look_up(dns, "a.example", 1500);
	assert_true(clock_mono_ms() - begun < 2500);
	assert_true(lookup_failed(&answer->lookup));
}

static void
lookups_beyond_the_maximum_are_refused_at_their_end(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	struct dns_query *queries[3];
	int64_t deadline_ms, begun;

	(void)state;
	nameserver_start(&ns, -1);
	dns = resolver_new(ns.address, 2, NULL);
	begun = clock_mono_ms();
	deadline_ms = begun + 300;
	for (int i = 0; i < 3; i++)
		queries[i] = dns_ask(dns, "a.example", DNS_MX, deadline_ms);
	for (int i = 2; i >= 0; i--) {
		struct dns_answer *answer = dns_await(queries[i]);

		assert_int_equal(answer->lookup.state, LOOKUP_TIMEOUT);
		assert_true(clock_mono_ms() - begun >= 290);
		assert_string_equal(
		    answer->why, i == 2 ? "too_many_lookups_outstanding"
					: "no_answer_in_time");
		dns_answer_free(answer);
	}
	nameserver_stop(&ns);
}

static void
odd_names_are_never_asked(void **state)
{
	static const char *const names[] = {"A.example", "a.example.", "a b",
	    "a..b", ".", "a\\046b", "b\303\274cher.example"};
	AUTO(dns) struct dns *dns = resolver_new("127.0.0.1@1", 10, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct dns_answer *answer = look_up(dns, names[i], 3000);

		ROW(names[i], answer->lookup.state == LOOKUP_SERVFAIL);
		ROW(names[i], strstr(answer->why, "no_answer") == NULL);
		dns_answer_free(answer);
	}
}

static void
a_lookup_that_is_dropped_is_not_waited_for(void **state)
{
	struct nameserver ns;
	AUTO(dns) struct dns *dns = NULL;
	struct dns_query *silent, *odd;
	int64_t begun;

	(void)state;
	nameserver_start(&ns, -1);
	dns = resolver_new(ns.address, 10, NULL);
	silent = dns_ask(dns, "a.example", DNS_TLSA, INT64_MAX);
	odd = dns_ask(dns, "a..b", DNS_TLSA, INT64_MAX);
	begun = clock_mono_ms();
	dns_drop(silent);
	dns_drop(odd);
	assert_true(clock_mono_ms() - begun < TIMEOUT_MS / 2);
	nameserver_stop(&ns);
}

static int
make_anchor(void **state)
{
	static const char ds[] =
	    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084"
	    "58E880409BBC683457104237C7F8EC8D\n";
	int fd = mkstemp(anchor_file);
	ssize_t done = write(fd, ds, sizeof(ds) - 1);

	(void)state;
	close(fd);
	return done == sizeof(ds) - 1 ? 0 : -1;
}

static int
remove_anchor(void **state)
{
	(void)state;
	return unlink(anchor_file);
}

int
main(void)
{
	const struct CMUnitTest dns[] = {
	    cmocka_unit_test(missing_trust_anchor_is_told),
	    cmocka_unit_test(useless_trust_anchor_is_told),
	    cmocka_unit_test(odd_nameserver_is_told),
	    cmocka_unit_test(silent_nameserver_is_a_timeout_at_the_deadline),
	    cmocka_unit_test(late_answer_of_an_abandoned_query_is_dropped),
	    cmocka_unit_test(unsigned_root_is_not_validating),
	    cmocka_unit_test(unreachable_nameserver_ends_by_the_deadline),
	    cmocka_unit_test(
		lookups_beyond_the_maximum_are_refused_at_their_end),
	    cmocka_unit_test(odd_names_are_never_asked),
	    cmocka_unit_test(a_lookup_that_is_dropped_is_not_waited_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(dns, make_anchor, remove_anchor);
}
