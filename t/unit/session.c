/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <string.h>

#include "t/unit/mail.h"
#include "t/unit/tap.h"

/* One recipient, one verdict, one row of the table of actions. */
struct row {
	const char *conf;
	const char *address;
	const char *how; /* "" "null" "local": null sender, no SMTP */
	enum action at_rcpt;
	enum action at_end; /* if it came so far */
};

static void
run_action_row(const struct row *row)
{
	bool null = strstr(row->how, "null") != NULL;
	bool local = strstr(row->how, "local") != NULL;
	struct session *session = mail_begin_from(row->conf, null);
	struct session_end end;
	enum action action;
	char id[256];

	snprintf(id, sizeof(id), "%s %s %s", row->conf, row->address, row->how);
	action = local ? mail_rcpt_local(session, row->address)
		       : mail_rcpt(session, row->address);
	if (action != row->at_rcpt)
		fail_msg("%s: %s at RCPT", id, action_text(action));
	if (action == ACTION_NONE) {
		end = mail_finish(session);
		if (end.action != row->at_end)
			fail_msg("%s: %s at end", id, action_text(end.action));
		ROW(id, (end.tag == NULL) == (row->at_end >= ACTION_DEFER));
		session_end_fini(&end);
	}
	session_free(session);
}

static void
each_action_is_done_where_it_belongs(void **state)
{
	static const struct row rows[] = {
	    {"", "a@fail.example", "", NONE, TAG},
	    {"", "a@temperror.example", "", NONE, TAG},
	    {"", "a@softfail.example", "", NONE, TAG},
	    {"", "a@none.example", "", NONE, NONE},
	    {"", "a@pass.example", "", NONE, NONE},
	    {"On-Fail none\n", "a@fail.example", "", NONE, NONE},
	    {"On-Fail hold\n", "a@fail.example", "", NONE, HOLD},
	    {"On-Fail defer\n", "a@fail.example", "", DEFER, NONE},
	    {"On-Fail reject\n", "a@fail.example", "", REJECT, NONE},
	    {"On-Fail defer\n", "a@temperror.example", "", NONE, TAG},
	    {"On-TempError defer\n", "a@temperror.example", "", DEFER, NONE},
	    {"On-TempError hold\n", "a@temperror.example", "", NONE, HOLD},
	    {"On-SoftFail reject\n", "a@softfail.example", "", REJECT, NONE},
	    {"On-None defer\n", "a@none.example", "", DEFER, NONE},
	    {MESSAGE "On-Fail hold\n", "a@fail.example", "", NONE, HOLD},
	    {MESSAGE "On-Fail defer\n", "a@fail.example", "", NONE, DEFER},
	    {MESSAGE "On-Fail reject\n", "a@fail.example", "", NONE, REJECT},
	    /* what is good is let alone, whatever else is strict */
	    {ALL("reject"), "a@pass.example", "", NONE, NONE},
	    {MESSAGE ALL("reject"), "a@pass.example", "", NONE, NONE},
	    /* the MTA bounces these itself */
	    {ALL("reject"), "a@nullmx.example", "", NONE, NONE},
	    {ALL("reject"), "a@nxdomain.example", "", NONE, NONE},
	    {ALL("reject"), "a@noaddress.example", "", NONE, NONE},
	    {ALL("reject"), "a@in..valid", "", NONE, NONE},
	    /* a temperror is never refused for good */
	    {ALL("reject"), "a@temperror.example", "", DEFER, NONE},
	    {MESSAGE ALL("reject"), "a@temperror.example", "", NONE, DEFER},
	    /* a bounce is tagged only */
	    {ALL("reject"), "a@fail.example", "null", NONE, TAG},
	    {ALL("hold"), "a@fail.example", "null", NONE, TAG},
	    {ALL("defer"), "a@temperror.example", "null", NONE, TAG},
	    {MESSAGE ALL("reject"), "a@fail.example", "null", NONE, TAG},
	    {ALL("none"), "a@fail.example", "null", NONE, NONE},
	    /* what did not come by SMTP is held, not refused */
	    {ALL("reject"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("defer"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("defer"), "a@temperror.example", "local", NONE, HOLD},
	    {ALL("hold"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("tag"), "a@fail.example", "local", NONE, TAG},
	    {MESSAGE ALL("reject"), "a@fail.example", "local", NONE, HOLD},
	    {ALL("reject"), "a@fail.example", "local null", NONE, TAG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		run_action_row(&rows[i]);
}

static void
the_strictest_action_wins_at_the_end(void **state)
{
	static const struct {
		const char *conf, *rcpts[4];
		enum action action;
	} rows[] = {
	    {MESSAGE "On-Fail defer\nOn-SoftFail hold\n",
		{"a@pass.example", "a@fail.example", "a@softfail.example"},
		DEFER},
	    {MESSAGE "On-Fail reject\nOn-SoftFail defer\n",
		{"a@softfail.example", "a@fail.example", "a@pass.example"},
		REJECT},
	    {MESSAGE "On-Fail tag\nOn-SoftFail hold\n",
		{"a@softfail.example", "a@fail.example"}, HOLD},
	    {MESSAGE "On-Fail none\nOn-SoftFail tag\n",
		{"a@softfail.example", "a@fail.example"}, TAG},
	    {MESSAGE ALL("reject"), {"a@temperror.example", "a@pass.example"},
		DEFER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = mail_begin(rows[i].conf);
		struct session_end end;

		for (size_t r = 0; rows[i].rcpts[r] != NULL; r++)
			mail_rcpt(session, rows[i].rcpts[r]);
		end = mail_finish(session);
		ROW(rows[i].conf, end.action == rows[i].action);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
a_refused_recipient_is_out_of_the_message(void **state)
{
	struct session *session = mail_begin(
	    "On-Fail defer\nHeaderDomains all\nAuthservID gate.example\n");
	struct session_end end;

	(void)state;
	assert_int_equal(mail_rcpt(session, "<a@pass.example>"), NONE);
	assert_int_equal(mail_rcpt(session, "<a@fail.example>"), DEFER);
	assert_int_equal(mail_rcpt(session, "<b@fail.example>"), DEFER);
	assert_int_equal(mail_rcpt(session, "<b@pass.example>"), NONE);
	end = mail_finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=pass; action=none; id=Q1;\n"
	    " d=pass.example/pass/no-policy-found/ok");
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check pass.example pass ok none 2\n"
	    "NOQUEUE check fail.example fail validation-failure defer 2\n"
	    "Q1 message pass none 1 2\n");
	assert_int_equal(fake_engine_seen.started, 2);
	assert_int_equal(fake_engine_seen.freed, 2);
}

/* The MTA may know the way of one and, for a moment, not of another. */
static void
who_was_let_in_is_not_out_with_who_was_refused(void **state)
{
	static const bool refused_first[] = {true, false};

	(void)state;
	for (size_t i = 0; i < COUNT(refused_first); i++) {
		struct session *session = mail_begin("On-Fail reject\n");
		struct session_end end;

		if (refused_first[i])
			assert_int_equal(
			    mail_rcpt(session, "<a@fail.example>"), REJECT);
		assert_int_equal(
		    mail_rcpt_local(session, "<b@fail.example>"), NONE);
		if (!refused_first[i])
			assert_int_equal(
			    mail_rcpt(session, "<a@fail.example>"), REJECT);
		end = mail_finish(session);
		assert_int_equal(end.action, REJECT);
		assert_non_null(strstr(fake_report_log(),
		    "Q1 check fail.example fail validation-failure "
		    "reject 1\n"));
		session_end_fini(&end);
		session_free(session);
	}
}

static void
an_abandoned_message_logs_what_was_refused(void **state)
{
	struct session *session = mail_begin("On-Fail defer\n");

	(void)state;
	mail_rcpt(session, "<a@pass.example>");
	mail_rcpt(session, "<a@fail.example>");
	session_abandon(session);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "NOQUEUE check fail.example fail validation-failure defer 1\n");
}

static void
why_is_told_of_what_was_looked_at(void **state)
{
	struct session *session = mail_begin(
	    "LogWhy yes\nOn-Fail defer\nInternalDomains in.example\n");

	(void)state;
	mail_rcpt(session, "<a@pass.example>");
	mail_rcpt(session, "<a@fail.example>");
	mail_rcpt(session, "<a@in.example>");
	mail_rcpt(session, "<a@in..valid>");
	mail_finish_and_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check+why pass.example pass ok none 1\n"
	    "NOQUEUE check+why fail.example fail validation-failure defer 1\n"
	    "Q1 skip in.example internal none 1\n"
	    "Q1 check  none name-invalid none 1\n"
	    "Q1 message none none 3 3\n");
}

static void
replies_are_as_promised(void **state)
{
	static const struct {
		const char *conf, *address, *code, *status, *text;
	} rows[] = {
	    {ALL("defer"), "a@fail.example", "451", "4.7.5",
		"fail.example: validation-failure (outbound TLS precheck)"},
	    {ALL("reject"), "a@fail.example", "550", "5.7.5",
		"fail.example: validation-failure (outbound TLS precheck)"},
	    {ALL("reject"), "a@temperror.example", "451", "4.7.5",
		"temperror.example: probe-timeout (outbound TLS precheck)"},
	    {ALL("reject"), "a@servfail.example", "450", "4.4.3",
		"servfail.example: dns-servfail (outbound TLS precheck)"},
	    {ALL("defer"), "a@timeout.example", "450", "4.4.3",
		"timeout.example: dns-timeout (outbound TLS precheck)"},
	    {ALL("defer"), "a@bogus.example", "450", "4.4.3",
		"bogus.example: dnssec-invalid (outbound TLS precheck)"},
	    {ALL("defer"), "a@hang.example", "451", "4.7.5",
		"hang.example: deadline (outbound TLS precheck)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = mail_begin(rows[i].conf);
		struct route_rcpt rcpt = {
		    .address = rows[i].address, .mailer = "smtp"};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		ROW_TEXT(rows[i].address, reply.code, rows[i].code);
		ROW_TEXT(rows[i].address, reply.status, rows[i].status);
		ROW_TEXT(rows[i].address, reply.text, rows[i].text);
		session_free(session);
	}
}

static void
a_reply_names_the_next_hop_that_is_at_fault(void **state)
{
	static const struct {
		const char *address, *host, *name;
	} rows[] = {
	    {"a@bogus.example", "[relay.corp.example]", "relay.corp.example"},
	    {"a@bogus.example", "corp.example", "relay.corp.example"},
	    {"a@bogus.example", "[bogus.example]", "relay.corp.example"},
	    {"a@bogus.example", "bogus.example, [x.example]",
		"relay.corp.example"},
	    {"a@bogus.example", "bogus.example.org", "relay.corp.example"},
	    {"a@bogus.example", "bogus.example", "bogus.example"},
	    {"a@bogus.example", "bogus.example:587", "bogus.example"},
	    {"a@bogus.example", "", "bogus.example"},
	    /* ours, not the next hop's */
	    {"a@hang.example", "[relay.corp.example]", "hang.example"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin(ALL("defer") "RcptWait 2s\n");
		struct route_rcpt rcpt = {.address = rows[i].address,
		    .mailer = "smtp",
		    .host = rows[i].host};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		reply.text[strcspn(reply.text, ":")] = '\0';
		ROW_TEXT(rows[i].host, reply.text, rows[i].name);
		session_free(session);
	}
}

static void
a_reply_at_the_end_names_the_next_hop_as_well(void **state)
{
	struct session *session =
	    mail_begin(ALL("defer") "DecideAt message\nHeaderDomains all\n");
	struct route_rcpt rcpt = {.address = "a@bogus.example",
	    .mailer = "smtp",
	    .host = "[relay.corp.example]"};
	struct session_end end;
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	end = mail_finish(session);
	assert_string_equal(end.reply.text,
	    "relay.corp.example: dnssec-invalid (outbound TLS precheck)");
	session_end_fini(&end);
	session_free(session);
}

static void
a_rule_has_its_own_actions(void **state)
{
	static const struct {
		const char *conf, *rules, *address;
		enum action at_rcpt, at_end;
	} rows[] = {
	    {"", "fail.example may on-fail=defer\n", "a@fail.example", DEFER,
		NONE},
	    {"", "other.example may on-fail=defer\n", "a@fail.example", NONE,
		TAG},
	    {"", "* may on-fail=reject\n", "a@fail.example", REJECT, NONE},
	    {ALL("reject"), "fail.example may on-fail=none\n", "a@fail.example",
		NONE, NONE},
	    {ALL("reject"), "fail.example may on-temperror=none\n",
		"a@fail.example", REJECT, NONE},
	    {ALL("reject"), "temperror.example may on-temperror=hold\n",
		"a@temperror.example", NONE, HOLD},
	    {"", "temperror.example may on-temperror=reject\n",
		"a@temperror.example", DEFER, NONE},
	    {MESSAGE, "fail.example may on-fail=defer\n", "a@fail.example",
		NONE, DEFER},
	    /* what is not there in time has its rule none the less */
	    {"RcptWait 2s\n", "hang.example may on-temperror=defer\n",
		"a@hang.example", DEFER, NONE},
	    {"RcptWait 2s\n", "pass.example may on-temperror=defer\n",
		"a@hang.example", NONE, TAG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin_with_rules(rows[i].conf, rows[i].rules);

		ROW(rows[i].rules,
		    mail_rcpt(session, rows[i].address) == rows[i].at_rcpt);
		if (rows[i].at_rcpt == NONE) {
			struct session_end end = mail_finish(session);

			ROW(rows[i].rules, end.action == rows[i].at_end);
			session_end_fini(&end);
		}
		session_free(session);
	}
}

int
main(void)
{
	const struct CMUnitTest session[] = {
	    cmocka_unit_test(each_action_is_done_where_it_belongs),
	    cmocka_unit_test(the_strictest_action_wins_at_the_end),
	    cmocka_unit_test(a_refused_recipient_is_out_of_the_message),
	    cmocka_unit_test(who_was_let_in_is_not_out_with_who_was_refused),
	    cmocka_unit_test(an_abandoned_message_logs_what_was_refused),
	    cmocka_unit_test(why_is_told_of_what_was_looked_at),
	    cmocka_unit_test(replies_are_as_promised),
	    cmocka_unit_test(a_reply_names_the_next_hop_that_is_at_fault),
	    cmocka_unit_test(a_reply_at_the_end_names_the_next_hop_as_well),
	    cmocka_unit_test(a_rule_has_its_own_actions),
	};

	return RUN_TESTS(session);
}
