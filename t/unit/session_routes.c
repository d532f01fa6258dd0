/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "milter/serve/own_mail.h"
#include "t/unit/mail.h"
#include "t/unit/tap.h"

static void
one_check_is_made_of_each_domain_and_next_hop(void **state)
{
	struct session *session = mail_begin("");
	struct route_rcpt rcpt = {
	    .address = "<a@pass.example>", .mailer = "smtp"};
	struct reply reply;

	(void)state;
	rcpt.host = "pass.example";
	session_rcpt(session, &rcpt, &reply);
	rcpt.address = "<b@PASS.Example.>";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 1);
	rcpt.host = "[Relay.Example]:587, [other.example]";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 2);
	assert_string_equal(
	    fake_engine_seen.last_hop, "[relay.example]:587,[other.example]");
	mail_finish_and_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check pass.example pass ok none 2\n"
	    "Q1 check pass.example pass ok none 1\n"
	    "Q1 message pass none 2 3\n");
}

static void
a_next_hop_that_is_the_domain_is_no_other_way(void **state)
{
	struct session *session = mail_begin("ProbePort 2525\n");
	struct route_rcpt rcpt = {.address = "<a@pass.example>",
	    .mailer = "smtp",
	    .host = "pass.example"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	rcpt.host = NULL;
	session_rcpt(session, &rcpt, &reply);
	rcpt.host = "PASS.example.";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 1);
	assert_string_equal(fake_engine_seen.last_hop, "-");
	assert_int_equal(fake_engine_seen.last_port, 2525);
	rcpt.host = "[pass.example]";
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 2);
	assert_string_equal(fake_engine_seen.last_hop, "[pass.example]:2525");
	mail_finish_and_free(session);
}

static void
some_recipients_are_not_looked_at(void **state)
{
	static const struct {
		const char *address, *mailer, *line;
	} rows[] = {
	    {"<a@fail.example>", "local", "skip fail.example internal none 1"},
	    {"<a@fail.example>", "*file*", "skip fail.example internal none 1"},
	    {"<a@fail.example>", "error", "skip fail.example internal none 1"},
	    {"<a@[192.0.2.1]>", "smtp", "skip [192.0.2.1] no-policy none 1"},
	    {"<a@[IPv6:2001:DB8::1]>", "smtp",
		"skip [ipv6:2001:db8::1] no-policy none 1"},
	    {"<a@gate.sender.example>", "smtp",
		"skip gate.sender.example internal none 1"},
	    {"<a@x.relay.example>", "smtp",
		"skip x.relay.example internal none 1"},
	    {"<a@free.example>", "smtp", "skip free.example exempt none 1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session =
		    mail_begin(ALL("reject") "InternalDomains .relay.example\n"
					     "ExemptDomains free.example\n");
		struct route_rcpt rcpt = {
		    .address = rows[i].address, .mailer = rows[i].mailer};
		struct reply reply;
		struct session_end end;
		char log[128];

		ROW(rows[i].line,
		    session_rcpt(session, &rcpt, &reply) == ACTION_NONE);
		end = mail_finish(session);
		ROW(rows[i].line, end.action == NONE && end.tag == NULL);
		snprintf(log, sizeof(log), "Q1 %s\nQ1 message skip none 1 1\n",
		    rows[i].line);
		ROW_TEXT(rows[i].line, fake_report_log(), log);
		ROW(rows[i].line, fake_engine_seen.started == 0);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
every_other_mailer_is_looked_at(void **state)
{
	static const char *const mailers[] = {
	    "smtp", "relay", "esmtp", "smtp-slow", "Local", "", "locals"};

	(void)state;
	for (size_t i = 0; i < COUNT(mailers); i++) {
		struct session *session = mail_begin("");
		struct route_rcpt rcpt = {
		    .address = "a@pass.example", .mailer = mailers[i]};
		struct reply reply;

		session_rcpt(session, &rcpt, &reply);
		ROW(mailers[i], fake_engine_seen.started == 1);
		session_free(session);
	}
}

static void
malformed_recipients_get_a_verdict(void **state)
{
	char longest[600];
	const char *rows[] = {"", "<>", "<postmaster>", "a@", "<a@>", "@",
	    "a@b..example", "a@.", "a@-\x01.example", "a@\xff\xfe.example",
	    "a@[192.0.2]", "a@[]", "a@exa mple", longest};

	(void)state;
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "a@", 2);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = mail_begin(ALL("reject"));
		struct session_end end;

		ROW(rows[i], mail_rcpt(session, rows[i]) == NONE);
		end = mail_finish(session);
		ROW(rows[i], end.action == NONE);
		ROW_TEXT(rows[i], fake_report_log(),
		    "Q1 check  none name-invalid none 1\n"
		    "Q1 message none none 1 1\n");
		ROW(rows[i], strstr(end.tag, " d=") == NULL);
		session_end_fini(&end);
		session_free(session);
	}
}

static void
an_address_without_a_domain_takes_that_of_the_mta(void **state)
{
	struct session *session = mail_begin("");
	struct route_rcpt rcpt = {
	    .address = "<user>", .addr = "user@pass.example", .mailer = "smtp"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 1);
	session_free(session);
}

/* Who types the address must not choose what is looked at. */
static void
the_address_counts_as_the_mta_reads_it(void **state)
{
	struct session *session = mail_begin("InternalDomains here.example\n");
	struct route_rcpt rcpt = {.address = "<user%fail.example@here.example>",
	    .addr = "user@fail.example",
	    .mailer = "smtp",
	    .host = "fail.example"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_int_equal(fake_engine_seen.started, 1);
	assert_string_equal(fake_engine_seen.last_hop, "-");
	session_free(session);
}

static void
all_next_hops_are_asked(void **state)
{
	struct session *session = mail_begin("");
	struct route_rcpt rcpt = {.address = "<user@fail.example>",
	    .mailer = "relay",
	    .host = "[a.example]:587, b.example"};
	struct reply reply;

	(void)state;
	session_rcpt(session, &rcpt, &reply);
	assert_string_equal(
	    fake_engine_seen.last_hop, "[a.example]:587,b.example");
	session_free(session);
}

static void
an_international_domain_is_asked_by_its_a_label(void **state)
{
	struct session *session =
	    mail_begin("InternalDomains xn--mller-kva.org\n");

	(void)state;
	mail_rcpt(session, "<a@m\xc3\xbcller.org>");
	mail_finish_and_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 skip xn--mller-kva.org internal none 1\n"
	    "Q1 message skip none 1 1\n");
}

static void
domains_beyond_the_maximum_are_not_looked_at(void **state)
{
	struct session *session =
	    mail_begin("MaxDomains 3\nOn-TempError hold\nHeaderDomains none\n");
	struct session_end end;
	char address[32];

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "a@pass%d.example", i);
		mail_rcpt(session, address);
		mail_rcpt(session, address);
	}
	assert_int_equal(fake_engine_seen.started, 3);
	end = mail_finish(session);
	assert_int_equal(end.action, HOLD);
	session_end_fini(&end);
	session_free(session);
	assert_string_equal(fake_report_log(),
	    "Q1 check pass0.example pass ok none 2\n"
	    "Q1 check pass1.example pass ok none 2\n"
	    "Q1 check pass2.example pass ok none 2\n"
	    "Q1 check pass3.example temperror queue-full hold 2\n"
	    "Q1 check pass4.example temperror queue-full hold 2\n"
	    "Q1 message temperror hold 5 10\n");
}

static void
domains_without_number_cost_bounded_memory(void **state)
{
	struct session *session =
	    mail_begin("MaxDomains 1\nOn-TempError defer\nSyslog no\n");
	struct session_end end;
	char address[32];

	(void)state;
	assert_int_equal(mail_rcpt(session, "a@pass.example"), NONE);
	for (int i = 0; i < LIMIT_MESSAGE_DOMAINS + 50; i++) {
		snprintf(address, sizeof(address), "a@%d.example", i);
		mail_rcpt_local(session, address);
	}
	/* what is known stays known */
	assert_int_equal(mail_rcpt(session, "b@pass.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@last.example"), DEFER);
	end = mail_finish(session);
	assert_int_equal(end.action, DEFER);
	session_end_fini(&end);
	session_free(session);
}

static void
so_many_domains_are_told_apart(void **state)
{
	char address[32], more[32];

	(void)state;
	snprintf(more, sizeof(more), " more=%d",
	    LIMIT_MESSAGE_DOMAINS - LIMIT_TAG_ITEMS);
	for (int beyond = 0; beyond <= 50; beyond += 50) {
		struct session *session =
		    mail_begin("MaxDomains 1\nSyslog no\nHeaderDomains all\n");
		struct session_end end;

		mail_rcpt_local(session, "a@pass.example");
		for (int i = 1; i < LIMIT_MESSAGE_DOMAINS + beyond; i++) {
			snprintf(address, sizeof(address), "a@%d.example", i);
			mail_rcpt_local(session, address);
		}
		end = mail_finish(session);
		assert_int_equal(end.action, TAG);
		assert_string_equal(strrchr(end.tag, '\n') + 1, more);
		assert_int_equal(fake_report_seen.domains,
		    LIMIT_MESSAGE_DOMAINS + (beyond > 0));
		session_end_fini(&end);
		session_free(session);
	}
}

static void
mail_without_smtp_to_this_host_is_internal(void **state)
{
	static const struct {
		const char *address;
		bool smtp;
		const char *line;
	} rows[] = {
	    {"a@none.home.example", false, "skip none.home.example internal"},
	    {"a@temperror.home.example", false,
		"skip temperror.home.example internal"},
	    {"a@none.house.example", false, "skip none.house.example internal"},
	    {"a@temperror.mirror.example", false,
		"skip temperror.mirror.example internal"},
	    /* what a policy says of it stands */
	    {"a@fail.home.example", false,
		"check fail.home.example fail validation-failure"},
	    {"a@pass.home.example", false, "check pass.home.example pass ok"},
	    /* the MTA said that it sends it elsewhere */
	    {"a@temperror.mirror.example", true,
		"check temperror.mirror.example temperror probe-timeout"},
	    {"a@temperror.home.example", true,
		"check temperror.home.example temperror probe-timeout"},
	    {"a@none.other.example", false,
		"check none.other.example none no-policy"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session *session = mail_begin(
		    MESSAGE ALL("hold") "InternalDomains .inside.example\n");
		struct session_end end;
		bool internal = strstr(rows[i].line, "internal") != NULL;

		if (rows[i].smtp)
			mail_rcpt(session, rows[i].address);
		else
			mail_rcpt_local(session, rows[i].address);
		end = mail_finish(session);
		ROW(rows[i].line,
		    strstr(fake_report_log(), rows[i].line) != NULL);
		ROW(rows[i].line,
		    (end.action == NONE) ==
			(internal || strstr(rows[i].line, " pass ") != NULL));
		ROW(rows[i].line, !internal || end.tag == NULL);
		session_end_fini(&end);
		session_free(session);
	}
}

/* X01 H09 */
static void
our_own_reports_are_let_pass(void **state)
{
	static const struct {
		bool reports;
		const char *to, *line;
	} rows[] = {
	    {true, "<r@fail.example>", "skip fail.example exempt none 1"},
	    {true, "<R@FAIL.example>", "skip fail.example exempt none 1"},
	    {true, "<s@fail.example>", NULL},
	    {true, "<old@fail.example>", NULL},
	    {false, "<r@fail.example>", NULL},
	};

	(void)state;
	own_mail_add("r@fail.example", (int64_t)clock_wall_s());
	own_mail_add("old@fail.example", (int64_t)clock_wall_s() - CLOCK_DAY_S);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct session_mail mail = {.reports = rows[i].reports};
		struct session *session = mail_begin_as(ALL("reject"), &mail);
		struct route_rcpt rcpt = {
		    .address = rows[i].to, .mailer = "smtp"};
		struct reply reply;
		bool passed =
		    session_rcpt(session, &rcpt, &reply) == ACTION_NONE;

		ROW(rows[i].to, passed == (rows[i].line != NULL));
		mail_finish_and_free(session);
		if (rows[i].line != NULL)
			ROW(rows[i].to,
			    strstr(fake_report_log(), rows[i].line) != NULL);
	}
	own_mail_forget();
}

static void
our_own_report_goes_where_the_mta_reads_that_it_does(void **state)
{
	struct session_mail mail = {.reports = true};
	struct session *session = mail_begin_as(ALL("reject"), &mail);
	struct route_rcpt rcpt = {.address = "<postmaster>",
	    .addr = "r@fail.example",
	    .mailer = "smtp"};
	struct reply reply;

	(void)state;
	own_mail_add("r@fail.example", (int64_t)clock_wall_s());
	assert_int_equal(session_rcpt(session, &rcpt, &reply), ACTION_NONE);
	session_free(session);
	own_mail_forget();
}

static void
a_literal_that_the_header_names_is_tagged(void **state)
{
	struct session *session = mail_begin("AuthservID gate.example\n");
	struct session_end end;

	(void)state;
	mail_rcpt(session, "<a@[IPv6:2001:DB8::1]>");
	mail_rcpt(session, "<a@pass.example>");
	session_header(session, "To", "a@[ipV6:2001:Db8::1]");
	end = mail_finish(session);
	assert_string_equal(end.tag,
	    "gate.example; v=1; result=pass; action=none; id=Q1;\n"
	    " d=[ipv6:2001:db8::1]/skip/no-policy-found/no-policy");
	session_end_fini(&end);
	assert_null(end.tag);
	session_free(session);
}

int
main(void)
{
	const struct CMUnitTest session_routes[] = {
	    cmocka_unit_test(one_check_is_made_of_each_domain_and_next_hop),
	    cmocka_unit_test(a_next_hop_that_is_the_domain_is_no_other_way),
	    cmocka_unit_test(some_recipients_are_not_looked_at),
	    cmocka_unit_test(mail_without_smtp_to_this_host_is_internal),
	    cmocka_unit_test(every_other_mailer_is_looked_at),
	    cmocka_unit_test(malformed_recipients_get_a_verdict),
	    cmocka_unit_test(an_address_without_a_domain_takes_that_of_the_mta),
	    cmocka_unit_test(the_address_counts_as_the_mta_reads_it),
	    cmocka_unit_test(all_next_hops_are_asked),
	    cmocka_unit_test(an_international_domain_is_asked_by_its_a_label),
	    cmocka_unit_test(domains_beyond_the_maximum_are_not_looked_at),
	    cmocka_unit_test(domains_without_number_cost_bounded_memory),
	    cmocka_unit_test(so_many_domains_are_told_apart),
	    cmocka_unit_test(our_own_reports_are_let_pass),
	    cmocka_unit_test(
		our_own_report_goes_where_the_mta_reads_that_it_does),
	    cmocka_unit_test(a_literal_that_the_header_names_is_tagged),
	};

	return RUN_TESTS(session_routes);
}
