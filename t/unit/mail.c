/* SPDX-License-Identifier: BSD-2-Clause */
#include "t/unit/mail.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/serve/report.h"
#include "t/unit/tap.h"

unsigned mail_progressed;

static void
note_progress(void *arg)
{
	(void)arg;
	mail_progressed++;
}

struct session *
mail_begin_as(const char *conf, const struct session_mail *mail)
{
	struct conf_faults faults = {0};
	char path[] = "/tmp/session-XXXXXX";
	int fd = mkstemp(path);
	struct settings *settings;
	struct session *session;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, conf, strlen(conf)), strlen(conf));
	close(fd);
	settings = settings_load(path, NULL, 0, &faults);
	unlink(path);
	if (settings == NULL)
		fail_msg("%s", faults.texts[0]);
	session = session_new(settings, &fake_engine, mail);
	settings_free(settings);
	memset(&fake_engine_seen, 0, sizeof(fake_engine_seen));
	mail_progressed = 0;
	fake_report_clear();
	return session;
}

struct session *
mail_begin_from(const char *conf, bool null_sender)
{
	struct session_mail mail = {
	    .null_sender = null_sender, .mta_name = "Gate.Sender.Example"};

	return mail_begin_as(conf, &mail);
}

struct session *
mail_begin(const char *conf)
{
	return mail_begin_from(conf, false);
}

struct session *
mail_begin_with_rules(const char *conf, const char *rules)
{
	char path[] = "/tmp/session-XXXXXX", text[512];
	int fd = mkstemp(path);
	struct session *session;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	snprintf(text, sizeof(text), "%sDestinations %s\n", conf, path);
	session = mail_begin(text);
	unlink(path);
	return session;
}

enum action
mail_rcpt(struct session *session, const char *address)
{
	struct route_rcpt rcpt = {
	    .address = address, .mailer = "smtp", .host = ""};
	struct reply reply;

	return session_rcpt(session, &rcpt, &reply);
}

enum action
mail_rcpt_local(struct session *session, const char *address)
{
	struct route_rcpt rcpt = {.address = address};
	struct reply reply;

	return session_rcpt(session, &rcpt, &reply);
}

struct session_end
mail_finish(struct session *session)
{
	struct session_end end;

	session_end(session, "Q1", note_progress, NULL, &end);
	return end;
}

void
mail_finish_and_free(struct session *session)
{
	struct session_end end = mail_finish(session);

	session_end_fini(&end);
	session_free(session);
	assert_int_equal(fake_engine_seen.started, fake_engine_seen.freed);
}
