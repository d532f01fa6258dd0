/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/proto/tlsrpt_record.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/proto/address.h"
#include "common/proto/domain.h"

/* RFC 5321 section 4.5.3.1 */
enum { MAX_LOCAL_PART = 64, MAX_ADDRESS = 254 };

/* A part of a text that is not ours. */
struct span {
	const char *at;
	size_t length;
};

static bool
has_scheme(struct span text, const char *word)
{
	size_t length = strlen(word);

	return text.length >= length && strncasecmp(text.at, word, length) == 0;
}

static struct span
skip_octets(struct span text, size_t count)
{
	return (struct span){text.at + count, text.length - count};
}

static bool
read_host_name(const char *text, char out[LIMIT_DOMAIN_SIZE])
{
	struct address address;

	return !domain_is_literal(text) && address_parse(text, &address) != 0 &&
	       domain_normalise(text, out, NULL) == 0;
}

/* --- mailto: --- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The address without its query, and without percent signs: false if it is too
 * long, or holds what no address may. */
static bool
decode_address(struct span in, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < in.length && in.at[i] != '?'; i++) {
		char c = in.at[i];

		if (c == '%') {
			int high =
			    i + 2 < in.length ? hex_digit(in.at[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_digit(in.at[i + 2]);

			if (low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c <= ' ' || c > '~' || used + 1 >= size)
			return false;
		out[used++] = c;
	}
	out[used] = '\0';
	return true;
}

/* atext of RFC 5322 */
static bool
is_atom_octet(char c)
{
	return text_is_alnum(c) || strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

/* Dot-string of RFC 5321.  A quoted local part is not taken: nobody has reports
 * sent to one, and it is what an attacker would try. */
static bool
is_local_part(struct span local)
{
	bool dot = true;

	if (local.length == 0 || local.length > MAX_LOCAL_PART)
		return false;
	for (size_t i = 0; i < local.length; i++) {
		if (local.at[i] == '.' && dot)
			return false;
		dot = local.at[i] == '.';
		if (!dot && !is_atom_octet(local.at[i]))
			return false;
	}
	return !dot;
}

static const char *
read_mailto(struct span in, struct tlsrpt_rua *out)
{
	const char *at;

	out->scheme = TLSRPT_MAILTO;
	if (!decode_address(in, out->target, MAX_ADDRESS + 1))
		return "an octet that no address has, or too many";
	at = strchr(out->target, '@');
	if (at == NULL)
		return "no address";
	if (!is_local_part(
		(struct span){out->target, (size_t)(at - out->target)}))
		return "the part before \"@\"";
	if (!read_host_name(at + 1, out->host))
		return "the part behind \"@\" is no domain";
	return NULL;
}

/* --- https: --- */

/* What RFC 3986 lets stand in a URI, but for "#" and "!" */
static bool
is_url_octet(char c)
{
	return c > ' ' && c <= '~' && strchr("\"#<>\\^`{|}!", c) == NULL;
}

/* The authority: up to the path or query. */
static const char *
read_authority(struct span authority, struct tlsrpt_rua *out)
{
	char text[LIMIT_DOMAIN_SIZE + sizeof(":65535")];
	uint32_t number = 443;
	char *port;

	if (authority.length >= sizeof(text))
		return "the host name is too long";
	memcpy(text, authority.at, authority.length);
	text[authority.length] = '\0';
	if (strchr(text, '@') != NULL)
		return "a user name in the URL";
	if (text[0] == '[')
		return "an address for a host name";
	port = strchr(text, ':');
	if (port != NULL) {
		*port++ = '\0';
		if (text_uint(port, 65535, &number) != 0)
			return "the port";
	}
	if (number != 443 && number < 1024)
		return "a port below 1024 that is not 443";
	if (!read_host_name(text, out->host))
		return "no host name";
	return NULL;
}

static const char *
read_https(struct span whole, struct span in, struct tlsrpt_rua *out)
{
	size_t end = 0;

	out->scheme = TLSRPT_HTTPS;
	for (size_t i = 0; i < in.length; i++)
		if (!is_url_octet(in.at[i]))
			return "an octet that no such URL has";
	while (end < in.length && in.at[end] != '/' && in.at[end] != '?')
		end++;
	memcpy(out->target, whole.at, whole.length);
	out->target[whole.length] = '\0';
	return read_authority((struct span){in.at, end}, out);
}

const char *
tlsrpt_rua_parse(const char *uri, size_t length, struct tlsrpt_rua *out)
{
	struct span in = {uri, length};

	if (length > LIMIT_TLSRPT_URI)
		return "too long";
	if (has_scheme(in, "mailto:"))
		return read_mailto(skip_octets(in, strlen("mailto:")), out);
	if (has_scheme(in, "https://"))
		return read_https(in, skip_octets(in, strlen("https://")), out);
	return "neither mailto: nor https:";
}

void
tlsrpt_rua_url(
    const struct tlsrpt_rua *rua, uint16_t *port, char path[TLSRPT_PATH_SIZE])
{
	const char *authority = rua->target + strlen("https://");
	size_t length = strcspn(authority, "/?");
	const char *colon = memchr(authority, ':', length);
	const char *rest = authority + length;
	uint32_t number = 443;
	char digits[6];

	assert(rua->scheme == TLSRPT_HTTPS);
	if (colon != NULL) {
		snprintf(digits, sizeof(digits), "%.*s",
		    (int)(rest - colon - 1), colon + 1);
		text_uint(digits, 65535, &number);
	}
	*port = (uint16_t)number;
	snprintf(
	    path, TLSRPT_PATH_SIZE, "%s%s", rest[0] == '/' ? "" : "/", rest);
}

/* --- the record --- */

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
trim_span(struct span text)
{
	while (text.length > 0 && is_white(text.at[0]))
		text = skip_octets(text, 1);
	while (text.length > 0 && is_white(text.at[text.length - 1]))
		text.length--;
	return text;
}

/* Cut off the part before the next mark: false when nothing is left. */
static bool
next_part(struct span *rest, char mark, struct span *part)
{
	const char *end;

	if (rest->at == NULL)
		return false;
	end = memchr(rest->at, mark, rest->length);
	*part = *rest;
	if (end == NULL) {
		rest->at = NULL;
	} else {
		part->length = (size_t)(end - rest->at);
		*rest = skip_octets(*rest, part->length + 1);
	}
	*part = trim_span(*part);
	return true;
}

/* What reads the URIs of a record, and who is told of them. */
struct reading {
	struct tlsrpt_record *record;
	tlsrpt_uri_seen *each;
	void *arg;
};

static void
take_uri(struct reading *reading, struct span uri)
{
	struct tlsrpt_record *record = reading->record;
	struct tlsrpt_rua rua;
	const char *why;

	if (uri.length == 0)
		return;
	if (record->named++ >= LIMIT_TLSRPT_URIS ||
	    record->count >= LIMIT_TLSRPT_RUA) {
		record->cut = true;
		return;
	}
	why = tlsrpt_rua_parse(uri.at, uri.length, &rua);
	if (why == NULL)
		record->rua[record->count++] = rua;
	if (reading->each != NULL)
		reading->each(reading->arg, uri.at, uri.length,
		    why == NULL ? &rua : NULL, why);
}

/* Fields are told apart by ";", URIs of a rua field by ",". */
static void
take_tlsrpt_fields(struct reading *reading, struct span in)
{
	struct span field, uri;

	while (next_part(&in, ';', &field)) {
		if (field.length < 4 || memcmp(field.at, "rua=", 4) != 0)
			continue;
		field = skip_octets(field, 4);
		while (next_part(&field, ',', &uri))
			take_uri(reading, uri);
	}
}

/* Behind the version; false if the record is none of ours. */
static bool
announces_reports(const struct sts_txt *txt, struct span *behind)
{
	static const char version[] = "v=TLSRPTv1";
	const size_t length = sizeof(version) - 1;

	if (txt->length <= length || memcmp(txt->data, version, length) != 0)
		return false;
	*behind = (struct span){txt->data + length, txt->length - length};
	return is_white(behind->at[0]) || behind->at[0] == ';';
}

/* Somebody meant it so; not what a wildcard has at that name. */
static bool
is_of_reports(const struct sts_txt *txt)
{
	static const char word[] = "v=TLSRPT";

	return txt->length >= sizeof(word) - 1 &&
	       strncasecmp(txt->data, word, sizeof(word) - 1) == 0;
}

/* The octets that are read of a long record: whole URIs. */
static struct span
bound_fields(struct span fields, bool *cut)
{
	if (fields.length <= LIMIT_TLSRPT_RECORD)
		return fields;
	*cut = true;
	fields.length = LIMIT_TLSRPT_RECORD;
	while (fields.length > 0 && fields.at[fields.length - 1] != ',' &&
	       fields.at[fields.length - 1] != ';')
		fields.length--;
	return fields;
}

struct tlsrpt_record
tlsrpt_record_select(const struct sts_txt *records, size_t count,
    tlsrpt_uri_seen *each, void *arg)
{
	struct tlsrpt_record found = {
	    .outcome = TLSRPT_RECORD_ABSENT, .why = "no record of TLSRPTv1"};
	struct reading reading = {&found, each, arg};
	struct span behind, fields = {.at = NULL};
	size_t candidates = 0;

	for (size_t i = 0; i < count; i++)
		if (announces_reports(&records[i], &behind)) {
			fields = behind;
			candidates++;
		}
	for (size_t i = 0; candidates == 0 && i < count; i++)
		found.other |= is_of_reports(&records[i]);
	if (candidates == 0)
		return found;
	if (candidates > 1) {
		found.outcome = TLSRPT_RECORD_MANY;
		found.why = "more than one record of TLSRPTv1";
		return found;
	}
	found.outcome = TLSRPT_RECORD_NO_RUA;
	found.why = "no rua that can be used";
	fields = trim_span(bound_fields(fields, &found.cut));
	if (fields.length == 0 || fields.at[0] != ';')
		return found;
	take_tlsrpt_fields(&reading, skip_octets(fields, 1));
	if (found.count == 0)
		return found;
	found.outcome = TLSRPT_RECORD_VALID;
	found.why = "";
	return found;
}
