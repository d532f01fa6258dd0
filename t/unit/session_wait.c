/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <string.h>

#include "common/base/clock.h"
#include "t/unit/mail.h"
#include "t/unit/tap.h"

static void
rcpt_waits_no_longer_than_told(void **state)
{
	struct session *session = mail_begin(ALL("defer") "RcptWait 20s\n");
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@slow.example"), DEFER);
	assert_int_equal(clock_mono_ms() - begun_ms, 12000);
	assert_int_equal(fake_report_seen.waited_ms, 12000);
	assert_int_equal(mail_rcpt(session, "a@hang.example"), DEFER);
	assert_int_equal(clock_mono_ms() - begun_ms, 32000);
	assert_int_equal(fake_report_seen.waited_ms, 32000);
	assert_int_equal(fake_report_seen.waits, 2);
	session_abandon(session);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "NOQUEUE check slow.example fail validation-failure defer 1\n"
	    "NOQUEUE check hang.example temperror deadline defer 1\n");
}

static void
a_deadline_stays_the_verdict_of_the_message(void **state)
{
	struct session *session = mail_begin("On-Fail defer\nRcptWait 20s\n");
	struct session_end end;

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@slower.example"), NONE);
	clock_shift(60);
	assert_int_equal(mail_rcpt(session, "b@slower.example"), NONE);
	end = mail_finish(session);
	assert_int_equal(end.action, TAG);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check slower.example temperror deadline tag 2\n"
	    "Q1 message temperror tag 1 2\n");
}

/* Two that take all of RcptWait, and one that the rest of the minute is not
 * enough for. */
static struct session *
use_up_the_minute(const char *conf)
{
	struct session *session = mail_begin(conf);
	int64_t begun_ms = clock_mono_ms();

	assert_int_equal(mail_rcpt(session, "a@hang1.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@hang2.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@hang3.example"), NONE);
	assert_int_equal(clock_mono_ms() - begun_ms, 60000);
	return session;
}

static void
all_recipients_together_wait_a_minute(void **state)
{
	struct session *session =
	    use_up_the_minute(ALL("defer") "RcptWait 25s\n");
	int64_t begun_ms = clock_mono_ms();
	char address[32];

	(void)state;
	for (int i = 4; i < 10; i++) {
		snprintf(address, sizeof(address), "a@hang%d.example", i);
		assert_int_equal(mail_rcpt(session, address), NONE);
	}
	/* what is there at once needs no wait */
	assert_int_equal(mail_rcpt(session, "a@pass.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@fail.example"), DEFER);
	assert_int_equal(clock_mono_ms() - begun_ms, 0);
	session_free(session);
}

/* A wait that is not cut short comes to a verdict, be it the last. */
static void
a_wait_of_the_whole_minute_is_a_deadline_as_any(void **state)
{
	struct session *session = mail_begin(ALL("defer") "RcptWait 60s\n");
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@hang.example"), DEFER);
	assert_int_equal(clock_mono_ms() - begun_ms, 60000);
	assert_int_equal(mail_rcpt(session, "a@hang2.example"), NONE);
	assert_int_equal(clock_mono_ms() - begun_ms, 60000);
	session_free(session);
}

static void
who_is_beyond_the_minute_is_decided_at_the_end(void **state)
{
	struct session *session = use_up_the_minute(
	    "On-Fail reject\nOn-TempError defer\nRcptWait 25s\n");
	struct session_end end;

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@slow.example"), NONE);
	clock_shift(20);
	/* the verdict is there, but the first of them is in already */
	assert_int_equal(mail_rcpt(session, "b@slow.example"), NONE);
	end = mail_finish(session);
	assert_int_equal(end.action, REJECT);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "NOQUEUE check hang1.example temperror deadline defer 1\n"
	    "NOQUEUE check hang2.example temperror deadline defer 1\n"
	    "Q1 check hang3.example temperror deadline defer 1\n"
	    "Q1 check slow.example fail validation-failure reject 2\n"
	    "Q1 message fail reject 2 3\n");
}

static void
nobody_waits_at_rcpt_where_nothing_could_be_refused(void **state)
{
	static const struct {
		const char *conf;
		bool null;
	} rows[] = {{"", false}, {ALL("hold"), false}, {ALL("tag"), false},
	    {MESSAGE ALL("reject"), false}, {ALL("reject"), true}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin_from(rows[i].conf, rows[i].null);
		int64_t begun_ms = clock_mono_ms();

		ROW(rows[i].conf, mail_rcpt(session, "a@hang.example") == NONE);
		ROW(rows[i].conf, clock_mono_ms() == begun_ms);
		ROW(rows[i].conf, fake_engine_seen.started == 1);
		session_free(session);
	}
}

/* The MTA hears each five seconds that there is more to wait for. */
static void
the_end_of_the_message_waits_as_long_as_told(void **state)
{
	static const struct {
		const char *conf;
		bool null, local, congested;
		unsigned seconds, progressed;
	} rows[] = {
	    {"MessageWait 30s\n", false, false, false, 30, 5},
	    {"MessageWait 30s\n", false, false, true, 30, 5},
	    {"MessageWait 0\n", false, false, false, 0, 0},
	    {"", false, false, false, 5, 0},
	    {"", false, false, true, 0, 0},
	    {"On-Fail hold\n", false, false, false, 60, 11},
	    {"On-Fail hold\n", false, false, true, 60, 11},
	    {MESSAGE "On-Fail defer\n", false, false, false, 60, 11},
	    {MESSAGE "On-Fail defer\n", true, false, false, 5, 0},
	    {MESSAGE "On-Fail defer\n", true, false, true, 0, 0},
	    /* what did not come by SMTP */
	    {"On-Fail defer\n", false, true, false, 5, 0},
	    {"On-Fail hold\n", false, true, true, 5, 0},
	    {"MessageWait 30s\n", false, true, false, 5, 0},
	    {"MessageWait 2s\n", false, true, false, 2, 0},
	    {"", false, true, true, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin_from(rows[i].conf, rows[i].null);
		int64_t begun_ms = clock_mono_ms();
		char address[32];

		fake_engine.congested = rows[i].congested;
		for (int r = 0; r < 5; r++) {
			snprintf(
			    address, sizeof(address), "a@hang%d.example", r);
			if (rows[i].local)
				mail_rcpt_local(session, address);
			else
				mail_rcpt(session, address);
		}
		mail_finish_and_free(session);
		ROW(rows[i].conf,
		    clock_mono_ms() - begun_ms == rows[i].seconds * 1000);
		ROW(rows[i].conf, mail_progressed == rows[i].progressed);
		ROW(rows[i].conf,
		    fake_report_seen.message_ms == rows[i].seconds * 1000);
	}
	fake_engine.congested = false;
}

/* A rule for hosts may come to apply wherever there is none for the domain. */
static void
who_may_be_refused_by_a_rule_is_waited_for(void **state)
{
	static const struct {
		const char *rules;
		int waited_s;
	} rows[] = {
	    {"", 5},
	    {"hang.example may on-fail=defer\n", 60},
	    {"other.example may on-fail=defer\n", 5},
	    {"mx:.hoster.example may on-fail=defer\n", 60},
	    {"mx:.hoster.example may on-fail=defer\nhang.example auto\n", 5},
	    {"mx:.hoster.example may on-fail=defer\n* auto\n", 60},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin_with_rules(MESSAGE, rows[i].rules);
		int64_t begun_ms = clock_mono_ms();

		mail_rcpt(session, "a@hang.example");
		mail_finish_and_free(session);
		ROW(rows[i].rules,
		    clock_mono_ms() - begun_ms == rows[i].waited_s * 1000);
	}
}

static void
one_that_may_be_refused_is_enough(void **state)
{
	struct session *session =
	    mail_begin_with_rules(MESSAGE, "hang2.example may on-fail=defer\n");
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	mail_rcpt(session, "a@hang1.example");
	mail_rcpt(session, "a@hang2.example");
	mail_finish_and_free(session);
	assert_int_equal(clock_mono_ms() - begun_ms, 60000);
}

int
main(void)
{
	const struct CMUnitTest session_wait[] = {
	    cmocka_unit_test(rcpt_waits_no_longer_than_told),
	    cmocka_unit_test(a_deadline_stays_the_verdict_of_the_message),
	    cmocka_unit_test(all_recipients_together_wait_a_minute),
	    cmocka_unit_test(a_wait_of_the_whole_minute_is_a_deadline_as_any),
	    cmocka_unit_test(who_is_beyond_the_minute_is_decided_at_the_end),
	    cmocka_unit_test(
		nobody_waits_at_rcpt_where_nothing_could_be_refused),
	    cmocka_unit_test(the_end_of_the_message_waits_as_long_as_told),
	    cmocka_unit_test(who_may_be_refused_by_a_rule_is_waited_for),
	    cmocka_unit_test(one_that_may_be_refused_is_enough),
	};

	return RUN_TESTS(session_wait);
}
