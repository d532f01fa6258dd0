/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/tlsrpt/mail.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/tap.h"

struct leaves {
	size_t count;
	struct mail_part last;
	char text[64]; /* of the last one */
};

static void
note_leaf(void *arg, const struct mail_part *part)
{
	struct leaves *leaves = arg;

	leaves->count++;
	leaves->last = *part;
	leaves->last.octets = NULL;
	snprintf(leaves->text, sizeof(leaves->text), "%.*s", (int)part->size,
	    part->octets);
}

static struct leaves
leaves_of(const char *message)
{
	struct leaves leaves = {.count = 0};

	assert_null(
	    mail_read(message, strlen(message), "mx.d.ex", note_leaf, &leaves));
	return leaves;
}

#define HEAD                                                             \
	"From: Reports <noreply@s.ex>\n"                                 \
	"Subject: Report Domain: d.ex Submitter: s.ex Report-ID: <r1>\n" \
	"MIME-Version: 1.0\n"
#define GZIP_PART                                                     \
	"Content-Type: application/tlsrpt+gzip; name=\"a!b\"\n"       \
	"Content-Transfer-Encoding: base64\n"                         \
	"Content-Disposition: attachment;\n"                          \
	" filename=\"f.ex!g.ex!1795824000!1795910399!1.json.gz\"\n\n" \
	"e30=\n"

static void
a_part_comes_with_what_stands_around_it(void **state)
{
	struct leaves leaves = leaves_of(
	    HEAD "TLS-Report-Domain: D.ex\nTLS-Report-Submitter: s.ex\n"
		 "Content-Type: multipart/report; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nhello\n--b\n" GZIP_PART
		 "--b--\n");

	(void)state;
	assert_int_equal(leaves.count, 2);
	assert_string_equal(leaves.text, "{}");
	assert_string_equal(leaves.last.hints.domain, "d.ex");
	assert_string_equal(leaves.last.hints.submitter, "s.ex");
	assert_string_equal(leaves.last.hints.subject_id, "r1");
	assert_int_equal(leaves.last.hints.begin, 1795824000);
	assert_true(leaves.last.claims && leaves.last.is_gzip);
	assert_false(leaves.last.forwarded || leaves.last.passed ||
		     leaves.last.claims_zip);
}

/* T09: header field, file name, author */
static void
the_submitter_is_found_somewhere(void **state)
{
	struct leaves leaves = leaves_of(HEAD GZIP_PART);

	(void)state;
	assert_string_equal(leaves.last.hints.submitter, "f.ex");
	assert_string_equal(leaves.last.hints.domain, "g.ex");
	leaves = leaves_of(
	    HEAD "Content-Type: application/tlsrpt+json\n\n{\"a\":1}");
	assert_string_equal(leaves.last.hints.submitter, "s.ex");
	assert_true(leaves.last.claims && !leaves.last.is_gzip);
}

/* T16 */
static void
transfer_encodings_are_undone(void **state)
{
	static const struct {
		const char *encoding, *body, *text;
	} rows[] = {
	    {"base64", "e3\n0=\n\nnot base64 !!\n", "{}"},
	    {"base64", "e30=\r\n--\r\n", "{}"},
	    {"quoted-printable", "{\"a\":=\n \"=C3=A9\"}",
		"{\"a\": \"\xc3\xa9\"}"},
	    {"8bit", "{}", "{}"},
	    {"x-unheard-of", "{}", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char message[512];
		struct leaves leaves;

		snprintf(message, sizeof(message),
		    "Content-Type: application/json\n"
		    "Content-Transfer-Encoding: %s\n\n%s",
		    rows[i].encoding, rows[i].body);
		leaves = leaves_of(message);
		ROW(rows[i].body, strncmp(leaves.text, rows[i].text,
				      strlen(rows[i].text)) == 0);
	}
}

/* As many messages around one, and the leaves that are seen. */
static size_t
leaves_inside(int levels)
{
	char message[4096] = "";

	for (int i = 0; i < levels; i++)
		strncat(message, "Content-Type: message/rfc822\n\n",
		    sizeof(message) - strlen(message) - 1);
	strncat(message, HEAD GZIP_PART, sizeof(message) - strlen(message) - 1);
	return leaves_of(message).count;
}

/* T16: LIMIT_MESSAGE_LEVELS */
static void
attached_messages_are_looked_into(void **state)
{
	struct leaves leaves = leaves_of(
	    "From: me@d.ex\nSubject: Fwd\nAuthentication-Results: mx.d.ex; "
	    "dkim=pass header.d=d.ex\n"
	    "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee below\n"
	    "--o\nContent-Type: message/rfc822\n\n" HEAD
	    "Authentication-Results: mx.d.ex; dkim=pass "
	    "header.d=f.ex\n" GZIP_PART "--o--\n");

	(void)state;
	assert_int_equal(leaves.count, 2);
	assert_true(leaves.last.forwarded);
	assert_string_equal(leaves.last.hints.submitter, "f.ex");
	assert_string_equal(leaves.last.hints.subject_id, "r1");
	/* what somebody attached says nothing of who checked it */
	assert_false(leaves.last.passed);
	assert_int_equal(leaves_inside(LIMIT_MESSAGE_LEVELS), 1);
	assert_int_equal(leaves_inside(LIMIT_MESSAGE_LEVELS + 1), 0);
}

static void
the_own_server_tells_who_signed(void **state)
{
	static const struct {
		const char *field;
		bool passed;
	} rows[] = {
	    {"Authentication-Results: mx.d.ex;\n dkim=pass header.d=f.ex\n",
		true},
	    {"authentication-results: mx.d.ex; spf=pass\n"
	     "Authentication-Results: mx.d.ex; dkim=pass header.d=f.ex\n",
		true},
	    {"Authentication-Results: mx.d.ex; dkim=pass header.d=s.ex\n",
		false},
	    {"Authentication-Results: mx.s.ex; dkim=pass header.d=f.ex\n",
		false},
	    {"", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char message[2048];

		snprintf(message, sizeof(message), "%s%s", rows[i].field,
		    HEAD GZIP_PART);
		ROW(rows[i].field,
		    leaves_of(message).last.passed == rows[i].passed);
	}
}

static void
what_is_too_much_is_not_parsed(void **state)
{
	size_t size = 6 * (LIMIT_MESSAGE_DASHES + 1);
	char *text = xcalloc(1, size + 1), *at = text;
	struct leaves leaves = {.count = 0};

	(void)state;
	for (int i = 0; i <= LIMIT_MESSAGE_DASHES; i++)
		at = stpcpy(at, "--a\n\n");
	assert_non_null(
	    mail_read(text, (size_t)(at - text), NULL, note_leaf, &leaves));
	assert_int_equal(leaves.count, 0);
	free(text);
}

static void
odd_messages_do_no_harm(void **state)
{
	static const char *const messages[] = {"", "\n", "x", ": ", "a:\n b",
	    "Content-Type: multipart/mixed; boundary=\n\n--\n\n----\n",
	    "Content-Type: multipart/mixed\n\n--\n",
	    "Content-Type: message/rfc822\n",
	    "Content-Type: message/rfc822\n\n",
	    "From: \nSubject: =?x?q?=?=\n\nx",
	    "From: undisclosed:;\nContent-Type: application/tlsrpt+json\n\n{}",
	    ("Content-Type: application/tlsrpt+gzip; name*0*=utf-8''%; "
	     "name*1=x\n\n"),
	    "Content-Type: message/partial; id=a; number=1\n\nx"};

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++)
		leaves_of(messages[i]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_part_comes_with_what_stands_around_it),
	    cmocka_unit_test(the_submitter_is_found_somewhere),
	    cmocka_unit_test(transfer_encodings_are_undone),
	    cmocka_unit_test(attached_messages_are_looked_into),
	    cmocka_unit_test(the_own_server_tells_who_signed),
	    cmocka_unit_test(what_is_too_much_is_not_parsed),
	    cmocka_unit_test(odd_messages_do_no_harm),
	};

	return RUN_TESTS(tests);
}
