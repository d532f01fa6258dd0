/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/io/forbidden_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/tap.h"

/* Prefixes of gates. */
static const struct nat64 none;

static struct nat64
prefixes_shown_by(const char *text)
{
	struct address address;
	struct nat64 prefixes;

	ROW(text, address_parse(text, &address) == 0);
	nat64_find(&address, 1, &prefixes);
	return prefixes;
}

static void
private_addresses_are_blocked_and_public_ones_are_not(void **state)
{
	static const struct {
		const char *address;
		bool blocked;
	} rows[] = {
	    {"8.8.8.8", false},
	    {"2a00:1450:4001::1", false},
	    {"10.0.0.1", true},
	    {"127.0.0.1", true},
	    {"fd00::1", true},
	    {"::ffff:8.8.8.8", true},
	    {"::ffff:10.0.0.1", true},
	    {"::ffff:0:10.0.0.1", true},
	    {"::10.0.0.1", true},
	    {"2002:a00:1::", true},
	    {"2001:0:a00:1::", true},
	    {"64:ff9b:1::10.0.0.1", true},
	    {"fe80::5efe:10.0.0.1", true},
	    {"", true},
	    {"example.com", true},
	    {"2a00::1%lo", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].address, forbidden_address_is(rows[i].address,
					 &none) == rows[i].blocked);
}

static void
an_address_behind_nat64_counts_as_the_one_inside(void **state)
{
	static const struct {
		const char *address;
		bool blocked;
	} rows[] = {
	    {"64:ff9b::8.8.8.8", false},
	    {"64:ff9b::808:808", false},
	    {"64:ff9b::10.0.0.1", true},
	    {"64:ff9b::a00:1", true},
	    {"0064:ff9b:0:0:0:0:7f00:0001", true},
	    {"64:ff9b::169.254.169.254", true},
	    {"64:ff9b::", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		ROW(rows[i].address, forbidden_address_is(rows[i].address,
					 &none) == rows[i].blocked);
}

static void
an_address_under_a_prefix_found_counts_as_the_one_inside(void **state)
{
	static const struct {
		const char *shown; /* of ipv4only.arpa */
		const char *address;
		bool before; /* blocked while the prefix is not known */
		bool blocked;
	} rows[] = {
	    {"2a00:1::192.0.0.170", "2a00:1::8.8.8.8", false, false},
	    {"2a00:1::192.0.0.170", "2a00:1::10.0.0.1", false, true},
	    {"2a00:1::192.0.0.170", "2a00:1::127.0.0.1", false, true},
	    {"2a00:1::192.0.0.170", "2a00:1::169.254.169.254", false, true},
	    {"2a00:1::192.0.0.170", "2a00:2::10.0.0.1", false, false},
	    {"2a00:1450:c000:aa::", "2a00:1450:a00:1::", false, true},
	    {"2a00:1450:c000:aa::", "2a00:1450:808:808::", false, false},
	    {"2a00:1:2:c000:0:aa00::", "2a00:1:2:7f00:0:100::", false, true},
	    /* by itself as well */
	    {"2a00:1:2:3c0:0:aa::", "2a00:1:2:308::5efe:0:0", true, true},
	    {"64:ff9b:1::192.0.0.170", "64:ff9b:1::8.8.8.8", true, false},
	    {"64:ff9b:1::192.0.0.170", "64:ff9b:1::10.0.0.1", true, true},
	    {"64:ff9b:1::192.0.0.170", "64:ff9b:1:1::8.8.8.8", true, true},
	    {"64:ff9b:1::192.0.0.170", "64:ff9b::10.0.0.1", true, true},
	    /* forged: what they are to open stays shut */
	    {"fd00::192.0.0.170", "fd00::8.8.8.8", true, true},
	    {"fe80::192.0.0.170", "fe80::8.8.8.8", true, true},
	    {"::ffff:192.0.0.170", "::ffff:8.8.8.8", true, true},
	    {"2002:a00:1::192.0.0.170", "2002:a00:1::8.8.8.8", true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nat64 found = prefixes_shown_by(rows[i].shown);

		ROW(rows[i].address, forbidden_address_is(rows[i].address,
					 &none) == rows[i].before);
		ROW(rows[i].address, forbidden_address_is(rows[i].address,
					 &found) == rows[i].blocked);
	}
}

static void
of_several_prefixes_none_may_reach_what_is_blocked(void **state)
{
	struct nat64 found = prefixes_shown_by("64:ff9b:1::192.0.0.170");
	struct nat64 other = prefixes_shown_by("64:ff9b:1:c000:0:aa00::");

	(void)state;
	assert_false(forbidden_address_is("64:ff9b:1::8.8.8.8", &found));
	found.prefixes[found.count++] = other.prefixes[0];
	assert_true(forbidden_address_is("64:ff9b:1::8.8.8.8", &found));
}

/* Each that is not special by itself, too: a host of the Internet has such. */
static void
addresses_of_this_host_are_blocked(void **state)
{
	struct ifaddrs *all, *one;

	(void)state;
	assert_int_equal(getifaddrs(&all), 0);
	for (one = all; one != NULL; one = one->ifa_next) {
		char text[64], inside[80];
		struct sockaddr_in at;
		struct nat64 found = prefixes_shown_by("2a00:1::192.0.0.170");

		if (one->ifa_addr == NULL ||
		    one->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&at, one->ifa_addr, sizeof(at));
		inet_ntop(AF_INET, &at.sin_addr, text, sizeof(text));
		snprintf(inside, sizeof(inside), "64:ff9b::%s", text);
		ROW(text, forbidden_address_is(text, &none));
		ROW(text, forbidden_address_is(inside, &none));
		snprintf(inside, sizeof(inside), "2a00:1::%s", text);
		ROW(text, forbidden_address_is(inside, &found));
	}
	freeifaddrs(all);
}

static void
an_address_of_this_host_is_known_as_its_own(void **state)
{
	(void)state;
	assert_true(forbidden_address_is_own("127.0.0.1"));
	assert_false(forbidden_address_is_own("127.0.0.2"));
	assert_false(forbidden_address_is_own("8.8.8.8"));
	assert_false(forbidden_address_is_own("example.com"));
}

static void
every_address_is_blocked_while_our_own_are_not_known(void **state)
{
	struct rlimit before, no_files;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	no_files = before;
	no_files.rlim_cur = 0; /* no socket to ask the kernel by */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &no_files), 0);
	assert_true(forbidden_address_is("8.8.8.8", &none));
	assert_true(forbidden_address_is("2a00:1450:4001::1", &none));
	assert_false(forbidden_address_is_own("127.0.0.1"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(forbidden_address_is("8.8.8.8", &none));
}

int
main(void)
{
	const struct CMUnitTest guard[] = {
	    cmocka_unit_test(
		private_addresses_are_blocked_and_public_ones_are_not),
	    cmocka_unit_test(an_address_behind_nat64_counts_as_the_one_inside),
	    cmocka_unit_test(
		an_address_under_a_prefix_found_counts_as_the_one_inside),
	    cmocka_unit_test(
		of_several_prefixes_none_may_reach_what_is_blocked),
	    cmocka_unit_test(addresses_of_this_host_are_blocked),
	    cmocka_unit_test(an_address_of_this_host_is_known_as_its_own),
	    cmocka_unit_test(
		every_address_is_blocked_while_our_own_are_not_known),
	};

	return RUN_TESTS(guard);
}
