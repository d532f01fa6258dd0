/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/act/reply.h"
#include "milter/cli/log/logline.h"

/* What every reply of posternd ends with. */
#define MARK " (outbound TLS precheck)"

/* The length of an address up to its ">"; a local part may be quoted, and then
 * hold anything.  Without a ">" there is none. */
static bool
address_length(const char *s, size_t *length)
{
	bool quoted = false;
	size_t i;

	for (i = 0; s[i] != '\0' && (quoted || s[i] != '>'); i++) {
		if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '\\' && s[i + 1] != '\0')
			i++;
	}
	*length = i;
	return s[i] == '>';
}

static bool
read_log_address(const char *s, char to[LOGLINE_ADDRESS_SIZE], size_t *length)
{
	return s[0] == '<' && address_length(s + 1, length) &&
	       logline_copy(to, LOGLINE_ADDRESS_SIZE, s + 1, *length);
}

bool
logline_address(
    const char *text, const char *key, char to[LOGLINE_ADDRESS_SIZE])
{
	const char *found = strstr(text, key);
	size_t length;

	to[0] = '\0';
	return found != NULL &&
	       read_log_address(found + strlen(key), to, &length);
}

/* --- deliveries --- */

/* Past the addresses of "to=": to the ", " of the next field, or NULL. */
static const char *
skip_addresses(const char *at)
{
	size_t length;

	while (*at != '\0' && strncmp(at, ", ", 2) != 0) {
		if (*at == '<') {
			if (!address_length(at + 1, &length))
				return NULL;
			at += length + 1;
		}
		at++;
	}
	return *at == '\0' ? NULL : at;
}

/* Sendmail's sentence as Postfix's word, by the class of the status code. */
static const char *
word_of_class(const char *dsn)
{
	switch (dsn[0]) {
	case '2':
		return "sent";
	case '4':
		return "deferred";
	case '5':
		return "bounced";
	default:
		return "queued";
	}
}

/* Of Postfix "sent (what the host said)", of Sendmail a sentence. */
static void
read_status(const char *value, bool sendmail, struct logline_delivery *out)
{
	size_t length = strlen(value);
	size_t word = strcspn(value, " ");

	if (sendmail) {
		text_escape(out->said, sizeof(out->said), value, length);
		text_copy(
		    out->status, sizeof(out->status), word_of_class(out->dsn));
		return;
	}
	text_escape(out->status, sizeof(out->status), value, word);
	value += word + strspn(value + word, " ");
	length = strlen(value);
	if (value[0] == '(' && length > 1 && value[length - 1] == ')') {
		value++;
		length -= 2;
	}
	text_escape(out->said, sizeof(out->said), value, length);
}

/* The fields behind the addresses, up to the status, which is the last and may
 * hold anything; whether there is one. */
static bool
read_delivery_fields(const char *at, struct logline_delivery *out)
{
	while (at != NULL && *at != '\0') {
		const char *end;
		size_t length;

		at += strspn(at, ", ");
		if (strncmp(at, "status=", 7) == 0 ||
		    strncmp(at, "stat=", 5) == 0) {
			read_status(strchr(at, '=') + 1,
			    strncmp(at, "stat=", 5) == 0, out);
			return true;
		}
		if (strncmp(at, "orig_to=<", 9) == 0) {
			if (!read_log_address(at + 8, out->original, &length))
				return false;
			at += 9 + length + 1;
			continue;
		}
		end = strstr(at, ", ");
		length = end == NULL ? strlen(at) : (size_t)(end - at);
		if (strncmp(at, "relay=", 6) == 0)
			text_escape(
			    out->relay, sizeof(out->relay), at + 6, length - 6);
		else if (strncmp(at, "mailer=", 7) == 0)
			text_escape(out->mailer, sizeof(out->mailer), at + 7,
			    length - 7);
		else if (strncmp(at, "dsn=", 4) == 0)
			text_escape(
			    out->dsn, sizeof(out->dsn), at + 4, length - 4);
		at = end;
	}
	return false;
}

/* One address of Sendmail's list stands in "<>" or not. */
static size_t
read_one(const char *at, struct logline_delivery *out)
{
	size_t length;

	if (at[0] == '<')
		return read_log_address(at, out->address, &length) ? length + 2
								   : 0;
	length = strcspn(at, ",");
	return logline_copy(out->address, sizeof(out->address), at, length)
		   ? length
		   : 0;
}

unsigned
logline_deliveries(const char *text, logline_found *each, void *arg)
{
	struct logline_delivery delivery = {.address = ""};
	const char *end;
	unsigned count = 0;

	if (strncmp(text, "to=", 3) != 0)
		return 0;
	text += 3;
	end = skip_addresses(text);
	if (!read_delivery_fields(end, &delivery))
		return 0;
	while (text < end) {
		size_t length = read_one(text, &delivery);

		if (length == 0)
			break;
		each(arg, &delivery);
		count++;
		text += length;
		text += *text == ',' && text < end;
	}
	return count;
}

/* --- refusals --- */

/* The word that ends before end, and begins behind a blank. */
static const char *
word_before(const char *text, const char *end)
{
	while (end > text && end[-1] != ' ')
		end--;
	return end;
}

static const char *
domain_before(const char *text, const char *end)
{
	size_t length = strlen(REPLY_UNNAMED);

	if ((size_t)(end - text) > length &&
	    strncmp(end - length, REPLY_UNNAMED, length) == 0)
		return end - length;
	return word_before(text, end);
}

bool
logline_refusal(const char *text, struct logline_refusal *out)
{
	const char *reply = strstr(text, "reject");
	const char *mark = reply == NULL ? NULL : strstr(reply, MARK);
	const char *reason, *domain, *code;

	if (mark == NULL)
		return false;
	reason = word_before(reply, mark);
	if (reason < reply + 2 || strncmp(reason - 2, ": ", 2) != 0)
		return false;
	domain = domain_before(reply, reason - 2);
	text_escape(
	    out->reason, sizeof(out->reason), reason, (size_t)(mark - reason));
	text_escape(out->domain, sizeof(out->domain), domain,
	    (size_t)(reason - 2 - domain));
	if (strcmp(out->domain, REPLY_UNNAMED) == 0)
		out->domain[0] = '\0';
	/* "451 4.7.5 DOMAIN", and at the end of a message "4.7.5 DOMAIN" */
	code = domain > reply ? word_before(reply, domain - 1) : domain;
	out->permanent = code[0] == '5';
	logline_address(text, "to=", out->address);
	return true;
}
