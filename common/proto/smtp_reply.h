/* smtp_reply - replies of an SMTP server, read octet by octet, with the eyes of
 * Postfix's smtp(8). Pure. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_PROTO_SMTP_REPLY_H
#define COMMON_PROTO_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/limits.h"

enum smtp_reply_state {
	SMTP_REPLY_MORE, /* feed more octets */
	SMTP_REPLY_DONE, /* a whole reply is there */
	SMTP_REPLY_BAD,  /* over the limit: close */
};

/* What EHLO offered, if it was answered with a yes; RFC 5321 section 4.1.1.1 */
enum smtp_extension {
	SMTP_STARTTLS = 1,   /* RFC 3207 */
	SMTP_REQUIRETLS = 2, /* RFC 8689 */
};

/*
 * One reply.  Lines are looked at as they end and not kept, so that a reply of
 * any length costs the same; LIMIT_SMTP_REPLY ends it.
 */
struct smtp_reply {
	enum smtp_reply_state state;
	int code;            /* 0 to 999, when DONE; the last line's */
	unsigned extensions; /* of enum smtp_extension */
	bool is_masked;      /* nothing but "2", "0", "*" and blanks: a banner
				that a firewall has written over */
	char text[LIMIT_DETAIL_SIZE];  /* of the first line with a code, behind
					  it, as it came: clean it */
	char stray[LIMIT_DETAIL_SIZE]; /* likewise the first line without */
	/* reading */
	char line[LIMIT_SMTP_LINE];
	size_t line_length;
	size_t kept;  /* octets of the lines that are looked at */
	size_t named; /* of those, lines with a second word */
	size_t total;
};

void smtp_reply_init(struct smtp_reply *reply);

/*
 * smtp_reply_feed - read octets until the reply ends
 *
 * Returns how many were used; what is behind the last line stays the caller's.
 * What differs from RFC 5321 section 4.2 is what smtp(8) takes, no more and no
 * less, since its view of a reply decides whether mail is delivered:
 * - A line ends with LF, before which any number of CR is dropped.  Of a longer
 *   one than LIMIT_SMTP_LINE the rest is passed over.  A NUL hides the rest.
 * - Three digits and "-" go on, three digits and a blank or nothing end the
 *   reply.  Other lines are passed over, but may hold a keyword all the same.
 * - Keywords are looked for in all lines but the first that has a second word,
 *   until LIMIT_SMTP_LINE octets are seen.  A keyword is the second word of a
 *   line; the first ends at "-" or a blank, the second at "=" or a blank.
 */
size_t
smtp_reply_feed(struct smtp_reply *reply, const char *octets, size_t length);

#endif
