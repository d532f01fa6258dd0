/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/map_request.h"

#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

/* All octets at once, and one after the other. */
static enum map_scan
scan_slowly(const char *text, size_t length, struct map_payload *out)
{
	for (size_t i = 0; i < length; i++) {
		enum map_scan scan = map_scan_netstring(text, i, out);

		if (scan != MAP_SCAN_MORE)
			return scan;
	}
	return map_scan_netstring(text, length, out);
}

static void
netstrings_are_read_in_any_pieces(void **state)
{
	static const struct {
		const char *id, *text;
		enum map_scan scan;
		const char *payload;
	} rows[] = {
	    {"W01", "10:QUERY d.ex,", MAP_SCAN_WHOLE, "QUERY d.ex"},
	    {"W02", "3:a b,3:c d,", MAP_SCAN_WHOLE, "a b"},
	    {"empty", "0:,", MAP_SCAN_WHOLE, ""},
	    {"W02 part", "10:QUERY d.e", MAP_SCAN_MORE, NULL},
	    {"W02 no comma yet", "10:QUERY d.ex", MAP_SCAN_MORE, NULL},
	    {"nothing", "", MAP_SCAN_MORE, NULL},
	    {"W05", "16385:", MAP_SCAN_BAD, NULL},
	    {"W05 digits", "100000", MAP_SCAN_BAD, NULL},
	    {"W06 no digit", "QUERY d.ex\n", MAP_SCAN_BAD, NULL},
	    {"W06 zero", "010:QUERY d.ex,", MAP_SCAN_BAD, NULL},
	    {"W06 colon", ":QUERY d.ex,", MAP_SCAN_BAD, NULL},
	    {"W06 comma", "10:QUERY d.ex;", MAP_SCAN_BAD, NULL},
	    {"W06 blank", "10 :QUERY d.ex,", MAP_SCAN_BAD, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i].text);
		struct map_payload out;

		ROW(rows[i].id,
		    scan_slowly(rows[i].text, length, &out) == rows[i].scan);
		ROW(rows[i].id, map_scan_netstring(rows[i].text, length,
				    &out) == rows[i].scan);
		if (rows[i].payload == NULL)
			continue;
		ROW(rows[i].id, out.length == strlen(rows[i].payload));
		ROW(rows[i].id,
		    memcmp(out.data, rows[i].payload, out.length) == 0);
		ROW(rows[i].id, rows[i].text[out.used - 1] == ',');
	}
}

static void
the_longest_request_is_taken_and_no_longer_one(void **state)
{
	size_t size = LIMIT_MAP_REQUEST + 8;
	char *text = xcalloc(1, size + 1);
	struct map_payload out;

	(void)state;
	memset(text, 'a', size);
	memcpy(text, "16384:", 6);
	text[6 + LIMIT_MAP_REQUEST] = ',';
	assert_int_equal(map_scan_netstring(text, size, &out), MAP_SCAN_WHOLE);
	assert_int_equal(out.length, LIMIT_MAP_REQUEST);
	free(text);
}

static const struct {
	const char *id, *payload;
	enum map_ask ask;
	const char *hop; /* as nexthop_print has it */
} map_keys[] = {
    {"K01", "QUERY d.ex", MAP_ASK_POLICY, "d.ex"},
    {"K02", "QUERY D.Ex", MAP_ASK_POLICY, "d.ex"},
    {"K02 dot", "QUERY d.ex.", MAP_ASK_POLICY, "d.ex"},
    {"K03", "QUERY B\303\234cher.example", MAP_ASK_POLICY,
	"xn--bcher-kva.example"},
    {"K04", "QUERY .d.ex", MAP_ASK_NOTHING, NULL},
    {"K04 top", "QUERY .ex", MAP_ASK_NOTHING, NULL},
    {"K05", "QUERY d.ex:26", MAP_ASK_POLICY, "d.ex:26"},
    {"K05 25", "QUERY d.ex:25", MAP_ASK_POLICY, "d.ex"},
    {"K05 smtp", "QUERY d.ex:smtp", MAP_ASK_POLICY, "d.ex"},
    {"K05 submissions", "QUERY d.ex:submissions", MAP_ASK_POLICY, "d.ex:465"},
    {"K05 other", "QUERY d.ex:http", MAP_ASK_NOTHING, NULL},
    {"K05 lmtp", "QUERY d.ex:lmtp", MAP_ASK_NOTHING, NULL},
    {"K06", "QUERY [gw.ex]", MAP_ASK_POLICY, "[gw.ex]"},
    {"K06 port", "QUERY [gw.ex]:587", MAP_ASK_POLICY, "[gw.ex]:587"},
    {"K07", "QUERY [192.0.2.1]", MAP_ASK_NOTHING, NULL},
    {"K07 port", "QUERY [192.0.2.1]:25", MAP_ASK_NOTHING, NULL},
    {"K07 v6", "QUERY [ipv6:2001:db8::1]", MAP_ASK_NOTHING, NULL},
    {"K07 bare", "QUERY 192.0.2.1", MAP_ASK_NOTHING, NULL},
    {"K07 ::1", "QUERY ::1", MAP_ASK_NOTHING, NULL},
    {"K08 label",
	"QUERY aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaa.ex",
	MAP_ASK_NOTHING, NULL},
    {"K08 empty label", "QUERY d..ex", MAP_ASK_NOTHING, NULL},
    {"K08 *", "QUERY *", MAP_ASK_NOTHING, NULL},
    {"K08 user", "QUERY user@d.ex", MAP_ASK_NOTHING, NULL},
    {"K08 blank", "QUERY d.ex e.ex", MAP_ASK_NOTHING, NULL},
    {"K08 comma", "QUERY d.ex,e.ex", MAP_ASK_NOTHING, NULL},
    {"K08 control", "QUERY d\001.ex", MAP_ASK_NOTHING, NULL},
    {"K08 UTF-8", "QUERY \303.ex", MAP_ASK_NOTHING, NULL},
    {"K08 path", "QUERY /run/lmtp.sock", MAP_ASK_NOTHING, NULL},
    {"K08 unix", "QUERY unix:/run/lmtp.sock", MAP_ASK_NOTHING, NULL},
    {"K09", "QUERY d_x.ex", MAP_ASK_POLICY, "d_x.ex"},
    {"K10 one label", "QUERY localhost", MAP_ASK_NOTHING, NULL},
    {"W07 no name", " d.ex", MAP_ASK_NOTHING, NULL},
    {"W07 no key", "QUERY ", MAP_ASK_NOTHING, NULL},
    {"W07 no blank", "QUERY", MAP_ASK_NOTHING, NULL},
    {"W07 nothing", "", MAP_ASK_NOTHING, NULL},
};

static void
keys_are_next_hops(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(map_keys); i++) {
		struct map_request request;
		char hop[NEXTHOP_TEXT_SIZE];

		ROW(map_keys[i].id, map_request_read(map_keys[i].payload,
					strlen(map_keys[i].payload), 25,
					&request) == map_keys[i].ask);
		if (map_keys[i].hop == NULL)
			continue;
		nexthop_print(&request.hop, hop);
		ROW_TEXT(map_keys[i].id, hop, map_keys[i].hop);
	}
}

static void
names_are_read_to_their_end(void **state)
{
	char payload[1200];
	struct map_request request;

	(void)state;
	/* K08: longer than any name; and an octet that ends a string of C */
	memset(payload, 'a', sizeof(payload));
	memcpy(payload, "QUERY ", 6);
	assert_int_equal(
	    map_request_read(payload, sizeof(payload), 25, &request),
	    MAP_ASK_NOTHING);
	assert_int_equal(
	    map_request_read("QUERY d.ex\0.evil", 16, 25, &request),
	    MAP_ASK_NOTHING);
}

static void
the_name_of_the_map_tells_the_dialect(void **state)
{
	static const struct {
		const char *payload;
		enum mta_dialect dialect;
		enum map_ask ask;
	} rows[] = {
	    {"QUERY d.ex", MTA_POSTFIX, MAP_ASK_POLICY},
	    {"postfix d.ex", MTA_POSTFIX, MAP_ASK_POLICY},
	    {"JSON d.ex", MTA_POSTFIX, MAP_ASK_POLICY},
	    {"QUERYwithTLSRPT d.ex", MTA_POSTFIX_TLSRPT, MAP_ASK_POLICY},
	    {"querywithtlsrpt d.ex", MTA_POSTFIX_TLSRPT, MAP_ASK_POLICY},
	    {"sts d.ex", MTA_SENDMAIL, MAP_ASK_POLICY},
	    {"STS d.ex", MTA_SENDMAIL, MAP_ASK_POLICY},
	    {"sts .d.ex", MTA_SENDMAIL, MAP_ASK_MISPLACED},
	    {"sts d.ex:25", MTA_SENDMAIL, MAP_ASK_MISPLACED},
	    {"sts [192.0.2.1]", MTA_SENDMAIL, MAP_ASK_NOTHING}, /* S09, S10 */
	    {"sts [IPv6:2001:db8::1]", MTA_SENDMAIL, MAP_ASK_NOTHING},
	    {"sts localhost", MTA_SENDMAIL, MAP_ASK_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *payload = rows[i].payload;
		struct map_request request;

		ROW(payload, map_request_read(payload, strlen(payload), 25,
				 &request) == rows[i].ask);
		ROW(payload, request.dialect == rows[i].dialect);
	}
}

static void
lines_are_read(void **state)
{
	static const struct {
		const char *line;
		enum map_ask ask;
		const char *domain, *host;
	} rows[] = {
	    {"POLICY d.ex", MAP_ASK_POLICY, "d.ex", NULL},
	    {"POLICY d.ex mx1.d.ex", MAP_ASK_POLICY, "d.ex", "mx1.d.ex"},
	    {"policy D.ex  192.0.2.1", MAP_ASK_POLICY, "d.ex", "192.0.2.1"},
	    {"CHECK d.ex", MAP_ASK_CHECK, "d.ex", NULL},
	    {"POLICY [192.0.2.1] 192.0.2.1", MAP_ASK_NOTHING, NULL, NULL},
	    {"POLICY d..ex", MAP_ASK_NOTHING, NULL, NULL},
	    /* X13 */
	    {"", MAP_ASK_INVALID, NULL, NULL},
	    {"POLICY", MAP_ASK_INVALID, NULL, NULL},
	    {"QUIT d.ex", MAP_ASK_INVALID, NULL, NULL},
	    {"POLICY d.ex a b", MAP_ASK_INVALID, NULL, NULL},
	    {"CHECK d.ex mx1.d.ex", MAP_ASK_INVALID, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *line = rows[i].line;
		struct map_request request;

		ROW(line, line_request_read(line, strlen(line), 25, &request) ==
			      rows[i].ask);
		if (rows[i].domain == NULL)
			continue;
		ROW_TEXT(line, request.hop.host, rows[i].domain);
		ROW(line, request.has_host == (rows[i].host != NULL));
		if (rows[i].host != NULL)
			ROW_TEXT(line, request.host, rows[i].host);
	}
}

static void
a_line_has_an_end(void **state)
{
	char data[LIMIT_LINE_REQUEST + 2];
	struct map_payload out;

	(void)state;
	assert_int_equal(map_scan_line("POLICY d.ex", 11, &out), MAP_SCAN_MORE);
	assert_int_equal(
	    map_scan_line("POLICY d.ex\r\nx", 14, &out), MAP_SCAN_WHOLE);
	assert_int_equal(out.length, 11);
	memset(data, 'a', sizeof(data));
	assert_int_equal(
	    map_scan_line(data, LIMIT_LINE_REQUEST, &out), MAP_SCAN_MORE);
	assert_int_equal(map_scan_line(data, sizeof(data), &out), MAP_SCAN_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(netstrings_are_read_in_any_pieces),
	    cmocka_unit_test(the_longest_request_is_taken_and_no_longer_one),
	    cmocka_unit_test(keys_are_next_hops),
	    cmocka_unit_test(names_are_read_to_their_end),
	    cmocka_unit_test(the_name_of_the_map_tells_the_dialect),
	    cmocka_unit_test(lines_are_read),
	    cmocka_unit_test(a_line_has_an_end),
	};

	return RUN_TESTS(tests);
}
