/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/act/map_request.h"

#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/proto/domain.h"

enum {
	LENGTH_DIGITS = 5, /* of a netstring */
	NAME_MAX_OCTETS = 64,

	/* U-labels, brackets and a port; what is longer is no name */
	KEY_SIZE = LIMIT_RAW_DOMAIN_SIZE + 32,
};

/* --- framing --- */

enum map_scan
map_scan_netstring(const char *data, size_t length, struct map_payload *out)
{
	size_t digits = 0, size = 0;

	while (digits < length && data[digits] >= '0' && data[digits] <= '9') {
		if (digits == LENGTH_DIGITS || (digits == 1 && data[0] == '0'))
			return MAP_SCAN_BAD;
		size = size * 10 + (size_t)(data[digits] - '0');
		digits++;
	}
	if (size > LIMIT_MAP_REQUEST)
		return MAP_SCAN_BAD;
	if (digits == length)
		return MAP_SCAN_MORE;
	if (digits == 0 || data[digits] != ':')
		return MAP_SCAN_BAD;
	if (length - digits - 1 <= size)
		return MAP_SCAN_MORE;
	if (data[digits + 1 + size] != ',')
		return MAP_SCAN_BAD;
	*out = (struct map_payload){data + digits + 1, size, digits + size + 2};
	return MAP_SCAN_WHOLE;
}

enum map_scan
map_scan_line(const char *data, size_t length, struct map_payload *out)
{
	const char *end = memchr(data, '\n', length);
	size_t size = end == NULL ? length : (size_t)(end - data);

	if (size > LIMIT_LINE_REQUEST)
		return MAP_SCAN_BAD;
	if (end == NULL)
		return MAP_SCAN_MORE;
	*out = (struct map_payload){data, size, size + 1};
	if (size > 0 && data[size - 1] == '\r')
		out->length--;
	return MAP_SCAN_WHOLE;
}

/* --- keys --- */

/* What no next hop has in it: of a list of several Postfix asks for each. */
static bool
has_foreign_octet(const char *key, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f ||
		    strchr(",@*/\"\\", key[i]) != NULL)
			return true;
	return false;
}

/* The services that Postfix looks up for a next hop; no mail to another domain
 * goes by LMTP. */
static bool
has_mail_port(const char *key)
{
	const char *colon = strrchr(key, ':');

	return colon == NULL || strcasecmp(colon + 1, "lmtp") != 0;
}

/* A key that Postfix makes and Sendmail does not. */
static bool
is_of_postfix(const char *key, const struct nexthop *hop)
{
	return key[0] == '.' || (!hop->literal && strchr(key, ':') != NULL &&
				    hop->host[0] != '\0');
}

static bool
read_map_key(const char *key, uint16_t port, struct nexthop *hop)
{
	struct nexthop hops[LIMIT_NEXTHOPS];

	if (key[0] == '.' || domain_is_literal(key) || !has_mail_port(key) ||
	    nexthop_parse(key, port, hops, NULL) != 1)
		return false;
	*hop = hops[0];
	return true;
}

static enum map_ask
read_request_key(
    const char *text, size_t length, uint16_t port, struct map_request *out)
{
	char key[KEY_SIZE];
	bool good;

	if (length == 0 || length >= sizeof(key) ||
	    has_foreign_octet(text, length))
		return MAP_ASK_NOTHING;
	memcpy(key, text, length);
	key[length] = '\0';
	good = read_map_key(key, port, &out->hop);
	if (out->dialect == MTA_SENDMAIL && is_of_postfix(key, &out->hop))
		return MAP_ASK_MISPLACED;
	/* one label is a host of one's own network */
	if (!good || out->hop.literal || strchr(out->hop.host, '.') == NULL)
		return MAP_ASK_NOTHING;
	return MAP_ASK_POLICY;
}

static bool
is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

enum map_ask
map_request_read(
    const char *payload, size_t length, uint16_t port, struct map_request *out)
{
	const char *space = memchr(payload, ' ', length);
	size_t name = space == NULL ? 0 : (size_t)(space - payload);

	*out = (struct map_request){.dialect = MTA_POSTFIX};
	if (name == 0 || name > NAME_MAX_OCTETS)
		return MAP_ASK_NOTHING;
	if (is_word(payload, name, "sts"))
		out->dialect = MTA_SENDMAIL;
	else if (is_word(payload, name, "QUERYwithTLSRPT"))
		out->dialect = MTA_POSTFIX_TLSRPT;
	return read_request_key(space + 1, length - name - 1, port, out);
}

/* --- lines --- */

/* The next word of a line; false if there is none. */
static bool
next_word(const char **at, const char *end, const char **word, size_t *length)
{
	while (*at < end && **at == ' ')
		++*at;
	*word = *at;
	while (*at < end && **at != ' ')
		++*at;
	*length = (size_t)(*at - *word);
	return *length > 0;
}

enum map_ask
line_request_read(
    const char *line, size_t length, uint16_t port, struct map_request *out)
{
	const char *at = line, *end = line + length, *verb, *domain, *host;
	size_t verb_length, domain_length, host_length;
	enum map_ask ask;

	*out = (struct map_request){.dialect = MTA_POSTFIX};
	if (!next_word(&at, end, &verb, &verb_length) ||
	    !next_word(&at, end, &domain, &domain_length))
		return MAP_ASK_INVALID;
	if (is_word(verb, verb_length, "CHECK"))
		ask = MAP_ASK_CHECK;
	else if (is_word(verb, verb_length, "POLICY"))
		ask = MAP_ASK_POLICY;
	else
		return MAP_ASK_INVALID;
	out->has_host = next_word(&at, end, &host, &host_length);
	if (out->has_host &&
	    (ask == MAP_ASK_CHECK || memchr(host, '\0', host_length) != NULL ||
		next_word(&at, end, &verb, &verb_length)))
		return MAP_ASK_INVALID;
	if (out->has_host && host_length < sizeof(out->host))
		memcpy(out->host, host, host_length);
	return read_request_key(domain, domain_length, port, out) ==
		       MAP_ASK_NOTHING
		   ? MAP_ASK_NOTHING
		   : ask;
}
