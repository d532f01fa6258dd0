/* mail - a message through a session, with the fakes of engine and report. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_MAIL_H
#define T_UNIT_MAIL_H

#include "common/base/text.h"
#include "milter/mta/session.h"
#include "t/fake/engine.h"
#include "t/fake/report.h"

/* How often the MTA was told to be patient. */
extern unsigned mail_progressed;

/* A session under the settings of a text. */
struct session *
mail_begin_as(const char *conf, const struct session_mail *mail);
struct session *mail_begin_from(const char *conf, bool null_sender);
struct session *mail_begin(const char *conf);

/* The same with rules. */
struct session *mail_begin_with_rules(const char *conf, const char *rules);
enum action mail_rcpt(struct session *session, const char *address);

/* As a message that did not come by SMTP. */
enum action mail_rcpt_local(struct session *session, const char *address);
struct session_end mail_finish(struct session *session);
void mail_finish_and_free(struct session *session);

#define NONE ACTION_NONE
#define TAG ACTION_TAG
#define HOLD ACTION_HOLD
#define DEFER ACTION_DEFER
#define REJECT ACTION_REJECT
#define ALL(action)                                     \
	"On-Fail " action "\nOn-TempError " action "\n" \
	"On-SoftFail " action "\nOn-None " action "\n"
#define MESSAGE "DecideAt message\n"

#endif
