/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/logline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "milter/reply.h"

/* What every reply of posternd ends with. */
#define MARK " (outbound TLS precheck)"

/* A word before the time, the time's own three, a host, the program */
enum { WORDS_MAX = 6, TIME_WORDS = 3, ESCAPE_SIZE = 5 };

static bool
is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

void
logline_escape(char *to, size_t size, const char *s, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		char octet[ESCAPE_SIZE];
		size_t wanted;

		if (is_printable(s[i]))
			snprintf(octet, sizeof(octet), "%c", s[i]);
		else
			snprintf(octet, sizeof(octet), "\\x%02x",
			    (unsigned)(unsigned char)s[i]);
		wanted = strlen(octet);
		if (used + wanted >= size)
			break;
		memcpy(to + used, octet, wanted);
		used += wanted;
	}
	to[used] = '\0';
}

static bool
copy(char *to, size_t size, const char *s, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, s, length);
	to[length] = '\0';
	return true;
}

static bool
is_id_octet(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* "NAME[PID]:" or "NAME:" */
static bool
read_program(const char *word, size_t length, struct logline *out)
{
	size_t name = 0;

	if (length < 2 || word[length - 1] != ':')
		return false;
	while (is_id_octet(word[name]) || word[name] == '/')
		name++;
	if (name == 0 || !isalpha((unsigned char)word[0]) ||
	    (word[name] == '[' ? word[length - 2] != ']' : name != length - 1))
		return false;
	return copy(out->program, sizeof(out->program), word, name);
}

/* The words before the program that are the time. */
static void
read_when(const char *const words[], const size_t lengths[], size_t count,
    struct logline *out)
{
	size_t first = 0;
	struct text text;

	text_init(&text, out->when, sizeof(out->when));
	if (count > 0 && isalpha((unsigned char)words[0][0]) &&
	    memchr(words[0], '.', lengths[0]) != NULL)
		first = 1;
	if (first < count && isdigit((unsigned char)words[first][0]))
		count = first + 1;
	for (size_t i = first; i < count && i < first + TIME_WORDS; i++)
		text_addf(&text, "%s%.*s", i == first ? "" : " ",
		    (int)lengths[i], words[i]);
	for (char *at = out->when; *at != '\0'; at++)
		if (!is_printable(*at))
			*at = '?';
}

bool
logline_parse(const char *line, struct logline *out)
{
	const char *words[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	size_t length;

	for (size_t count = 0; count < WORDS_MAX; count++) {
		line += strspn(line, " ");
		words[count] = line;
		lengths[count] = strcspn(line, " ");
		line += lengths[count];
		if (!read_program(words[count], lengths[count], out))
			continue;
		line += strspn(line, " ");
		length = 0;
		while (is_id_octet(line[length]))
			length++;
		if (strncmp(line + length, ": ", 2) != 0 || length == 0 ||
		    !copy(out->id, sizeof(out->id), line, length))
			return false;
		out->text = line + length + 2;
		read_when(words, lengths, count, out);
		return true;
	}
	return false;
}

bool
logline_value(const char *text, const char *key, char *to, size_t size)
{
	size_t length = strlen(key);

	for (const char *at = text; *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word > length && strncmp(at, key, length) == 0 &&
		    at[length] == '=') {
			logline_escape(
			    to, size, at + length + 1, word - length - 1);
			return true;
		}
		at += word;
		at += strspn(at, " ");
	}
	to[0] = '\0';
	return false;
}

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
read_address(const char *s, char to[LOGLINE_ADDRESS_SIZE], size_t *length)
{
	return s[0] == '<' && address_length(s + 1, length) &&
	       copy(to, LOGLINE_ADDRESS_SIZE, s + 1, *length);
}

bool
logline_address(
    const char *text, const char *key, char to[LOGLINE_ADDRESS_SIZE])
{
	const char *found = strstr(text, key);
	size_t length;

	to[0] = '\0';
	return found != NULL && read_address(found + strlen(key), to, &length);
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
		logline_escape(out->said, sizeof(out->said), value, length);
		text_copy(
		    out->status, sizeof(out->status), word_of_class(out->dsn));
		return;
	}
	logline_escape(out->status, sizeof(out->status), value, word);
	value += word + strspn(value + word, " ");
	length = strlen(value);
	if (value[0] == '(' && length > 1 && value[length - 1] == ')') {
		value++;
		length -= 2;
	}
	logline_escape(out->said, sizeof(out->said), value, length);
}

/* The fields behind the addresses, up to the status, which is the last and may
 * hold anything; whether there is one. */
static bool
read_fields(const char *at, struct logline_delivery *out)
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
			if (!read_address(at + 8, out->original, &length))
				return false;
			at += 9 + length + 1;
			continue;
		}
		end = strstr(at, ", ");
		length = end == NULL ? strlen(at) : (size_t)(end - at);
		if (strncmp(at, "relay=", 6) == 0)
			logline_escape(
			    out->relay, sizeof(out->relay), at + 6, length - 6);
		else if (strncmp(at, "dsn=", 4) == 0)
			logline_escape(
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
		return read_address(at, out->address, &length) ? length + 2 : 0;
	length = strcspn(at, ",");
	return copy(out->address, sizeof(out->address), at, length) ? length
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
	if (!read_fields(end, &delivery))
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
	logline_escape(
	    out->reason, sizeof(out->reason), reason, (size_t)(mark - reason));
	logline_escape(out->domain, sizeof(out->domain), domain,
	    (size_t)(reason - 2 - domain));
	if (strcmp(out->domain, REPLY_UNNAMED) == 0)
		out->domain[0] = '\0';
	/* "451 4.7.5 DOMAIN", and at the end of a message "4.7.5 DOMAIN" */
	code = domain > reply ? word_before(reply, domain - 1) : domain;
	out->permanent = code[0] == '5';
	logline_address(text, "to=", out->address);
	return true;
}
