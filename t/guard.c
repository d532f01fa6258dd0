/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/gather/guard.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/tap.h"

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
		ROW(rows[i].address,
		    guard_blocks(rows[i].address) == rows[i].blocked);
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
		ROW(rows[i].address,
		    guard_blocks(rows[i].address) == rows[i].blocked);
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

		if (one->ifa_addr == NULL ||
		    one->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&at, one->ifa_addr, sizeof(at));
		inet_ntop(AF_INET, &at.sin_addr, text, sizeof(text));
		snprintf(inside, sizeof(inside), "64:ff9b::%s", text);
		ROW(text, guard_blocks(text));
		ROW(text, guard_blocks(inside));
	}
	freeifaddrs(all);
}

static void
every_address_is_blocked_while_our_own_are_not_known(void **state)
{
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0; /* no socket to ask the kernel by */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(guard_blocks("8.8.8.8"));
	assert_true(guard_blocks("2a00:1450:4001::1"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(guard_blocks("8.8.8.8"));
}

int
main(void)
{
	const struct CMUnitTest guard[] = {
	    cmocka_unit_test(
		private_addresses_are_blocked_and_public_ones_are_not),
	    cmocka_unit_test(an_address_behind_nat64_counts_as_the_one_inside),
	    cmocka_unit_test(addresses_of_this_host_are_blocked),
	    cmocka_unit_test(
		every_address_is_blocked_while_our_own_are_not_known),
	};

	return RUN_TESTS(guard);
}
