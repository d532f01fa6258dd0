/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/smtp_reply.h"

#include <string.h>

#include "t/tap.h"

/* Feed all at once, or octet by octet; both must come to the same. */
static size_t
feed(struct smtp_reply *reply, const char *octets, size_t length, size_t step)
{
	size_t used = 0;

	smtp_reply_init(reply);
	while (used < length && reply->state == SMTP_REPLY_MORE) {
		size_t part = length - used < step ? length - used : step;

		used += smtp_reply_feed(reply, octets + used, part);
	}
	return used;
}

static const struct {
	const char *id, *in;
	enum smtp_reply_state state;
	int code;
	const char *text;
	unsigned extensions;
	const char *left;
} replies[] = {
    {"greeting", "220 mx1.d.example ESMTP\r\n", SMTP_REPLY_DONE, 220,
	"mx1.d.example ESMTP", 0, ""},
    {"LF", "220 hello\n", SMTP_REPLY_DONE, 220, "hello", 0, ""},
    {"code only", "221\r\n", SMTP_REPLY_DONE, 221, "", 0, ""},
    {"no text", "221 \r\n", SMTP_REPLY_DONE, 221, "", 0, ""},
    {"EHLO", "250-mx1\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"Q01", "250-mx1\r\n250-RequireTLS\r\n250 starttls\r\n", SMTP_REPLY_DONE,
	250, "mx1", SMTP_STARTTLS | SMTP_REQUIRETLS, ""},
    {"keyword with parameter", "250-mx1\r\n250 STARTTLS foo\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"trailing space", "250-mx1\r\n250 STARTTLS \r\n", SMTP_REPLY_DONE, 250,
	"mx1", SMTP_STARTTLS, ""},
    {"D44", "250-mx1\r\n250 XSTARTTLS\r\n", SMTP_REPLY_DONE, 250, "mx1", 0, ""},
    {"D44 longer", "250-mx1\r\n250 STARTTLSX\r\n", SMTP_REPLY_DONE, 250, "mx1",
	0, ""},
    {"D44 parameter", "250-mx1\r\n250 AUTH STARTTLS\r\n", SMTP_REPLY_DONE, 250,
	"mx1", 0, ""},
    {"server named so", "250-STARTTLS\r\n250 SIZE\r\n", SMTP_REPLY_DONE, 250,
	"STARTTLS", 0, ""},
    {"server named so, alone", "250 STARTTLS\r\n", SMTP_REPLY_DONE, 250,
	"STARTTLS", 0, ""},
    {"D45", "454 4.7.0 TLS not available\r\n", SMTP_REPLY_DONE, 454,
	"4.7.0 TLS not available", 0, ""},
    {"injection", "220 go\r\n250 injected\r\n", SMTP_REPLY_DONE, 220, "go", 0,
	"250 injected\r\n"},
    {"last code counts", "250-a\r\n550 b\r\n", SMTP_REPLY_DONE, 550, "a", 0,
	""},
    {"continued without text", "250-\r\n250 STARTTLS\r\n", SMTP_REPLY_DONE, 250,
	"", SMTP_STARTTLS, ""},
    {"not ended", "250-mx1\r\n250 STARTTLS", SMTP_REPLY_MORE, 250, "mx1", 0,
	""},
    {"nothing", "", SMTP_REPLY_MORE, 0, "", 0, ""},
    {"blank line", "\r\n220 late\r\n", SMTP_REPLY_BAD, 0, "", 0,
	"220 late\r\n"},
    {"not SMTP", "SSH-2.0-x\r\n", SMTP_REPLY_BAD, 0, "", 0, ""},
    {"two digits", "25 x\r\n", SMTP_REPLY_BAD, 0, "", 0, ""},
    {"four digits", "2500 x\r\n", SMTP_REPLY_BAD, 250, "", 0, ""},
    {"1yz", "120 x\r\n", SMTP_REPLY_BAD, 0, "", 0, ""},
    {"6yz", "620 x\r\n", SMTP_REPLY_BAD, 0, "", 0, ""},
    {"text at once", "220hello\r\n", SMTP_REPLY_BAD, 220, "", 0, ""},
    {"no code in a later line", "250-a\r\nhello\r\n", SMTP_REPLY_BAD, 0, "a", 0,
	""},
};

static void
replies_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(replies); i++) {
		size_t row = i / 2;
		const char *id = replies[row].id;
		const char *in = replies[row].in;
		struct smtp_reply reply;
		size_t used;

		used = feed(&reply, in, strlen(in), i % 2 == 0 ? 1 : 4096);
		ROW(id, reply.state == replies[row].state);
		ROW(id, reply.code == replies[row].code);
		ROW(id, reply.extensions == replies[row].extensions);
		ROW_TEXT(id, reply.text, replies[row].text);
		ROW_TEXT(id, in + used, replies[row].left);
	}
}

static void
a_nul_hides_nothing(void **state)
{
	static const char in[] = "220 a\0b\r\n";
	struct smtp_reply reply;

	(void)state;
	feed(&reply, in, sizeof(in) - 1, 4096);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_string_equal(reply.text, "a?b");
}

static void
a_long_text_is_cut(void **state)
{
	char in[LIMIT_SMTP_LINE + 2];
	struct smtp_reply reply;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, "220 ", 4);
	in[LIMIT_SMTP_LINE] = '\n';
	assert_int_equal(
	    feed(&reply, in, sizeof(in), 4096), LIMIT_SMTP_LINE + 1);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_int_equal(strlen(reply.text), LIMIT_DETAIL);
}

static void
an_endless_line_is_bad(void **state)
{
	char in[LIMIT_SMTP_LINE + 1];
	struct smtp_reply reply;

	(void)state;
	memset(in, '2', sizeof(in));
	feed(&reply, in, sizeof(in), 4096);
	assert_int_equal(reply.state, SMTP_REPLY_BAD);
}

static void
an_endless_reply_is_bad(void **state)
{
	char in[LIMIT_SMTP_LINES * 8 + 1];
	char *line = in;
	struct smtp_reply reply;

	(void)state;
	for (int i = 0; i < LIMIT_SMTP_LINES; i++, line += 8)
		memcpy(line, "250-abc\n", 8);
	assert_int_equal(
	    feed(&reply, in, sizeof(in) - 1, 4096), sizeof(in) - 1);
	assert_int_equal(reply.state, SMTP_REPLY_BAD);
	line[-5] = ' '; /* the same with an end is a reply */
	feed(&reply, in, sizeof(in) - 1, 4096);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
}

static void
a_reply_of_too_many_octets_is_bad(void **state)
{
	static char in[LIMIT_SMTP_REPLY + 1];
	struct smtp_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = i % 1024 == 1023 ? '\n' : "250-"[i % 1024 % 4];
	feed(&reply, in, sizeof(in), 1000);
	assert_int_equal(reply.state, SMTP_REPLY_BAD);
	assert_int_equal(reply.total, LIMIT_SMTP_REPLY + 1);
}

int
main(void)
{
	static const struct CMUnitTest smtp_reply[] = {
	    cmocka_unit_test(replies_are_read),
	    cmocka_unit_test(a_nul_hides_nothing),
	    cmocka_unit_test(a_long_text_is_cut),
	    cmocka_unit_test(an_endless_line_is_bad),
	    cmocka_unit_test(an_endless_reply_is_bad),
	    cmocka_unit_test(a_reply_of_too_many_octets_is_bad),
	};

	return RUN_TESTS(smtp_reply);
}
