/* reply - what a client or a postmaster is told of a verdict. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTER_ACT_REPLY_H
#define MILTER_ACT_REPLY_H

#include "common/judge/action.h"
#include "common/judge/verdict.h"
#include "milter/conf/settings.h"

/* For the SMTP client: no CR, LF or octet beyond ASCII. */
struct reply {
	char code[4];   /* "451" */
	char status[8]; /* "4.7.5" */
	char text[400];
};

enum { REPLY_HOLD_SIZE = 400 };

/* Stands where a domain would. */
#define REPLY_UNNAMED "a recipient's domain"

/*
 * reply_write, reply_hold - why mail is refused; and why it is held
 *
 * domain: NULL or "" where it must not be named, or is no name.  required: the
 * message is under REQUIRETLS.
 */
void reply_write(struct reply *reply, enum action action, const char *domain,
    const struct verdict *verdict, bool required);
void reply_hold(char out[REPLY_HOLD_SIZE], const char *domain,
    const struct verdict *verdict);

/* reply_write_forged, reply_hold_forged - the same of a message with too many
 * fields of our name */
void reply_write_forged(struct reply *reply, const char *header_name);
void reply_hold_forged(char out[REPLY_HOLD_SIZE], const char *header_name);

#endif
