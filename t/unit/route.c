/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/route.h"

#include <string.h>

#include "t/unit/conf_text.h"
#include "t/unit/tap.h"

static struct settings *settings;

static int
load_settings(void **state)
{
	(void)state;
	settings = conf_text_load("InternalDomains in.example\n"
				  "ExemptDomains free.example\n"
				  "LocalMailers virtual\n"
				  "ProbePort 2525\n");
	return 0;
}

static int
free_settings(void **state)
{
	(void)state;
	settings_free(settings);
	return 0;
}

static void
a_recipient_goes_where_the_mta_says(void **state)
{
	static const struct {
		struct route_rcpt rcpt;
		const char *domain, *hop;
		enum reason reason;
		enum result result;
		bool smtp;
	} rows[] = {
	    {{"<a@d.example>", NULL, "smtp", "D.example:26"}, "d.example",
		"d.example:26", REASON_OK, RESULT_FAIL, true},
	    /* by itself it is looked at all the same, however it is spelled */
	    {{"<a@D.example>", NULL, "smtp", "d.example"}, "d.example", "",
		REASON_OK, RESULT_FAIL, true},
	    {{"<a@D.example>", NULL, "smtp", "D.example."}, "d.example", "",
		REASON_OK, RESULT_FAIL, true},
	    {{"<a@d.example>", NULL, "smtp", ""}, "d.example", "", REASON_OK,
		RESULT_FAIL, true},
	    {{"<a@d.example>", NULL, NULL, "[MX.example]:25"}, "d.example",
		"[mx.example]", REASON_OK, RESULT_FAIL, true},
	    {{"<a@d.example>", NULL, NULL, NULL}, "d.example", "", REASON_OK,
		RESULT_FAIL, false},
	    {{"<a@d.example>", NULL, "smtp", "x.example:587, Y.example"},
		"d.example", "x.example:587,y.example:2525", REASON_OK,
		RESULT_FAIL, true},
	    /* the engine says what is wrong with it */
	    {{"<a@d.example>", NULL, "smtp", "[D.example"}, "d.example",
		"[D.example", REASON_OK, RESULT_FAIL, true},
	    {{"<a%d.example>", "a@d.example", "smtp", ""}, "d.example", "",
		REASON_OK, RESULT_FAIL, true},
	    {{"<a@d.example>", "a", "smtp", ""}, "d.example", "", REASON_OK,
		RESULT_FAIL, true},
	    {{"<a@[IPv6:2001:DB8::1]>", NULL, "smtp", "[2001:db8::1]"},
		"[ipv6:2001:db8::1]", "", REASON_NO_POLICY, RESULT_SKIP, true},
	    {{"<a@d.example>", NULL, "virtual", "d.example"}, "d.example", "",
		REASON_INTERNAL, RESULT_SKIP, true},
	    {{"<a@in.example>", NULL, "smtp", "in.example"}, "in.example", "",
		REASON_INTERNAL, RESULT_SKIP, true},
	    {{"<a@gate.example>", NULL, NULL, NULL}, "gate.example", "",
		REASON_INTERNAL, RESULT_SKIP, false},
	    {{"<a@free.example>", NULL, "smtp", "free.example"}, "free.example",
		"", REASON_EXEMPT, RESULT_SKIP, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *id = rows[i].rcpt.address;
		struct route route;

		memset(&route, 'x', sizeof(route));
		route_read(settings, "gate.example", &rows[i].rcpt, &route);
		ROW_TEXT(id, route.domain, rows[i].domain);
		ROW_TEXT(id, route.hop, rows[i].hop);
		ROW(id, route.reason == rows[i].reason);
		ROW(id, route.result == rows[i].result);
		ROW(id, route.smtp == rows[i].smtp);
		ROW_TEXT(id, route.detail, "");
	}
}

/* Of a name, so many octets are looked at; what is wrong with these is told
 * with the name. */
static void
what_is_no_domain_is_told_why(void **state)
{
	enum { MOST = 4 * LIMIT_DOMAIN - 1 };
	static const char none[] = "no domain in the address, or one too long";
	char most[2 + MOST + 1] = "a@", beyond[2 + MOST + 2] = "a@";
	const struct {
		const char *address, *detail;
	} rows[] = {{"a", none}, {"a@", none}, {beyond, none},
	    {most, ": name too long"}, {"a@d..example", "d..example: "}};

	(void)state;
	memset(most + 2, 'x', MOST);
	most[2 + MOST] = '\0';
	memset(beyond + 2, 'x', MOST + 1);
	beyond[2 + MOST + 1] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route_rcpt rcpt = {
		    .address = rows[i].address, .mailer = "smtp"};
		struct route route;

		route_read(settings, "gate.example", &rcpt, &route);
		ROW(rows[i].detail, route.reason == REASON_NAME_INVALID);
		ROW(rows[i].detail, route.result == RESULT_NONE);
		ROW_TEXT(rows[i].detail, route.domain, "");
		if (strstr(route.detail, rows[i].detail) == NULL)
			fail_msg("%zu: %s", i, route.detail);
	}
}

int
main(void)
{
	const struct CMUnitTest route[] = {
	    cmocka_unit_test(a_recipient_goes_where_the_mta_says),
	    cmocka_unit_test(what_is_no_domain_is_told_why),
	};

	return RUN_TESTS_WITH(route, load_settings, free_settings);
}
