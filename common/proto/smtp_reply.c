/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/smtp_reply.h"

#include <string.h>
#include <strings.h>

enum { CODE_LENGTH = 3 };

void
smtp_reply_init(struct smtp_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->state = SMTP_REPLY_MORE;
}

/* Reply-code of RFC 5321 section 4.2, any second digit; 0 if it is none. */
static int
read_code(const char *line, size_t length)
{
	if (length < CODE_LENGTH || line[0] < '2' || line[0] > '5')
		return 0;
	for (size_t i = 1; i < CODE_LENGTH; i++)
		if (line[i] < '0' || line[i] > '9')
			return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
}

/* Whether the first word of the text is the EHLO keyword. */
static bool
has_keyword(const char *text, size_t length, const char *keyword)
{
	size_t wanted = strlen(keyword);

	if (length < wanted || strncasecmp(text, keyword, wanted) != 0)
		return false;
	return length == wanted || text[wanted] == ' ' || text[wanted] == '\t';
}

/* What a NUL would hide from a reader of text is shown as "?". */
static void
keep_text(struct smtp_reply *reply, const char *text, size_t length)
{
	if (length >= sizeof(reply->text))
		length = sizeof(reply->text) - 1;
	memcpy(reply->text, text, length);
	reply->text[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (reply->text[i] == '\0')
			reply->text[i] = '?';
}

/*
 * The first line of an answer to EHLO is the server's name, the others are
 * keywords: RFC 5321 section 4.1.1.1.
 */
static void
look_at_text(struct smtp_reply *reply, const char *text, size_t length)
{
	if (reply->line_count == 1)
		keep_text(reply, text, length);
	else if (has_keyword(text, length, "STARTTLS"))
		reply->extensions |= SMTP_STARTTLS;
	else if (has_keyword(text, length, "REQUIRETLS"))
		reply->extensions |= SMTP_REQUIRETLS;
}

/*
 * A line is there, without its end.  RFC 5321 section 4.2.1 wants one code on
 * all lines of a reply; where they differ the last counts, as in Postfix.
 */
static enum smtp_reply_state
end_line(struct smtp_reply *reply)
{
	const char *line = reply->line;
	size_t length = reply->line_length;
	char separator = ' '; /* a bare code ends a reply as well */

	if (length > 0 && line[length - 1] == '\r')
		length--;
	reply->line_length = 0;
	reply->line_count++;
	reply->code = read_code(line, length);
	if (reply->code == 0)
		return SMTP_REPLY_BAD;
	if (length > CODE_LENGTH)
		separator = line[CODE_LENGTH];
	if (separator != ' ' && separator != '-')
		return SMTP_REPLY_BAD;
	if (length > CODE_LENGTH)
		look_at_text(
		    reply, line + CODE_LENGTH + 1, length - CODE_LENGTH - 1);
	if (separator == ' ')
		return SMTP_REPLY_DONE;
	return reply->line_count < LIMIT_SMTP_LINES ? SMTP_REPLY_MORE
						    : SMTP_REPLY_BAD;
}

static enum smtp_reply_state
take_octet(struct smtp_reply *reply, char octet)
{
	if (octet == '\n')
		return end_line(reply);
	if (reply->line_length == sizeof(reply->line))
		return SMTP_REPLY_BAD;
	reply->line[reply->line_length++] = octet;
	return SMTP_REPLY_MORE;
}

size_t
smtp_reply_feed(struct smtp_reply *reply, const char *octets, size_t length)
{
	size_t used = 0;

	while (used < length && reply->state == SMTP_REPLY_MORE) {
		char octet = octets[used++];

		if (++reply->total > LIMIT_SMTP_REPLY)
			reply->state = SMTP_REPLY_BAD;
		else
			reply->state = take_octet(reply, octet);
	}
	return used;
}
