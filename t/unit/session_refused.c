/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/mta/session.h"

#include <string.h>

#include "t/fake/own_sessions.h"
#include "t/unit/mail.h"
#include "t/unit/tap.h"

/* A message to one or two, and whose failures count for TLS reports. */
struct row {
	const char *id;
	const char *conf;
	const char *addresses[2];
	const char *how; /* "" "null" "local" "no": the sender wants no TLS */
	const char *counted;
};

static void
run_row(const struct row *row)
{
	bool null = strcmp(row->how, "null") == 0;
	struct session *session = mail_begin_from(row->conf, null);
	size_t refused = 0, count = 0;

	fake_refused[0] = '\0';
	for (; count < COUNT(row->addresses) && row->addresses[count] != NULL;
	     count++)
		refused +=
		    (strcmp(row->how, "local") == 0
			    ? mail_rcpt_local(session, row->addresses[count])
			    : mail_rcpt(session, row->addresses[count])) !=
		    ACTION_NONE;
	if (strcmp(row->how, "no") == 0)
		session_header(session, "TLS-Required", "No");
	if (refused < count)
		mail_finish_and_free(session);
	else
		session_free(session);
	ROW_TEXT(row->id, fake_refused, row->counted);
}

static void
what_the_mta_never_tries_is_counted(void **state)
{
	static const struct row rows[] = {
	    {"R30 at RCPT", "On-Fail defer\n", {"a@fail.example"}, "",
		" fail.example"},
	    {"R30 rejected", "On-Fail reject\n", {"a@fail.example"}, "",
		" fail.example"},
	    {"R30 at the end", MESSAGE "On-Fail defer\n", {"a@fail.example"},
		"", " fail.example"},
	    {"R30 two recipients", "On-Fail defer\n",
		{"a@fail.example", "b@fail.example"}, "",
		" fail.example fail.example"},
	    {"R30 others of a message that is refused",
		MESSAGE "On-Fail tag\nOn-TempError defer\n",
		{"a@fail.example", "b@temperror.example"}, "",
		" fail.example temperror.example"},
	    {"R30 not those that are not", "On-Fail defer\n",
		{"a@fail.example", "b@softfail.example"}, "", " fail.example"},
	    {"R31 from a verdict that was there", "On-Fail defer\n",
		{"a@fail.cached.example"}, "", ""},
	    {"R32 tag", "On-Fail tag\n", {"a@fail.example"}, "", ""},
	    {"R32 hold", "On-Fail hold\n", {"a@fail.example"}, "", ""},
	    {"R32 none", "On-Fail none\n", {"a@fail.example"}, "", ""},
	    {"R32 not by SMTP", "On-Fail defer\n", {"a@fail.example"}, "local",
		""},
	    {"R32 bounce", "On-Fail defer\n", {"a@fail.example"}, "null", ""},
	    {"R34 deadline",
		"On-Fail defer\nOn-TempError defer\nRcptWait 10s\n",
		{"a@slow.example"}, "", ""},
	    {"R34 too many domains, queue-full",
		"On-TempError defer\nMaxDomains 1\n",
		{"a@pass.example", "b@fail.example"}, "", ""},
	    {"R35 skip", "On-Fail defer\nExemptDomains fail.example\n",
		{"a@fail.example"}, "", ""},
	    {"R35 TLS-Required: No", MESSAGE "On-Fail defer\n",
		{"a@fail.example"}, "no", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		run_row(&rows[i]);
}

/* At the end the whole message is refused, and with it who was already. */
static void
what_was_refused_at_rcpt_is_counted_once(void **state)
{
	struct session *session = mail_begin("On-Fail defer\nRcptWait 60s\n");
	struct session_end end;

	(void)state;
	fake_refused[0] = '\0';
	assert_int_equal(mail_rcpt(session, "a@fail.example"), DEFER);
	assert_int_equal(mail_rcpt(session, "a@hang.example"), NONE);
	assert_int_equal(mail_rcpt(session, "a@slow.example"), NONE);
	end = mail_finish(session);
	assert_int_equal(end.action, DEFER);
	session_end_fini(&end);
	session_free(session);
	ROW_TEXT("R30", fake_refused, " fail.example slow.example");
}

static void
want_of_requiretls_is_not_counted(void **state)
{
	struct session_mail mail = {.requiretls = true};
	struct session *session = mail_begin_as("On-Fail defer\n", &mail);

	(void)state;
	fake_refused[0] = '\0';
	assert_int_equal(mail_rcpt(session, "a@open.example"), ACTION_REJECT);
	session_free(session);
	ROW_TEXT("R39", fake_refused, "");
}

int
main(void)
{
	const struct CMUnitTest session_refused[] = {
	    cmocka_unit_test(what_the_mta_never_tries_is_counted),
	    cmocka_unit_test(what_was_refused_at_rcpt_is_counted_once),
	    cmocka_unit_test(want_of_requiretls_is_not_counted),
	};

	return RUN_TESTS(session_refused);
}
