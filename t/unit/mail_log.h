/* mail_log - a mail log that is reviewed, line by line. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef T_UNIT_MAIL_LOG_H
#define T_UNIT_MAIL_LOG_H

#include "milter/cli/review/review.h"

enum { MAIL_LOG_NOW = 1800000000 }; /* 2027-01-15T08:00:00Z, as local time */

/* What comes of the log that is begun. */
extern struct review reviewed;

/* mail_log_begin_with - and look at no more than one domain, or from one time
 * to another */
void mail_log_begin(void);
void mail_log_begin_with(const char *domain, time_t since, time_t until);
void mail_log_end(void);

/* A line of posternd; of the MTA. */
void mail_log_ours(const char *text);
void mail_log_mta(const char *text);

/* What posternd found. */
#define LOGGED_PASS \
	"result=pass policy=tlsa level=dane reason=ok action=none rcpts=1"
#define LOGGED_FAIL                                                       \
	"result=fail policy=sts level=secure reason=certificate-expired " \
	"action=tag rcpts=1 mx=mx.b.example"
#define LOGGED_NONE                                                      \
	"result=none policy=no-policy-found level=may reason=no-policy " \
	"action=none rcpts=1"
#define LOGGED_TEMP                                                          \
	"result=temperror policy=no-policy-found level=may reason=deadline " \
	"action=tag rcpts=1"

/* What an MTA that asks was told. */
#define MAIL_LOG_MAP(domain, answer)                                      \
	"-: event=map domain=" domain " map=plain answer=" answer         \
	" policy=sts reason=ok dane=none sts=enforce cache=miss ttl=300 " \
	"ms=8"

/* mail_log_message - posternd's lines about a message to one domain
 * mail_log_day - the last of them, of a message at this time */
void mail_log_message(const char *id, const char *domain, const char *found);
void mail_log_day(const char *when);

#endif
