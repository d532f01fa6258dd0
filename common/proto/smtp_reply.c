/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/smtp_reply.h"

#include <string.h>
#include <strings.h>

#include "common/base/text.h"

enum { CODE_LENGTH = 3 };

/* Where the first and the second word of a line end: blanks, and these. */
#define AFTER_CODE "- "
#define AFTER_KEYWORD " ="

void
smtp_reply_init(struct smtp_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->state = SMTP_REPLY_MORE;
	reply->is_masked = true;
}

static void
keep_text(char kept[LIMIT_DETAIL_SIZE], const char *text)
{
	size_t length = strnlen(text, LIMIT_DETAIL);

	if (kept[0] != '\0')
		return;
	memcpy(kept, text, length);
	kept[length] = '\0';
}

static void
look_at_keyword(struct smtp_reply *reply, const char *line)
{
	static const struct {
		const char *name;
		enum smtp_extension extension;
	} known[] = {
	    {"STARTTLS", SMTP_STARTTLS}, {"REQUIRETLS", SMTP_REQUIRETLS}};
	size_t length;

	line += strspn(line, AFTER_CODE);
	line += strcspn(line, AFTER_CODE);
	if (*line != '\0')
		line++;
	line += strspn(line, AFTER_KEYWORD);
	length = strcspn(line, AFTER_KEYWORD);
	if (length == 0 || reply->named++ == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == length &&
		    strncasecmp(line, known[i].name, length) == 0)
			reply->extensions |= known[i].extension;
}

/* Of all lines, joined, so many octets count as smtp(8) stores. */
static void
look_at_line(struct smtp_reply *reply, const char *line)
{
	if (reply->kept >= LIMIT_SMTP_LINE)
		return;
	reply->kept += strlen(line) + (reply->kept > 0);
	reply->is_masked =
	    reply->is_masked && line[strspn(line, "20 *")] == '\0';
	look_at_keyword(reply, line);
}

/* The text is there, without its end.  RFC 5321 section 4.2.1 wants one code on
 * all lines of a reply; where they differ the last counts. */
static enum smtp_reply_state
end_text(struct smtp_reply *reply, const char *line)
{
	char separator = line[strnlen(line, CODE_LENGTH)];

	if (strspn(line, "0123456789") != CODE_LENGTH ||
	    (separator != '\0' && separator != ' ' && separator != '-')) {
		keep_text(reply->stray, line);
		return SMTP_REPLY_MORE;
	}
	keep_text(
	    reply->text, line + CODE_LENGTH + (separator == '\0' ? 0 : 1));
	if (separator == '-')
		return SMTP_REPLY_MORE;
	reply->code =
	    (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
	return SMTP_REPLY_DONE;
}

static enum smtp_reply_state
end_reply_line(struct smtp_reply *reply)
{
	char line[LIMIT_SMTP_LINE + 1];
	size_t length = reply->line_length;

	while (length > 0 && reply->line[length - 1] == '\r')
		length--;
	memcpy(line, reply->line, length);
	line[length] = '\0';
	reply->line_length = 0;
	/* before anything else is looked at: a TAB parts no words */
	text_printable(line, "");
	look_at_line(reply, line);
	return end_text(reply, line);
}

static enum smtp_reply_state
take_octet(struct smtp_reply *reply, char octet)
{
	if (octet == '\n')
		return end_reply_line(reply);
	if (reply->line_length < sizeof(reply->line))
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
