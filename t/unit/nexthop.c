/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/nexthop.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* Next hops as nexthop_print has them, a blank between. */
static void
print_all(const struct nexthop *hops, int count, char *out, size_t size)
{
	char one[NEXTHOP_TEXT_SIZE];
	struct text text;

	text_init(&text, out, size);
	for (int i = 0; i < count; i++) {
		nexthop_print(&hops[i], one);
		text_addf(&text, "%s%s", i > 0 ? " " : "", one);
	}
}

static void
next_hops_are_read_in_the_order_of_the_mta(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"d.example", "d.example"},
	    {"D.Example.", "d.example"},
	    {"d.example:587", "d.example:587"},
	    {"d.example:25", "d.example"},
	    {"[gw.example]", "[gw.example]"},
	    {"[gw.example]:587", "[gw.example]:587"}, /* D90 */
	    {"[192.0.2.9]", "[192.0.2.9]"},
	    {"[192.0.2.9]:2525", "[192.0.2.9]:2525"},
	    {"192.0.2.9", "[192.0.2.9]"},
	    {"192.0.2.9:26", "[192.0.2.9]:26"},
	    {"[IPv6:2001:DB8::1]", "[2001:db8::1]"},
	    {"[2001:db8:0::1]:26", "[2001:db8::1]:26"},
	    {"2001:db8::25", "[2001:db8::25]"},
	    {"[fa::AF]", "[fa::af]"},
	    {"m\u00fcller.example", "xn--mller-kva.example"},
	    {"mail1.example:587, [mail2.example]:465",
		"mail1.example:587 [mail2.example]:465"},
	    {" a.example\t,,b.example\r\n", "a.example b.example"},
	    {"a.example:b.example", "a.example b.example"},
	    {"a.example:587:b.example", "a.example:587 b.example"},
	    {"[a.example]:[b.example]:26", "[a.example] [b.example]:26"},
	    {"a.example:1b.example", "a.example 1b.example"},
	    {"[gw.example]:submission", "[gw.example]:587"},
	    {"[mx1.example]:smtp", "[mx1.example]"},
	    {"gw.example:SMTPS", "gw.example:465"},
	    {"[192.0.2.9]:Submissions", "[192.0.2.9]:465"},
	    {"[::1]:lmtp", "[::1]:24"},
	    {"[gw.example]:0587", "[gw.example]:587"},
	    {"a.example:submission:b.example", "a.example:587 b.example"},
	    {"a.example:smtp b.example:smtps", "a.example b.example:465"},
	    {"[gw.example]:", "[gw.example]"},
	    {"gw.example:, [b.example]:", "gw.example [b.example]"},
	    {"a.example:smtp.example", "a.example smtp.example"},
	    {"a.example:smtp2", "a.example smtp2"},
	    {"[a.example]:telnet", "[a.example] telnet"},
	    {"smtp submission", "smtp submission"}, /* hosts, at the front */
	    {"smtp:smtp", "smtp"},
	    {"a.example:[smtp]", "a.example [smtp]"},
	    {"a b c d e f g h i j", "a b c d e f g h"},
	    {"a:b:c:d:e:f:g:h:i:j", "a b c d e f g h"},
	    {"a b c d e f g h 192.0.2.1", "a b c d e f g h"},
	};
	struct nexthop hops[LIMIT_NEXTHOPS];
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int count = nexthop_parse(rows[i].in, 25, hops, NULL);

		ROW(rows[i].in, count > 0);
		print_all(hops, count, text, sizeof(text));
		ROW_TEXT(rows[i].in, text, rows[i].out);
	}
}

static void
brackets_and_addresses_switch_the_mx_lookup_off(void **state)
{
	static const struct {
		const char *in, *host;
		bool mx_lookup, literal;
	} rows[] = {
	    {"d.example", "d.example", true, false},
	    {"d.example:587", "d.example", true, false},
	    {"[d.example]", "d.example", false, false},
	    {"[192.0.2.9]", "192.0.2.9", false, true},
	    {"192.0.2.9", "192.0.2.9", false, true},
	    {"[IPv6:2001:db8::1]", "2001:db8::1", false, true},
	    {"2001:db8::1", "2001:db8::1", false, true},
	};
	struct nexthop hops[LIMIT_NEXTHOPS];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].in, nexthop_parse(rows[i].in, 25, hops, NULL) == 1);
		ROW_TEXT(rows[i].in, hops[0].host, rows[i].host);
		ROW(rows[i].in, hops[0].mx_lookup == rows[i].mx_lookup);
		ROW(rows[i].in, hops[0].literal == rows[i].literal);
	}
}

static void
the_default_port_is_for_those_without_one(void **state)
{
	struct nexthop hops[LIMIT_NEXTHOPS];

	(void)state;
	assert_int_equal(
	    nexthop_parse("a.example b.example:25 [::1]", 2525, hops, NULL), 3);
	assert_int_equal(hops[0].port, 2525);
	assert_int_equal(hops[1].port, 25);
	assert_int_equal(hops[2].port, 2525);
}

static void
what_is_no_next_hop_is_refused(void **state)
{
	static const char *rows[] = {"", " , ", "[", "[]", "[a.example",
	    "[a.example]x", "[a.example]587", ":25", ":smtp", ":",
	    "a.example::25", "[a.example]::", "a.example:0", "a.example:65536",
	    "a.example:99999999999", "a.example:25:587", "[IPv6:mx1.example]",
	    "[IPv6:192.0.2.1]x", "a..example", "a.example,b/c",
	    "user@d.example", "587", "a.example:smtp:25", "a.example:00",
	    "a.example:smtp:"};
	struct nexthop hops[LIMIT_NEXTHOPS];
	struct err err;

	(void)state;
	memset(hops, 'x', sizeof(hops));
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i], nexthop_parse(rows[i], 25, hops, &err) == -1);
		ROW(rows[i], err.kind == ERR_DATA);
		ROW(rows[i], hops[0].host[0] == 'x');
	}
}

static void
what_is_wrong_with_a_next_hop_is_told(void **state)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
	    {"", "no next hop"},
	    {" ,\t\r\n", "no next hop"},
	    {":", ": empty name"},
	    {"[", "next hop [: brackets"},
	};
	struct nexthop hops[LIMIT_NEXTHOPS];
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		/* nothing behind its end is read */
		char *text = xstrdup(rows[i].in);

		ROW(rows[i].in, nexthop_parse(text, 25, hops, &err) == -1);
		ROW_TEXT(rows[i].in, err.text, rows[i].why);
		free(text);
	}
}

static void
a_port_is_a_number_or_the_name_of_a_mail_service(void **state)
{
	static const struct {
		const char *in;
		uint16_t port; /* 0: refused */
	} rows[] = {
	    {"25", 25},
	    {"0025", 25},
	    {"65535", 65535},
	    {"smtp", 25},
	    {"submission", 587},
	    {"smtps", 465},
	    {"submissions", 465},
	    {"SubMission", 587},
	    {"lmtp", 24},
	    {"", 0},
	    {"0", 0},
	    {"65536", 0},
	    {"-1", 0},
	    {"25 ", 0},
	    {"smt", 0},
	    {"smtp ", 0},
	    {"25smtp", 0},
	    {"https", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint16_t port = 0;
		struct err err;
		int rc = nexthop_port(rows[i].in, &port, &err);

		ROW(rows[i].in, port == rows[i].port);
		ROW(rows[i].in, rc == (rows[i].port == 0 ? -1 : 0));
		ROW(rows[i].in, rc == 0 || err.kind == ERR_DATA);
	}
}

static void
an_endless_part_is_refused(void **state)
{
	static char endless[1 << 16];
	struct nexthop hops[LIMIT_NEXTHOPS];

	(void)state;
	memset(endless, 'a', sizeof(endless) - 1);
	assert_int_equal(nexthop_parse(endless, 25, hops, NULL), -1);
}

/* Hosts and ports of a part, and a word behind a ":". */
static void
what_is_one_octet_too_long_is_refused(void **state)
{
	enum { PART_SIZE = LIMIT_NEXTHOPS * (LIMIT_DOMAIN_SIZE + 8) };
	char part[PART_SIZE + 1], word[2 + LIMIT_DOMAIN_SIZE + 1] = "a:";
	struct nexthop hops[LIMIT_NEXTHOPS];
	struct err err;

	(void)state;
	memset(part, 'a', PART_SIZE);
	part[PART_SIZE] = '\0';
	assert_int_equal(nexthop_parse(part, 25, hops, &err), -1);
	assert_string_equal(err.text, "next hop too long");
	assert_int_equal(nexthop_parse("[mx\x1b", 25, hops, &err), -1);
	assert_memory_equal(err.text, "next hop [mx?: ", 15);
	memset(word + 2, 'a', LIMIT_DOMAIN_SIZE);
	word[2 + LIMIT_DOMAIN_SIZE] = '\0';
	assert_int_equal(nexthop_parse(word, 25, hops, NULL), -1);
}

static void
a_list_is_printed_with_commas(void **state)
{
	struct nexthop hops[LIMIT_NEXTHOPS];
	char text[NEXTHOP_LIST_SIZE];

	(void)state;
	assert_int_equal(
	    nexthop_parse("a.example [b.example]:26 c", 25, hops, NULL), 3);
	nexthop_print_list(hops, 3, text);
	assert_string_equal(text, "a.example,[b.example]:26,c");
	nexthop_print_list(hops, 1, text);
	assert_string_equal(text, "a.example");
	nexthop_print_list(hops, 0, text);
	assert_string_equal(text, "");
}

int
main(void)
{
	static const struct CMUnitTest nexthop[] = {
	    cmocka_unit_test(next_hops_are_read_in_the_order_of_the_mta),
	    cmocka_unit_test(brackets_and_addresses_switch_the_mx_lookup_off),
	    cmocka_unit_test(the_default_port_is_for_those_without_one),
	    cmocka_unit_test(what_is_no_next_hop_is_refused),
	    cmocka_unit_test(what_is_wrong_with_a_next_hop_is_told),
	    cmocka_unit_test(a_port_is_a_number_or_the_name_of_a_mail_service),
	    cmocka_unit_test(an_endless_part_is_refused),
	    cmocka_unit_test(what_is_one_octet_too_long_is_refused),
	    cmocka_unit_test(a_list_is_printed_with_commas),
	};

	return RUN_TESTS(nexthop);
}
