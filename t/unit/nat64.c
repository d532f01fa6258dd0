/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nat64.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

enum { MOST = 4, TEXT = 64 };

static struct address
address_of(const char *text)
{
	struct address address;

	ROW(text, address_parse(text, &address) == 0);
	return address;
}

static void
find_in(const char *const texts[MOST], struct nat64 *out)
{
	struct address answer[MOST], *exact;
	size_t count = 0;

	while (count < MOST && texts[count] != NULL) {
		answer[count] = address_of(texts[count]);
		count++;
	}
	exact = xmemdup(answer, count * sizeof(*answer));
	nat64_find(exact, count, out);
	free(exact);
}

static void
print_prefix(const struct nat64_prefix *prefix, char out[TEXT])
{
	uint8_t octets[16] = {0};
	char text[INET6_ADDRSTRLEN];

	memcpy(octets, prefix->octets, sizeof(prefix->octets));
	inet_ntop(AF_INET6, octets, text, sizeof(text));
	snprintf(out, TEXT, "%s/%u", text, prefix->bits);
}

struct find_row {
	const char *answer[MOST];
	const char *prefixes[MOST];
};

static void
check_rows(const struct find_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = rows[i].answer[0];
		struct nat64 found;
		size_t j = 0;

		find_in(rows[i].answer, &found);
		for (; j < found.count; j++) {
			char text[TEXT];

			print_prefix(&found.prefixes[j], text);
			ROW(name, rows[i].prefixes[j] != NULL);
			assert_string_equal(text, rows[i].prefixes[j]);
		}
		ROW(name, rows[i].prefixes[j] == NULL);
	}
}

static void
a_prefix_is_found_at_each_position_of_rfc_6052(void **state)
{
	static const struct find_row rows[] = {
	    {{"2a00:1450:c000:aa::", "2a00:1450:c000:ab::"},
		{"2a00:1450::/32"}},
	    {{"2a00:1450:1c0:0:aa::"}, {"2a00:1450:100::/40"}},
	    {{"2a00:1450:122:c000:0:aa00::"}, {"2a00:1450:122::/48"}},
	    {{"2a00:1450:122:3c0:0:aa::"}, {"2a00:1450:122:300::/56"}},
	    {{"2a00:1450:122:344:c0:0:aa00:0"}, {"2a00:1450:122:344::/64"}},
	    {{"2a00:1450:122:344:c0:0:ab00:0"}, {"2a00:1450:122:344::/64"}},
	    {{"2a00:1450:122:344::192.0.0.170"}, {"2a00:1450:122:344::/96"}},
	    {{"2a00:1450:122:344:1:2:192.0.0.171"},
		{"2a00:1450:122:344:1:2::/96"}},
	    /* bits without meaning */
	    {{"2a00:1450:c000:aa:0:1:2:3"}, {"2a00:1450::/32"}},
	    /* two gates, each once */
	    {{"2a00:1::192.0.0.170", "2a00:1::192.0.0.171",
		 "2a00:2::192.0.0.171", "2a00:2::192.0.0.170"},
		{"2a00:1::/96", "2a00:2::/96"}},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
what_shows_no_prefix_is_passed_over(void **state)
{
	static const struct find_row rows[] = {
	    {{NULL}, {NULL}},
	    {{"2a00::1", "192.0.0.170"}, {NULL}},
	    {{"2a00::192.0.0.169"}, {NULL}},
	    {{"2a00::192.0.0.172"}, {NULL}},
	    {{"2a00::192.0.1.170"}, {NULL}},
	    /* the u octet is not zero */
	    {{"2a00:1450:122:344:100::192.0.0.170"}, {NULL}},
	    {{"2a00:1450:c000:aa:100::"}, {NULL}},
	    {{"2a00:1450:122:c000:ff00:aa00::"}, {NULL}},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
of_several_positions_the_one_with_both_addresses_counts(void **state)
{
	static const struct find_row rows[] = {
	    {{"2a00:1450:c000:aa::192.0.0.170",
		 "2a00:1450:c000:aa::192.0.0.171"},
		{"2a00:1450:c000:aa::/96"}},
	    {{"2a00:1450:c000:ab::192.0.0.170", "2a00:1450:c000:aa::"},
		{"2a00:1450::/32"}},
	    {{"2a00:1450:c000:aa::192.0.0.170"},
		{"2a00:1450::/32", "2a00:1450:c000:aa::/96"}},
	    /* nor are two whose prefixes differ in their last octet */
	    {{"2a00:1450:c000:aa::192.0.0.170", "2a00:1451:c000:ab::"},
		{"2a00:1450::/32", "2a00:1450:c000:aa::/96", "2a00:1451::/32"}},
	    /* the same one twice is no pair */
	    {{"2a00:1450:c000:aa::192.0.0.170",
		 "2a00:1450:c000:aa::192.0.0.170"},
		{"2a00:1450::/32", "2a00:1450:c000:aa::/96"}},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void
a_prefix_that_could_open_our_own_network_is_not_believed(void **state)
{
	static const struct find_row rows[] = {
	    {{"fd00::192.0.0.170", "fd00::192.0.0.171"}, {NULL}},
	    {{"fd00:0:c000:aa::"}, {NULL}},
	    {{"fe80::192.0.0.170"}, {NULL}},
	    {{"fec0::192.0.0.170"}, {NULL}},
	    {{"ff0e::192.0.0.170"}, {NULL}},
	    {{"::192.0.0.170"}, {NULL}},
	    {{"::ffff:192.0.0.170"}, {NULL}},
	    {{"::ffff:0:192.0.0.170"}, {NULL}},
	    {{"4000::192.0.0.170"}, {NULL}},
	    {{"1fff::192.0.0.170"}, {NULL}},
	    {{"2002:a00:1::192.0.0.170"}, {NULL}},
	    {{"2002:a00:c000:aa::"}, {NULL}},
	    {{"2001::192.0.0.170"}, {NULL}},
	    {{"2001:0:c000:aa::"}, {NULL}},
	    {{"2001:db8::192.0.0.170"}, {NULL}},
	    {{"3fff::192.0.0.170"}, {NULL}},
	    {{"2a00::5efe:192.0.0.170"}, {NULL}},
	    /* needs no discovery */
	    {{"64:ff9b::192.0.0.170"}, {NULL}},
	    /* reaches beyond the range for local use */
	    {{"64:ff9b:c000:aa::"}, {NULL}},
	    {{"64:ff9b:c0:0:aa::"}, {NULL}},
	    {{"64:ff9b:2::192.0.0.170"}, {NULL}},
	    {{"64:ff9b:1::5efe:192.0.0.170"}, {NULL}},
	};
	static const struct find_row believed[] = {
	    {{"64:ff9b:1::192.0.0.170"}, {"64:ff9b:1::/96"}},
	    {{"64:ff9b:1:c000:0:aa00::"}, {"64:ff9b:1::/48"}},
	    {{"64:ff9b:1:fffe::192.0.0.171"}, {"64:ff9b:1:fffe::/96"}},
	    {{"3ffe::192.0.0.171"}, {"3ffe::/96"}},
	};

	(void)state;
	check_rows(rows, COUNT(rows));
	check_rows(believed, COUNT(believed));
}

static void
no_more_prefixes_are_kept_than_the_limit(void **state)
{
	struct address answer[LIMIT_NAT64_PREFIXES + 1];
	struct nat64 found;

	(void)state;
	for (unsigned i = 0; i < COUNT(answer); i++) {
		char text[INET6_ADDRSTRLEN];

		snprintf(text, sizeof(text), "2a00:%x::192.0.0.170", i);
		answer[i] = address_of(text);
	}
	nat64_find(answer, COUNT(answer), &found);
	assert_int_equal(found.count, LIMIT_NAT64_PREFIXES);
	nat64_find(answer, COUNT(answer) - 1, &found);
	assert_int_equal(found.count, LIMIT_NAT64_PREFIXES);
	nat64_find(answer, COUNT(answer) - 2, &found);
	assert_int_equal(found.count, LIMIT_NAT64_PREFIXES - 1);
}

/* RFC 6052 section 2.4, but for documentation's prefix */
static void
the_address_inside_is_read_past_the_u_octet(void **state)
{
	static const struct {
		const char *shown; /* of ipv4only.arpa */
		const char *address;
		const char *inside; /* NULL: not under the prefix */
	} rows[] = {
	    {"2a01:db8:c000:aa::", "2a01:db8:c000:221::", "192.0.2.33"},
	    {"2a01:db8:1c0:0:aa::", "2a01:db8:1c0:2:21::", "192.0.2.33"},
	    {"2a01:db8:122:c000:0:aa00::", "2a01:db8:122:c000:2:2100::",
		"192.0.2.33"},
	    {"2a01:db8:122:3c0:0:aa::", "2a01:db8:122:3c0:0:221::",
		"192.0.2.33"},
	    {"2a01:db8:122:344:c0:0:aa00:0",
		"2a01:db8:122:344:c0:2:2100::", "192.0.2.33"},
	    {"2a01:db8:122:344::192.0.0.170", "2a01:db8:122:344::192.0.2.33",
		"192.0.2.33"},
	    {"2a01:db8:c000:aa::", "2a01:db8:c000:221:ff01:2:3:4",
		"192.0.2.33"},
	    {"2a01:db8:c000:aa::", "2a01:db9:c000:221::", NULL},
	    {"2a01:db8:122:344::192.0.0.170", "2a01:db8:122:344:1::192.0.2.33",
		NULL},
	    {"2a01:db8:c000:aa::", "42.1.13.184", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *shown[MOST] = {rows[i].shown};
		struct address address = address_of(rows[i].address);
		struct address inside, wanted;
		struct nat64 found;

		find_in(shown, &found);
		ROW(rows[i].address, found.count == 1);
		ROW(rows[i].address, nat64_inside(&found.prefixes[0], &address,
					 &inside) == (rows[i].inside != NULL));
		if (rows[i].inside == NULL)
			continue;
		wanted = address_of(rows[i].inside);
		ROW(rows[i].address, address_equal(&inside, &wanted));
	}
}

int
main(void)
{
	const struct CMUnitTest nat64[] = {
	    cmocka_unit_test(a_prefix_is_found_at_each_position_of_rfc_6052),
	    cmocka_unit_test(what_shows_no_prefix_is_passed_over),
	    cmocka_unit_test(
		of_several_positions_the_one_with_both_addresses_counts),
	    cmocka_unit_test(
		a_prefix_that_could_open_our_own_network_is_not_believed),
	    cmocka_unit_test(no_more_prefixes_are_kept_than_the_limit),
	    cmocka_unit_test(the_address_inside_is_read_past_the_u_octet),
	};

	return RUN_TESTS(nat64);
}
