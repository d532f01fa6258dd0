/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/address.h"

#include <string.h>
#include <sys/socket.h>

#include "t/unit/tap.h"

struct special_row {
	const char *text;
	bool special;
};

static void
check_special(const struct special_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct address address;

		ROW(rows[i].text, address_parse(rows[i].text, &address) == 0);
		ROW(rows[i].text,
		    address_is_special(&address) == rows[i].special);
	}
}

static void
special_ranges_of_ipv4_are_told_to_their_last_address(void **state)
{
	static const struct special_row rows[] = {
	    {"0.0.0.0", true},
	    {"0.255.255.255", true},
	    {"1.0.0.0", false},
	    {"9.255.255.255", false},
	    {"10.0.0.0", true},
	    {"10.255.255.255", true},
	    {"11.0.0.0", false},
	    {"100.63.255.255", false},
	    {"100.64.0.0", true},
	    {"100.127.255.255", true},
	    {"100.128.0.0", false},
	    {"126.255.255.255", false},
	    {"127.0.0.1", true},
	    {"127.255.255.255", true},
	    {"128.0.0.0", false},
	    {"169.253.255.255", false},
	    {"169.254.169.254", true},
	    {"169.255.0.0", false},
	    {"172.15.255.255", false},
	    {"172.16.0.0", true},
	    {"172.31.255.255", true},
	    {"172.32.0.0", false},
	    {"192.0.0.1", true},
	    {"192.0.1.0", false},
	    {"192.0.2.25", true},
	    {"192.0.3.0", false},
	    {"192.88.98.255", false},
	    {"192.88.99.1", true},
	    {"192.167.255.255", false},
	    {"192.168.0.0", true},
	    {"192.168.255.255", true},
	    {"192.169.0.0", false},
	    {"198.17.255.255", false},
	    {"198.18.0.0", true},
	    {"198.19.255.255", true},
	    {"198.20.0.0", false},
	    {"198.51.100.7", true},
	    {"198.51.101.0", false},
	    {"203.0.113.0", true},
	    {"203.0.114.0", false},
	    {"223.255.255.255", false},
	    {"224.0.0.0", true},
	    {"239.255.255.255", true},
	    {"240.0.0.0", true},
	    {"255.255.255.255", true},
	    {"8.8.8.8", false},
	};

	(void)state;
	check_special(rows, COUNT(rows));
}

static const struct special_row special_ipv6[] = {
    {"::", true},
    {"::1", true},
    {"::192.0.2.1", true},
    {"::8.8.8.8", true},
    {"::1:0:0", false},
    {"::ffff:8.8.8.8", true},
    {"::ffff:808:808", true},
    {"0:0:0:0:0:FFFF:8.8.8.8", true},
    {"0000:0000:0000:0000:0000:ffff:0808:0808", true},
    {"::fffe:808:808", false},
    {"::fffe:8.8.8.8", false},
    {"::ffff:0:8.8.8.8", true},
    {"::ffff:0:808:808", true},
    {"0:0:0:0:ffff:0:8.8.8.8", true},
    {"::ffff:1:0:0", false},
    {"::fffe:ffff:ffff:ffff", false},
    {"64:ff9b::808:808", false}, /* by what is inside */
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::1:0:0", false},
    {"64:ff9b:1::10.0.0.1", true},
    {"64:ff9b:1:2::3", true},
    {"64:ff9b:2::", false},
    {"100::1", true},
    {"100:0:0:1::1", true},
    {"100:0:0:2::", false},
    {"2001::1", true},
    {"2001:0:ffff::", true},
    {"2001:2::1", true},
    {"2001:1ff::1", true},
    {"2001:200::", false},
    {"2001:db7::", false},
    {"2001:db8::25", true},
    {"2001:db9::", false},
    {"2002:808:808::1", true},
    {"2003::1", false},
    {"2a00:1450:4001::1", false},
    {"2a00:1450:4001::5efe:8.8.8.8", true},
    {"2a00:1450:4001:0:200:5efe:10.0.0.1", true},
    {"2a00:1450:4001:0:100:5efe:10.0.0.1", false},
    {"2a00:1450:4001::5eff:10.0.0.1", false},
    {"3fff:fff::", true},
    {"3fff:1000::", false},
    {"5f00::1", true},
    {"5f01::", false},
    {"fbff::1", false},
    {"fc00::1", true},
    {"fdff::1", true},
    {"fe00::1", false},
    {"fe80::1", true},
    {"febf::1", true},
    {"fec0::1", true},
    {"feff::1", true},
    {"ff02::1", true},
};

static void
special_ranges_of_ipv6_are_told_to_their_last_address(void **state)
{
	(void)state;
	check_special(special_ipv6, COUNT(special_ipv6));
}

static void
a_translated_address_is_the_ipv4_one_inside(void **state)
{
	static const struct {
		const char *given;
		const char *reached;
	} rows[] = {
	    {"64:ff9b::8.8.8.8", "8.8.8.8"},
	    {"64:FF9B:0:0:0:0:a00:1", "10.0.0.1"},
	    {"64:ff9b::", "0.0.0.0"},
	    {"64:ff9b:0:0:0:1:808:808", "64:ff9b::1:808:808"},
	    {"64:ff9a:ffff:ffff:ffff:ffff:808:808",
		"64:ff9a:ffff:ffff:ffff:ffff:808:808"},
	    {"64:ff9b:1::808:808", "64:ff9b:1::808:808"},
	    {"2a00::1", "2a00::1"},
	    {"8.8.8.8", "8.8.8.8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address given, reached;

		ROW(rows[i].given, address_parse(rows[i].given, &given) == 0);
		ROW(rows[i].given,
		    address_parse(rows[i].reached, &reached) == 0);
		address_translated(&given, &given);
		ROW(rows[i].given, address_equal(&given, &reached));
	}
}

static void
local_translation_is_told_from_other_special_ranges(void **state)
{
	static const struct {
		const char *text;
		bool local;
	} rows[] = {
	    {"64:ff9b:1::", true},
	    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", true},
	    {"64:ff9b:1::5efe:8.8.8.8", false},
	    {"64:ff9b:2::", false},
	    {"64:ff9b::8.8.8.8", false},
	    {"fd00::1", false},
	    {"2a00::1", false},
	    {"8.8.8.8", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;

		ROW(rows[i].text, address_parse(rows[i].text, &address) == 0);
		ROW(rows[i].text,
		    address_is_local_translation(&address) == rows[i].local);
	}
}

static void
what_is_no_address_is_none(void **state)
{
	static const char *const rows[] = {"", "example.com", "192.0.2",
	    "8.8.8.8 ", "08.8.8.8", "[2a00::1]", "2a00::1%eth0", "8.8.8.8:25",
	    "::ffff:8.8.8", "::ffff:0x8.8.8.8", "64:ff9b::8.8.8.8.8"};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;

		ROW(rows[i], address_parse(rows[i], &address) == -1);
	}
}

static void
rdata_becomes_text(void **state)
{
	static const uint8_t four[] = {192, 0, 2, 1};
	static const uint8_t sixteen[16] = {0x20, 1, 0xd, 0xb8, [15] = 0x25};
	char text[INET6_ADDRSTRLEN] = "untouched";

	(void)state;
	assert_int_equal(address_from_rdata(four, 3, text), -1);
	assert_int_equal(address_from_rdata(four, 0, text), -1);
	assert_string_equal(text, "untouched");
	assert_int_equal(address_from_rdata(four, 4, text), 0);
	assert_string_equal(text, "192.0.2.1");
	assert_int_equal(address_from_rdata(sixteen, 16, text), 0);
	assert_string_equal(text, "2001:db8::25");
}

static void
spellings_of_one_address_are_equal(void **state)
{
	struct address a, b;

	(void)state;
	assert_int_equal(address_parse("2001:DB8:0:0::25", &a), 0);
	assert_int_equal(address_parse("2001:db8::25", &b), 0);
	assert_true(address_equal(&a, &b));
	assert_int_equal(address_parse("2001:db8::26", &b), 0);
	assert_false(address_equal(&a, &b));
	assert_int_equal(address_parse("32.1.13.184", &b), 0);
	assert_int_equal(b.family, AF_INET);
	assert_false(address_equal(&a, &b));
	assert_int_equal(address_parse("2001:db8::25%lo", &b), -1);
}

static void
an_address_has_as_many_octets_as_its_family(void **state)
{
	struct address address;

	(void)state;
	assert_int_equal(address_parse("64:ff9b::192.0.2.1", &address), 0);
	assert_int_equal(address.size, 16);
	address_translated(&address, &address);
	assert_int_equal(address.family, AF_INET);
	assert_int_equal(address.size, 4);
	assert_int_equal(address_parse("192.0.2.1", &address), 0);
	assert_int_equal(address.size, 4);
}

static void
families_have_those_that_they_name(void **state)
{
	(void)state;
	assert_true(families_have(FAMILIES_ALL, AF_INET));
	assert_true(families_have(FAMILIES_ALL, AF_INET6));
	assert_true(families_have(FAMILIES_IPV4, AF_INET));
	assert_false(families_have(FAMILIES_IPV4, AF_INET6));
	assert_false(families_have(FAMILIES_IPV6, AF_INET));
	assert_true(families_have(FAMILIES_IPV6, AF_INET6));
}

int
main(void)
{
	const struct CMUnitTest address[] = {
	    cmocka_unit_test(an_address_has_as_many_octets_as_its_family),
	    cmocka_unit_test(families_have_those_that_they_name),
	    cmocka_unit_test(
		special_ranges_of_ipv4_are_told_to_their_last_address),
	    cmocka_unit_test(
		special_ranges_of_ipv6_are_told_to_their_last_address),
	    cmocka_unit_test(a_translated_address_is_the_ipv4_one_inside),
	    cmocka_unit_test(
		local_translation_is_told_from_other_special_ranges),
	    cmocka_unit_test(what_is_no_address_is_none),
	    cmocka_unit_test(rdata_becomes_text),
	    cmocka_unit_test(spellings_of_one_address_are_equal),
	};

	return RUN_TESTS(address);
}
