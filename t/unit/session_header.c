/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/xalloc.h"
#include "t/unit/mail.h"
#include "t/unit/tap.h"

static char *
bcc_conf(const char *action, const char *more)
{
	static char conf[256];

	snprintf(conf, sizeof(conf),
	    "DecideAt message\nAuthservID gate.example\nOn-Fail %s\n%s", action,
	    more);
	return conf;
}

static struct session_end
send_with_bcc(const char *conf)
{
	struct session *session = mail_begin(conf);
	struct session_end end;

	mail_rcpt(session, "<a@pass.example>");
	mail_rcpt(session, "<b@softfail.example>");
	mail_rcpt(session, "<secret@fail.example>");
	session_header(session, "Subject", "x@fail.example");
	session_header(session, "to", "A <a@pass.example>");
	session_header(
	    session, "CC", "\"b@fail.example\" <b@SoftFail.Example>");
	session_header(session, "Bcc", "secret@fail.example");
	end = mail_finish(session);
	session_free(session);
	return end;
}

static void
the_tag_names_only_what_the_message_names(void **state)
{
	struct session_end end = send_with_bcc(bcc_conf("tag", ""));

	(void)state;
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=fail; action=tag; id=Q1;\n"
	    " d=softfail.example/softfail/no-policy-found/"
	    "validation-failure;\n"
	    " d=pass.example/pass/no-policy-found/ok");
	session_end_fini(&end);
}

static void
header_domains_may_be_all_or_none(void **state)
{
	struct session_end end =
	    send_with_bcc(bcc_conf("tag", "HeaderDomains none\n"));

	(void)state;
	assert_string_equal(
	    end.tag, "gate.example; v=1; result=fail; action=tag; id=Q1");
	session_end_fini(&end);
	end = send_with_bcc(bcc_conf("tag", "HeaderDomains all\n"));
	assert_non_null(strstr(end.tag, "id=Q1;\n d=fail.example/fail/"));
	session_end_fini(&end);
}

static void
replies_and_hold_reasons_keep_the_secret_too(void **state)
{
	struct session_end end = send_with_bcc(bcc_conf("defer", ""));

	(void)state;
	assert_string_equal(end.reply.text, "a recipient's domain: "
					    "validation-failure (outbound TLS "
					    "precheck)");
	session_end_fini(&end);
	end = send_with_bcc(bcc_conf("hold", ""));
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: a recipient's domain: validation-failure");
	session_end_fini(&end);
	end =
	    send_with_bcc(bcc_conf("none", "On-SoftFail hold\nOn-None none\n"));
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: softfail.example: validation-failure");
	session_end_fini(&end);
}

static void
what_is_behind_the_scanned_header_stays_secret(void **state)
{
	static const char visible[] = "a@pass.example";
	size_t room = LIMIT_MESSAGE_SCAN - strlen(visible);

	(void)state;
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		struct session *session =
		    mail_begin("AuthservID gate.example\n");
		char *filler = xcalloc(room + beyond + 1, 1);
		struct session_end end;

		memset(filler, ' ', room + beyond);
		mail_rcpt(session, visible);
		session_header(session, "Cc", filler);
		session_header(session, "To", visible);
		end = mail_finish(session);
		assert_int_equal(strstr(end.tag, " d=") == NULL, beyond);
		session_end_fini(&end);
		session_free(session);
		free(filler);
	}
}

static void
what_is_behind_so_many_names_stays_secret(void **state)
{
	static const char name[] = "@x,";
	size_t length = strlen(name);

	(void)state;
	for (size_t beyond = 0; beyond <= 1; beyond++) {
		struct session *session =
		    mail_begin("AuthservID gate.example\n");
		size_t count = LIMIT_MESSAGE_NAMES - 1 + beyond;
		char *names = xcalloc(count * length + 1, 1);
		struct session_end end;

		for (size_t i = 0; i < count; i++)
			memcpy(names + i * length, name, length);
		mail_rcpt(session, "a@pass.example");
		session_header(session, "Cc", names);
		session_header(session, "To", "a@pass.example");
		end = mail_finish(session);
		assert_int_equal(strstr(end.tag, " d=") == NULL, beyond);
		session_end_fini(&end);
		session_free(session);
		free(names);
	}
}

static void
forged_copies_are_counted_whatever_their_case(void **state)
{
	static const char *const yes[] = {"X-TLS-Precheck", "x-tls-precheck",
	    "X-TLS-PRECHECK", "X-Tls-Precheck ", "X-TLS-Precheck\t"};
	static const char *const no[] = {
	    "X-TLS-Precheck2", "X-TLS-Prechec", "XX-TLS-Precheck", ""};
	struct session *session = mail_begin("");
	struct session_end end;

	(void)state;
	mail_rcpt(session, "a@pass.example");
	for (size_t i = 0; i < COUNT(yes); i++)
		session_header(session, yes[i], "forged");
	for (size_t i = 0; i < COUNT(no); i++)
		session_header(session, no[i], "other");
	end = mail_finish(session);
	assert_int_equal(end.forged, COUNT(yes));
	session_end_fini(&end);
	session_free(session);
}

/* A message with copies of the tag, some behind so many octets of header. */
static struct session_end
send_forged(const char *conf, bool smtp, size_t copies, size_t filled)
{
	struct session *session = mail_begin_from(conf, smtp && filled == 1);
	char *filler = xcalloc(filled + 1, 1);
	struct session_end end;

	memset(filler, 'x', filled);
	if (smtp) {
		mail_rcpt(session, "a@pass.example");
		mail_rcpt(session, "a@fail.example");
	} else {
		mail_rcpt_local(session, "a@hang.example");
	}
	session_header(session, "Subject", filler);
	for (size_t i = 0; i < copies; i++)
		session_header(session, "X-TLS-Precheck", "forged");
	end = mail_finish(session);
	free(filler);
	session_free(session);
	return end;
}

static void
too_many_forged_copies_stop_the_message(void **state)
{
	static const struct {
		const char *conf;
		bool smtp;
		size_t copies, filled;
		enum action action;
		unsigned taken_out;
	} rows[] = {
	    {"", true, LIMIT_FORGED_TAGS, 0, TAG, LIMIT_FORGED_TAGS},
	    {"", true, LIMIT_FORGED_TAGS + 1, 0, REJECT, 0},
	    {ALL("none"), true, 11000, 0, REJECT, 0},
	    /* a bounce is refused too */
	    {"", true, LIMIT_FORGED_TAGS + 1, 1, REJECT, 0},
	    /* nobody to refuse it to */
	    {"", false, LIMIT_FORGED_TAGS + 1, 0, HOLD, 0},
	    {"HeaderName none\n", true, 11000, 0, TAG, 0},
	    {"HeaderName X-Other\n", true, 11000, 0, TAG, 0},
	    /* few, but each a long way from the begin */
	    {"", true, 10, LIMIT_FORGED_WALK / 10 - 2000, TAG, 10},
	    {"", true, 10, LIMIT_FORGED_WALK / 10, REJECT, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session_end end = send_forged(
		    rows[i].conf, rows[i].smtp, rows[i].copies, rows[i].filled);

		if (end.action != rows[i].action)
			fail_msg("row %zu: %s", i, action_text(end.action));
		ROW(rows[i].conf, end.forged == rows[i].taken_out);
		session_end_fini(&end);
	}
}

static void
a_message_that_is_stopped_for_forgery_is_told_so(void **state)
{
	struct session_end end = send_forged("On-Fail defer\n", true, 101, 0);

	(void)state;
	assert_string_equal(end.reply.code, "550");
	assert_string_equal(end.reply.status, "5.7.1");
	assert_string_equal(end.reply.text,
	    "X-TLS-Precheck: too many fields of this name (outbound TLS "
	    "precheck)");
	assert_null(end.tag);
	assert_string_equal(fake_report_log(),
	    "NOQUEUE check fail.example fail validation-failure defer 1\n"
	    "Q1 message skip reject 1 1 overdone 101\n");
	end = send_forged("", true, 101, 0);
	assert_string_equal(
	    fake_report_log(), "Q1 message skip reject 2 2 overdone 101\n");
	end = send_forged("", false, 101, 0);
	assert_string_equal(end.hold_reason,
	    "outbound TLS precheck: X-TLS-Precheck: too many fields of this "
	    "name");
	assert_null(end.tag);
	assert_string_equal(
	    fake_report_log(), "Q1 message skip hold 1 1 overdone 101\n");
}

static void
header_name_none_leaves_the_header_alone(void **state)
{
	struct session *session = mail_begin("HeaderName none\n");
	struct session_end end;

	(void)state;
	mail_rcpt(session, "a@fail.example");
	session_header(session, "X-TLS-Precheck", "somebody's");
	end = mail_finish(session);
	assert_int_equal(end.action, TAG);
	assert_int_equal(end.forged, 0);
	assert_null(end.tag);
	session_free(session);
}

static void
local_mail_loses_forged_copies_and_gets_no_tag(void **state)
{
	struct session *session = mail_begin("");
	struct route_rcpt rcpt = {
	    .address = "a@fail.example", .mailer = "local"};
	struct reply reply;
	struct session_end end;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	session_header(session, "X-TLS-Precheck", "forged");
	end = mail_finish(session);
	assert_int_equal(end.forged, 1);
	assert_null(end.tag);
	session_free(session);
}

int
main(void)
{
	const struct CMUnitTest session_header[] = {
	    cmocka_unit_test(the_tag_names_only_what_the_message_names),
	    cmocka_unit_test(header_domains_may_be_all_or_none),
	    cmocka_unit_test(replies_and_hold_reasons_keep_the_secret_too),
	    cmocka_unit_test(what_is_behind_the_scanned_header_stays_secret),
	    cmocka_unit_test(what_is_behind_so_many_names_stays_secret),
	    cmocka_unit_test(forged_copies_are_counted_whatever_their_case),
	    cmocka_unit_test(too_many_forged_copies_stop_the_message),
	    cmocka_unit_test(a_message_that_is_stopped_for_forgery_is_told_so),
	    cmocka_unit_test(header_name_none_leaves_the_header_alone),
	    cmocka_unit_test(local_mail_loses_forged_copies_and_gets_no_tag),
	};

	return RUN_TESTS(session_header);
}
