/* smtp_reply - replies of an SMTP server, read octet by octet. Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SMTP_REPLY_H
#define COMMON_PROTO_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"

enum smtp_reply_state {
	SMTP_REPLY_MORE, /* feed more octets */
	SMTP_REPLY_DONE, /* a whole reply is there */
	SMTP_REPLY_BAD,  /* no SMTP, or over a limit: close */
};

/* What EHLO offered, if its code is 250; RFC 5321 section 4.1.1.1. */
enum smtp_extension {
	SMTP_STARTTLS = 1,   /* RFC 3207 */
	SMTP_REQUIRETLS = 2, /* RFC 8689 */
};

/*
 * One reply.  Lines are looked at as they end and not kept, so that a reply of
 * any length costs the same; the limits of limits.h end it.
 */
struct smtp_reply {
	enum smtp_reply_state state;
	int code;            /* 200 to 599, when DONE; the last line's */
	unsigned extensions; /* of enum smtp_extension, of all lines but the
				first, which is the server's name */
	char text[LIMIT_DETAIL_SIZE]; /* first line behind the code, as it
					 came: clean it */
	/* reading */
	char line[LIMIT_SMTP_LINE];
	size_t line_length;
	size_t line_count;
	size_t total;
};

void smtp_reply_init(struct smtp_reply *reply);

/*
 * smtp_reply_feed - read octets until the reply ends
 *
 * Returns how many were used; what is behind the last line stays the caller's.
 * LF alone ends a line too.  RFC 5321 section 4.2.
 */
size_t
smtp_reply_feed(struct smtp_reply *reply, const char *octets, size_t length);

#endif
