/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/cli/review/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "t/unit/mail_log.h"
#include "t/unit/tap.h"

static const struct review_domain *
domain_of(const char *name)
{
	uint32_t number = names_find(&reviewed.domains.names, name);

	assert_int_not_equal(number, NAMES_NONE);
	return &reviewed.domains.items[number];
}

static void
messages_and_their_domains_are_counted(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	mail_log_message("A3", "b.example", LOGGED_FAIL);
	mail_log_message("A4", "c.example", LOGGED_NONE);
	mail_log_ours(
	    "NOQUEUE: event=check domain=b.example result=fail policy=sts "
	    "level=secure reason=certificate-expired action=defer rcpts=3");
	mail_log_ours(
	    "A5: event=skip domain=i.example reason=internal action=none "
	    "rcpts=1");
	assert_int_equal(reviewed.messages, 4);
	assert_int_equal(reviewed.results[RESULT_PASS], 1);
	assert_int_equal(reviewed.results[RESULT_FAIL], 2);
	assert_int_equal(reviewed.actions[ACTION_TAG], 2);
	assert_int_equal(reviewed.check_results[RESULT_FAIL], 3);
	assert_int_equal(reviewed.check_results[RESULT_SKIP], 1);
	assert_int_equal(reviewed.policies[POLICY_TYPE_STS], 3);
	assert_int_equal(reviewed.policies[POLICY_TYPE_NONE], 1);
	assert_int_equal(reviewed.refused_rcpts[ACTION_DEFER], 3);
	assert_int_equal(reviewed.domains.names.count, 4);
	assert_int_equal(domain_of("b.example")->results[RESULT_FAIL], 3);
	assert_string_equal(domain_of("b.example")->mx, "mx.b.example");
	assert_int_equal(reviewed.day_count, 1);
	assert_int_equal(reviewed.days[0].date, 20270114);
	mail_log_end();
}

static void
what_another_setting_had_stopped_is_known(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	mail_log_mta(
	    "A2: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	mail_log_mta(
	    "A2: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	mail_log_message("A3", "c.example", LOGGED_FAIL);
	mail_log_mta(
	    "A3: from=<joe@sender.example>, size=1, nrcpt=1 (queue active)");
	mail_log_message("A4", "d.example", LOGGED_FAIL);
	mail_log_mta("A4: from=<>, size=1, nrcpt=1 (queue active)");
	mail_log_message("A5", "e.example", LOGGED_TEMP);
	mail_log_message("A6", "f.example", LOGGED_NONE);
	/* what was held, or deferred, is stopped as it is */
	mail_log_message("A7", "g.example",
	    "result=fail policy=sts level=secure reason=validation-failure "
	    "action=hold rcpts=1");
	assert_int_equal(reviewed.would[WOULD_FAIL].messages, 3);
	assert_int_equal(reviewed.would[WOULD_FAIL].null_sender, 1);
	assert_int_equal(reviewed.would[WOULD_FAIL].sender_days.count, 2);
	assert_int_equal(reviewed.would[WOULD_TEMPERROR].messages, 1);
	assert_int_equal(reviewed.would[WOULD_ENCRYPT].messages, 1);
	assert_int_equal(domain_of("b.example")->would[WOULD_FAIL], 1);
	assert_int_equal(domain_of("g.example")->would[WOULD_FAIL], 0);
	mail_log_end();
}

/* What the log says became of it, and whether that was foreseen. */
static const struct {
	const char *id, *found, *first, *then;
	int foreseen; /* -1: it does not count */
} forecasts[] = {

    {"pass, sent", LOGGED_PASS,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, 1},
    {"pass, waits", LOGGED_PASS,
	"relay=none, dsn=4.4.1, status=deferred (connect to m: no)", NULL, 0},
    {"pass, waits and goes", LOGGED_PASS,
	"relay=none, dsn=4.4.1, status=deferred (connect to m: no)",
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", 1},
    {"pass, no such user", LOGGED_PASS,
	"relay=m[192.0.2.1]:25, dsn=5.1.1, status=bounced (host m "
	"said: "
	"550 no (in reply to RCPT TO command))",
	NULL, 1},
    {"pass, greylisted", LOGGED_PASS,
	"relay=m[192.0.2.1]:25, dsn=4.2.0, status=deferred (host m "
	"said: 450 later (in reply to RCPT TO command))",
	NULL, 1},
    {"pass, no TLS there", LOGGED_PASS,
	"relay=m[192.0.2.1]:25, dsn=4.7.4, status=deferred (TLS is "
	"required, but was not offered by host m)",
	NULL, 0},
    {"fail, waits", LOGGED_FAIL,
	"relay=m[192.0.2.1]:25, dsn=4.7.5, status=deferred (Server "
	"certificate not trusted)",
	NULL, 1},
    {"fail, waits, mended", LOGGED_FAIL,
	"relay=m[192.0.2.1]:25, dsn=4.7.5, status=deferred (Server "
	"certificate not trusted)",
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", 1},
    {"fail, sent", LOGGED_FAIL,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, 0},
    {"temperror", LOGGED_TEMP,
	"relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)", NULL, -1},
    {"nothing logged", LOGGED_PASS, NULL, NULL, -1},
    {"sendmail, no such user", LOGGED_PASS,
	"mailer=esmtp, relay=m.example. [192.0.2.1], dsn=5.1.1, "
	"stat=User unknown",
	NULL, 1},
    {"sendmail, TLS fails", LOGGED_PASS,
	"mailer=esmtp, relay=m.example. [192.0.2.1], dsn=4.7.0, "
	"stat=Deferred: 403 4.7.0 TLS handshake failed.",
	NULL, 0},
};

static void
forecasts_are_compared_with_deliveries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forecasts); i++) {
		char text[600];

		mail_log_begin();
		mail_log_message("A1", "b.example", forecasts[i].found);
		if (forecasts[i].first != NULL) {
			snprintf(text, sizeof(text),
			    "A1: to=<joe@B.example>, %s", forecasts[i].first);
			mail_log_mta(text);
		}
		if (forecasts[i].then != NULL) {
			snprintf(text, sizeof(text),
			    "A1: to=<joe@b.example>, %s", forecasts[i].then);
			mail_log_mta(text);
		}
		mail_log_mta("A1: removed");
		ROW(forecasts[i].id,
		    reviewed.as_foreseen == (forecasts[i].foreseen == 1));
		ROW(forecasts[i].id,
		    reviewed.not_as_foreseen == (forecasts[i].foreseen == 0));
		ROW(forecasts[i].id,
		    reviewed.missed_count == (forecasts[i].foreseen == 0));
		ROW(forecasts[i].id, reviewed.open.oldest == NAMES_NONE);
		mail_log_end();
	}
}

static void
a_disagreement_has_both_lines_and_no_address(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "b.example", LOGGED_FAIL);
	mail_log_mta("A1: to=<joe.doe@b.example>, orig_to=<jd@c.example>, "
		     "relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)");
	review_end(&reviewed);
	assert_int_equal(reviewed.missed_count, 1);
	assert_string_equal(reviewed.missed[0].domain, "b.example");
	assert_string_equal(reviewed.missed[0].ours,
	    "A1: event=check domain=b.example " LOGGED_FAIL);
	assert_string_equal(reviewed.missed[0].theirs,
	    "A1: to=<*@b.example>, orig_to=<*@c.example>, "
	    "relay=m[192.0.2.1]:25, dsn=2.0.0, status=sent (250 ok)");
	assert_int_equal(review_agreement(&reviewed), 0);
	mail_log_end();
}

static void
addresses_are_masked_in_any_form(void **state)
{
	static const struct {
		const char *text, *masked;
	} rows[] = {
	    {"to=<a@b>", "to=<*@b>"},
	    {"to=a@b, x", "to=*@b, x"},
	    {"to=<\"a b\"@c>", "to=<*@c>"},
	    {"to=<a@b>,<c@d>", "to=<*@b>,<*@d>"},
	    {"(host m said: 550 5.1.1 <joe@b> joe is gone (in reply to RCPT TO "
	     "command))",
		"(host m said: 550 5.1.1 ... (in reply to RCPT TO command))"},
	    {"(host m said: joe is gone)", "(host m said: ..."},
	    {"@", "*@"},
	    {"a@b@c", "**@c"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[200];

		review_mask(out, sizeof(out), rows[i].text);
		ROW_TEXT(rows[i].text, out, rows[i].masked);
	}
}

static void
only_whole_lines_of_posternd_count(void **state)
{
	static const char *const rows[] = {
	    /* another program, whatever its text */
	    "Jan 14 10:00:00 gate dovecot[1]: A1: event=check domain=x.example "
	    "result=fail posternd",
	    "Jan 14 10:00:00 gate dovecot[1]: posternd[7]: A1: event=check "
	    "domain=x.example " LOGGED_FAIL,
	    "Jan 14 10:00:00 gate (x)[1]: posternd[7]: A1: event=check "
	    "domain=x.example " LOGGED_FAIL,
	    "Jan 14 10:00:00 gate a b posternd[7]: A1: event=check "
	    "domain=x.example " LOGGED_FAIL,
	    "Jan 14 10:00:00 gate xposternd[7]: A1: event=check "
	    "domain=x.example " LOGGED_FAIL,
	    "Jan 14 10:00:00 gate postfix/smtp[7]: A1: to=<x@posternd>, "
	    "status=sent (event=check domain=x.example " LOGGED_FAIL ")",
	    /* cut */
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check domain=x.exa",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "result=fa",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check",
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check domain=",
	    /* two in one */
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=y.example " LOGGED_FAIL,
	    "Jan 14 10:00:00 gate posternd[7]: A1: event=check "
	    "domain=x.example "
	    "result=fail=pass policy=sts level=may reason=ok action=none "
	    "rcpts=1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		mail_log_begin();
		review_line(&reviewed, rows[i]);
		ROW(rows[i], reviewed.domains.names.count == 0);
		mail_log_end();
	}
}

static void
times_that_cannot_be_stand_apart(void **state)
{
	static const struct {
		const char *when;
		int days, untimed;
	} rows[] = {
	    {"Jan 14 10:00:00", 1, 0},
	    {"2027-01-14T10:00:00.5+01:00", 1, 0},
	    {"2099-01-14T10:00:00Z", 0, 2},
	    {"Okt 14 10:00:00", 0, 2},
	    {"Mär 14 10:00:00", 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[500];

		mail_log_begin();
		snprintf(line, sizeof(line),
		    "%s gate posternd[7]: A1: event=check "
		    "domain=x.example " LOGGED_PASS,
		    rows[i].when);
		review_line(&reviewed, line);
		snprintf(line, sizeof(line),
		    "%s gate posternd[7]: A1: event=message "
		    "result=pass "
		    "action=none domains=1 rcpts=1 auth=yes ms=1",
		    rows[i].when);
		review_line(&reviewed, line);
		ROW(rows[i].when, reviewed.messages == 1);
		ROW(rows[i].when, (int)reviewed.day_count == rows[i].days);
		ROW(rows[i].when, (int)reviewed.untimed == rows[i].untimed);
		mail_log_end();
	}
}

static void
a_clock_may_go_back(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_day("Jan 13 23:59:59");
	mail_log_day("Jan 14 00:00:00");
	mail_log_day("Jan 12 10:00:00");
	mail_log_day("Jan 14 00:00:59");
	mail_log_day("Jan 13 00:00:00");
	assert_int_equal(reviewed.day_count, 3);
	assert_int_equal(reviewed.days[0].date, 20270112);
	assert_int_equal(reviewed.days[0].messages, 1);
	assert_int_equal(reviewed.days[1].messages, 2);
	assert_int_equal(reviewed.days[2].messages, 2);
	assert_int_equal(reviewed.last - reviewed.first, 38 * 3600 + 59);
	mail_log_end();
}

static void
a_time_can_be_asked_for(void **state)
{
	(void)state;
	mail_log_begin_with(
	    NULL, MAIL_LOG_NOW - 2 * 86400, MAIL_LOG_NOW - 86400);
	mail_log_day("Jan 13 07:59:59");
	mail_log_day("Jan 13 08:00:00");
	mail_log_day("Jan 14 07:59:59");
	mail_log_day("Jan 14 08:00:00");
	mail_log_day("no time");
	assert_int_equal(reviewed.messages, 2);
	assert_int_equal(reviewed.outside, 2);
	assert_int_equal(reviewed.untimed, 1);
	mail_log_end();
}

static void
one_domain_can_be_asked_for(void **state)
{
	(void)state;
	mail_log_begin_with("b.example", 0, 0);
	mail_log_message("A1", "a.example", LOGGED_PASS);
	mail_log_message("A2", "b.example", LOGGED_FAIL);
	assert_int_equal(reviewed.messages, 1);
	assert_int_equal(reviewed.domains.names.count, 1);
	mail_log_end();
}

static void
a_queue_id_that_comes_again_is_another_message(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_message("A1", "b.example", LOGGED_FAIL);
	mail_log_message("A1", "b.example", LOGGED_PASS);
	mail_log_mta("A1: to=<x@b.example>, relay=m[192.0.2.1]:25, dsn=2.0.0, "
		     "status=sent (250 ok)");
	review_end(&reviewed);
	assert_int_equal(reviewed.messages, 2);
	assert_int_equal(reviewed.as_foreseen, 1);
	assert_int_equal(reviewed.not_as_foreseen, 0);
	assert_int_equal(
	    reviewed.forecast[STORY_PREDICTS_DEFERRED][OUTCOME_OPEN], 1);
	mail_log_end();
}

static void
flips_are_kept_and_temperrors_are_none(void **state)
{
	const struct review_domain *domain;

	(void)state;
	mail_log_begin();
	mail_log_message("A1", "b.example", LOGGED_PASS);
	mail_log_message("A2", "b.example", LOGGED_TEMP);
	assert_false(review_domain_is_mended(domain_of("b.example")));
	mail_log_message("A3", "b.example", LOGGED_PASS);
	mail_log_message("A4", "b.example", LOGGED_FAIL);
	mail_log_ours("-: event=change domain=b.example old=fail new=pass");
	domain = domain_of("b.example");
	assert_int_equal(domain->flip_count, 2);
	assert_int_equal(domain->flips[0].before, RESULT_PASS);
	assert_int_equal(domain->flips[0].after, RESULT_FAIL);
	assert_true(review_domain_is_mended(domain));
	for (int i = 0; i < LIMIT_REVIEW_FLIPS; i++)
		mail_log_message(
		    "A5", "b.example", i % 2 == 0 ? LOGGED_FAIL : LOGGED_PASS);
	assert_int_equal(
	    domain_of("b.example")->flip_count, 2 + LIMIT_REVIEW_FLIPS);
	mail_log_end();
}

static void
trouble_of_its_own_is_told(void **state)
{
	(void)state;
	mail_log_begin();
	mail_log_ours("-: event=start version=1");
	mail_log_ours(
	    "-: event=resolver addr=embedded validating=no reason=dns-timeout");
	mail_log_ours("-: event=store reason=internal-error detail=full");
	mail_log_ours("-: event=store reason=ok");
	mail_log_ours("-: event=probe port=25 depth=dns reason=connect-failed");
	mail_log_ours("-: event=log lost=17");
	mail_log_ours("-: event=log lost=3");
	mail_log_ours("-: event=reload faults=2 detail=x");
	mail_log_ours("-: event=rule rule=old.example until=2027-01-20");
	mail_log_ours("-: event=rule rule=gone.example until=2026-12-31 "
		      "reason=expired-rule");
	mail_log_ours(
	    "A1: event=check domain=a.example result=none policy=local "
	    "level=may reason=no-policy action=none rcpts=1 ms=70 "
	    "rule=old.example");
	assert_int_equal(reviewed.own.starts, 1);
	assert_int_equal(reviewed.own.resolver_down, 1);
	assert_true(reviewed.own.resolver_is_down);
	assert_int_equal(reviewed.own.store_down, 1);
	assert_false(reviewed.own.store_is_down);
	assert_true(reviewed.own.port_is_closed);
	assert_int_equal(reviewed.own.lost_lines, 20);
	assert_int_equal(reviewed.own.reload_faults, 1);
	assert_int_equal(reviewed.rule_names.count, 2);
	assert_int_equal(reviewed.rules[0].checks, 1);
	assert_string_equal(reviewed.rules[0].until, "2027-01-20");
	assert_true(reviewed.rules[1].expired);
	assert_int_equal(reviewed.slow_count, 1);
	mail_log_end();
}

#define SMTPD "Jan 14 10:00:00 gate postfix/smtpd[5]: "
#define LATER "Jan 14 11:00:00 gate postfix/"
#define NO_ANSWER                                                      \
	"warning: connect to Milter service unix:/spool/postern.sock:" \
	" Connection refused"

static void
log_unseen(void)
{
	review_line(&reviewed, SMTPD "connect from x[192.0.2.1]");
	review_line(&reviewed, SMTPD NO_ANSWER);
	review_line(&reviewed, SMTPD "A1: client=x[192.0.2.1]");
	review_line(&reviewed,
	    "Jan 14 10:00:00 gate postfix/qmgr[4]: A1: "
	    "from=<a@s.example>, size=6, nrcpt=1 (queue active)");
	review_line(&reviewed, LATER "smtpd[5]: A2: client=x[192.0.2.1]");
	review_line(&reviewed,
	    LATER "qmgr[4]: A2: from=<a@s.example>, size=6, nrcpt=1 (queue "
		  "active)");
}

static void
messages_that_passed_unseen_are_counted(void **state)
{
	(void)state;
	mail_log_begin();
	log_unseen();
	assert_int_equal(reviewed.unseen.count, 2);
	assert_string_equal(reviewed.unseen.last, "Jan 14 11:00:00");
	assert_int_equal(reviewed.messages, 0);
	mail_log_end();
	/* 2027-01-14T10:30:00Z */
	mail_log_begin_with(NULL, 1799922600, 0);
	log_unseen();
	assert_int_equal(reviewed.unseen.count, 0);
	mail_log_end();
	mail_log_begin_with(NULL, 0, 1799922600);
	log_unseen();
	assert_int_equal(reviewed.unseen.count, 1);
	mail_log_end();
	mail_log_begin_with("a.example", 0, 0);
	log_unseen();
	assert_int_equal(reviewed.unseen.count, 0);
	mail_log_end();
}

static void
what_mtas_were_told_is_counted_by_its_first_word(void **state)
{
	char line[300];

	(void)state;
	mail_log_begin();
	mail_log_ours(MAIL_LOG_MAP("a.example", "secure"));
	mail_log_ours(MAIL_LOG_MAP("b.example", "secure"));
	mail_log_ours(MAIL_LOG_MAP("c.example", "TEMP"));
	mail_log_ours("-: event=map map=plain answer=secure");
	assert_int_equal(reviewed.told_count, 2);
	assert_string_equal(reviewed.told[0].word, "secure");
	assert_int_equal(reviewed.told[0].times, 2);
	assert_int_equal(reviewed.told[1].times, 1);
	assert_int_equal(reviewed.damaged, 1);
	for (int i = 0; i < 2 * REVIEW_TOLD; i++) {
		snprintf(line, sizeof(line),
		    "-: event=map domain=d.example answer=word%d", i);
		mail_log_ours(line);
	}
	assert_int_equal(reviewed.told_count, REVIEW_TOLD);
	mail_log_end();
	mail_log_begin_with("b.example", 0, 0);
	mail_log_ours(MAIL_LOG_MAP("a.example", "secure"));
	mail_log_ours(MAIL_LOG_MAP("b.example", "secure"));
	assert_int_equal(reviewed.told[0].times, 1);
	mail_log_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_and_their_domains_are_counted),
	    cmocka_unit_test(what_another_setting_had_stopped_is_known),
	    cmocka_unit_test(forecasts_are_compared_with_deliveries),
	    cmocka_unit_test(a_disagreement_has_both_lines_and_no_address),
	    cmocka_unit_test(addresses_are_masked_in_any_form),
	    cmocka_unit_test(only_whole_lines_of_posternd_count),
	    cmocka_unit_test(times_that_cannot_be_stand_apart),
	    cmocka_unit_test(a_clock_may_go_back),
	    cmocka_unit_test(a_time_can_be_asked_for),
	    cmocka_unit_test(one_domain_can_be_asked_for),
	    cmocka_unit_test(a_queue_id_that_comes_again_is_another_message),
	    cmocka_unit_test(flips_are_kept_and_temperrors_are_none),
	    cmocka_unit_test(trouble_of_its_own_is_told),
	    cmocka_unit_test(messages_that_passed_unseen_are_counted),
	    cmocka_unit_test(what_mtas_were_told_is_counted_by_its_first_word),
	};

	return RUN_TESTS(tests);
}
