/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/logline.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/tap.h"

#define LONG_ID "0123456789012345678901234567890123456789"

static const struct {
	const char *line, *when, *program, *id, *text;
} syslog_lines[] = {
    {"Nov 22 07:48:36 gate postfix/smtp[722]: F1A: to=<a@b>", "Nov 22 07:48:36",
	"postfix/smtp", "F1A", "to=<a@b>"},
    {"Nov  2 07:48:36 gate posternd[1]: 4h-5_x.Y: event=check",
	"Nov 2 07:48:36", "posternd", "4h-5_x.Y", "event=check"},
    {"2026-11-22T07:48:36.123456+00:00 gate sm-mta[7]: 6AM: stat=x",
	"2026-11-22T07:48:36.123456+00:00", "sm-mta", "6AM", "stat=x"},
    {"2026-11-22T07:48:36+0000 gate postfix/x/smtpd[7]: 6AM: a: b",
	"2026-11-22T07:48:36+0000", "postfix/x/smtpd", "6AM", "a: b"},
    {"mail.info Nov 22 07:48:36 posternd[193]: -: event=stop",
	"Nov 22 07:48:36", "posternd", "-", "event=stop"},
    {"Nov 22 07:48:36 gate posternd: Q1: event=stop", "Nov 22 07:48:36",
	"posternd", "Q1", "event=stop"},
    {"posternd[1]: Q1: x", "", "posternd", "Q1", "x"},
    {"\033[2J2026 gate posternd[1]: Q1: x", "", "posternd", "Q1", "x"},
    /* no time, a host that looks like a number, a year */
    {"gate postfix/smtp[7]: Q1: x", "", "postfix/smtp", "Q1", "x"},
    {"Nov 22 07:48:36 10.0.0.1 posternd[1]: Q1: x", "Nov 22 07:48:36",
	"posternd", "Q1", "x"},
    {"2026-11-22 07:48:36 gate posternd[1]: Q1: x", "2026-11-22 07:48:36",
	"posternd", "Q1", "x"},
    /* RFC 3164 and RFC 5424 */
    {"<22>Nov 22 07:48:36 gate postfix/smtp[7]: Q1: x", "Nov 22 07:48:36",
	"postfix/smtp", "Q1", "x"},
    {"<22>1 2026-11-22T07:48:36.12Z gate postfix/smtp 7 - - Q1: x",
	"2026-11-22T07:48:36.12Z", "postfix/smtp", "Q1", "x"},
    {"1 - - posternd - m-id [a@1 b=\"c ] \\\" d\"][e] \xef\xbb\xbf"
     "Q1: x",
	"", "posternd", "Q1", "x"},
    /* Docker, Compose, Kubernetes */
    {"{\"log\":\"Nov 22 07:48:36 gate postfix/smtp[7]: Q1: "
     "\\\"\\u003ca\\u003e\\\"\\n\",\"stream\":\"stdout\",\"time\":"
     "\"2026-11-22T07:48:37Z\"}",
	"Nov 22 07:48:36", "postfix/smtp", "Q1", "\"<a>\""},
    {"{\"log\":\"posternd[1]: Q1: \\u00e4\\t\\\\x\\n\",\"stream\":"
     "\"stdout\",\"time\":\"2026-11-22T07:48:37Z\"}",
	"2026-11-22T07:48:37Z", "posternd", "Q1", "?\t\\x"},
    {"{\"log\":\"posternd[1]: Q1: x", "", "posternd", "Q1", "x"},
    {"2026-11-22T07:48:37.1Z stdout F posternd[1]: Q1: x",
	"2026-11-22T07:48:37.1Z", "posternd", "Q1", "x"},
    {"2026-11-22T07:48:37Z stderr P Nov 22 07:48:36 gate "
     "postfix/smtp[7]: Q1: x",
	"Nov 22 07:48:36", "postfix/smtp", "Q1", "x"},
    {"2026-11-22T07:48:37Z postfix/smtp[7]: Q1: x", "2026-11-22T07:48:37Z",
	"postfix/smtp", "Q1", "x"},
    {"mail-1  | Nov 22 07:48:36 gate postfix/smtp[7]: Q1: x", "Nov 22 07:48:36",
	"postfix/smtp", "Q1", "x"},
    {"[pod/mail-0/postfix] 2026-11-22T07:48:37Z stdout F "
     "postfix/smtp[7]: Q1: x",
	"2026-11-22T07:48:37Z", "postfix/smtp", "Q1", "x"},
    {"[   12.345678] gate posternd[1]: Q1: x", "", "posternd", "Q1", "x"},
    {"2026-11-22T07:48:37Z INFO    postfix/smtp[7]: Q1: x",
	"2026-11-22T07:48:37Z", "postfix/smtp", "Q1", "x"},
};

static void
lines_of_every_syslog_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(syslog_lines); i++) {
		struct logline line;

		ROW(syslog_lines[i].line,
		    logline_parse(syslog_lines[i].line, &line));
		ROW_TEXT(syslog_lines[i].line, line.when, syslog_lines[i].when);
		ROW_TEXT(syslog_lines[i].line, line.program,
		    syslog_lines[i].program);
		ROW_TEXT(syslog_lines[i].line, line.id, syslog_lines[i].id);
		ROW_TEXT(syslog_lines[i].line, line.text, syslog_lines[i].text);
	}
}

static void
what_is_no_such_line_is_none(void **state)
{
	static const char *const rows[] = {"", " ", ":",
	    "::: :", "a b c d e f g",
	    "Nov 22 07:48:36 gate kernel: [ 1.0] x y: z",
	    "Nov 22 07:48:36 gate postfix/smtpd[1]: connect from x",
	    "Nov 22 07:48:36 gate postfix/smtp[722]: ",
	    "Nov 22 07:48:36 gate postfix/smtp[722]:",
	    "Nov 22 07:48:36 gate postfix/smtp[722]: F1A:",
	    "Nov 22 07:48:36 gate [722]: F1A: x",
	    "Nov 22 07:48:36 gate postfix/smtp[722: F1A: x",
	    "Nov 22 07:48:36 gate postfix/smtp[7]: " LONG_ID ": x",
	    "a b c d e f posternd[1]: Q1: x",
	    /* another program's text */
	    "Nov 22 07:48:36 gate (x)[1]: posternd[1]: Q1: x",
	    "Nov 22 07:48:36 gate a b posternd[1]: Q1: x",
	    "(x)[1]: posternd[1]: Q1: x",
	    "2026-11-22T07:48:36Z gate x posternd[1]: Q1: x",
	    "<22>1 2026-11-22T07:48:36Z gate posternd 7 - [a Q1: x",
	    "<22>1 2026-11-22T07:48:36Z gate posternd 7 - -Q1: x",
	    "<22>1 2026-11-22T07:48:36Z gate posternd", "{\"log\":\"",
	    "{\"log\":\"\\", "{\"log\":\"\\u00", "[", "[]", "] x", "a | ",
	    " | ", "2026 stdout F", "2026 stdout F "};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct logline line;

		ROW(rows[i], !logline_parse(rows[i], &line));
	}
}

static void
the_program_s_number_is_read(void **state)
{
	static const struct {
		const char *line, *pid, *id, *text;
	} rows[] = {
	    {"x postfix/smtpd[12]: connect from y", "12", "", "connect from y"},
	    {"x postfix/smtpd[12]: warning: milter z", "12", "warning",
		"milter z"},
	    {"<22>1 - gate postfix/smtpd 13 - - connect from y", "13", "",
		"connect from y"},
	    {"posternd: Q1: x", "", "Q1", "x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct logline line;

		ROW(rows[i].line, logline_read(rows[i].line, &line));
		ROW_TEXT(rows[i].line, line.pid, rows[i].pid);
		ROW_TEXT(rows[i].line, line.id, rows[i].id);
		ROW_TEXT(rows[i].line, line.text, rows[i].text);
	}
}

/* Local time is UTC here: 2027-01-15T08:00:00Z. */
static void
times_are_compared(void **state)
{
	enum { NOW = 1800000000, DAY = 86400 };
	static const struct {
		const char *when;
		time_t at; /* 0: none */
	} rows[] = {
	    {"2027-01-15T08:00:00Z", NOW},
	    {"2027-01-15T08:00:00.123456Z", NOW},
	    {"2027-01-15T09:00:00+01:00", NOW},
	    {"2027-01-15T07:00:00,5-0100", NOW},
	    {"2027-01-15T08:00:00", NOW},
	    {"2027-01-15 08:00:00", NOW},
	    {"Jan 15 08:00:00", NOW},
	    {"Jan  5 08:00:00", NOW - 10 * DAY},
	    {"Jan 15 08:00:01", NOW + 1},
	    {"Jan 16 08:00:00", NOW + DAY},
	    {"Jan 16 08:00:01", NOW + DAY + 1 - 365 * DAY},
	    {"Dec 31 08:00:00", NOW - 15 * DAY},
	    {"2027-01-15", 0},
	    {"2027-01-15T08", 0},
	    {"2027-01-15T08:00:00 x", 0},
	    {"08:00:00", 0},
	    {"", 0},
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		time_t at = 0;

		ROW(rows[i].when,
		    logline_time(rows[i].when, NOW, &at) == (rows[i].at != 0));
		ROW(rows[i].when, at == rows[i].at);
	}
}

static void
values_are_found_by_whole_keys(void **state)
{
	static const char text[] =
	    "event=check domain=a.example mx=m result=pass detail=x_mode=y";
	char out[16];

	(void)state;
	assert_true(logline_value(text, "result", out, sizeof(out)));
	assert_string_equal(out, "pass");
	assert_true(logline_value(text, "detail", out, sizeof(out)));
	assert_string_equal(out, "x_mode=y");
	assert_false(logline_value(text, "mode", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(logline_value(text, "resul", out, sizeof(out)));
	assert_false(logline_value("", "domain", out, sizeof(out)));
	assert_true(logline_value(text, "domain", out, 4));
	assert_string_equal(out, "a.e");
}

/* What deliveries come to, one behind the other. */
static void
note(void *arg, const struct logline_delivery *delivery)
{
	char *out = arg;
	size_t length = strlen(out);

	snprintf(out + length, 500 - length, "%s%s|%s|%s|%s|%s|%s",
	    length == 0 ? "" : " ", delivery->address, delivery->original,
	    delivery->relay, delivery->dsn, delivery->status, delivery->said);
}

static void
deliveries_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned count;
		const char *said;
	} rows[] = {
	    {"to=<u@a>, relay=mx[1]:25, delay=0.1, delays=0/0/0/0, dsn=2.0.0, "
	     "status=sent (250 2.0.0 ok)",
		1, "u@a||mx[1]:25|2.0.0|sent|250 2.0.0 ok"},
	    {"to=<u@a>, orig_to=<v@b>, relay=none, dsn=4.4.3, "
	     "status=deferred (x (y), status=sent (z))",
		1, "u@a|v@b|none|4.4.3|deferred|x (y), status=sent (z)"},
	    {"to=<\"a>, status=sent (x)\\\">\"@a>, relay=none, dsn=5.1.1, "
	     "status=bounced (no)",
		1, "\"a>, status=sent (x)\\\">\"@a||none|5.1.1|bounced|no"},
	    {"to=<u@a>, relay=local, dsn=2.0.0, status=sent", 1,
		"u@a||local|2.0.0|sent|"},
	    {"to=<u@a>, relay=x, dsn=2.0.0, status=sent (\033[1m)", 1,
		"u@a||x|2.0.0|sent|\\x1b[1m"},
	    {"to=<u@a>,<v@a>, delay=00:00:01, mailer=esmtp, relay=mx. [1], "
	     "dsn=2.0.0, stat=Sent (2.0.0 ok, stat=x)",
		2,
		"u@a||mx. [1]|2.0.0|sent|Sent (2.0.0 ok, stat=x) "
		"v@a||mx. [1]|2.0.0|sent|Sent (2.0.0 ok, stat=x)"},
	    {"to=u, ctladdr=<root@b> (0/0), dsn=4.0.0, stat=Deferred: later", 1,
		"u|||4.0.0|deferred|Deferred: later"},
	    {"to=<u@a>, dsn=5.1.10, stat=Service unavailable", 1,
		"u@a|||5.1.10|bounced|Service unavailable"},
	    {"to=<u@a>, delay=0, stat=quarantined", 1,
		"u@a||||queued|quarantined"},
	    {"to=<u@a>", 0, ""},
	    {"to=<u@a, status=sent (x)", 0, ""},
	    {"to=<u@a>, relay=x", 0, ""},
	    {"to=<u@a>, orig_to=<v@b, status=sent (x)", 0, ""},
	    {"to=, status=sent (x)", 0, ""},
	    {"to=", 0, ""},
	    {"from=<u@a>, status=sent (x)", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char said[500] = "";
		unsigned count = logline_deliveries(rows[i].text, note, said);

		ROW_TEXT(rows[i].text, said, rows[i].said);
		ROW(rows[i].text, count == rows[i].count);
	}
}

static void
an_address_that_is_too_long_is_none(void **state)
{
	char text[1000] = "to=<", said[500] = "";

	(void)state;
	memset(text + 4, 'a', LOGLINE_ADDRESS_SIZE);
	strncat(text, ">, dsn=2.0.0, status=sent (x)", 100);
	assert_int_equal(logline_deliveries(text, note, said), 0);
}

static void
refusals_are_read(void **state)
{
	static const struct {
		const char *text, *domain, *reason, *address;
		bool permanent;
	} rows[] = {
	    {"milter-reject: RCPT from unknown[::1]: 451 4.7.5 b.example: "
	     "validation-failure (outbound TLS precheck); from=<a@c> "
	     "to=<u@b.example> proto=ESMTP helo=<x>",
		"b.example", "validation-failure", "u@b.example", false},
	    {"milter-reject: END-OF-MESSAGE from unknown[::1]: 5.7.5 "
	     "b.example: dane-required (outbound TLS precheck); from=<a@c>",
		"b.example", "dane-required", "", true},
	    {"Milter: to=<u@b.example>, reject=550 5.7.10 b.example: "
	     "requiretls-unmet (outbound TLS precheck)",
		"b.example", "requiretls-unmet", "u@b.example", true},
	    {"milter-reject: END-OF-MESSAGE from unknown[::1]: 5.7.5 a "
	     "recipient's domain: dane-required (outbound TLS precheck); "
	     "from=<a@c> to=<u@b.example> proto=ESMTP helo=<x>",
		"", "dane-required", "u@b.example", true},
	    {"Milter: data, reject=451 4.7.5 a recipient's domain: deadline "
	     "(outbound TLS precheck)",
		"", "deadline", "", false},
	};
	static const char *const others[] = {
	    "milter-reject: RCPT from x: 451 4.7.1 Service unavailable",
	    "reject: RCPT from x: 554 5.7.1 <u@b>: no; from=<a> to=<u@b>",
	    "(outbound TLS precheck)", "reject (outbound TLS precheck)",
	    "reject: (outbound TLS precheck)", ""};
	struct logline_refusal refusal;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ROW(rows[i].text, logline_refusal(rows[i].text, &refusal));
		ROW_TEXT(rows[i].text, refusal.domain, rows[i].domain);
		ROW_TEXT(rows[i].text, refusal.reason, rows[i].reason);
		ROW_TEXT(rows[i].text, refusal.address, rows[i].address);
		ROW(rows[i].text, refusal.permanent == rows[i].permanent);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		ROW(others[i], !logline_refusal(others[i], &refusal));
}

int
main(void)
{
	const struct CMUnitTest logline[] = {
	    cmocka_unit_test(lines_of_every_syslog_are_read),
	    cmocka_unit_test(what_is_no_such_line_is_none),
	    cmocka_unit_test(the_program_s_number_is_read),
	    cmocka_unit_test(times_are_compared),
	    cmocka_unit_test(values_are_found_by_whole_keys),
	    cmocka_unit_test(deliveries_are_read),
	    cmocka_unit_test(an_address_that_is_too_long_is_none),
	    cmocka_unit_test(refusals_are_read),
	};

	return RUN_TESTS(logline);
}
