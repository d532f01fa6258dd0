/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/log/story.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/tap.h"

#define POSTFIX "Nov 22 07:48:36 gate postfix/"
#define POSTERND "Nov 22 07:48:37 gate posternd[3]: "

/* Read the lines up to a NULL. */
static void
tell(struct story *story, const char *id, const char *const lines[])
{
	story_init(story, id, "posternd", "unix:/run/postern/milter.sock");
	for (; *lines != NULL; lines++)
		story_line(story, *lines);
}

static const char *const two_recipients[] = {
    POSTFIX "smtpd[1]: F1: client=unknown[127.0.0.1]",
    POSTFIX "cleanup[2]: F1: message-id=<x@y>",
    POSTERND "F1: event=check domain=good.example result=pass policy=tlsa "
	     "level=dane-only reason=ok action=none rcpts=1 mx=mx.good.example",
    POSTERND "F2: event=check domain=other.example result=fail policy=tlsa",
    POSTERND "F1: event=check domain=bad.example result=fail policy=tlsa "
	     "level=dane-only reason=validation-failure action=tag rcpts=2 "
	     "rule=.example detail=presented_3_1_1",
    POSTERND "F1: event=why domain=bad.example dane=fail sts=fail "
	     "stsreason=sts-mx-mismatch hosts=mx.bad.example/fail/ok,+3",
    POSTERND "F1: event=why domain=nobody.example dane=pass sts=none",
    POSTERND "F1: event=skip domain=own.example reason=internal action=none "
	     "rcpts=1",
    POSTERND "F1: event=message result=fail action=tag domains=3 rcpts=4 "
	     "auth=no ms=18",
    POSTFIX "qmgr[4]: F1: from=<a@s.example>, size=6, nrcpt=4 (queue active)",
    POSTFIX "smtp[5]: F1: to=<u@bad.example>, relay=mx.bad.example[1]:25, "
	    "delay=1, dsn=4.7.5, status=deferred (Server certificate not "
	    "trusted)",
    POSTFIX "smtp[5]: F1: to=<u@good.example>, relay=mx.good.example[1]:25, "
	    "delay=1, dsn=2.0.0, status=sent (250 ok)",
    POSTFIX "smtp[5]: F1: to=<U@BAD.example>, relay=mx.bad.example[1]:25, "
	    "delay=1, dsn=2.0.0, status=sent (250 ok)",
    POSTFIX "local[5]: F1: to=<x@own.example>, orig_to=<y@good.example>, "
	    "relay=local, delay=1, dsn=2.0.0, status=sent (delivered)",
    POSTFIX "smtp[5]: F1: to=<u@bad.example>, relay=mx.bad.example[1]:25, "
	    "delay=1, dsn=4.7.5, status=deferred (again)",
    POSTFIX "smtp[5]: F1: to=<z@far.example>, orig_to=<z@good.example>, "
	    "relay=mx, delay=1, dsn=2.0.0, status=sent (250 ok)",
    "Nov 22 07:59:59 gate postfix/qmgr[4]: F1: removed",
    NULL,
};

static void
a_message_is_told_whole(void **state)
{
	struct story s;

	(void)state;
	tell(&s, "F1", two_recipients);
	assert_string_equal(s.first, "Nov 22 07:48:36");
	assert_string_equal(s.last, "Nov 22 07:59:59");
	assert_string_equal(s.sender, "a@s.example");
	assert_string_equal(s.client, "unknown[127.0.0.1]");
	assert_string_equal(s.result, "fail");
	assert_string_equal(s.action, "tag");
	assert_string_equal(s.wait_ms, "18");
	assert_true(s.removed && s.judged && !s.held);
	assert_int_equal(s.earlier, 0);
	assert_int_equal(s.check_count, 3);
	assert_string_equal(s.checks[1].domain, "bad.example");
	assert_string_equal(s.checks[1].reason, "validation-failure");
	assert_string_equal(s.checks[1].detail, "presented_3_1_1");
	assert_string_equal(s.checks[1].rule, ".example");
	assert_string_equal(s.checks[1].mx, "");
	assert_string_equal(s.checks[1].dane, "fail");
	assert_string_equal(s.checks[1].sts, "fail");
	assert_string_equal(s.checks[1].sts_reason, "sts-mx-mismatch");
	assert_string_equal(s.checks[1].requiretls, "");
	assert_string_equal(s.checks[1].hosts, "mx.bad.example/fail/ok,+3");
	assert_string_equal(s.checks[0].dane, "");
	assert_string_equal(s.checks[2].result, "skip");
	story_fini(&s);
}

static void
recipients_go_by_their_domain(void **state)
{
	struct story s;

	(void)state;
	tell(&s, "F1", two_recipients);
	assert_int_equal(s.rcpt_count, 5);
	assert_string_equal(s.rcpts[0].address, "u@bad.example");
	assert_string_equal(s.rcpts[0].said, "again");
	assert_int_equal(s.rcpts[0].attempts, 2);
	assert_string_equal(s.rcpts[1].domain, "good.example");
	assert_string_equal(s.rcpts[2].domain, "bad.example");
	assert_string_equal(s.rcpts[3].domain, "own.example");
	/* not looked at as such: it was an alias of what was */
	assert_string_equal(s.rcpts[4].domain, "good.example");
	story_fini(&s);
}

static void
outcomes_are_compared_with_verdicts(void **state)
{
	static const struct {
		const char *result, *reason, *status;
		enum story_outcome outcome;
	} rows[] = {
	    {"pass", "ok", "sent", STORY_HELD},
	    {"pass", "ok", "deferred", STORY_MISSED},
	    {"pass", "ok", "bounced", STORY_MISSED},
	    {"pass", "ok", "", STORY_OPEN},
	    {"pass", "ok", "queued", STORY_OPEN},
	    {"softfail", "sts-testing", "sent", STORY_HELD},
	    {"none", "no-policy", "sent", STORY_HELD},
	    {"none", "no-policy", "bounced", STORY_MISSED},
	    {"none", "null-mx", "bounced", STORY_HELD},
	    {"none", "nxdomain", "bounced", STORY_HELD},
	    {"none", "no-address", "sent", STORY_MISSED},
	    {"none", "not-probed", "deferred", STORY_NOTHING_SAID},
	    {"fail", "certificate-expired", "deferred", STORY_HELD},
	    {"fail", "certificate-expired", "expired", STORY_HELD},
	    {"fail", "certificate-expired", "bounced", STORY_HELD},
	    {"fail", "certificate-expired", "sent", STORY_MISSED},
	    {"fail", "certificate-expired", "refused", STORY_REFUSED},
	    {"fail", "a-reason-to-come", "sent", STORY_MISSED},
	    {"temperror", "dns-timeout", "sent", STORY_NOTHING_SAID},
	    {"skip", "exempt", "sent", STORY_NOTHING_SAID},
	    {"", "", "sent", STORY_NOTHING_SAID},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct story_check check = {.refused = false};
		struct story_rcpt rcpt = {.attempts = 1};

		snprintf(
		    check.result, sizeof(check.result), "%s", rows[i].result);
		snprintf(
		    check.reason, sizeof(check.reason), "%s", rows[i].reason);
		snprintf(
		    rcpt.status, sizeof(rcpt.status), "%s", rows[i].status);
		if (story_outcome(&check, &rcpt) != rows[i].outcome)
			fail_msg("row %zu is %s", i,
			    story_outcome_text(story_outcome(&check, &rcpt)));
	}
}

#define REFUSAL                                                             \
	POSTFIX "smtpd[1]: F1: milter-reject: RCPT from x[1]: 451 4.7.5 "   \
		"bad.example: validation-failure (outbound TLS precheck); " \
		"from=<a@s> to=<u@bad.example> proto=ESMTP helo=<h>"
#define NO_ID                                                              \
	POSTERND "NOQUEUE: event=check domain=bad.example result=fail "    \
		 "policy=sts level=secure reason=%s action=defer rcpts=1 " \
		 "mode=enforce"

#define WHY POSTERND "NOQUEUE: event=why domain=bad.example dane=none sts=fail"

static void
expect_refusal(const char *const lines[], const char *policy, const char *sts)
{
	struct story s;

	tell(&s, "F1", lines);
	assert_int_equal(s.check_count, 1);
	assert_true(s.checks[0].refused);
	assert_string_equal(s.checks[0].reason, "validation-failure");
	assert_string_equal(s.checks[0].action, "defer");
	assert_string_equal(s.checks[0].policy, policy);
	assert_string_equal(s.checks[0].sts, sts);
	assert_int_equal(s.rcpt_count, 1);
	assert_string_equal(s.rcpts[0].status, "refused");
	story_fini(&s);
}

static void
a_refusal_is_joined_by_the_mta_s_line(void **state)
{
	char same[300], another[300];
	const char *const found[] = {REFUSAL, same, WHY, another, NULL};
	const char *const before[] = {same, REFUSAL, WHY, NULL};
	const char *const of_another[] = {REFUSAL, another, WHY, NULL};

	(void)state;
	snprintf(same, sizeof(same), NO_ID, "validation-failure");
	snprintf(another, sizeof(another), NO_ID, "certificate-expired");
	expect_refusal(found, "sts", "fail");
	expect_refusal(before, "", "");
	expect_refusal(of_another, "", "");
}

/* At the end of a message its reply may not name the domain. */
static void
a_refusal_that_names_nobody_adds_no_domain(void **state)
{
	const char *const lines[] = {POSTERND
	    "F1: event=check domain=bad.example result=fail "
	    "policy=tlsa level=dane-only reason=validation-failure "
	    "action=reject rcpts=1",
	    POSTFIX "cleanup[1]: F1: milter-reject: END-OF-MESSAGE from "
		    "x[1]: 5.7.5 a recipient's domain: validation-failure "
		    "(outbound TLS precheck); from=<a@s> to=<u@bad.example> "
		    "proto=ESMTP helo=<h>",
	    NULL};
	struct story s;

	(void)state;
	tell(&s, "F1", lines);
	assert_int_equal(s.check_count, 1);
	assert_string_equal(s.checks[0].domain, "bad.example");
	assert_string_equal(s.checks[0].action, "reject");
	assert_int_equal(s.rcpt_count, 1);
	assert_string_equal(s.rcpts[0].status, "refused");
	story_fini(&s);
}

static void
sendmail_is_understood(void **state)
{
	static const char *const lines[] = {
	    "Nov 22 07:51:16 gate sm-mta[8]: 6A: Milter: to=<u@bad.example>, "
	    "reject=451 4.7.5 bad.example: validation-failure (outbound TLS "
	    "precheck)",
	    "Nov 22 07:51:16 gate sm-mta[8]: 6A: from=<a@s.example>, size=173, "
	    "class=0, nrcpts=2, msgid=<1@s>, proto=ESMTP, daemon=MTA, "
	    "relay=localhost [127.0.0.1]",
	    POSTERND "6A: event=check domain=good.example result=pass "
		     "policy=tlsa level=dane-only reason=ok action=none",
	    "Nov 22 07:51:16 gate sm-mta[8]: 6A: milter=postern, "
	    "quarantine=outbound TLS precheck: x",
	    "Nov 22 07:51:17 gate sm-mta[8]: 6A: to=<u@good.example>,"
	    "<v@good.example>, delay=00:00:01, mailer=esmtp, relay=mx. [1], "
	    "dsn=2.0.0, stat=Sent (ok)",
	    NULL,
	};
	struct story s;

	(void)state;
	tell(&s, "6A", lines);
	assert_string_equal(s.client, "localhost [127.0.0.1]");
	assert_string_equal(s.sender, "a@s.example");
	assert_true(s.held);
	assert_int_equal(s.check_count, 2);
	assert_int_equal(s.rcpt_count, 3);
	assert_string_equal(s.rcpts[2].address, "v@good.example");
	assert_int_equal(story_outcome(&s.checks[1], &s.rcpts[2]), STORY_HELD);
	story_fini(&s);
}

static void
an_id_that_comes_again_is_another_message(void **state)
{
	static const char *const lines[] = {
	    POSTFIX "smtpd[1]: F1: client=old[1]",
	    POSTERND "F1: event=check domain=old.example result=pass",
	    POSTFIX "smtp[5]: F1: to=<u@old.example>, dsn=2, status=sent (x)",
	    POSTFIX "qmgr[4]: F1: removed",
	    POSTFIX "pickup[1]: F1: uid=0 from=<root>",
	    POSTFIX "qmgr[4]: F1: from=<root@s.example>, size=6, nrcpt=1",
	    NULL,
	};
	struct story s;

	(void)state;
	tell(&s, "F1", lines);
	assert_int_equal(s.earlier, 1);
	assert_int_equal(s.check_count, 0);
	assert_int_equal(s.rcpt_count, 0);
	assert_false(s.removed);
	assert_string_equal(s.client, "sendmail(1)");
	story_fini(&s);
}

/* Only posternd's own lines are believed to be. */
static void
others_cannot_speak_for_posternd(void **state)
{
	static const char *const lines[] = {
	    POSTFIX "cleanup[2]: F1: event=check domain=x.example result=pass",
	    POSTFIX "cleanup[2]: F1: message-id=<posternd[3]: F1: event=check "
		    "domain=x.example result=pass>",
	    POSTERND "F10: event=check domain=x.example result=pass",
	    POSTERND "-: event=check domain=F1 result=pass",
	    POSTERND "F1: event=checks domain=x.example result=pass",
	    POSTERND "F1: event=check",
	    NULL,
	};
	struct story s;

	(void)state;
	tell(&s, "F1", lines);
	assert_int_equal(s.check_count, 0);
	story_fini(&s);
}

static void
a_log_without_end_costs_no_memory(void **state)
{
	char line[300];
	struct story s;

	(void)state;
	story_init(&s, "F1", "posternd", NULL);
	for (unsigned i = 0; i < LIMIT_STORY_RCPTS; i++) {
		snprintf(line, sizeof(line),
		    POSTERND "F1: event=check domain=d%u.example result=fail",
		    i);
		story_line(&s, line);
		snprintf(line, sizeof(line),
		    POSTFIX "smtp[1]: F1: to=<u%u@d%u.example>, dsn=2.0.0, "
			    "status=sent (ok)",
		    i, i);
		story_line(&s, line);
	}
	assert_int_equal(s.check_count, LIMIT_STORY_CHECKS);
	assert_int_equal(s.rcpt_count, LIMIT_STORY_RCPTS);
	assert_true(s.checks_cut && !s.rcpts_cut);
	story_line(&s,
	    POSTFIX "smtp[1]: F1: to=<u@one.example>, dsn=2.0.0, status=sent "
		    "(ok)");
	assert_int_equal(s.rcpt_count, LIMIT_STORY_RCPTS);
	assert_true(s.rcpts_cut);
	story_fini(&s);
}

#define TWO_HOPS                                                            \
	POSTERND "F1: event=check domain=two.example result=fail "          \
		 "policy=local level=dane-only reason=validation-failure "  \
		 "action=hold rcpts=1 mx=mx.bad.example ms=3",              \
	    POSTERND "F1: event=why domain=two.example dane=fail sts=none", \
	    POSTERND "F1: event=check domain=two.example result=pass "      \
		     "policy=tlsa level=dane-only reason=ok action=none "   \
		     "rcpts=1 mx=mx.good.example ms=4",                     \
	    POSTERND "F1: event=why domain=two.example dane=pass sts=none"

static void
each_next_hop_of_a_domain_is_told(void **state)
{
	static const char *const lines[] = {TWO_HOPS, TWO_HOPS,
	    POSTFIX "smtp[5]: F1: to=<good@two.example>, "
		    "relay=mx.good.example[1]:25, dsn=2.0.0, status=sent (ok)",
	    POSTFIX "smtp[5]: F1: to=<bad@two.example>, "
		    "relay=MX.bad.example[1]:25, dsn=2.0.0, status=sent (ok)",
	    POSTFIX "smtp[5]: F1: to=<some@two.example>, "
		    "relay=mx.other.example[1]:25, dsn=2.0.0, status=sent (ok)",
	    POSTFIX "smtp[5]: F1: to=<no@one.example>, "
		    "relay=mx.good.example[1]:25, dsn=2.0.0, status=sent (ok)",
	    NULL};
	static const struct {
		const char *result; /* NULL: none */
		enum story_outcome outcome;
	} rows[] = {
	    {"pass", STORY_HELD},
	    {"fail", STORY_MISSED},
	    {"fail", STORY_NOTHING_SAID},
	    {NULL, STORY_NOTHING_SAID},
	};
	struct story s;

	(void)state;
	tell(&s, "F1", lines);
	assert_int_equal(s.check_count, 2);
	assert_string_equal(s.checks[0].dane, "fail");
	assert_string_equal(s.checks[1].dane, "pass");
	assert_int_equal(s.rcpt_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum story_outcome outcome;
		const struct story_check *check =
		    story_check_of(&s, &s.rcpts[i], &outcome);

		assert_true((check != NULL) == (rows[i].result != NULL));
		if (check != NULL)
			assert_string_equal(check->result, rows[i].result);
		assert_int_equal(outcome, rows[i].outcome);
	}
	story_fini(&s);
}

static void
lines_without_a_time_are_told(void **state)
{
	static const char *const lines[] = {
	    "postfix/smtpd[1]: F1: client=unknown[127.0.0.1]",
	    "posternd[3]: F1: event=check domain=a.example result=pass", NULL};
	struct story s;

	(void)state;
	tell(&s, "F1", lines);
	assert_true(s.seen);
	assert_string_equal(s.first, "");
	assert_int_equal(s.check_count, 1);
	story_fini(&s);
}

static void
every_reason_is_known_by_its_word(void **state)
{
	(void)state;
	for (int i = 0; i < REASONS; i++)
		assert_int_equal(story_reason(reason_text((enum reason)i)), i);
	assert_int_equal(story_reason("no-such-reason"), -1);
	assert_int_equal(story_reason(""), -1);
}

int
main(void)
{
	const struct CMUnitTest story[] = {
	    cmocka_unit_test(a_message_is_told_whole),
	    cmocka_unit_test(recipients_go_by_their_domain),
	    cmocka_unit_test(outcomes_are_compared_with_verdicts),
	    cmocka_unit_test(a_refusal_is_joined_by_the_mta_s_line),
	    cmocka_unit_test(a_refusal_that_names_nobody_adds_no_domain),
	    cmocka_unit_test(sendmail_is_understood),
	    cmocka_unit_test(an_id_that_comes_again_is_another_message),
	    cmocka_unit_test(others_cannot_speak_for_posternd),
	    cmocka_unit_test(a_log_without_end_costs_no_memory),
	    cmocka_unit_test(each_next_hop_of_a_domain_is_told),
	    cmocka_unit_test(lines_without_a_time_are_told),
	    cmocka_unit_test(every_reason_is_known_by_its_word),
	};

	return RUN_TESTS(story);
}
