/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/smtp_reply.h"

#include <string.h>

#include "t/unit/tap.h"

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
    {"blank before the keyword", "250-mx1\r\n250- STARTTLS\r\n250 x\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"blanks before the keyword", "250-mx1\r\n250     STARTTLS\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"=", "250-mx1\r\n250-STARTTLS=yes\r\n250 REQUIRETLS=\r\n", SMTP_REPLY_DONE,
	250, "mx1", SMTP_STARTTLS | SMTP_REQUIRETLS, ""},
    {"= before", "250-mx1\r\n250-=STARTTLS\r\n250 x\r\n", SMTP_REPLY_DONE, 250,
	"mx1", SMTP_STARTTLS, ""},
    {"- before", "250-mx1\r\n250--STARTTLS\r\n250 x\r\n", SMTP_REPLY_DONE, 250,
	"mx1", 0, ""},
    {"- behind", "250-mx1\r\n250 STARTTLS-x\r\n", SMTP_REPLY_DONE, 250, "mx1",
	0, ""},
    {"TAB behind", "250-mx1\r\n250 STARTTLS\tx\r\n", SMTP_REPLY_DONE, 250,
	"mx1", 0, ""},
    {"TAB before", "250-mx1\r\n250-\tSTARTTLS\r\n250 x\r\n", SMTP_REPLY_DONE,
	250, "mx1", 0, ""},
    {"other codes", "250-mx1\r\n550-STARTTLS\r\n299 x\r\n", SMTP_REPLY_DONE,
	299, "mx1", SMTP_STARTTLS, ""},
    {"keyword without a code", "250-mx1\r\nx STARTTLS\r\n250 x\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"keyword as first word", "250-mx1\r\n STARTTLS\r\n250 x\r\n",
	SMTP_REPLY_DONE, 250, "mx1", 0, ""},
    {"keyword at once", "250-mx1\r\n250STARTTLS\r\n250 x\r\n", SMTP_REPLY_DONE,
	250, "mx1", 0, ""},
    {"keyword alone", "250-mx1\r\nSTARTTLS\r\n250 x\r\n", SMTP_REPLY_DONE, 250,
	"mx1", 0, ""},
    {"name missing", "250-\r\n250 STARTTLS\r\n", SMTP_REPLY_DONE, 250,
	"STARTTLS", 0, ""},
    {"name on the second line", "250-\r\n250-mx1\r\n250 STARTTLS\r\n",
	SMTP_REPLY_DONE, 250, "mx1", SMTP_STARTTLS, ""},
    {"name on a stray line", "hello mx1\r\n250-STARTTLS\r\n250 x\r\n",
	SMTP_REPLY_DONE, 250, "STARTTLS", SMTP_STARTTLS, ""},
    {"many CR", "250-mx1\r\r\r\n250 STARTTLS\r\r\n", SMTP_REPLY_DONE, 250,
	"mx1", SMTP_STARTTLS, ""},
    {"CR within", "250-mx1\r\n250 STARTTLS\r \r\n", SMTP_REPLY_DONE, 250, "mx1",
	0, ""},
    {"not ended", "250-mx1\r\n250 STARTTLS", SMTP_REPLY_MORE, 0, "mx1", 0, ""},
    {"nothing", "", SMTP_REPLY_MORE, 0, "", 0, ""},
    {"blank line", "\r\n220 late\r\n", SMTP_REPLY_DONE, 220, "late", 0, ""},
    {"not SMTP", "SSH-2.0-x\r\n", SMTP_REPLY_MORE, 0, "", 0, ""},
    {"stray lines", "25 x\n2500 x\n220hello\n 220 x\n2 20\n220 go\n",
	SMTP_REPLY_DONE, 220, "go", 0, ""},
    {"1yz", "120 x\r\n", SMTP_REPLY_DONE, 120, "x", 0, ""},
    {"6yz", "620 x\r\n", SMTP_REPLY_DONE, 620, "x", 0, ""},
    {"000", "000 x\r\n", SMTP_REPLY_DONE, 0, "x", 0, ""},
    {"stray line within", "250-a\r\nhello\r\n250 b\r\n", SMTP_REPLY_DONE, 250,
	"a", 0, ""},
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
a_nul_hides_the_rest_of_its_line(void **state)
{
	static const char in[] =
	    "250-a\0b\r\n250-STARTTLS\0x\r\n250-x\0 STARTTLS\n250\0-\n";
	struct smtp_reply reply;

	(void)state;
	assert_int_equal(
	    feed(&reply, in, sizeof(in) - 1, 4096), sizeof(in) - 1);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_string_equal(reply.text, "a");
	assert_int_equal(reply.extensions, SMTP_STARTTLS);
}

static void
a_stray_line_is_kept_for_whoever_asks(void **state)
{
	static const char in[] = "\r\nSSH-2.0-\033x\r\nno more\r\n220";
	struct smtp_reply reply;

	(void)state;
	feed(&reply, in, sizeof(in) - 1, 1);
	assert_int_equal(reply.state, SMTP_REPLY_MORE);
	assert_string_equal(reply.stray, "SSH-2.0-?x");
}

static void
a_banner_of_stars_is_masked(void **state)
{
	static const struct {
		const char *in;
		bool is_masked;
	} banners[] = {
	    {"220 ****2**0***02\r\n", true},
	    {"220\r\n", true},
	    {"220-**\r\n220 **\r\n", false},
	    {"220 mx1\r\n", false},
	    {"220 *\t*\r\n", false},
	    {"x\r\n220 **\r\n", false},
	};
	struct smtp_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT(banners); i++) {
		feed(&reply, banners[i].in, strlen(banners[i].in), 4096);
		ROW(banners[i].in, reply.state == SMTP_REPLY_DONE);
		ROW(banners[i].in, reply.is_masked == banners[i].is_masked);
	}
}

static void
a_long_line_is_read_to_the_limit(void **state)
{
	char in[2 * LIMIT_SMTP_LINE];
	struct smtp_reply reply;

	(void)state;
	memset(in, ' ', sizeof(in));
	memcpy(in, "250-mx1\n250 ", 12);
	in[sizeof(in) - 1] = '\n';
	memcpy(in + 8 + LIMIT_SMTP_LINE - 8, "STARTTLS", 8);
	feed(&reply, in, sizeof(in), 4096);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_int_equal(reply.extensions, SMTP_STARTTLS);
	memcpy(in + 8 + LIMIT_SMTP_LINE - 8, " STARTTLS", 9);
	feed(&reply, in, sizeof(in), 4096);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_int_equal(reply.extensions, 0);
}

/* So many lines that those before the last fill what is looked at, or are one
 * octet short of it. */
static void
a_long_reply_is_read_to_the_limit(void **state)
{
	for (size_t missing = 0; missing < 2; missing++) {
		char in[LIMIT_SMTP_LINE + 64];
		size_t used = LIMIT_SMTP_LINE + 1 - missing;
		struct smtp_reply reply;

		(void)state;
		memset(in, 'x', sizeof(in));
		for (size_t i = 0; i < used; i += 128)
			memcpy(in + i, "\n250-", 5);
		memcpy(in + used, "\n250 STARTTLS\n", 15);
		feed(&reply, in + 1, used + 14, 7);
		assert_int_equal(reply.state, SMTP_REPLY_DONE);
		assert_int_equal(
		    reply.extensions, missing == 1 ? SMTP_STARTTLS : 0);
	}
}

/* Between two lines an octet is counted, however short the first is. */
static void
what_joins_a_line_of_one_octet_counts(void **state)
{
	char in[LIMIT_SMTP_LINE + 64] = "x\n";
	struct smtp_reply reply;

	(void)state;
	memset(in + 2, 'x', LIMIT_SMTP_LINE - 2);
	memcpy(in + 2, "250-", 4);
	memcpy(in + LIMIT_SMTP_LINE, "\n250 STARTTLS\n", 15);
	feed(&reply, in, LIMIT_SMTP_LINE + 14, 7);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
	assert_int_equal(reply.extensions, 0);
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
an_endless_reply_is_bad(void **state)
{
	static char in[LIMIT_SMTP_REPLY + 1];
	struct smtp_reply reply;

	(void)state;
	for (size_t line = 1; line <= sizeof(in); line *= 1024) {
		for (size_t i = 0; i < sizeof(in); i++)
			in[i] =
			    i % line == line - 1 ? '\n' : "250-"[i % line % 4];
		feed(&reply, in, sizeof(in), 1000);
		assert_int_equal(reply.state, SMTP_REPLY_BAD);
		assert_int_equal(reply.total, LIMIT_SMTP_REPLY + 1);
	}
	memcpy(in + sizeof(in) - 7, "\n250 x\n", 7);
	feed(&reply, in + 1, sizeof(in) - 1, 1000);
	assert_int_equal(reply.state, SMTP_REPLY_DONE);
}

int
main(void)
{
	static const struct CMUnitTest smtp_reply[] = {
	    cmocka_unit_test(replies_are_read),
	    cmocka_unit_test(a_nul_hides_the_rest_of_its_line),
	    cmocka_unit_test(a_stray_line_is_kept_for_whoever_asks),
	    cmocka_unit_test(a_banner_of_stars_is_masked),
	    cmocka_unit_test(a_long_line_is_read_to_the_limit),
	    cmocka_unit_test(a_long_reply_is_read_to_the_limit),
	    cmocka_unit_test(what_joins_a_line_of_one_octet_counts),
	    cmocka_unit_test(a_long_text_is_cut),
	    cmocka_unit_test(an_endless_reply_is_bad),
	};

	return RUN_TESTS(smtp_reply);
}
