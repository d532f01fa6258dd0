/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_message.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/base64.h"
#include "t/unit/tap.h"

static const char json[] =
    "{\"organization-name\":\"Example Org\",\"date-range\":{"
    "\"start-datetime\":\"2026-11-28T00:00:00Z\","
    "\"end-datetime\":\"2026-11-28T23:59:59Z\"},"
    "\"contact-info\":\"tls@example.org\",\"report-id\":\"x\",\"policies\":["
    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[],"
    "\"policy-domain\":\"d.ex\"},\"summary\":{"
    "\"total-successful-session-count\":7,\"total-failure-session-count\":3},"
    "\"failure-details\":[{\"result-type\":\"certificate-expired\","
    "\"failed-session-count\":2},"
    "{\"result-type\":\"of-another-kind\",\"failed-session-count\":1}]},"
    "{\"policy\":{\"policy-type\":\"no-policy-found\","
    "\"policy-domain\":\"d.ex\"},\"summary\":{"
    "\"total-successful-session-count\":1,"
    "\"total-failure-session-count\":0}}]}";

enum { SMALL = 500, LARGE = 1 << 20 };

static struct tlsrpt_message mail = {.from = "tls@example.org",
    .to = "r@reports.ex",
    .submitter = "example.org",
    .domain = "d.ex",
    .id = "20261128.1f0c22ab.d.ex@example.org",
    .organization = "Example Org",
    .contact = "tls@example.org",
    .date = 1795910400, /* 2026-11-29T00:00:00Z */
    .whole = true};

static int
set_up(void **state)
{
	static char body[LARGE];

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i * 7);
	mail.report = tlsrpt_report_load(json, strlen(json), NULL);
	mail.body = body;
	mail.size = SMALL;
	return mail.report == NULL;
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, text);
}

/* S10 S11 S12 S13 */
static void
a_message_is_what_receivers_look_for(void **state)
{
	static const char *const parts[] = {"From: tls@example.org\r\n",
	    "To: r@reports.ex\r\n", "Date: Sun, 29 Nov 2026 00:00:00 +0000\r\n",
	    "Subject: Report Domain: d.ex\r\n Submitter: example.org\r\n"
	    " Report-ID: <20261128.1f0c22ab.d.ex@example.org>\r\n",
	    "\r\nTLS-Report-Domain: d.ex\r\n",
	    "\r\nTLS-Report-Submitter: example.org\r\n",
	    "\r\nTLS-Required: No\r\n",
	    "\r\nAuto-Submitted: auto-generated\r\n",
	    "\r\nMIME-Version: 1.0\r\n",
	    "multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"",
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n",
	    "about mail to  d.ex\r\n"
	    "from           2026-11-28T00:00:00Z\r\n"
	    "to             2026-11-28T23:59:59Z\r\n",
	    "8 sessions succeeded, 3 failed.\r\n"
	    "       1 other\r\n"
	    "       2 certificate-expired\r\n",
	    "Content-Type: application/tlsrpt+gzip;\r\n "
	    "name=\"example.org!d.ex!"
	    "1795824000!1795910399!1f0c22ab.json.gz\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n filename=\"example.org!d.ex!"
	    "1795824000!1795910399!1f0c22ab.json.gz\"\r\n\r\n"};
	size_t length;
	char *text = tlsrpt_message_print(&mail, &length);

	(void)state;
	assert_int_equal(length, strlen(text));
	for (size_t i = 0; i < COUNT(parts); i++)
		assert_has(text, parts[i]);
	free(text);
}

/* S11 */
static void
a_file_has_of_the_id_what_stands_between_its_dots(void **state)
{
	static const struct {
		const char *id;
		const char *unique;
	} rows[] = {
	    {"20261128.1f0c22ab.d.ex@example.org", "1f0c22ab"},
	    {"20261128.1f0c22ab", "1f0c22ab"},
	    {"20261128", ""},
	    {"a.0123456789abcdef0.d.ex", "0123456789abcde"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tlsrpt_message other = mail;
		char file[TLSRPT_FILE_SIZE], wanted[TLSRPT_FILE_SIZE];

		other.id = rows[i].id;
		tlsrpt_message_file(&other, file);
		snprintf(wanted, sizeof(wanted),
		    "example.org!d.ex!1795824000!1795910399!%s.json.gz",
		    rows[i].unique);
		ROW_TEXT(rows[i].id, file, wanted);
	}
}

/* The octets that were attached, as long as they are. */
static uint8_t *
attached(char *text, size_t *size)
{
	char *at = strstr(strstr(text, "attachment;"), "\r\n\r\n") + 4;
	char *to = at;
	uint8_t *out;

	*strstr(at, "\r\n--") = '\0';
	for (char *from = at; *from != '\0'; from++)
		if (*from != '\r' && *from != '\n')
			*to++ = *from;
	*to = '\0';
	out = base64_decode(at, size);
	assert_non_null(out);
	return out;
}

static void
assert_attached(size_t wanted)
{
	struct tlsrpt_message part = mail;
	size_t length, size;
	uint8_t *octets;
	char *text;

	part.size = wanted;
	text = tlsrpt_message_print(&part, &length);
	octets = attached(text, &size);
	assert_int_equal(size, part.size);
	assert_memory_equal(octets, part.body, size);
	free(octets);
	free(text);
}

/* Each count of octets, so that the last line has one digit to all of them. */
static void
a_report_of_any_size_is_attached_whole(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= 60; cut++)
		assert_attached(SMALL - cut);
	assert_attached(LARGE);
}

/* S10 */
static void
lines_are_short_and_end_as_they_should(void **state)
{
	size_t length;
	char *text = tlsrpt_message_print(&mail, &length);

	(void)state;
	for (char *at = text; *at != '\0';) {
		size_t line = strcspn(at, "\r\n");

		assert_in_range(line, 0, 78);
		assert_memory_equal(at + line, "\r\n", 2);
		at += line + 2;
	}
	free(text);
}

static void
it_is_the_same_at_every_try_and_another_for_each_recipient(void **state)
{
	size_t length;
	char *one = tlsrpt_message_print(&mail, &length);
	char *again = tlsrpt_message_print(&mail, &length), *other;
	struct tlsrpt_message to_other = mail;

	(void)state;
	to_other.to = "s@reports.ex";
	other = tlsrpt_message_print(&to_other, &length);
	assert_string_equal(one, again);
	assert_memory_not_equal(strstr(one, "Message-ID"),
	    strstr(other, "Message-ID"), strlen("Message-ID: <0123456789"));
	free(one);
	free(again);
	free(other);
}

/* S13 */
static void
who_knows_failures_alone_says_so(void **state)
{
	struct tlsrpt_message poor = mail;
	size_t length;
	char *text;

	(void)state;
	poor.whole = false;
	poor.sample = true;
	text = tlsrpt_message_print(&poor, &length);
	assert_has(text, "Failures alone are counted");
	assert_has(text, "THIS IS A SAMPLE");
	free(text);
}

static int
tear_down(void **state)
{
	struct tlsrpt_report *owned;

	(void)state;
	memcpy(&owned, &mail.report, sizeof(owned));
	tlsrpt_report_free(owned);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_what_receivers_look_for),
	    cmocka_unit_test(a_file_has_of_the_id_what_stands_between_its_dots),
	    cmocka_unit_test(a_report_of_any_size_is_attached_whole),
	    cmocka_unit_test(lines_are_short_and_end_as_they_should),
	    cmocka_unit_test(
		it_is_the_same_at_every_try_and_another_for_each_recipient),
	    cmocka_unit_test(who_knows_failures_alone_says_so),
	};

	return RUN_TESTS_WITH(tests, set_up, tear_down);
}
