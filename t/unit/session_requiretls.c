/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <string.h>

#include "common/base/clock.h"
#include "milter/act/requiretls.h"
#include "t/unit/mail.h"
#include "t/unit/tap.h"

/* A message to a domain that fails and to one that hangs, decided at its end,
 * with up to two fields. */
struct waiver {
	const char *id;
	bool requiretls;
	const char *fields[2][2];
	bool waived;
};

static void
run_waiver(const struct waiver *row)
{
	struct session_mail mail = {.requiretls = row->requiretls};
	struct session *session = mail_begin_as(MESSAGE ALL("reject"), &mail);
	int64_t begun_ms = clock_mono_ms();
	struct session_end end;

	mail_rcpt(session, "a@fail.example");
	mail_rcpt(session, "a@hang.example");
	session_header(session, "Subject", "No");
	for (size_t i = 0; i < 2 && row->fields[i][0] != NULL; i++)
		session_header(session, row->fields[i][0], row->fields[i][1]);
	end = mail_finish(session);
	ROW(row->id, end.action == (row->waived ? NONE : REJECT));
	ROW(row->id, (clock_mono_ms() - begun_ms < 900) == row->waived);
	ROW(row->id, (strstr(fake_report_log(), "tls-required-no") != NULL) ==
			 row->waived);
	session_end_fini(&end);
	session_free(session);
	ROW(row->id, fake_engine_seen.freed == fake_engine_seen.started);
}

static void
tls_required_no_lets_the_message_through(void **state)
{
	static const struct waiver rows[] = {
	    {"no field", false, {{NULL}}, false},
	    {"Q11", true, {{"TLS-Required", "No"}}, false},
	    {"Q12", false, {{"TLS-Required", "No"}}, true},
	    {"Q13 case", false, {{"tls-required", "no"}}, true},
	    {"Q13 case 2", false, {{"TLS-REQUIRED", "nO"}}, true},
	    {"Q13 fold", false, {{"TLS-Required", "\r\n No"}}, true},
	    {"Q13 fold, LF", false, {{"TLS-Required", " \n\tNo \t"}}, true},
	    {"Q13 name", false, {{"TLS-Required ", "No"}}, true},
	    {"Q14 yes", false, {{"TLS-Required", "Yes"}}, false},
	    {"Q14 empty", false, {{"TLS-Required", ""}}, false},
	    {"Q14 space", false, {{"TLS-Required", " \r\n "}}, false},
	    {"Q14 more", false, {{"TLS-Required", "No; x"}}, false},
	    {"Q14 comment", false, {{"TLS-Required", "No (x)"}}, false},
	    {"Q14 none", false, {{"TLS-Required", "None"}}, false},
	    {"Q14 n", false, {{"TLS-Required", "N"}}, false},
	    {"Q14 fold within", false, {{"TLS-Required", "N\r\n o"}}, false},
	    {"Q15", false, {{"TLS-Required", "No"}, {"TLS-Required", "No"}},
		false},
	    {"Q15 case", false,
		{{"TLS-Required", "No"}, {"tls-required", "no"}}, false},
	    {"Q15 yes, no", false,
		{{"TLS-Required", "Yes"}, {"TLS-Required", "No"}}, false},
	    {"Q15 no, yes", false,
		{{"TLS-Required", "No"}, {"TLS-Required", "Yes"}}, false},
	    {"other name", false, {{"X-TLS-Required", "No"}}, false},
	    {"other name 2", false, {{"TLS-Required-X", "No"}}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		run_waiver(&rows[i]);
}

static void
tls_required_no_is_honoured_as_the_admin_wants(void **state)
{
	static const struct {
		const char *conf, *rules, *address;
		enum action action;
		int waited_s;
	} rows[] = {
	    {"", "", "a@fail.example", NONE, 0},
	    {"", "fail.example dane-only\n", "a@fail.example", REJECT, 0},
	    {"", ".example dane-only\n", "a@fail.example", REJECT, 0},
	    {"", "other.example dane-only\n", "a@fail.example", NONE, 0},
	    {"", "* dane-only\n", "a@fail.example", NONE, 0},
	    {"", "* dane-only\n", "a@hang.example", NONE, 0},
	    /* whose hosts these are is known after the check */
	    {"", "mx:mx.slow.example dane-only\n", "a@slow.example", REJECT,
		12},
	    {"", "mx:.slow.example encrypt\n", "a@slow.example", REJECT, 12},
	    {"", "mx:mx.other.example encrypt\n", "a@slow.example", NONE, 12},
	    {"", "mx:mx.hang.example encrypt\n", "a@hang.example", NONE, 60},
	    {"", "mx:mx.slow.example may\nslow.example auto\n",
		"a@slow.example", REJECT, 12},
	    {"HonorTLSRequiredNo no\n", "", "a@fail.example", REJECT, 0},
	    {"HonorTLSRequiredNo no\n", "", "a@hang.example", DEFER, 60},
	    {"HonorTLSRequiredNo yes\n", "fail.example dane-only\n",
		"a@fail.example", NONE, 0},
	    {"HonorTLSRequiredNo yes\n", "mx:mx.slow.example dane-only\n",
		"a@slow.example", NONE, 0},
	    {"HonorTLSRequiredNo unruled\n", "fail.example dane-only\n",
		"a@fail.example", REJECT, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char conf[256];
		int64_t begun_ms = clock_mono_ms();
		struct session *session;
		struct session_end end;
		int waited_s;

		snprintf(conf, sizeof(conf), MESSAGE ALL("reject") "%s",
		    rows[i].conf);
		session = mail_begin_with_rules(conf, rows[i].rules);
		mail_rcpt(session, rows[i].address);
		session_header(session, "TLS-Required", "No");
		end = mail_finish(session);
		waited_s = (int)((clock_mono_ms() - begun_ms + 500) / 1000);
		if (end.action != rows[i].action ||
		    waited_s != rows[i].waited_s)
			fail_msg("row %zu: %s after %d s", i,
			    action_text(end.action), waited_s);
		ROW(rows[i].rules,
		    (strstr(fake_report_log(), "tls-required-no") != NULL) ==
			(rows[i].action == NONE));
		session_end_fini(&end);
		session_free(session);
	}
}

/* One recipient of a message under REQUIRETLS. */
struct demand_row {
	const char *id, *conf, *address;
	const char *how; /* as in struct row; "second": of two domains */
	enum action at_rcpt, at_end;
	const char *reply; /* of a refusal; else of the hold */
};

static void
check_demand_text(const struct demand_row *row, enum action action,
    const struct reply *reply, const char *held)
{
	char text[600] = "";

	if (action == DEFER || action == REJECT)
		snprintf(text, sizeof(text), "%s %s %s", reply->code,
		    reply->status, reply->text);
	if (action == HOLD)
		text_copy(text, sizeof(text), held);
	if (row->reply == NULL
		? text[0] != '\0'
		: strncmp(text, row->reply, strlen(row->reply)) != 0)
		fail_msg("%s: \"%s\"", row->id, text);
}

static void
run_demand(const struct demand_row *row)
{
	struct session_mail mail = {.requiretls = true,
	    .null_sender = strstr(row->how, "null") != NULL,
	    .mta_name = "gate.sender.example"};
	bool local = strstr(row->how, "local") != NULL;
	struct session *session = mail_begin_as(row->conf, &mail);
	struct route_rcpt rcpt = {
	    .address = row->address, .mailer = local ? NULL : "smtp"};
	struct reply reply;
	struct session_end end;
	enum action action;

	if (strstr(row->how, "second") != NULL)
		mail_rcpt(session, "a@open.example");
	action = session_rcpt(session, &rcpt, &reply);
	ROW(row->id, action == row->at_rcpt);
	if (action != NONE) {
		check_demand_text(row, action, &reply, "");
	} else {
		session_header(session, "To", row->address);
		end = mail_finish(session);
		if (end.action != row->at_end)
			fail_msg("%s: %s", row->id, action_text(end.action));
		check_demand_text(row, end.action, &end.reply, end.hold_reason);
		session_end_fini(&end);
	}
	session_free(session);
	ROW(row->id, fake_engine_seen.freed == fake_engine_seen.started);
}

#define UNMET " (outbound TLS precheck)"
static const struct demand_row demands[] = {
    {"Q01", "", "a@met.example", "", NONE, NONE, NULL},
    {"Q02", "", "a@unoffered.example", "", REJECT, NONE,
	"550 5.7.30 unoffered.example: requiretls-unmet" UNMET},
    {"Q02 at end", MESSAGE, "a@unoffered.example", "", NONE, REJECT,
	"550 5.7.30 unoffered.example: requiretls-unmet" UNMET},
    {"Q03", "", "a@open.example", "", REJECT, NONE,
	"550 5.7.10 open.example: requiretls-unmet" UNMET},
    {"Q03 at end", MESSAGE, "a@open.example", "", NONE, REJECT,
	"550 5.7.10 open.example: requiretls-unmet" UNMET},
    {"Q03 whatever the settings", ALL("none"), "a@open.example", "", REJECT,
	NONE, "550 5.7.10 "},
    {"Q03 a fail that is tagged", "", "a@fail.example", "", REJECT, NONE,
	"550 5.7.10 fail.example: requiretls-unmet" UNMET},
    {"Q03 a fail that is deferred", ALL("defer"), "a@fail.example", "", REJECT,
	NONE, "550 5.7.10 fail.example: requiretls-unmet"},
    {"Q05 no more than the settings say", "On-SoftFail defer\n",
	"a@metsoft.example", "", DEFER, NONE,
	"451 4.7.5 metsoft.example: validation-failure" UNMET},
    {"Q07", "", "a@unusable.example", "", REJECT, NONE, "550 5.7.10 "},
    {"Q08", "", "a@half.example", "", REJECT, NONE, "550 5.7.10 "},
    {"Q10", "", "a@unoffered.example", "null", NONE, NONE, NULL},
    {"Q10 unauthenticated", "", "a@fail.example", "null", NONE, TAG, NULL},
    {"Q10 not known", ALL("reject"), "a@servfail.example", "null", NONE, TAG,
	NULL},
    {"depth dns", "", "a@dns.example", "", NONE, NONE, NULL},
    {"not known", "", "a@unsure.example", "", DEFER, NONE,
	"451 4.7.5 unsure.example: requiretls-unmet" UNMET},
    {"not known at end", MESSAGE, "a@unsure.example", "", NONE, DEFER,
	"451 4.7.5 unsure.example: requiretls-unmet" UNMET},
    {"DNS trouble", "", "a@servfail.example", "", DEFER, NONE,
	"451 4.7.5 servfail.example: dns-servfail" UNMET},
    {"DNS trouble at end", MESSAGE, "a@bogus.example", "", NONE, DEFER,
	"451 4.7.5 bogus.example: dnssec-invalid" UNMET},
    {"deadline", "RcptWait 2s\n", "a@hang.example", "", DEFER, NONE,
	"451 4.7.5 hang.example: deadline" UNMET},
    {"deadline at end", MESSAGE "MessageWait 2s\n", "a@hang.example", "", NONE,
	DEFER, "451 4.7.5 hang.example: deadline" UNMET},
    /* the MTA's own to bounce */
    {"null MX", "", "a@nullmx.example", "", NONE, NONE, NULL},
    {"no such domain", "", "a@nxdomain.example", "", NONE, NONE, NULL},
    {"no name", "", "a@in..valid", "", NONE, NONE, NULL},
    /* nobody to refuse it to */
    {"no SMTP", "", "a@open.example", "local", NONE, HOLD,
	"outbound TLS precheck: open.example: requiretls-unmet"},
    {"no SMTP, not known", "", "a@unsure.example", "local", NONE, HOLD,
	"outbound TLS precheck: unsure.example: requiretls-unmet"},
    {"no SMTP, met", "", "a@met.example", "local", NONE, NONE, NULL},
    {"no SMTP, null", "", "a@open.example", "local null", NONE, NONE, NULL},
    /* not looked at */
    {"internal", "InternalDomains open.example\n", "a@open.example", "", NONE,
	NONE, NULL},
    {"exempt", "ExemptDomains open.example\n", "a@open.example", "", NONE, NONE,
	NULL},
    {"the MTA's own name", "", "a@gate.sender.example", "", NONE, NONE, NULL},
    {"a local mailer", "LocalMailers smtp\n", "a@open.example", "", NONE, NONE,
	NULL},
    {"beyond MaxDomains", "MaxDomains 1\n", "a@met.example", "second", DEFER,
	NONE, "451 4.7.5 met.example: queue-full"},
    /* nothing can vouch for an address */
    {"literal", "", "a@[192.0.2.1]", "", REJECT, NONE,
	"550 5.7.10 [192.0.2.1]: requiretls-unmet" UNMET},
};

static void
requiretls_is_refused_where_it_is_not_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(demands); i++)
		run_demand(&demands[i]);
}

static void
what_requiretls_refuses_is_logged_and_tagged_so(void **state)
{
	struct session_mail mail = {.requiretls = true};
	struct session *session = mail_begin_as(
	    "HeaderDomains all\nAuthservID gate.example\n", &mail);
	struct session_end end;

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@met.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@open.example"), REJECT);
	assert_int_equal(mail_rcpt(session, "b@open.example"), REJECT);
	assert_int_equal(mail_rcpt(session, "a@unsure.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@dns.example"), NONE);
	end = mail_finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=none; action=none; id=Q1;\n"
	    " d=dns.example/none/no-policy-found/not-probed;\n"
	    " d=met.example/pass/no-policy-found/ok");
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check met.example pass ok none 1\n"
	    "NOQUEUE check open.example fail requiretls-unmet reject 2\n"
	    "NOQUEUE check unsure.example temperror requiretls-unmet defer 1\n"
	    "Q1 check dns.example none not-probed none 1\n"
	    "Q1 message none none 2 2\n");
}

/* RFC 8461 section 5: a new policy may be there when it is tried again. */
static void
what_mta_sts_refuses_is_deferred_under_requiretls(void **state)
{
	static const struct {
		const char *id;
		enum requiretls_state requiretls;
		enum sts_state sts;
		enum reason sts_reason;
		enum action action;
	} rows[] = {
	    {"not kept", REQUIRETLS_NO_AUTH, STS_STATE_FAIL,
		REASON_CERTIFICATE_EXPIRED, DEFER},
	    {"not fetched", REQUIRETLS_NO_AUTH, STS_STATE_ERROR,
		REASON_STS_POLICY_FETCH_ERROR, DEFER},
	    {"malformed", REQUIRETLS_NO_AUTH, STS_STATE_ERROR,
		REASON_STS_POLICY_INVALID, REJECT},
	    {"Q06", REQUIRETLS_NO_AUTH, STS_STATE_PASS, REASON_OK, REJECT},
	    {"kept, not offered", REQUIRETLS_NOT_OFFERED, STS_STATE_PASS,
		REASON_OK, REJECT},
	    {"kept long ago, not offered", REQUIRETLS_NOT_OFFERED,
		STS_STATE_PASS, REASON_STS_POLICY_FETCH_ERROR, REJECT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO(verdict)
		struct verdict *verdict =
		    verdict_new(RESULT_FAIL, REASON_REQUIRETLS_UNMET);

		verdict->requiretls = rows[i].requiretls;
		verdict->sts = rows[i].sts;
		verdict->sts_reason = rows[i].sts_reason;
		ROW(rows[i].id, requiretls_action(verdict) == rows[i].action);
	}
}

/* A field in which Postfix keeps REQUIRETLS on its way through filters. */
static void
a_kept_requiretls_counts_if_it_is_to_be_believed(void **state)
{
	static const struct {
		const char *id, *name, *value;
		bool authenticated, local, smtp, null, required;
	} rows[] = {
	    {"a stranger", "Require-TLS-ESMTP", "yes", .smtp = true},
	    {"a user", "Require-TLS-ESMTP", "yes", .authenticated = true,
		.smtp = true, .required = true},
	    {"this host", "Require-TLS-ESMTP", "yes", .local = true,
		.smtp = true, .required = true},
	    {"no SMTP", "Require-TLS-ESMTP", "yes", .required = true},
	    {"case", "require-tls-esmtp", " \r\n YES ", .required = true},
	    {"no", "Require-TLS-ESMTP", "no", .required = false},
	    {"more", "Require-TLS-ESMTP", "yes; x", .required = false},
	    {"empty", "Require-TLS-ESMTP", "", .required = false},
	    {"other name", "Require-TLS", "yes", .required = false},
	    {"null sender", "Require-TLS-ESMTP", "yes", .null = true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session_mail mail = {.null_sender = rows[i].null,
		    .authenticated = rows[i].authenticated,
		    .local = rows[i].local};
		struct session *session = mail_begin_as("", &mail);
		struct session_end end;
		enum action wanted = NONE;

		if (rows[i].smtp)
			mail_rcpt(session, "a@open.example");
		else
			mail_rcpt_local(session, "a@open.example");
		ROW(rows[i].id, !fake_engine_seen.last_required);
		session_header(session, rows[i].name, rows[i].value);
		ROW(rows[i].id,
		    fake_engine_seen.last_required == rows[i].required);
		session_header(session, rows[i].name, rows[i].value);
		ROW(rows[i].id,
		    fake_engine_seen.started == 1u + rows[i].required);
		if (rows[i].required)
			wanted = rows[i].smtp ? REJECT : HOLD;
		end = mail_finish(session);
		ROW(rows[i].id, end.action == wanted);
		session_end_fini(&end);
		session_free(session);
		ROW(rows[i].id,
		    fake_engine_seen.freed == fake_engine_seen.started);
	}
}

/* Refused, given up, or never looked at. */
static void
what_has_its_verdict_is_not_asked_again(void **state)
{
	struct session_mail mail = {.authenticated = true};
	struct session *session = mail_begin_as(
	    "On-Fail defer\nRcptWait 2s\nInternalDomains in.example\n", &mail);

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@fail.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@hang.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@in.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@met.example"), NONE);
	assert_int_equal(fake_engine_seen.started, 3);
	session_header(session, "Require-TLS-ESMTP", "yes");
	assert_int_equal(fake_engine_seen.started, 4);
	mail_finish_and_free(session);
	assert_true(fake_report_seen.authenticated);
}

static void
a_kept_requiretls_wins_over_tls_required_no(void **state)
{
	struct session_mail mail = {.authenticated = true};
	struct session *session = mail_begin_as(MESSAGE, &mail);
	struct session_end end;

	(void)state;
	mail_rcpt(session, "a@open.example");
	session_header(session, "TLS-Required", "No");
	session_header(session, "Require-TLS-ESMTP", "yes");
	end = mail_finish(session);
	assert_int_equal(end.action, REJECT);
	session_end_fini(&end);
	session_free(session);
}

static void
a_waived_message_is_tagged_and_logged_so(void **state)
{
	struct session *session =
	    mail_begin(MESSAGE ALL("defer") "HeaderDomains all\n"
					    "AuthservID gate.example\n"
					    "ExemptDomains free.example\n"
					    "MaxDomains 2\n");
	struct session_end end;

	(void)state;
	mail_rcpt(session, "a@hang.example");
	mail_rcpt(session, "a@pass.example");
	mail_rcpt(session, "a@fail.example");
	mail_rcpt(session, "a@free.example");
	mail_rcpt(session, "a@in..valid");
	session_header(session, "X-TLS-Precheck", "forged");
	session_header(session, "TLS-Required", "No");
	end = mail_finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=skip; action=none; id=Q1;\n"
	    " d=hang.example/skip/no-policy-found/tls-required-no;\n"
	    " d=pass.example/skip/no-policy-found/tls-required-no;\n"
	    " d=fail.example/skip/no-policy-found/tls-required-no;\n"
	    " d=free.example/skip/no-policy-found/exempt");
	assert_int_equal(end.forged, 1);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 skip hang.example tls-required-no none 1\n"
	    "Q1 skip pass.example tls-required-no none 1\n"
	    "Q1 skip fail.example tls-required-no none 1\n"
	    "Q1 skip free.example exempt none 1\n"
	    "Q1 skip  tls-required-no none 1\n"
	    "Q1 message skip none 5 5\n");
}

static void
what_was_refused_before_the_header_stays_refused(void **state)
{
	struct session *session =
	    mail_begin("On-Fail defer\nOn-TempError hold\n");
	struct session_end end;

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@fail.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@hang.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@temperror.example"), NONE);
	session_header(session, "TLS-Required", "No");
	end = mail_finish(session);
	assert_int_equal(end.action, NONE);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "NOQUEUE check fail.example fail validation-failure defer 1\n"
	    "Q1 skip hang.example tls-required-no none 1\n"
	    "Q1 skip temperror.example tls-required-no none 1\n"
	    "Q1 message skip none 2 2\n");
}

static void
local_mail_that_waives_tls_gets_no_tag(void **state)
{
	struct session *session = mail_begin("InternalDomains in.example\n");
	struct session_end end;

	(void)state;
	mail_rcpt(session, "a@in.example");
	session_header(session, "TLS-Required", "No");
	end = mail_finish(session);
	assert_null(end.tag);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 skip in.example internal none 1\n"
	    "Q1 message skip none 1 1\n");
}

int
main(void)
{
	const struct CMUnitTest session_requiretls[] = {
	    cmocka_unit_test(tls_required_no_lets_the_message_through),
	    cmocka_unit_test(tls_required_no_is_honoured_as_the_admin_wants),
	    cmocka_unit_test(requiretls_is_refused_where_it_is_not_met),
	    cmocka_unit_test(what_requiretls_refuses_is_logged_and_tagged_so),
	    cmocka_unit_test(what_mta_sts_refuses_is_deferred_under_requiretls),
	    cmocka_unit_test(a_kept_requiretls_counts_if_it_is_to_be_believed),
	    cmocka_unit_test(what_has_its_verdict_is_not_asked_again),
	    cmocka_unit_test(a_kept_requiretls_wins_over_tls_required_no),
	    cmocka_unit_test(a_waived_message_is_tagged_and_logged_so),
	    cmocka_unit_test(what_was_refused_before_the_header_stays_refused),
	    cmocka_unit_test(local_mail_that_waives_tls_gets_no_tag),
	};

	return RUN_TESTS(session_requiretls);
}
